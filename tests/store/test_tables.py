"""The list of tables agrees with schema.sql."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer import Index
from indexer.store.results import RESULTS
from indexer.store.tables import TABLES, UNDOABLE

from ..conftest import rows


@pytest.fixture
def made(index: Index, samples: Path) -> Index:
    index.scan([samples])
    return index


def test_each_table_is_listed_once(made: Index) -> None:
    there = rows(
        made,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'search_*'",
    )
    assert sorted(table.name for table in TABLES) == sorted(str(name) for (name,) in there)


def test_results_of_enrichers_survive_a_repair() -> None:
    holds = {table.name: table.holds for table in TABLES}
    results = {storage.table: holds[storage.table] for storage in RESULTS.values()}
    assert results.pop("face") == "user"  # people are assigned to faces
    assert set(results.values()) == {"computed"}
    assert {name for name, kind in holds.items() if kind == "rebuilt"} == {
        *("month", "person_count", "person_asset", "search")
    }


def test_what_is_undone_are_columns_of_the_table(made: Index) -> None:
    for table, undo in UNDOABLE.items():
        columns = {name for (name,) in rows(made, f"SELECT name FROM pragma_table_info('{table}')")}
        assert {undo.key, *(undo.columns or ())} <= columns, table
        unique = rows(
            made,
            f"SELECT 1 FROM pragma_table_info('{table}') WHERE name = '{undo.key}' AND pk = 1 UNION ALL SELECT 1 FROM"
            f" pragma_index_list('{table}') AS one JOIN pragma_index_info(one.name) AS of_it"
            f" WHERE \"unique\" AND of_it.name = '{undo.key}'",
        )
        assert unique, f"{table}: the key names a row"


def test_what_merge_takes_over_belongs_to_an_asset(made: Index) -> None:
    for table in TABLES:
        columns = {name for (name,) in rows(made, f"SELECT name FROM pragma_table_info('{table.name}')")}
        assert table.merged is None or columns & {"asset_id", "asset_number"}, table.name
