"""Addresses of the web gallery: of what is to be shown, and of a server that shows it."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from urllib.parse import urlencode

from .. import paths
from ..config import expanded
from ..errors import NotFound
from ..ids import ASSET_ID
from ..sync.roots import locate
from . import Index


def photo_query(index: Index, asset_id: str) -> str:
    """Raises NotFound where the index has no such photo."""
    index.get_json(asset_id)
    return f"?{urlencode({'photo': asset_id})}"


def path_query(index: Index, path: str) -> str:
    """Of a file or folder on the disk or in the index. Raises NotFound where it is not indexed."""
    path = os.path.abspath(expanded(path))
    if not os.path.isdir(path):
        return photo_query(index, index.resolve(path))
    roots = index.roots()
    if (place := locate(path, roots)) is not None:
        root, within = place
        return f"?{urlencode({'folder': paths.join(root.path.rstrip('/'), within) if within else root.path})}"
    folder = paths.to_text(Path(os.path.realpath(path)).as_posix())
    if any(paths.is_below(root.path, folder.rstrip("/")) for root in roots):
        return f"?{urlencode({'folder': folder})}"
    raise NotFound(f"{path} is not in an indexed folder: 'indexer roots' lists them")


def search_query(index: Index, text: str) -> str:
    """Raises UsageError for a search that makes no sense."""
    index.searches.sql(text, 1)
    return f"?{urlencode({'q': text})}"


def is_path(text: str) -> bool:
    """Whether somebody who writes this means a path, not words to search for."""
    return os.path.lexists(expanded(text)) or text.startswith(("/", "~/", "./", "../")) or os.path.isabs(text)


def is_id(text: str) -> bool:
    return ASSET_ID.fullmatch(text) is not None


def running_at(index: Index) -> str | None:
    """The address of a server of this index on this machine; None: none runs."""
    own = platform.node()
    return next((one.address for one in index.activities() if one.address and one.host == own), None)
