"""Merge another index into this one. Ids come from content, so the same photo is the same asset in both and nothing is
duplicated. If values conflict, those of this index stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from indexer import ids
from indexer.errors import IndexUnusable

from . import people
from .albums import add_to_album, put_album
from .counters import recount
from .database import IndexConnection
from .events import record_created
from .results import RESULTS, Rendition
from .roots import ROOT_COLUMNS, Root, select_roots
from .tables import TABLES
from .transaction import Transaction, begin
from .undo import record_final

# Their asset -> ours: the one with the same bytes, else with the same id (the same bytes when first indexed), else with
# bytes that either index knew the asset by before an edit.
_ASSETS = """
INSERT INTO temp.merge_asset (their_number, theirs, ours, is_new, is_same)
SELECT number, id, coalesce(known, id), known IS NULL, known IS NULL OR EXISTS (
           SELECT 1 FROM main.asset AS mine WHERE mine.id = known AND mine.checksum = their.checksum)
FROM (
    SELECT their.number, their.id, their.checksum, coalesce(
        (SELECT id FROM main.asset WHERE id = id_of(their.checksum) AND checksum = their.checksum),
        (SELECT id FROM main.asset WHERE checksum = their.checksum AND id_differs = 1),
        (SELECT id FROM main.asset WHERE id = their.id),
        (SELECT asset_id FROM main.former_checksum WHERE checksum = their.checksum ORDER BY until DESC LIMIT 1),
        (SELECT asset.id FROM theirs.former_checksum AS former
         JOIN main.asset ON asset.id = id_of(former.checksum) AND asset.checksum = former.checksum
         WHERE former.asset_id = their.id ORDER BY former.until DESC LIMIT 1),
        (SELECT asset.id FROM theirs.former_checksum AS former
         JOIN main.asset ON asset.checksum = former.checksum AND id_differs = 1
         WHERE former.asset_id = their.id ORDER BY former.until DESC LIMIT 1)) AS known
    FROM theirs.asset AS their) AS their"""

# Temporary tables that map their ids to ours.
_PAIRS = {
    "merge_root": "theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL",
    "merge_asset": "their_number INTEGER PRIMARY KEY, our_number INTEGER, theirs TEXT NOT NULL UNIQUE,"
    " ours TEXT NOT NULL, is_new INTEGER NOT NULL, is_same INTEGER NOT NULL",
    "merge_enrichment": "their_number INTEGER, our_number INTEGER, enricher TEXT, PRIMARY KEY (enricher, their_number)",
    "merge_person": "theirs TEXT PRIMARY KEY, ours TEXT NOT NULL",
    "merge_album": "theirs TEXT PRIMARY KEY, ours TEXT NOT NULL",
}

_NOT_PORTABLE = ", ".join(f"'{enricher}'" for enricher, storage in RESULTS.items() if not storage.is_portable)
# Their results that we lack, computed from the same input.
_ENRICHMENTS = f"""
INSERT INTO temp.merge_enrichment (their_number, our_number, enricher)
SELECT their_number, our_number, enricher
FROM theirs.enrichment JOIN temp.merge_asset AS asset ON their_number = enrichment.asset_number
JOIN main.enrichment_input AS input ON input.asset_id = asset.ours
WHERE error IS NULL AND enrichment.input_key IN (picture, place)
  AND enricher NOT IN ({_NOT_PORTABLE})
  AND (is_new OR enricher <> 'faces')
  AND NOT EXISTS (SELECT 1 FROM main.enrichment AS mine
                  WHERE mine.asset_number = our_number AND mine.enricher = enrichment.enricher)"""


@dataclass(slots=True)
class Merged:
    """What was merged. roots: paths of new ones. assets, files, people, albums: numbers of new ones. known: assets that
    were in both. values: known assets that gained user values. kept: known assets with conflicting user values; ours
    stayed. edited: known assets with other bytes there, as when one copy was edited; only the checksum was taken."""

    roots: list[str] = field(default_factory=list)
    assets: int = 0
    known: int = 0
    files: int = 0
    values: int = 0
    kept: int = 0
    edited: int = 0
    people: int = 0
    albums: int = 0

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@contextmanager
def attached(connection: sqlite3.Connection, other: Path) -> Iterator[None]:
    """Attach another index, of this schema version, as `theirs`."""
    try:
        connection.execute("ATTACH ? AS theirs", (str(other),))
    except sqlite3.Error as error:
        raise IndexUnusable(f"{other} cannot be opened: {error}") from error
    try:
        connection.create_function("id_of", 1, ids.of_checksum, deterministic=True)
        for name, columns in _PAIRS.items():
            connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
        yield
    finally:
        for name in _PAIRS:
            connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
        connection.execute("DETACH theirs")


def merge(connection: IndexConnection, what: str, instead: str) -> Merged:
    """Merge the attached index atomically. what, instead: see undo.record_final."""
    with begin(connection) as tx:
        run = _Merge(tx)
        run.take_roots()
        run.take_assets()
        run.take_files()
        run.take_enrichments()
        run.take_values()
        run.take_people()
        run.take_albums()
        record_final(tx, what, instead)
    return run.merged


def renditions(connection: sqlite3.Connection) -> list[tuple[str, Rendition]]:
    """Their renditions of assets that have none here, with our ids."""
    rows = connection.execute(
        "SELECT ours, name, file, mime_type, width, height, size FROM theirs.rendition AS their"
        " JOIN temp.merge_asset ON their_number = their.asset_number AND is_same"
        " WHERE NOT EXISTS (SELECT 1 FROM main.rendition WHERE rendition.asset_number = our_number)"
        " ORDER BY ours, used_at"
    )
    return [(asset_id, Rendition(*row)) for asset_id, *row in rows]


def record_renditions(connection: sqlite3.Connection, asset_id: str) -> None:
    """Record that the files of an asset's renditions were copied, so that they are not made again."""
    connection.execute(
        "INSERT OR IGNORE INTO main.enrichment SELECT our_number, enricher, version, their.input_key, error, done_at"
        " FROM theirs.enrichment AS their JOIN temp.merge_asset ON their_number = their.asset_number"
        " JOIN main.enrichment_input AS input ON input.asset_id = ours AND their.input_key IN (picture, faces)"
        " WHERE ours = ? AND enricher IN ('renditions', 'portraits')",
        (asset_id,),
    )


class _Merge:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._db = tx.connection
        self._now = tx.now
        self.merged = Merged()

    def take_roots(self) -> None:
        our_device, their_device = (self._setting(schema, "device_id") for schema in ("main", "theirs"))
        is_here = our_device == their_device
        known = select_roots(self._db)
        for root in [Root(*row) for row in self._db.execute(f"SELECT {ROOT_COLUMNS} FROM theirs.root ORDER BY id")]:
            ours = next((mine for mine in known if self._is_same(mine, root, is_here)), None)
            ours_id = ours.id if ours else self._add_root(root, is_here, their_device)
            self._db.execute("INSERT INTO temp.merge_root VALUES (?, ?)", (root.id, ours_id))

    def _is_same(self, ours: Root, theirs: Root, is_here: bool) -> bool:
        """Whether two roots are one folder: by path on one machine, else by volume and inode. Machines set up from one
        image agree in these too, so between machines the roots must also share a file."""
        if is_here and ours.path == theirs.path:
            return True
        if theirs.volume is None or (ours.volume, ours.inode) != (theirs.volume, theirs.inode):
            return False
        shared = (
            "SELECT 1 FROM theirs.file AS their JOIN main.file USING (folder, name, inode, size, mtime_ns)"
            " WHERE their.root_id = ? AND file.root_id = ? LIMIT 1"
        )
        return is_here or self._db.execute(shared, (theirs.id, ours.id)).fetchone() is not None

    def _add_root(self, root: Root, is_here: bool, device: str) -> int:
        """Add a root. Another machine's is offline until it is found: the same path here is another folder."""
        path = root.path
        if self._db.execute("SELECT 1 FROM main.root WHERE path = ?", (path,)).fetchone():
            path = f"{path} ({device})"
        self.merged.roots.append(path)
        row = self._db.execute("SELECT * FROM theirs.root WHERE id = ?", (root.id,))
        values = dict(zip([column[0] for column in row.description], row.fetchone(), strict=True))
        values |= {"id": None, "path": path, "added_at": self._now}
        self._db.execute(
            "INSERT OR IGNORE INTO main.library SELECT * FROM theirs.library WHERE id = ?", (values["library_id"],)
        )
        if not is_here:
            values |= {"offline_at": self._now, "offline_reason": f"it lies on another machine, {device}"}
            if root.volume is None:  # these numbers mean nothing on this machine
                values |= {"device": None, "inode": None}
        names = ", ".join(values)
        added = self._db.execute(
            f"INSERT INTO main.root ({names}) VALUES ({', '.join('?' * len(values))}) RETURNING id",
            list(values.values()),
        ).fetchone()
        return int(added[0])

    def take_assets(self) -> None:
        self._db.execute(_ASSETS)
        ours = ("number", "file_id", "created_at", "updated_at")
        columns = [name for name in self._columns("asset") if name not in ours]
        self.merged.assets = self._db.execute(
            f"INSERT INTO main.asset ({', '.join(columns)}, created_at, updated_at)"
            f" SELECT {', '.join(f'their.{name}' for name in columns)}, ?, ? FROM theirs.asset AS their"
            " JOIN temp.merge_asset AS asset ON asset.theirs = their.id WHERE is_new ORDER BY number",
            (self._now, self._now),
        ).rowcount
        self._db.execute(
            "UPDATE temp.merge_asset SET our_number = (SELECT number FROM main.asset WHERE asset.id = ours)"
        )
        added = self._db.execute("SELECT our_number, ours FROM temp.merge_asset WHERE is_new ORDER BY ours").fetchall()
        record_created(self._tx, added)
        recount(self._db)
        for table in TABLES:
            if table.merged is not None:
                self._copy(table.name, "is_new" if table.merged == "new" else "true")
        self.merged.known, self.merged.edited = self._db.execute(
            "SELECT count(*) FILTER (WHERE NOT is_new), count(*) FILTER (WHERE NOT is_same) FROM temp.merge_asset"
        ).fetchone()
        self._db.execute(
            "INSERT OR IGNORE INTO main.excluded_content SELECT * FROM theirs.excluded_content AS their"
            " WHERE NOT EXISTS (SELECT 1 FROM main.asset"
            " WHERE asset.id = id_of(their.checksum) AND asset.checksum = their.checksum)"
            " AND NOT EXISTS (SELECT 1 FROM main.asset WHERE asset.checksum = their.checksum AND id_differs = 1)"
        )
        self._db.execute(
            "INSERT OR IGNORE INTO main.former_checksum (checksum, checksum_sha1, asset_id, until)"
            " SELECT checksum, checksum_sha1, ours, ? FROM theirs.asset"
            " JOIN temp.merge_asset AS asset ON asset.theirs = id WHERE NOT is_same",
            (self._now,),
        )

    def take_files(self) -> None:
        """Add files, skipped ones too. A file whose bytes differ from the asset's here is left to a scan."""
        columns = [name for name in self._columns("file") if name not in ("id", "root_id", "asset_number")]
        self.merged.files = self._db.execute(
            f"INSERT OR IGNORE INTO main.file (root_id, asset_number, {', '.join(columns)})"
            f" SELECT root.ours, our_number, {', '.join(f'their.{name}' for name in columns)}"
            " FROM theirs.file AS their JOIN temp.merge_root AS root ON root.theirs = their.root_id"
            " LEFT JOIN temp.merge_asset ON their_number = their.asset_number"
            " WHERE their.asset_number IS NULL OR is_same ORDER BY their.id"
        ).rowcount
        mounts = ", ".join(name for name in self._columns("mount") if name != "root_id")
        self._db.execute(
            f"INSERT OR IGNORE INTO main.mount (root_id, {mounts})"
            f" SELECT ours, {mounts} FROM theirs.mount JOIN temp.merge_root ON theirs = root_id"
        )
        self._db.execute(
            "UPDATE main.asset SET file_id = file.id FROM temp.merge_asset AS pair"
            " JOIN theirs.asset AS their_asset ON their_asset.id = pair.theirs"
            " JOIN theirs.file AS their_file ON their_file.id = their_asset.file_id"
            " JOIN temp.merge_root AS root ON root.theirs = their_file.root_id"
            " JOIN main.file ON file.root_id = root.ours"
            " AND file.folder = their_file.folder AND file.name = their_file.name"
            " WHERE asset.id = pair.ours AND asset.file_id IS NULL AND file.asset_number = asset.number"
        )
        # A photo that was lost here but is live there leaves the trash, unless the user trashed it.
        self._db.execute(
            "UPDATE main.asset SET trashed_at = NULL, updated_at = ? FROM temp.merge_asset AS pair"
            " JOIN theirs.asset AS their ON their.id = pair.theirs WHERE asset.id = pair.ours AND is_same"
            " AND asset.trashed_at IS NOT NULL AND asset.trash_override IS NULL AND their.trashed_at IS NULL",
            (self._now,),
        )

    def take_enrichments(self) -> None:
        self._db.execute(_ENRICHMENTS)
        for enricher, storage in RESULTS.items():
            if storage.is_portable and storage.merge is None:
                self._copy(storage.table, f"enricher = '{enricher}'", pairs="merge_enrichment")
        self._copy("enrichment", "pair.enricher = their.enricher", pairs="merge_enrichment")

    def take_values(self) -> None:
        """Add user values to known assets; new assets brought theirs along."""
        names = [name for name in self._columns("user_value") if name != "asset_id"]
        both = (
            "FROM theirs.user_value AS their"
            " JOIN temp.merge_asset AS pair ON pair.theirs = their.asset_id AND NOT is_new"
            " LEFT JOIN main.user_value AS mine ON mine.asset_id = pair.ours"
        )
        gains = " OR ".join(f"mine.{name} IS NULL AND their.{name} IS NOT NULL" for name in names)
        conflicts = " OR ".join(f"mine.{name} <> their.{name}" for name in names)
        self.merged.kept = self._db.execute(f"SELECT count(*) {both} WHERE {conflicts}").fetchone()[0]
        taken = ", ".join(f"coalesce(mine.{name}, their.{name})" for name in names)
        rows = self._db.execute(f"SELECT pair.ours, {taken} {both} WHERE {gains}").fetchall()
        self._db.executemany(
            f"INSERT OR REPLACE INTO main.user_value (asset_id, {', '.join(names)})"
            f" VALUES (?, {', '.join('?' * len(names))})",
            rows,
        )
        self._touch(row[0] for row in rows)
        self.merged.values = len(rows)

    def take_people(self) -> None:
        """Add people and faces. A person of a name that is unique here is the same person."""
        by_name: dict[str, list[str]] = {}
        for person_id, name in self._db.execute("SELECT id, name FROM main.person WHERE name IS NOT NULL"):
            by_name.setdefault(name.casefold(), []).append(person_id)
        for person_id, name in self._db.execute("SELECT id, name FROM theirs.person ORDER BY id").fetchall():
            namesakes = by_name.get(name.casefold(), []) if name else []
            ours = people.current_id(self._db, person_id) or (namesakes[0] if len(namesakes) == 1 else None)
            if ours is None:
                self.merged.people += 1
                people.add(self._db, person_id, self._now)
            elif ours != person_id:
                self._db.execute("INSERT OR IGNORE INTO main.person_alias VALUES (?, ?)", (person_id, ours))
            self._db.execute("INSERT INTO temp.merge_person VALUES (?, ?)", (person_id, ours or person_id))
        self._db.execute(
            "UPDATE main.person SET updated_at = ?, name = coalesce(person.name, their.name),"
            " birth_date = coalesce(person.birth_date, their.birth_date),"
            " is_favorite = max(person.is_favorite, their.is_favorite),"
            " is_hidden = max(person.is_hidden, their.is_hidden)"
            " FROM temp.merge_person JOIN theirs.person AS their ON their.id = theirs WHERE person.id = ours"
            " AND (person.name IS NULL AND their.name IS NOT NULL"
            " OR person.birth_date IS NULL AND their.birth_date IS NOT NULL"
            " OR their.is_favorite > person.is_favorite OR their.is_hidden > person.is_hidden)",
            (self._now,),
        )
        self._db.execute(
            "INSERT OR IGNORE INTO main.person_alias SELECT their.id, ours FROM theirs.person_alias AS their"
            " JOIN temp.merge_person ON theirs = their.person_id WHERE their.id <> ours"
            " AND NOT EXISTS (SELECT 1 FROM main.person WHERE person.id = their.id)"
        )
        self._take_faces()
        people.tidy(self._db, self._now)

    def _take_faces(self) -> None:
        columns = [
            name for name in self._columns("face") if name not in ("asset_id", "person_id", "created_at", "updated_at")
        ]
        self._db.execute(
            f"INSERT OR IGNORE INTO main.face (asset_id, person_id, created_at, updated_at, {', '.join(columns)})"
            f" SELECT asset.ours, person.ours, ?, ?, {', '.join(f'their.{name}' for name in columns)}"
            " FROM theirs.face AS their JOIN temp.merge_asset AS asset ON asset.theirs = their.asset_id AND is_new"
            " LEFT JOIN temp.merge_person AS person ON person.theirs = their.person_id",
            (self._now, self._now),
        )
        self._db.execute(
            "INSERT OR IGNORE INTO main.face_embedding SELECT embedding.* FROM theirs.face_embedding AS embedding"
            " JOIN theirs.face AS their ON their.id = face_id"
            " JOIN temp.merge_asset AS asset ON asset.theirs = their.asset_id AND is_new"
        )
        # Faces that both have: the user's assignment there, unless the user assigned them here.
        assigned = self._db.execute(
            "SELECT their.id, person.ours FROM theirs.face AS their JOIN main.face ON face.id = their.id"
            " LEFT JOIN temp.merge_person AS person ON person.theirs = their.person_id"
            " WHERE their.assigned_by = 'user' AND face.assigned_by IS NOT 'user'"
        ).fetchall()
        for face_id, person_id in assigned:
            people.assign(self._db, [face_id], person_id, "user", self._now)

    def take_albums(self) -> None:
        """Add albums. An album of a name that is unique here is the same album."""
        by_name: dict[str, list[str]] = {}
        for album_id, name in self._db.execute("SELECT id, name FROM main.album"):
            by_name.setdefault(name, []).append(album_id)
        for album_id, name, description, cover in self._db.execute(
            "SELECT album.id, name, description, ours FROM theirs.album"
            " LEFT JOIN temp.merge_asset ON theirs = cover_asset_id ORDER BY album.id"
        ).fetchall():
            namesakes = by_name.get(name, [])
            if self._db.execute("SELECT 1 FROM main.album WHERE id = ?", (album_id,)).fetchone():
                ours = album_id
            elif len(namesakes) == 1:
                ours = namesakes[0]
            else:
                ours = album_id
                put_album(self._tx, album_id, name)
                self.merged.albums += 1
            self._db.execute(
                "UPDATE main.album SET description = coalesce(description, ?1),"
                " cover_asset_id = coalesce(cover_asset_id, ?2), updated_at = ?3 WHERE id = ?4"
                " AND (description IS NULL AND ?1 IS NOT NULL OR cover_asset_id IS NULL AND ?2 IS NOT NULL)",
                (description, cover, self._now, ours),
            )
            self._db.execute("INSERT INTO temp.merge_album VALUES (?, ?)", (album_id, ours))
        for album_id, asset_id in self._db.execute(
            "SELECT album.ours, asset.ours FROM theirs.album_asset AS their"
            " JOIN temp.merge_album AS album ON album.theirs = their.album_id"
            " JOIN temp.merge_asset AS asset ON asset.theirs = their.asset_id ORDER BY their.created_at, their.id"
        ).fetchall():
            add_to_album(self._tx, album_id, asset_id)

    def _copy(self, table: str, only: str, pairs: str = "merge_asset") -> None:
        """Copy rows of assets into the table of the same name, under our ids or numbers. Existing rows stay."""
        columns = self._columns(table)
        key, theirs, ours = ("asset_id", "theirs", "ours")
        if key not in columns:
            key, theirs, ours = ("asset_number", "their_number", "our_number")
        columns.remove(key)
        self._db.execute(
            f"INSERT OR IGNORE INTO main.{table} ({key}, {', '.join(columns)})"
            f" SELECT {ours}, {', '.join(f'their.{name}' for name in columns)} FROM theirs.{table} AS their"
            f" JOIN temp.{pairs} AS pair ON pair.{theirs} = their.{key} WHERE {only}"
        )

    def _columns(self, table: str) -> list[str]:
        return [row[1] for row in self._db.execute(f"PRAGMA main.table_info({table})")]

    def _setting(self, schema: str, name: str) -> str:
        return str(self._db.execute(f"SELECT value FROM {schema}.setting WHERE name = ?", (name,)).fetchone()[0])

    def _touch(self, asset_ids: Iterator[str]) -> None:
        self._db.executemany(
            "UPDATE asset SET updated_at = ? WHERE id = ?", [(self._now, asset_id) for asset_id in asset_ids]
        )
