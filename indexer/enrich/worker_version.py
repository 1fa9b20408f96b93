"""The signature that two machines must share to compute the same results from a photo."""

from __future__ import annotations

from indexer.media.versions import GROUPS
from indexer.version import __version__

from .enricher import ENRICHERS, Input


def signature() -> str:
    readers = " ".join(f"{group} {version}" for group, version in GROUPS.values())
    enrichers = " ".join(
        f"{name} {row.version}" for name, row in sorted(ENRICHERS.items()) if row.input is Input.PICTURE
    )
    return f"indexer {__version__}, readers {readers}, enrichers {enrichers}"
