"""What several commands share: opening the index, sizes and counts in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.index import Index

if TYPE_CHECKING:
    from indexer.cluster import Cluster
    from indexer.store.queries import Listed

F = TypeVar("F", bound=Callable[..., Any])


def pass_index(function: F) -> Callable[..., Any]:
    """Hands the command the index that --db names, and closes it afterwards."""

    @click.pass_context
    def wrapper(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        index = context.with_resource(Index.open(context.find_root().obj))
        return context.invoke(function, index, *args, **kwargs)

    wrapper.__name__, wrapper.__doc__ = function.__name__, function.__doc__
    return wrapper


class _Bytes(click.ParamType[int]):
    """500MB, 10GB, 1.5 TB. A plain number is refused, but for 0: '10' hardly ever means ten bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])b?|b)\s*|\s*(0)\s*", str(value), re.IGNORECASE)
        if found is None:
            self.fail(f"'{value}' is not a size; use a number with its unit, as in 500MB or 10GB", param, context)
        return int(float(found[1] or 0) * 1000 ** " kmgt".index((found[2] or " ").lower()))


max_cache_option = click.option(
    "--max-cache",
    type=_Bytes(),
    metavar="SIZE",
    help="How much room thumbnails and previews may take; remembered. At first: 10GB.",
)
cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS",
    envvar="INDEXER_CLUSTER",
    help="Have the workers of a Dask scheduler (tcp://host:8786) read the photos; they have to see the same folders.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="For scripts.")


def tell(text: str, level: str = "info") -> None:
    """A message beside the result, on stderr: plain, or with --log-json an object a line."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().params.get("log_json"):
        import time

        line = {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "level": level, "message": text}
        text = json.dumps(line, ensure_ascii=False)
    click.echo(text, err=True)


@contextmanager
def connected(address: str | None) -> Iterator[Cluster | None]:
    """The cluster that --cluster names; None: none."""
    if address is None:
        yield None
        return
    from indexer.cluster import Cluster

    context = click.get_current_context()

    def say(text: str) -> None:
        with context.scope(cleanup=False):  # it comes from a thread, which has no context of its own
            tell(text, "warning")

    with Cluster(address, say) as cluster:
        yield cluster


def tell_max_cache(most: int | None) -> None:
    """What --max-cache sets for this run and every later one."""
    if most is not None:
        tell(f"Thumbnails and previews may take {size(most)} from now on.")


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_records(records: Iterable[str]) -> None:
    """Asset records as one JSON array, each as it comes."""
    click.echo("[", nl=False)
    for number, text in enumerate(records):
        click.echo((",\n" if number else "") + text, nl=False)
    click.echo("]")


def print_listed(found: Iterable[Listed]) -> None:
    for one in found:
        when = one.local_datetime[:19].replace("T", " ")
        pixels = f"{one.width}×{one.height}" if one.width else "-"
        click.echo(f"{when}  {one.id}  {pixels:>11}  {size(one.size):>8}  {one.camera or '-':24}  {one.path or '-'}")


def size(count: float) -> str:
    """1234567 as '1.2 MB'."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def many(count: int, one: str, more: str | None = None) -> str:
    """'1 file', '1,200 files'."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
