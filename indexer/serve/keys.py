"""Check keys and what they permit, slow down clients that try many wrong ones, and keep the sessions of browsers, which
sent a key once and have a cookie since."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

from indexer.index.api_keys import ACTIONS, hash_of

from .settings import Settings
from .state import State

EVERYTHING = frozenset(ACTIONS)
# The answer to an address that sends too many wrong keys.
TOO_MANY = 429, "too many wrong keys at once"
# A key's last use is recorded at most this often.
_RECORD_SECONDS = 60.0
# How long a session lasts, and how many there are at most: the oldest one ends.
SESSION_SECONDS = 30 * 86400
_MOST_SESSIONS = 1000


class Keys:
    def __init__(self, settings: Settings, state_of: Callable[[], State]) -> None:
        self.sessions = Sessions()
        self.slowdown = Slowdown()
        self._settings = settings
        self._state_of = state_of
        self._recorded: dict[str, float] = {}

    def actions_of(self, authorization: Sequence[str], session: str | None = None) -> frozenset[str] | None:
        """The actions permitted to the sender of these headers, or of a session; None if a key is needed and there is
        no valid one. Even if none is needed, a limited key permits only its own actions."""
        key = key_in(authorization)
        key_hash = session if key is None else hash_of(key)
        actions = None if key_hash is None else self._find(key_hash)
        return EVERYTHING if actions is None and not self._settings.needs_key else actions

    def begin_session(self, key: str) -> str | None:
        """Begin a session. Returns its token; None for a wrong key."""
        key_hash = hash_of(key)
        return None if self._find(key_hash) is None else self.sessions.begin(key_hash)

    def _find(self, key_hash: str) -> frozenset[str] | None:
        """Keys are compared by their hashes, in constant time."""
        if self._settings.key is not None and hmac.compare_digest(key_hash, hash_of(self._settings.key)):
            return EVERYTHING
        state = self._state_of()
        key = state.reader.api_keys.find(key_hash)
        if key is None:
            return None
        self._record_use(state, key.id)
        return frozenset(key.actions)

    def _record_use(self, state: State, key_id: str) -> None:
        now = time.monotonic()
        if self._settings.read_only or now - self._recorded.get(key_id, -_RECORD_SECONDS) < _RECORD_SECONDS:
            return
        self._recorded[key_id] = now
        task = asyncio.ensure_future(state.write(lambda index: index.api_keys.record_use(key_id)))
        task.add_done_callback(lambda done: done.exception())


def key_in(authorization: Sequence[str]) -> str | None:
    if len(authorization) != 1:
        return None
    scheme, _, key = authorization[0].partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


class Sessions:
    """Tokens of browsers that signed in → the hash of the key that each sent. Kept in memory: a session ends with the
    server, can be ended, and allows what its key allows at the moment, nothing once the key is deleted. (A token signed
    by the server would need a list of those that were ended.)"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By hash of the token, the oldest first: the hash of the key, and when it ends.
        self._known: dict[str, tuple[str, float]] = {}

    def begin(self, key_hash: str) -> str:
        now = self._clock()
        while self._known:
            oldest = next(iter(self._known))
            if len(self._known) < _MOST_SESSIONS and self._known[oldest][1] > now:
                break
            del self._known[oldest]
        token = secrets.token_urlsafe(32)
        self._known[hash_of(token)] = key_hash, now + SESSION_SECONDS
        return token

    def key_of(self, token: str) -> str | None:
        """The hash of the key that the session was begun with; None if the session has ended."""
        key_hash, until = self._known.get(hash_of(token), (None, 0.0))
        return key_hash if self._clock() < until else None

    def end(self, token: str) -> None:
        self._known.pop(hash_of(token), None)


def cookie_name(port: int) -> str:
    """The session cookie's name. It has the port, since browsers send a host's cookies to all of its ports."""
    return f"indexer_session_{port}"


class Slowdown:
    """Each wrong key makes an address wait longer for its response; other addresses do not wait with it."""

    _FIRST, _LONGEST = 0.1, 5.0
    _WAITING, _ADDRESSES = 16, 4096

    def __init__(self) -> None:
        # By network: wrong keys in a row, and how many of them wait for their response.
        self._wrong: OrderedDict[str, list[int]] = OrderedDict()

    def is_full(self, address: str) -> bool:
        """Whether too many requests wait for that address to check keys: an immediate response would give the right one
        away."""
        known = self._wrong.get(_network(address))
        return known is not None and known[1] >= self._WAITING

    async def wait(self, address: str) -> bool:
        """Delay a response to an address. False, without waiting, if too many wait already."""
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
        """Call this after a valid key from the address."""
        known = self._wrong.get(_network(address)) if self._wrong else None
        if known is not None:
            known[0] = 0
            if not known[1]:
                del self._wrong[_network(address)]


def _network(address: str) -> str:
    """For IPv6 the first half of the address: within a network, one machine has any number of addresses."""
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return address
