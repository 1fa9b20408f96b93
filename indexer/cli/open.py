"""indexer open"""

from __future__ import annotations

import click

from indexer.errors import NotFound
from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, print_json
from .search import quoted


# An unknown option is a search term with a minus: a word to exclude.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, metavar="[ID|PATH|SEARCH]...")
@click.option("--print", "only_print", is_flag=True, help="Print the address instead of opening it.")
@json_option
@pass_index
def command(index: Index, arguments: tuple[str, ...], only_print: bool, as_json: bool) -> None:
    """Open the web gallery in the browser: everything, or a photo, a folder, a search.

    Uses the running server of this index. If there is none, it starts one like 'indexer serve'; Ctrl-C stops it.
    Arguments that are neither an id nor a path are a search, as for 'indexer search'. --json implies --print.
    """
    query = _query(index, arguments)
    address = index.gallery.address()
    if address is None and (only_print or as_json):
        raise NotFound("no server of this index is running: start one with 'indexer serve'")
    if address is None:
        from .serve import start

        start(index, opened=query, any_port=True)
    elif as_json:
        print_json({"url": f"{address}/{query}"})
    elif only_print:
        echo(f"{address}/{query}")
    else:
        from .browser import open_browser

        echo(f"Opening {address}/{query}")
        if not open_browser(f"{address}/{query}"):
            click.get_current_context().exit(1)


def _query(index: Index, arguments: tuple[str, ...]) -> str:
    from indexer.index.gallery import is_id, is_path

    if not arguments:
        index.status.path_counts()  # raises IndexUnusable if there is no index
        return ""
    if len(arguments) == 1 and is_id(arguments[0]):
        return index.gallery.photo(arguments[0])
    if len(arguments) == 1 and is_path(arguments[0]):
        return index.gallery.path(arguments[0])
    return index.gallery.search(" ".join(quoted(argument) for argument in arguments))
