"""The command line. Each command's module is imported when it is called."""

from __future__ import annotations

import os
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from indexer import __version__
from indexer.errors import IndexerError

# Command -> summary, in the order of the help. The module of the same name has it as `command`.
_COMMANDS = {
    "scan": "Index folders now: new, changed, moved and deleted photos.",
    "watch": "Scan, then follow changes until stopped.",
    "enrich": "Compute places, previews, quality, faces and more.",
    "duplicates": "List duplicates and similar photos.",
    "serve": "Serve the web gallery, and the photo API for other programs.",
    "open": "Open the web gallery in the browser: a photo, folder or search.",
    "get": "Print the asset record of an id or a file, as JSON.",
    "list": "List photos and videos, newest first.",
    "search": "Find photos by words, places, people, times, ratings.",
    "info": "Show one asset, in short.",
    "explain": "Show where each value of a record comes from.",
    "extract": "Save the video inside a motion photo.",
    "why": "Explain why a path is, or is not, in the index.",
    "status": "Show what is in the index, what is running, what failed.",
    "set": "Rate and describe photos, and set their places.",
    "people": "Name, merge, split and hide the people in photos.",
    "places": "Import points of interest from GeoNames.",
    "albums": "List, create, fill, rename and delete albums.",
    "write-back": "Write your edits into XMP sidecars.",
    "undo": "Undo your last change.",
    "log": "Show the events of a photo, or of all.",
    "trash": "List, restore and empty the trash.",
    "verify": "Read photos again and compare them with the index.",
    "doctor": "Check the index and the folders, and suggest fixes.",
    "backup": "Copy the index, checked, while others may write.",
    "restore": "Replace the index with a backup.",
    "merge": "Merge another index into this one.",
    "repair": "Repair a damaged index.",
    "roots": "List the indexed folders, or forget one.",
    "query": "Run a SELECT on the index.",
}


_ALIASES = {"album": "albums", "person": "people"}


class _Commands(click.Group):
    """Loads the module of a command when it is called, so that `get` does not wait for imports of `scan`."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*_COMMANDS]  # not list(): the command of that name, once it is imported

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        name = _ALIASES.get(name, name)
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"indexer.cli.{name.replace('-', '_')}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*_COMMANDS.items()])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in (*_COMMANDS, *_ALIASES) and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, 1)
            hint = f" Did you mean '{close[0]}'?" if close else " See 'indexer --help'."
            raise click.UsageError(f"There is no command '{args[0]}'.{hint}")
        return super().resolve_command(context, args)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _printable_usage():
            return super().make_context(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        try:
            with _printable_usage():
                return super().invoke(context)
        except IndexerError as error:
            _debug(context)
            _print_error(context, str(error))
            context.exit(error.exit_code)
        except sqlite3.DatabaseError as error:
            _debug(context)
            _print_error(context, f"the index cannot be used: {error}: 'indexer doctor' says more")
            context.exit(1)
        except BrokenPipeError:
            # The reader of the output has exited (`indexer list | head`): avoid an error when stdout is closed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            context.exit(0)


@contextmanager
def _printable_usage() -> Iterator[None]:
    """Make Click's usage errors printable: they quote arguments, which may come from file names."""
    try:
        yield
    except click.UsageError as error:
        from .output import printable

        text = error.format_message()
        is_ours = isinstance(error, click.MissingParameter | click.exceptions.NoArgsIsHelpError)
        if is_ours or text == printable(text):
            raise
        raise click.UsageError(printable(text), error.ctx) from error


def _debug(context: click.Context) -> None:
    """With --debug: print a traceback of the error that is being handled."""
    if context.params.get("debug"):
        from .output import message

        for line in traceback.format_exc().splitlines():
            message(line, "debug")


def _print_error(context: click.Context, text: str) -> None:
    from .output import message

    message(text if context.params.get("log_json") else f"indexer: {text}", "error")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--db", metavar="PATH", help="The index file. Default: INDEXER_DB, else this user's own.")
@click.option("--debug", is_flag=True, help="Add a traceback to errors.")
@click.option("--log-json", is_flag=True, help="Print messages on stderr as JSON, one object per line.")
@click.version_option(__version__, "-V", "--version", prog_name="indexer")
@click.pass_context
def main(context: click.Context, db: str | None, debug: bool, log_json: bool) -> None:
    """A local photo index: who, where, when and how of your photos, offline.

    Begin with 'indexer scan ~/Pictures', then 'indexer list' and 'indexer get ID'. Photos are only read, never written.
    """
    context.obj = db
