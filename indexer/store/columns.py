"""SQL fragments that several domains use."""

from __future__ import annotations

# ASSET_ID: the asset id for the column asset_number of the outer statement. NUMBER: the number for an id.
ASSET_ID = "(SELECT asset.id FROM asset WHERE asset.number = asset_number)"
NUMBER = "(SELECT asset.number FROM asset WHERE asset.id = ?)"
# Condition of a file that may exist: an error is not an absence.
PRESENT = "status NOT IN ('gone', 'ignored')"
# Condition of a file that was read and is neither missing nor offline.
REACHABLE = (
    "status IN ('indexed', 'damaged') AND (SELECT state FROM file_state WHERE file_state.file_id = file.id) = 'present'"
)
