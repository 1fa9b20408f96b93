"""`Index.assets`: list assets, and get their files, metadata and the user's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotFound, UsageError
from ..files import is_regular, regular_nofollow
from ..store.filters import AssetFilter as AssetFilter
from ..store.filters import State as State
from ..store.records import Record as Record
from .session import Assets as AssetsLike
from .session import PathLike, Session

if TYPE_CHECKING:
    from ..store.assets import Existing, Listed
    from ..store.enrichments import Served
    from ..store.files import StoredFile
    from ..store.undo import UserChange
    from ..sync.explain import Explanation
    from ..sync.write_back import WrittenBack
    from .details import Details
    from .edits import Values
    from .motion_photos import MotionVideo


class Assets:
    """Each asset is given by its id or the path of one of its files. Methods raise NotFound for an unknown one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, limit: int = 20, **which: Any) -> Sequence[Listed]:
        """See Index.list."""
        from ..store.assets import list_assets

        return list_assets(self._session.connection, _filter(which), limit)

    def list_json(self, limit: int = 20, **which: Any) -> Iterator[str]:
        """The records of `list`, each as `Index.get_json` returns it."""
        from ..store.assets import list_assets_json

        return list_assets_json(self._session.connection, _filter(which), limit)

    def page(self, which: AssetFilter, limit: int = -1, *, after_id: str | None = None) -> Sequence[str]:
        """Ids, the newest first, starting after `after_id`; in the trash, the last trashed first."""
        from ..store.assets import select_page

        ids = select_page(self._session.connection, which, after_id, limit)
        if ids is None:
            raise NotFound(f"there is no asset {after_id}")
        return ids

    def count(self) -> int:
        """The number of assets that are not in the trash."""
        from ..store.assets import count_live

        return count_live(self._session.connection)

    def count_by_month(self, which: AssetFilter, limit: int) -> Sequence[tuple[str, int]]:
        """Months ('2024-05') with their number of assets, the newest first."""
        from ..store.assets import count_by_month

        return count_by_month(self._session.connection, which, limit)

    def record(self, asset_id: str) -> Record:
        """The record's text, with the data for its URLs."""
        from ..store.records import select_record

        record = select_record(self._session.connection, asset_id)
        if record is None:
            raise NotFound(f"there is no asset {asset_id}")
        return record

    def records(self, asset_ids: Sequence[str]) -> Sequence[Record]:
        """As `record`, in this order, without those that do not exist."""
        from ..store.records import select_records

        return select_records(self._session.connection, asset_ids)

    def with_values(self, record: Record, values: Mapping[str, Any]) -> str:
        """The record's text with other values at these JSON paths, as '$.asset_urls'."""
        from ..store.records import with_values

        return with_values(self._session.connection, record.json, values)

    def served(self, asset_id: str) -> Served:
        """Properties of an asset for responses with its files."""
        from ..store.enrichments import served

        asset = served(self._session.connection, asset_id)
        if asset is None:
            raise NotFound(f"there is no asset {asset_id}")
        return asset

    def original(self, asset_id: str) -> Path:
        """The primary file of an asset, or another of its files. Raises NotFound if none can be reached."""
        from ..store.enrichments import picture_files

        for file in picture_files(self._session.connection, asset_id):
            if is_regular(file.real_path):
                return Path(file.real_path)
        raise NotFound(f"the file of {asset_id} cannot be reached now")

    def files(self, id_or_path: PathLike) -> Sequence[StoredFile]:
        """All present and former files of an asset, the first seen first."""
        from ..store.files import select_places

        return select_places(self._session.connection, self._session.resolve(id_or_path))

    def existing(
        self,
        checksums: Sequence[str] = (),
        checksum_sha1s: Sequence[str] = (),
        device_asset_ids: Sequence[str] = (),
    ) -> Sequence[Existing]:
        """Assets with one of these checksums (base64 of SHA-256 or SHA-1), now or before an edit, or with one of these
        ids on this device. Includes the trash."""
        from ..store.assets import select_existing

        return select_existing(self._session.connection, checksums, checksum_sha1s, device_asset_ids)

    def keywords(self, id_or_path: PathLike) -> Sequence[str]:
        from ..store.metadata import select_keywords

        return select_keywords(self._session.connection, self._session.resolve(id_or_path))

    def explain(self, id_or_path: PathLike) -> Explanation:
        """Where the values of a record come from, and which sources disagree."""
        from ..sync.explain import explain

        (asset_id,) = self._session.resolve_all(id_or_path)
        return explain(self._session.connection, asset_id)

    def details(self, id_or_path: PathLike) -> Details:
        """Data for the photo info panel. Rereads the metadata of the file, if it can be reached."""
        from .details import details

        return details(self._session, self._session.resolve(id_or_path))

    def motion_video(self, id_or_path: PathLike) -> MotionVideo:
        """Locate the video of a motion photo or live photo. Raises NotFound if there is none, or its file cannot be
        reached."""
        from .motion_photos import motion_video

        return motion_video(self._session, self._session.resolve(id_or_path))

    def motion(self, id_or_path: PathLike) -> bytes:
        """The video inside a motion photo. Raises NotFound if there is none, or its file cannot be reached."""
        from ..store.metadata import select_motion
        from ..sync.explain import original

        (asset_id,) = self._session.resolve_all(id_or_path)
        motion = select_motion(self._session.connection, asset_id)
        if motion is None:
            raise NotFound(f"{asset_id} contains no video: it is not a motion photo")
        path = original(self._session.connection, asset_id)
        if path is None:
            raise NotFound(f"the file of {asset_id} cannot be reached now")
        with open(path, "rb", opener=regular_nofollow) as file:
            file.seek(motion.offset)
            return file.read(motion.size)

    def set(self, assets: AssetsLike, **values: str | int | None) -> Sequence[str]:
        """Set the user's values (see indexer.index.edits.USER_VALUES), which take precedence over the file's and the
        look-up's; None removes one. Returns the ids.

        Raises UsageError for another name, for a rating beyond 0 to 5, and for an is_favorite that is not 0 or 1 (True
        and False are accepted)."""
        return self.edit(assets, values)[0]

    def edit(
        self, assets: AssetsLike, values: Values, *, is_trashed: bool | None = None
    ) -> tuple[Sequence[str], UserChange | None]:
        """As `set`; is_trashed: also move the assets to the trash, or restore them. All of them are changed, or none.
        Returns their ids and the change, which `History.undo` takes back; None: nothing had to be changed."""
        from .edits import edit

        return edit(self._session, assets, values, is_trashed=is_trashed)

    def write_back(
        self, assets: AssetsLike = (), *, dry_run: bool = False
    ) -> tuple[Sequence[WrittenBack], Path | None]:
        """Write the user's values of these photos, or of all, into XMP sidecars next to them. Photos are not changed.
        Returns also the folder with copies of the sidecars that were changed, if any."""
        from .write_back import write_back

        return write_back(self._session, assets, dry_run=dry_run)


def explained_fields() -> Sequence[str]:
    """The fields that `Assets.explain` knows, in the order in which they are shown."""
    from ..media.facts import Metadata

    return "local_datetime", *Metadata._fields, "place_name", "timezone", "is_favorite"


def _filter(which: dict[str, Any]) -> AssetFilter:
    """Raises UsageError for an unknown field, and for a value that a field cannot have."""
    from ..query import span
    from ..store.filters import STATES

    if unknown := which.keys() - set(AssetFilter._fields):
        raise UsageError(f"assets cannot be listed by '{min(unknown)}'; use {', '.join(AssetFilter._fields)}")
    for name, known in (("state", STATES), ("kind", (None, "image", "video"))):
        if name in which and which[name] not in known:
            raise UsageError(f"unknown {name} '{which[name]}'; use {', '.join(filter(None, known))}")
    for name in ("ids", "person_ids"):
        if isinstance(which.get(name), str):
            which[name] = [which[name]]
    which["taken_from"], which["taken_to"] = span(which.get("taken_from"), which.get("taken_to"))
    return AssetFilter(**which)
