"""The order as a file in the cache folder, so that a server that starts need not read it out of the index."""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from indexer import private, scratch
from indexer.store import schema
from indexer.store.timeline import TYPES, Moment

from .order import Order

NAME = "timeline"
_MAGIC = b"indexer timeline 1\n"
_TYPES = {**TYPES, "leaders": "i4"}


class Snapshot(NamedTuple):
    """at: the moment of the feed that the order is of. changed: the last event until then that changed it."""

    at: Moment
    changed: int
    order: Order


def load(path: Path) -> Snapshot | None:
    """None where there is none, or one that is damaged, or of another version."""
    try:
        data = path.read_bytes()
        if not data.startswith(_MAGIC) or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
            return None
        end = data.index(b"\n", len(_MAGIC))
        head = json.loads(data[len(_MAGIC) : end])
        if head["version"] != schema.VERSION:
            return None
        offset, columns = end + 1, []
        for name in Order._fields:
            columns.append(np.frombuffer(data, f"<{_TYPES[name]}", head["assets"], offset).copy())  # aligned
            offset += columns[-1].nbytes
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Snapshot(Moment(*head["at"]), head["changed"], Order(*columns))


def save(path: Path, snapshot: Snapshot) -> None:
    """Whole or not at all. Raises OSError."""
    head = {
        "version": schema.VERSION, "at": snapshot.at, "changed": snapshot.changed, "assets": len(snapshot.order.numbers)
    }  # fmt: skip
    parts = [_MAGIC, json.dumps(head).encode() + b"\n"]
    parts += [column.astype(f"<{_TYPES[name]}").tobytes() for name, column in snapshot.order._asdict().items()]
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    private.make_folder(path.parent)
    with scratch.folder(path.parent) as own:
        half = own / path.name
        with private.create(half) as file:
            for part in parts:
                file.write(part)
            file.write(checksum.to_bytes(4, "little"))
        os.replace(half, path)


def forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
