"""Printing: results on stdout, as text or JSON, and messages on stderr.

All that a command prints passes through here: names, descriptions and errors come out of files, and what a terminal
would act upon (escape sequences, characters that reverse the text, line ends) is shown instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from indexer import Listed

# Control characters, ends of lines, what turns the direction of text, halves of characters.
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Of these, what JSON does not escape by itself.
_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """The text in one line, with what a terminal would act upon written as `\\x1b`, `\\n`, `\\u202e`."""
    return _NOT_SHOWN.sub(lambda found: _SHORT.get(found[0]) or _escaped(found[0]), text)


def _escaped(char: str) -> str:
    code = ord(char) - 0xDC00 if "\udc80" <= char <= "\udcff" else ord(char)  # a byte of a name that is not UTF-8
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def echo(*lines: str) -> None:
    """Lines of a result, for people."""
    for line in lines:
        click.echo(printable(line))


def print_json_text(text: str, *, end: str = "\n") -> None:
    """JSON, for scripts. Its values stay what they are: what a terminal would act upon is written in JSON's own way."""
    click.echo(_safe_json(text) + end, nl=False)


def _safe_json(text: str) -> str:
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def message(text: str, level: str = "info") -> None:
    """A message beside the result, on stderr: plain, or with --log-json an object a line."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().params.get("log_json"):
        import time

        line = {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "level": level, "message": text}
        text = _safe_json(json.dumps(line, ensure_ascii=False))
    click.echo(printable(text), err=True)


def print_json(value: object) -> None:
    print_json_text(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_json_line(value: object) -> None:
    print_json_text(json.dumps(value, ensure_ascii=False, default=str))


def print_records(records: Iterable[str]) -> None:
    """Asset records as one JSON array, each as it comes."""
    print_json_text("[", end="")
    for number, text in enumerate(records):
        print_json_text((",\n" if number else "") + text, end="")
    print_json_text("]")


def print_assets(found: Iterable[Listed]) -> None:
    for one in found:
        when = one.local_datetime[:19].replace("T", " ")
        pixels = f"{one.width}×{one.height}" if one.width else "-"
        echo(f"{when}  {one.id}  {pixels:>11}  {size(one.size):>8}  {one.camera or '-':24}  {one.path or '-'}")


def size(count: float) -> str:
    """1234567 as '1.2 MB'."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def plural(count: int, one: str, more: str | None = None) -> str:
    """'1 file', '1,200 files'."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
