"""The cache folder of renditions, beside the index: bounded, and rebuilt if it is missing."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

from indexer import private
from indexer.config import cache_folder
from indexer.errors import cannot_write
from indexer.store import enrichments, merge
from indexer.store.database import IndexConnection
from indexer.store.results import Rendition
from indexer.store.transaction import begin

from .enricher import PORTRAITS, RENDITIONS

DEFAULT_SIZE = 10_000_000_000
_TAG = "CACHEDIR.TAG"
# bford.info/cachedir: backup programs skip a folder with this file.
_TAG_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# Made by indexer from your photos; may be deleted at any time.\n"
)


class Cache:
    """The renditions' files, and their rows in the index."""

    def __init__(self, connection: IndexConnection, database: Path, max_size: int | None = None) -> None:
        """max_size: bytes, stored as a setting; None: the stored one. Raises DiskFull or IndexUnusable if the folder
        cannot be written."""
        self.folder = cache_folder(database)
        self._connection = connection
        if max_size is not None:
            with begin(connection):
                enrichments.put_setting(connection, "max_cache", str(max_size))
        self.max_size = int(enrichments.setting(connection, "max_cache") or DEFAULT_SIZE)
        self._prepare()
        self.size = enrichments.cache_size(connection)

    @property
    def is_full(self) -> bool:
        return self.size >= self.max_size

    def _prepare(self) -> None:
        """Create the folder if it is missing, and forget the renditions in it."""
        connection = self._connection
        if enrichments.setting(connection, "cache_uri") != self.folder.as_uri():
            with begin(connection):
                enrichments.put_setting(connection, "cache_uri", self.folder.as_uri())
        tag = self.folder / _TAG
        if not tag.exists():
            try:
                private.make_folder(self.folder)
                self.forget_missing()
                private.write(tag, _TAG_TEXT.encode())
            except OSError as error:
                raise cannot_write(self.folder, error) from error

    def forget_missing(self) -> int:
        """Make renditions whose files are gone due again, and remove files without a row. Returns how many were
        gone."""
        connection = self._connection
        known = enrichments.rendition_files(connection)
        present = {
            f"{folder.name}/{file.name}"
            for folder in os.scandir(self.folder)
            if folder.is_dir()
            for file in os.scandir(folder.path)
        }
        for file in present - known:
            (self.folder / file).unlink(missing_ok=True)
        lost = known - present
        if lost:
            with begin(connection) as tx:
                for asset_id, name in enrichments.renditions_of_files(connection, lost):
                    with tx.record_changed(asset_id):
                        enrichments.drop_rendition(connection, asset_id, name)
                    enrichments.forget_one(connection, asset_id, PORTRAITS if name.startswith("face_") else RENDITIONS)
        return len(lost)

    def take_over(self, other: Path) -> None:
        """Copy the renditions from the cache folder of a merged index until this cache is full."""
        for asset_id, pairs in groupby(merge.renditions(self._connection), key=lambda pair: pair[0]):
            copied = []
            for _, rendition in pairs:
                if self.is_full:
                    return
                try:
                    private.make_folder((self.folder / rendition.file).parent)
                    private.copy(other / rendition.file, self.folder / rendition.file)
                except OSError:
                    continue  # rendered on demand
                copied.append(rendition)
                self.size += rendition.size
            if copied:
                with begin(self._connection) as tx, tx.record_changed(asset_id):
                    for rendition in copied:
                        enrichments.put_rendition(self._connection, asset_id, rendition, tx.now)
                    merge.record_renditions(self._connection, asset_id)

    def make_room(self, but: Rendition | None = None) -> None:
        """Remove the least recently used renditions, except `but`, until the rest fits."""
        connection = self._connection
        if self.size <= self.max_size:
            return
        files = []
        with begin(connection) as tx:
            for asset_id, name in enrichments.least_used(connection, self.size - self.max_size, but):
                with tx.record_changed(asset_id):
                    files.append(enrichments.drop_rendition(connection, asset_id, name))
            self.size = enrichments.cache_size(connection)
        for file in filter(None, files):
            (self.folder / file).unlink(missing_ok=True)
