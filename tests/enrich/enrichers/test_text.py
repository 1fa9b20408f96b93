"""Text in pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer import Index
from indexer.enrich.enrichers import text
from indexer.errors import UsageError

from ...conftest import rows, run


def installed() -> None:
    try:
        text.model_info()
    except UsageError as error:
        pytest.skip(str(error))


def sign(words: str) -> Image.Image:
    image = Image.new("RGB", (900, 400), "white")
    ImageDraw.Draw(image).text((100, 150), words, fill="black", font=ImageFont.load_default(80))
    return image


def test_words_are_found_where_they_are(index: Index, photos: Path) -> None:
    installed()
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    sign("BAKERY 24h").transpose(Image.Transpose.ROTATE_90).save(photos / "a.jpg", exif=exif)
    sign("Ahornweg").save(photos / "b.png")
    Image.new("RGB", (600, 400), "grey").save(photos / "none.jpg")
    index.scan([photos])
    index.enrich()
    assert "text" not in index.enrichments.counts()  # only when it is asked for
    assert index.enrich(["text", "full_text"]).pictures == 3
    assert index.enrichments.counts()["text"] == (3, 0)
    for query, name in (("bakery", "a.jpg"), ("text:ahorn", "b.png")):
        assert [one.path.rpartition("/")[2] for one in index.search(query) if one.path] == [name]
    assert index.search("text:grey") == []
    (found,) = rows(index, "SELECT text, x, y, w, h, confidence FROM text_line JOIN asset ON asset.number = asset_number"
                    " WHERE original_file_name = 'a.jpg'")  # fmt: skip
    words, x, y, w, h, confidence = found
    assert isinstance(confidence, float) and confidence > 0.8
    assert str(words).replace(" ", "") == "BAKERY24h"
    # Upright it begins at (100, 150), is some 430 wide and 80 high: of 900 x 400, turned counter-clockwise.
    assert isinstance(x, int) and isinstance(y, int) and isinstance(w, int) and isinstance(h, int)
    assert 140 < x < 190 and 40 < w < 110 and 330 < h < 520 and 780 < y + h < 820
    assert index.enrich(["text"]).total == 0


def test_barrel_aged_finds_the_beer(index: Index, corpus: Path) -> None:
    installed()
    index.scan([corpus / "immich" / "albums" / "text"])
    assert run("enrich", "text", "full_text", database=index.path).returncode == 0
    found = run("search", "BARREL AGED", database=index.path).stdout
    assert found.count("\n") == 1 and "craft-beer.jpg" in found
    assert "craft-beer.jpg" in run("search", '"barrel aged"', database=index.path).stdout
    assert "craft-beer" not in run("search", "text:ahornweg", database=index.path).stdout


def test_without_the_extra_it_is_said_how_to_get_it(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign("x").save(photos / "a.jpg")
    index.scan([photos])
    monkeypatch.setattr(text, "_PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(UsageError, match=re.escape(text.HINT)):
        index.enrich(["text"])
    (finding,) = [one for one in index.doctor.examine() if one.subject == "text"]
    assert finding.state == "ok" and finding.advice == text.HINT
