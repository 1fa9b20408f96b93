"""read_media: a file's bytes to MediaFacts. Pure: it knows no index and no roots, and runs in any process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import FileIO

from indexer.files import regular, regular_nofollow

from .capture import capture_time, every_time
from .exif import read_exif
from .facts import Face, MediaFacts, Metadata, Origin
from .formats import EXTENSIONS, extension, sniff
from .found import Found
from .jpeg import ends, read_jpeg
from .precedence import beside, notable, origins, ranked, settle
from .readable import Readable
from .source import Source

_MAX_BLOCKS = 8
_MAX_KEYWORDS = 1000
_MAX_PROBLEMS = 20


def read_media(
    path: str | bytes | os.PathLike[str], sidecars: Sequence[str] = (), *, hashed: bool = True
) -> MediaFacts:
    """Read a media file once: its hashes and what it, and the sidecars beside it, say of it.

    hashed: also take the digests, for which all of it is read; else they are empty.
    Raises OSError where the file cannot be opened or read. A damaged file does not raise: its `problems` say what is
    wrong, and what could be read is there.
    """
    with FileIO(path, opener=regular) as file:
        name = os.path.basename(os.fsdecode(path))
        return read_source(Source(file, hashed=hashed), name, file_time(os.fstat(file.fileno())), sidecars)


def file_time(stat: os.stat_result) -> int:
    """The earlier of birth and modification, in nanoseconds: copying a file moves one of them, never both back."""
    born = getattr(stat, "st_birthtime_ns", None) or round(getattr(stat, "st_birthtime", 0) * 1_000_000_000)
    return min(born, stat.st_mtime_ns) if born else stat.st_mtime_ns


def read_source(source: Source, name: str, file_ns: int, sidecars: Sequence[str] = ()) -> MediaFacts:
    """As read_media, for a source already open. `name` and `file_ns` are the last resorts for its date."""
    mime_type, found = find_claims(source, name, sidecars)
    words = ranked(found)
    metadata = settle(words)
    local_datetime, zone, listed = capture_time(words, metadata, name, file_ns)
    return MediaFacts(
        mime_type=mime_type,
        size=source.size,
        sha256=source.sha256,
        sha1=source.sha1,
        width=found.width,
        height=found.height,
        duration=found.duration,
        local_datetime=local_datetime,
        metadata=metadata,
        timezone=zone,
        keywords=tuple(dict.fromkeys(found.keywords))[:_MAX_KEYWORDS],
        faces=_faces(found, metadata.orientation or 1),
        motion=found.motion,
        fingerprint=source.fingerprint,
        origins=(*listed, *notable(words)),
        problems=tuple(dict.fromkeys(found.problems))[:_MAX_PROBLEMS],
        beside=beside(words) if "sidecar" in found.claims else (),
    )


def explain(path: str | os.PathLike[str], sidecars: Sequence[str] = ()) -> list[Origin]:
    """Every source's word on every field of the record, read again from the file; the believed one first."""
    return explain_with_xmp(path, sidecars)[0]


def explain_with_xmp(
    path: str | os.PathLike[str], sidecars: Sequence[str] = ()
) -> tuple[list[Origin], Sequence[bytes]]:
    """As `explain`, with the XMP packets in the file, for what is no field of the record."""
    with FileIO(path, opener=regular_nofollow) as file:
        name = os.path.basename(os.fsdecode(path))
        source = Source(file, hashed=False)
        _, found = find_claims(source, name, sidecars)
        words = ranked(found)
        listed, _ = every_time(words, settle(words), name, file_time(os.fstat(file.fileno())))
        return [*listed, *origins(words, Metadata._fields)], found.xmp


def find_claims(source: Source, name: str, sidecars: Sequence[str] = ()) -> tuple[str, Found]:
    """The MIME type, and all that the file and its sidecars say."""
    seen = sniff(source.read(0, 1024), name)
    assumed = EXTENSIONS.get(extension(name), "application/octet-stream")
    found = Found()
    if not source.size:
        found.problems.append("the file is empty")
    elif seen is None:
        found.problems.append(f"named like {assumed}, but its content is not")
    else:
        try:
            _read_container(seen, source, found)
            read_blocks(found)
            if may_have_motion(source, seen, found):
                from .motion import find_motion

                find_motion(source, seen, found)
        except (ValueError, LookupError, ArithmeticError) as error:  # a damage that no reader foresaw: keep the rest
            found.problems.append(
                f"its metadata cannot be followed: {' '.join(str(error).split()) or type(error).__name__}"
            )
    if sidecars:
        from .sidecar import read_sidecars

        read_sidecars(sidecars, name, found)
    return seen or assumed, found


def _read_container(mime_type: str, source: Source, found: Found) -> None:
    if mime_type == "image/jpeg":
        scan = read_jpeg(source, found)
        if scan and not ends(source, scan):
            found.problems.append("the picture is cut off: the file ends before its end marker")
    elif mime_type == "image/tiff":
        read_exif(source, found)
    elif mime_type.startswith("image/x-"):
        from .raw import read_raw

        read_raw(mime_type, source, found)
    elif reader := _reader(mime_type):
        reader(source, found)
    else:
        from .video import read_video

        read_video(source, found, transport=mime_type == "video/m2ts")


def _reader(mime_type: str) -> Callable[[Readable, Found], None] | None:
    """Imported only when such a file comes along."""
    if mime_type.startswith(("image/hei", "image/avif")):
        from .heif import read_heif

        return read_heif
    if mime_type in ("image/webp", "video/x-msvideo"):
        from .riff import read_avi, read_webp

        return read_webp if mime_type == "image/webp" else read_avi
    if mime_type in ("image/jp2", "image/jxl"):
        from .jpegx import read_jp2, read_jxl

        return read_jp2 if mime_type == "image/jp2" else read_jxl
    if mime_type in ("image/bmp", "image/vnd.adobe.photoshop"):
        from .bitmap import read_bmp, read_psd

        return read_bmp if mime_type == "image/bmp" else read_psd
    if mime_type == "image/png":
        from .png import read_png

        return read_png
    if mime_type == "image/gif":
        from .gif import read_gif

        return read_gif
    if mime_type in ("video/mp4", "video/quicktime", "video/x-m4v", "video/3gpp", "video/3gpp2"):
        from .quicktime import read_film

        return read_film
    return None


def may_have_motion(source: Readable, mime_type: str, found: Found) -> bool:
    if mime_type == "image/jpeg":
        return bool(found.film_length) or source.read(source.size - 4, 4) == b"SEFT"  # Samsung's mark
    return mime_type.startswith(("image/heic", "image/heif", "image/avif"))


def read_blocks(found: Found) -> None:
    """Read the blocks that the container held. An Exif block may hold further ones."""
    width, height = found.width, found.height
    for block in found.exif[:1]:
        read_exif(block, found)
    if width:
        found.width, found.height = width, height  # the container knows better than a block that was copied along
    if found.xmp:
        from .xmp import read_xmp

        for packet in found.xmp[:_MAX_BLOCKS]:
            read_xmp(packet, found)
    if found.iptc:
        from .iptc import read_iptc

        for data in found.iptc[:_MAX_BLOCKS]:
            read_iptc(data, found)
    if found.icc:
        from .icc import profile_description

        found.claim("ICC", profile_description=profile_description(found.icc))


def _faces(found: Found, orientation: int) -> tuple[Face, ...]:
    if not found.faces:
        return ()
    from .regions import stored_box

    boxes = ((face.name, stored_box(face, found.width, found.height, orientation)) for face in found.faces)
    return tuple(dict.fromkeys(Face(name, *box) for name, box in boxes if box))
