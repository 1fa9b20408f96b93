"""Decoded pictures of every format are upright with the right colors; errors are reported (failures.md F11, F12)."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from indexer.enrich.picture import open_picture
from indexer.errors import Undecodable

from ..conftest import SAMPLES

pillow_heif.register_heif_opener()
# Red, green / blue, white: any turn of it is another picture.
CORNERS = ((220, 30, 30), (30, 200, 40), (30, 40, 220), (250, 250, 250))


def corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    image = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for number, colour in enumerate(CORNERS):
        image.paste(colour, (number % 2 * width, number // 2 * height, size[0], size[1]))
    return image


def seen(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours of the four corners, from the upper left."""
    width, height = image.size
    return [image.getpixel((x, y)) for y in (3, height - 4) for x in (3, width - 4)]  # type: ignore[misc]


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF", "AVIF"])
@pytest.mark.parametrize("long_side", [None, 48])
def test_every_kind(tmp_path: Path, kind: str, long_side: int | None) -> None:
    path = tmp_path / "picture"
    corners().save(path, kind)
    mime = {"HEIF": "image/heic", "AVIF": "image/avif", "TIFF": "image/tiff"}.get(kind, "image/jpeg")
    picture = open_picture(path, mime, 1, long_side)
    assert (picture.width, picture.height) == (96, 64)
    assert picture.image.mode == "RGB"
    assert max(picture.image.size) >= (long_side or 96)
    assert all(near(found, wanted, 20) for found, wanted in zip(seen(picture.image), CORNERS, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright(tmp_path: Path, orientation: int, kind: str) -> None:
    turns = [
        None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270,
    ]  # fmt: skip
    turn = turns[orientation - 1]
    stored = corners() if turn is None else corners().transpose(turn)  # as the sensor saw it
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned"
    stored.save(path, kind, exif=exif)
    mime = {"AVIF": "image/avif", "TIFF": "image/tiff"}.get(kind, "image/jpeg")
    picture = open_picture(path, mime, orientation, None)
    assert picture.image.size == (picture.width, picture.height) == (96, 64)
    assert all(near(found, wanted, 20) for found, wanted in zip(seen(picture.image), CORNERS, strict=True))


def test_an_avif_is_upright_whatever_else_is_imported(tmp_path: Path) -> None:
    """imageio, which comes with the extra [faces], registers a decoder of pillow-heif's for AVIF, where there is one:
    it turns pictures otherwise than Pillow's own."""
    from imageio.plugins.pillow import PillowPlugin  # type: ignore[import-untyped]

    corners().save(tmp_path / "a.png")
    with open(tmp_path / "a.png", "rb") as file:
        from imageio.core.request import Request  # type: ignore[import-untyped]

        PillowPlugin(Request(file, "r")).close()
    test_upright(tmp_path, 6, "AVIF")


def test_a_large_jpeg_is_not_decoded_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    corners((4000, 3000)).save(path)
    picture = open_picture(path, "image/jpeg", 6, 1440)
    assert (picture.width, picture.height) == (3000, 4000)
    assert picture.image.size == (1500, 2000)


def test_cmyk(tmp_path: Path) -> None:
    path = tmp_path / "print.jpg"
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(path)
    red, green, blue = open_picture(path, "image/jpeg", 1, None).image.getpixel((20, 20))  # type: ignore[misc]
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize(("level", "wanted"), [(65535, 255), (32896, 128), (257, 1)])
def test_sixteen_bits(tmp_path: Path, level: int, wanted: int) -> None:
    for kind in ("PNG", "TIFF"):
        path = tmp_path / f"deep.{kind}"
        Image.fromarray(np.array([[0, level], [65535, level]], dtype=np.uint16)).resize((40, 40), 0).save(path, kind)
        assert near(open_picture(path, f"image/{kind.lower()}", 1, None).image.getpixel((30, 10)), (wanted,) * 3, 1)  # type: ignore[arg-type]


def test_what_is_clear_is_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(path)
    assert open_picture(path, "image/png", 1, None).image.getpixel((5, 5)) == (255, 255, 255)
    palette = Image.new("P", (40, 40), 7)
    palette.putpalette(bytes(range(256)) * 3)
    palette.save(path, transparency=7)
    assert open_picture(path, "image/png", 1, None).image.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "moving"
    frames = [Image.new("RGB", (40, 40), colour) for colour in ((200, 0, 0), (0, 200, 0))]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=100)
    assert near(open_picture(path, "image/gif", 1, None).image.getpixel((5, 5)), (200, 0, 0))  # type: ignore[arg-type]


def wide_gamut_profile() -> bytes:
    """An ICC profile (ICC.1:2001-04) with the primaries of Display P3 and a gamma of 2.2."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = b"Wide test"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + bytes(79),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2919, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1572, 0.0666, 0.7841),
        **dict.fromkeys(
            (b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
        ),
    }
    table, data, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", at + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4xI", size, 0x02400000) + b"mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    head += bytes(28) + struct.pack(">3i", round(0.9642 * 65536), 65536, round(0.8249 * 65536))
    return head.ljust(128, b"\0") + table + data


def test_wide_gamut_becomes_srgb(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (40, 40), (200, 100, 50)).save(path, icc_profile=wide_gamut_profile())
    found = open_picture(path, "image/png", 1, None).image.getpixel((5, 5))
    # By the primaries of both and their curves: what is orange there is a redder orange in sRGB's smaller space.
    linear = np.array([200, 100, 50]) / 255
    xyz = np.array([[0.5151, 0.2919, 0.1572], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]]) @ linear**2.2
    srgb = np.linalg.inv(np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])) @ xyz
    wanted = [
        round(255 * (1.055 * value ** (1 / 2.4) - 0.055 if value > 0.0031308 else 12.92 * max(value, 0)))
        for value in srgb
    ]
    assert near(found, tuple(wanted), 4)  # type: ignore[arg-type]
    assert not near(found, (200, 100, 50), 4)  # type: ignore[arg-type]


def test_a_damaged_profile_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    Image.new("RGB", (40, 40), (200, 100, 50)).save(path, icc_profile=b"no profile at all")
    assert open_picture(path, "image/png", 1, None).image.getpixel((5, 5)) == (200, 100, 50)


def dng(path: Path, width: int = 64, height: int = 48) -> None:
    """The least that is a raw photo: Bayer's mosaic of a red, as Adobe's DNG 1.4 asks."""
    mosaic = np.full((height, width), 4000, dtype="<u2")
    mosaic[0::2, 0::2] = 40000  # red, of RGGB
    rational = lambda *pairs: struct.pack(f"<{2 * len(pairs)}i", *(part for pair in pairs for part in pair))  # noqa: E731
    tags: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, struct.pack("<I", 0)), (256, 4, 1, struct.pack("<I", width)), (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 1, struct.pack("<H", 16)), (259, 3, 1, struct.pack("<H", 1)), (262, 3, 1, struct.pack("<H", 32803)),
        (271, 2, 5, b"Test\0"), (272, 2, 5, b"Test\0"), (273, 4, 1, b"data"), (274, 3, 1, struct.pack("<H", 1)),
        (277, 3, 1, struct.pack("<H", 1)), (278, 4, 1, struct.pack("<I", height)),
        (279, 4, 1, struct.pack("<I", mosaic.nbytes)), (33421, 3, 2, struct.pack("<2H", 2, 2)),
        (33422, 1, 4, bytes((0, 1, 1, 2))), (50706, 1, 4, bytes((1, 4, 0, 0))), (50708, 2, 5, b"Test\0"),
        (50714, 4, 1, struct.pack("<I", 0)), (50717, 4, 1, struct.pack("<I", 65535)),
        (50721, 10, 9, rational((1, 1), (0, 1), (0, 1), (0, 1), (1, 1), (0, 1), (0, 1), (0, 1), (1, 1))),
        (50728, 5, 3, rational((1, 1), (1, 1), (1, 1))), (50778, 3, 1, struct.pack("<H", 21)),
    ]  # fmt: skip
    at = 8 + 2 + 12 * len(tags) + 4
    beyond = b""
    entries = b""
    for tag, kind, count, value in tags:
        if value == b"data":
            value = struct.pack("<I", at + sum(len(one[3]) for one in tags if len(one[3]) > 4))
        if len(value) > 4:
            entries += struct.pack("<HHII", tag, kind, count, at + len(beyond))
            beyond += value
        else:
            entries += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    path.write_bytes(head + beyond + mosaic.tobytes())


@pytest.mark.parametrize(("orientation", "size"), [(1, (64, 48)), (6, (48, 64))])
def test_a_raw_photo_without_a_preview_is_developed(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    dng(tmp_path / "a.dng")
    picture = open_picture(tmp_path / "a.dng", "image/x-adobe-dng", orientation, 1440)
    assert picture.image.size == (picture.width, picture.height) == size
    red, green, blue = picture.image.getpixel((20, 20))  # type: ignore[misc]
    assert red > green + 40 and red > blue + 40


def test_of_a_video_a_picture_a_second_in(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        for number in range(30):
            colour = (0, 0, 0) if number < 8 else (200, 40, 40)
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), colour, dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    picture = open_picture(path, "video/mp4", 1, 1440)
    assert (picture.width, picture.height) == (64, 48)
    assert near(picture.image.getpixel((30, 20)), (200, 40, 40), 40)  # type: ignore[arg-type]


def test_half_a_photo_is_shown_and_said(saved: Path) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: len(data) // 2])
    picture = open_picture(saved, "image/jpeg", 1, None)
    assert picture.is_cut_off
    assert picture.image.size == (512, 512)


def test_F12_too_many_pixels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """30,000 × 30,000 in a PNG of one megabyte; nothing of it is decoded."""
    import zlib

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as in a worker

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(30_001 * 300), 9)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0))
    (tmp_path / "bomb.png").write_bytes(bomb + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    with pytest.raises(Undecodable, match="too large to decode: 30,000 × 30,000 pixels"):
        open_picture(tmp_path / "bomb.png", "image/png", 1, 1440)


def test_F11_what_is_no_picture_is_said(tmp_path: Path) -> None:
    for name, data in (("text.jpg", b"no picture at all" * 9), ("empty.jpg", b"")):
        (tmp_path / name).write_bytes(data)
        for mime in ("image/jpeg", "image/x-canon-cr2", "video/mp4", "image/heic"):
            with pytest.raises(Undecodable):
                open_picture(tmp_path / name, mime, 1, 1440)


def test_jpeg_xl_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo.jxl").write_bytes(b"\xff\x0a" + bytes(100))
    monkeypatch.delitem(Image.OPEN, "JXL", raising=False)  # as where it is not installed
    with pytest.raises(Undecodable, match=r'pip install "photo-indexer\[jxl\]"'):
        open_picture(tmp_path / "photo.jxl", "image/jxl", 1, 100)


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.*")), ids=lambda path: path.name)
def test_F11_damaged_pictures_are_only_undecodable(path: Path, tmp_path: Path) -> None:
    """Bits flipped and ends cut off, of every kind there is: no other error comes through."""
    import random

    data = path.read_bytes()
    if not data or path.suffix in (".xmp", ".json", ".md", ".txt"):
        return
    chance = random.Random(path.name)
    broken = tmp_path / path.name
    for _ in range(6):
        mutated = bytearray(data[: chance.randrange(len(data) // 2, len(data))])
        for _ in range(chance.randrange(1, 20)):
            mutated[chance.randrange(len(mutated))] ^= 1 << chance.randrange(8)
        broken.write_bytes(mutated)
        for mime in ("image/jpeg", "video/mp4") if path.suffix.lower() in (".mov", ".mp4") else ("image/jpeg",):
            try:
                open_picture(broken, mime, chance.randrange(1, 9), 1440)
            except Undecodable as error:
                assert str(error)
