"""Map paths given by the user to roots and the parts of them to scan."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from indexer import paths
from indexer.config import given
from indexer.errors import RootUnavailable, UsageError
from indexer.store.database import IndexConnection
from indexer.store.roots import Root, add_root, move_root
from indexer.store.transaction import begin

from .presence import check_root
from .volumes import is_same_folder, volume_of


class Target(NamedTuple):
    """A part to reconcile: a folder of a root with its subfolders, or one name in it."""

    root: Root
    folder: str = ""
    name: str | None = None


def locate(path: str | os.PathLike[str], roots: Iterable[Root]) -> tuple[Root, str] | None:
    """The innermost root that contains a path, and the path within it ('' for the root itself), as stored.

    The path's folder may be reached by links; the path itself is taken as named. Raises UsageError for an empty path.
    """
    absolute = os.path.abspath(given(path))
    head, tail = os.path.split(absolute)
    # First the real folder: the index knows nothing of links that lead to it.
    candidates = (os.path.join(os.path.realpath(head), tail), absolute, os.path.realpath(absolute))
    best: tuple[Root, str] | None = None
    for text in (paths.to_text(Path(candidate).as_posix()) for candidate in candidates):
        for root in roots:
            if paths.is_below(text, root.path.rstrip("/")) and (best is None or len(root.path) > len(best[0].path)):
                best = root, text[len(root.path.rstrip("/")) + 1 :]
    return best


def targets(
    connection: IndexConnection, roots: Sequence[Root], chosen: Sequence[str | os.PathLike[str]]
) -> list[Target]:
    """The targets for these paths; folders outside all roots become roots. All roots if no path is given.

    Raises RootUnavailable for a path that does not exist, UsageError if there is nothing to scan.
    """
    if not chosen:
        if not roots:
            raise UsageError("no folder is indexed yet: name one, as in 'indexer scan ~/Pictures'")
        return [Target(root) for root in roots]
    real = list(dict.fromkeys(os.path.realpath(given(path)) for path in chosen))
    known = {root.id: root for root in roots}
    for path in sorted(real, key=len):  # a folder inside another named one becomes no root
        if locate(path, known.values()) is None:
            root = _new_root(connection, list(known.values()), path)
            known[root.id] = root
    return _outermost([target for path in real for target in _targets_of(list(known.values()), path)])


def _new_root(connection: IndexConnection, roots: Sequence[Root], real: str) -> Root:
    """Make a root of this folder, which is in none yet."""
    try:
        info = os.stat(real)
    except OSError as error:
        raise RootUnavailable(f"{paths.to_text(real)}: {error.strerror}") from error
    if not stat.S_ISDIR(info.st_mode):
        raise UsageError(f"{paths.to_text(real)} is not in an indexed folder: scan its folder")
    return _add(connection, roots, real, paths.to_text(Path(real).as_posix()), info.st_ino)


def _targets_of(roots: Sequence[Root], real: str) -> list[Target]:
    place = locate(real, roots)
    if place is None:  # its root has moved, and was also named at its new place
        raise RootUnavailable(f"{paths.to_text(real)}: its folder has moved, and is scanned at its new place")
    root, within = place
    if not within:  # even if it is offline: the scan reports that
        inner = [other for other in roots if other != root and paths.is_below(other.path, root.path.rstrip("/"))]
        return [Target(root), *map(Target, inner)]
    try:
        is_folder = stat.S_ISDIR(os.stat(real).st_mode)
    except OSError as error:
        raise RootUnavailable(f"{paths.to_text(real)}: {error.strerror}") from error
    return [Target(root, within)] if is_folder else [Target(root, *paths.split(within))]


def _outermost(chosen: list[Target]) -> list[Target]:
    """The paths without duplicates and without those inside another one."""

    folders = {(target.root.id, target.folder) for target in chosen if target.name is None}

    def is_covered(target: Target) -> bool:
        above = target.folder if target.name is not None else _parent(target.folder)
        while above is not None:
            if (target.root.id, above) in folders:
                return True
            above = _parent(above)
        return False

    return [target for target in dict.fromkeys(chosen) if not is_covered(target)]


def _parent(folder: str) -> str | None:
    """The parent folder; None for the root itself."""
    return folder.rpartition("/")[0] if folder else None


def _add(connection: IndexConnection, roots: Sequence[Root], real: str, text: str, inode: int) -> Root:
    """Add a root, or update a known one whose folder has moved or whose drive is mounted elsewhere now."""
    volume = volume_of(real)
    known = next((root for root in roots if root.inode is not None and is_same_folder(root, volume, inode)), None)
    uri = "file://" + paths.uri(_url_path(real))
    if known is None:
        with begin(connection) as tx:
            return add_root(tx, text, uri)
    if check_root(connection, known).problem is None:
        raise UsageError(f"{text} is the same folder as {known.path}, which is indexed already")
    with begin(connection) as tx:
        move_root(tx, known.id, text, uri)
    return known._replace(path=text, uri=uri)


def _url_path(real: str) -> str:
    posix = Path(real).as_posix()
    return "" if posix == "/" else posix if posix.startswith("/") else "/" + posix
