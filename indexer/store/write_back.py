"""Store the values that write-back wrote into sidecars. They are the user's, not the file's: when a sidecar is read,
each counts as the value it replaced, so that a value the user removes does not return from the sidecar."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from indexer.media.facts import Face, MediaFacts, Provenance

# The name of the value that lists faces, each as [name, x, y, w, h].
_FACES = "faces"
# Prefix of a field that is being written. Its row remains only if the program is killed meanwhile.
_PENDING = "new:"


class Written(NamedTuple):
    """value: the sidecar's current value. before: its value before our first one, or None."""

    value: Any
    before: Any


def announce(connection: sqlite3.Connection, asset_id: str, written: Mapping[str, Written]) -> None:
    """Record the values that are about to be written, by field; `note` must follow. If the program is killed in
    between, the sidecar shows whether they were written; until it is read, the values noted before hold."""
    _resolve_pending(connection, asset_id, {name: value.before for name, value in written.items()})
    connection.executemany(
        "INSERT OR REPLACE INTO written_value VALUES (?, ?, ?, ?)",
        [(asset_id, _PENDING + name, _text(value.value), _text(value.before)) for name, value in written.items()],
    )


def _resolve_pending(connection: sqlite3.Connection, asset_id: str, current: Mapping[str, Any]) -> None:
    """Note the announced values that the sidecar has, by its current values of these fields; delete the others."""
    for name, announced in written_of(connection, asset_id).items():
        field = name.removeprefix(_PENDING)
        if field != name and field in current:
            if current[field] == announced.value:
                note(connection, asset_id, {field: announced})
            _delete(connection, asset_id, [name])


def note(connection: sqlite3.Connection, asset_id: str, written: Mapping[str, Written]) -> None:
    """Record the values that were written, by field."""
    _delete(connection, asset_id, [_PENDING + name for name in written])
    connection.executemany(
        "INSERT INTO written_value VALUES (?, ?, ?, ?) ON CONFLICT (asset_id, name) DO UPDATE SET"
        " value = excluded.value, before = iif(value IS excluded.before, before, excluded.before)",
        [(asset_id, name, _text(value.value), _text(value.before)) for name, value in written.items()],
    )


def note_faces(connection: sqlite3.Connection, asset_id: str, named: Iterable[Face]) -> None:
    """As `note`, for faces that the user named; they replace the faces written in the same boxes before."""
    new = [list(face) for face in named]
    if new:
        known = written_of(connection, asset_id).get(_FACES)
        old = [face for face in known.value if face[1:] not in [other[1:] for other in new]] if known else []
        note(connection, asset_id, {_FACES: Written(old + new, None)})


def written_of(connection: sqlite3.Connection, asset_id: str) -> dict[str, Written]:
    rows = connection.execute("SELECT name, value, before FROM written_value WHERE asset_id = ?", (asset_id,))
    return {name: Written(json.loads(value), json.loads(before)) for name, value, before in rows}


def without_written(connection: sqlite3.Connection, asset_id: str, facts: MediaFacts) -> MediaFacts:
    """The facts without the values that write-back wrote. If a sidecar has another value by now, another program wrote
    it, and from then on the sidecar's value counts."""
    known = written_of(connection, asset_id) if facts.beside or facts.faces else {}
    if not known:
        return facts
    current = {value.field: value.value for value in facts.beside}
    if pending := [name.removeprefix(_PENDING) for name in known if name.startswith(_PENDING)]:
        _resolve_pending(connection, asset_id, dict.fromkeys(pending) | current)
        known = written_of(connection, asset_id)
    others = [value.field for value in facts.beside if value.field in known and known[value.field].value != value.value]
    _delete(connection, asset_id, others)
    own = {value.field: value for value in facts.beside if value.field in known and value.field not in others}
    values = {
        name: value.otherwise if (before := known[name].before) is None else before for name, value in own.items()
    }
    own_faces = known[_FACES].value if _FACES in known else ()
    return facts._replace(
        faces=tuple(face for face in facts.faces if list(face) not in own_faces),
        metadata=facts.metadata._replace(**values),
        provenance=tuple(provenance_without_written(facts.provenance, known)),
    )


def provenance_without_written(provenance: Iterable[Provenance], known: Mapping[str, Written]) -> list[Provenance]:
    kept = []
    for entry in provenance:
        written = known.get(entry.field)
        if written is None or not entry.source.startswith("sidecar") or entry.value != str(written.value):
            kept.append(entry)
        elif written.before is not None:
            kept.append(entry._replace(value=str(written.before)))
    return kept


def _delete(connection: sqlite3.Connection, asset_id: str, names: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM written_value WHERE asset_id = ? AND name = ?", [(asset_id, name) for name in names]
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
