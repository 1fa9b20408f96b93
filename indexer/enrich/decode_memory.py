"""What decoding a picture takes of memory, known from its header; and a bound that the system keeps, where it has one.

Bytes a pixel are measured, of pictures of 24 megapixels: what the decoder holds at most, with the picture that it hands
out. Pillow holds RGB in four bytes."""

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

# Only these decode: for some formats Pillow starts other programs.
_PLUGINS = tuple(dict.fromkeys(plugin for row in FORMATS.values() for plugin in row.pillow.split()))
_WHILE_OPENED = {"WEBP": 17.5, "JXL": 32.0}
_BYTES_A_PIXEL = {"HEIF": 10.5, "AVIF": 10.0, "JPEG2000": 20.0, "PSD": 8.0, "GIF": 5.0, **_WHILE_OPENED}
# A frame with those that the decoder keeps to make others of it, and the pictures that are drawn of it.
VIDEO_FRAME = 12.0
# A raw photo: the sensor's values; developed, four channels of 16 bits and the picture that is drawn of them.
_RAW, _DEVELOPED = 2.0, 15.0
_BYTES_OF_MODE = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# Beyond what is reckoned with: a decoder's tables, and pieces that the allocator cannot give back.
_SLACK = 128 * MEGABYTE
_HEAD = 64 * 1024


def check(width: int, height: int, taken: float, memory: int) -> None:
    """Raises Undecodable where more bytes are taken than there may be."""
    if taken > memory:
        raise Undecodable(
            f"too large to decode: {width:,} × {height:,} pixels need {taken / MEGABYTE:,.0f} MB of memory, and "
            f"INDEXER_MEMORY allows {memory // MEGABYTE:,}"
        )


def opened(file: BinaryIO, memory: int) -> Image.Image:
    """The picture, not decoded yet. Of some formats opening it takes the memory already. Raises Undecodable."""
    file.seek(0)
    head, found, name = file.read(_HEAD), Extraction(), ""
    if head[:4] == b"RIFF":
        name = "WEBP"
        read_webp(Memory(head[:30]), found)  # of its first chunk alone, as the decoder does
    elif head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        name = "JXL"
        read_jxl(Memory(head), found)
    if name:
        check(found.width, found.height, found.width * found.height * _WHILE_OPENED[name], memory)
    file.seek(0)
    # JXL is a plugin, which the extra registers; Pillow registers its own at the first use.
    return Image.open(file, formats=[known for known in _PLUGINS if known != "JXL" or known in Image.OPEN])


def taken_by(image: Image.Image, stored: tuple[int, int], file: BinaryIO) -> float:
    """By decoding what `opened` gave. stored: its size in the file, where `image` is drafted at a fraction of it."""
    pixels = image.width * image.height
    if image.format in _BYTES_A_PIXEL:
        return pixels * _BYTES_A_PIXEL[image.format]
    taken = float(pixels * _BYTES_OF_MODE.get(image.mode, 4))
    if image.format in ("JPEG", "MPO"):
        taken += stored[0] * stored[1] * _coefficients(file)
    elif image.format == "TIFF" and image.info.get("compression") != "raw":
        taken += _piece_of_tiff(image)
    if image.format == "TIFF" and image.getexif().get(0x0112, 1) in range(2, 9):
        taken = max(taken, 2.0 * pixels * _BYTES_OF_MODE.get(image.mode, 4))  # its decoder turns it
    return taken


def taken_to_finish(image: Image.Image, *, converts: bool, turns: bool) -> float:
    """By making it RGB, in colours of another profile where it converts, and upright: of each step what goes in and
    what comes out."""
    pixels = image.width * image.height
    is_plain = image.mode == "RGB"
    made = 4 * ((not is_plain) + converts)
    return float(pixels * max(_BYTES_OF_MODE.get(image.mode, 4) + made, 8 if turns else 0))


def _piece_of_tiff(image: Image.Image) -> float:
    """Bytes of a strip, or of a tile, as it is unpacked: it may be the whole picture, or more."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    bits = tags.get(258, (1,))
    if 322 in tags:
        pixels = tags[322] * tags.get(323, tags[257])
    else:  # width and height as they are stored: those of the image are of what will be turned
        pixels = tags[256] * min(tags.get(278, tags[257]), tags[257])
    in_file = max(tags.get(277, 1), len(bits)) * max(bits, default=8) / 8
    return float(pixels * (max(in_file, 4) if tags.get(262) == 6 else in_file))  # YCbCr is made RGBA there


def taken_by_raw(width: int, height: int, *, half: bool) -> float:
    return width * height * (_RAW + (_DEVELOPED / 4 if half else _DEVELOPED))


def _coefficients(file: BinaryIO) -> float:
    """Bytes a pixel of the coefficients that a JPEG's decoder has to keep: all of them, of two bytes each, where they
    come in more than one scan (ITU-T T.81, B.2)."""
    at, samples, components, many = 2, 4.0, 0, True
    while True:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return 2 * samples if many else 0.0
        kind, length = head[1], int.from_bytes(head[2:], "big")
        if kind == 0xFF or 0xD0 <= kind <= 0xD8 or kind == 1:  # filler, or a marker by itself
            at += 1 if kind == 0xFF else 2
            continue
        if kind == 0xDA:
            in_scan = file.read(1)
            return 2 * samples if many or not in_scan or in_scan[0] < components else 0.0
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            body = file.read(max(length - 2, 0))
            if len(body) < 6 or len(body) < 6 + 3 * body[5]:
                return 2 * samples
            many, components = kind in (0xC2, 0xC6, 0xCA, 0xCE), body[5]
            factors = [(body[one] >> 4 or 1, body[one] & 15 or 1) for one in range(7, 6 + 3 * components, 3)]
            full = max((wide for wide, _ in factors), default=1) * max((high for _, high in factors), default=1)
            samples = sum(wide * high for wide, high in factors) / full
        at += 2 + length


def in_bounds(memory: int) -> AbstractContextManager[None]:
    """In a worker a decoder gets no more of the system, whatever the header said."""
    return address_space(memory + _SLACK) if is_worker() else nullcontext()
