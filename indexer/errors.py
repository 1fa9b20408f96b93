"""The error hierarchy. Each error carries the exit code of the command line."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager


class IndexerError(Exception):
    """An error that the user can understand and act on. Its text is one line, with advice."""

    exit_code = 1


class UsageError(IndexerError):
    """Invalid arguments."""

    exit_code = 2


class CannotRun(UsageError):
    """A requirement of an enricher is not met: a model, a library."""

    def __init__(self, enricher: str, why: str) -> None:
        super().__init__(enricher, why)
        self.enricher = enricher

    def __str__(self) -> str:
        return str(self.args[1])


class NotFound(IndexerError):
    """No asset, path or folder of that name is in the index."""

    exit_code = 3


class CannotUndo(IndexerError):
    """The user's last change cannot be undone."""


class IndexUnusable(IndexerError):
    """The index file is missing, damaged, not an index, or made by a newer version."""


class IndexDamaged(IndexUnusable):
    """The index file is empty, or so damaged that SQLite does not open it."""


class DiskFull(IndexUnusable):
    """There is no space for the index, or for the files next to it."""


def cannot_write(where: str | os.PathLike[str], error: OSError) -> IndexUnusable:
    kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else IndexUnusable
    return kind(f"cannot write to {os.fspath(where)}: {error.strerror}")


@contextmanager
def writing_to(where: str | os.PathLike[str]) -> Iterator[None]:
    """Raise the body's OSErrors as `cannot_write`."""
    try:
        yield
    except OSError as error:
        raise cannot_write(where, error) from error


class Undecodable(IndexerError):
    """A picture cannot be decoded, or is too large to be."""


class NoWorkers(IndexerError):
    """Worker processes cannot be started, were stopped, or crash. This may be temporary."""


class RootUnavailable(IndexerError):
    """A root folder is not there, not readable, or not the one that was indexed (an unmounted drive)."""


class ClusterUnavailable(IndexerError):
    """The given scheduler, or every worker of it, cannot be reached or used."""


class QueryError(IndexerError):
    """A SQL statement given by the user does not run."""

    exit_code = 2
