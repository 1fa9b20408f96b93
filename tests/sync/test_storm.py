"""Files and folders are renamed, and folders replaced by links, faster than a watch can follow."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index

from ..conftest import Watcher, put, rows, sized, until

Start = Callable[..., Watcher]


def state(database: Path) -> list[tuple[object, ...]]:
    with Index.open(database) as index:
        return rows(
            index,
            "SELECT path, status, checksum FROM file LEFT JOIN asset ON number = asset_number AND trashed_at IS NULL"
            " WHERE status <> 'gone' ORDER BY path",
        )


def storm(top: Path, count: int, chance: random.Random) -> None:
    """Renames of folders, of files, and folders that give way to links to them and come back."""
    linked: dict[Path, Path] = {}
    for _ in range(count):
        folders = [one for one in top.rglob("*") if one.is_dir() and not one.is_symlink()]
        folder = chance.choice(folders)
        away = folder.with_name(f"{folder.name.split('~')[0]}~{chance.randrange(3)}")
        kind = chance.random()
        if linked and (kind < 0.2 or len(linked) > 5):
            link, real = linked.popitem()
            if link.is_symlink() and real.is_dir():
                link.unlink()
                real.rename(link)
        elif kind < 0.4 and not away.exists() and not away.is_symlink():
            folder.rename(away)
            folder.symlink_to(away.name)
            linked[folder] = away
        elif kind < 0.75 and not away.exists() and not away.is_symlink():
            folder.rename(away)
        elif files := [one for one in folder.glob("*.jpg") if not one.is_symlink()]:
            file = chance.choice(files)
            file.rename(chance.choice(folders) / file.name if folder.is_dir() else file)
        time.sleep(0.002)


@pytest.mark.parametrize("turn", range(sized(2, 20)))
def test_a_watch_settles_soon_after_a_storm(photos: Path, tmp_path: Path, watch: Start, turn: int) -> None:
    for number in range(240):
        put(photos / f"y{number % 4}" / f"m{number % 12}" / f"d{number % 40}" / f"{number}.jpg", number)
    watcher = watch(photos)
    before = state(watcher.database)
    storm(photos, sized(300, 2000), random.Random(turn))
    with Index.open(tmp_path / "fresh.db") as fresh:
        fresh.scan([photos])
    expected = state(tmp_path / "fresh.db")
    assert len(set(expected) - set(before)) > 100, "a storm"
    until(lambda: state(watcher.database) == expected, 20, "the index to be what a fresh scan makes")
    index = Index.open(watcher.database)
    lost = "SELECT count(*) FROM asset WHERE trashed_at IS NOT NULL"
    assert rows(index, lost) == [(0,)]
    assert watcher.stop() == 0
    assert watcher.err.read_text() == ""
