"""`Index.gallery`: URLs of gallery pages and the running server."""

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
from .roots import Roots
from .search import Searches
from .session import Session
from .status import Status


class Gallery:
    """Pages are returned as URL queries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def photo(self, asset_id: str) -> str:
        """The page of one photo. Raises NotFound."""
        self._session.resolve_all(asset_id)
        return f"?{urlencode({'photo': asset_id})}"

    def path(self, path: str) -> str:
        """The page of a file, or of a folder on the disk or in the index. Raises NotFound."""
        path = os.path.abspath(expanded(path))
        if not os.path.isdir(path):
            return self.photo(self._session.resolve(path))
        roots = Roots(self._session).list()
        if (place := locate(path, roots)) is not None:
            root, within = place
            return f"?{urlencode({'folder': paths.join(root.path.rstrip('/'), within) if within else root.path})}"
        folder = paths.to_text(Path(os.path.realpath(path)).as_posix())
        if any(paths.is_below(root.path, folder.rstrip("/")) for root in roots):
            return f"?{urlencode({'folder': folder})}"
        raise NotFound(f"{path} is not in an indexed folder: 'indexer roots' lists them")

    def search(self, query: str) -> str:
        """The page of a search's results. Raises UsageError for an unknown filter."""
        Searches(self._session).sql(query, 1)
        return f"?{urlencode({'q': query})}"

    def address(self) -> str | None:
        """The address of this index's server on this machine; None if none is running."""
        own = platform.node()
        jobs = Status(self._session).jobs()
        return next((job.address for job in jobs if job.address and job.host == own), None)


def is_path(text: str) -> bool:
    """Whether the text is a path rather than a search."""
    return os.path.lexists(expanded(text)) or text.startswith(("/", "~/", "./", "../")) or os.path.isabs(text)


def is_id(text: str) -> bool:
    return ASSET_ID.fullmatch(text) is not None
