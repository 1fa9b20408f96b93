"""read_media on every format in sample_media, and on damaged files."""

from __future__ import annotations

import base64
import hashlib
import io
import pickle
import random
from pathlib import Path

import av
import piexif
import pytest
from PIL import Image

from indexer.media.facts import MediaFacts
from indexer.media.read import read_media
from indexer.media.source import HEAD, PIECE

from ..conftest import SAMPLES, jpeg


def test_a_phone_photo() -> None:
    path = SAMPLES / "Paris" / "PXL_20240412_184115120.jpg"
    facts = read_media(path)
    words = facts.metadata
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert facts.sha1 == hashlib.sha1(path.read_bytes()).digest()
    assert (facts.mime_type, facts.width, facts.height, facts.problems) == ("image/jpeg", 1200, 800, ())
    assert facts.local_datetime == words.original_datetime == "2024-04-12T20:41:15.12+02:00"
    assert (words.make, words.model, words.lens_model) == ("Google", "Pixel 8", "Pixel 8 back camera 6.9mm f/1.68")
    assert (words.f_number, words.iso, words.focal_length) == (1.68, 320, 6.9)
    assert words.exposure_time == pytest.approx(1 / 60)
    assert words.latitude == pytest.approx(48.85837, abs=1e-6)
    assert words.longitude == pytest.approx(2.29448, abs=1e-6)
    assert (words.altitude, words.description) == (35.0, "The tower, last evening")


def test_south_is_negative_and_stored_pixels_stay_unturned() -> None:
    assert read_media(SAMPLES / "Sydney" / "IMG_0412.JPG").metadata.latitude == pytest.approx(-33.8523, abs=1e-6)
    turned = read_media(SAMPLES / "Paris" / "PXL_20240412_184351120.jpg")
    assert (turned.width, turned.height, turned.metadata.orientation) == (800, 533, 6)


@pytest.mark.parametrize(
    ("name", "mime_type", "size", "taken"),
    [
        ("Paris/IMG_0398.HEIC", "image/heic", (1200, 800), "2024-04-13T10:15:30.12+02:00"),
        ("Kyoto/DSC00141.TIF", "image/tiff", (480, 320), "2024-04-15T16:20:10.12+09:00"),
        ("Phone/Screenshot_20240412-183000.png", "image/png", (540, 1100), "2024-04-12T18:30:00"),
        ("Phone/IMG-20240416-WA0003.jpg", "image/jpeg", (600, 400), "2024-04-16T00:00:00"),
        ("Sydney/IMG_0412.MOV", "video/quicktime", (480, 320), "2024-04-20T11:30:04+10:00"),
        ("Sydney/PXL_20240420_013210000.mp4", "video/mp4", (480, 320), "2024-04-20T01:32:10+00:00"),
    ],
)
def test_every_format(name: str, mime_type: str, size: tuple[int, int], taken: str) -> None:
    facts = read_media(SAMPLES / name)
    assert (facts.mime_type, (facts.width, facts.height), facts.local_datetime) == (mime_type, size, taken)
    assert facts.problems == ()


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_pillows_formats(tmp_path: Path, format_name: str) -> None:
    endings = {"JPEG2000": "jp2", "TIFF": "tif"}
    path = tmp_path / f"x.{endings.get(format_name, format_name.lower())}"
    exif = piexif.dump({"0th": {piexif.ImageIFD.Make: "Leica", piexif.ImageIFD.Orientation: 3}})
    options = {"exif": exif} if format_name in ("PNG", "WEBP", "AVIF", "TIFF") else {}
    Image.new("RGB", (40, 30), "teal").save(path, format_name, **options)
    facts = read_media(path)
    assert (facts.width, facts.height, facts.problems) == (40, 30, ())
    assert facts.mime_type == f"image/{endings.get(format_name, format_name).lower()}".replace("/tif", "/tiff")
    if options:
        assert (facts.metadata.make, facts.metadata.orientation) == ("Leica", 3)


@pytest.mark.parametrize(
    ("container", "ending", "mime"),
    [
        ("matroska", "mkv", "video/x-matroska"),
        ("webm", "webm", "video/webm"),
        ("avi", "avi", "video/x-msvideo"),
        ("mpegts", "mts", "video/m2ts"),
        ("3gp", "3gp", "video/3gpp"),
        ("mp4", "m4v", "video/mp4"),
    ],
)
def test_videos(tmp_path: Path, container: str, ending: str, mime: str) -> None:
    path = tmp_path / f"video.{ending}"
    with av.open(str(path), "w", format=container) as video:
        codec = {"webm": "libvpx-vp9", "avi": "mpeg4"}.get(container, "libx264")
        stream = video.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10):
            video.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 20, 0, 0)))))
        video.mux(stream.encode())
    facts = read_media(path)
    assert (facts.mime_type, facts.width, facts.height, facts.problems) == (mime, 64, 48, ())
    assert facts.metadata.fps == pytest.approx(10, abs=0.5)
    assert facts.duration == pytest.approx(1.0, abs=0.2)


def test_a_tag_of_a_video_that_is_not_utf8(tmp_path: Path) -> None:
    """Whatever the version of PyAV makes of it: up to 18 it raised, from 19 on it hands over lone surrogates."""
    path = tmp_path / "video.mkv"
    with av.open(str(path), "w") as video:
        stream = video.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        video.metadata["make"], video.metadata["model"] = "Camera-fabrik", "Gerät"
        video.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48)))))
        video.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"Camera-fabrik", "Caméra-fabrik".encode("latin-1")))
    facts = read_media(path)
    assert (facts.problems, facts.metadata.make, facts.metadata.model) == ((), "Caméra-fabrik", "Gerät")


def test_the_content_decides_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "really-a-heic.jpg"
    path.write_bytes((SAMPLES / "Paris" / "IMG_0398.HEIC").read_bytes())
    facts = read_media(path)
    assert (facts.mime_type, facts.metadata.make) == ("image/heic", "Apple")


def test_a_large_file_is_read_once_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    body = random.Random(3).randbytes(1 << 20).replace(b"\xff", b"\0") * (HEAD // (1 << 20) + 9)
    path.write_bytes(jpeg("large")[:-2] + body + b"\xff\xd9")
    facts = read_media(path)
    assert facts.size == path.stat().st_size > HEAD
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert (facts.width, facts.height, facts.problems) == (64, 48, ())


def test_what_is_wrong_is_said() -> None:
    assert read_media(SAMPLES / "Broken" / "cut_off.jpg").problems == (
        "the picture is cut off: the file ends before its end marker",
    )
    assert read_media(SAMPLES / "Broken" / "empty.jpg").problems == ("the file is empty",)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_media(tmp_path / "no.jpg")


def test_facts_travel_between_processes() -> None:
    facts = read_media(SAMPLES / "Paris" / "PXL_20240412_184115120.jpg")
    assert pickle.loads(pickle.dumps(facts)) == facts


DAMAGED = [
    "Paris/PXL_20240412_184115120.jpg",
    "Paris/IMG_0398.HEIC",
    "Kyoto/DSC00141.TIF",
    "Phone/Screenshot_20240412-183000.png",
    "Sydney/IMG_0412.MOV",
]


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_of_any_kind_never_raises(tmp_path: Path, name: str) -> None:
    """Cut at many lengths, bytes flipped in the header where the metadata lies."""
    data = (SAMPLES / name).read_bytes()
    chance = random.Random(name)
    path = tmp_path / Path(name).name
    broken = [data[: len(data) * part // 20] for part in range(20)]
    for _ in range(60):
        mutated = bytearray(data)
        for _ in range(chance.choice((1, 4, 40))):
            mutated[chance.randrange(min(len(data), 4000))] = chance.randrange(256)
        broken.append(bytes(mutated))
    for version in broken:
        path.write_bytes(version)
        facts = read_media(path)
        assert isinstance(facts, MediaFacts)
        assert facts.sha256 == hashlib.sha256(version).digest()
        assert facts.width >= 0


def test_every_checksum_is_of_the_whole_file(tmp_path: Path) -> None:
    """Around the edges of the pieces that hashes are fed with."""
    for size in (1, PIECE - 1, PIECE, PIECE + 1, HEAD - 1, HEAD, HEAD + 1):
        path = tmp_path / "x.bmp"
        path.write_bytes(b"BM" + bytes(size - 2) if size > 2 else b"B" * size)
        assert base64.b64encode(read_media(path).sha1) == base64.b64encode(hashlib.sha1(path.read_bytes()).digest())


def test_the_colour_profiles_name(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", icc_profile=profile)
    path = tmp_path / "p.jpg"
    path.write_bytes(buffer.getvalue())
    assert read_media(path).metadata.profile_description == "sRGB built-in"
