"""Real photos of many cameras, indexed by the real command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gumnut.types import AssetResponse

from indexer import Index
from indexer.ids import ASSET_ID
from indexer.media.formats import is_media_name

from ..conftest import SHARED, rows, run


@pytest.fixture(scope="module")
def scanned(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Index:
    database = tmp_path_factory.mktemp("corpus") / "index.db"
    done = run("scan", corpus, database=database)
    assert done.returncode == 0, done.stderr
    return Index.open(database)


@pytest.fixture(scope="module")
def records(scanned: Index) -> list[str]:
    return [str(text) for (text,) in rows(scanned, "SELECT json FROM asset_json ORDER BY id")]


def test_every_media_file_is_indexed(scanned: Index, corpus: Path) -> None:
    media = {path.relative_to(corpus).as_posix() for path in corpus.rglob("*") if is_media_name(path.name)}
    indexed = dict(rows(scanned, "SELECT path, asset_id FROM path_status WHERE asset_id IS NOT NULL"))
    assert indexed.keys() == media
    seen, ok, ignored, failed, gone = rows(scanned, "SELECT * FROM status_count")[0]
    assert (seen, gone) == (ok + ignored + failed, 0)  # type: ignore[operator]


def test_get_is_the_same_text_by_every_way(scanned: Index, records: list[str]) -> None:
    """Python, the bare SQLite file and (below) the command line: to the byte."""
    assert len(records) > 100
    for text in records:
        asset_id = json.loads(text)["id"]
        assert scanned.get_json(asset_id) == text
        assert scanned.get(asset_id) == json.loads(text)


def test_the_command_line_prints_the_same_bytes(scanned: Index, records: list[str], tmp_path: Path) -> None:
    """Every asset through the real command's code, in one process for speed; the process itself for a few."""
    script = tmp_path / "all.py"
    script.write_text(
        "import sys\nfrom indexer.cli import main\n"
        "for line in sys.stdin:\n    main(['--db', sys.argv[1], 'get', line.strip()], standalone_mode=False)\n"
    )
    ids = [json.loads(text)["id"] for text in records]
    done = subprocess.run(
        [sys.executable, str(script), str(scanned.path)], input="\n".join(ids).encode(), capture_output=True, check=True
    )
    assert done.stdout.decode() == "".join(text + "\n" for text in records)
    for asset_id, text in list(zip(ids, records, strict=True))[::40]:
        assert run("get", asset_id, database=scanned.path).stdout == text + "\n"


def test_sqlite3_shell_prints_the_same_bytes(scanned: Index, records: list[str]) -> None:
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("the sqlite3 command is not installed")
    done = subprocess.run(
        [shell, "-readonly", str(scanned.path), "SELECT json FROM asset_json ORDER BY id"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == "".join(text + "\n" for text in records)


def test_keys_are_the_pages_in_its_order(records: list[str]) -> None:
    page = (SHARED / "seed" / "get-asset.txt").read_text()
    example = json.loads(page[page.index("{\n") : page.index("\n}\n") + 2])
    for text in records:
        record = json.loads(text)
        assert list(record) == list(example)
        for part in ("exif", "metadata"):
            assert list(record[part]) == list(example[part])


def test_records_validate_strictly_against_the_cloud_clients_model(records: list[str]) -> None:
    for text in records:
        AssetResponse.model_validate_json(text, strict=True)
        record = json.loads(text)
        assert ASSET_ID.fullmatch(record["id"])
        assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", record["checksum"])
        assert re.fullmatch(r"[A-Za-z0-9+/]{27}=", record["checksum_sha1"])
        assert record["asset_urls"]["original"]["url"].startswith("file:///")


def test_checksums_are_those_of_the_system_tools(scanned: Index, corpus: Path) -> None:
    import base64

    listing = subprocess.run(
        ["sha256sum", *map(str, sorted(corpus.rglob("*.jpg")))], capture_output=True, text=True, check=True
    )
    for line in listing.stdout.splitlines():
        digest, path = line.lstrip("\\").split("  ", 1)
        assert base64.b64decode(scanned.get(path)["checksum"]).hex() == digest


def test_an_index_built_again_is_the_same(scanned: Index, records: list[str], corpus: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.db"
    assert run("scan", corpus, "--workers", 1, database=again).returncode == 0
    rebuilt = [str(text) for (text,) in rows(Index.open(again), "SELECT json FROM asset_json ORDER BY id")]
    assert [_timeless(text) for text in rebuilt] == [_timeless(text) for text in records]


def _timeless(text: str) -> str:
    return re.sub(r'"(created|updated)_at":"[^"]*"', "", text)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Pacific/Auckland"])
def test_the_records_do_not_depend_on_this_computers_time_zone(
    scanned: Index, records: list[str], corpus: Path, tmp_path: Path, zone: str
) -> None:
    database = tmp_path / "elsewhere.db"
    assert run("scan", corpus, database=database, env={**os.environ, "TZ": zone}).returncode == 0
    elsewhere = [str(text) for (text,) in rows(Index.open(database), "SELECT json FROM asset_json ORDER BY id")]
    assert [_timeless(text) for text in elsewhere] == [_timeless(text) for text in records]


def test_a_second_scan_finds_nothing_to_do(scanned: Index, records: list[str], corpus: Path) -> None:
    done = run("scan", "--json", database=scanned.path)
    summary = json.loads(done.stdout)
    assert summary["unchanged"] == 134
    assert not any(summary[key] for key in ("new", "modified", "moved", "gone", "bytes_read"))
    assert [text for (text,) in rows(scanned, "SELECT json FROM asset_json ORDER BY id")] == records


def test_metadata_agrees_with_exiftool(scanned: Index, corpus: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is the reference here, and not installed (Debian: libimage-exiftool-perl)")
    scorer = SHARED / "metadata_score" / "score.py"
    done = subprocess.run(
        [sys.executable, str(scorer), str(corpus), str(scanned.path), "--min", "99"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    total, spurious = re.search(r"of (\d+) values; .* spurious (\d+)", done.stdout).groups()  # type: ignore[union-attr]
    assert int(spurious) <= 0.002 * int(total), done.stdout


def test_wide_corpus_is_indexed_whole(tmp_path: Path) -> None:
    """397 files of 22 formats, many damaged on purpose: nothing crashes, every media file has a status, and what they say
    agrees with what exiftool says of them."""
    folder = SHARED / "corpus-wide"
    if not folder.is_dir():
        pytest.skip("the wide corpus is not part of the project: it lies in ../shared/corpus-wide")
    database = tmp_path / "index.db"
    done = run("scan", folder, database=database)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    index = Index.open(database)
    for (text,) in rows(index, "SELECT json FROM asset_json"):
        AssetResponse.model_validate_json(str(text), strict=True)
    named = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if is_media_name(path.name)}
    judged = {path for (path,) in rows(index, "SELECT path FROM path_status WHERE status IN ('indexed', 'damaged')")}
    assert judged == named
    records = tmp_path / "records.jsonl"
    records.write_text("\n".join(str(text) for (text,) in rows(index, "SELECT json FROM asset_json")))
    scorer = [
        sys.executable,
        str(SHARED / "metadata_score" / "score_truth.py"),
        str(folder / "truth.jsonl"),
        str(records),
    ]
    scored = subprocess.run([*scorer, "--min", "98.5"], capture_output=True, text=True)
    assert scored.returncode == 0, scored.stdout
