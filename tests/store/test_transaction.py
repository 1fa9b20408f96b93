"""Write transactions: their timestamp, which distinguishes changes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from indexer import Index
from indexer.store.events import Event

from ..conftest import put

NOON = 1_800_000_000_000_000_000  # ns


class Clock:
    """Advances by a tenth of a millisecond each time that it is asked, and may be set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        self.now += 100_000
        return self.now


def updates_of(index: Index, asset_id: str) -> list[Event]:
    return [event for event in index.history.events(limit=-1) if event.entity_id == asset_id]


@pytest.mark.parametrize("steps", [[0, 0, 0, 0], [0, -1, -1, 0], [0, 5, 4, 5]])
def test_changes_within_a_millisecond_all_count(
    index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch, steps: list[int]
) -> None:
    """The clock barely advances, or is set back a little: each change moves updated_at, and has an event."""
    put(photos / "a.jpg")
    index.scan([photos])
    asset_id = index.get(photos / "a.jpg")["id"]
    moments = [index.get(asset_id)["updated_at"]]
    before = len(updates_of(index, asset_id))
    monkeypatch.setattr(time, "time_ns", clock := Clock())
    for number, step in enumerate(steps):
        clock.now = NOON + step * 1_000_000
        index.assets.set(asset_id, description=f"version {number}")
        moments.append(index.get(asset_id)["updated_at"])
    assert len(updates_of(index, asset_id)) == before + len(steps)
    assert moments == sorted(set(moments))


def test_a_clock_that_was_set_back_is_followed(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(photos / "a.jpg")
    index.scan([photos])
    asset_id = index.get(photos / "a.jpg")["id"]
    monkeypatch.setattr(time, "time_ns", clock := Clock())
    for hours, expected in ((24, "2027-01-16T08:00:00"), (0, "2027-01-15T08:00:00")):
        clock.now = NOON + hours * 3_600_000_000_000
        index.assets.set(asset_id, description=f"hour {hours}")
        assert index.get(asset_id)["updated_at"][:19] == expected
