"""Connect to a Dask cluster for `Index.scan` and `Index.enrich`."""

from __future__ import annotations

from collections.abc import Callable

from ..enrich.worker_version import signature
from ..work.cluster import Cluster


def connect(address: str, on_message: Callable[[str], None] = lambda text: None) -> Cluster:
    """Connect to the workers of the Dask scheduler at this address (a context manager). on_message: called for workers
    that cannot be used.

    Raises ClusterUnavailable if there is no scheduler, or no worker that can be used; UsageError if Dask is not
    installed.
    """
    return Cluster(address, on_message, signature)
