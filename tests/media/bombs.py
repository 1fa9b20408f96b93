"""Small files that would exhaust a machine's time or memory, written byte by byte from the formats' standards."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from .build import segment


def _entropy_coded(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def jpeg_of_many_scans(scans: int, side: int = 9000) -> bytes:
    """A grey progressive JPEG (ITU-T T.81, annex G): each scan goes over all blocks, and says in some 100 bytes that
    none of them has anything more."""
    blocks = (-(-side // 8)) ** 2
    frame = segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + bytes((1, 0x11, 0)))
    quantization = segment(0xDB, b"\0" + b"\1" * 64)
    # One code each, of one bit: a difference of no bits; a run of 2^14 blocks and more that have ended.
    tables = segment(0xC4, b"\0" + b"\1" + bytes(15) + b"\0") + segment(0xC4, b"\x10" + b"\1" + bytes(15) + b"\xe0")
    first = segment(0xDA, bytes((1, 1, 0, 0, 0, 0))) + _entropy_coded("0" * blocks)
    ends = -(-blocks // 32767)
    scan = segment(0xDA, bytes((1, 1, 0, 1, 63, 0))) + _entropy_coded(("0" + "1" * 14) * ends)
    return b"\xff\xd8" + quantization + frame + tables + first + scan * scans + b"\xff\xd9"


def progressive_jpeg(side: int = 40_000) -> bytes:
    """All coefficients are kept, of which the file has none."""
    frame = segment(0xC2, struct.pack(">BHHB", 8, side, side, 3) + b"\1\x11\0\2\x11\0\3\x11\0")
    tables = segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC4, b"\0" + b"\1" + bytes(15) + b"\0")
    scan = segment(0xDA, b"\3\1\0\2\0\3\0\0\0\0")
    return b"\xff\xd8" + tables + frame + scan + b"\xaa" * 40 + b"\xff\xd9"


def jpeg_of_three_scans(side: int = 20_000) -> bytes:
    """A baseline JPEG whose components come one after the other: its coefficients are kept as well."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, side, side, 3) + b"\1\x11\0\2\x11\0\3\x11\0")
    tables = b"".join(segment(0xC4, bytes((kind, 1)) + bytes(15) + b"\0") for kind in (0, 0x10))
    scans = b"".join(segment(0xDA, bytes((1, one, 0, 0, 63, 0))) + bytes(20) for one in (1, 2, 3))
    return b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + frame + tables + scans + b"\xff\xd9"


def webp(side: int = 16_383) -> bytes:
    """RFC 9649: a lossless picture that ends behind its header."""
    bits = (side - 1) | (side - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + b"\0" * 9
    data = b"WEBPVP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(data)) + data


def tiff(width: int, height: int, bits: int, kind: int, compression: int = 1) -> bytes:
    """TIFF 6.0, of one channel: kind 1 whole numbers, 3 floating point. In one strip, that is not there."""
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, compression), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 100), (339, 3, 1, kind),
    ]  # fmt: skip
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(tags))
        + b"".join(struct.pack("<HHII", *one) for one in tags)
        + bytes(104)
    )


def scan_of_slide(width: int, height: int, piece: tuple[int, int], *, is_empty: bool = False) -> bytes:
    """TIFF 6.0, RGB of sixteen bits, deflated in strips or, where they are narrower or wider than it, tiles of that
    size: all of them are the same one."""
    wide, high = piece
    count = -(-width // wide) * -(-height // high)
    packed = b"" if is_empty else zlib.compress(b"\0\x60" * (3 * wide * high), 1)
    where, sizes = (273, 279) if wide == width else (324, 325)
    shape = [(278, 4, 1, high)] if wide == width else [(322, 4, 1, wide), (323, 4, 1, high)]
    at = 16 + 8 * count
    data = at + 2 + 12 * (8 + len(shape)) + 4
    entries = sorted([
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 8), (259, 3, 1, 8), (262, 3, 1, 2), (277, 3, 1, 3), *shape,
        (where, 4, count, 16 if count > 1 else data), (sizes, 4, count, 16 + 4 * count if count > 1 else len(packed)),
    ])  # fmt: skip
    lists = struct.pack("<I", data) * count + struct.pack("<I", len(packed)) * count
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *one) for one in entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", at) + struct.pack("<3H", 16, 16, 16) + bytes(2) + lists + directory + packed


def png(width: int, height: int, bits: int, colour: int) -> bytes:
    """PNG, of rows that are all zero, as many as a few kilobytes hold. colour: 0 grey, 2 RGB, 6 RGBA."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(4_000_000), 9)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif(side: int = 65_535) -> bytes:
    screen = struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\2\2\x44\1\0;"


def bmp(side: int = 30_000) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 200, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
        + bytes(146)
    )


def psd(side: int = 30_000) -> bytes:
    return b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, side, side, 8, 3) + bytes(12) + struct.pack(">H", 0) + bytes(100)


def jpeg_2000(side: int = 30_000) -> bytes:
    """A codestream (ISO/IEC 15444-1, annex A) of a tile of a layer, with nothing in it."""
    siz = struct.pack(">HIIIIIIIIH", 0, side, side, 0, 0, side, side, 0, 0, 3) + b"\7\1\1" * 3
    cod = bytes((0, 0, 0, 1, 1, 5, 4, 4, 0, 1))
    qcd = bytes((0x40, *(0x40,) * 16))
    marker = lambda kind, data: bytes((0xFF, kind)) + struct.pack(">H", len(data) + 2) + data  # noqa: E731
    tile = marker(0x90, struct.pack(">HIBB", 0, 14, 0, 1)) + b"\xff\x93"
    return b"\xff\x4f" + marker(0x51, siz) + marker(0x52, cod) + marker(0x5C, qcd) + tile + b"\xff\xd9"


def video(picture: bytes, codec: str, path: Path) -> None:
    """A video of one frame, that is a picture, of which its header says that it is small."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=1)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "rgb24" if codec == "png" else "yuvj420p"
        packet = av.Packet(picture)
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1)
        container.mux(packet)


def dng(width: int, height: int) -> bytes:
    """The least that a raw photo's header has, of a mosaic that is not there (Adobe's DNG 1.4)."""
    tags: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, struct.pack("<I", 0)), (256, 4, 1, struct.pack("<I", width)), (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 1, struct.pack("<H", 16)), (259, 3, 1, struct.pack("<H", 1)), (262, 3, 1, struct.pack("<H", 32803)),
        (271, 2, 5, b"Test\0"), (272, 2, 5, b"Test\0"), (273, 4, 1, struct.pack("<I", 600)),
        (277, 3, 1, struct.pack("<H", 1)), (278, 4, 1, struct.pack("<I", height)),
        (279, 4, 1, struct.pack("<I", 2 * width * height & 0xFFFFFFFF)), (33421, 3, 2, struct.pack("<2H", 2, 2)),
        (33422, 1, 4, bytes((0, 1, 1, 2))), (50706, 1, 4, bytes((1, 4, 0, 0))), (50708, 2, 5, b"Test\0"),
        (50717, 4, 1, struct.pack("<I", 65535)),
    ]  # fmt: skip
    beyond, entries, at = b"", b"", 8 + 2 + 12 * len(tags) + 4
    for tag, kind, count, value in tags:
        if len(value) > 4:
            entries += struct.pack("<HHII", tag, kind, count, at + len(beyond))
            beyond += value + b"\0" * (len(value) % 2)
        else:
            entries += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + beyond).ljust(2000, b"\x40")


# By name: those that want more memory than there is for a picture.
OF_MEMORY: dict[str, Callable[[], bytes]] = {
    "progressive.jpg": progressive_jpeg,
    "three scans.jpg": jpeg_of_three_scans,
    "lossless.webp": webp,
    "float.tif": lambda: tiff(11_400, 11_400, 32, 3),
    "float, packed.tif": lambda: tiff(11_400, 11_400, 32, 3, 8),
    "deep.tif": lambda: tiff(30_000, 30_000, 16, 1),
    "deep.png": lambda: png(11_400, 11_400, 16, 0),
    "deep colours.png": lambda: png(30_000, 30_000, 16, 2),
    "clear.png": lambda: png(11_400, 11_400, 8, 6),
    "a line.png": lambda: png(900_000_000, 1, 8, 2),
    "screen.gif": gif,
    "packed lines.gif": lambda: gif(11_400),
    "colours.bmp": bmp,
    "layers.psd": lambda: psd(11_400),
    "codestream.jp2": lambda: jpeg_2000(11_400),
    "mosaic.dng": lambda: dng(16_000, 16_000),
}


def write(folder: Path) -> list[str]:
    """All of them; their names."""
    for name, make in OF_MEMORY.items():
        (folder / name).write_bytes(make())
    video(png(16_000, 16_000, 8, 2), "png", folder / "frame.mov")
    video(progressive_jpeg(16_000), "mjpeg", folder / "frame of a camera.mov")
    return [*OF_MEMORY, "frame.mov", "frame of a camera.mov"]
