"""indexer serve"""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import click

from indexer.errors import UsageError
from indexer.index import Index

from .options import pass_index
from .output import echo, message

if TYPE_CHECKING:
    from indexer.serve.settings import Settings

_PORT = 8765


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at; 0.0.0.0: all of them.")
@click.option("--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="0: any free one.")
@click.option("--key", envvar="INDEXER_KEY", metavar="KEY", help="The API key that clients have to send.")
@click.option("--new-key", metavar="NAME", help="Create an API key, show it once, store only its hash, and exit.")
@click.option("--host-name", "hosts", multiple=True, metavar="NAME", help="Another name of the server.")
@click.option("--allow-origin", "origins", multiple=True, metavar="URL", help="A web page that may use it (CORS).")
@click.option("--read-only", is_flag=True, help="Refuse every change of the index.")
@click.option("--open", "opens", is_flag=True, help="Open the web gallery in the browser.")
@click.option("--watch", is_flag=True, help="Watch all indexed folders too, as 'indexer watch' does.")
@click.option("--access-log", is_flag=True, help="Log each request.")
@pass_index
def command(
    index: Index,
    host: str,
    port: int,
    key: str | None,
    new_key: str | None,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    read_only: bool,
    opens: bool,
    watch: bool,
    access_log: bool,
) -> None:
    """Serve the web gallery, and the cloud's photo API for other programs, on this machine. Ctrl-C stops.

    / is the gallery, /docs describes the API. Nobody else can reach it unless --host says so; then clients need a key:
    --key, or one of those that --new-key made. 'indexer open' opens the gallery of a server that is running.
    """
    if new_key is not None:
        made, text = index.api_keys.create(new_key)
        message(f"The key of {made.name}, shown only this once:")
        echo(text)
        return
    start(
        index,
        host,
        port,
        key,
        hosts=hosts,
        origins=origins,
        read_only=read_only,
        watch=watch,
        access_log=access_log,
        opened="" if opens else None,
    )


def start(
    index: Index,
    host: str = "127.0.0.1",
    port: int = _PORT,
    key: str | None = None,
    *,
    hosts: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
    read_only: bool = False,
    watch: bool = False,
    access_log: bool = False,
    opened: str | None = None,
    any_port: bool = False,
) -> None:
    """Serve until stopped. opened: the query of the gallery's page that the browser opens, None for no browser;
    any_port: another port where this one is taken."""
    from indexer.serve.server import listen, serve
    from indexer.serve.settings import SHORTEST_KEY, Settings, is_loopback

    if read_only:
        index = Index.open(index.path, read_only=True)
    index.status.path_counts()  # says so where there is no index
    if not is_loopback(host) and key is None and not index.api_keys.list():
        raise UsageError(f"others can reach {host}: set a key with --key, or make one with --new-key NAME")
    if not is_loopback(host) and key is not None and len(key) < SHORTEST_KEY:
        raise UsageError(f"others can reach {host}: a key of {SHORTEST_KEY} characters or more, please")
    try:
        bound = listen(host, port)
    except UsageError:
        if not any_port:
            raise
        bound = listen(host, 0)
    settings = Settings(
        index.path,
        host,
        bound.getsockname()[1],
        key,
        needs_key=key is not None or not is_loopback(host),
        read_only=read_only,
        hosts=hosts,
        origins=origins,
        enrich=watch and not read_only,
        watch=watch,
    )
    context = click.get_current_context()
    serve(settings, bound, access_log=access_log, on_ready=lambda: _ready(context, settings, opened))
    message("Stopped.")


def _ready(context: click.Context, settings: Settings, opened: str | None) -> None:
    from indexer.serve.routes.gallery import why_not_built

    why = why_not_built()
    if why is None:
        echo(f"Gallery: {settings.address}/{_elsewhere(settings)}")
    else:
        message(f"The web gallery is not built ({why}); {settings.address}/ says how to get it.", "warning")
    echo(f"Serving {settings.database} at {settings.address}, described at {settings.address}/docs. Ctrl-C stops.")
    if opened is None:
        return

    def open_it() -> None:
        from .browser import open_browser

        with context.scope(cleanup=False):  # it is asked how messages are written
            open_browser(f"{settings.address}/{opened}")

    # A browser may take its time to start, or run in the terminal until it is left: the server does not wait for it.
    threading.Thread(target=open_it, name="indexer-browser", daemon=True).start()


def _elsewhere(settings: Settings) -> str:
    """The address for other devices, where it is served at all of this machine's."""
    if settings.host not in ("0.0.0.0", "::"):
        return ""
    with suppress(OSError), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it only makes the system choose an address of ours
        return f"   from other devices: http://{probe.getsockname()[0]}:{settings.port}/"
    return ""
