"""What a migration has to say."""

from __future__ import annotations

from typing import NamedTuple


class Migration(NamedTuple):
    """before, after: statements, before the tables are brought to what schema.sql says, and after it. rebuilt: tables
    whose columns or constraints have changed; their rows stay. generated: table, column and definition of new generated
    columns, of tables that a later version may rebuild. They are added after all of `before`, so names are the present
    ones."""

    before: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()
    generated: tuple[tuple[str, str, str], ...] = ()
    after: tuple[str, ...] = ()
