"""indexer search"""

from __future__ import annotations

import click

from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, message, print_assets, print_records


# An unknown option is a search term with a minus: a word to exclude.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True)
@click.option("-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many; 0 for all.")
@click.option("--sql", is_flag=True, help="Print the SQL statement instead of running it.")
@json_option
@pass_index
def command(index: Index, query: tuple[str, ...], limit: int, sql: bool, as_json: bool) -> None:
    """Find photos by words and filters; the best matches first.

    Searches names, folders, descriptions, keywords, places, people, cameras, albums and the month. A term matches the
    beginning of a word, ignoring case and accents. "In quotes": an exact phrase. -word: without it.

    \b
    place:Paris person:"Marie Curie" camera:"iPhone 12" keyword: album: folder: name: description: lens: text:
    taken:2023   taken:2023-05..2023-08   taken:2020..   type:photo   type:video   is:favorite   is:trashed
    rating:>=4   iso:..400   aperture:<2.8   focal:24..70   quality:>0.8
    near:48.86,2.29,5km

    --json prints the full records as one array.
    """
    text = " ".join(quoted(argument) for argument in query)
    if sql:
        echo(*index.searches.sql(text, limit or -1).split("\n"))
        return
    if as_json:
        print_records(index.searches.list_json(text, limit or -1))
        return
    assets = index.search(text, limit or -1)
    print_assets(assets)
    if not assets:
        message("Nothing found.")


def quoted(argument: str) -> str:
    """Restore the quotes that the shell removed from an argument of a search."""
    if " " not in argument or '"' in argument:
        return argument
    name, colon, value = argument.partition(":")
    return f'{name}:"{value}"' if colon and name.isalpha() else argument
