"""How long files have been missing, independent of the system's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indexer.store.files import StoredFile
from indexer.sync.missing import Ages

FILE = StoredFile(1, 1, "", "a.jpg", "missing", None, 0, "asset_x", 1, 2, 3, 4, 5, "1")


def noticed(ago: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_what_an_earlier_run_noticed_is_as_old_as_the_clock_says() -> None:
    ages = Ages()
    ages.begin_look()
    ((_, seconds),) = ages.of([(FILE, noticed(1000))])
    assert seconds == pytest.approx(1000, abs=10)


def test_what_this_run_noticed_is_no_older_than_its_look() -> None:
    """Also if the clock is set between noticing it and asking for its age."""
    ages = Ages()
    assert ages.of([]) == []
    ages.begin_look()
    moment = noticed(86_400)
    ((_, seconds),) = ages.of([(FILE, moment)])
    assert 0 <= seconds < 100
    ages.begin_look()
    ((_, later),) = ages.of([(FILE, moment)])
    assert seconds <= later < 100


def test_what_returned_and_is_missing_again_starts_anew() -> None:
    ages = Ages()
    ((_, first),) = ages.of([(FILE, noticed(1000))])
    ages.of([])
    ages.begin_look()
    ((_, again),) = ages.of([(FILE, noticed(500))])
    assert again < 100 < first
