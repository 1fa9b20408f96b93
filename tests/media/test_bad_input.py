"""F11 (damaged files) and F12 (huge pictures, bombs): nothing crashes, hangs or takes much memory; readable parts are kept."""

from __future__ import annotations

import hashlib
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from indexer import Index
from indexer.media.read import read_media

from ..conftest import SAMPLES, jpeg, put, rows, statuses
from .build import app1, app1_xmp, exif, jpeg_with, segment, xmp
from .fuzz import mutations, read_damaged
from .readers.test_containers import chunk, png

KINDS = sorted(
    path for path in SAMPLES.rglob("*") if path.suffix.lower() in (".jpg", ".heic", ".tif", ".png", ".mov", ".mp4")
)
MAKE = 0x010F


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.name)
def test_F11_mutated_samples(path: Path, tmp_path: Path) -> None:
    """A short run of `python -m tests.media.fuzz`."""
    data = path.read_bytes()
    if not data:
        return
    chance = random.Random(path.name)
    broken = tmp_path / path.name
    for _ in range(12):
        for mutated in mutations(data, chance):
            broken.write_bytes(mutated)
            read_damaged(broken)


@pytest.mark.slow
def test_F11_for_ten_minutes() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.media.fuzz",
        "--seconds",
        "600",
        "--seed",
        str(random.randrange(10**6)),
        str(SAMPLES),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_F11_a_folder_of_damages(index: Index, photos: Path) -> None:
    """Truncated at every KB, a text named .jpg, an empty file: each has its row and its status, with its hashes; what
    lies beside is not affected; none is read again until it changes."""
    whole = (SAMPLES / "Paris" / "PXL_20240412_184115120.jpg").read_bytes()
    # Behind the head, where the picture's data begins: a JPEG that ends there is a damaged one with all its metadata.
    cuts = range(1024, len(whole), 1024 * max(1, len(whole) // 1024 // 60))
    for cut in cuts:
        (photos / f"a{cut:08d}.jpg").write_bytes(whole[:cut])
    (photos / "b text.jpg").write_bytes(b"this is no picture at all\n" * 20)
    (photos / "c empty.jpg").write_bytes(b"")
    for number in range(1000):
        put(photos / f"d{number:04d}.jpg", number)
    summary = index.scan([photos])
    assert summary.new == len(cuts) + 1001
    seen = statuses(index)
    assert {seen[f"a{cut:08d}.jpg"] for cut in cuts} == {"damaged"}
    assert (seen["b text.jpg"], seen["c empty.jpg"]) == ("damaged", "damaged")
    assert sum(status == "indexed" for status in seen.values()) == 1000
    record = index.get(photos / f"a{cuts[-1]:08d}.jpg")
    assert (record["metadata"]["model"], record["file_size_bytes"]) == ("Pixel 8", cuts[-1])
    again = index.scan()
    assert (again.bytes_read, again.unchanged) == (0, len(cuts) + 1001)
    (photos / "b text.jpg").write_bytes(jpeg("mended"))
    assert index.scan().modified == 1
    assert statuses(index)["b text.jpg"] == "indexed"


def huge() -> dict[str, bytes]:
    return {
        "900 million pixels.png": png(chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(50_000_000)))).replace(
            struct.pack(">II", 40, 30), struct.pack(">II", 30_000, 30_000)
        ),
        "bomb of text.png": png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(500_000_000)))),
        "panorama.jpg": jpeg_with(app1(exif({MAKE: "Leica"})), segment(0xC0, struct.pack(">BHHB", 8, 4000, 65_500, 3) + bytes(9))),
        "65535 entries.jpg": jpeg_with(app1(b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", MAKE, 2, 0xFFFFFFF0, 8) * 4000)),
        "a loop of directories.tif": b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8),
        "2 GB claimed.tif": b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + struct.pack(">HHII", 0x02BC, 1, 0x7FFFFFFF, 8) + bytes(4),
        "entities.jpg": jpeg_with(
            app1_xmp(b'<!DOCTYPE x [<!ENTITY a "' + b"ha" * 5000 + b'">' + b'<!ENTITY b "' + b"&a;" * 5000 + b'">]>' + xmp("<xmp:Rating>&b;</xmp:Rating>"))
        ),
        "900 million pixels.tif": b"II*\0\x08\0\0\0" + struct.pack("<H", 2)
        + struct.pack("<HHII", 0x0100, 4, 1, 30_000) + struct.pack("<HHII", 0x0101, 4, 1, 30_000) + bytes(4),
    }  # fmt: skip


def test_F12_huge_pictures_and_bombs(tmp_path: Path) -> None:
    """Each in a process that may take 256 MB of memory more than it has when it starts, and five seconds."""
    made = huge()
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    script = (
        "import resource, sys, pathlib, time\nfrom indexer.media.read import read_media\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "limit = pages * resource.getpagesize() + 256 * 1024 * 1024\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    started = time.process_time()\n"
        "    facts = read_media(path)\n"
        "    assert time.process_time() - started < 5, path\n"
        "    print(path.name, facts.width, facts.height, facts.sha256.hex(), sep='|')\n"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("limits a process by what Linux says of its memory")
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = {line.split("|")[0]: line.split("|")[1:] for line in done.stdout.splitlines()}
    assert found.keys() == made.keys()
    for name, data in made.items():
        assert found[name][2] == hashlib.sha256(data).hexdigest()
    assert found["900 million pixels.png"][:2] == ["30000", "30000"]
    assert found["900 million pixels.tif"][:2] == ["30000", "30000"]
    assert found["panorama.jpg"][:2] == ["65500", "4000"]


def test_F12_a_video_of_4_gigabytes_costs_its_header(tmp_path: Path) -> None:
    """A sparse file, its movie box behind four gigabytes of data: read without its hash, which would read all of it."""
    from .build import box, video

    whole = video()
    movie = whole[whole.index(b"moov") - 4 : whole.index(b"mdat") - 4]
    path = tmp_path / "long.mov"
    size = 4 * 1024**3
    with path.open("wb") as file:
        file.write(box(b"ftyp", b"qt  " + bytes(4)) + (1).to_bytes(4, "big") + b"mdat" + (size + 16).to_bytes(8, "big"))
        file.seek(size, 1)
        file.write(movie)
    facts = read_media(path, hashed=False)
    assert (facts.width, facts.duration, facts.problems) == (640, 2.0, ())


def test_a_video_of_a_codec_that_nobody_knows(tmp_path: Path) -> None:
    """Found by the fuzzer: FFmpeg opens it, and has no decoder to ask for the size."""
    import av

    path = tmp_path / "x.webm"
    with av.open(str(path), "w", format="webm") as video:
        stream = video.add_stream("libvpx-vp9", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        video.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        video.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"V_VP9", b"V_XYZ"))
    assert read_media(path).mime_type == "video/webm"


def test_a_problem_is_seen_in_status(index: Index, photos: Path) -> None:
    (photos / "a.jpg").write_bytes(jpeg_with(app1(b"II*\0\xff\xff\xff\xff")))
    index.scan([photos])
    assert rows(index, "SELECT status, reason FROM path_status") == [("damaged", "Exif main directory is past the end")]
    assert [failure.reason for failure in index.status.failures()] == ["Exif main directory is past the end"]
