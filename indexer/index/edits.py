"""What people say of photos: one change, with a name, that can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..store import undo
from ..store.standing import is_present
from ..store.trash import restore_asset, trash_asset
from ..store.undo import UserChange as UserChange
from ..store.user_values import set_user_values

if TYPE_CHECKING:
    from . import Index, PathLike

# What can be said of an asset.
USER_VALUES = (
    "rating", "description", "city", "state", "country", "country_code", "sublocation", "place_name", "is_favorite"
)  # fmt: skip
Values = Mapping[str, str | int | None]


def edit(
    index: Index, asset_ids: Sequence[PathLike], values: Values, *, is_trashed: bool | None = None
) -> tuple[Sequence[str], UserChange | None]:
    """Set USER_VALUES of all of these assets (ids or paths) or, where one is missing, of none; None as a value lets
    the file's value count again. is_trashed: also put them in the trash, or restore them. Returns their ids and the
    change, which `Index.undo` takes back; None: nothing had to be changed.

    Raises NotFound, and UsageError for an invalid value."""
    _check(values)
    known = index.known(asset_ids)
    if not known or not (values or is_trashed is not None):
        return known, None
    gone = 0 if is_trashed is not False else sum(not is_present(index.connection, one) for one in set(known))
    with index.user_change(name_edit(len(set(known)), values, is_trashed, gone)) as tx:
        for asset_id in known:
            if values:
                set_user_values(tx, asset_id, **values)
            if is_trashed is not None:
                (trash_asset if is_trashed else restore_asset)(tx, asset_id)
    return known, undo.find(index.connection, tx.change_id)


def takes_away(index: Index, change_id: int) -> bool:
    """Whether undoing a change deletes something, or puts a photo in the trash again."""
    return undo.takes_away(index.connection, change_id)


def take_back(index: Index, change_id: int) -> tuple[UserChange | None, Sequence[str]]:
    """As `Index.undo`, with the ids of the assets that the change was about."""
    undone = index.undo(change_id)
    return undone, undo.touched_assets(index.connection, change_id)


def name_edit(count: int, values: Values, is_trashed: bool | None = None, gone: int = 0) -> str:
    """'rated 3 photos 4 stars, changed the description of 3 photos'. gone: how many of those restored have no file."""
    photos = f"{count:,} {'photo' if count == 1 else 'photos'}"
    names = [_name(name, value, photos) for name, value in values.items()]
    if is_trashed is not None:
        names.append(f"moved {photos} to the trash" if is_trashed else f"restored {photos} from the trash")
        if gone:
            names[-1] += ", whose file is gone" if count == 1 else f" ({gone:,} of them without a file)"
    return ", ".join(names)


def _name(name: str, value: str | int | None, photos: str) -> str:
    if name == "is_favorite":
        return f"added {photos} to favorites" if value else f"removed {photos} from favorites"
    if name == "rating" and value:
        return f"rated {photos} {value} {'star' if value == 1 else 'stars'}"
    if not value:
        return f"removed the {name.replace('_', ' ')} of {photos}"
    if name == "description":  # it may be long
        return f"changed the description of {photos}"
    return f"set the {name.replace('_', ' ')} of {photos} to {value}"


def _check(values: Values) -> None:
    for name, value in values.items():
        if name not in USER_VALUES:
            raise UsageError(f"'{name}' cannot be set: there are {', '.join(USER_VALUES)}")
        if name == "rating" and value is not None and not (isinstance(value, int) and 0 <= value <= 5):
            raise UsageError(f"{value} stars: a rating is 0 to 5")
        if name == "is_favorite" and value not in (None, 0, 1):
            raise UsageError(f"is_favorite is 0 or 1, not {value}")
