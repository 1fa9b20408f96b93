"""`Index.uploads`: add files that clients of the HTTP API send. They are kept in the index's own folder, a root."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from .. import paths, private, scratch
from ..config import originals_folder
from ..errors import UsageError
from ..files import regular_nofollow
from ..store.assets import Existing, find_by_checksum
from ..store.libraries import has_library, put_in_library
from ..store.trash import unexclude
from ..store.uploads import record_upload, select_of_device
from .roots import Roots
from .scan import scan
from .session import Session

# Not allowed in names on some system.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_MOST_BYTES = 200
# Hidden, so that no scan enters it; beside the photos, so that moving a file out is a rename.
_STAGING = ".coming"
# Suffix of journals: one per file that is moved into place and not indexed yet, named by the file's SHA-256.
_JOURNAL = ".place"


class Upload(NamedTuple):
    """A file that was received completely. digest: SHA-256; device_asset_id: its id on the device that sent it."""

    path: Path
    name: str
    digest: bytes
    device_id: str
    device_asset_id: str
    created_at: datetime
    modified_at: datetime
    library_id: str | None


@contextmanager
def staging_folder(database: Path) -> Iterator[Path]:
    """A temporary folder to receive a file in."""
    folder = originals_folder(database, None) / _STAGING
    private.make_folder(folder)
    with scratch.folder(folder) as own:
        yield own


def safe_name(name: str) -> str:
    """The name without a path, changed as little as needed for every file system to accept it."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = _FORBIDDEN.sub("_", name.encode("utf-8", "replace").decode()).strip(" .")
    stem, ending = os.path.splitext(name)
    ending = ending if len(ending.encode()) <= 20 else ""
    stem = stem.encode()[: _MOST_BYTES - len(ending.encode())].decode("utf-8", "ignore").rstrip(" .")
    name = f"{stem}{ending}".lstrip("~.") or "photo"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


class Uploads:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, upload: Upload) -> tuple[str, bool]:
        """The asset's id, and whether it is new. Bytes that the index has already are not kept again, unless the
        asset's files cannot be reached: the client may delete its own copy when it has the answer.

        Raises UsageError for a file that is not a photo or video."""
        from ..media.formats import sniff
        from ..sync.explain import original

        session = self._session
        known = find_by_checksum(session.connection, _checksum(upload.digest))
        is_new = known is None
        if known is None or original(session.connection, known) is None:
            journal = originals_folder(session.path, None) / _STAGING / f"{upload.digest.hex()}{_JOURNAL}"
            place = _journaled(session, journal)
            if place is None:
                with open(upload.path, "rb", opener=regular_nofollow) as file:
                    if sniff(file.read(4096), upload.name) is None:
                        raise UsageError(f"{upload.name} is not a photo or video of a known format")
                place = _move_into_place(session, upload, journal)
            known = _index_journaled(session, journal, place)
            if known is None:
                raise UsageError(f"{upload.name} cannot be read")
        with session.transaction() as tx:
            record_upload(tx, upload.device_id, upload.device_asset_id, known)
        return known, is_new

    def existing(self, device_id: str, device_asset_ids: Sequence[str]) -> Sequence[Existing]:
        """Assets that a device knows under these names: this machine by their paths, others as they uploaded them."""
        return select_of_device(self._session.connection, device_id, device_asset_ids)

    def recover(self) -> None:
        """After a server that was killed: index the files that it had moved into place, and delete partial ones."""
        session = self._session
        scratch.sweep(session.path.absolute().parent)
        folder = originals_folder(session.path, None) / _STAGING
        scratch.sweep(folder)
        for journal in sorted(folder.glob(f"*{_JOURNAL}")):
            _index_journaled(session, journal, _journaled(session, journal))


def _journaled(session: Session, journal: Path) -> Path | None:
    """The file of a journal, if it was moved into place. The journal is named by the file's SHA-256: the file at that
    path may be a different one, which came before this one was moved."""
    try:
        place = session.path.absolute().parent / paths.from_text(journal.read_text(encoding="utf-8"))
        with open(place, "rb", opener=regular_nofollow) as file:
            return place if hashlib.file_digest(file, "sha256").hexdigest() == journal.stem else None
    except (FileNotFoundError, IsADirectoryError):
        return None


def _index_journaled(session: Session, journal: Path, place: Path | None) -> str | None:
    """Index the file of a journal at its place and return the asset's id. None if there is no file, or if it cannot be
    read, in which case it is deleted. The journal is deleted last."""
    known = None
    if place is not None:
        checksum = _checksum(bytes.fromhex(journal.stem))
        root = place.parents[2]
        with session.transaction() as tx:
            unexclude(tx, checksum)  # an upload overrides an earlier deletion
        scan(session, [place if _is_root(session, root) else root])
        library_id = root.name.removeprefix(originals_folder(session.path, None).name).removeprefix(".")
        if library_id and has_library(session.connection, library_id):
            with session.transaction() as tx:
                put_in_library(tx, paths.to_text(root.as_posix()), library_id)
        known = find_by_checksum(session.connection, checksum)
        if known is None:
            place.unlink(missing_ok=True)
    journal.unlink(missing_ok=True)
    return known


def _checksum(digest: bytes) -> str:
    return b64encode(digest).decode()


def _is_root(session: Session, folder: Path) -> bool:
    text = paths.to_text(folder.resolve().as_posix())
    return any(root.path == text for root in Roots(session).list())


def _move_into_place(session: Session, upload: Upload, journal: Path) -> Path:
    """Move the file to its permanent folder, by the month of capture, under an unused name. The journal, written first,
    holds the path: if the server is killed before the file is indexed, `recover` finds it."""
    from ..media.read import read_media

    stamp = upload.modified_at.timestamp()
    with suppress(OSError, OverflowError, ValueError):
        os.utime(upload.path, (stamp, stamp))
    taken = read_media(upload.path, hashed=False).local_datetime or upload.created_at.isoformat()
    folder = originals_folder(session.path, upload.library_id) / taken[:4] / taken[5:7]
    private.make_folder(folder)
    stem, ending = os.path.splitext(upload.name)
    place, number = folder / upload.name, 2
    while place.exists():
        place, number = folder / f"{stem}-{number}{ending}", number + 1
    _sync(upload.path)
    private.write(journal, paths.to_text(place.relative_to(session.path.absolute().parent).as_posix()).encode())
    _sync(journal)
    _sync(journal.parent)
    shutil.move(upload.path, place)
    _sync(folder)
    return place


def _sync(path: Path) -> None:
    """Flush a file or folder to disk, so that it survives a power cut. Not every system can flush a folder."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
