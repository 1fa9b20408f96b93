"""Workers on other machines, for `Index.scan` and `Index.enrich`."""

from __future__ import annotations

from collections.abc import Callable

from ..enrich.signature import signature
from ..work.cluster import Cluster


def connect(address: str, on_message: Callable[[str], None] = lambda text: None) -> Cluster:
    """The workers of the Dask scheduler at this address, for `with`. on_message is told of workers that cannot be used.

    Raises ClusterUnavailable if there is no scheduler, or no worker that can be used; UsageError if Dask is not
    installed.
    """
    return Cluster(address, on_message, signature)
