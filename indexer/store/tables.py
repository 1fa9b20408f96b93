"""Per-table properties (undoable, rebuilt, …) used by merge, undo and repair."""

from __future__ import annotations

from typing import Literal, NamedTuple

# user: users' values and actions; file: data read from files, and their locations; computed: results of enrichers;
# log: what happened; machine: of this index and machine; rebuilt: counts and indexes that are made anew from other
# tables; running: of processes at work.
Holds = Literal["user", "file", "computed", "log", "machine", "rebuilt", "running"]
# What merge takes over as it is: rows of assets that are new here, or of all. The rest has code of its own, or stays.
Merged = Literal["new", "all"]


class Undo(NamedTuple):
    """The user-editable part of a table, which `undo` restores. key: the column that identifies a row; columns: None is
    all of them."""

    key: str
    columns: tuple[str, ...] | None = None


class Table(NamedTuple):
    name: str
    holds: Holds
    merged: Merged | None = None
    undo: Undo | None = None

    @property
    def is_salvaged(self) -> bool:
        """Whether repair copies its rows from a damaged index."""
        return self.holds not in ("rebuilt", "running")


TABLES = (
    Table("setting", "machine"),
    # Folders and files
    Table("root", "file"),
    Table("mount", "file"),
    Table("file", "file"),
    Table("watch_state", "running"),
    Table("job", "running"),
    # Assets
    Table("asset", "file", undo=Undo("id", ("id", "trashed_at", "trash_override"))),
    Table("former_checksum", "file", "all"),
    Table("keyword", "file", "new"),
    Table("motion_photo", "file", "new"),
    Table("stack_member", "file", "new"),
    Table("month", "rebuilt"),
    Table("excluded_content", "user"),
    # Users' values
    Table("user_value", "user", "new", Undo("asset_id")),
    Table("written_value", "user", "all"),
    Table("album", "user", undo=Undo("id")),
    Table("album_asset", "user", undo=Undo("id")),
    Table("user_change", "log"),
    Table("user_change_row", "log"),
    # People
    Table("person", "user", undo=Undo("id")),
    Table("person_alias", "user", undo=Undo("id")),
    Table("face", "user", undo=Undo("id", ("id", "asset_id", "person_id", "assigned_by"))),
    Table("face_embedding", "computed"),
    Table("person_count", "rebuilt"),
    Table("person_asset", "rebuilt"),
    # Enrichments
    Table("enrichment", "computed"),
    Table("place", "computed"),
    Table("point_of_interest", "user"),
    Table("metric", "computed"),
    Table("rendition", "computed"),
    Table("perceptual_hash", "computed"),
    Table("image_embedding", "computed"),
    Table("caption", "computed"),
    Table("text_line", "computed"),
    # Clients of the HTTP API
    Table("library", "user"),
    Table("api_key", "user"),
    Table("upload", "user", "all"),
    # The log comes last: restoring other tables writes to it
    Table("event", "log"),
    Table("search", "rebuilt"),
)

UNDOABLE = {table.name: table.undo for table in TABLES if table.undo is not None}
