"""The fingerprint depends on the image data alone, not on metadata."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from indexer.media import source
from indexer.media.read import read_media

from ..conftest import SAMPLES, jpeg

_FORMATS = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif", "video/mp4", "video/quicktime")


def picture(path: Path) -> str | None:
    return read_media(path).fingerprint


def test_other_words_are_no_other_picture(tmp_path: Path) -> None:
    for name, data in (("a", jpeg(1)), ("b", jpeg(1, words="a title")), ("c", jpeg(2))):
        (tmp_path / f"{name}.jpg").write_bytes(data)
    a, b, c = (picture(tmp_path / f"{name}.jpg") for name in "abc")
    assert a is not None
    assert len(a) == 32
    assert a == b != c


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "heic", "avif"])
def test_what_is_written_about_it_by_a_library(tmp_path: Path, suffix: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    image = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "a title"
    exif[0x4746] = 4
    image.save(tmp_path / f"plain.{suffix}")
    image.save(tmp_path / f"titled.{suffix}", exif=exif)
    image.rotate(90).save(tmp_path / f"turned.{suffix}")
    plain, titled, turned = (read_media(tmp_path / f"{name}.{suffix}") for name in ("plain", "titled", "turned"))
    assert titled.metadata.description == "a title"
    assert plain.sha256 != titled.sha256
    assert plain.fingerprint == titled.fingerprint
    assert turned.fingerprint not in (None, plain.fingerprint)


def test_what_exiftool_writes_changes_no_picture(tmp_path: Path, corpus: Path) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    edited = tmp_path / "edited"
    checked: dict[str, int] = {}
    files = [
        path for folder in (SAMPLES, corpus, corpus.parent / "corpus-wide") for path in sorted(folder.rglob("*.*"))
    ]
    copies = {}
    edited.mkdir()
    for path in files:
        if path.is_file() and checked.get(path.suffix.lower(), 0) < 12:
            facts = read_media(path)
            if facts.mime_type in _FORMATS and facts.fingerprint and not facts.problems:
                copy = edited / f"{len(copies)}{path.suffix}"
                shutil.copyfile(path, copy)
                copies[copy] = facts
                checked[path.suffix.lower()] = checked.get(path.suffix.lower(), 0) + 1
    options = ["-q", "-q", "-overwrite_original", "-XMP:Rating=4", "-XMP:Description=hello"]
    subprocess.run(["exiftool", *options, edited], capture_output=True, check=False)
    changed = [copy for copy, facts in copies.items() if read_media(copy).sha256 != facts.sha256]
    assert len(changed) > 40
    assert [copy.name for copy in changed if picture(copy) != copies[copy].fingerprint] == []


def test_it_is_the_same_however_the_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than a piece is hashed piece by piece."""
    paths = [path for path in sorted(SAMPLES.rglob("*")) if path.suffix in (".jpg", ".png", ".heic", ".mp4", ".webp")]
    whole = [picture(path) for path in paths]
    monkeypatch.setattr(source, "PIECE", 1000)
    assert [picture(path) for path in paths] == whole
    assert len(set(whole)) > 10


@pytest.mark.parametrize("suffix", ["tiff", "gif", "bmp"])
def test_formats_without_one_say_none(tmp_path: Path, suffix: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / f"a.{suffix}")
    assert picture(tmp_path / f"a.{suffix}") is None


def test_without_hashes_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    assert read_media(tmp_path / "a.jpg", hashed=False).fingerprint is None
