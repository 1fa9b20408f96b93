"""Names, descriptions and errors come from untrusted files: characters that a terminal would act upon are escaped."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from indexer import Index
from indexer.cli import _COMMANDS
from indexer.cli.output import printable

from ..conftest import HERE, put, run
from ..media.build import xmp

EVIL = "e\x1b]0;owned\x07\n\r\t\x9b31m\u202egpj\u2066\x7f[red]x[bold]"
SHOWN = r"e\x1b]0;owned\x07\n\r\t\x9b31m\u202egpj\u2066\x7f[red]x[bold]"
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def test_what_a_terminal_acts_upon_is_shown() -> None:
    assert printable(EVIL) == SHOWN
    assert printable("Zoë’s فوتو 📷 “x”\xa0\u200f") == "Zoë’s فوتو 📷 “x”\xa0\u200f"
    assert printable(os.fsdecode(b"caf\xe9\x9b") + "\ud800") == r"caf\xe9\x9b\ud800"


def test_commands_print_through_one_place() -> None:
    for path in (HERE.parent / "indexer" / "cli").glob("*.py"):
        text = path.read_text()
        if path.name != "output.py":
            assert not re.search(r"\bclick\.s?echo\(|(?<!\.)\bprint\(|std(out|err)\.write", text), path
            assert all("markup=False" in one for one in re.findall(r"TextColumn\(\"\{.*fields.*", text)), path


class Evil:
    """An index in which everything that is named is named EVIL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "index.db"
        self.photos = folder / EVIL
        self.photo = put(self.photos / EVIL / f"{EVIL}.jpg", 1)
        put(self.photos / f"copy{EVIL}.jpg", 1)
        self.deleted = put(self.photos / f"deleted{EVIL}.jpg", 2)
        self.broken = put(self.photos / f"broken{EVIL}.jpg", 3)
        self.broken.write_bytes(self.broken.read_bytes()[:-2])
        description = EVIL.replace("\x1b", "").replace("\x07", "").replace("\x7f", "")  # not in XML
        self.photo.with_name(f"{EVIL}.jpg.xmp").write_bytes(
            xmp(f"<dc:description>{description}\x85\u202e</dc:description>"
                f"<dc:subject><rdf:Bag><rdf:li>k{description}</rdf:li></rdf:Bag></dc:subject>")
        )  # fmt: skip
        (self.photos / ".picasa.ini").write_text("[Contacts2]\n1=Ada\x1b[31m\x9b;;\n")
        (self.photos / EVIL / ".picasa.ini").write_text(
            f"[Contacts2]\n1=Ada\x1b[31m\u202e;;\n[{self.photo.name}]\nfaces=rect64(400040008000c000),1\n"
            "keywords=ferry\x1b[31m\u202e\n"
        )
        (self.photos / f"folder{EVIL}").mkdir()
        put(self.photos / f"folder{EVIL}" / "x.jpg", 4)
        (self.photos / f"folder{EVIL}" / ".indexerignore").symlink_to("nothing")
        self.run("scan", self.photos)
        self.deleted.unlink()
        self.run("scan", self.photos)
        self.run("set", self.photo, f"description={EVIL}", f"city={EVIL}")
        self.run("albums", "create", EVIL, self.photo)
        with Index.open(self.database) as index:
            self.id = index.get(self.photo)["id"]
            self.people = [one.id for one in index.people.list()]

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return run(*arguments, database=self.database)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Evil:
    return Evil(tmp_path_factory.mktemp("evil"))


OTHER = "other\x1b[31m\n\x9b"
COMMANDS: list[tuple[object, ...]] = [
    ("scan",),
    ("scan", "--dry-run"),
    ("scan", "PHOTOS", OTHER),
    ("enrich", "places"),
    ("enrich", "--failures"),
    ("enrich", OTHER),
    ("duplicates",),
    ("get", "PHOTO", "--pretty"),
    ("get", OTHER),
    ("list",),
    ("list", "--after", OTHER),
    ("search", "jpg"),
    ("search", "--sql", OTHER),
    ("search", f"type:{OTHER}"),
    ("info", "PHOTO"),
    ("explain", "PHOTO"),
    ("explain", "PHOTO", OTHER),
    ("extract", "PHOTO"),
    ("why", "PHOTO"),
    ("why", "BROKEN"),
    ("why", OTHER),
    ("status",),
    ("status", "--failures"),
    ("set", "PHOTO", f"city={OTHER}", "--dry-run"),
    ("set", "PHOTO", f"{OTHER}={OTHER}"),
    ("people", "list"),
    ("people", "list", "--all"),
    ("people", "show", "PERSON"),
    ("people", "name", "PERSON", OTHER, "--dry-run"),
    ("people", "show", OTHER),
    ("places", "import", OTHER),
    ("albums", "list"),
    ("albums", "show", EVIL),
    ("albums", "rename", EVIL, OTHER, "--dry-run"),
    ("albums", "add", EVIL, "PHOTO", "--dry-run"),
    ("albums", "delete", EVIL, "--dry-run"),
    ("albums", "show", OTHER),
    ("write-back", "--dry-run"),
    ("undo", "--dry-run"),
    ("log",),
    ("log", "PHOTO"),
    ("trash", "list"),
    ("trash", "restore", OTHER),
    ("verify",),
    ("doctor",),
    ("backup", "ELSEWHERE"),
    ("restore", OTHER),
    ("merge", OTHER),
    ("repair",),
    ("roots",),
    ("roots", "--forget", "PHOTOS", "--dry-run"),
    ("roots", "--forget", OTHER),
    ("query", "SELECT path, description FROM photo"),
    ("query", 'SELECT 1 AS "[/]\x1b[31m"'),
    ("query", "SELECT path, reason, status FROM path_status"),
    ("query", f"SELEC {OTHER}"),
    (OTHER,),
    (f"--{OTHER}",),
    ("list", f"--{OTHER}"),
    ("list", "--limit", OTHER),
    ("serve", "--port", OTHER),
    ("open", "--print", OTHER),
    ("open", "--print", "PHOTO"),
    ("--debug", "get", OTHER),
    ("--log-json", "get", OTHER),
]


def arguments(evil: Evil, given: tuple[object, ...]) -> list[str]:
    known = {
        "PHOTO": evil.photo,
        "BROKEN": evil.broken,
        "PHOTOS": evil.photos,
        "PERSON": (evil.people or ["none"])[0],
        "ELSEWHERE": evil.folder / f"backup{EVIL}.db",
    }
    return [str(known.get(str(one), one)) for one in given]


def test_every_command_is_asked() -> None:
    asked = {str(one[0]) for one in COMMANDS}
    assert set(_COMMANDS) <= asked | {"watch"}  # which has a test of its own


@pytest.mark.parametrize("given", COMMANDS, ids=lambda given: re.sub(r"[^\w -]", "", " ".join(map(str, given)))[:40])
def test_no_command_sends_it(evil: Evil, given: tuple[object, ...]) -> None:
    done = evil.run(*arguments(evil, given))
    assert not FORBIDDEN.search(done.stdout), done.stdout
    assert not FORBIDDEN.search(done.stderr), done.stderr
    if "Traceback" in done.stderr:
        assert given[0] == "--debug"
    if given == ("list",):
        assert len(done.stdout.splitlines()) == 2 and SHOWN in done.stdout
    if given in (("info", "PHOTO"), ("albums", "list"), ("status", "--failures"), ("roots",), ("trash", "list")):
        assert SHOWN in done.stdout


@pytest.mark.parametrize(
    "given",
    [("get", "PHOTO"), ("list", "--json"), ("info", "PHOTO", "--json"), ("albums", "list", "--json"), ("log", "--json"),
     ("status", "--json"), ("why", "PHOTO", "--json"), ("query", "SELECT path, description FROM photo", "--json")],
    ids=lambda given: given[0],
)  # fmt: skip
def test_json_keeps_the_values(evil: Evil, given: tuple[str, ...]) -> None:
    done = evil.run(*arguments(evil, given))
    assert not FORBIDDEN.search(done.stdout)
    texts = [done.stdout] if given[0] != "log" else done.stdout.splitlines()
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(one)

    for text in texts:
        collect(json.loads(text))
    assert any(EVIL in one for one in found)


def test_csv_keeps_the_values_for_programs(evil: Evil) -> None:
    asked = ["query", "SELECT DISTINCT description FROM photo WHERE description <> ''", "--csv"]
    done = subprocess.run([sys.executable, "-m", "indexer", "--db", evil.database, *asked], capture_output=True)
    assert EVIL.encode() in done.stdout


def on_a_terminal(*command: object) -> str:
    """What a process writes to its terminal."""
    told = b""

    def read(descriptor: int) -> bytes:
        nonlocal told
        data = os.read(descriptor, 65536)
        told += data
        return data

    child, descriptor = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "indexer", *map(str, command)])
    try:
        while read(descriptor):
            pass
    except OSError:  # Linux' way to say that the other end is closed
        pass
    finally:
        os.close(descriptor)
        os.waitpid(child, 0)
    return told.decode("utf-8", "replace")


def test_a_progress_bar_and_a_table_show_it_too(tmp_path: Path) -> None:
    """On a terminal they send sequences of their own, and none of those of the names."""
    for number in range(40):
        put(tmp_path / "photos" / f"{number} [/]\x1b]0;owned\x07\x9b[red]" / "a.jpg", number)
    told = on_a_terminal("--db", tmp_path / "index.db", "scan", "--no-enrich", tmp_path / "photos")
    assert "40 new" in told
    assert "owned" in told
    assert "\x1b]0" not in told and "\x9b" not in told and "[/]" in told
    for form in ((), ("--csv",)):
        told = on_a_terminal("--db", tmp_path / "index.db", "query", "SELECT path FROM photo", *form)
        assert "owned" in told
        assert "\x1b]0" not in told and "\x9b" not in told


def test_a_watch_sends_nothing_either(photos: Path, watch: Any) -> None:
    from ..conftest import until

    watcher = watch(photos)
    put(photos / f"{EVIL}.jpg", 1)
    until(lambda: "gpj" in watcher.printed(), what="telling of it")
    watcher.stop()
    assert not FORBIDDEN.search(watcher.printed())
    assert SHOWN in watcher.printed()
