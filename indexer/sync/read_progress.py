"""Share read progress of large files between worker processes and the main process.

A small file holds one number per large file that is being read: it works with any executor, since readers need only be
able to open it. If they cannot, nothing is reported. The next `ReadProgress` removes what a killed process left."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from indexer import scratch

# Bytes of a file whose reading takes long enough to show progress.
LARGE = 64 * 1024 * 1024
_WIDTH = 8


class Slot(NamedTuple):
    """The position in the progress file for one reader."""

    path: str
    number: int


class ReadProgress:
    """The main process's side."""

    def __init__(self) -> None:
        self._folder = ExitStack()
        self._path: str | None = None
        self._used: set[int] = set()
        self._is_broken = False

    def begin(self) -> Slot | None:
        """Reserve a slot for a file, until `end`; None if the progress file cannot be created."""
        if self._path is None and not self._is_broken:
            try:
                own = self._folder.enter_context(scratch.folder(Path(tempfile.gettempdir())))
                (own / "progress").touch()
                self._path = str(own / "progress")
            except OSError:
                self._is_broken = True
        if self._path is None:
            return None
        number = next(number for number in range(len(self._used) + 1) if number not in self._used)
        self._used.add(number)
        return Slot(self._path, number)

    def end(self, slot: Slot) -> None:
        self._used.discard(slot.number)
        with reporting(slot) as report:
            if report is not None:
                report(0)

    def total(self) -> int:
        """Total bytes read so far of the files being read."""
        if self._path is None or not self._used:
            return 0
        try:
            with open(self._path, "rb") as file:
                numbers = file.read()
        except OSError:
            return 0
        counts = (numbers[number * _WIDTH : (number + 1) * _WIDTH] for number in self._used)
        return sum(int.from_bytes(count, "little") for count in counts)

    def close(self) -> None:
        self._folder.close()
        self._path = None


@contextmanager
def reporting(slot: Slot) -> Iterator[Callable[[int], None] | None]:
    """A function to report the number of bytes read so far; None if nobody listens."""
    try:
        file = open(slot.path, "r+b", buffering=0)  # noqa: SIM115
    except OSError:  # on another machine, or the waiting process is gone
        yield None
        return

    def report(count: int) -> None:
        with suppress(OSError):
            file.seek(slot.number * _WIDTH)
            file.write(count.to_bytes(_WIDTH, "little"))

    with file:
        yield report
