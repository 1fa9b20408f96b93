"""How far large files are read, told by the processes that read them to the one that waits for them.

Through a small file of numbers, one for each large file that is out: whichever executor the readers run in, they need
only be able to open it. Where they cannot, nothing is told, and nothing else suffers. The next one removes what a
killed process leaves of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from indexer import scratch

# Bytes of a file that takes long enough for somebody to wonder.
LARGE = 64 * 1024 * 1024
_WIDTH = 8


class Place(NamedTuple):
    """Where the reader of a file tells how far it is."""

    path: str
    number: int


class Gauge:
    """The side of the process that waits."""

    def __init__(self) -> None:
        self._folder = ExitStack()
        self._path: str | None = None
        self._used: set[int] = set()
        self._is_broken = False

    def begin(self) -> Place | None:
        """A place for one file more, until `end`; None where there can be none."""
        if self._path is None and not self._is_broken:
            try:
                own = self._folder.enter_context(scratch.folder(Path(tempfile.gettempdir())))
                (own / "gauge").touch()
                self._path = str(own / "gauge")
            except OSError:
                self._is_broken = True
        if self._path is None:
            return None
        number = next(number for number in range(len(self._used) + 1) if number not in self._used)
        self._used.add(number)
        return Place(self._path, number)

    def end(self, place: Place) -> None:
        self._used.discard(place.number)
        with telling(place) as tell:
            if tell is not None:
                tell(0)

    def total(self) -> int:
        """Bytes that were read of all files that are out."""
        if self._path is None or not self._used:
            return 0
        try:
            with open(self._path, "rb") as file:
                numbers = file.read()
        except OSError:
            return 0
        places = (numbers[number * _WIDTH : (number + 1) * _WIDTH] for number in self._used)
        return sum(int.from_bytes(place, "little") for place in places)

    def close(self) -> None:
        self._folder.close()
        self._path = None


@contextmanager
def telling(place: Place) -> Iterator[Callable[[int], None] | None]:
    """What to call with the number of bytes that were read; None: nobody asks."""
    try:
        file = open(place.path, "r+b", buffering=0)  # noqa: SIM115
    except OSError:  # on another machine, or the one who asked is gone
        yield None
        return

    def tell(count: int) -> None:
        with suppress(OSError):
            file.seek(place.number * _WIDTH)
            file.write(count.to_bytes(_WIDTH, "little"))

    with file:
        yield tell
