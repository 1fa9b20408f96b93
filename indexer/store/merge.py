"""One index into another: what the other knows and this one does not. Ids are made of content, so that the same photo
is the same asset in both, and nothing is there twice. Where both say something, this one's word stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from indexer import ids
from indexer.errors import IndexUnusable

from . import people
from .albums import add_to_album, put_album
from .counters import recount
from .database import IndexConnection
from .events import record_created
from .results import RESULTS, Variant
from .roots import ROOT_COLUMNS, Root, select_roots
from .tables import TABLES
from .transaction import Transaction, begin
from .undo import record_final

# Their asset -> ours. The same bytes are the same asset; else the same beginning (which the id is made of), or bytes
# that either has known the asset by before it was edited.
_ASSETS = """
INSERT INTO temp.merge_asset (their_number, theirs, ours, is_new, is_same)
SELECT number, id, coalesce(known, id), known IS NULL, known IS NULL OR EXISTS (
           SELECT 1 FROM main.asset AS one WHERE one.id = known AND one.checksum = their.checksum)
FROM (
    SELECT one.number, one.id, one.checksum, coalesce(
        (SELECT id FROM main.asset WHERE id = id_of(one.checksum) AND checksum = one.checksum),
        (SELECT id FROM main.asset WHERE checksum = one.checksum AND id_differs = 1),
        (SELECT id FROM main.asset WHERE id = one.id),
        (SELECT asset_id FROM main.former_checksum WHERE checksum = one.checksum ORDER BY until DESC LIMIT 1),
        (SELECT asset.id FROM theirs.former_checksum AS former
         JOIN main.asset ON asset.id = id_of(former.checksum) AND asset.checksum = former.checksum
         WHERE former.asset_id = one.id ORDER BY former.until DESC LIMIT 1),
        (SELECT asset.id FROM theirs.former_checksum AS former
         JOIN main.asset ON asset.checksum = former.checksum AND id_differs = 1
         WHERE former.asset_id = one.id ORDER BY former.until DESC LIMIT 1)) AS known
    FROM theirs.asset AS one) AS their"""

# What is theirs -> what it is here.
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
JOIN main.enrichment_basis AS basis ON basis.asset_id = asset.ours
WHERE error IS NULL AND enrichment.basis IN (picture, place)
  AND enricher NOT IN ({_NOT_PORTABLE})
  AND (is_new OR enricher <> 'faces')
  AND NOT EXISTS (SELECT 1 FROM main.enrichment AS one
                  WHERE one.asset_number = our_number AND one.enricher = enrichment.enricher)"""


@dataclass(slots=True)
class Merged:
    """What came in: roots by path; assets that were not known, and that were; files, values that the user said of known
    photos, people and albums that were not known. kept: known photos of which the other index says otherwise; ours
    stayed. edited: known photos that have other bytes there, as when one copy was edited; only the checksum came in."""

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
    """With another index, of this version, as `theirs`."""
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


class _NotMeant(Exception):
    """Ends the transaction of a dry run."""


def merge(connection: IndexConnection, what: str, instead: str, *, dry_run: bool = False) -> Merged:
    """Take in what is attached, all of it or nothing. what, instead: see undo.record_final."""
    with suppress(_NotMeant), begin(connection) as tx:
        run = _Merge(tx)
        run.take_roots()
        run.take_assets()
        run.take_files()
        run.take_enrichments()
        run.take_values()
        run.take_people()
        run.take_albums()
        record_final(tx, what, instead)
        if dry_run:
            raise _NotMeant
    return run.merged


def variants(connection: sqlite3.Connection) -> list[tuple[str, Variant]]:
    """Those of what is attached, for assets that have none here; by our ids."""
    rows = connection.execute(
        "SELECT ours, name, file, mime_type, width, height, size FROM theirs.variant AS one"
        " JOIN temp.merge_asset ON their_number = one.asset_number AND is_same"
        " WHERE NOT EXISTS (SELECT 1 FROM main.variant WHERE variant.asset_number = our_number) ORDER BY ours, used_at"
    )
    return [(asset_id, Variant(*row)) for asset_id, *row in rows]


def note_variants(connection: sqlite3.Connection, asset_id: str) -> None:
    """The files were taken over: there is no need to make them."""
    connection.execute(
        "INSERT OR IGNORE INTO main.enrichment SELECT our_number, enricher, version, one.basis, error, done_at"
        " FROM theirs.enrichment AS one JOIN temp.merge_asset ON their_number = one.asset_number"
        " JOIN main.enrichment_basis AS basis ON basis.asset_id = ours AND one.basis IN (picture, faces)"
        " WHERE ours = ? AND enricher IN ('variants', 'portraits')",
        (asset_id,),
    )


class _Merge:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._db = tx.connection
        self._now = tx.now
        self.merged = Merged()

    def take_roots(self) -> None:
        here, there = (self._setting(schema, "device_id") for schema in ("main", "theirs"))
        known = select_roots(self._db)
        for root in [Root(*row) for row in self._db.execute(f"SELECT {ROOT_COLUMNS} FROM theirs.root ORDER BY id")]:
            ours = next((one for one in known if self._is_same(one, root, here == there)), None)
            ours_id = ours.id if ours else self._add_root(root, here == there, there)
            self._db.execute("INSERT INTO temp.merge_root VALUES (?, ?)", (root.id, ours_id))

    def _is_same(self, ours: Root, theirs: Root, is_here: bool) -> bool:
        """Is it one folder? On one machine its path says so; a drive that two machines have seen has a name of its own,
        but so have the drives of two that were set up from one image: then a file tells."""
        if is_here and ours.path == theirs.path:
            return True
        if theirs.volume is None or (ours.volume, ours.inode) != (theirs.volume, theirs.inode):
            return False
        shared = (
            "SELECT 1 FROM theirs.file AS one JOIN main.file USING (folder, name, inode, size, mtime_ns)"
            " WHERE one.root_id = ? AND file.root_id = ? LIMIT 1"
        )
        return is_here or self._db.execute(shared, (theirs.id, ours.id)).fetchone() is not None

    def _add_root(self, root: Root, is_here: bool, device: str) -> int:
        """Of another machine it is away until it is found: what lies at its path here is another folder."""
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
            values |= {"offline_at": self._now, "offline_why": f"it lies on another machine, {device}"}
            if root.volume is None:  # numbers that say nothing on this machine
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
            f" SELECT {', '.join(f'one.{name}' for name in columns)}, ?, ? FROM theirs.asset AS one"
            " JOIN temp.merge_asset AS asset ON asset.theirs = one.id WHERE is_new ORDER BY number",
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
        """Also those that were passed over. A file with other bytes than the asset has here is left for a scan."""
        columns = [name for name in self._columns("file") if name not in ("id", "root_id", "asset_number")]
        self.merged.files = self._db.execute(
            f"INSERT OR IGNORE INTO main.file (root_id, asset_number, {', '.join(columns)})"
            f" SELECT root.ours, our_number, {', '.join(f'one.{name}' for name in columns)}"
            " FROM theirs.file AS one JOIN temp.merge_root AS root ON root.theirs = one.root_id"
            " LEFT JOIN temp.merge_asset ON their_number = one.asset_number"
            " WHERE one.asset_number IS NULL OR is_same ORDER BY one.id"
        ).rowcount
        mounts = ", ".join(name for name in self._columns("mount") if name != "root_id")
        self._db.execute(
            f"INSERT OR IGNORE INTO main.mount (root_id, {mounts})"
            f" SELECT ours, {mounts} FROM theirs.mount JOIN temp.merge_root ON theirs = root_id"
        )
        self._db.execute(
            "UPDATE main.asset SET file_id = file.id FROM temp.merge_asset AS pair"
            " JOIN theirs.asset AS one ON one.id = pair.theirs JOIN theirs.file AS their ON their.id = one.file_id"
            " JOIN temp.merge_root AS root ON root.theirs = their.root_id"
            " JOIN main.file ON file.root_id = root.ours AND file.folder = their.folder AND file.name = their.name"
            " WHERE asset.id = pair.ours AND asset.file_id IS NULL AND file.asset_number = asset.number"
        )
        # Of a photo that was lost here and is there, the trash has no more to say; unless the user put it in.
        self._db.execute(
            "UPDATE main.asset SET trashed_at = NULL, updated_at = ? FROM temp.merge_asset AS pair"
            " JOIN theirs.asset AS one ON one.id = pair.theirs WHERE asset.id = pair.ours AND is_same"
            " AND asset.trashed_at IS NOT NULL AND asset.trash_override IS NULL AND one.trashed_at IS NULL",
            (self._now,),
        )

    def take_enrichments(self) -> None:
        self._db.execute(_ENRICHMENTS)
        for enricher, storage in RESULTS.items():
            if storage.is_portable and storage.merge is None:
                self._copy(storage.table, f"enricher = '{enricher}'", pairs="merge_enrichment")
        self._copy("enrichment", "pair.enricher = one.enricher", pairs="merge_enrichment")

    def take_values(self) -> None:
        """What the user said of photos that were known; of new ones it came with them."""
        words = [name for name in self._columns("user_value") if name != "asset_id"]
        both = (
            "FROM theirs.user_value AS one JOIN temp.merge_asset AS pair ON pair.theirs = one.asset_id AND NOT is_new"
            " LEFT JOIN main.user_value AS mine ON mine.asset_id = pair.ours"
        )
        more = " OR ".join(f"mine.{name} IS NULL AND one.{name} IS NOT NULL" for name in words)
        other = " OR ".join(f"mine.{name} <> one.{name}" for name in words)
        self.merged.kept = self._db.execute(f"SELECT count(*) {both} WHERE {other}").fetchone()[0]
        taken = ", ".join(f"coalesce(mine.{name}, one.{name})" for name in words)
        rows = self._db.execute(f"SELECT pair.ours, {taken} {both} WHERE {more}").fetchall()
        self._db.executemany(
            f"INSERT OR REPLACE INTO main.user_value (asset_id, {', '.join(words)})"
            f" VALUES (?, {', '.join('?' * len(words))})",
            rows,
        )
        self._touch(row[0] for row in rows)
        self.merged.values = len(rows)

    def take_people(self) -> None:
        """Somebody of the same name is the same, where there is but one of that name here."""
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
            "UPDATE main.person SET updated_at = ?, name = coalesce(person.name, one.name),"
            " birth_date = coalesce(person.birth_date, one.birth_date),"
            " is_favorite = max(person.is_favorite, one.is_favorite), is_hidden = max(person.is_hidden, one.is_hidden)"
            " FROM temp.merge_person JOIN theirs.person AS one ON one.id = theirs WHERE person.id = ours"
            " AND (person.name IS NULL AND one.name IS NOT NULL"
            " OR person.birth_date IS NULL AND one.birth_date IS NOT NULL"
            " OR one.is_favorite > person.is_favorite OR one.is_hidden > person.is_hidden)",
            (self._now,),
        )
        self._db.execute(
            "INSERT OR IGNORE INTO main.person_alias SELECT one.id, ours FROM theirs.person_alias AS one"
            " JOIN temp.merge_person ON theirs = one.person_id WHERE one.id <> ours"
            " AND NOT EXISTS (SELECT 1 FROM main.person WHERE person.id = one.id)"
        )
        self._take_faces()
        people.tidy(self._db, self._now)

    def _take_faces(self) -> None:
        columns = [
            name for name in self._columns("face") if name not in ("asset_id", "person_id", "created_at", "updated_at")
        ]
        self._db.execute(
            f"INSERT OR IGNORE INTO main.face (asset_id, person_id, created_at, updated_at, {', '.join(columns)})"
            f" SELECT asset.ours, person.ours, ?, ?, {', '.join(f'one.{name}' for name in columns)}"
            " FROM theirs.face AS one JOIN temp.merge_asset AS asset ON asset.theirs = one.asset_id AND is_new"
            " LEFT JOIN temp.merge_person AS person ON person.theirs = one.person_id",
            (self._now, self._now),
        )
        self._db.execute(
            "INSERT OR IGNORE INTO main.face_embedding SELECT one.* FROM theirs.face_embedding AS one"
            " JOIN theirs.face AS their ON their.id = face_id"
            " JOIN temp.merge_asset AS asset ON asset.theirs = their.asset_id AND is_new"
        )
        # Faces that both have found: what the user said there, and nobody here.
        said = self._db.execute(
            "SELECT one.id, person.ours FROM theirs.face AS one JOIN main.face ON face.id = one.id"
            " LEFT JOIN temp.merge_person AS person ON person.theirs = one.person_id"
            " WHERE one.assigned_by = 'user' AND face.assigned_by IS NOT 'user'"
        ).fetchall()
        for face_id, person_id in said:
            people.assign(self._db, [face_id], person_id, "user", self._now)

    def take_albums(self) -> None:
        """An album of the same name is the same, where there is but one of that name here."""
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
            "SELECT album.ours, asset.ours FROM theirs.album_asset AS one"
            " JOIN temp.merge_album AS album ON album.theirs = one.album_id"
            " JOIN temp.merge_asset AS asset ON asset.theirs = one.asset_id ORDER BY one.created_at, one.id"
        ).fetchall():
            add_to_album(self._tx, album_id, asset_id)

    def _copy(self, table: str, only: str, pairs: str = "merge_asset") -> None:
        """Rows of assets into the table of the same name, under our ids or numbers; those that we have stay."""
        columns = self._columns(table)
        key, theirs, ours = ("asset_id", "theirs", "ours")
        if key not in columns:
            key, theirs, ours = ("asset_number", "their_number", "our_number")
        columns.remove(key)
        self._db.execute(
            f"INSERT OR IGNORE INTO main.{table} ({key}, {', '.join(columns)})"
            f" SELECT {ours}, {', '.join(f'one.{name}' for name in columns)} FROM theirs.{table} AS one"
            f" JOIN temp.{pairs} AS pair ON pair.{theirs} = one.{key} WHERE {only}"
        )

    def _columns(self, table: str) -> list[str]:
        return [row[1] for row in self._db.execute(f"PRAGMA main.table_info({table})")]

    def _setting(self, schema: str, name: str) -> str:
        return str(self._db.execute(f"SELECT value FROM {schema}.setting WHERE name = ?", (name,)).fetchone()[0])

    def _touch(self, asset_ids: Iterator[str]) -> None:
        self._db.executemany("UPDATE asset SET updated_at = ? WHERE id = ?", [(self._now, one) for one in asset_ids])
