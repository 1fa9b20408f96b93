"""What is at work on an index. Each run holds a lock on a file beside the index: the system releases it when the
process ends, however that happens, so that nobody has to guess from a process number."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from indexer.errors import IndexUnusable, UsageError, cannot_write

from .database import IndexConnection
from .jobs import Activity, put_activities
from .transaction import begin, timestamp

# The file keeps room for a note, which has to be written on a disk that is full.
_ROOM = 1024


class Claim:
    """An activity of this process, listed until `end`."""

    def __init__(self, database: Path, kind: str, roots: Sequence[str] = (), address: str | None = None) -> None:
        self.activity = Activity(kind, platform.node(), os.getpid(), tuple(roots), timestamp(), address=address)
        text = self._text(None)
        self._size = len(text) + _ROOM
        while True:
            self._path = _base(database).with_name(f"{_base(database).name}.{kind}-{os.urandom(4).hex()}.lock")
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            except OSError as error:
                raise cannot_write(self._path.parent, error) from error
            try:
                if self._fill(text) and _lock(self._file, exclusive=True) and self._path.exists():
                    return
            except OSError as error:
                with suppress(OSError):
                    self.end()
                raise cannot_write(self._path.parent, error) from error
            self.end()  # `running` took it for a dead one's, in the moment before it was locked

    def note(self, text: str | None) -> None:
        """Why nothing is being done, say, for others to read."""
        with suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            self._fill(self._text(text))

    def _fill(self, text: bytes) -> bool:
        return os.write(self._file, text.ljust(self._size)) == self._size

    def _text(self, note: str | None) -> bytes:
        short = note and note.encode()[: _ROOM // 4].decode(errors="ignore")  # escaped it may be longer
        return json.dumps(self.activity._replace(note=short)._asdict(), ensure_ascii=False).encode()

    def end(self) -> None:
        _remove(self._path, self._file)


def running(database: Path) -> list[Activity]:
    """What is at work, in the order in which it began. Lock files of dead processes are removed."""
    base, found = _base(database), []
    lock_name = re.compile(rf"{re.escape(base.name)}\.([^.-]+)-[0-9a-f]+\.lock", re.DOTALL)
    for name in os.listdir(base.parent):
        if (matched := lock_name.fullmatch(name)) is None:
            continue
        path, kind = base.with_name(name), matched[1]
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        except OSError:  # another user's: it cannot be told
            found.append(Activity(kind, "", 0, (), ""))
            continue
        if _lock(file, exclusive=False):
            with suppress(OSError):
                _remove(path, file)
        else:
            found.append(_read(file, kind))
            os.close(file)
    return sorted(found, key=lambda one: one.started_at)


def refuse_while_written(database: Path) -> None:
    """Raises UsageError where a scan or watch is at work. A server is not in the way: it reads what is there then."""
    if writing := [one for one in running(database) if one.kind != "serve"]:
        raise UsageError(f"{writing[0].kind} is at work (process {writing[0].pid}): stop it first")


@contextmanager
def at_work(connection: IndexConnection, kind: str, roots: Sequence[str], *, alone: bool = False) -> Iterator[Claim]:
    """Be listed meanwhile, in the table `job` too. Raises UsageError, with `alone`, where another one of that kind
    is at work on one of the roots."""
    claim = None
    try:
        with begin(connection) as tx:
            others = running(connection.path)
            if alone:
                _refuse(others, kind, roots)
            claim = Claim(connection.path, kind, roots)
            put_activities(tx, [*others, claim.activity])
        yield claim
    finally:
        if claim is not None:
            claim.end()
            with suppress(IndexUnusable), begin(connection) as tx:  # else the next one brings the table up to date
                put_activities(tx, running(connection.path))


def _refuse(others: Sequence[Activity], kind: str, roots: Sequence[str]) -> None:
    for other in others:
        if other.kind == kind and (shared := set(roots) & set(other.roots)):
            raise UsageError(f"{min(shared)} is watched already, by process {other.pid}")


def _base(database: Path) -> Path:
    """The file itself, by whichever link it is named."""
    return Path(os.path.realpath(database))


def _remove(path: Path, file: int) -> None:
    """A lock file that is open, and its lock. While it is locked where that can be: nobody else can lock it then and
    take it for one that stays."""
    if sys.platform == "win32":  # where no open file can be removed
        os.close(file)
        path.unlink(missing_ok=True)
    else:
        try:
            path.unlink(missing_ok=True)
        finally:
            os.close(file)


def _read(file: int, kind: str) -> Activity:
    with suppress(OSError, ValueError, TypeError):
        found = json.loads(os.read(file, 1 << 20))
        return Activity(**{**found, "roots": tuple(found["roots"])})
    return Activity(kind, "", 0, (), "")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, *, exclusive: bool) -> bool:
        """A byte far behind the text, which others can read then."""
        os.lseek(file, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int, *, exclusive: bool) -> bool:
        """False where another one holds it."""
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
