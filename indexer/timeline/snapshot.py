"""Save and load the order as a file in the cache folder, so that a starting server need not read it from the index."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xxhash

from indexer import private, scratch
from indexer.store import schema
from indexer.store.timeline import TYPES, Moment

from .order import Order

NAME = "timeline"
_MAGIC = b"indexer timeline 2\n"
_TAIL = 8  # bytes of the checksum at the end
_TYPES = {**TYPES, "leaders": "i4"}
# The largest types first, so that every column is aligned.
_BY_SIZE = sorted(_TYPES, key=lambda name: -np.dtype(_TYPES[name]).itemsize)


class Snapshot(NamedTuple):
    """at: the moment of the order in the feed. changed: the last event until then that changed it."""

    at: Moment
    changed: int
    order: Order


def load(path: Path) -> Snapshot | None:
    """None if there is none, or if it is damaged or of another version."""
    try:
        data = path.read_bytes()
        if not data.startswith(_MAGIC) or _checksum(memoryview(data)[:-_TAIL]) != data[-_TAIL:]:
            return None
        end = data.index(b"\n", len(_MAGIC))
        head = json.loads(data[len(_MAGIC) : end])
        if head["version"] != schema.VERSION:
            return None
        offset, columns = end + 1, {}
        for name in _BY_SIZE:
            columns[name] = np.frombuffer(data, f"<{_TYPES[name]}", head["assets"], offset)
            offset += columns[name].nbytes
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Snapshot(Moment(*head["at"]), head["changed"], Order(**columns))


def _checksum(*parts: bytes | memoryview) -> bytes:
    hashed = xxhash.xxh3_64()
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def save(path: Path, snapshot: Snapshot) -> None:
    """Write atomically. Raises OSError."""
    head = {
        "version": schema.VERSION, "at": snapshot.at, "changed": snapshot.changed, "assets": len(snapshot.order.numbers)
    }  # fmt: skip
    text = json.dumps(head).encode()
    text += b" " * (-(len(_MAGIC) + len(text) + 1) % 8) + b"\n"  # aligns the columns to the largest type
    parts = [_MAGIC, text]
    parts += [getattr(snapshot.order, name).astype(f"<{_TYPES[name]}").tobytes() for name in _BY_SIZE]
    private.make_folder(path.parent)
    with scratch.folder(path.parent) as own:
        half = own / path.name
        with private.create(half) as file:
            for part in (*parts, _checksum(*parts)):
                file.write(part)
        os.replace(half, path)
