"""Select the files that are due for verification, and store the results."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from .columns import ASSET_ID
from .events import path_of, record_event
from .files import StoredFile, select_file
from .transaction import Transaction


class ToVerify(NamedTuple):
    """A file with the checksum and fingerprint that it had when it was read."""

    file: StoredFile
    checksum: str
    fingerprint: str | None


def select_unverified(connection: sqlite3.Connection, root_ids: Collection[int], since: str | None) -> list[int]:
    """Ids of files to verify, the longest unverified first. since: only those not verified since then."""
    marks = ", ".join("?" * len(root_ids))
    rows = connection.execute(
        f"SELECT id FROM file WHERE asset_number IS NOT NULL AND root_id IN ({marks})"
        " AND status NOT IN ('missing', 'gone', 'ignored') AND (? IS NULL OR verified_at IS NULL OR verified_at < ?)"
        " ORDER BY verified_at, id",
        (*root_ids, since, since),
    )
    return [row[0] for row in rows]


def iterate_verifiable(connection: sqlite3.Connection, file_ids: Sequence[int]) -> Iterator[ToVerify]:
    """These files in this order, each as stored when it is its turn."""
    content = "SELECT checksum, fingerprint FROM asset WHERE id = ?"
    for file_id in file_ids:
        if (file := select_file(connection, file_id)) and file.asset_id:
            yield ToVerify(file, *connection.execute(content, (file.asset_id,)).fetchone())


def begin_round(tx: Transaction) -> str:
    """Begin or continue a round of verifying all files. Returns when it began, which is never in the future."""
    row = tx.connection.execute(
        "INSERT INTO setting (name, value) VALUES ('verify_round', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = min(value, excluded.value) RETURNING value",
        (tx.now,),
    ).fetchone()
    return str(row[0])


def end_round(tx: Transaction) -> None:
    tx.connection.execute("DELETE FROM setting WHERE name = 'verify_round'")


def mark_verified(tx: Transaction, file_id: int, fingerprint: str | None) -> None:
    """Record that a file is unchanged. An asset that was indexed without a fingerprint gets it now."""
    tx.connection.execute("UPDATE file SET verified_at = ? WHERE id = ?", (tx.now, file_id))
    if fingerprint is not None:
        tx.connection.execute(
            "UPDATE asset SET fingerprint = ? WHERE fingerprint IS NULL"
            " AND number = (SELECT asset_number FROM file WHERE id = ?)",
            (fingerprint, file_id),
        )


def mark_corrupted(tx: Transaction, file_id: int, reason: str) -> None:
    row = tx.connection.execute(
        "UPDATE file SET status = 'damaged', reason = ?, verified_at = ?, seen_at = ? WHERE id = ?"
        f" RETURNING {ASSET_ID}",
        (reason, tx.now, tx.now, file_id),
    ).fetchone()
    if row:
        record_event(tx, row[0], "file_rotten", path=path_of(tx.connection, file_id))
