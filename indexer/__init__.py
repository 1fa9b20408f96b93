"""A local photo indexer: the asset record of a cloud photo service, offline, from your own folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Index", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Index":  # imported when asked for: the command line starts without it
        from .index import Index

        return Index
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
