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
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0: all.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="The port; 0: any free one."
)
@click.option("--key", envvar="INDEXER_KEY", metavar="KEY", help="The API key that clients must send.")
@click.option("--new-key", metavar="NAME", help="Create an API key, show it once, store only its hash, and exit.")
@click.option("--host-name", "hosts", multiple=True, metavar="NAME", help="An additional name of the server.")
@click.option(
    "--allow-origin", "origins", multiple=True, metavar="URL", help="A web origin that may use the API (CORS)."
)
@click.option("--read-only", is_flag=True, help="Reject all changes.")
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

    / is the gallery, /docs describes the API. Only this machine can reach it, unless --host is set; then clients need a
    key: --key, or one created by --new-key. 'indexer open' opens the gallery of a running server.
    """
    if new_key is not None:
        info, key = index.api_keys.create(new_key)
        message(f"The key of {info.name}, shown only this once:")
        echo(key)
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
    """Serve until stopped. opened: the query string of the gallery's page to open in the browser; None: no browser.
    any_port: use another port if this one is taken. Raises UsageError for a missing or short key, or a taken port."""
    from indexer.serve.server import listen, serve
    from indexer.serve.settings import SHORTEST_KEY, Settings, is_loopback

    if read_only:
        index = Index.open(index.path, read_only=True)
    index.status.path_counts()  # raises IndexUnusable if there is no index
    if not is_loopback(host) and key is None and not index.api_keys.list():
        raise UsageError(f"others can reach {host}: set a key with --key, or create one with --new-key NAME")
    if not is_loopback(host) and key is not None and len(key) < SHORTEST_KEY:
        raise UsageError(f"others can reach {host}: use a key of at least {SHORTEST_KEY} characters")
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

    reason = why_not_built()
    if reason is None:
        echo(f"Gallery: {settings.address}/{_elsewhere(settings)}")
    else:
        message(f"The web gallery is not built ({reason}); {settings.address}/ explains how to get it.", "warning")
    echo(f"Serving {settings.database} at {settings.address}, described at {settings.address}/docs. Ctrl-C stops.")
    if opened is None:
        return

    def open_it() -> None:
        from .browser import open_browser

        with context.scope(cleanup=False):  # message() reads --log-json from it
            open_browser(f"{settings.address}/{opened}")

    # In a thread: a browser may start slowly, or run in the terminal until it is closed.
    threading.Thread(target=open_it, name="indexer-browser", daemon=True).start()


def _elsewhere(settings: Settings) -> str:
    """The address for other devices, if the server listens on all addresses."""
    if settings.host not in ("0.0.0.0", "::"):
        return ""
    with suppress(OSError), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it only makes the system choose a local address
        return f"   from other devices: http://{probe.getsockname()[0]}:{settings.port}/"
    return ""
