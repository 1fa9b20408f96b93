"""Whose key it is, and what it may be used for; who tries many is made to wait."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

from indexer.store import clients
from indexer.store.clients import ACTIONS

from .settings import Settings
from .state import State

EVERYTHING = frozenset(ACTIONS)
# A key's last use is noted no more often than this.
_NOTED_SECONDS = 60.0


class Keys:
    def __init__(self, settings: Settings, state_of: Callable[[], State]) -> None:
        self._settings = settings
        self._state_of = state_of
        self._noted: dict[str, float] = {}

    def actions_of(self, authorization: Sequence[str]) -> frozenset[str] | None:
        """What the sender of these headers may do; None: nothing, since a key is needed and there is no valid one.
        Where none is needed, one that was made for less is still for less."""
        key = key_in(authorization)
        found = None if key is None else self._find(key)
        return EVERYTHING if found is None and not self._settings.needs_key else found

    def _find(self, key: str) -> frozenset[str] | None:
        """Keys are compared by their hashes, in a time that says nothing of how much of one is right."""
        given = clients.hash_of(key)
        if self._settings.key is not None and hmac.compare_digest(given, clients.hash_of(self._settings.key)):
            return EVERYTHING
        state = self._state_of()
        known = clients.keys_by_hash(state.looks)
        found = [one for kept, one in known.items() if hmac.compare_digest(given, kept)]
        for one in found:
            self._note(state, one.id)
        return frozenset(found[0].actions) if found else None

    def _note(self, state: State, key_id: str) -> None:
        now = time.monotonic()
        if self._settings.read_only or now - self._noted.get(key_id, -_NOTED_SECONDS) < _NOTED_SECONDS:
            return
        self._noted[key_id] = now
        task = asyncio.ensure_future(state.write(lambda index: index.clients.used_key(key_id)))
        task.add_done_callback(lambda done: done.exception())


def key_in(authorization: Sequence[str]) -> str | None:
    if len(authorization) != 1:
        return None
    scheme, _, key = authorization[0].partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


class Slowdown:
    """After each wrong key the answer to an address takes longer; others do not wait with it."""

    _FIRST, _LONGEST = 0.1, 5.0
    _WAITING, _ADDRESSES = 16, 4096

    def __init__(self) -> None:
        # By address: how many wrong keys in a row, and how many of them are not answered yet.
        self._wrong: OrderedDict[str, list[int]] = OrderedDict()

    async def wait(self, address: str) -> bool:
        """Whether it was waited: of an address from which too many come at once, no more are kept waiting."""
        known = self._wrong.setdefault(_network(address), [0, 0])
        self._wrong.move_to_end(_network(address))
        if len(self._wrong) > self._ADDRESSES:
            self._wrong.popitem(last=False)
        known[0] += 1
        if known[1] >= self._WAITING:
            return False
        known[1] += 1
        try:
            await asyncio.sleep(min(self._FIRST * 2 ** min(known[0] - 1, 20), self._LONGEST))
        finally:
            known[1] -= 1
        return True

    def forget(self, address: str) -> None:
        """A right key came from there."""
        if self._wrong:
            self._wrong.pop(_network(address), None)


def _network(address: str) -> str:
    """Of IPv6 the half that names a network: in it one machine has as many addresses as it likes."""
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address
