"""indexer serve"""

from __future__ import annotations

import click

from indexer.errors import UsageError
from indexer.index import Index

from .common import pass_index, say, tell


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at; 0.0.0.0: all of them.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one.")
@click.option("--key", envvar="INDEXER_KEY", metavar="KEY", help="What clients have to send. Also: INDEXER_KEY.")
@click.option("--new-key", metavar="NAME", help="Only make a key for a client, say it once, and keep its hash.")
@click.option("--host-name", "hosts", multiple=True, metavar="NAME", help="Another name that the server is called by.")
@click.option("--allow-origin", "origins", multiple=True, metavar="URL", help="A web page that may use it (CORS).")
@click.option("--read-only", is_flag=True, help="Refuse whatever would change the index.")
@click.option("--watch", is_flag=True, help="Watch all indexed folders too, as 'indexer watch' does.")
@click.option("--no-access-log", is_flag=True, help="Do not tell of each request.")
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
    watch: bool,
    no_access_log: bool,
) -> None:
    """Serve the index to clients of the cloud's photo API, on this machine. Ctrl-C stops.

    / shows what there is, /docs describes the API. Nobody else can reach it unless --host says so; then clients need a
    key: --key, or one of those that --new-key made.
    """
    if new_key is not None:
        made, text = index.clients.add_key(new_key)
        tell(f"The key of {made.name}, which is shown this once:")
        say(text)
        return
    from indexer.serve.run import listen, serve
    from indexer.serve.settings import SHORTEST_KEY, Settings, is_loopback

    if read_only:
        index = Index.open(index.path, read_only=True)
    index.verdicts()  # says so where there is no index
    if not is_loopback(host) and key is None and not index.clients.has_keys():
        raise UsageError(f"others can reach {host}: set a key with --key, or make one with --new-key NAME")
    if not is_loopback(host) and key is not None and len(key) < SHORTEST_KEY:
        raise UsageError(f"others can reach {host}: a key of {SHORTEST_KEY} characters or more, please")
    bound = listen(host, port)
    port = bound.getsockname()[1]
    settings = Settings(
        index.path,
        host,
        port,
        key,
        needs_key=key is not None or not is_loopback(host),
        read_only=read_only,
        hosts=hosts,
        origins=origins,
        enrich=watch and not read_only,
        watch=watch,
    )
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    serve(
        settings,
        bound,
        access_log=not no_access_log,
        on_ready=lambda: say(f"Serving {index.path} at {address}, described at {address}/docs. Ctrl-C stops."),
    )
    tell("Stopped.")
