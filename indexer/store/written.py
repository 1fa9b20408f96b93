"""What write-back wrote into the sidecars of an asset. Read again, it is what the user said, not what the file says: it
counts as what the sidecar said before, so that what the user takes back does not come back from there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from indexer.media.facts import Face, MediaFacts, Origin

# Under this name: the faces, as [name, x, y, w, h].
_FACES = "faces"
# Before the name of a field that is being written; its row stays only where the program is killed meanwhile.
_COMING = "new:"


class Written(NamedTuple):
    """value: as the sidecar says it now; before: what it said before the first of our own, or None."""

    value: Any
    before: Any


def announce(connection: sqlite3.Connection, asset_id: str, written: Mapping[str, Written]) -> None:
    """What is about to be written, by field; `note` follows. After a kill in between, the sidecar tells whether it was
    written: until then what was noted before holds."""
    _settle(connection, asset_id, {name: one.before for name, one in written.items()})
    connection.executemany(
        "INSERT OR REPLACE INTO written_value VALUES (?, ?, ?, ?)",
        [(asset_id, _COMING + name, _text(one.value), _text(one.before)) for name, one in written.items()],
    )


def _settle(connection: sqlite3.Connection, asset_id: str, says: Mapping[str, Any]) -> None:
    """Note what was announced of these fields and written, by what the sidecar says; forget the rest."""
    for name, one in written_of(connection, asset_id).items():
        field = name.removeprefix(_COMING)
        if field != name and field in says:
            if says[field] == one.value:
                note(connection, asset_id, {field: one})
            _forget(connection, asset_id, [name])


def note(connection: sqlite3.Connection, asset_id: str, written: Mapping[str, Written]) -> None:
    """What was written, by field."""
    _forget(connection, asset_id, [_COMING + name for name in written])
    connection.executemany(
        "INSERT INTO written_value VALUES (?, ?, ?, ?) ON CONFLICT (asset_id, name) DO UPDATE SET"
        " value = excluded.value, before = iif(value IS excluded.before, before, excluded.before)",
        [(asset_id, name, _text(one.value), _text(one.before)) for name, one in written.items()],
    )


def note_faces(connection: sqlite3.Connection, asset_id: str, named: Iterable[Face]) -> None:
    """As `note`, of faces whom the user named; in the place of those that were written there before."""
    new = [list(one) for one in named]
    if new:
        known = written_of(connection, asset_id).get(_FACES)
        old = [one for one in known.value if one[1:] not in [face[1:] for face in new]] if known else []
        note(connection, asset_id, {_FACES: Written(old + new, None)})


def written_of(connection: sqlite3.Connection, asset_id: str) -> dict[str, Written]:
    rows = connection.execute("SELECT name, value, before FROM written_value WHERE asset_id = ?", (asset_id,))
    return {name: Written(json.loads(value), json.loads(before)) for name, value, before in rows}


def without_own(connection: sqlite3.Connection, asset_id: str, facts: MediaFacts) -> MediaFacts:
    """What was read, without what the user said. Where a sidecar says something else by now, another program wrote it,
    and whatever it says from then on is its word."""
    known = written_of(connection, asset_id) if facts.beside or facts.faces else {}
    if not known:
        return facts
    if coming := [name.removeprefix(_COMING) for name in known if name.startswith(_COMING)]:
        _settle(connection, asset_id, dict.fromkeys(coming) | {one.field: one.value for one in facts.beside})
        known = written_of(connection, asset_id)
    others = [one.field for one in facts.beside if one.field in known and known[one.field].value != one.value]
    _forget(connection, asset_id, others)
    own = {one.field: one for one in facts.beside if one.field in known and one.field not in others}
    values = {name: one.otherwise if (was := known[name].before) is None else was for name, one in own.items()}
    own_faces = known[_FACES].value if _FACES in known else ()
    return facts._replace(
        faces=tuple(one for one in facts.faces if list(one) not in own_faces),
        metadata=facts.metadata._replace(**values),
        origins=tuple(origins_without_own(facts.origins, known)),
    )


def origins_without_own(origins: Iterable[Origin], known: Mapping[str, Written]) -> list[Origin]:
    kept = []
    for one in origins:
        written = known.get(one.field)
        if written is None or not one.source.startswith("sidecar") or one.value != str(written.value):
            kept.append(one)
        elif written.before is not None:
            kept.append(one._replace(value=str(written.before)))
    return kept


def _forget(connection: sqlite3.Connection, asset_id: str, names: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM written_value WHERE asset_id = ? AND name = ?", [(asset_id, name) for name in names]
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
