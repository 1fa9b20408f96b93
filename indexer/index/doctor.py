"""`Index.doctor`: check the index, the folders and this machine. Each finding comes with advice."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from ..config import cache_folder, originals_folder
from ..errors import IndexerError
from ..store.database import BROKEN
from .roots import Roots
from .session import Session
from .status import Status

_LITTLE_SPACE = 500 * 1000 * 1000
_ROOM_FOR_MORE = 1.25  # watches for future folders


class Finding(NamedTuple):
    """state: 'ok'; 'warning', an inconvenience; 'problem', which costs photos or answers. advice: what to do."""

    subject: str
    state: Literal["ok", "warning", "problem"]
    words: str
    advice: str | None = None


class Doctor:
    def __init__(self, session: Session) -> None:
        self._session = session

    def examine(self, *, fix: bool = False) -> Sequence[Finding]:
        """All findings; if the index cannot be opened, those that need no index. fix: make safe repairs."""
        checks: list[Callable[[Session], Iterator[Finding]]] = [
            _integrity,
            _place,
            _privacy,
            _roots,
            partial(_unreachable_primary_files, fix=fix),
            _watches,
            _failures,
            _faces,
            _text,
            _semantic_search,
        ]
        findings: list[Finding] = []
        for check in checks:
            try:
                findings += check(self._session)
            except IndexerError as error:
                findings.append(Finding("index", "problem", str(error)))
                break
            except BROKEN as error:
                findings.append(_damaged(self._session.path, error))
                break
        return findings


def _damaged(path: Path, why: object) -> Finding:
    advice = "indexer repair makes a sound one of it, or indexer restore BACKUP"
    return Finding("index", "problem", f"{path} is damaged: {why}", advice)


def _integrity(session: Session) -> Iterator[Finding]:
    from ..store import schema
    from ..store.backup import find_damage
    from ..store.connection import open_without_update

    connection = open_without_update(session.path)
    problems = find_damage(connection)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    if problems:
        yield _damaged(session.path, problems[0])
    else:
        yield Finding("index", "ok", f"{session.path} is sound (version {version} of {schema.VERSION})")


def _privacy(session: Session) -> Iterator[Finding]:
    """Files of this version are private to their owner; older versions left their mode to the umask."""
    own = (session.path, cache_folder(session.path), originals_folder(session.path, None))
    mine = [path for path in own if path.exists() and _is_open_to_others(path)]
    if mine and _is_open_to_others(session.path.absolute().parent):
        names = " ".join(shlex.quote(os.fspath(path)) for path in mine)
        words = f"other users can read {', '.join(map(str, mine))}"
        yield Finding("privacy", "warning", words, f"unless you share it on purpose: chmod -R go= {names}")
    else:
        yield Finding("privacy", "ok", "nobody else can read the index, or the files next to it")


def _is_open_to_others(path: Path) -> bool:
    return os.name != "nt" and bool(path.stat().st_mode & (0o011 if path.is_dir() else 0o044))


def _place(session: Session) -> Iterator[Finding]:
    from ..sync.volumes import is_network, volume_of

    filesystem = volume_of(str(session.path.parent)).filesystem
    if is_network(filesystem):
        advice = "name a file on a disk of this machine with --db: a network file system may damage it"
        yield Finding("place", "problem", f"the index is on {filesystem}", advice)
    free = shutil.disk_usage(session.path.parent).free
    if free < _LITTLE_SPACE:
        yield Finding("place", "warning", f"only {free / 1e6:.0f} MB are free on the index's disk", "free some space")
    else:
        yield Finding("place", "ok", f"{free / 1e9:.1f} GB are free on the index's disk")


def _roots(session: Session) -> Iterator[Finding]:
    from ..sync.presence import check_root

    for root in Roots(session).list():
        problem = check_root(session.connection, root).problem
        if problem is not None:
            advice = "mount it; if it has moved, 'indexer scan' it at its new place: its records are kept"
            yield Finding("folder", "warning", f"{root.path} is offline: {problem}", advice)
        elif root.scanned_at is None:
            advice = f"indexer scan '{root.path}' resumes where it stopped"
            yield Finding("folder", "warning", f"{root.path} was never scanned completely", advice)
        else:
            yield Finding("folder", "ok", f"{root.path} is present, scanned {root.scanned_at}")


def _unreachable_primary_files(session: Session, *, fix: bool) -> Iterator[Finding]:
    from ..store.primary_files import count_wrong
    from ..sync.presence import check_root

    away = [root.id for root in Roots(session).list() if check_root(session.connection, root).problem is not None]
    count = count_wrong(session.connection, away)
    photos = "1 photo is" if count == 1 else f"{count:,} photos are"
    if count and fix:
        Roots(session).reselect_files()
        left = count_wrong(session.connection, away)
        state: Literal["ok", "problem"] = "problem" if left else "ok"
        yield Finding("files", state, f"{photos} shown again at a place that can be reached; {left:,} are not")
    elif count:
        words = f"{photos} shown at a place that cannot be reached, though another place can"
        yield Finding("files", "problem", words, "indexer doctor --fix")


def _watches(session: Session) -> Iterator[Finding]:
    from ..store.files import count_folders
    from ..sync.volumes import has_events, watch_limit

    for root in Roots(session).list():
        if not has_events(root.filesystem):
            words = f"{root.path} is on {root.filesystem}, which reports no changes: a watch polls it"
            yield Finding("watching", "ok", words)
    limit = watch_limit()
    if limit is None:
        return
    folders = count_folders(session.connection)
    if folders > limit:
        needed = int(folders * _ROOM_FOR_MORE)
        words = f"{folders:,} folders, but the system has only {limit:,} watches: the rest are polled"
        advice = (
            f"sudo sysctl fs.inotify.max_user_watches={needed}; to keep it, write fs.inotify.max_user_watches={needed}"
            " into /etc/sysctl.d/60-indexer.conf"
        )
        yield Finding("watching", "warning", words, advice)
    else:
        yield Finding("watching", "ok", f"{folders:,} folders, and the system has {limit:,} watches")


def _faces(session: Session) -> Iterator[Finding]:
    from ..config import models_folder
    from ..enrich.faces import models, parts
    from ..errors import UsageError

    try:
        kind = models.model_info()
    except UsageError as error:
        advice = f"{parts.HINT}, or put models into {models_folder() / 'faces'}; faces named in files work without"
        yield Finding("faces", "ok", f"faces are not detected: {error.args[0].partition(':')[0]}", advice)
        return
    try:
        models.find_faces(kind)
    except UsageError as error:
        advice = f"fix the files in {kind.folder}" if kind.folder else "install the missing library, on Debian: libgl1"
        yield Finding("faces", "warning", str(error), advice)
    else:
        yield Finding("faces", "ok", f"faces are detected with {kind.folder or 'the models of the extra [faces]'}")


def _text(session: Session) -> Iterator[Finding]:
    from ..enrich.enrichers import text
    from ..errors import UsageError

    try:
        text.model_info()
    except UsageError as error:
        yield Finding("text", "ok", f"text in photos is not read: {error.args[0].partition(':')[0]}", text.HINT)
    else:
        yield Finding("text", "ok", "text in photos is read by 'indexer enrich text'")


def _semantic_search(session: Session) -> Iterator[Finding]:
    from ..config import models_folder
    from ..enrich.enrichers import image_embeddings
    from ..errors import UsageError

    folder = models_folder() / "clip"
    try:
        kind = image_embeddings.find_model()
        if kind is not None:
            image_embeddings.load(kind).of_text("a word")
    except UsageError as error:
        words = f"pictures are not found by their content: {error}"
        yield Finding("semantic search", "warning", words, f"fix the files in {folder}")
        return
    if kind is None:
        advice = f"put a CLIP model into {folder}, and {image_embeddings.HINT}"
        yield Finding("semantic search", "ok", "photos are found by metadata, not by the content of pictures", advice)
    else:
        yield Finding("semantic search", "ok", f"pictures are found by their content, with the model in {folder}")


def _failures(session: Session) -> Iterator[Finding]:
    counts = Status(session).path_counts()
    advice = "indexer status --failures lists them"
    for status, words in (
        ("unreadable", "could not be read"),
        ("damaged", "are damaged, and indexed as far as possible"),
    ):
        if count := counts.get(status, 0):
            yield Finding("files", "warning", f"{count:,} paths {words}", advice)
    if rotten := sum("bit rot" in (failure.reason or "") for failure in Status(session).failures(-1)):
        yield Finding("files", "problem", f"{rotten:,} files are corrupted (bit rot)", "restore them from a backup")
    if os.environ.get("INDEXER_DB"):
        yield Finding("settings", "ok", f"INDEXER_DB names {os.environ['INDEXER_DB']}")
