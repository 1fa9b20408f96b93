"""The `Migration` type."""

from __future__ import annotations

from typing import NamedTuple


class Migration(NamedTuple):
    """before, after: statements to run before and after the tables are brought to their state in schema.sql. rebuilt:
    tables whose columns or constraints have changed; their rows stay. generated: table, column and definition of new
    generated columns, of tables that a later version may rebuild. They are added after all of `before`, so they use the
    current names."""

    before: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()
    generated: tuple[tuple[str, str, str], ...] = ()
    after: tuple[str, ...] = ()
