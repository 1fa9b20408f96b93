"""The command line: thin, and each command imported only when it is called."""

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

# name -> module of this package that has it as `command`; in the order that help shows
_COMMANDS = {
    "scan": "Index folders now: new, changed, moved and deleted photos.",
    "watch": "Scan, then follow changes until stopped.",
    "enrich": "Work out places, previews, quality, faces, look-alikes.",
    "duplicates": "List photos that are there more than once, or look alike.",
    "serve": "Serve the web gallery, and the photo API for other programs.",
    "open": "Open the web gallery in the browser: a photo, folder or search.",
    "get": "Print the asset record of an id or a file, as JSON.",
    "list": "List photos and films, newest first.",
    "search": "Find photos by words, places, people, times, ratings.",
    "info": "Show one asset, for people.",
    "explain": "Say where each value of a record comes from.",
    "extract": "Save the film inside a motion photo.",
    "why": "Say why a path is, or is not, in the index.",
    "status": "Say what is in the index, what is running, what failed.",
    "set": "Rate and describe photos, say where they were taken.",
    "people": "Say who is in the photos: name, merge, split, hide.",
    "places": "Import names of sights and other places from GeoNames.",
    "albums": "List, make, fill, rename and delete albums.",
    "write-back": "Write what you said into XMP sidecars.",
    "undo": "Take back what you did last.",
    "log": "Say what happened to a photo, or to all.",
    "trash": "See, restore and empty the trash.",
    "verify": "Read photos again and compare them with the index.",
    "doctor": "Look whether all is well, and say what to do.",
    "backup": "Copy the index, checked, while others may write.",
    "restore": "Put a backup in the place of the index.",
    "merge": "Take in what another index knows.",
    "repair": "Make a sound index of a damaged one.",
    "roots": "List the indexed folders, or forget one.",
    "query": "Run a SELECT on the index.",
}


_ALIASES = {"album": "albums", "person": "people"}


class _Commands(click.Group):
    """Loads the module of a command when it is called: `get` must not wait for what only `scan` needs."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        name = _ALIASES.get(name, name)
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"indexer.cli.{name.replace('-', '_')}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

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
            _tell(context, str(error))
            context.exit(error.exit_code)
        except sqlite3.DatabaseError as error:
            _debug(context)
            _tell(context, f"the index cannot be used: {error}: 'indexer doctor' says more")
            context.exit(1)
        except BrokenPipeError:
            # The reader of our output is gone (`indexer list | head`): let nothing complain when stdout is closed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            context.exit(0)


@contextmanager
def _printable_usage() -> Iterator[None]:
    """What click says of wrong usage quotes what was typed, which a script may have from a file's name."""
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
    """Show where the error that is being handled came from, if that was asked for."""
    if context.params.get("debug"):
        from .output import message

        for line in traceback.format_exc().splitlines():
            message(line, "debug")


def _tell(context: click.Context, text: str) -> None:
    from .output import message

    message(text if context.params.get("log_json") else f"indexer: {text}", "error")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--db", metavar="PATH", help="The index file. Default: INDEXER_DB, else this user's own.")
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
@click.option("--log-json", is_flag=True, help="Messages on stderr as JSON, an object a line.")
@click.version_option(__version__, "-V", "--version", prog_name="indexer")
@click.pass_context
def main(context: click.Context, db: str | None, debug: bool, log_json: bool) -> None:
    """A local photo index: who, where, when and how of your photos, offline.

    Begin with 'indexer scan ~/Pictures', then 'indexer list' and 'indexer get ID'. Photos are only read, never written.
    """
    context.obj = db
