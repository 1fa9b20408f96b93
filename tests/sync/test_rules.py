"""Rules for what to index: they agree with git's reading of the same rules, for every way a path is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Index
from indexer.media.formats import EXTENSIONS
from indexer.media.versions import reader_version
from indexer.store.roots import Root
from indexer.sync.gitignore import Line, Lines, parse
from indexer.sync.rules import Rules
from indexer.sync.walk import Walker

from ..conftest import put, rows, sized, statuses


@pytest.mark.parametrize(
    ("name", "is_folder", "words"),
    [
        ("@eaDir", True, "Synology"),
        ("#recycle", True, "recycle bin"),
        (".stversions", True, "hidden"),
        (".DS_Store", False, "hidden"),
        ("._IMG_1.jpg", False, "macOS"),
        ("Thumbs.db", False, "file manager"),
        ("IMG_1.jpg.part", False, "still writing"),
        ("~syncthing~IMG_1.jpg.tmp", False, "still writing"),
        ("$RECYCLE.BIN", True, "Windows"),
    ],
)
def test_litter_is_passed_over_with_its_reason(name: str, is_folder: bool, words: str) -> None:
    decision = Rules().decide("", name, is_folder=is_folder)
    assert decision.status == "ignored"
    assert words in decision.reason


@pytest.mark.parametrize("name", ["a.jpg", "B.JPG", "c.HeIc", "d.cr3", "e.MTS", "ä ö.png", "eaDir.jpg", "tmp.jpg"])
def test_photos_are_ours(name: str) -> None:
    assert Rules().decide("x", name, is_folder=False).status == "included"


@pytest.mark.parametrize("name", ["a.txt", "noending", "x.jpg.xmp", "clip.srt", "jpg"])
def test_the_rest_is_not_media(name: str) -> None:
    assert Rules().decide("", name, is_folder=False).status == "not_media"


def test_the_reason_names_rule_line_and_file(index: Index, photos: Path) -> None:
    put(photos / "a" / "x_raw.jpg", 1)
    (photos / "a" / ".indexerignore").write_text("# mine\n\n*_raw.jpg\n")
    index.scan([photos])
    reason = rows(index, "SELECT reason FROM path_status WHERE path = 'a/x_raw.jpg'")
    assert reason == [("rule '*_raw.jpg' in line 3 of a/.indexerignore",)]


def test_nearer_rules_win_and_an_exclamation_mark_takes_in(index: Index, photos: Path) -> None:
    for name in ("one.jpg", "keep/one.jpg", ".hidden/h.jpg", "keep/.IMG.jpg"):
        put(photos / name, name)
    (photos / ".indexerignore").write_text("one.jpg\n!.hidden/\n")
    (photos / "keep" / ".indexerignore").write_text("!one.jpg\n!.IMG.jpg\n")
    index.scan([photos])
    seen = statuses(index)
    assert seen["one.jpg"] == "ignored"
    assert seen["keep/one.jpg"] == seen[".hidden/h.jpg"] == seen["keep/.IMG.jpg"] == "indexed"


def test_a_new_rule_hides_and_its_end_restores(index: Index, photos: Path) -> None:
    put(photos / "stays.jpg", "stays")
    paths = [put(photos / "private" / f"{number}.jpg", number) for number in range(3)]
    lone = put(photos / "lone_raw.jpg", "lone")
    index.scan([photos])
    ids = {path: index.get(path)["id"] for path in (*paths, lone)}
    (photos / ".indexerignore").write_text("private/\n*_raw.jpg\n")
    summary = index.scan()
    assert summary.gone == 0
    assert [one.id for one in index.list()] == [index.get(photos / "stays.jpg")["id"]]
    assert statuses(index)["private/0.jpg"] == "ignored"
    (photos / ".indexerignore").unlink()
    summary = index.scan()
    assert (summary.returned, summary.bytes_read) == (4, 0)
    assert {path: index.get(path)["id"] for path in ids} == ids
    assert len(index.list()) == 5
    assert "private" not in statuses(index)


def test_an_ignore_file_that_cannot_be_read_opens_nothing(index: Index, photos: Path) -> None:
    """What its rules hide must not be indexed because they cannot be read."""
    put(photos / "a" / "secret.jpg", 1)
    put(photos / "b.jpg", 2)
    (photos / "a" / ".indexerignore").mkdir()
    index.scan([photos])
    assert statuses(index) == {"a": "unreadable", "b.jpg": "indexed"}


_NAME = st.sampled_from(["a", "b", "ab", "x.jpg", "y.jpg", "x.png", "deep"])
_PATH = st.lists(_NAME, min_size=1, max_size=4).map("/".join)
_RULE = st.one_of(
    _PATH,
    st.builds("{}{}{}".format, st.sampled_from(["", "!", "/", "**/"]), _PATH, st.sampled_from(["", "/", "/**", "/*"])),
    st.sampled_from(["*.jpg", "x*", "?", "[ab]", "!*.png", "# note", "", "a/**/x.jpg", "\\!x.jpg", "*", "!deep/"]),
    st.text(alphabet="abx.jpg*?/[]!^-\\ #:", max_size=8),
)


@settings(max_examples=sized(60, 2000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=st.sets(_PATH.map(lambda path: path + "/z.jpg"), min_size=1, max_size=8),
    top=st.lists(_RULE, max_size=5),
    inner=st.lists(_RULE, max_size=3),
)
def test_rules_mean_what_they_mean_to_git(files: set[str], top: list[str], inner: list[str]) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is the reference here, and not installed")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = set()
        for name in files:
            path = folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
            except OSError:
                continue  # a folder has this name already
            made.add(name)
        for where, lines in ((folder, top), (folder / "a", inner)):
            if where.is_dir():
                (where / ".indexerignore").write_text("\n".join(lines) + "\n")
                (where / ".gitignore").write_text("\n".join(lines) + "\n")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--others", "--exclude-standard", "--", "*z.jpg"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            env={"HOME": scratch, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"},
        )
        by_git = set(filter(None, listed.stdout.split("\0")))
        root = Root(1, str(folder), "", None, None, None, None, "", None, None, None)
        ours = {f"{listing.folder}/{name}".lstrip("/") for listing in Walker(root).walk() for name in listing.files}
        assert ours == by_git

        # A path named by an event is judged as the walk judges it.
        walker = Walker(root)
        for name in made:
            parent, _, last = name.rpartition("/")
            found = walker.list_names(parent, [last])
            assert (found is not None and last in found.files) == (name in ours)


_LINE = st.one_of(
    _RULE,
    st.text(alphabet="ab/*?", min_size=1, max_size=12),
    st.text(alphabet="abz0-[]!^:\\*? /.", min_size=1, max_size=12),
    st.lists(
        st.sampled_from(["a", "b", "*", "**", "/", "?", "[ab]", "[!a]", "[a-z]", "[^-b]", "[]a]", "[]-b]", "[b-a]", "[[:alpha:]]",
                         "[![:digit:]_]", "[[:punct:]a-]", "[[:no:]]", "[[:a]", "[a:]", "\\*", "\\/", "\\[", "-", "_", "0", "**/", "/**"]),
        min_size=1, max_size=8,
    ).map("".join),
)  # fmt: skip
_PLACE = st.lists(
    st.text(alphabet="ab", min_size=1, max_size=5) | st.text(alphabet="ab0-_[]!*?z \\", min_size=1, max_size=4), min_size=1, max_size=5
).map("/".join)  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is the reference here, and not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@settings(max_examples=sized(100, 10_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(_LINE, min_size=1, max_size=4), places=st.sets(_PLACE, min_size=1, max_size=40))
def test_a_line_matches_what_it_matches_to_git(repository: Path, lines: list[str], places: set[str]) -> None:
    """`git check-ignore` on random patterns and names, none of which has to be there."""
    places = {place for place in places if place.endswith(" ") or place.strip(" ")}
    (repository / ".gitignore").write_text("\n".join(lines) + "\n")
    told = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=repository,
        input="\0".join(sorted(places)) + "\0",
        capture_output=True,
        text=True,
        env={"HOME": str(repository), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"},
    )
    assert told.returncode in (0, 1), told.stderr
    parsed = parse("\n".join(lines))
    found = Lines(parsed)

    def is_hidden(place: str) -> bool:
        names = place.split("/")
        for end in range(1, len(names) + 1):
            last = next((one for one in reversed(parsed) if one.matches(names[:end], end < len(names))), None)
            assert found.last_match(names[:end], end < len(names)) == last, lines
            if last is not None and not last.includes:
                return True
        return False

    assert {place for place in places if is_hidden(place)} == set(filter(None, told.stdout.split("\0"))), lines


WORST = {
    "stars": ("*a" * 40, "a" * 200 + "b"),
    "many stars": ("*a" * 500_000, "a" * 255),
    "stars and any letter": ("*?a?" * 40 + "c", "a" * 255),
    "stars and brackets": ("*[ab]?[ab]" * 100_000, "a" * 255),
    "folders": ("**/a*a/" * 40 + "b", "/".join(["aaa"] * 1000)),
    "as many folders": ("**/" + "a/" * 900 + "b", "/".join(["a"] * 2000)),
    "blanks": (" " * 1_000_000 + "x", "a"),
    "blanks at the end": ("a" + " " * 1_000_000, "b"),
    "brackets": ("[a]" * 340_000, "a" * 255),
    "open brackets": ("[[:" * 340_000 + "]", "a" * 255),
    "ranges": ("*[" + "".join(f"{chr(n)}-{chr(n)}" for n in range(300, 50_000)) + "]*", "a" * 255),
    "lines": ("*a*b\n" * 9_999, "a" * 200),
    "lines with brackets": (("*" + "[a]" * 19 + "[b]*\n") * 9_999, "a" * 254),
}


@pytest.mark.parametrize("kind", WORST)
def test_no_pattern_takes_long(tmp_path: Path, kind: str) -> None:
    """What takes a matcher that goes back minutes, or for ever, takes a second or two here, most of it to start."""
    pattern, name = WORST[kind]
    (tmp_path / "pattern").write_text(pattern)
    code = "import sys; from indexer.sync.gitignore import parse; from pathlib import Path\n"
    code += "for line in parse(Path(sys.argv[1]).read_text()): line.matches(sys.argv[2].split('/'), False)"
    subprocess.run([sys.executable, "-c", code, tmp_path / "pattern", name], check=True, timeout=20)


def test_rules_without_bounds_are_refused(index: Index, photos: Path) -> None:
    """And hide as before what they hide: a rule that cannot be read must not turn into an index of it."""
    put(photos / "a" / "secret.jpg", 1)
    rules = photos / "a" / ".indexerignore"
    for content, why in (
        ("secret.jpg\n" + "#" * (1 << 20), "it is larger than 1 MB"),
        ("secret.jpg\n" + "x\n" * 10_000, "there are more than 10,000"),
        ("secret.jpg\n" + "*_raw.jpg\n" * 1_001, "more than 1,000 have wildcards"),
        ("secret.jpg\n" + ("[a]" * 101 + "\n") * 100, "have more than 30,000 characters"),
    ):
        rules.write_text(content)
        assert index.scan([photos]).unreadable == 1
        assert statuses(index) == {"a": "unreadable"}
        assert why in str(rows(index, "SELECT reason FROM path_status"))
    rules.write_text("secret.jpg\n" + "x\n" * 9_999)
    index.scan([photos])
    assert statuses(index) == {"a/secret.jpg": "ignored", "a/.indexerignore": "ignored"}
    rules.write_text("*" * 10_000 + "secret*\n")
    index.scan([photos])
    assert len(str(rows(index, "SELECT reason FROM path_status WHERE path = 'a/secret.jpg'"))) < 200


def test_rules_of_nested_folders_are_bounded_together(index: Index, photos: Path) -> None:
    put(photos / "a" / "b" / "c.jpg", 1)
    put(photos / "d.jpg", 2)
    (photos / ".indexerignore").write_text("*_raw.jpg\n" * 600)
    (photos / "a" / "b" / ".indexerignore").write_text("*_raw.jpg\n" * 600)
    index.scan([photos])
    assert statuses(index)["a/b"] == "unreadable" and statuses(index)["d.jpg"] == "indexed"


def test_rules_without_wildcards_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked up: however many there are, none of them is asked one after the other."""
    asked: list[Line] = []
    matches = Line.matches

    def noted(line: Line, path: Sequence[str], is_folder: bool) -> bool:
        asked.append(line)
        return matches(line, path, is_folder)

    monkeypatch.setattr(Line, "matches", noted)
    lines = Lines(parse("".join(f"{number}.jpg\n/a/{number}/\n" for number in range(5_000)) + "*_raw.jpg\n!7.jpg\n"))
    for name, number in (("4999.jpg", 9_999), ("7.jpg", 10_002), ("x.jpg", None), ("5_raw.jpg", 10_001)):
        found = lines.last_match(["b", name], is_folder=False)
        assert (found and found.number) == number
    found = lines.last_match(["a", "17"], is_folder=True)
    assert found is not None and found.number == 36
    assert lines.last_match(["a", "17"], is_folder=False) is None
    assert len(asked) == 5


def test_endings_that_end_alike_are_read_alike() -> None:
    """The reconcile keeps what a file is read with by the last four letters of its name."""
    read: dict[str, set[str]] = {}
    for ending in EXTENSIONS:
        for name in (f"a.{ending}", f"IMG_1.{ending.upper()}"):
            read.setdefault(name[-4:], set()).add(reader_version(name))
    assert all(len(versions) == 1 for versions in read.values())


def test_what_is_told_by_one_look_is_told_alike_by_all() -> None:
    """The short way of the walk, and the rules themselves."""
    names = [f"{start}{ending}" for start in ("a", ".a", "~a", "._a", "a.b", "") for ending in (
        *(f".{one}" for one in EXTENSIONS), *(f".{one.upper()}" for one in EXTENSIONS), ".part", ".txt", "", ".jpg.part", ".db"
    )]  # fmt: skip
    names += ["Thumbs.db", "desktop.ini", "Icon\r", ".indexerignore", "jpg", "x.jpg.crdownload"]
    rules = Rules()
    for name in filter(None, names):
        assert rules.includes(name) == (rules.decide("f", name, is_folder=False).status == "included"), name
