"""Videos other than QuickTime's and AVI: Matroska, WebM, AVCHD, MPEG, Windows Media, through FFmpeg's demuxers
(PyAV)."""

from __future__ import annotations

from typing import Any

from ..dates import rfc3339
from ..extraction import Extraction
from ..readable import Readable
from ..source import Source
from ..strings import clean

# Of Sony's and Panasonic's AVCHD recordings: an H.264 "user data unregistered" message (ITU-T H.264, D.1.6) by this
# UUID, then "MDPM", a count, and five bytes each: tag and value.
_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_LOOKED_AT = 512 * 1024


def read_video(source: Source, extraction: Extraction) -> None:
    _demux(source, extraction)


def read_transport_stream(source: Source, extraction: Extraction) -> None:
    if _demux(source, extraction):
        extraction.add("video", original_datetime=_recorded(source))


def _demux(source: Source, extraction: Extraction) -> bool:
    """Add the metadata from FFmpeg. False, with a problem added, if it cannot open the video."""
    import av
    from av.container import Container
    from av.error import FFmpegError

    # Before version 19, PyAV raises for a tag that is not UTF-8 unless this is set, which later versions always do.
    escaping: dict[str, Any] = {"metadata_errors": "surrogateescape"} if hasattr(Container, "metadata_errors") else {}
    try:
        with av.open(source.stream(), "r", **escaping) as container:
            if container.duration:
                extraction.duration = round(container.duration / 1_000_000, 3)
            pictures = container.streams.video
            if not pictures:
                extraction.problems.append("holds no picture stream")
            else:
                stream = pictures[0]
                if (codec := stream.codec_context) is not None:  # of a codec that FFmpeg does not know
                    extraction.width, extraction.height = codec.width, codec.height
                rate = stream.average_rate
                extraction.add("video", fps=round(float(rate), 6) if rate else None)
            tags = {name.lower(): _bytes_of(value) for name, value in container.metadata.items()}
    except (FFmpegError, ValueError, OSError, EOFError) as error:
        extraction.problems.append(f"cannot be opened as a video: {' '.join(str(error).split())}")
        return False
    extraction.add(
        "video",
        make=clean(tags.get("make")),
        model=clean(tags.get("model")),
        description=clean(tags.get("description")),
        original_datetime=rfc3339(clean(tags.get("date_recorded"))) or rfc3339(clean(tags.get("creation_time"))),
    )
    return True


def _bytes_of(tag: str) -> bytes:
    """The raw bytes of a tag; `clean` detects the character set."""
    return tag.encode("utf-8", "surrogateescape")


def _recorded(source: Readable) -> str | None:
    """The date and time, with the zone, of an AVCHD recording."""
    head = source.read(0, _LOOKED_AT)
    each, skip = (192, 4) if head[4:5] == b"\x47" and head[:1] != b"\x47" else (188, 0)
    streams: dict[int, bytearray] = {}
    for at in range(skip, len(head) - 187, each):
        packet = head[at : at + 188]
        if packet[0] != 0x47:
            break
        start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)  # behind the adaptation field
        if packet[3] & 0x10:
            streams.setdefault(int.from_bytes(packet[1:3], "big") & 0x1FFF, bytearray()).extend(packet[start:])
    for payload in streams.values():
        at = payload.find(_MDPM)
        if at >= 0:
            # An encoder may not write three small bytes in a row: 03 stands between.
            message = bytes(payload[at + len(_MDPM) : at + 2000]).replace(b"\0\0\x03", b"\0\0")
            return _mdpm_time(message)
    return None


def _mdpm_time(message: bytes) -> str | None:
    if not message:
        return None
    values = {message[at]: message[at + 1 : at + 5] for at in range(1, min(1 + 5 * message[0], len(message) - 4), 5)}
    day, clock = values.get(0x18), values.get(0x19)
    if not day or not clock or len(day + clock) < 8:
        return None
    zone, century, year, month = day[0], *(f"{part:02x}" for part in day[1:])
    # Half hours in bits 0 to 5, bit 5 of them the sign, bit 6 summer time
    hours = ((zone & 0x1F) >> 1) + (1 if zone & 0x40 else 0)
    offset = f"{'-' if zone & 0x20 else '+'}{hours:02d}:{'30' if zone & 1 else '00'}"
    date, hour, minute, second = (f"{part:02x}" for part in clock)
    return rfc3339(f"{century}{year}:{month}:{date} {hour}:{minute}:{second}", offset=offset)
