"""Read and edit albums and the assets in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from indexer import ids

from .transaction import Transaction


class Album(NamedTuple):
    """assets: number of live assets. start, end: their oldest and newest local_datetime. cover: the user's choice, else
    the newest asset."""

    id: str
    name: str
    description: str | None
    created_at: str
    updated_at: str
    assets: int
    start: str | None
    end: str | None
    cover: str | None


_ALBUM = """
SELECT album.id, name, album.description, album.created_at, album.updated_at, count(asset.id),
       (SELECT local_datetime FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND trashed_at IS NULL ORDER BY wall_clock LIMIT 1),
       (SELECT local_datetime FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND trashed_at IS NULL ORDER BY wall_clock DESC LIMIT 1),
       coalesce((SELECT asset_id FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND asset_id = cover_asset_id AND trashed_at IS NULL),
        (SELECT asset_id FROM album_asset JOIN asset ON asset.id = asset_id
        WHERE album_id = album.id AND trashed_at IS NULL ORDER BY wall_clock DESC, asset_id LIMIT 1))
FROM album LEFT JOIN album_asset ON album_id = album.id
LEFT JOIN asset ON asset.id = asset_id AND trashed_at IS NULL
WHERE {where} GROUP BY album.id ORDER BY {order} LIMIT ?"""


def select_albums(connection: sqlite3.Connection) -> list[Album]:
    """Sorted by name."""
    rows = connection.execute(_ALBUM.format(where="true", order="name, album.id"), (-1,))
    return [Album(*row) for row in rows]


def select_album(connection: sqlite3.Connection, album_id: str) -> Album | None:
    row = connection.execute(_ALBUM.format(where="album.id = ?", order="album.id"), (album_id, 1)).fetchone()
    return Album(*row) if row else None


def select_album_page(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None,
    asset_id: str | None,
    after_id: str | None,
    limit: int,
) -> list[Album] | None:
    """Newest first. None if there is no album `after_id`."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("album.id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    if asset_id is not None:
        terms.append("album.id IN (SELECT album_id FROM album_asset WHERE asset_id = ?)")
        values.append(asset_id)
    if after_id is not None:
        row = connection.execute("SELECT created_at FROM album WHERE id = ?", (after_id,)).fetchone()
        if row is None:
            return None
        terms.append("(album.created_at < ? OR album.created_at = ? AND album.id > ?)")
        values += [row[0], row[0], after_id]
    rows = connection.execute(
        _ALBUM.format(where=" AND ".join(terms), order="album.created_at DESC, album.id"), (*values, limit)
    )
    return [Album(*row) for row in rows]


def select_album_assets(connection: sqlite3.Connection, album_id: str) -> list[str]:
    """The ids of an album's assets, in the order in which they were added."""
    query = "SELECT asset_id FROM album_asset WHERE album_id = ? ORDER BY created_at, asset_id"
    return [row[0] for row in connection.execute(query, (album_id,))]


class Link(NamedTuple):
    """The membership of an asset in an album."""

    id: str
    album_id: str
    asset_id: str
    created_at: str
    updated_at: str


def select_links(
    connection: sqlite3.Connection,
    ids: Sequence[str] | None,
    album_id: str | None,
    asset_id: str | None,
    after_id: str | None,
    limit: int,
) -> list[Link]:
    """Sorted by id."""
    terms, values = ["true"], list[Any]()
    if ids is not None:
        terms.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(list(ids)))
    for column, value in (("album_id = ?", album_id), ("asset_id = ?", asset_id), ("id > ?", after_id)):
        if value is not None:
            terms.append(column)
            values.append(value)
    rows = connection.execute(
        f"SELECT id, album_id, asset_id, created_at, updated_at FROM album_asset WHERE {' AND '.join(terms)}"
        " ORDER BY id LIMIT ?",
        (*values, limit),
    )
    return [Link(*row) for row in rows]


def put_album(tx: Transaction, album_id: str, name: str) -> None:
    """Create an album, or rename it if it exists."""
    tx.connection.execute(
        "INSERT INTO album (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at",
        (album_id, name, tx.now, tx.now),
    )


def update_album(tx: Transaction, album_id: str, **values: str | None) -> None:
    """Set values of an album, by column."""
    for name, value in values.items():
        query = f"UPDATE album SET {name} = ?, updated_at = ? WHERE id = ?"
        tx.connection.execute(query, (value, tx.now, album_id))


def delete_album(tx: Transaction, album_id: str) -> None:
    tx.connection.execute("DELETE FROM album_asset WHERE album_id = ?", (album_id,))
    tx.connection.execute("DELETE FROM album WHERE id = ?", (album_id,))


def add_to_album(tx: Transaction, album_id: str, asset_id: str) -> bool:
    """False if the asset was in the album already."""
    link = ids.named_id("album_asset", album_id, asset_id)
    return bool(
        tx.connection.execute(
            "INSERT INTO album_asset VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (link, album_id, asset_id, tx.now, tx.now),
        ).rowcount
    )


def remove_from_album(tx: Transaction, album_id: str, asset_id: str) -> bool:
    """False if the asset was not in the album."""
    query = "DELETE FROM album_asset WHERE album_id = ? AND asset_id = ?"
    return bool(tx.connection.execute(query, (album_id, asset_id)).rowcount)
