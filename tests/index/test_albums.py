"""The cover of an album."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from indexer import Index

from ..conftest import put


def test_the_cover_is_in_the_album_and_live(index: Index, photos: Path) -> None:
    for number in range(3):
        put(photos / f"{number}.jpg", number)
    index.scan([photos])
    chosen, other, outside = (listed.id for listed in index.list())
    album = index.albums.create("Trip", [chosen, other])

    def choose(asset_id: str) -> None:  # as an index that was merged brings it along
        with sqlite3.connect(index.path) as database:
            database.execute("UPDATE album SET cover_asset_id = ?", (asset_id,))
        database.close()

    choose(other)
    assert index.albums.get(album.id).cover == other
    index.trash.put([other])
    assert index.albums.get(album.id).cover == chosen
    index.trash.restore([other])
    assert index.albums.get(album.id).cover == other
    choose(outside)
    assert index.albums.get(album.id).cover in (chosen, other)
