"""Update the full-text index (FTS5) from the event log."""

from __future__ import annotations

import json
import re
import sqlite3

from .enrichments import put_setting, setting

COLUMNS = ("name", "folder", "description", "keywords", "place", "people", "camera", "albums", "text", "taken")
_CURSOR = "search_cursor"
# Events processed in one transaction.
_BATCH = 20_000
# Scripts written without spaces: each letter is indexed as a word, and words are found as letters side by side.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])"
)

_CHANGED = """
WITH happened AS (SELECT * FROM event WHERE id > :after AND id <= :until)
SELECT entity_id FROM happened WHERE entity_type IN ('asset', 'metadata', 'file')
UNION SELECT payload ->> 'asset_id' FROM happened WHERE payload ->> 'asset_id' IS NOT NULL
UNION SELECT face.asset_id FROM happened JOIN face ON face.id = entity_id WHERE entity_type = 'face'
UNION SELECT face.asset_id FROM happened JOIN face ON face.person_id = entity_id WHERE entity_type = 'person'
UNION SELECT album_asset.asset_id FROM happened JOIN album_asset ON album_id = entity_id WHERE entity_type = 'album'"""


def is_behind(connection: sqlite3.Connection) -> bool:
    """Whether there are events that are not indexed yet."""
    last = connection.execute("SELECT max(id) FROM event").fetchone()[0] or 0
    return setting(connection, _CURSOR) != str(last)


def catch_up(connection: sqlite3.Connection) -> bool:
    """Index a batch of events in the caller's transaction. Returns whether there are more.

    The setting `search_cursor` is the last indexed event. While a library is indexed for the first time, asset by
    asset, it is `event:number`: the event at which that began, and the last indexed asset."""
    last = connection.execute("SELECT max(id) FROM event").fetchone()[0] or 0
    since, _, number = (setting(connection, _CURSOR) or f"{last}:0").partition(":")
    if number:
        until = int(number) + _BATCH
        query = "SELECT id FROM asset WHERE number > ? AND number <= ?"
        _index_assets(connection, [row[0] for row in connection.execute(query, (int(number), until))])
        is_complete = until >= (connection.execute("SELECT max(number) FROM asset").fetchone()[0] or 0)
        put_setting(connection, _CURSOR, since if is_complete else f"{since}:{until}")
        return not is_complete or int(since) < last
    until = min(last, int(since) + _BATCH)
    _index_assets(connection, [row[0] for row in connection.execute(_CHANGED, {"after": int(since), "until": until})])
    put_setting(connection, _CURSOR, str(until))
    return until < last


def spaced(text: str | None) -> str | None:
    """Normalize text for indexing and searching."""
    return _UNSPACED.sub(r" \1 ", text) if text and not text.isascii() else text


def _index_assets(connection: sqlite3.Connection, asset_ids: list[str]) -> None:
    chosen = json.dumps(asset_ids)
    connection.execute(
        "DELETE FROM search WHERE rowid IN (SELECT number FROM asset WHERE id IN (SELECT value FROM json_each(?)))",
        (chosen,),
    )
    rows = connection.execute(
        f"SELECT number, {', '.join(COLUMNS)} FROM asset_text"
        " WHERE asset_id IN (SELECT value FROM json_each(?)) ORDER BY number",
        (chosen,),
    )
    connection.executemany(
        f"INSERT INTO search (rowid, {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})",
        ((row[0], *map(spaced, row[1:])) for row in rows.fetchall()),
    )
