"""Is the file all there? Cheap signs of a cut-off copy, from the container's own book-keeping."""

from __future__ import annotations

from .source import Source


def cut_off(mime_type: str, source: Source) -> str | None:
    """What shows that the file ends too early, in words; None for a file that seems whole."""
    head = source.head
    if mime_type == "image/png":
        return None if not source.whole or head.rfind(b"IEND") >= 0 else "the picture is cut off: PNG without its end"
    if mime_type == "image/gif":
        return None if not source.whole or head.rfind(b"\x3b") >= 0 else "the picture is cut off: GIF without its end"
    if head[:4] == b"RIFF":
        claimed = int.from_bytes(head[4:8], "little") + 8
        return f"cut off: {source.size} of {claimed} bytes" if claimed > source.size + 1 else None
    if head[4:8] == b"ftyp":
        return _boxes_cut_off(source)
    return None


def _boxes_cut_off(source: Source) -> str | None:
    """Top-level boxes of ISO/IEC 14496-12 (section 4.2) must end within the file."""
    stream, position = source.stream(), 0
    while position + 8 <= source.size:
        stream.seek(position)
        header = stream.read(16)
        size = int.from_bytes(header[:4], "big")
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        if size == 0:  # to the end of the file
            return None
        if size < 8:
            return None  # trailing bytes that are no box
        if position + size > source.size:
            name = header[4:8].decode("latin-1")
            return f"cut off: its {name!r} part runs {position + size - source.size} bytes past the end"
        position += size
    return None
