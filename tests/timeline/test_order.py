"""The order updated from the event feed always equals the order read anew."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from indexer import Index, ids
from indexer.config import cache_folder
from indexer.media.facts import MediaFacts, Metadata, Provenance
from indexer.store import connection
from indexer.store import timeline as store
from indexer.store.assets import add_assets
from indexer.store.changes import Change
from indexer.store.files import FileStat
from indexer.store.roots import add_root
from indexer.store.transaction import Transaction, begin
from indexer.store.trash import purge_assets, restore_asset, trash_asset
from indexer.store.user_values import set_user_values
from indexer.timeline import Arranged, Timeline, View, snapshot

from ..conftest import jpeg, put, sized

UNDATED = '{"local_datetime": [["the file\'s time", "x"]]}'


class Library:
    """Rows as scans write them, and what may happen to them."""

    def __init__(self, path: Path, seed: int) -> None:
        self.connection = connection.open_for_writing(path)
        self.dice = random.Random(seed)
        self.count = 0
        with self.transaction():
            self.root = add_root(self.tx, "/photos", "file:///photos").id

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with begin(self.connection) as self.tx:
            yield self.tx

    def chosen(self, where: str = "true") -> str | None:
        found = self.connection.execute(f"SELECT id FROM asset WHERE {where} ORDER BY id").fetchall()
        return str(self.dice.choice(found)[0]) if found else None

    def moment(self) -> str:
        at = datetime(2020, 2, 27) + timedelta(hours=self.dice.randrange(24 * 5), seconds=self.dice.randrange(3))
        return f"{at:%Y-%m-%dT%H:%M:%S}{self.dice.choice(('', '.5', '+02:00'))}"

    def add(self, many: int = 3) -> None:
        new = []
        for _ in range(many):
            self.count += 1
            digest = hashlib.sha256(str(self.count).encode()).digest()
            moment, is_undated = self.moment(), self.dice.random() < 0.3
            facts = MediaFacts(
                self.dice.choice(("image/jpeg", "image/jpeg", "image/x-sony-arw", "video/mp4")), 5, digest, digest[:20],
                self.dice.choice((0, 3, 4)), self.dice.choice((0, 3, 4)), None, moment,
                Metadata(
                    orientation=self.dice.choice((1, 6)), auto_stack_id=self.key("s"), live_photo_cid=self.key("c"),
                    rating=self.dice.choice((None, 1, 5)),
                ),
                provenance=(Provenance("local_datetime", "the file's time", moment),) * is_undated,
            )  # fmt: skip
            stat = FileStat(self.root, "f", f"{self.count}.jpg", 5, 1, 1, self.count, 1, 1, "r")
            new.append(Change("new", stat, facts, ids.asset_id(digest)))
        add_assets(self.tx, new)

    def key(self, kind: str) -> str | None:
        return f"{kind}{self.dice.randrange(6)}" if self.dice.random() < 0.3 else None

    def delete(self) -> None:
        if (asset_id := self.chosen()) is not None:
            purge_assets(self.tx, [asset_id])

    def trash(self) -> None:
        if (asset_id := self.chosen("trashed_at IS NULL")) is not None:
            trash_asset(self.tx, asset_id)

    def restore(self) -> None:
        if (asset_id := self.chosen("trashed_at IS NOT NULL")) is not None:
            restore_asset(self.tx, asset_id)

    def change(self) -> None:
        """Another date, another side up, other metadata: as when a file is read again."""
        if (asset_id := self.chosen()) is None:
            return
        name, value = self.dice.choice(
            [
                ("local_datetime", self.moment()),
                ("orientation", self.dice.choice((1, 6))),
                ("width", self.dice.choice((0, 3, 4))),
                ("auto_stack_id", self.key("s")),
                ("live_photo_cid", self.key("c")),
                ("rating", self.dice.choice((None, 2, 5))),
            ]
        )
        with self.tx.record_changed(asset_id):
            self.connection.execute(f"UPDATE asset SET {name} = ? WHERE id = ?", (value, asset_id))
            if name == "local_datetime":
                provenance = UNDATED if self.dice.random() < 0.3 else None
                self.connection.execute("UPDATE asset SET provenance = ? WHERE id = ?", (provenance, asset_id))

    def join(self) -> None:
        if (asset_id := self.chosen()) is not None:
            with self.tx.record_changed(asset_id):
                self.connection.execute(
                    "INSERT OR REPLACE INTO stack_member SELECT number, ?, ? FROM asset WHERE id = ?",
                    (self.key("s"), self.key("c"), asset_id),
                )

    def say(self) -> None:
        if (asset_id := self.chosen()) is not None:
            values = {"is_favorite": (None, 0, 1), "rating": (None, 0, 5), "description": (None, "x")}
            name = self.dice.choice(list(values))
            set_user_values(self.tx, asset_id, **{name: self.dice.choice(values[name])})  # type: ignore[call-overload]

    def rate(self) -> None:
        if (asset_id := self.chosen()) is not None:
            with self.tx.record_changed(asset_id):
                self.connection.execute(
                    "INSERT OR REPLACE INTO metric SELECT number, 'quality', ? FROM asset WHERE id = ?",
                    (self.dice.choice((0.1, 0.5, 0.9)), asset_id),
                )

    @property
    def happenings(self) -> list[Callable[[], None]]:
        return [
            self.add,
            self.delete,
            self.trash,
            self.restore,
            self.change,
            self.change,
            self.join,
            self.say,
            self.rate,
        ]

    def happen(self, many: int) -> None:
        for _ in range(self.dice.randint(1, 3)):
            with self.transaction():
                for _ in range(many):
                    self.dice.choice(self.happenings)()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    path = tmp_path / "library" / "index.db"
    connection.open_for_writing(path).close()
    with Index.open(path) as opened:
        yield opened


def anew(index: Index) -> Arranged:
    return Timeline(index.path.with_name("elsewhere"), keeps_file=False).arranged(index, View())


def assert_same(arranged: Arranged, other: Arranged) -> None:
    assert arranged.is_like(other)
    assert arranged.assets == other.assets
    for name, column in arranged.base.order._asdict().items():
        assert column.tolist() == getattr(other.base.order, name).tolist(), name


@pytest.mark.parametrize("seed", range(sized(6, 100)))
def test_whatever_happens(index: Index, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(index.path, seed)
    timeline, before = Timeline(index.path), None
    for round in range(40):
        library.happen(1 + round % 7)
        if library.dice.random() < 0.2:  # a server that starts
            timeline.close()
            timeline = Timeline(index.path)
        with monkeypatch.context() as patch:
            if before is not None:
                patch.setattr(store, "in_order", lambda *args, **options: pytest.fail("read anew"))
            now = timeline.arranged(index, View())
        assert_same(now, anew(index))
        last = store.last(index.session.connection).cursor
        if before is not None and now.is_like(before):
            assert now.changed == before.changed
        elif before is not None:
            assert before.changed < now.changed <= last
        before = now
        trashed = timeline.arranged(index, View(state="trashed"))
        assert trashed.assets == index.session.connection.execute("SELECT count(trashed_at) FROM asset").fetchone()[0]
    library.connection.close()


def test_the_order_is_that_of_the_list(index: Index) -> None:
    """By wall clock and id; those that only the file dates behind; of each stack the best."""
    library = Library(index.path, 1)
    with library.transaction():
        library.add(60)
    order = Timeline(index.path).arranged(index, View()).base.order
    wanted = index.session.connection.execute(
        "SELECT number FROM asset ORDER BY is_undated, wall_clock DESC, id"
    ).fetchall()
    assert order.numbers.tolist() == [row[0] for row in wanted]
    groups: dict[int, set[int]] = {}
    for number, leader in zip(order.numbers.tolist(), order.leaders.tolist(), strict=True):
        groups.setdefault(leader, set()).add(number)
    keys = {
        row[0]: {key for key in row[1:] if key is not None}
        for row in index.session.connection.execute("SELECT number, auto_stack_id, live_photo_cid FROM asset")
    }
    rank = {number: (int(order.preferences[at]), at) for at, number in enumerate(order.numbers.tolist())}
    together = [set[str]().union(*(keys[member] for member in members)) for members in groups.values()]
    assert all(not group & other for at, group in enumerate(together) for other in together[:at])
    assert all(leader == min(members, key=rank.__getitem__) for leader, members in groups.items())
    assert max(map(len, groups.values())) > 3


def test_the_best_of_a_stack(index: Index) -> None:
    library = Library(index.path, 1)
    rows = {
        1: ("video/mp4", None, None), 2: ("image/x-sony-arw", 5, 0.9), 3: ("image/jpeg", None, 0.4),
        4: ("image/jpeg", None, 0.8), 5: ("image/jpeg", 2, 0.1),
    }  # fmt: skip
    with library.transaction():
        for number, (mime_type, rating, quality) in rows.items():
            library.connection.execute(
                "INSERT INTO asset (number, id, checksum, mime_type, file_size_bytes, original_file_name, local_datetime,"
                " created_at, updated_at, metadata_changed_at, auto_stack_id, rating)"
                " VALUES (?, ?, ?, ?, 5, 'a', '2020-01-01T00:00:00', 'x', 'x', 'x', 'stack', ?)",
                (number, f"asset_{number:022d}", str(number), mime_type, rating),
            )
            library.connection.execute("INSERT INTO metric VALUES (?, 'quality', ?)", (number, quality))
            library.connection.execute(
                "INSERT INTO month VALUES ('2020-01', 1, 0) ON CONFLICT DO UPDATE SET live = live + 1"
            )
    said = [(5, {}), (3, {3: {"is_favorite": 1}}), (4, {3: {"is_favorite": None}, 4: {"rating": 5}})]
    timeline = Timeline(index.path)
    for best, values in said:
        for number, value in values.items():
            with library.transaction() as tx:
                set_user_values(tx, f"asset_{number:022d}", **value)
        found = timeline.arranged(index, View())
        assert (found.tiles.tolist(), found.assets) == ([best], 5)
        assert_same(found, anew(index))


def test_others_write_meanwhile(index: Index) -> None:
    """Each answer is of one moment: as many tiles as its days have, each in its place."""
    library = Library(index.path, 3)
    with library.transaction():
        library.add(30)
    timeline, stop, failures = Timeline(index.path), threading.Event(), list[BaseException]()

    def read() -> None:
        try:
            with Index.open(index.path) as own:
                while not stop.is_set():
                    found = timeline.arranged(own, View())
                    assert sum(found.day_counts) + found.undated == len(found.tiles) == len(found.geometry.plain)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    with closing(connection.open_for_writing(index.path)) as own:
        library.connection = own
        for _ in range(sized(100, 1000)):
            library.happen(2)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert_same(timeline.arranged(index, View()), anew(index))


def test_a_slow_view_takes_nothing_from_a_newer_one(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that was begun before a change, and ends after views of the time after it."""
    import indexer.timeline

    library = Library(index.path, 5)
    with library.transaction():
        library.add(20)
    timeline, begun, go_on = Timeline(index.path), threading.Event(), threading.Event()
    chosen = indexer.timeline._chosen

    def slow(own: Index, view: View) -> store.Ints:
        found = chosen(own, view)
        begun.set()
        go_on.wait(60)
        return found

    def read_slowly() -> None:
        with Index.open(index.path) as own:
            timeline.arranged(own, View(folder="/photos"))

    monkeypatch.setattr(indexer.timeline, "_chosen", slow)
    thread = threading.Thread(target=read_slowly)
    thread.start()
    assert begun.wait(60)
    with library.transaction():
        library.add(3)
    now = timeline.arranged(index, View())
    go_on.set()
    thread.join()
    again = timeline.arranged(index, View())
    assert again.ordinal_of(int(again.tiles[3])) == 3
    assert_same(again, now)


def test_a_search_by_one_who_only_reads_sees_words_that_another_brings_up_to_date(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    import indexer.timeline

    library = Library(index.path, 6)
    with library.transaction():
        library.add(5)
    index.searches.update()
    chosen = library.chosen()
    with library.transaction():
        set_user_values(library.tx, str(chosen), description="a zebrafish")
    monkeypatch.setattr(indexer.timeline, "_OLD_WORDS", 0.0)
    with Index.open(index.path, read_only=True) as reader:
        timeline = Timeline(index.path, keeps_file=False)
        assert len(timeline.arranged(reader, View(q="zebrafish")).tiles) == 0
        index.searches.update()
        assert len(timeline.arranged(reader, View(q="zebrafish")).tiles) == 1


def test_another_index_in_its_place_is_not_taken_for_it(index: Index, tmp_path: Path) -> None:
    """Neither one that was made anew, nor a backup."""
    library = Library(index.path, 4)
    library.happen(20)
    timeline = Timeline(index.path)
    index.maintenance.backup(tmp_path / "backup.db")
    first = timeline.arranged(index, View())
    library.happen(20)
    second = timeline.arranged(index, View())
    assert not second.is_like(first)
    with closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        backup.backup(library.connection)
    assert_same(timeline.arranged(index, View()), first)
    timeline.close()
    for name in index.path.parent.glob("index.db*"):
        if name.is_file():
            name.unlink()
    other = Library(index.path, 5)
    while store.last(other.connection).cursor < second.at.cursor:
        other.happen(1)
    with Index.open(index.path) as opened:
        assert_same(Timeline(index.path).arranged(opened, View()), anew(opened))


# The file


@pytest.fixture
def kept(index: Index) -> Path:
    library = Library(index.path, 6)
    library.happen(20)
    timeline = Timeline(index.path)
    timeline.arranged(index, View())
    timeline.close()
    library.connection.close()
    return cache_folder(index.path) / snapshot.NAME


def test_the_file_is_used(index: Index, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(store, "in_order", lambda *args, **options: pytest.fail("read anew"))
    found = Timeline(index.path).arranged(index, View())
    monkeypatch.undo()
    assert_same(found, anew(index))


@pytest.mark.parametrize("seed", range(sized(20, 500)))
def test_a_damaged_file_is_not_used(index: Index, kept: Path, seed: int) -> None:
    dice, data = random.Random(seed), bytearray(kept.read_bytes())
    kind = seed % 4
    if kind == 0:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    elif kind == 1:
        del data[dice.randrange(len(data)) :]
    elif kind == 2:
        data = bytearray(dice.randbytes(len(data)))
    else:
        data.extend(b"more")
    kept.write_bytes(data)
    assert snapshot.load(kept) is None
    assert_same(Timeline(index.path).arranged(index, View()), anew(index))
    assert snapshot.load(kept) is not None


def test_a_writer_that_was_killed_leaves_the_file_as_it_was(
    index: Index, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept.read_bytes()
    found = snapshot.load(kept)
    assert found is not None

    def killed(*paths: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        snapshot.save(kept, found._replace(changed=7))
    assert kept.read_bytes() == before
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("obstacle", ["file", "folder"])
def test_a_cache_that_cannot_be_written_is_done_without(index: Index, obstacle: str) -> None:
    Library(index.path, 7).happen(20)
    folder = cache_folder(index.path)
    if obstacle == "file":
        folder.write_bytes(b"")  # where the folder should be
    else:
        (folder / snapshot.NAME).mkdir(parents=True)
    timeline = Timeline(index.path)
    assert_same(timeline.arranged(index, View()), anew(index))
    timeline.close()


def test_one_who_only_reads_writes_no_file(index: Index) -> None:
    Library(index.path, 8).happen(20)
    timeline = Timeline(index.path, keeps_file=False)
    timeline.arranged(index, View())
    timeline.close()
    assert not cache_folder(index.path).exists()


def test_of_folders(index: Index, photos: Path, tmp_path: Path) -> None:
    """As scans and users change them."""
    timeline = Timeline(index.path)

    def check() -> Arranged:
        found = timeline.arranged(index, View())
        assert_same(found, anew(index))
        return found

    for number in range(6):
        put(photos / f"{number // 2}" / f"IMG_2020010{number + 1}_101010.jpg", number)
    index.scan([photos])
    assert check().day_counts == (1,) * 6
    (photos / "0" / "IMG_20200101_101010.jpg").rename(photos / "2" / "IMG_20210101_101010.jpg")
    index.scan()
    check()
    (photos / "1" / "IMG_20200103_101010.jpg").unlink()
    put(photos / "1" / "plain.jpg", "plain")
    (photos / "1" / "IMG_20200104_101010.jpg").write_bytes(jpeg("edited"))
    index.scan()
    found = check()
    assert (found.undated, len(found.tiles)) == (1, 6)
    index.history.undo() if index.history.last_change() else None
    index.trash.put([index.list()[0].id])
    assert len(check().tiles) == 5
    index.history.undo()
    assert len(check().tiles) == 6
    inside = timeline.arranged(index, View(folder=str(photos / "1")))
    assert (inside.assets, inside.undated) == (2, 1)
    assert timeline.arranged(index, View(folder=str(photos.parent))).is_like(check())
    assert np.array_equal(timeline.arranged(index, View(folder=str(photos / "none"))).tiles, [])


def test_an_empty_index_has_an_empty_timeline(index: Index) -> None:
    timeline = Timeline(index.path)
    for view in (View(), View(order="oldest"), View(state="trashed"), View(q="heron"), View(q="heron", order="best")):
        for _ in range(2):
            found = timeline.arranged(index, view)
            assert (found.tiles.tolist(), found.geometry.plain, found.undated, found.assets) == ([], b"", 0, 0)
            assert (found.days, found.day_counts, found.ordinal_of(1)) == ((), (), None)
            assert found.numbers(0, 10, with_members=True) == []
    timeline.close()
    assert_same(Timeline(index.path).arranged(index, View()), anew(index))
