"""Raw photos: those that are TIFF inside (DNG, CR2, NEF, ARW, ORF, RW2, PEF, SRW …), and those with containers of
their own: Fujifilm's RAF, Minolta's MRW, Sigma's X3F. Layouts as dcraw and exiftool document them."""

from __future__ import annotations

import logging
import struct

from ..dates import from_unix
from ..extraction import Extraction
from ..readable import Readable, Window
from ..source import Source
from ..strings import clean
from .exif import read_exif
from .jpeg import read_segments

_MAX_PROPERTIES = 1000


def read_tiff_raw(source: Source, extraction: Extraction) -> None:
    read_exif(source, extraction, raw=True)
    if not extraction.get("lens_model"):
        _lens_by_exifread(source, extraction)


def read_raf(data: Readable, extraction: Extraction) -> None:
    # Offset and length of its JPEG at byte 84, of the sensor's directory at 92; big-endian
    start, length, sensor, size = struct.unpack(">4I", data.read(84, 16).ljust(16, b"\0"))
    read_segments(Window(data, start, length), extraction)
    directory = data.read(sensor, min(size, 65536))
    at = 4
    for _ in range(min(int.from_bytes(directory[:4], "big"), 256)):
        tag, count = (int.from_bytes(directory[i : i + 2], "big") for i in (at, at + 2))
        if tag == 0x0111 and count >= 4:  # the picture within the sensor: height, width
            extraction.height, extraction.width = struct.unpack(">HH", directory[at + 4 : at + 8].ljust(4, b"\0"))
        at += 4 + count


def read_mrw(data: Readable, extraction: Extraction) -> None:
    end = 8 + int.from_bytes(data.read(4, 4), "big")
    position = 8
    while position + 8 <= min(end, data.size):
        head = data.read(position, 8)
        size = int.from_bytes(head[4:], "big")
        if head[:4] == b"\0PRD":  # two sizes: the sensor's, the picture's; height before width
            extraction.height, extraction.width = struct.unpack(">HH", data.read(position + 8 + 12, 4).ljust(4, b"\0"))
        elif head[:4] == b"\0TTW":
            read_exif(Window(data, position + 8, size), extraction)
        position += 8 + size


def read_x3f(data: Readable, extraction: Extraction) -> None:
    """Sigma's directory at the end names sections: properties as pairs of texts, and previews, whose Exif is fuller."""
    at = int.from_bytes(data.read(data.size - 4, 4), "little")
    head = data.read(at, 12)
    if head[:4] != b"SECd":
        extraction.problems.append("cannot be opened: X3F without its directory")
        return
    properties: dict[str, str] = {}
    for offset, size, kind in struct.iter_unpack(
        "<II4s", _whole(data.read(at + 12, 12 * min(int.from_bytes(head[8:], "little"), 100)), 12)
    ):
        if kind == b"PROP":
            properties.update(_x3f_properties(data.read(offset, min(size, 1 << 20))))
        elif kind in (b"IMA2", b"IMAG"):
            section = data.read(offset, 28)
            if section[:4] == b"SECi" and section[12:16] == (18).to_bytes(4, "little"):  # a JPEG
                preview = Extraction()
                read_segments(Window(data, offset + 28, size - 28), preview)
                extraction.exif += preview.exif if not extraction.exif else []
                extraction.xmp += preview.xmp
            elif len(section) == 28:
                width, height = struct.unpack_from("<II", section, 16)
                if width * height > extraction.width * extraction.height and width < 100_000 and height < 100_000:
                    extraction.width, extraction.height = width, height
    number = {
        name: _number(properties.get(name)) for name in ("ISO", "APERTURE", "FLENGTH", "EXPCOMP", "SHUTTER", "TIME")
    }
    extraction.add(
        "X3F",
        make=clean(properties.get("CAMMANUF")),
        model=clean(properties.get("CAMMODEL")),
        iso=int(number["ISO"]) if number["ISO"] else None,
        f_number=number["APERTURE"] or None,
        focal_length=number["FLENGTH"] or None,
        exposure_bias=number["EXPCOMP"],
        exposure_time=number["SHUTTER"] or None,
        original_datetime=from_unix(int(number["TIME"])) if number["TIME"] else None,
    )


def _x3f_properties(section: bytes) -> dict[str, str]:
    """A table of pairs of offsets (in characters), then UTF-16 texts."""
    if section[:4] != b"SECp":
        return {}
    count = min(int.from_bytes(section[8:12], "little"), _MAX_PROPERTIES)
    texts = section[24 + 8 * count :]

    def text(offset: int) -> str:
        value = texts[2 * offset : 2 * offset + 2048].decode("utf-16-le", "replace")
        return value.partition("\0")[0]

    pairs = struct.iter_unpack("<II", _whole(section[24 : 24 + 8 * count], 8))
    return {text(name): text(value) for name, value in pairs}


def _whole(table: bytes, each: int) -> bytes:
    return table[: len(table) // each * each]


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


def _lens_by_exifread(source: Source, extraction: Extraction) -> None:
    """Add the lens name that ExifRead finds in the maker note."""
    import exifread

    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    try:
        tags = exifread.process_file(source.stream(), details=True, extract_thumbnail=False)
    except Exception:  # a maker note it cannot follow: the rest was read without it
        return
    for name in ("MakerNote LensModel", "MakerNote LensType", "MakerNote Lens"):
        if name in tags:
            text = clean(str(tags[name].printable))
            if text and any(c.isalpha() for c in text) and not text.startswith("Unknown"):
                extraction.add("maker note", lens_model=text)
