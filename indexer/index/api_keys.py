"""`Index.api_keys`: create, find and revoke keys for the HTTP API."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from ..errors import UsageError
from ..store import api_keys as store
from ..store.api_keys import ACTIONS as ACTIONS
from ..store.api_keys import KeyInfo
from ..store.api_keys import hash_of as hash_of
from .session import Session


class ApiKeys:
    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> Sequence[KeyInfo]:
        """The oldest first."""
        return store.select_keys(self._session.connection)

    def find(self, key_hash: str) -> KeyInfo | None:
        """The key with this hash. Compares in constant time."""
        keys = store.select_keys_by_hash(self._session.connection)
        matches = [key for known, key in keys.items() if hmac.compare_digest(key_hash, known)]
        return matches[0] if matches else None

    def create(self, name: str, actions: Sequence[str] = ACTIONS) -> tuple[KeyInfo, str]:
        """Create a key. Returns its stored part, and the key itself, which is not stored. actions: those it permits.

        Raises UsageError for an unknown action, and for a key that may not read."""
        if unknown := set(actions) - set(ACTIONS):
            raise UsageError(f"there is no action '{min(unknown)}': there are {', '.join(ACTIONS)}")
        if "read" not in actions:
            raise UsageError("a key needs the action 'read', alone or with others")
        with self._session.transaction() as tx:
            return store.add_key(tx, name, actions)

    def rename(self, key_id: str, name: str) -> KeyInfo | None:
        """Rename a key. None if there is no such key."""
        with self._session.transaction() as tx:
            return store.rename_key(tx, key_id, name)

    def delete(self, key_id: str) -> bool:
        """Delete a key. Returns whether it existed."""
        with self._session.transaction() as tx:
            return store.delete_key(tx, key_id)

    def record_use(self, key_id: str) -> None:
        with self._session.transaction() as tx:
            store.record_key_use(tx, key_id)
