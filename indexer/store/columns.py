"""Fragments of SQL that several domains use."""

from __future__ import annotations

# In a statement on a table that refers to assets by number: the id of the row's asset; and the number of an id.
ASSET_ID = "(SELECT asset.id FROM asset WHERE asset.number = asset_number)"
NUMBER = "(SELECT asset.number FROM asset WHERE asset.id = ?)"
# Of a file that can be opened, as far as the index knows: an error is not an absence.
PRESENT = "verdict NOT IN ('gone', 'ignored')"
