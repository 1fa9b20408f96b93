"""What clients of the HTTP API upload: files in the index's own folder, which is a root like any other."""

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
from typing import TYPE_CHECKING, NamedTuple

from .. import paths, private, scratch
from ..config import originals_folder
from ..errors import UsageError
from ..files import regular_nofollow
from ..store.assets import find_by_checksum
from ..store.files import select_places
from ..store.libraries import has_library, put_in_library
from ..store.trash import exclude, purge_assets, unexclude
from ..store.undo import record_final
from ..store.uploads import record_upload

if TYPE_CHECKING:
    from . import Index

# Not in names on one system or another.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_MOST_BYTES = 200
_OF_A_LIBRARY = re.compile(r"\.lib_[2-9A-HJ-NP-Za-km-z]{22}")
# Hidden, so that no scan looks into it; beside the photos, so that moving them out is one step.
_COMING = ".coming"
# Notes of files that were moved into place and are not indexed yet, by the SHA-256 of each.
_NOTE = ".place"


class Upload(NamedTuple):
    """A file that has come whole. digest: SHA-256; device_asset_id: what the device that it comes from calls it."""

    path: Path
    name: str
    digest: bytes
    device_id: str
    device_asset_id: str
    created_at: datetime
    modified_at: datetime
    library_id: str | None


@contextmanager
def coming(database: Path) -> Iterator[Path]:
    """A new folder, in which a file can come."""
    folder = originals_folder(database, None) / _COMING
    private.make_folder(folder)
    with scratch.folder(folder) as own:
        yield own


def safe_name(name: str) -> str:
    """A name that every file system takes, as like the given one as can be. Nothing of a path is left of it."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = _FORBIDDEN.sub("_", name.encode("utf-8", "replace").decode()).strip(" .")
    stem, ending = os.path.splitext(name)
    ending = ending if len(ending.encode()) <= 20 else ""
    stem = stem.encode()[: _MOST_BYTES - len(ending.encode())].decode("utf-8", "ignore").rstrip(" .")
    name = f"{stem}{ending}".lstrip("~.") or "photo"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def take_in(index: Index, upload: Upload) -> tuple[str, bool]:
    """The asset's id, and whether it is new. Bytes that lie somewhere already are not kept again; but they are if the
    asset's files are gone or cannot be reached: the client may delete its own copy when it has the answer.

    Raises UsageError for what is no photo or film."""
    from ..media.formats import sniff
    from ..sync.explain import original

    known = find_by_checksum(index.connection, _checksum(upload.digest))
    is_new = known is None
    if known is None or original(index.connection, known) is None:
        note = originals_folder(index.path, None) / _COMING / f"{upload.digest.hex()}{_NOTE}"
        place = _noted(index, note)
        if place is None:
            with open(upload.path, "rb", opener=regular_nofollow) as file:
                if sniff(file.read(4096), upload.name) is None:
                    raise UsageError(f"{upload.name} is no photo or film of a kind that is known")
            place = _move_in(index, upload, note)
        known = _index_noted(index, note, place)
        if known is None:
            raise UsageError(f"{upload.name} cannot be read")
    with index.change() as tx:
        record_upload(tx, upload.device_id, upload.device_asset_id, known)
    return known, is_new


def recover(index: Index) -> None:
    """After a server that was killed: index what it had moved into place, and clear what had come half."""
    scratch.sweep(index.path.absolute().parent)
    folder = originals_folder(index.path, None) / _COMING
    scratch.sweep(folder)
    for note in sorted(folder.glob(f"*{_NOTE}")):
        _index_noted(index, note, _noted(index, note))


def _noted(index: Index, note: Path) -> Path | None:
    """The file that a note is about, if it was moved into place. A note bears the SHA-256 of the file; what lies there
    may be another, which came when the first one had not been moved yet."""
    try:
        place = index.path.absolute().parent / paths.from_text(note.read_text(encoding="utf-8"))
        with open(place, "rb", opener=regular_nofollow) as file:
            return place if hashlib.file_digest(file, "sha256").hexdigest() == note.stem else None
    except (FileNotFoundError, IsADirectoryError):
        return None


def _index_noted(index: Index, note: Path, place: Path | None) -> str | None:
    """Index the file that a note is about, at its place; the asset's id. None where there is none, or it cannot be
    read, and is not kept. The note goes last."""
    known = None
    if place is not None:
        checksum = _checksum(bytes.fromhex(note.stem))
        root = place.parents[2]
        with index.change() as tx:
            unexclude(tx, checksum)  # who uploads it wants it, though it was deleted once
        index.scan([place if _is_root(index, root) else root])
        library_id = root.name.removeprefix(originals_folder(index.path, None).name).removeprefix(".")
        if library_id and has_library(index.connection, library_id):
            with index.change() as tx:
                put_in_library(tx, paths.to_text(root.as_posix()), library_id)
        known = find_by_checksum(index.connection, checksum)
        if known is None:
            place.unlink(missing_ok=True)
    note.unlink(missing_ok=True)
    return known


def _checksum(digest: bytes) -> str:
    return b64encode(digest).decode()


def _is_root(index: Index, folder: Path) -> bool:
    text = paths.to_text(folder.resolve().as_posix())
    return any(root.path == text for root in index.roots())


def _move_in(index: Index, upload: Upload, note: Path) -> Path:
    """Move it to where it stays: by the month it was taken in, under a name that nobody has. The note says where, so
    that it is found there by whoever comes after a server that is killed before it has indexed it."""
    from ..media.read import read_media

    stamp = upload.modified_at.timestamp()
    with suppress(OSError, OverflowError, ValueError):
        os.utime(upload.path, (stamp, stamp))
    taken = read_media(upload.path, hashed=False).local_datetime or upload.created_at.isoformat()
    folder = originals_folder(index.path, upload.library_id) / taken[:4] / taken[5:7]
    private.make_folder(folder)
    stem, ending = os.path.splitext(upload.name)
    place, number = folder / upload.name, 2
    while place.exists():
        place, number = folder / f"{stem}-{number}{ending}", number + 1
    _sync(upload.path)
    private.write(note, paths.to_text(place.relative_to(index.path.absolute().parent).as_posix()).encode())
    _sync(note)
    _sync(note.parent)
    shutil.move(upload.path, place)
    _sync(folder)
    return place


def _sync(path: Path) -> None:
    """Have the system write it to the disk, so that it outlives a power cut. Not every system can for a folder."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def own_files(index: Index, asset_id: str) -> list[Path]:
    """The files of what was uploaded; none where the photo also lies in a folder that is not the index's own."""
    roots = {root.id: root.path for root in index.roots()}
    places = [file for file in select_places(index.connection, asset_id) if file.verdict != "gone"]
    if not all(_is_own(index, roots[file.root_id]) for file in places):
        return []
    return [
        Path(paths.from_text(roots[file.root_id]), paths.from_text(paths.join(file.folder, file.name)))
        for file in places
    ]


def _is_own(index: Index, root_path: str) -> bool:
    """Does this root hold what was uploaded?"""
    own = originals_folder(index.path, None).resolve()
    root = Path(paths.from_text(root_path))
    library = root.name.removeprefix(own.name)
    # A user's folder that is merely called so is not ours to delete from.
    return root.parent == own.parent and (root == own or _OF_A_LIBRARY.fullmatch(library) is not None)


def delete(index: Index, asset_ids: Sequence[str]) -> None:
    """See Index.delete."""
    trashed = {one.id for one in index.trashed()}
    own = {asset_id: own_files(index, asset_id) for asset_id in asset_ids}
    to_trash = [asset_id for asset_id in asset_ids if own[asset_id] and asset_id not in trashed]
    if to_trash:
        index.trash(to_trash)
    for_good = [asset_id for asset_id in asset_ids if asset_id not in to_trash]
    if for_good:
        with index.change() as tx:
            for asset_id in for_good:
                if any(file.verdict != "gone" for file in select_places(index.connection, asset_id)):
                    exclude(tx, asset_id)
                else:  # what comes back one day is wanted again
                    purge_assets(tx, [asset_id])
                for path in own[asset_id]:
                    path.unlink(missing_ok=True)
            what = f"deleted {len(for_good):,} {'photo' if len(for_good) == 1 else 'photos'} from the index"
            record_final(tx, what, "'indexer roots --take-back' has those that lie in your folders indexed again.")
