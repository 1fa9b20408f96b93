"""Limits for size: modules and functions that exceed them are reviewed, and split if they do two things."""

from __future__ import annotations

import ast
from functools import cached_property

from indexer import Index

from .test_imports import MODULES


def test_no_module_is_longer_than_500_lines() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {
        f"{name}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > 60} == {}


def test_the_index_is_small_but_for_its_services() -> None:
    public = {name: value for name, value in vars(Index).items() if not name.startswith("_")}
    services = {name for name, value in public.items() if isinstance(value, cached_property)}
    assert len(public.keys() - services) <= 15 and {"albums", "people", "trash"} <= services
