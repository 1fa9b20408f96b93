"""`Index.roots`: list, check and remove indexed folders."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import paths
from ..config import originals_folder
from ..errors import NotFound
from ..store import primary_files
from ..store import roots as store
from ..store.files import select_places
from ..store.roots import Mount, Root
from ..store.trash import trash_orphans
from ..store.undo import record_final
from .session import PathLike, Session

if TYPE_CHECKING:
    from ..store.jobs import WatchState

_OF_A_LIBRARY = re.compile(r"\.lib_[2-9A-HJ-NP-Za-km-z]{22}")


class Roots:
    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[Root]:
        return store.select_roots(self._session.connection)

    def get(self, path: PathLike) -> Root:
        """The root at this folder. Raises NotFound."""
        from ..sync.roots import locate

        place = locate(path, self.list())
        if place is None or place[1]:
            raise NotFound(f"{os.fspath(path)} is not an indexed folder: 'indexer roots' lists them")
        return place[0]

    def mounts(self, root_id: int) -> Sequence[Mount]:
        """The drives mounted inside a root."""
        return store.select_mounts(self._session.connection, root_id)

    def watch_states(self) -> dict[int, WatchState]:
        """The watch state of each root that a running watch follows, by the root's id."""
        from ..store.job_locks import running
        from ..store.jobs import select_watch_states

        watched = {path for job in running(self._session.path) if job.kind == "watch" for path in job.roots}
        known = select_watch_states(self._session.connection)
        return {root.id: known[root.id] for root in self.list() if root.path in watched and root.id in known}

    def remove(self, path: PathLike) -> Root:
        """Forget a root. Its photos are not touched; their records go to the trash, and return with a new scan."""
        root = self.get(path)
        with self._session.transaction() as tx:
            store.remove_root(tx, root.id)
            trash_orphans(tx, tx.touched)
            instead = f"'indexer scan {root.path}' brings its photos back, with your edits."
            record_final(tx, f"forgot the folder {root.path}", instead)
        return root

    def reselect_files(self) -> int:
        """Check which roots can be reached, and choose a reachable primary file for every asset that has one. Returns
        the number of assets whose primary file changed."""
        from ..sync.presence import check_root, note_root

        connection = self._session.writer()
        for root in self.list():
            note_root(connection, root, check_root(connection, root))
        with self._session.transaction() as tx:
            return primary_files.choose_everywhere(tx.connection, tx.now)

    def uploaded_files(self, asset_id: str) -> Sequence[Path]:
        """The files of an uploaded asset in the index's own folders; none if the photo is also in another root."""
        by_id = {root.id: root.path for root in self.list()}
        places = [file for file in select_places(self._session.connection, asset_id) if file.status != "gone"]
        if not all(self._is_own(by_id[file.root_id]) for file in places):
            return []
        return [
            Path(paths.from_text(by_id[file.root_id]), paths.from_text(paths.join(file.folder, file.name)))
            for file in places
        ]

    def _is_own(self, root_path: str) -> bool:
        """Whether this root holds uploads."""
        own = originals_folder(self._session.path, None).resolve()
        root = Path(paths.from_text(root_path))
        library = root.name.removeprefix(own.name)
        # A user's folder that merely has such a name: never delete from it.
        return root.parent == own.parent and (root == own or _OF_A_LIBRARY.fullmatch(library) is not None)
