"""What clients of the HTTP API upload: files in the index's own folder, which is a root like any other."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import paths
from .config import originals_folder
from .errors import UsageError
from .files import regular_nofollow
from .store import queries

if TYPE_CHECKING:
    from .index import Index

# Not in names on one system or another.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_MOST_BYTES = 200
_OF_A_LIBRARY = re.compile(r"\.lib_[2-9A-HJ-NP-Za-km-z]{22}")
# Hidden, so that no scan looks into it; beside the photos, so that moving them out is one step.
_COMING = ".coming"


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


def coming(database: Path, library_id: str | None) -> Path:
    """A new folder, in which a file can come; it has to be removed."""
    import tempfile

    folder = originals_folder(database, library_id) / _COMING
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder))


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
    """The asset's id, and whether it is new. Bytes that are known already are not kept again.

    Raises UsageError for what is no photo or film."""
    from base64 import b64encode

    from .media.formats import sniff

    checksum = b64encode(upload.digest).decode()
    known = queries.asset_with(index.connection, checksum)
    if known is None:
        with open(upload.path, "rb", opener=regular_nofollow) as file:
            if sniff(file.read(4096), upload.name) is None:
                raise UsageError(f"{upload.name} is no photo or film of a kind that is known")
        root = originals_folder(index.path, upload.library_id)
        place = _place(root, upload)
        with index.change() as writer:
            writer.take_back(checksum)  # who uploads it wants it, though it was deleted once
        index.scan([place if _is_root(index, root) else root])
        if upload.library_id is not None:
            with index.change() as writer:
                writer.put_in_library(paths.to_text(root.as_posix()), upload.library_id)
        known = queries.asset_with(index.connection, checksum)
        if known is None:
            place.unlink(missing_ok=True)
            raise UsageError(f"{upload.name} cannot be read")
        is_new = True
    else:
        is_new = False
    with index.change() as writer:
        writer.note_upload(upload.device_id, upload.device_asset_id, known)
    return known, is_new


def _is_root(index: Index, folder: Path) -> bool:
    text = paths.to_text(folder.resolve().as_posix())
    return any(root.path == text for root in index.roots())


def _place(root: Path, upload: Upload) -> Path:
    """Move it to where it stays: by the month it was taken in, under a name that nobody has."""
    from .media.read import read_media

    stamp = upload.modified_at.timestamp()
    with suppress(OSError, OverflowError, ValueError):
        os.utime(upload.path, (stamp, stamp))
    taken = read_media(upload.path, hashed=False).local_datetime or upload.created_at.isoformat()
    folder = root / taken[:4] / taken[5:7]
    folder.mkdir(parents=True, exist_ok=True)
    stem, ending = os.path.splitext(upload.name)
    place, number = folder / upload.name, 2
    while place.exists():
        place, number = folder / f"{stem}-{number}{ending}", number + 1
    shutil.move(upload.path, place)
    return place


def own_files(index: Index, asset_id: str) -> list[Path]:
    """The files of what was uploaded; none where the photo also lies in a folder that is not the index's own."""
    roots = {root.id: root.path for root in index.roots()}
    places = [file for file in queries.places(index.connection, asset_id) if file.verdict != "gone"]
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
        with index.change() as writer:
            for asset_id in for_good:
                if any(file.verdict != "gone" for file in queries.places(index.connection, asset_id)):
                    writer.leave_out(asset_id)
                else:  # what comes back one day is wanted again
                    writer.purge([asset_id])
                for path in own[asset_id]:
                    path.unlink(missing_ok=True)
