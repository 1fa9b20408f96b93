"""indexer open"""

from __future__ import annotations

import click

from indexer.errors import NotFound
from indexer.index import Index

from .options import json_option, pass_index
from .output import echo, print_json
from .search import quoted


# What begins with a dash and is no option of ours is a word to be left out of the search.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("what", nargs=-1, metavar="[ID|PATH|SEARCH]...")
@click.option("--print", "only_print", is_flag=True, help="Print the address instead of opening it.")
@json_option
@pass_index
def command(index: Index, what: tuple[str, ...], only_print: bool, as_json: bool) -> None:
    """Open the web gallery in the browser: everything, or a photo, a folder, a search.

    It is opened on the server of this index that is running. If none is, one is started, as by 'indexer serve'; Ctrl-C
    stops it. Words that are neither an id nor a path are a search, as of 'indexer search'. --json implies --print.
    """
    query = _query(index, what)
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


def _query(index: Index, what: tuple[str, ...]) -> str:
    from indexer.index.gallery import is_id, is_path

    if not what:
        index.status.path_counts()  # says so where there is no index
        return ""
    if len(what) == 1 and is_id(what[0]):
        return index.gallery.photo(what[0])
    if len(what) == 1 and is_path(what[0]):
        return index.gallery.path(what[0])
    return index.gallery.search(" ".join(quoted(one) for one in what))
