"""What several commands share: opening the index, printing, sizes and counts in words.

All that a command prints passes through here: names, descriptions and errors come out of files, and what a terminal
would take for a command (escape sequences, letters that run backwards, the end of a line) is shown instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.config import expanded
from indexer.index import Index

if TYPE_CHECKING:
    from indexer.cluster import Cluster
    from indexer.store.assets import Listed

F = TypeVar("F", bound=Callable[..., Any])
# Control characters, ends of lines, what turns the direction of text, halves of characters.
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Of these, what JSON does not escape by itself.
_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def pass_index(function: F) -> Callable[..., Any]:
    """Hands the command the index that --db names, and closes it afterwards."""

    @click.pass_context
    def wrapper(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        index = context.with_resource(Index.open(context.find_root().obj))
        return context.invoke(function, index, *args, **kwargs)

    wrapper.__name__, wrapper.__doc__ = function.__name__, function.__doc__
    return wrapper


class UserPath(click.Path):
    """A path. A ~ at its beginning that the shell left as it is, in quotes or behind a =, is the home folder.
    An empty one is refused."""

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        return super().convert(expanded(value), param, context)


if TYPE_CHECKING:
    _IntType = click.ParamType[int]
else:  # generic since click 8.4
    _IntType = click.ParamType


class _Bytes(_IntType):
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


def printable(text: str) -> str:
    """The text in one line, with what a terminal would act upon written as `\\x1b`, `\\n`, `\\u202e`."""
    return _NOT_SHOWN.sub(lambda found: _SHORT.get(found[0]) or _escaped(found[0]), text)


def _escaped(char: str) -> str:
    code = ord(char) - 0xDC00 if "\udc80" <= char <= "\udcff" else ord(char)  # a byte of a name that is not UTF-8
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def say(*lines: str) -> None:
    """Lines of a result, for people."""
    for line in lines:
        click.echo(printable(line))


def say_json(text: str, *, end: str = "\n") -> None:
    """JSON, for scripts. Its values stay what they are: what a terminal would act upon is written in JSON's own way."""
    click.echo(_safe_json(text) + end, nl=False)


def _safe_json(text: str) -> str:
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def tell(text: str, level: str = "info") -> None:
    """A message beside the result, on stderr: plain, or with --log-json an object a line."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().params.get("log_json"):
        import time

        line = {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "level": level, "message": text}
        text = _safe_json(json.dumps(line, ensure_ascii=False))
    click.echo(printable(text), err=True)


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
    say_json(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_json_line(value: object) -> None:
    say_json(json.dumps(value, ensure_ascii=False, default=str))


def print_records(records: Iterable[str]) -> None:
    """Asset records as one JSON array, each as it comes."""
    say_json("[", end="")
    for number, text in enumerate(records):
        say_json((",\n" if number else "") + text, end="")
    say_json("]")


def print_listed(found: Iterable[Listed]) -> None:
    for one in found:
        when = one.local_datetime[:19].replace("T", " ")
        pixels = f"{one.width}×{one.height}" if one.width else "-"
        say(f"{when}  {one.id}  {pixels:>11}  {size(one.size):>8}  {one.camera or '-':24}  {one.path or '-'}")


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
