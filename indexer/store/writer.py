"""The one that writes. Callers group their calls in `transaction()`; nothing half-written is ever seen."""

from __future__ import annotations

import binascii
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import compress
from pathlib import Path

from indexer import ids, paths
from indexer.errors import CannotUndo, DiskFull, IndexUnusable
from indexer.media.dates import utc
from indexer.media.facts import MediaFacts

from . import people, standing, words
from .changes import Change, FileStat, PassedOver, Volume
from .connection import IndexConnection
from .enrichments import Enrichment, put
from .history import count_new, path_of, tell, tell_of, tell_of_new
from .queries import ROOT, asset_json
from .rows import ASSET_ID, NUMBER, Activity, Coverage, Root
from .undo import UserChange, last, record_final, recorded, touched_assets, undo

_ADVICE = "What was written before is kept; 'indexer doctor' says more"
# Bytes: with fewer a disk is full.
_NO_ROOM = 1 << 20
_PRESENT = "verdict NOT IN ('gone', 'ignored')"

_ASSET = (
    ("number", "id", "checksum", "id_differs", "checksum_sha1", "fingerprint", "mime_type", "file_size_bytes")
    + ("width", "height", "duration", "original_file_name", "local_datetime", "file_id", "created_at", "updated_at")
    + ("words_changed_at", *words.COLUMNS)
)  # fmt: skip
_UPDATE_ASSET = """
UPDATE asset SET checksum = ?, id_differs = ?, checksum_sha1 = ?, fingerprint = ?, file_size_bytes = ? WHERE id = ?"""
_FILE = (
    ("root_id", "folder", "name", "verdict", "reason", "asset_number", "size", "mtime_ns", "ctime_ns", "inode")
    + ("device", "created_ns", "device_asset_id", "uri", "reading", "seen_at")
)  # fmt: skip
_UPSERT_FILE = f"""
INSERT INTO file ({", ".join(_FILE)}) VALUES ({", ".join("?" * len(_FILE))})
ON CONFLICT (root_id, folder, name) DO UPDATE SET is_folder = 0,
    {", ".join(f"{name} = excluded.{name}" for name in _FILE[3:])}
RETURNING id"""
# What was damaged is read again when it comes back, for then its row says no more what is wrong with it.
_FORGET_DAMAGE = "reading = iif(verdict = 'damaged', NULL, reading)"
_UPSERT_VERDICT = f"""
INSERT INTO file (root_id, folder, name, verdict, reason, is_folder, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (root_id, folder, name) DO UPDATE SET
    verdict = excluded.verdict, reason = excluded.reason, is_folder = excluded.is_folder, seen_at = excluded.seen_at,
    {_FORGET_DAMAGE}
RETURNING {ASSET_ID}"""

# Whether a folder holds nothing that could have a companion, or had one: no raw photo, no film, no burst.
_NO_COMPANIONS = """
SELECT NOT EXISTS (
    SELECT 1 FROM file JOIN asset ON asset.number = file.asset_number
    LEFT JOIN companion ON companion.asset_number = asset.number
    WHERE root_id = :root AND folder = :folder
      AND (mime_type GLOB 'video/*' OR mime_type GLOB 'image/x-*' OR name LIKE '%BURST%'
           OR companion.asset_number IS NOT NULL))"""

_UNSETTLED = """
SELECT id FROM asset WHERE file_id IS NULL AND trashed_at IS NULL AND trash_wish IS NULL
UNION
SELECT asset.id FROM file INDEXED BY file_away JOIN asset ON asset.number = file.asset_number
WHERE file.verdict IN ('gone', 'ignored') AND file.asset_number IS NOT NULL
  AND asset.trashed_at IS NULL AND trash_wish IS NULL"""


# Why a file is left out that the user deleted from the index.
LEFT_OUT = "you deleted it from the index; 'indexer roots --take-back' has it indexed again"


def timestamp() -> str:
    return utc(time.time_ns())


class Writer:
    """Writes changes through one connection. Not for two threads."""

    def __init__(self, connection: IndexConnection) -> None:
        self.connection = connection
        self._perhaps_orphans: set[str] = set()
        self._touched_folders: set[tuple[int, str]] = set()
        self._now = timestamp()
        self.change_id = 0  # of the last user_change

    @property
    def now(self) -> str:
        """The time that the present transaction bears."""
        return self._now

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Waits for other writers; on any exception nothing of it is kept. All of it bears one time.

        Raises IndexUnusable where the file was deleted or replaced, or is damaged, or another
        writer does not come to an end; DiskFull, one of these, where there is no room."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.ensure_in_place()
            self._now = timestamp()
            yield
            self.connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
                error, sqlite3.IntegrityError | sqlite3.ProgrammingError
            ):
                kind = DiskFull if _is_disk_full(error, self.connection.path) else IndexUnusable
                raise kind(f"cannot write to the index: {error}. {_ADVICE}") from error
            raise

    # Roots

    def add_root(self, path: str, uri: str) -> Root:
        row = self.connection.execute(
            "INSERT INTO root (path, uri, added_at) VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET path = excluded.path"
            f" RETURNING {ROOT}",
            (path, uri, self._now),
        ).fetchone()
        return Root(*row)

    def root_found(self, root: Root, volume: Volume, inode: int) -> None:
        """The root is there, on this file system. On the drive where it was before, its files have kept their inodes,
        though the drive's number may be another now."""
        if root.inode == inode and root.volume == volume.identity and root.device not in (None, volume.device):
            self._renumber(root.id, root.device, volume.device)
        self.connection.execute(
            "UPDATE root SET device = ?, inode = ?, volume = ?, filesystem = ?, offline_at = NULL, offline_why = NULL"
            " WHERE id = ?",
            (volume.device, inode, volume.identity, volume.filesystem, root.id),
        )
        if root.offline_at is not None:
            standing.choose_in_root(self.connection, root.id, self._now)

    def move_root(self, root_id: int, path: str, uri: str) -> None:
        """The folder lies elsewhere now, with all that is in it."""
        self.connection.execute("UPDATE root SET path = ?, uri = ? WHERE id = ?", (path, uri, root_id))
        self.connection.execute(
            "UPDATE asset SET updated_at = ? WHERE number IN (SELECT asset_number FROM file WHERE root_id = ?)",
            (self._now, root_id),
        )

    def root_scanned(self, root_id: int) -> None:
        self.connection.execute("UPDATE root SET scanned_at = ? WHERE id = ?", (self._now, root_id))

    def put_mounts(self, root_id: int, found: Mapping[str, Volume], away: Iterable[str]) -> None:
        """found: drives inside a root that are new or have changed; away: all those that are away."""
        for folder, volume in found.items():
            old = self.connection.execute(
                "SELECT device FROM mount WHERE root_id = ? AND folder = ?", (root_id, folder)
            ).fetchone()
            if old and old[0] != volume.device:
                self._renumber(root_id, old[0], volume.device)
            self.connection.execute(
                "INSERT INTO mount (root_id, folder, volume, filesystem, device) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (root_id, folder) DO UPDATE SET volume = excluded.volume,"
                " filesystem = excluded.filesystem, device = excluded.device",
                (root_id, folder, volume.identity, volume.filesystem, volume.device),
            )
        changed = self.connection.execute(
            "UPDATE mount SET offline_at = iif(offline_at IS NULL, ?2, NULL)"
            " WHERE root_id = ?3 AND (offline_at IS NULL) = (folder IN (SELECT value FROM json_each(?1)))",
            (json.dumps(list(away)), self._now, root_id),
        ).rowcount
        if changed:
            standing.choose_in_root(self.connection, root_id, self._now)

    def forget_mount(self, root_id: int, folder: str) -> None:
        """What lay on it is a part of the root like any other from now on."""
        self.connection.execute("DELETE FROM mount WHERE root_id = ? AND folder = ?", (root_id, folder))

    def _renumber(self, root_id: int, old: int | None, new: int) -> None:
        self.connection.execute("UPDATE file SET device = ? WHERE root_id = ? AND device = ?", (new, root_id, old))

    def root_offline(self, root: Root, why: str) -> None:
        self.connection.execute(
            "UPDATE root SET offline_at = coalesce(offline_at, ?), offline_why = ? WHERE id = ?",
            (self._now, why, root.id),
        )
        if root.offline_at is None:
            standing.choose_in_root(self.connection, root.id, self._now)

    def remove_root(self, root_id: int) -> None:
        """Forget a root and its files. Assets that also lie elsewhere are shown there; the others go to the trash at
        the next `settle`."""
        rows = self.connection.execute(
            "SELECT id FROM asset WHERE number IN (SELECT asset_number FROM file WHERE root_id = ?)", (root_id,)
        )
        asset_ids = [row[0] for row in rows.fetchall()]
        self._perhaps_orphans.update(asset_ids)
        self.connection.execute("DELETE FROM root WHERE id = ?", (root_id,))
        standing.choose_for_lost(self.connection, self._now)
        standing.reread(self.connection, asset_ids)

    def mend_places(self) -> int:
        """Show every asset where it can be reached, if there is such a place; the number of those that change."""
        return standing.choose_everywhere(self.connection, self._now)

    # Files

    def apply(self, change: Change) -> str:
        """Carry out one change; the id of its asset."""
        if change.kind == "new":
            assert change.facts is not None
            return self._add(change, change.facts)
        assert change.asset_id is not None
        with self._record_may_change(change.asset_id):
            returns = not self._is_present(change.asset_id)
            verdict = _verdict(change.facts) if change.facts else self._known_verdict(change)
            tell_of(self.connection, change, self._now)
            if change.kind == "modified":
                assert change.facts is not None
                self._replace_content(change.asset_id, change.facts)
            file_id = self._put_file(change.stat, self._number(change.asset_id), verdict, change.displaced)
            speaks = change.kind == "modified" or standing.speaking_file(self.connection, change.asset_id) == file_id
            if change.facts is not None and speaks:
                words.replace_words(self.connection, change.asset_id, change.facts, self._now)
            if change.left is not None:
                # Unless another file has come to lie there in the same pass, as when two names are swapped.
                self.connection.execute(
                    f"DELETE FROM file WHERE id = ? AND (asset_number, inode, size, mtime_ns) IS ({NUMBER}, ?, ?, ?)",
                    (change.left.id, change.asset_id, change.left.inode, change.left.size, change.left.mtime_ns),
                )
            standing.choose(self.connection, change.asset_id)
            if returns:  # live again, unless the user had put it in the trash
                self.connection.execute(
                    "UPDATE asset SET trashed_at = iif(trash_wish = 'in', trashed_at, NULL),"
                    " trash_wish = nullif(trash_wish, 'out') WHERE id = ?",
                    (change.asset_id,),
                )
        return change.asset_id

    def add(self, changes: Sequence[Change]) -> list[str]:
        """Carry out changes of the kind `new`, many at once, under the ids that they name, which are returned. Only for
        files that lie where no file lay, and of which neither the index nor the others know the content
        (`queries.unheard`)."""
        file_id = self.connection.execute("SELECT coalesce(max(id), 0) FROM file").fetchone()[0]
        files, assets, told, added = [], [], [], []
        for number, (_, stat, facts, asset_id, *_) in enumerate(changes, self._next_number()):
            assert facts is not None and asset_id is not None
            file_id += 1
            files.append((file_id, *self._file_row(stat, number, _verdict(facts))))
            assets.append(self._asset_row(number, asset_id, file_id, stat, facts))
            told.append((number, asset_id))
            added.append((asset_id, facts))
            self._touched_folders.add((stat.root_id, stat.folder))
        _insert(self.connection, "file", ("id", *_FILE), files)
        _insert(self.connection, "asset", _ASSET, assets)
        tell_of_new(self.connection, self._now, told)
        count_new(self.connection, [facts.local_datetime for _, facts in added])
        words.add_words(self.connection, added, self._now)
        return [asset_id for _, asset_id in told]

    def pass_over(self, path: PassedOver) -> None:
        row = self.connection.execute(
            _UPSERT_VERDICT,
            (path.root_id, path.folder, path.name, path.verdict, path.reason, int(path.is_folder), self._now),
        ).fetchone()
        if row[0] and path.verdict == "ignored":
            self._lost_a_place(row[0])
        elif row[0]:
            self._choose_file(row[0])

    def ignore_below(self, root_id: int, folder: str, reason: str) -> None:
        """A rule covers a whole folder now: its files leave the sight of lists, and keep their assets."""
        rows = self.connection.execute(
            f"UPDATE file SET verdict = 'ignored', reason = ?, seen_at = ?, {_FORGET_DAMAGE}"
            " WHERE root_id = ? AND (folder = ? OR folder >= ? || '/' AND folder < ? || '0')"
            f" AND asset_number IS NOT NULL AND verdict NOT IN ('gone', 'ignored') RETURNING {ASSET_ID}",
            (reason, self._now, root_id, folder, folder, folder),
        ).fetchall()
        self.connection.execute(
            "DELETE FROM file WHERE root_id = ? AND (folder = ? OR folder >= ? || '/' AND folder < ? || '0')"
            " AND asset_number IS NULL",
            (root_id, folder, folder, folder),
        )
        for asset_id in {row[0] for row in rows}:
            self._lost_a_place(asset_id)

    def forget(self, file_ids: Iterable[int]) -> None:
        """Rows of paths that never had an asset and are not there any more."""
        self.connection.executemany(
            "DELETE FROM file WHERE id = ? AND asset_number IS NULL", [(one,) for one in file_ids]
        )

    @property
    def is_unsettled(self) -> bool:
        return bool(self._perhaps_orphans or self._touched_folders)

    def mark_missing(self, file_id: int) -> None:
        """It was not found where it lay. Its asset stays as it is: the file may be on its way."""
        row = self.connection.execute(
            f"UPDATE file SET verdict = 'missing', reason = NULL, seen_at = ?, {_FORGET_DAMAGE}"
            f" WHERE id = ? AND {_PRESENT} AND verdict <> 'missing' RETURNING {ASSET_ID}, id",
            (self._now, file_id),
        ).fetchone()
        if row and row[0]:
            tell(self.connection, self._now, row[0], "file_missing", path=path_of(self.connection, row[1]))
            if standing.has_other_files(self.connection, *row):
                self._choose_file(row[0])

    def mark_gone(self, file_id: int) -> bool:
        """Whether the row was still there to be marked."""
        row = self.connection.execute(
            f"UPDATE file SET verdict = 'gone', reason = NULL, seen_at = ?, {_FORGET_DAMAGE}"
            f" WHERE id = ? AND verdict <> 'gone' RETURNING {ASSET_ID}, id",
            (self._now, file_id),
        ).fetchone()
        if row and row[0]:
            tell(self.connection, self._now, row[0], "file_gone", path=path_of(self.connection, row[1]))
            self._lost_a_place(row[0])
        return row is not None

    def settle(self, *, everything: bool = False) -> None:
        """Put assets into the trash that were left without a file. Called when a whole pass is through, so that a file
        on its way from one folder to another is not trashed in between. `everything`: not only those that lost a file
        since the last call, but any, as a process that was killed may have left them."""
        if everything:
            standing.choose_for_lost(self.connection, self._now)
            self._perhaps_orphans.update(row[0] for row in self.connection.execute(_UNSETTLED).fetchall())
        for asset_id in sorted(self._perhaps_orphans):
            if not self._is_present(asset_id):
                with self._record_may_change(asset_id):
                    self.connection.execute(
                        "UPDATE asset SET trashed_at = ? WHERE id = ? AND trashed_at IS NULL"
                        " AND trash_wish IS NOT 'out'",
                        (self._now, asset_id),
                    )
        self._perhaps_orphans.clear()
        for root_id, folder in sorted(self._touched_folders):
            self._join_companions(root_id, folder)
        self._touched_folders.clear()

    def _join_companions(self, root_id: int, folder: str) -> None:
        if self.connection.execute(_NO_COMPANIONS, {"root": root_id, "folder": folder}).fetchone()[0]:
            return
        from .companions import pairs_in

        for asset_id, pair in pairs_in(self.connection, root_id, folder).items():
            query = f"SELECT auto_stack_id, live_photo_cid FROM companion WHERE asset_number = {NUMBER}"
            if pair != (self.connection.execute(query, (asset_id,)).fetchone() or (None, None)):
                with self._record_may_change(asset_id):
                    self.connection.execute(
                        f"INSERT INTO companion VALUES ({NUMBER}, ?, ?) ON CONFLICT (asset_number) DO UPDATE SET"
                        " auto_stack_id = excluded.auto_stack_id, live_photo_cid = excluded.live_photo_cid",
                        (asset_id, *pair),
                    )

    # What was worked out

    def put_enrichments(self, worked_out: Sequence[Enrichment]) -> None:
        """Of one asset, unless it is not there any more."""
        asset_id = worked_out[0].asset_id
        if self.connection.execute("SELECT 1 FROM asset WHERE id = ?", (asset_id,)).fetchone():
            with self._record_may_change(asset_id):
                for one in worked_out:
                    put(self.connection, one, self._now)

    @contextmanager
    def variant_change(self, asset_id: str) -> Iterator[str]:
        """For changing an asset's variants; the moment at which it is done."""
        with self._record_may_change(asset_id):
            yield self._now

    def put_people(self, joins: Mapping[str, str | int], merges: Mapping[str, str | int]) -> None:
        """Whose faces are (face -> person), and which people are one with another; new people are numbers. What was
        said since that was found out counts more."""
        new: dict[int, str] = {}

        def who(person: str | int) -> str:
            known = people.still(self.connection, person) if isinstance(person, str) else new.get(person)
            known = known or people.found_person(self.connection, self._now)
            if isinstance(person, int):
                new[person] = known
            return known

        for person_id, into in merges.items():
            if people.still(self.connection, person_id) == person_id and not people.is_settled(
                self.connection, person_id
            ):
                people.merge(self.connection, person_id, who(into), None, self._now)
        for face_id, person in joins.items():
            if people.is_strangers(self.connection, face_id):
                people.assign(self.connection, [face_id], who(person), "likeness", self._now)
        people.tidy(self.connection, self._now)

    def describe_person(self, person_id: str, **values: object) -> None:
        """What the user says of a person, by column."""
        people.describe(self.connection, person_id, values, self._now)

    def merge_people(self, person_id: str, into: str) -> None:
        people.merge(self.connection, person_id, into, "user", self._now)
        people.tidy(self.connection, self._now)

    def give_faces(self, face_ids: Iterable[str], person_id: str | None) -> str:
        """Have the user say whose these faces are; None: somebody new. Returns who it is."""
        person_id = person_id or people.found_person(self.connection, self._now)
        people.assign(self.connection, face_ids, person_id, "user", self._now)
        people.tidy(self.connection, self._now)
        return person_id

    def detach_face(self, face_id: str) -> None:
        """The user says that it is nobody's who is known; no likeness says otherwise from then on."""
        people.assign(self.connection, [face_id], None, "user", self._now)
        people.tidy(self.connection, self._now)

    def delete_face(self, face_id: str) -> None:
        row = self.connection.execute("DELETE FROM face WHERE id = ? RETURNING asset_id", (face_id,)).fetchone()
        if row:
            self.connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (self._now, row[0]))
        people.tidy(self.connection, self._now)

    def add_person(self, **values: object) -> str:
        """Somebody of whom no photo is known yet; values by column."""
        person_id = people.found_person(self.connection, self._now)
        people.describe(self.connection, person_id, values, self._now)
        return person_id

    def delete_person(self, person_id: str) -> None:
        """Their faces are nobody's from then on."""
        people.delete(self.connection, person_id, self._now)

    # What users say

    @contextmanager
    def user_change(self, what: str) -> Iterator[None]:
        """A transaction of the user's, which `undo_last` takes back as one. Its id is `change_id` from then on."""
        with self.transaction(), recorded(self.connection, what, self._now) as self.change_id:
            yield

    def record_final(self, what: str, instead: str) -> None:
        """The present transaction is the user's and cannot be undone; nor can what was done before it from then on.
        instead: what can be done, in a sentence."""
        record_final(self.connection, what, instead, self._now)

    def undo_last(self, change_id: int | None = None) -> UserChange | None:
        """change_id: only if that is the last one. Raises CannotUndo."""
        with self.transaction(), ExitStack() as records:
            change = last(self.connection)
            if change_id is not None and (change is None or change.id != change_id):
                since = f"after it came: {change.what}" if change is not None and change.id > change_id else ""
                raise CannotUndo(f"change {change_id} is not the last one: {since or 'it was undone already'}")
            if change is None:
                return None
            change.ensure_undoable()
            for asset_id in touched_assets(self.connection, change.id):
                records.enter_context(self._record_may_change(asset_id))
            return undo(self.connection, change, self._now)

    def say(self, asset_id: str, **values: object) -> None:
        """What the user says of an asset, by column of user_value; None takes it back."""
        with self._record_may_change(asset_id):
            for name, value in values.items():
                self.connection.execute(
                    f"INSERT INTO user_value (asset_id, {name}) VALUES (?, ?)"
                    f" ON CONFLICT (asset_id) DO UPDATE SET {name} = excluded.{name}",
                    (asset_id, value),
                )

    def put_album(self, album_id: str, name: str) -> None:
        """A new album, or another name for one."""
        self.connection.execute(
            "INSERT INTO album (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at",
            (album_id, name, self._now, self._now),
        )

    def describe_album(self, album_id: str, **values: str | None) -> None:
        """What the user says of an album, by column."""
        for name, value in values.items():
            query = f"UPDATE album SET {name} = ?, updated_at = ? WHERE id = ?"
            self.connection.execute(query, (value, self._now, album_id))

    def delete_album(self, album_id: str) -> None:
        self.connection.execute("DELETE FROM album_asset WHERE album_id = ?", (album_id,))
        self.connection.execute("DELETE FROM album WHERE id = ?", (album_id,))

    def add_to_album(self, album_id: str, asset_id: str) -> bool:
        """Whether it was not in it yet."""
        link = ids.named_id("album_asset", album_id, asset_id)
        return bool(
            self.connection.execute(
                "INSERT INTO album_asset VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (link, album_id, asset_id, self._now, self._now),
            ).rowcount
        )

    def take_from_album(self, album_id: str, asset_id: str) -> bool:
        """Whether it was in it."""
        query = "DELETE FROM album_asset WHERE album_id = ? AND asset_id = ?"
        return bool(self.connection.execute(query, (album_id, asset_id)).rowcount)

    # Verifying

    def begin_round(self) -> str:
        """A round of verifying all files: the moment when it began, which may be long ago, but not in the future."""
        row = self.connection.execute(
            "INSERT INTO setting (name, value) VALUES ('verify_round', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = min(value, excluded.value) RETURNING value",
            (self._now,),
        ).fetchone()
        return str(row[0])

    def end_round(self) -> None:
        self.connection.execute("DELETE FROM setting WHERE name = 'verify_round'")

    def verified(self, file_id: int, fingerprint: str | None) -> None:
        """The bytes are what they were. An asset from before fingerprints were taken gets its own now."""
        self.connection.execute("UPDATE file SET verified_at = ? WHERE id = ?", (self._now, file_id))
        if fingerprint is not None:
            self.connection.execute(
                "UPDATE asset SET fingerprint = ? WHERE fingerprint IS NULL"
                " AND number = (SELECT asset_number FROM file WHERE id = ?)",
                (fingerprint, file_id),
            )

    def rotten(self, file_id: int, reason: str) -> None:
        row = self.connection.execute(
            "UPDATE file SET verdict = 'damaged', reason = ?, verified_at = ?, seen_at = ? WHERE id = ?"
            f" RETURNING {ASSET_ID}",
            (reason, self._now, self._now, file_id),
        ).fetchone()
        if row:
            tell(self.connection, self._now, row[0], "file_rotten", path=path_of(self.connection, file_id))

    # The trash

    def trash(self, asset_id: str) -> None:
        """The user puts an asset in the trash, whatever becomes of its files."""
        with self._record_may_change(asset_id):
            self.connection.execute(
                "UPDATE asset SET trashed_at = coalesce(trashed_at, ?), trash_wish = 'in' WHERE id = ?",
                (self._now, asset_id),
            )

    def restore(self, asset_id: str) -> bool:
        """The user takes an asset out of the trash; it stays out though its files may be gone. Whether it was there."""
        with self._record_may_change(asset_id):
            wish = None if self._is_present(asset_id) else "out"
            row = self.connection.execute(
                "UPDATE asset SET trashed_at = NULL, trash_wish = ? WHERE id = ? AND trashed_at IS NOT NULL",
                (wish, asset_id),
            )
        return bool(row.rowcount)

    def purge(self, asset_ids: Iterable[str]) -> None:
        """Forget assets for good, with all that belongs to them and with the places where they lay."""
        for asset_id in asset_ids:
            self.connection.execute("UPDATE asset SET file_id = NULL WHERE id = ?", (asset_id,))
            self.connection.execute(f"DELETE FROM file WHERE asset_number = {NUMBER}", (asset_id,))
            self.connection.execute("DELETE FROM asset WHERE id = ?", (asset_id,))

    def leave_out(self, asset_id: str) -> None:
        """Forget an asset for good, though its files are there; they are left out from now on, by what they hold."""
        self.connection.execute(
            "INSERT OR IGNORE INTO left_out SELECT checksum, ? FROM asset WHERE id = ?", (self._now, asset_id)
        )
        self.connection.execute(
            "UPDATE file SET verdict = 'ignored', reason = ?, asset_number = NULL, seen_at = ?"
            f" WHERE asset_number = {NUMBER} AND verdict <> 'gone'",
            (LEFT_OUT, self._now, asset_id),
        )
        self.purge([asset_id])

    def note_left_out(self, stat: FileStat) -> None:
        """A file that was read, and holds what is left out. Its stat is kept, so that it is not read again."""
        now = "verdict, reason, size, mtime_ns, ctime_ns, inode, device, seen_at"
        self.connection.execute(
            f"INSERT INTO file (root_id, folder, name, {now}) VALUES (?, ?, ?, 'ignored', ?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (root_id, folder, name) DO UPDATE SET ({now}) ="
            f" ({', '.join(f'excluded.{name}' for name in now.split(', '))})",
            (*stat[:3], LEFT_OUT, stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode, stat.device, self._now),
        )

    def take_back(self, checksum: str | None) -> int:
        """Leave such content out no longer; None: nothing any more. How much it was. The next scan finds it."""
        where, values = ("", ()) if checksum is None else (" WHERE checksum = ?", (checksum,))
        count = self.connection.execute(f"DELETE FROM left_out{where}", values).rowcount
        if count:  # which of the files hold it nobody knows: they are read again
            self.connection.execute(
                "DELETE FROM file WHERE verdict = 'ignored' AND reason = ? AND asset_number IS NULL", (LEFT_OUT,)
            )
        return count

    def note_upload(self, device_id: str, device_asset_id: str, asset_id: str) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO upload VALUES (?, ?, ?)", (device_id, device_asset_id, asset_id)
        )

    def put_in_library(self, root_path: str, library_id: str | None) -> None:
        self.connection.execute("UPDATE root SET library_id = ? WHERE path = ?", (library_id, root_path))

    # What is running

    def put_coverage(self, coverage: Coverage) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?)",
            coverage._replace(uncovered=json.dumps(coverage.uncovered, ensure_ascii=False)),  # type: ignore[arg-type]
        )

    def end_coverage(self, root_ids: Iterable[int]) -> None:
        self.connection.executemany("DELETE FROM coverage WHERE root_id = ?", [(number,) for number in root_ids])

    def put_activities(self, running: Iterable[Activity]) -> None:
        """Have the table say what is at work now; see `activities`."""
        self.connection.execute("DELETE FROM activity")
        self.connection.executemany(
            "INSERT INTO activity (kind, host, pid, roots, started_at) VALUES (?, ?, ?, ?, ?)",
            [(one.kind, one.host, one.pid, "\n".join(one.roots), one.started_at) for one in running if one.roots],
        )

    def probe(self) -> None:
        """Write something that changes nothing: is there room again? Raises DiskFull."""
        with self.transaction():
            self.connection.execute("UPDATE setting SET value = value WHERE name = 'device_id'")

    # Within

    def _add(self, change: Change, facts: MediaFacts) -> str:
        counter, stat = 0, change.stat
        asset_id = ids.asset_id(facts.sha256)
        while self._is_known(asset_id):
            # The id is taken by an asset that had this content when it was first seen, and was edited since.
            counter += 1
            asset_id = ids.asset_id(facts.sha256, counter)
        number = self._next_number()
        file_id = self._put_file(stat, number, _verdict(facts), change.displaced)
        row = self._asset_row(number, asset_id, file_id, stat, facts, counter > 0)
        _insert(self.connection, "asset", _ASSET, [row])
        tell_of_new(self.connection, self._now, [(number, asset_id)])
        count_new(self.connection, [facts.local_datetime])
        words.add_words(self.connection, [(asset_id, facts)], self._now)
        return asset_id

    def _number(self, asset_id: str) -> int:
        return int(self.connection.execute("SELECT number FROM asset WHERE id = ?", (asset_id,)).fetchone()[0])

    def _next_number(self) -> int:
        return int(self.connection.execute("SELECT coalesce(max(number), 0) + 1 FROM asset").fetchone()[0])

    def _is_known(self, asset_id: str) -> bool:
        return self.connection.execute("SELECT 1 FROM asset WHERE id = ?", (asset_id,)).fetchone() is not None

    def _asset_row(
        self, number: int, asset_id: str, file_id: int, stat: FileStat, facts: MediaFacts, id_differs: bool = False
    ) -> tuple[object, ...]:
        """In the order of _ASSET."""
        return (
            number,
            asset_id,
            checksum(facts.sha256),
            int(id_differs),
            checksum(facts.sha1),
            facts.fingerprint,
            facts.mime_type,
            facts.size,
            facts.width,
            facts.height,
            facts.duration,
            stat.name,
            facts.local_datetime,
            file_id,
            self._now,
            self._now,
            self._now,
            *words.row_of(facts),
        )

    def _replace_content(self, asset_id: str, facts: MediaFacts) -> None:
        self.connection.execute(
            "INSERT INTO former_checksum SELECT checksum, checksum_sha1, id, ? FROM asset WHERE id = ?"
            " ON CONFLICT DO UPDATE SET until = excluded.until",
            (self._now, asset_id),
        )
        differs = int(asset_id != ids.asset_id(facts.sha256))
        content = (checksum(facts.sha256), differs, checksum(facts.sha1), facts.fingerprint, facts.size, asset_id)
        self.connection.execute(_UPDATE_ASSET, content)

    def _put_file(self, stat: FileStat, number: int, verdict: tuple[str, str | None], displaced: str | None) -> int:
        row = self.connection.execute(_UPSERT_FILE, self._file_row(stat, number, verdict)).fetchone()
        self._touched_folders.add((stat.root_id, stat.folder))
        if displaced is not None:
            self._lost_a_place(displaced)
        return int(row[0])

    def _file_row(self, stat: FileStat, number: int, verdict: tuple[str, str | None]) -> tuple[object, ...]:
        """In the order of _FILE."""
        path = paths.join(stat.folder, stat.name)
        name, uri = paths.nfc(path), paths.uri(paths.from_text(path))
        return (
            stat.root_id,
            stat.folder,
            stat.name,
            *verdict,
            number,
            stat.size,
            stat.mtime_ns,
            stat.ctime_ns,
            stat.inode,
            stat.device,
            None if stat.created_ns == stat.mtime_ns else stat.created_ns,
            None if name == path else name,
            None if uri == path else uri,
            stat.reading,
            self._now,
        )

    def _known_verdict(self, change: Change) -> tuple[str, str | None]:
        """A file that moved unread is as sound or damaged as it was."""
        if change.left is not None and change.left.verdict in ("indexed", "damaged"):
            return change.left.verdict, change.left.reason
        problems = self.connection.execute(
            f"SELECT reason FROM file WHERE asset_number = {NUMBER} AND verdict = 'damaged' LIMIT 1", (change.asset_id,)
        ).fetchone()
        return ("damaged", problems[0]) if problems else ("indexed", None)

    def _lost_a_place(self, asset_id: str) -> None:
        self._perhaps_orphans.add(asset_id)
        self._choose_file(asset_id)

    def _choose_file(self, asset_id: str) -> None:
        with self._record_may_change(asset_id):
            standing.choose(self.connection, asset_id)

    def _is_present(self, asset_id: str) -> bool:
        query = f"SELECT 1 FROM file WHERE asset_number = {NUMBER} AND {_PRESENT} LIMIT 1"
        return self.connection.execute(query, (asset_id,)).fetchone() is not None

    @contextmanager
    def _record_may_change(self, asset_id: str) -> Iterator[None]:
        """Moves updated_at exactly when the record's JSON comes out different."""
        before = asset_json(self.connection, asset_id)
        yield
        if asset_json(self.connection, asset_id) != before:
            self.connection.execute("UPDATE asset SET updated_at = ? WHERE id = ?", (self._now, asset_id))


def _insert(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Each row without the columns that are NULL in it, which are half of most: sqlite3 asks of every None whether it
    may be adapted to something else, which takes longer than to write a number."""
    statements: dict[tuple[bool, ...], str] = {}
    for row in rows:
        given = tuple([value is not None for value in row])
        statement = statements.get(given)
        if statement is None:
            names = list(compress(columns, given))
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            statements[given] = statement
        connection.execute(statement, [value for value in row if value is not None])


def _verdict(facts: MediaFacts) -> tuple[str, str | None]:
    return ("damaged", "; ".join(facts.problems)) if facts.problems else ("indexed", None)


def _is_disk_full(error: sqlite3.Error, path: Path) -> bool:
    """Some writes, as to the shared memory, fail for want of room like for any other trouble."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        import shutil

        try:
            return shutil.disk_usage(path).free < _NO_ROOM
        except OSError:  # it was deleted meanwhile, say
            return False
    return code == sqlite3.SQLITE_FULL


def checksum(digest: bytes) -> str:
    return binascii.b2a_base64(digest, newline=False).decode()
