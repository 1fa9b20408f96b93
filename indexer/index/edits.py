"""Apply user edits to photos as one named, undoable change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import UsageError
from ..store import undo
from ..store.primary_files import is_present
from ..store.trash import restore_asset, trash_asset
from ..store.undo import UserChange as UserChange
from ..store.user_values import set_user_values
from .messages import photos
from .session import Assets, Session

# The values that users can set.
USER_VALUES = (
    "rating", "description", "city", "state", "country", "country_code", "sublocation", "place_name", "is_favorite"
)  # fmt: skip
Values = Mapping[str, str | int | None]


def edit(
    session: Session, assets: Assets, values: Values, *, is_trashed: bool | None = None
) -> tuple[Sequence[str], UserChange | None]:
    """See Assets.edit."""
    _check(values)
    ids = session.resolve_all(assets)
    if not ids or not (values or is_trashed is not None):
        return ids, None
    gone = 0 if is_trashed is not False else sum(not is_present(session.connection, asset_id) for asset_id in set(ids))
    with session.user_change(name_edit(len(set(ids)), values, is_trashed, gone)) as tx:
        for asset_id in ids:
            if values:
                set_user_values(tx, asset_id, **values)
            if is_trashed is not None:
                (trash_asset if is_trashed else restore_asset)(tx, asset_id)
    return ids, undo.find(session.connection, tx.change_id)


def name_edit(count: int, values: Values, is_trashed: bool | None = None, gone: int = 0) -> str:
    """'rated 3 photos 4 stars, changed the description of 3 photos'. gone: number of restored ones without a file."""
    what = photos(count)
    names = [_name(name, value, what) for name, value in values.items()]
    if is_trashed is not None:
        names.append(f"moved {what} to the trash" if is_trashed else f"restored {what} from the trash")
        if gone:
            names[-1] += ", whose file is gone" if count == 1 else f" ({gone:,} of them without a file)"
    return ", ".join(names)


def _name(name: str, value: str | int | None, what: str) -> str:
    if name == "is_favorite":
        return f"added {what} to favorites" if value else f"removed {what} from favorites"
    if name == "rating" and value:
        return f"rated {what} {value} {'star' if value == 1 else 'stars'}"
    if not value:
        return f"removed the {name.replace('_', ' ')} of {what}"
    if name == "description":  # it may be long
        return f"changed the description of {what}"
    return f"set the {name.replace('_', ' ')} of {what} to {value}"


def _check(values: Values) -> None:
    for name, value in values.items():
        if name not in USER_VALUES:
            raise UsageError(f"'{name}' cannot be set: there are {', '.join(USER_VALUES)}")
        if name == "rating" and value is not None and not (isinstance(value, int) and 0 <= value <= 5):
            raise UsageError(f"{value} stars: a rating is 0 to 5")
        if name == "is_favorite" and value not in (None, 0, 1):
            raise UsageError(f"is_favorite is 0 or 1, not {value}")
