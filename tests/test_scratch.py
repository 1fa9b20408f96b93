"""Temporary folders of many threads at one place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from indexer import scratch


def test_many_at_once_are_made_and_leave_nothing(tmp_path: Path) -> None:
    """Each sweeps before it makes its own: it may find another one in the moment before that is locked."""

    def work(_: int) -> None:
        for _ in range(300):
            with scratch.folder(tmp_path) as own:
                (own / "half").write_bytes(b"1")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert list(tmp_path.iterdir()) == []
