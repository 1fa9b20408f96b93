"""`Index.trash`: move assets to the trash, restore them, and empty it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..media.dates import age
from ..store import trash as store
from ..store.files import select_places
from ..store.transaction import Transaction
from ..store.trash import Trashed
from ..store.undo import record_final
from .messages import FROM_A_BACKUP, photos
from .roots import Roots
from .session import Assets, Session

_DAY = 86_400


def days_in_trash(asset: Trashed) -> int:
    """Whole days."""
    return int(age(asset.trashed_at) // _DAY)


class Trash:
    """Each asset is given by its id or the path of one of its files. Files in the user's roots are never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[Trashed]:
        """Those longest in the trash first."""
        return store.select_trashed(self._session.connection)

    def put(self, assets: Assets) -> Sequence[str]:
        """Move assets to the trash, independently of their files. Returns their ids."""
        ids = self._session.resolve_all(assets)
        with self._session.user_change(f"{photos(len(ids))} put in the trash") as tx:
            for asset_id in ids:
                store.trash_asset(tx, asset_id)
        return ids

    def restore(self, assets: Assets) -> Sequence[str]:
        """Restore assets from the trash with all their data, even if their files are gone. Returns the ids of those
        that were in it."""
        ids = self._session.resolve_all(assets)
        with self._session.user_change(f"{photos(len(ids))} taken out of the trash") as tx:
            return [asset_id for asset_id in ids if store.restore_asset(tx, asset_id)]

    def empty(self, days: float = 30.0) -> Sequence[Trashed]:
        """Permanently delete assets that have been in the trash for this many days, and return them. An asset with a
        file that is present, or on a disconnected drive, stays; but an upload is deleted, with its file in the index's
        own folder."""
        if not self.expired(days):
            return []
        roots = Roots(self._session)
        with self._session.transaction() as tx:
            purged = self.expired(days)  # again: now nobody else can write
            for asset in purged:
                _delete(tx, roots.uploaded_files(asset.id))
            store.purge_assets(tx, [asset.id for asset in purged])
            if purged:
                record_final(tx, f"emptied the trash of {photos(len(purged))}", FROM_A_BACKUP)
        return purged

    def expired(self, days: float = 30.0) -> Sequence[Trashed]:
        """The assets that `empty` would delete now."""
        roots = Roots(self._session)
        expired = [asset for asset in self.list() if age(asset.trashed_at) >= days * _DAY]
        return [asset for asset in expired if not asset.held or roots.uploaded_files(asset.id)]

    def delete(self, assets: Assets) -> None:
        """Permanently delete photos although their files are present: the files are not changed, but excluded from now
        on, wherever they are; `unexclude` has them indexed again. An upload goes to the trash; when it is deleted from
        there, its file in the index's own folder is deleted too."""
        ids, roots = self._session.resolve_all(assets), Roots(self._session)
        trashed = {asset.id for asset in self.list()}
        uploads = {asset_id: roots.uploaded_files(asset_id) for asset_id in ids}
        to_trash = [asset_id for asset_id in ids if uploads[asset_id] and asset_id not in trashed]
        if to_trash:
            self.put(to_trash)
        for_good = [asset_id for asset_id in ids if asset_id not in to_trash]
        if not for_good:
            return
        with self._session.transaction() as tx:
            for asset_id in for_good:
                if any(file.status != "gone" for file in select_places(tx.connection, asset_id)):
                    store.exclude(tx, asset_id)
                else:  # if the photo returns one day, it is indexed again
                    store.purge_assets(tx, [asset_id])
                _delete(tx, uploads[asset_id])
            instead = "'indexer roots --take-back' indexes those in your folders again."
            record_final(tx, f"deleted {photos(len(for_good))} from the index", instead)

    def unexclude(self) -> int:
        """Stop excluding deleted photos. Returns their number. The next scan indexes them."""
        with self._session.transaction() as tx:
            if count := store.unexclude(tx, None):
                what = f"had {photos(count)} indexed again that were deleted"
                record_final(tx, what, "Delete again what you do not want in the index.")
        return count


def _delete(tx: Transaction, uploaded: Iterable[Path]) -> None:
    """Called before the rows are deleted: if killed in between, the next attempt finishes."""
    if not tx.is_dry_run:
        for path in uploaded:
            path.unlink(missing_ok=True)
