"""Parameters of commands: the index, paths, sizes, and options that several of them share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.config import expanded
from indexer.index import Index

from .output import message, size

if TYPE_CHECKING:
    from indexer import Cluster

F = TypeVar("F", bound=Callable[..., Any])


def pass_index(function: F) -> Callable[..., Any]:
    """Decorator that passes the index of --db to a command, and closes it afterwards."""

    @click.pass_context
    def wrapper(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        index = context.with_resource(Index.open(context.find_root().obj))
        return context.invoke(function, index, *args, **kwargs)

    wrapper.__name__, wrapper.__doc__ = function.__name__, function.__doc__
    return wrapper


class UserPath(click.Path):
    """A path. A leading ~ that the shell did not expand (in quotes, or after =) is the home folder. An empty path is
    rejected."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        return super().convert(expanded(value), param, context)


if TYPE_CHECKING:
    _IntType = click.ParamType[int]
else:  # generic since click 8.4
    _IntType = click.ParamType


class _Bytes(_IntType):
    """500MB, 10GB, 1.5 TB. A number without a unit is rejected, except 0: '10' hardly ever means ten bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])b?|b)\s*|\s*(0)\s*", str(value), re.IGNORECASE)
        if match is None:
            self.fail(f"'{value}' is not a size; use a number with its unit, as in 500MB or 10GB", param, context)
        return int(float(match[1] or 0) * 1000 ** " kmgt".index((match[2] or " ").lower()))


max_cache_option = click.option(
    "--max-cache",
    type=_Bytes(),
    metavar="SIZE",
    help="Maximum size of thumbnails and previews; remembered. Initially 10GB.",
)
cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS",
    envvar="INDEXER_CLUSTER",
    help="Read photos with the workers of a Dask scheduler (tcp://host:8786), which need access to the same folders.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
workers_option = click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes that read files. Default: one per core."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")


@contextmanager
def connected(address: str | None) -> Iterator[Cluster | None]:
    """The cluster at the address of --cluster; None without an address."""
    if address is None:
        yield None
        return
    from indexer.index.cluster import connect

    context = click.get_current_context()

    def warn(text: str) -> None:
        with context.scope(cleanup=False):  # called from a thread, which has no context of its own
            message(text, "warning")

    with connect(address, warn) as cluster:
        yield cluster


def announce_max_cache(max_size: int | None) -> None:
    """Print the size set by --max-cache, since it also applies to later runs."""
    if max_size is not None:
        message(f"Thumbnails and previews may take {size(max_size)} from now on.")
