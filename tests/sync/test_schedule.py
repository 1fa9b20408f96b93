"""When a watch reconciles what: scenarios on a simulated clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from indexer.sync.options import SyncOptions
from indexer.sync.schedule import BURST_EVENTS, NEVER, Schedule
from indexer.sync.walk import WHOLE, Part

OPTIONS = SyncOptions(rest_seconds=2.0, rescan_seconds=3600.0, poll_every=30.0)


def scanned(options: SyncOptions = OPTIONS, *, is_polling: bool = False) -> Schedule:
    """A schedule whose first full scan was at 0."""
    schedule = Schedule(options, is_polling=is_polling)
    assert schedule.take_due(0.0, ()) == [WHOLE]
    return schedule


def file_events(*events: tuple[float, str]) -> Callable[[Schedule], None]:
    def note(schedule: Schedule) -> None:
        for at, path in events:
            schedule.note_event(path, at, is_folder=False)

    return note


def folder_events(*events: tuple[float, str]) -> Callable[[Schedule], None]:
    def note(schedule: Schedule) -> None:
        for at, path in events:
            schedule.note_event(path, at, is_folder=True)

    return note


def unstable(at: float, *names: tuple[str, str]) -> Callable[[Schedule], None]:
    return lambda schedule: schedule.note_unstable(names, at)


@pytest.mark.parametrize(
    ("events", "due_at", "parts"),
    [
        # A file is looked at when it was left alone for the quiet period
        ([file_events((10, "a.jpg"))], 12, [Part("", ["a.jpg"])]),
        ([file_events((10, "x/a.jpg"))], 12, [Part("x", ["a.jpg"])]),
        ([file_events((10, "a.jpg"), (11, "a.jpg"))], 13, [Part("", ["a.jpg"])]),
        ([file_events((10, "x/a.jpg"), (10, "x/b.jpg"))], 12, [Part("x", ["a.jpg", "b.jpg"])]),
        ([file_events((10, "x/a.jpg"), (11, "y/b.jpg"))], 12, [Part("x", ["a.jpg"])]),
        # A folder soon, and its further events do not put it off
        ([folder_events((10, "x"))], 10.2, [Part("x")]),
        ([folder_events((10, "x"), (10.1, "x"))], 10.2, [Part("x")]),
        # Once, though another one that is due lies in it
        ([folder_events((10, "x/y"), (10, "x"), (10, "x2"))], 10.2, [Part("x"), Part("x2")]),
        # An ignore file is about its whole folder
        ([file_events((10, "x/.indexerignore"))], 10.5, [Part("x")]),
        ([file_events((10, ".indexerignore"))], 10.5, [WHOLE]),
        # What was not at rest, unless an event says so already
        ([unstable(10, ("x", "a.jpg"))], 12, [Part("x", ["a.jpg"])]),
        ([file_events((10, "a.jpg")), unstable(11, ("", "a.jpg"))], 12, [Part("", ["a.jpg"])]),
        # Events that were lost
        ([lambda schedule: schedule.note_lost_events(10)], 12, [WHOLE]),
        # Nothing happens
        ([], 3600, [WHOLE]),
    ],
)
def test_what_is_due(events: list[Callable[[Schedule], None]], due_at: float, parts: list[Part]) -> None:
    schedule = scanned()
    for note in events:
        note(schedule)
    assert schedule.next_due(has_uncovered=False) == pytest.approx(due_at)
    assert schedule.take_due(due_at - 0.01, ()) == []
    assert schedule.take_due(due_at + 0.01, ()) == parts
    assert schedule.next_due(has_uncovered=False) > due_at + 0.01


def test_short_rests_shorten_every_wait() -> None:
    schedule = scanned(SyncOptions(rest_seconds=0.05))
    schedule.note_event("x", 10, is_folder=True)
    schedule.note_event("y/.indexerignore", 10, is_folder=False)
    schedule.note_event("a.jpg", 10, is_folder=False)
    assert schedule.take_due(10.06, ()) == [Part("x"), Part("y"), Part("", ["a.jpg"])]
    schedule.note_unstable([("", "a.jpg")], 10)
    assert schedule.next_due(has_uncovered=False) == pytest.approx(10.1)  # not at once, again and again


def test_a_full_scan_takes_what_is_due_and_leaves_what_is_not_at_rest() -> None:
    schedule = scanned()
    schedule.note_event("old.jpg", 10, is_folder=False)
    schedule.note_event("x", 10, is_folder=True)
    schedule.note_event("young.jpg", 11.5, is_folder=False)
    schedule.full_at = 12.5
    assert schedule.take_due(12.5, ()) == [WHOLE]
    assert schedule.take_due(13, ()) == []
    assert schedule.take_due(13.5, ()) == [Part("", ["young.jpg"])]


def test_polling_makes_full_scans_frequent() -> None:
    assert scanned(is_polling=True).next_due(has_uncovered=False) == 30
    assert scanned(SyncOptions(poll_seconds=0.3), is_polling=True).next_due(has_uncovered=False) == 0.3


def test_folders_without_events_are_polled_by_themselves() -> None:
    schedule = scanned()
    assert schedule.next_due(has_uncovered=True) == 30
    assert schedule.next_due(has_uncovered=False) == 3600
    assert not schedule.is_poll_due(29)
    assert schedule.take_due(29, ["x"]) == []
    assert schedule.is_poll_due(30)
    assert schedule.take_due(30, ["x", "x/y"]) == [Part("x")]
    assert schedule.take_due(31, ["x", "x/y"]) == []
    assert schedule.next_due(has_uncovered=True) == 60


def test_the_look_at_missing_files_wakes_the_watch() -> None:
    schedule = scanned()
    schedule.expiry_at = 60.0
    assert schedule.next_due(has_uncovered=False) == 60
    schedule.expiry_at = NEVER
    assert schedule.next_due(has_uncovered=False) == 3600


def test_what_is_due_in_an_offline_root_waits() -> None:
    schedule = scanned()
    schedule.note_event("a.jpg", 10, is_folder=False)
    schedule.expiry_at = 11.0
    schedule.is_offline = True
    schedule.full_at = 15.0  # when it is checked again
    assert schedule.next_due(has_uncovered=True) == 15
    schedule.is_offline = False
    assert schedule.next_due(has_uncovered=True) == 11


def test_lost_events_do_not_put_off_a_full_scan() -> None:
    schedule = scanned()
    schedule.full_at = 11.0
    schedule.note_lost_events(10)
    assert schedule.full_at == 11


def test_a_burst_brings_a_full_scan_once_it_is_over() -> None:
    schedule = scanned()
    for number in range(BURST_EVENTS - 1):
        schedule.note_event(f"{number}.jpg", 10, is_folder=False)
    assert schedule.full_at == 3600
    schedule.note_event("last.jpg", 10, is_folder=False)
    assert schedule.full_at == 14
    schedule.note_event("later.jpg", 13, is_folder=False)
    assert schedule.full_at == 17  # put off while it goes on
    assert schedule.take_due(17, ()) == [WHOLE]
    for number in range(BURST_EVENTS - 1):  # counted anew
        schedule.note_event(f"{number}.jpg", 18, is_folder=False)
    assert schedule.full_at == 17 + 3600
    schedule.note_event("last.jpg", 18, is_folder=False)
    assert schedule.full_at == 22


def test_a_burst_does_not_put_off_a_scan_that_is_due_for_another_reason_before_it() -> None:
    schedule = scanned()
    schedule.full_at = 11.0
    for number in range(BURST_EVENTS):
        schedule.note_event(f"{number}.jpg", 10, is_folder=False)
    assert schedule.full_at == 11
