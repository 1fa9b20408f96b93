"""Every command, as a person or a script calls it: its output and exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from indexer import Index, cli
from indexer.cli import main
from indexer.cli.options import UserPath
from indexer.errors import UsageError

from ..conftest import SAMPLES, Command, put, run

GET = "Paris/PXL_20240412_184115120.jpg"


@pytest.fixture
def database(samples: Path, tmp_path: Path) -> Path:
    assert run("scan", samples, database=tmp_path / "index.db").returncode == 0
    return tmp_path / "index.db"


def test_help_names_every_command() -> None:
    done = run("--help")
    commands = Path(cli.__file__).parent.glob("*.py")
    for name in sorted(path.stem.replace("_", "-") for path in commands if "\ndef command(" in path.read_text()):
        assert f"  {name} " in done.stdout
        helped = run(name, "--help")
        assert (helped.returncode, helped.stderr) == (0, "") and len(helped.stdout) > 100, name


def test_scan_says_what_it_did_and_its_counts_add_up(samples: Path, tmp_path: Path) -> None:
    done = run("scan", samples, database=tmp_path / "index.db")
    assert done.returncode == 0
    assert done.stdout.startswith("19 new, 1 copied in ")
    assert "25 paths seen = 19 indexed + 4 ignored + 2 failed" in done.stdout
    assert "Broken/cut_off.jpg: the picture is cut off" in done.stdout
    assert "Broken/empty.jpg: the file is empty" in done.stdout
    again = run("scan", database=tmp_path / "index.db")
    assert again.stdout.startswith("20 unchanged in ")


def test_scan_json(samples: Path, tmp_path: Path) -> None:
    summary = json.loads(run("scan", samples, "--json", database=tmp_path / "index.db").stdout)
    assert (summary["new"], summary["copied"], summary["damaged"], summary["gone"]) == (19, 1, 1, 0)


def test_scan_on_a_terminal_shows_a_bar(photos: Path, tmp_path: Path) -> None:
    for number in range(300):
        put(photos / f"{number}.jpg", number, size=200_000)
    ours, theirs = pty.openpty()
    process = Command(
        ["--db", tmp_path / "index.db", "scan", photos],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:
        pass  # the other end is closed
    assert process.wait(timeout=180) == 0
    text = shown.decode()
    assert "Scanning" in text
    assert "of 300 files" in text
    assert "MB/s" in text


def test_scan_of_nothing_and_nowhere(tmp_path: Path) -> None:
    done = run("scan", database=tmp_path / "index.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no folder is indexed yet" in done.stderr
    done = run("scan", tmp_path / "nowhere", database=tmp_path / "index.db")
    assert done.returncode == 1
    assert done.stderr == f"indexer: {tmp_path / 'nowhere'}: No such file or directory\n"


def test_an_offline_root_is_said(samples: Path, database: Path) -> None:
    samples.rename(samples.with_name("away"))
    done = run("scan", database=database)
    assert done.returncode == 1
    assert "Offline, unchanged" in done.stderr
    assert "offline since" in run("roots", database=database).stdout
    assert "19 assets" in run("status", database=database).stdout


def test_get_by_path_and_by_id(samples: Path, database: Path) -> None:
    by_path = run("get", samples / GET, database=database)
    record = json.loads(by_path.stdout)
    assert record["metadata"]["model"] == "Pixel 8"
    assert run("get", record["id"], database=database).stdout == by_path.stdout
    assert json.loads(run("get", record["id"], "--pretty", database=database).stdout) == record
    relative = run("get", GET, database=database, cwd=samples)
    assert relative.stdout == by_path.stdout
    url = record["asset_urls"]["original"]["url"]
    assert url == (samples / GET).as_uri()


@pytest.mark.parametrize(
    "wanted", ["asset_2222222222222222222222", "asset_short", "/nowhere/x.jpg", "nothing", "Kyoto"]
)
def test_get_of_the_unknown(samples: Path, database: Path, wanted: str) -> None:
    done = run("get", wanted, database=database, cwd=samples)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("indexer: no ")
    assert done.stderr.count("\n") == 1


def test_get_without_an_index(tmp_path: Path) -> None:
    done = run("get", "asset_2222222222222222222222", database=tmp_path / "none.db")
    assert done.returncode == 1
    assert "there is no index" in done.stderr


def test_list(database: Path) -> None:
    lines = run("list", database=database).stdout.splitlines()
    assert len(lines) == 19
    assert [line[:19] for line in lines] == sorted((line[:19] for line in lines), reverse=True)
    assert len(run("list", "-n", 3, database=database).stdout.splitlines()) == 3
    assert len(run("list", "--camera", "pixel", database=database).stdout.splitlines()) == 8
    assert len(run("list", "--type", "video", database=database).stdout.splitlines()) == 2
    assert (
        len(run("list", "--after", "2024-04-15", "--before", "2024-04-15", database=database).stdout.splitlines()) == 4
    )
    assert len(run("list", "--before", "2024-04-12T18:30", database=database).stdout.splitlines()) == 2
    done = run("list", "--after", "yesterday", database=database)
    assert (done.returncode, "is not a date" in done.stderr) == (2, True)


def test_list_json_holds_the_records(samples: Path, database: Path) -> None:
    done = run("list", "--json", "-n", 0, database=database)
    records = json.loads(done.stdout)
    assert len(records) == 19
    first = run("get", records[0]["id"], database=database).stdout
    assert done.stdout.startswith("[" + first.rstrip("\n"))
    assert json.loads(run("list", "--json", "--camera", "nobody", database=database).stdout) == []


def test_info(samples: Path, database: Path) -> None:
    shown = run("info", samples / GET, database=database).stdout
    for words in (
        "2024-04-12 20:41:15",
        "Google Pixel 8",
        "1/60 s, f/1.68, ISO 320",
        "48.85837, 2.29448",
        "tower (1).jpg",
    ):
        assert words in shown
    assert len(json.loads(run("info", samples / GET, "--json", database=database).stdout)["files"]) == 2


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (GET, "indexed", "the same photo is in 1 other place"),
        ("Broken/cut_off.jpg", "damaged", "the file ends before its end marker"),
        ("Broken/empty.jpg", "damaged", "the file is empty"),
        ("Kyoto/drafts", "ignored", "rule 'drafts/' in line 2 of .indexerignore"),
        ("Kyoto/drafts/crop.jpg", "ignored", "which is ignored: rule 'drafts/'"),
        ("make.py", "not_media", "not a photo or video: .py"),
        (".indexerignore", "ignored", "the rules for its folder"),
        ("Kyoto", "folder", "is a folder that is indexed"),
        ("new.jpg", "unseen", "the next scan indexes it"),
        ("/etc/hostname", "outside", "is not in an indexed folder"),
    ],
)
def test_why(samples: Path, database: Path, path: str, status: str, words: str) -> None:
    put(samples / "new.jpg", "new")
    done = run("why", samples / path, database=database)
    assert done.returncode == 0
    assert words in done.stdout
    assert json.loads(run("why", samples / path, "--json", database=database).stdout)["status"] == status


def test_why_of_what_is_gone_and_of_what_never_was(samples: Path, database: Path) -> None:
    (samples / "Kyoto" / "DSC00123.JPG").unlink()
    run("scan", database=database)
    assert "is gone, noticed on" in run("why", samples / "Kyoto" / "DSC00123.JPG", database=database).stdout
    done = run("why", samples / "never.jpg", database=database)
    assert (done.returncode, "none was seen there" in done.stderr) == (3, True)


def test_why_of_what_moved(samples: Path, database: Path) -> None:
    before, after = samples / "Kyoto", samples / "Japan"
    before.rename(after)
    run("scan", database=database)
    moved = run("why", before / "DSC00123.JPG", database=database)
    assert (moved.returncode, moved.stderr) == (0, "")
    assert f"moved to {after / 'DSC00123.JPG'}, noticed on 20" in moved.stdout


def test_why_of_what_cannot_be_read_now(samples: Path, database: Path) -> None:
    photo = samples / "Kyoto" / "DSC00123.JPG"
    photo.unlink()
    assert "It cannot be read now: No such file" in run("why", photo, database=database).stdout


def test_a_folder_is_no_photo(samples: Path, database: Path) -> None:
    done = run("set", samples / "Kyoto", "rating=5", database=database)
    assert (done.returncode, "Kyoto: it is a folder; name the photos in it" in done.stderr) == (3, True)


def test_status(samples: Path, database: Path) -> None:
    shown = run("status", database=database).stdout
    for words in ("19 assets in 20 files", "25 paths seen = 19 indexed + 4 ignored + 2 failed", "running: nothing"):
        assert words in shown
    assert "Broken/empty.jpg: the file is empty" in shown
    told = json.loads(run("status", "--json", database=database).stdout)
    assert told["seen"] == told["indexed"] + told["ignored"] + told["failed"] == 25
    assert {one["path"] for one in told["failures"]} == {"Broken/cut_off.jpg", "Broken/empty.jpg"}


def test_roots_and_forgetting_one(samples: Path, database: Path) -> None:
    assert run("roots", database=database).stdout == f"{samples}  20 files\n"
    dry = run("roots", "--forget", samples, "--dry-run", database=database)
    assert "would be forgotten: 20 files" in dry.stdout
    assert run("roots", database=database).stdout == f"{samples}  20 files\n"
    record = json.loads(run("get", samples / GET, database=database).stdout)
    assert "forgotten: 20 files" in run("roots", "--forget", samples, database=database).stdout
    assert run("roots", database=database).stdout == ""
    assert run("list", database=database).stdout == ""
    assert len(run("list", "--trashed", database=database).stdout.splitlines()) == 19
    run("scan", samples, database=database)
    again = json.loads(run("get", samples / GET, database=database).stdout)
    assert {key for key in record if record[key] != again[key]} == {"updated_at"}
    assert run("roots", "--forget", samples / "Kyoto", database=database).returncode == 3


def test_query(database: Path) -> None:
    sql = "SELECT camera, count(*) AS photos FROM photo WHERE camera IS NOT NULL GROUP BY camera ORDER BY camera"
    table = run("query", sql, database=database)
    assert "camera" in table.stdout.splitlines()[1]
    assert "ILCE-7M4" in table.stdout
    found = list(csv.reader(io.StringIO(run("query", sql, "--csv", database=database).stdout)))
    assert found == [["camera", "photos"], ["ILCE-7M4", "4"], ["Pixel 8", "8"], ["iPhone 15", "3"]]
    as_json = json.loads(run("query", sql, "--json", database=database).stdout)
    assert as_json[0] == {"camera": "ILCE-7M4", "photos": 4}


@pytest.mark.parametrize("sql", ["DELETE FROM asset", "SELEKT 1", "SELECT nothing FROM asset", "DROP TABLE asset", ""])
def test_query_changes_nothing_and_tells_mistakes(database: Path, sql: str) -> None:
    before = run("list", database=database).stdout
    done = run("query", sql, database=database)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("indexer: the query ")
    assert "Traceback" not in done.stderr
    assert run("list", database=database).stdout == before


def test_a_mistyped_command_is_helped() -> None:
    done = run("lst")
    assert done.returncode == 2
    assert "Did you mean 'list'?" in done.stderr


def test_a_reader_that_stops_early_is_no_error(database: Path) -> None:
    command = f"{sys.executable} -m indexer --db {database} list --json | head -c 10"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


def test_index_from_the_environment(samples: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "INDEXER_DB": str(tmp_path / "named" / "deep" / "i.db")}
    assert run("scan", samples, env=environment).returncode == 0
    assert (tmp_path / "named" / "deep" / "i.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "~/photos/a.MP.jpg"),
        ("info", "~/photos/a.MP.jpg"),
        ("explain", "~/photos/a.MP.jpg"),
        ("why", "~/photos/a.MP.jpg"),
        ("log", "~/photos/a.MP.jpg"),
        ("set", "~/photos/a.MP.jpg", "rating=4"),
        ("albums", "create", "Best", "~/photos/a.MP.jpg"),
        ("trash", "put", "~/photos/a.MP.jpg"),
        ("write-back", "~/photos/a.MP.jpg"),
        ("extract", "~/photos/a.MP.jpg", "-o", "~/video.mp4"),
        ("backup", "~/copy.db"),
        ("places", "import", "~/dump.txt", "--dry-run"),
        ("roots", "--forget", "~/photos"),
        ("roots", "--library", "mine", "~/photos"),
        ("scan", "~/photos"),
    ],
)
def test_a_home_folder_that_the_shell_left_alone(
    tmp_path: Path, index: Index, photos: Path, arguments: tuple[str, ...]
) -> None:
    """As in "~/a b.jpg", and in --db=~/index.db."""
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(SAMPLES.parent)}
    shutil.copyfile(SAMPLES / "Sydney" / "PXL_20240420_013155000.MP.jpg", photos / "a.MP.jpg")
    (tmp_path / "dump.txt").write_text(
        "1\tOpera\tOpera\t\t-33.85\t151.21\tS\tOPRA\tAU\t\t02\t\t\t\t0\t\t\tAustralia/Sydney\t2020-01-01\n"
    )
    index.scan([photos])
    done = run("--db=~/index.db", *arguments, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("path", ["~nosuch", "./~nosuch"])
def test_a_home_folder_of_nobody_is_a_file_name(tmp_path: Path, index: Index, photos: Path, path: str) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    (tmp_path / "elsewhere").mkdir()

    def told(*command: str) -> str:
        done = run(*command, database=index.path, cwd=tmp_path / "elsewhere")
        assert "Traceback" not in done.stderr
        return done.stdout if done.returncode == 0 else done.stderr

    for command in (["restore", path], ["merge", path]):
        assert "~nosuch" in told(*command)
    assert "checked and sound" in told("backup", path)
    assert (tmp_path / "elsewhere" / "~nosuch").exists()
    assert "already known" in told("merge", path)


@pytest.mark.parametrize("command", ["backup", "restore", "merge", "places import", "people list --sheet"])
def test_an_empty_path_is_refused(index: Index, photos: Path, command: str) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    before = sorted(index.path.parent.iterdir())
    done = run(*command.split(), "", database=index.path, cwd=photos)
    assert (done.returncode, "a path is empty" in done.stderr) == (2, True), done
    for call in (
        index.maintenance.backup,
        index.maintenance.restore,
        index.maintenance.merge,
        index.places.import_dump,
    ):
        with pytest.raises(UsageError, match="a path is empty"):
            call("")
    assert sorted(index.path.parent.iterdir()) == before


def test_a_file_called_as_a_users_home_is(photos: Path, index: Index) -> None:
    put(photos / "~2024" / "a.jpg", 1)
    index.scan([photos])
    for command in ("get", "why", "info"):
        done = run(command, "~2024/a.jpg", database=index.path, cwd=photos)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_every_command_that_takes_a_path_knows_the_home_folder() -> None:
    def parameters(command: click.Command) -> Iterator[click.Parameter]:
        yield from command.params
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                yield from parameters(below)

    named = [one for one in parameters(main) if isinstance(one.type, click.Path)]
    assert len(named) > 9
    assert [one.name for one in named if not isinstance(one.type, UserPath)] == []


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = run("--debug", "get", "nothing", database=tmp_path / "none.db")
    assert "Traceback" in done.stderr
