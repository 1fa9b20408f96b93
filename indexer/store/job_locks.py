"""Track the running jobs of an index. Each holds a lock on a file next to the index. The system releases the lock when
the process ends, however it ends, so no process number has to be checked."""

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
from .jobs import Job, put_jobs
from .transaction import begin, timestamp

# Bytes reserved for a note, which must be writable on a full disk.
_NOTE_SIZE = 1024


class Claim:
    """A job of this process, listed until `end`."""

    def __init__(self, database: Path, kind: str, roots: Sequence[str] = (), address: str | None = None) -> None:
        self.job = Job(kind, platform.node(), os.getpid(), tuple(roots), timestamp(), address=address)
        text = self._text(None)
        self._size = len(text) + _NOTE_SIZE
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
            self.end()  # before it was locked, `running` removed it as a dead process's

    def note(self, text: str | None) -> None:
        """Publish a note for other processes, such as why no work is being done."""
        with suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            self._fill(self._text(text))

    def _fill(self, text: bytes) -> bool:
        return os.write(self._file, text.ljust(self._size)) == self._size

    def _text(self, note: str | None) -> bytes:
        short = note and note.encode()[: _NOTE_SIZE // 4].decode(errors="ignore")  # JSON escapes may lengthen it
        return json.dumps(self.job._replace(note=short)._asdict(), ensure_ascii=False).encode()

    def end(self) -> None:
        _remove(self._path, self._file)


def running(database: Path) -> list[Job]:
    """The running jobs, oldest first. Removes the lock files of dead processes."""
    base, jobs = _base(database), []
    lock_name = re.compile(rf"{re.escape(base.name)}\.([^.-]+)-[0-9a-f]+\.lock", re.DOTALL)
    for name in os.listdir(base.parent):
        if (matched := lock_name.fullmatch(name)) is None:
            continue
        path, kind = base.with_name(name), matched[1]
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        except OSError:  # another user's: cannot be read
            jobs.append(Job(kind, "", 0, (), ""))
            continue
        if _lock(file, exclusive=False):
            with suppress(OSError):
                _remove(path, file)
        else:
            jobs.append(_read(file, kind))
            os.close(file)
    return sorted(jobs, key=lambda job: job.started_at)


def refuse_while_written(database: Path) -> None:
    """Raises UsageError if a scan or watch is running. A server may run: it only reads."""
    if writing := [job for job in running(database) if job.kind != "serve"]:
        raise UsageError(f"{writing[0].kind} is at work (process {writing[0].pid}): stop it first")


@contextmanager
def at_work(connection: IndexConnection, kind: str, roots: Sequence[str], *, alone: bool = False) -> Iterator[Claim]:
    """List a job in a lock file and in the table `job` while the body runs. With `alone`, raises UsageError if
    another job of that kind runs on one of the roots."""
    claim = None
    try:
        with begin(connection) as tx:
            others = running(connection.path)
            if alone:
                _refuse(others, kind, roots)
            claim = Claim(connection.path, kind, roots)
            put_jobs(tx, [*others, claim.job])
        yield claim
    finally:
        if claim is not None:
            claim.end()
            with suppress(IndexUnusable), begin(connection) as tx:  # on failure the next job updates the table
                put_jobs(tx, running(connection.path))


def _refuse(others: Sequence[Job], kind: str, roots: Sequence[str]) -> None:
    for other in others:
        if other.kind == kind and (shared := set(roots) & set(other.roots)):
            raise UsageError(f"{min(shared)} is watched already, by process {other.pid}")


def _base(database: Path) -> Path:
    """The database file with symbolic links resolved."""
    return Path(os.path.realpath(database))


def _remove(path: Path, file: int) -> None:
    """Delete an open lock file and release its lock. If possible it is deleted while locked, so that no other process
    locks a file that is about to disappear."""
    if sys.platform == "win32":  # cannot delete an open file
        os.close(file)
        path.unlink(missing_ok=True)
    else:
        try:
            path.unlink(missing_ok=True)
        finally:
            os.close(file)


def _read(file: int, kind: str) -> Job:
    with suppress(OSError, ValueError, TypeError):
        fields = json.loads(os.read(file, 1 << 20))
        return Job(**{**fields, "roots": tuple(fields["roots"])})
    return Job(kind, "", 0, (), "")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, *, exclusive: bool) -> bool:
        """Lock a byte far behind the text, so that others can still read the text."""
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
        """False if another process holds the lock."""
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
