"""QuickTime and MP4 videos (Apple, "QuickTime File Format"; ISO/IEC 14496-12), and other files with a movie box:
Canon's CR3 photos. User data, Apple's Keys and 3GPP's boxes (TS 26.244) contain author, time and place."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

from ..dates import EPOCH_1904, from_unix, rfc3339
from ..extraction import Extraction
from ..readable import Ranges, Readable, Window
from ..strings import clean, decoded
from .exif import add_tags, directory_of
from .isobmff import Box, body, boxes, cut_off, find
from .makernote import read_maker_note
from .tiff import Tiff, TiffError

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_KEYS = "com.apple.quicktime."
_ANDROID = "com.android."
# ISO 6709 annex H: +48.8577+002.295+035.000/
_PLACE = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")
_DAY = 86400
_TURNS = {(0, 1): 6, (-1, 0): 3, (0, -1): 8}


def read_video(data: Readable, extraction: Extraction) -> None:
    movie = find(data, None, b"moov")
    for box in boxes(data):
        if box.kind == XMP_UUID:
            extraction.xmp.append(body(data, box))
    if movie is None:
        extraction.problems.append("cannot be opened as a video: it has no movie box")
    else:
        _movie(data, movie, extraction)
        if not extraction.width:
            extraction.problems.append("holds no picture stream")
    if problem := cut_off(data):
        extraction.problems.append(problem)


def coded_ranges(data: Readable) -> Ranges:
    return [(box.start, box.end) for box in boxes(data) if box.kind == b"mdat" and box.size > 0]


def _movie(data: Readable, movie: Box, extraction: Extraction) -> None:
    for box in boxes(data, movie.start, movie.end):
        if box.kind == b"mvhd":
            created, scale, duration = _header(body(data, box, 120))
            extraction.add("QuickTime", container_datetime=_time(created))
            extraction.duration = round(duration / scale, 3) if scale and duration else None
        elif box.kind == b"trak":
            _track(data, box, extraction)
        elif box.kind == b"udta":
            _user_data(data, box, extraction)
        elif box.kind == b"meta":
            _meta(data, box, extraction)
        elif box.kind == XMP_UUID:
            extraction.xmp.append(body(data, box))


def _header(mvhd: bytes) -> tuple[int, int, int]:
    """Creation time (seconds since 1904), ticks per second, duration in ticks."""
    try:
        if mvhd[:1] == b"\1":
            created, _, scale, duration = struct.unpack_from(">QQIQ", mvhd, 4)
        else:
            created, _, scale, duration = struct.unpack_from(">IIII", mvhd, 4)
    except struct.error:
        return 0, 0, 0
    unknown = 0xFFFFFFFFFFFFFFFF if mvhd[:1] == b"\1" else 0xFFFFFFFF
    return created, scale, 0 if duration == unknown else duration


def _time(seconds: int) -> str | None:
    """UTC. 0, and the time of a clock that was never set, are unknown; some writers count from 1970 instead, which
    shows by a year before QuickTime was."""
    if seconds < _DAY:
        return None
    time = from_unix(seconds + EPOCH_1904 if seconds > -EPOCH_1904 else seconds)
    return time and time + "+00:00"


def _track(data: Readable, track: Box, extraction: Extraction) -> None:
    media = find(data, track, b"mdia")
    if media is None or body(data, find(data, media, b"hdlr"), 16)[8:12] != b"vide" or extraction.width:
        return
    header = body(data, find(data, track, b"tkhd"), 120)
    at = 52 if header[:1] == b"\1" else 40
    if len(header) >= at + 44:
        a, b, _, _, _ = struct.unpack_from(">5i", header, at)
        extraction.add("QuickTime", orientation=_TURNS.get((a >> 16, b >> 16)))
        extraction.width, extraction.height = (number >> 16 for number in struct.unpack_from(">II", header, at + 36))
    table = find(data, media, b"minf", b"stbl")
    entry = body(data, find(data, table, b"stsd") if table else None, 64)
    if not extraction.width and len(entry) >= 44:
        extraction.width, extraction.height = struct.unpack_from(">HH", entry, 40)
    extraction.add("QuickTime", fps=_rate(data, media, table))


def _rate(data: Readable, media: Box, table: Box | None) -> float | None:
    """Frames per second: the number of frames divided by their duration."""
    times = body(data, find(data, table, b"stts") if table else None)
    _, scale, _ = _header(body(data, find(data, media, b"mdhd"), 40))
    frames = ticks = 0
    for count, each in struct.iter_unpack(">II", times[8 : len(times) // 8 * 8]):
        frames += count
        ticks += count * each
    return round(frames * scale / ticks, 6) if ticks and scale else None


# What people and cameras wrote beside the video


def _user_data(data: Readable, udta: Box, extraction: Extraction) -> None:
    for box in boxes(data, udta.start, udta.end):
        if box.kind == b"meta":
            _meta(data, box, extraction)
        elif box.kind == b"XMP_":
            extraction.xmp.append(body(data, box))
        elif reader := _USER_DATA.get(box.kind):
            name, decode = reader
            _add(extraction, name, decode(body(data, box, 64 * 1024)))


def _meta(data: Readable, meta: Box, extraction: Extraction) -> None:
    # QuickTime's own meta box begins with its boxes, ISO's with a version.
    start = meta.start if data.read(meta.start + 4, 4) == b"hdlr" else meta.start + 4
    keys: list[str] = []
    for box in boxes(data, start, meta.end):
        if box.kind == b"keys":
            keys = [decoded(body(data, key, 256)) for key in boxes(data, box.start + 8, box.end)]
        elif box.kind == b"ilst":
            for item in boxes(data, box.start, box.end):
                value = find(data, item, b"data")
                number = int.from_bytes(item.kind, "big")
                name = keys[number - 1] if 0 < number <= len(keys) else decoded(item.kind.replace(b"\xa9", b"(c)"))
                if value is not None:
                    _add(extraction, name, clean(body(data, value, 64 * 1024)[8:]))


def _add(extraction: Extraction, name: str, text: str | None) -> None:
    if not text:
        return
    field = _FIELDS.get(name.removeprefix(_KEYS).removeprefix(_ANDROID))
    if field == "place":
        extraction.add_all("QuickTime", _place(text))
    elif field == "original_datetime":
        extraction.add("QuickTime", original_datetime=rfc3339(text))
    elif field:
        extraction.add("QuickTime", **{field: text})


_FIELDS = {
    "make": "make",
    "manufacturer": "make",
    "model": "model",
    "camera.lens_model": "lens_model",
    "creationdate": "original_datetime",
    "(c)day": "original_datetime",
    "location.ISO6709": "place",
    "location": "place",
    "content.identifier": "live_photo_cid",
    "description": "description",
    "desc": "description",
    "(c)des": "description",
}


def _place(iso6709: str) -> dict[str, Any]:
    match = _PLACE.match(iso6709)
    if not match:
        return {}
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or latitude == longitude == 0:
        return {}
    return {"latitude": latitude, "longitude": longitude, "altitude": float(match[3]) if match[3] else None}


def _international(value: bytes) -> str | None:
    """QuickTime's ©… texts: length, language, text."""
    size = int.from_bytes(value[:2], "big")
    return clean(value[4 : 4 + size]) if 0 < size <= len(value) - 4 else clean(value)


def _3gpp(value: bytes) -> str | None:
    """Version, flags, language, text; with a byte order mark it is UTF-16."""
    text = value[6:]
    return clean(text.decode("utf-16", "replace")) if text[:2] in (b"\xfe\xff", b"\xff\xfe") else clean(text)


def _loci(value: bytes) -> str | None:
    """3GPP's location: a name, then longitude, latitude and altitude in 16.16 degrees and metres."""
    end = value.find(b"\0", 6)
    if end < 0 or len(value) < end + 14:
        return None
    longitude, latitude, altitude = (part / 65536 for part in struct.unpack_from(">3i", value, end + 2))
    return f"{latitude:+.6f}{longitude:+.6f}{altitude:+.3f}/"


_USER_DATA: dict[bytes, tuple[str, Callable[[bytes], str | None]]] = {
    b"\xa9mak": ("make", _international),
    b"\xa9mod": ("model", _international),
    b"\xa9day": ("creationdate", _international),
    b"\xa9xyz": ("location", _international),
    b"\xa9des": ("description", _international),
    b"manu": ("make", _3gpp),
    b"modl": ("model", _3gpp),
    b"dscp": ("description", _3gpp),
    b"loci": ("location", _loci),
}


# Canon's CR3 photos


def read_cr3(data: Readable, extraction: Extraction) -> None:
    """The TIFF structures CMT1 (main), CMT2 (Exif), CMT3 (maker note) and CMT4 (GPS) of Canon's box in the movie
    box."""
    movie = find(data, None, b"moov")
    canon = find(data, movie, _CANON_UUID) if movie else None
    if movie is None or canon is None:
        extraction.problems.append("cannot be opened: CR3 without Canon's box")
        return
    for box in boxes(data):
        if box.kind == XMP_UUID:
            extraction.xmp.append(body(data, box))
    parts = {box.kind: Window(data, box.start, box.size) for box in boxes(data, canon.start, canon.end)}
    main, exif, gps = (directory_of(parts[kind]) if kind in parts else {} for kind in (b"CMT1", b"CMT2", b"CMT4"))
    add_tags(extraction, {**main, **exif}, gps)
    extraction.width, extraction.height = (int((main.get(tag) or (0,))[0]) for tag in (0x0100, 0x0101))
    if b"CMT3" in parts:
        try:
            note = Tiff.open(parts[b"CMT3"])
            read_maker_note(extraction, note, note.first, parts[b"CMT3"].size, "Canon", raw=True)
        except TiffError:
            pass
    if problem := cut_off(data):
        extraction.problems.append(problem)
