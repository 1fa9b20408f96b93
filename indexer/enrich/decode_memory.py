"""Estimate from its header the memory that decoding a picture needs, and have the system enforce a limit.

Bytes per pixel are measured on pictures of 24 megapixels: the decoder's peak, including the picture that it returns.
Pillow stores RGB in four bytes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO

from PIL import Image

from indexer.errors import Undecodable
from indexer.media.extraction import Extraction
from indexer.media.formats import FORMATS
from indexer.media.readable import Memory
from indexer.media.readers.jpegxl import read_jxl
from indexer.media.readers.riff import read_webp
from indexer.work.limits import MEGABYTE, address_space
from indexer.work.pool import is_worker

# Other formats are never decoded: for some of them Pillow starts other programs.
_PLUGINS = tuple(dict.fromkeys(plugin for row in FORMATS.values() for plugin in row.pillow.split()))
_WHILE_OPENED = {"WEBP": 17.5, "JXL": 32.0}
_BYTES_A_PIXEL = {"HEIF": 10.5, "AVIF": 10.0, "JPEG2000": 20.0, "PSD": 8.0, "GIF": 5.0, **_WHILE_OPENED}
# A frame, the reference frames that the decoder keeps, and the images made from it
VIDEO_FRAME = 12.0
# A raw photo: the sensor's values; developed, four channels of 16 bits and the resulting picture
_RAW, _DEVELOPED = 2.0, 15.0
_BYTES_OF_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# Not in the estimates: a decoder's tables, and memory fragmentation
_SLACK = 128 * MEGABYTE
_HEAD = 64 * 1024


def check(width: int, height: int, needed: float, memory: int) -> None:
    """Raises Undecodable if more bytes are needed than allowed."""
    if needed > memory:
        raise Undecodable(
            f"too large to decode: {width:,} × {height:,} pixels need {needed / MEGABYTE:,.0f} MB of memory, and "
            f"INDEXER_MEMORY allows {memory // MEGABYTE:,}"
        )


def open_image(file: BinaryIO, memory: int) -> Image.Image:
    """The picture, not decoded yet. Raises Undecodable if opening it needs too much memory, as some formats do."""
    file.seek(0)
    head, extraction, name = file.read(_HEAD), Extraction(), ""
    if head[:4] == b"RIFF":
        name = "WEBP"
        read_webp(Memory(head[:30]), extraction)  # only the first chunk counts, as for the decoder
    elif head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        name = "JXL"
        read_jxl(Memory(head), extraction)
    if name:
        check(extraction.width, extraction.height, extraction.width * extraction.height * _WHILE_OPENED[name], memory)
    file.seek(0)
    # Pillow registers its own plugins at first use; JXL's only exists with the extra.
    return Image.open(file, formats=[plugin for plugin in _PLUGINS if plugin != "JXL" or plugin in Image.OPEN])


def to_decode(image: Image.Image, stored: tuple[int, int], file: BinaryIO) -> float:
    """Bytes needed to decode a picture from `open_image`. stored: its size in the file; `image` may be drafted at a
    smaller scale."""
    pixels = image.width * image.height
    if image.format in _BYTES_A_PIXEL:
        return pixels * _BYTES_A_PIXEL[image.format]
    needed = float(pixels * _BYTES_OF_MODE.get(image.mode, 4))
    if image.format in ("JPEG", "MPO"):
        needed += stored[0] * stored[1] * _coefficients(file)
    elif image.format == "TIFF" and image.info.get("compression") != "raw":
        needed += _tiff_piece(image)
    if image.format == "TIFF" and image.getexif().get(0x0112, 1) in range(2, 9):
        needed = max(needed, 2.0 * pixels * _BYTES_OF_MODE.get(image.mode, 4))  # its decoder turns it
    return needed


def to_finish(image: Image.Image, *, converts: bool, turns: bool) -> float:
    """Bytes needed to make it RGB, convert its colors if `converts`, and turn it if `turns`: the largest step, with its
    input and output."""
    pixels = image.width * image.height
    copies = 4 * ((image.mode != "RGB") + converts)
    return float(pixels * max(_BYTES_OF_MODE.get(image.mode, 4) + copies, 8 if turns else 0))


def _tiff_piece(image: Image.Image) -> float:
    """Bytes of an unpacked strip or tile, which may be as large as the whole picture, or larger."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    bits = tags.get(258, (1,))
    if 322 in tags:
        pixels = tags[322] * tags.get(323, tags[257])
    else:  # width and height before turning, unlike the image's
        pixels = tags[256] * min(tags.get(278, tags[257]), tags[257])
    in_file = max(tags.get(277, 1), len(bits)) * max(bits, default=8) / 8
    return float(pixels * (max(in_file, 4) if tags.get(262) == 6 else in_file))  # YCbCr is unpacked to RGBA


def to_develop(width: int, height: int, *, half: bool) -> float:
    """Bytes needed to develop a raw photo. width, height: of the sensor. half: at half the resolution."""
    return width * height * (_RAW + (_DEVELOPED / 4 if half else _DEVELOPED))


def _coefficients(file: BinaryIO) -> float:
    """Bytes per pixel of the coefficients that a JPEG decoder has to keep: two bytes each if there is more than one
    scan (ITU-T T.81, B.2), else none."""
    at, samples, components, is_multi_scan = 2, 4.0, 0, True
    while True:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return 2 * samples if is_multi_scan else 0.0
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 1:  # filler, or a marker by itself
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xDA:
            in_scan = file.read(1)
            return 2 * samples if is_multi_scan or not in_scan or in_scan[0] < components else 0.0
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            body = file.read(max(length - 2, 0))
            if len(body) < 6 or len(body) < 6 + 3 * body[5]:
                return 2 * samples
            is_multi_scan, components = marker in (0xC2, 0xC6, 0xCA, 0xCE), body[5]
            factors = [(body[i] >> 4 or 1, body[i] & 15 or 1) for i in range(7, 6 + 3 * components, 3)]
            full = max((wide for wide, _ in factors), default=1) * max((high for _, high in factors), default=1)
            samples = sum(wide * high for wide, high in factors) / full
        at += 2 + length


def limited(memory: int) -> AbstractContextManager[None]:
    """Limit a worker's address space while decoding, whatever the header says. No limit in other processes."""
    return address_space(memory + _SLACK) if is_worker() else nullcontext()
