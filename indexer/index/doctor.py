"""Is all well with the index, the folders and this machine? Each finding says what to do."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..config import cache_folder, originals_folder
from ..errors import IndexerError

if TYPE_CHECKING:
    from . import Index

_LITTLE_SPACE = 500 * 1000 * 1000
_ROOM_FOR_MORE = 1.25  # watches for folders that are still to come


class Finding(NamedTuple):
    """state: 'ok'; 'warning', which costs comfort; 'problem', which costs photos or answers. advice: what to do."""

    subject: str
    state: Literal["ok", "warning", "problem"]
    words: str
    advice: str | None = None


def examine(index: Index, *, fix: bool = False) -> list[Finding]:
    """All findings. Where the index cannot be opened, those that do without. fix: mend what can be mended safely."""
    from ..store.database import BROKEN

    checks: list[Callable[[Index], Iterator[Finding]]] = [
        _integrity,
        _place,
        _readers,
        _roots,
        partial(_misplaced, fix=fix),
        _watches,
        _failures,
        _faces,
        _text,
        _meaning,
    ]
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += check(index)
        except IndexerError as error:
            findings.append(Finding("index", "problem", str(error)))
            break
        except BROKEN as error:
            advice = "indexer repair makes a sound one of it, or indexer restore BACKUP"
            findings.append(Finding("index", "problem", f"{index.path} is damaged: {error}", advice))
            break
    return findings


def _integrity(index: Index) -> Iterator[Finding]:
    from ..store import schema
    from ..store.connection import open_as_it_is
    from ..store.copies import damages

    connection = open_as_it_is(index.path)
    problems = damages(connection)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    if problems:
        advice = "indexer repair makes a sound one of it, or indexer restore BACKUP"
        yield Finding("index", "problem", f"{index.path} is damaged: {problems[0]}", advice)
    else:
        yield Finding("index", "ok", f"{index.path} is sound (version {version} of {schema.VERSION})")


def _readers(index: Index) -> Iterator[Finding]:
    """What this version makes nobody else can read; older ones left that to the umask."""
    own = (index.path, cache_folder(index.path), originals_folder(index.path, None))
    mine = [path for path in own if path.exists() and _is_open_to_others(path)]
    if mine and _is_open_to_others(index.path.absolute().parent):
        names = " ".join(shlex.quote(os.fspath(path)) for path in mine)
        words = f"other users can read {', '.join(map(str, mine))}"
        yield Finding("privacy", "warning", words, f"unless you share it on purpose: chmod -R go= {names}")
    else:
        yield Finding("privacy", "ok", "nobody else can read the index, or what is kept beside it")


def _is_open_to_others(path: Path) -> bool:
    return os.name != "nt" and bool(path.stat().st_mode & (0o011 if path.is_dir() else 0o044))


def _place(index: Index) -> Iterator[Finding]:
    from ..sync.volumes import is_network, volume_of

    filesystem = volume_of(str(index.path.parent)).filesystem
    if is_network(filesystem):
        advice = "name a file on a disk of this machine with --db: a network file system may damage it"
        yield Finding("place", "problem", f"the index lies on {filesystem}", advice)
    free = shutil.disk_usage(index.path.parent).free
    if free < _LITTLE_SPACE:
        yield Finding("place", "warning", f"{free / 1e6:.0f} MB are free where the index lies", "make room there")
    else:
        yield Finding("place", "ok", f"{free / 1e9:.1f} GB are free where the index lies")


def _roots(index: Index) -> Iterator[Finding]:
    from ..sync.presence import find_root

    for root in index.roots():
        problem = find_root(index.connection, root).problem
        if problem is not None:
            advice = "mount it; if it lies elsewhere now, 'indexer scan' it there: its records are kept"
            yield Finding("folder", "warning", f"{root.path} is offline: {problem}", advice)
        elif root.scanned_at is None:
            advice = f"indexer scan '{root.path}' goes on where it stopped"
            yield Finding("folder", "warning", f"{root.path} was never scanned to its end", advice)
        else:
            yield Finding("folder", "ok", f"{root.path} is there, scanned {root.scanned_at}")


def _misplaced(index: Index, *, fix: bool) -> Iterator[Finding]:
    from ..store.standing import count_wrong
    from ..sync.presence import find_root

    away = [root.id for root in index.roots() if find_root(index.connection, root).problem is not None]
    count = count_wrong(index.connection, away)
    photos = "1 photo is" if count == 1 else f"{count:,} photos are"
    if count and fix:
        index.mend_places()
        left = count_wrong(index.connection, away)
        state: Literal["ok", "problem"] = "problem" if left else "ok"
        yield Finding("files", state, f"{photos} shown again where the file can be reached; {left:,} are not")
    elif count:
        words = f"{photos} shown where the file cannot be reached, though it also lies where it can"
        yield Finding("files", "problem", words, "indexer doctor --fix")


def _watches(index: Index) -> Iterator[Finding]:
    from ..store.files import count_folders
    from ..sync.volumes import has_events, watch_limit

    for root in index.roots():
        if not has_events(root.filesystem):
            words = f"{root.path} lies on {root.filesystem}, which tells of no changes: a watch polls it"
            yield Finding("watching", "ok", words)
    limit = watch_limit()
    if limit is None:
        return
    folders = count_folders(index.connection)
    if folders > limit:
        wanted = int(folders * _ROOM_FOR_MORE)
        words = f"{folders:,} folders, and the system has {limit:,} watches: the rest is polled"
        advice = (
            f"sudo sysctl fs.inotify.max_user_watches={wanted}; to keep it, write fs.inotify.max_user_watches={wanted}"
            " into /etc/sysctl.d/60-indexer.conf"
        )
        yield Finding("watching", "warning", words, advice)
    else:
        yield Finding("watching", "ok", f"{folders:,} folders, and the system has {limit:,} watches")


def _faces(index: Index) -> Iterator[Finding]:
    from ..config import models_folder
    from ..enrich.faces import models, parts
    from ..errors import UsageError

    try:
        kind = models.kind()
    except UsageError as error:
        advice = f"{parts.HINT}, or put models into {models_folder() / 'faces'}; those that files name are there anyway"
        yield Finding("faces", "ok", f"faces are not looked for: {error.args[0].partition(':')[0]}", advice)
        return
    try:
        models.find_faces(kind)
    except UsageError as error:
        advice = f"mend what lies in {kind.folder}" if kind.folder else "install what is missing, on Debian: libgl1"
        yield Finding("faces", "warning", str(error), advice)
    else:
        yield Finding("faces", "ok", f"faces are looked for, with {kind.folder or 'the models of the extra [faces]'}")


def _text(index: Index) -> Iterator[Finding]:
    from ..enrich import text
    from ..errors import UsageError

    try:
        text.check()
    except UsageError as error:
        yield Finding("text", "ok", f"text in photos is not read: {error.args[0].partition(':')[0]}", text.HINT)
    else:
        yield Finding("text", "ok", "text in photos is read by 'indexer enrich text'")


def _meaning(index: Index) -> Iterator[Finding]:
    from ..config import models_folder
    from ..enrich import meaning
    from ..errors import UsageError

    folder = models_folder() / "clip"
    try:
        kind = meaning.kind()
        if kind is not None:
            meaning.load(kind).of_words("a word")
    except UsageError as error:
        words = f"pictures are not found by what they are about: {error}"
        yield Finding("meaning", "warning", words, f"mend what lies in {folder}")
        return
    if kind is None:
        advice = f"put a CLIP model into {folder}, and {meaning.HINT}"
        yield Finding("meaning", "ok", "pictures are found by their words, not by what they are about", advice)
    else:
        yield Finding("meaning", "ok", f"pictures are found by what they are about, with what lies in {folder}")


def _failures(index: Index) -> Iterator[Finding]:
    counts = index.verdicts()
    advice = "indexer status --failures lists them"
    for verdict, words in (
        ("unreadable", "could not be read"),
        ("damaged", "are damaged, and indexed as far as they go"),
    ):
        if count := counts.get(verdict, 0):
            yield Finding("files", "warning", f"{count:,} paths {words}", advice)
    if rotten := sum("bit rot" in (one.reason or "") for one in index.failures(-1)):
        yield Finding("files", "problem", f"{rotten:,} files have rotted on the disk", "restore them from a backup")
    if os.environ.get("INDEXER_DB"):
        yield Finding("settings", "ok", f"INDEXER_DB names {os.environ['INDEXER_DB']}")
