"""A stateful test: a machine changes folders in all the ways that people do, beside a model of the index; after each
scan the index must equal the model. Two thousand steps: python -m pytest tests/sync/test_machine.py --slow"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from indexer import Index
from indexer.store.connection import open_for_writing

from ..conftest import Command, Watcher, jpeg, put, rows, until

ROOTS = ("a", "b")
FOLDERS = ("", "x", "x/y", "z", "ünï cödé")
NAMES = ("1.jpg", "2.JPG", "é.jpg", "é.jpg", "3.jpeg", "#4.jpg")
Place = tuple[str, str]  # root, path within it

places = st.tuples(st.sampled_from(ROOTS), st.sampled_from(FOLDERS), st.sampled_from(NAMES)).map(
    lambda one: (one[0], f"{one[1]}/{one[2]}".lstrip("/"))
)


class Folders(RuleBasedStateMachine):
    """`assets` has the place of every file and which asset lies there; an asset is a number here, and gets its id at the
    scan that first meets it."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp())
        self.index = Index.open(self.top / "index.db")
        self.assets: dict[Place, int] = {}
        self.contents: dict[Place, bytes] = {}
        self.known: dict[bytes, int] = {}  # content, now or last, of each asset
        self.ids: dict[int, str] = {}
        self.ignored: set[Place] = set()  # folders
        self.away: set[str] = set()
        self.touched: set[Place] = set()  # since the last scan: each file is touched once, for the model knows no more
        self.parted: set[int] = set()  # assets of which a copy was edited since the last scan
        self.count = 0

    def teardown(self) -> None:
        self.index.close()
        shutil.rmtree(self.top)

    # What the model knows

    def path(self, place: Place) -> Path:
        return self.top / place[0] / place[1]

    def fresh(self) -> int:
        self.count += 1
        return self.count

    def is_free(self, place: Place) -> bool:
        return place not in self.assets and place not in self.touched and place[0] not in self.away

    def movable(self) -> list[Place]:
        """Not the copies of a photo that was edited since the last scan: of two copies both edited, or one edited and
        the other moved to another root, nobody can say which is the asset."""
        return sorted(
            one
            for one, asset in self.assets.items()
            if one not in self.touched and one[0] not in self.away and asset not in self.parted
        )

    def is_hidden(self, place: Place) -> bool:
        return any(place[0] == root and place[1].startswith(folder + "/") for root, folder in self.ignored)

    def is_shared(self, place: Place) -> bool:
        """Whether another file that can be seen holds the same asset."""
        return any(
            one != place and asset == self.assets[place] and not self.is_hidden(one)
            for one, asset in self.assets.items()
        )

    def write(self, place: Place, data: bytes, asset: int) -> None:
        self.path(place).parent.mkdir(parents=True, exist_ok=True)
        self.path(place).write_bytes(data)
        self.assets[place], self.contents[place] = asset, data
        self.touched.add(place)

    def remove(self, place: Place) -> None:
        del self.assets[place], self.contents[place]
        self.touched.add(place)

    # What people do

    @initialize()
    def begin(self) -> None:
        for root in ROOTS:
            put(self.top / root / "always.jpg", f"always {root}")
            self.assets[root, "always.jpg"] = asset = self.fresh()
            self.contents[root, "always.jpg"] = data = jpeg(f"always {root}")
            self.known[data] = asset
        self.index.scan([self.top / root for root in ROOTS], make_executor=ThreadPoolExecutor)
        self.look()

    @rule(place=places)
    def make(self, place: Place) -> None:
        if self.is_free(place):
            asset = self.fresh()
            data = jpeg(f"photo {asset}")
            self.write(place, data, asset)
            self.known[data] = asset

    @rule(place=places, data=st.data())
    def bring_back(self, place: Place, data: st.DataObject) -> None:
        """A photo that was deleted, from a backup, anywhere."""
        gone = sorted(content for content, asset in self.known.items() if asset not in self.assets.values())
        pending = {self.known[content] for content in self.contents.values()}
        gone = [content for content in gone if self.known[content] in self.ids and self.known[content] not in pending]
        if gone and self.is_free(place):
            content = data.draw(st.sampled_from(gone))
            self.write(place, content, self.known[content])

    @rule(data=st.data(), words_only=st.booleans())
    def edit(self, data: st.DataObject, words_only: bool) -> None:
        if not (candidates := [one for one in self.movable() if not self.is_hidden(one)]):
            return
        place = data.draw(st.sampled_from(candidates))
        siblings = [one for one, asset in self.assets.items() if asset == self.assets[place] and one != place]
        if any(one in self.touched or self.is_hidden(one) or one[0] in self.away for one in siblings):
            return
        self.parted.add(self.assets[place])
        asset = self.fresh() if siblings else self.assets[place]
        number = self.fresh()
        mark = f"photo {self.assets[place]}" if words_only and not siblings else f"edit {number}"
        content = jpeg(mark, words=f"words {number}")
        if not siblings:
            self.known.pop(self.contents[place], None)
        self.write(place, content, asset)
        self.known[content] = asset

    @rule(data=st.data(), to=places)
    def move(self, data: st.DataObject, to: Place) -> None:
        candidates = [one for one in self.movable() if one[1] != "always.jpg"]  # an emptied root is taken for offline
        if candidates and self.is_free(to):
            place = data.draw(st.sampled_from(candidates))
            self.path(to).parent.mkdir(parents=True, exist_ok=True)
            self.path(place).rename(self.path(to))
            asset, content = self.assets[place], self.contents[place]
            self.remove(place)
            self.assets[to], self.contents[to] = asset, content
            self.touched.add(to)

    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        if len(self.movable()) < 2:
            return
        one, other = data.draw(st.lists(st.sampled_from(self.movable()), min_size=2, max_size=2, unique=True))
        if self.is_hidden(one) != self.is_hidden(other):
            return
        between = self.top / "between"
        self.path(one).rename(between)
        self.path(other).rename(self.path(one))
        between.rename(self.path(other))
        self.assets[one], self.assets[other] = self.assets[other], self.assets[one]
        self.contents[one], self.contents[other] = self.contents[other], self.contents[one]
        self.touched |= {one, other}

    @rule(data=st.data(), to=places)
    def copy(self, data: st.DataObject, to: Place) -> None:
        if self.movable() and self.is_free(to):
            place = data.draw(st.sampled_from(self.movable()))
            if self.is_hidden(place) or self.is_hidden(to):
                return
            self.write(to, self.contents[place], self.assets[place])
            self.touched.add(place)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        candidates = [one for one in self.movable() if one[1] != "always.jpg"]
        if candidates:
            place = data.draw(st.sampled_from(candidates))
            self.path(place).unlink()
            self.remove(place)

    @rule(
        root=st.sampled_from(ROOTS),
        folder=st.sampled_from(FOLDERS[1:]),
        name=st.sampled_from(("n", "m/n")),
        leaves_a_link=st.booleans(),
    )
    def rename_folder(self, root: str, folder: str, name: str, leaves_a_link: bool) -> None:
        inside = [one for one in self.assets if one[0] == root and one[1].startswith(folder + "/")]
        source, target = self.top / root / folder, self.top / root / name
        if root in self.away or not source.is_dir() or target.exists() or any(one in self.touched for one in inside):
            return
        if any(one[0] == root for one in self.ignored):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        for place in inside:
            moved = (root, name + place[1][len(folder) :])
            self.assets[moved], self.contents[moved] = self.assets[place], self.contents[place]
            self.remove(place)
            self.touched.add(moved)
        if name == "n":  # and back, so that names do not run out
            if leaves_a_link:
                source.symlink_to(target)
            self.scan()
            if leaves_a_link:
                source.unlink()
            target.rename(source)
            for place in [one for one in self.assets if one[0] == root and one[1].startswith("n/")]:
                moved = (root, folder + place[1][1:])
                self.assets[moved], self.contents[moved] = self.assets[place], self.contents[place]
                self.remove(place)
                self.touched.add(moved)

    @precondition(lambda self: not self.touched)
    @rule(root=st.sampled_from(ROOTS), folder=st.sampled_from(("x", "z")))
    def ignore_or_not(self, root: str, folder: str) -> None:
        if root in self.away:
            return
        self.ignored ^= {(root, folder)}
        lines = sorted(f"/{name}/" for where, name in self.ignored if where == root)
        file = self.top / root / ".indexerignore"
        file.write_text("\n".join(lines)) if lines else file.unlink()
        self.scan()

    @precondition(lambda self: not self.touched)
    @rule(root=st.sampled_from(ROOTS))
    def unplug_or_plug_in(self, root: str) -> None:
        here, elsewhere = self.top / root, self.top / f"{root} unplugged"
        if root in self.away:
            elsewhere.rename(here)
            self.away.discard(root)
        else:
            here.rename(elsewhere)
            self.away.add(root)
        self.scan()

    @precondition(lambda self: len(self.touched) > 2)
    @rule(seconds=st.floats(0.05, 0.4))
    def scan_and_be_killed(self, seconds: float) -> None:
        self.index.close()
        process = Command(
            ["--db", self.index.path, "scan", "--workers", 1],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        process.kill()
        process.wait()
        self.scan()

    @rule()
    def scan(self) -> None:
        self.index.scan(make_executor=ThreadPoolExecutor)
        self.touched.clear()
        self.parted.clear()
        self.look()

    # What must be

    def look(self) -> None:
        held = rows(
            self.index,
            "SELECT root, path, asset_id FROM path_status WHERE status = 'indexed'",
        )
        found = {(Path(str(root)).name, str(path)): str(asset) for root, path, asset in held}
        expected = {place: asset for place, asset in self.assets.items() if not self.is_hidden(place)}
        assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
        for place, asset in expected.items():
            held_by = next((one for one, id_ in self.ids.items() if id_ == found[place]), None)
            if asset not in self.ids:
                assert held_by is None, f"{place} is asset {held_by}, not a new one"
                self.ids[asset] = found[place]
                self._adorn(found[place], asset)
            assert found[place] == self.ids[asset], f"{place} is asset {held_by}, not {asset}"
        trashed = {str(row[0]): row[1] for row in rows(self.index, "SELECT id, trashed_at IS NOT NULL FROM asset")}
        live = {self.ids[asset] for asset in expected.values()}
        assert {asset for asset, is_trashed in trashed.items() if not is_trashed} == live
        assert len(set(self.ids.values())) == len(self.ids)
        said = {str(asset): text for asset, text in rows(self.index, "SELECT asset_id, description FROM user_value")}
        assert said == {id_: f"asset {asset}" for asset, id_ in self.ids.items()}

    @invariant()
    def it_is_sound(self) -> None:
        assert rows(self.index, "PRAGMA quick_check") == [("ok",)]
        assert rows(self.index, "PRAGMA foreign_key_check") == []

    def _adorn(self, asset_id: str, asset: int) -> None:
        with open_for_writing(self.index.path) as database:
            database.execute(
                "INSERT INTO user_value (asset_id, rating, description) VALUES (?, NULL, ?)",
                (asset_id, f"asset {asset}"),
            )
        database.close()


_CALM = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
SHORT = settings(
    max_examples=8, stateful_step_count=30, deadline=None, suppress_health_check=_CALM, derandomize=True, database=None,
    phases=(Phase.generate, Phase.shrink),
)  # fmt: skip
LONG = settings(SHORT, max_examples=50, stateful_step_count=45, derandomize=False)


def test_the_index_is_what_the_model_is() -> None:
    run_state_machine_as_test(Folders, settings=SHORT)


@pytest.mark.slow
def test_the_index_is_what_the_model_is_for_two_thousand_steps() -> None:
    run_state_machine_as_test(Folders, settings=LONG)


def test_F23_what_scan_takes_is_what_watch_takes(photos: Path, tmp_path: Path, watch: Callable[..., Watcher]) -> None:
    """Trees and rules at random, made under the eyes of a watch; then the same by a scan into a new index."""
    import random

    chance = random.Random(23)
    watcher = watch(photos)
    for turn in range(12):
        top = photos / f"tree {turn}"
        rules = chance.sample(["*.png", "/b/", "c/", "!keep.jpg", "d*/**/x.jpg", "x.*", "*.jp[eg]*", "\\#1.jpg"], 3)
        top.mkdir()
        early = chance.random() < 0.5
        if early:
            (top / ".indexerignore").write_text("\n".join(rules))
        for _ in range(25):
            folder = top / chance.choice(("", "b", "c", "b/c", "d1/e", ".hidden", "@eaDir", "a"))
            put(folder / chance.choice(("x.jpg", "y.png", "keep.jpg", "#1.jpg", "z.JPEG", "n.txt", ".dot.jpg")), turn)
        if not early:
            (top / ".indexerignore").write_text("\n".join(rules))
    scanned = Index.open(tmp_path / "scanned.db")
    scanned.scan([photos])
    query = "SELECT path, status, reason FROM path_status ORDER BY path"
    expected = rows(scanned, query)
    watched = Index.open(watcher.database)
    until(lambda: rows(watched, query) == expected, 15, "watch to take what scan takes")
    # Without the rules all comes back, under the ids it had.
    for file in photos.rglob(".indexerignore"):
        file.unlink()
    scanned.scan()
    until(lambda: rows(watched, query) == rows(scanned, query), 15, "the end of the rules")
    assets = "SELECT id, trashed_at IS NULL FROM asset ORDER BY id"
    assert rows(watched, assets) == rows(scanned, assets)
