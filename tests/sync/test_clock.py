"""Delays are unaffected if the system's clock is set back or forward."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index
from indexer.store import enrichments

from ..conftest import Watcher, faulty, jpeg, put, rows, until

DAY = 86_400
TOMORROW = "2999-01-01T00:00:00.000Z"


def change(index: Index, sql: str, *values: object) -> None:
    index.close()
    with sqlite3.connect(index.path) as connection:
        connection.execute(sql, values)
    connection.close()


@pytest.mark.parametrize("step", [-DAY, DAY], ids=["back", "forward"])
def test_a_deletion_waits_as_long_when_the_clock_is_set(
    photos: Path, tmp_path: Path, watch: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    flag, wait = tmp_path / "set", 3.0
    environment = faulty(
        tmp_path / "clock",
        "import datetime, os, time\n"
        "real, real_ns, now = time.time, time.time_ns, datetime.datetime\n"
        f"def step(): return {step} if os.path.exists({str(flag)!r}) else 0\n"
        "time.time, time.time_ns = lambda: real() + step(), lambda: real_ns() + step() * 10**9\n"
        "class Clock(now):\n"
        "    @classmethod\n"
        "    def now(cls, tz=None): return now.now(tz) + datetime.timedelta(seconds=step())\n"
        "datetime.datetime = Clock\n",
    )
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    for number in range(3):
        put(photos / f"{number}.jpg", number)
    watcher = watch(photos, "--trash-after", wait)
    index = Index.open(watcher.database)
    until(lambda: rows(index, "SELECT count(*) FROM asset") == [(3,)], what="all to be indexed")
    (photos / "0.jpg").unlink()
    deleted = time.monotonic()
    until(lambda: rows(index, "SELECT 1 FROM file WHERE status = 'missing'"))
    flag.touch()
    put(photos / "new.jpg", "new")  # wakes it
    until(lambda: rows(index, "SELECT 1 FROM asset WHERE trashed_at IS NOT NULL"), 15, "the trash")
    assert time.monotonic() - deleted > wait
    assert watcher.stop() == 0


def test_a_deletion_noticed_in_the_future_was_noticed_now(photos: Path, index: Index) -> None:
    put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 2)
    index.scan([photos])
    (photos / "a.jpg").unlink()
    change(index, "UPDATE file SET status = 'missing', seen_at = ? WHERE name = 'a.jpg'", TOMORROW)
    assert index.scan().gone == 1


def test_a_file_with_a_time_in_the_future_is_read_once_it_rests(photos: Path, watch: Callable[..., Watcher]) -> None:
    """As a camera with a wrong clock leaves them, written slowly by a program that opens it anew each time."""
    put(photos / "first.jpg", "first")
    watcher = watch(photos, "--rest", "2", "--poll", "0.2")
    data, path = jpeg("slow", size=100_000), photos / "slow.jpg"
    for number in range(10):
        with path.open("ab") as file:
            file.write(data[number * 10_100 : (number + 1) * 10_100])
        os.utime(path, (time.time() + DAY, time.time() + DAY))
        time.sleep(0.3)
    assert path.stat().st_size == len(data)
    index = Index.open(watcher.database)
    until(lambda: rows(index, "SELECT 1 FROM file WHERE name = 'slow.jpg' AND status = 'indexed'"))
    assert rows(index, "SELECT count(*) FROM former_checksum") == [(0,)]
    assert watcher.printed().count("slow.jpg") == 1


def test_what_was_trashed_in_the_future_was_trashed_now(photos: Path, index: Index) -> None:
    path = put(photos / "a.jpg", 1)
    put(photos / "b.jpg", 2)
    index.scan([photos])
    path.unlink()
    index.scan()
    change(index, "UPDATE asset SET trashed_at = ? WHERE trashed_at IS NOT NULL", TOMORROW)
    assert index.trash.empty(1) == []
    assert len(index.trash.empty(0)) == 1


def test_a_round_of_verifying_goes_on_when_the_clock_was_set_back(photos: Path, index: Index) -> None:
    for number in range(6):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    change(index, "INSERT INTO setting VALUES ('verify_round', ?)", TOMORROW)

    def stop(report: object, total: int) -> None:
        if report.checked == 4:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.maintenance.verify(on_progress=stop)
    assert index.maintenance.verify().checked == 2


def test_a_rendition_used_in_the_future_is_used_now(photos: Path, index: Index) -> None:
    put(photos / "a.jpg", 1)
    index.scan([photos])
    (asset,) = (one.id for one in index.list())
    index.renditions.get(asset, "thumbnail")
    change(index, "UPDATE rendition SET used_at = ?", TOMORROW)
    assert enrichments.was_long_unused(index.session.connection, asset, "thumbnail")
    index.renditions.get(asset, "thumbnail")
    assert not enrichments.was_long_unused(index.session.connection, asset, "thumbnail")
