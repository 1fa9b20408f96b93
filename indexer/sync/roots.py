"""Which root a path belongs to, and what to scan when a path is named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from indexer import paths
from indexer.errors import RootUnavailable, UsageError
from indexer.store.rows import Root
from indexer.store.writer import Writer

from .presence import find_root, is_same_folder
from .volumes import volume_of


class Target(NamedTuple):
    """What to reconcile: a folder of a root with all below it, or one name in it."""

    root: Root
    folder: str = ""
    name: str | None = None


def locate(path: str | os.PathLike[str], roots: Iterable[Root]) -> tuple[Root, str] | None:
    """The innermost root that holds a path, and the path within it ('' for the root itself), as stored.

    The path's folder may be reached by links; the path itself is taken as it is named.
    """
    absolute = os.path.abspath(path)
    head, tail = os.path.split(absolute)
    # As the folder really lies, before the way to it through links, of which the index knows nothing.
    candidates = (os.path.join(os.path.realpath(head), tail), absolute, os.path.realpath(absolute))
    best: tuple[Root, str] | None = None
    for text in (paths.to_text(Path(candidate).as_posix()) for candidate in candidates):
        for root in roots:
            if paths.is_below(text, root.path.rstrip("/")) and (best is None or len(root.path) > len(best[0].path)):
                best = root, text[len(root.path.rstrip("/")) + 1 :]
    return best


def targets(writer: Writer, roots: Sequence[Root], named: Sequence[str | os.PathLike[str]]) -> list[Target]:
    """What to scan for these paths; folders that no root holds become roots. All roots where none is named.

    Raises RootUnavailable for a path that is not there, UsageError where there is nothing to scan.
    """
    if not named:
        if not roots:
            raise UsageError("no folder is indexed yet: name one, as in 'indexer scan ~/Pictures'")
        return [Target(root) for root in roots]
    found: list[Target] = []
    for path in named:
        found += _targets_of(writer, roots, os.path.realpath(path))
    return found


def _targets_of(writer: Writer, roots: Sequence[Root], real: str) -> list[Target]:
    place = locate(real, roots)
    try:
        info = os.stat(real)
    except OSError as error:
        if place is not None and not place[1]:
            return [Target(place[0])]  # a known root that is away: the scan says so
        raise RootUnavailable(f"{paths.to_text(real)}: {error.strerror}") from error
    is_folder = os.path.isdir(real)
    if place is None and not is_folder:
        raise UsageError(f"{paths.to_text(real)} lies in no indexed folder: scan its folder")
    if place is not None:
        root, within = place
        return [Target(root, within)] if is_folder else [Target(root, *paths.split(within))]
    text = paths.to_text(Path(real).as_posix())
    added = _add(writer, roots, real, text, info.st_ino)
    nested = [Target(root) for root in roots if paths.is_below(root.path, text)]
    return [Target(added), *nested]


def _add(writer: Writer, roots: Sequence[Root], real: str, text: str, inode: int) -> Root:
    """A new root; or one that is known, where its folder or its drive has come to lie elsewhere."""
    volume = volume_of(real)
    known = next((root for root in roots if root.inode is not None and is_same_folder(root, volume, inode)), None)
    uri = "file://" + paths.uri(_url_path(real))
    if known is None:
        with writer.transaction():
            return writer.add_root(text, uri)
    if find_root(writer.connection, known).problem is None:
        raise UsageError(f"{text} is the same folder as {known.path}, which is indexed already")
    with writer.transaction():
        writer.move_root(known.id, text, uri)
    return known._replace(path=text, uri=uri)


def _url_path(real: str) -> str:
    posix = Path(real).as_posix()
    return "" if posix == "/" else posix if posix.startswith("/") else "/" + posix
