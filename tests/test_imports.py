"""Imports between packages: layers import only from lower ones; see docs/architecture.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import indexer

PACKAGE = Path(indexer.__file__).parent

# From the top. Modules of one line may import each other.
LAYERS = (
    {"__main__"},
    {"cli"},
    {"serve"},
    {"timeline"},
    {"__init__", "index"},
    {"sync"},
    {"enrich"},
    {"store"},
    {"media"},
    {"work"},
    {"query", "config", "scratch", "private", "files", "ids", "paths", "record", "version"},
    {"errors"},
)
# What serves people asks the services for everything.
HIDDEN = {"cli": {"store", "sync", "enrich", "media"}, "serve": {"store", "sync", "enrich", "media"}}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(name: str, path: Path) -> Iterator[str]:
    """Modules of the package that a module imports, wherever in its text."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            within = [f"{base}.{alias.name}" for alias in node.names]
            found = [one if one in MODULES else base for one in within]
        else:
            continue
        yield from (one for one in found if one in MODULES and one != name)


@cache
def imports() -> dict[str, set[str]]:
    return {name: set(imported(name, path)) for name, path in MODULES.items()}


def package(name: str) -> str:
    """Which package of ours, or module beside them, it is in."""
    return name.split(".")[1] if "." in name else "__init__"


def layer(name: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if package(name) in layer)


def test_each_module_has_a_layer() -> None:
    assert sorted({package(name) for name in MODULES} - set[str]().union(*LAYERS)) == []


def test_imports_run_downward() -> None:
    against = [
        f"{name} imports {other}"
        for name, others in imports().items()
        for other in others
        if layer(other) < layer(name) or package(other) in HIDDEN.get(package(name), ())
    ]
    assert sorted(against) == []


def circles() -> list[list[str]]:
    """Modules that import each other, by one way or another (Tarjan's algorithm)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in imports()[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            circle = stack[stack.index(name) :]
            del stack[-len(circle) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    for name in imports():
        if name not in number:
            visit(name)
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = circles()
    assert found == []
