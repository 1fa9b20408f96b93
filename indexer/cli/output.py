"""Print results on stdout, as text or JSON, and messages on stderr.

All output of commands passes through here. Names, descriptions and errors may come from files, so characters that a
terminal would act upon (escape sequences, changes of text direction, line ends) are escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from indexer import Listed

# Control characters, line ends, changes of text direction, lone surrogates
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Those that json.dumps does not escape
_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """The text in one line, with characters that a terminal would act upon escaped: `\\x1b`, `\\n`, `\\u202e`."""
    return _NOT_SHOWN.sub(lambda match: _SHORT.get(match[0]) or _escaped(match[0]), text)


def _escaped(char: str) -> str:
    code = ord(char) - 0xDC00 if "\udc80" <= char <= "\udcff" else ord(char)  # a byte of a non-UTF-8 name
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def echo(*lines: str) -> None:
    """Print lines of a result as text."""
    for line in lines:
        click.echo(printable(line))


def print_json_text(text: str, *, end: str = "\n") -> None:
    """Print JSON. Characters that a terminal would act upon are escaped as in JSON, so values do not change."""
    click.echo(_safe_json(text) + end, nl=False)


def _safe_json(text: str) -> str:
    return _IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def message(text: str, level: str = "info") -> None:
    """Print a message on stderr: plain, or with --log-json as a JSON object per line."""
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
    """Print asset records as one JSON array, each as soon as it is available."""
    print_json_text("[", end="")
    for number, text in enumerate(records):
        print_json_text((",\n" if number else "") + text, end="")
    print_json_text("]")


def print_assets(assets: Iterable[Listed]) -> None:
    for asset in assets:
        taken = asset.local_datetime[:19].replace("T", " ")
        pixels = f"{asset.width}×{asset.height}" if asset.width else "-"
        camera, path = asset.camera or "-", asset.path or "-"
        echo(f"{taken}  {asset.id}  {pixels:>11}  {size(asset.size):>8}  {camera:24}  {path}")


def size(count: float) -> str:
    """1234567 as '1.2 MB'."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def plural(count: int, singular: str, plural_noun: str | None = None) -> str:
    """'1 file', '1,200 files'. plural_noun: if it is not the singular with an s."""
    return f"{count:,} {singular if count == 1 else plural_noun or singular + 's'}"
