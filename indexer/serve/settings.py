"""Settings of the server."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?")
# Characters of a key that others cannot guess.
SHORTEST_KEY = 16
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """key: accepted besides those that the index keeps; needs_key: whether clients need one at all. hosts: more names
    of the server; origins: web pages of other sites that may use it; max_upload: bytes. enrich: enrich uploads at once;
    watch: run a watch next to the server."""

    database: Path
    host: str = "127.0.0.1"
    port: int = 8765
    key: str | None = None
    needs_key: bool = False
    read_only: bool = False
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_upload: int = 20_000_000_000
    enrich: bool = False
    watch: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def address(self) -> str:
        """The URL for browsers on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def may_be_called(self, name: str) -> bool:
        """Whether a Host header names this server: by a name known to be ours, or by an address, which nobody can point
        elsewhere (DNS rebinding)."""
        host = _without_port(name).lower().rstrip(".")
        if not host:
            return False
        if host in LOOPBACK or host in {name.lower() for name in (self.host, *self.hosts)}:
            return True
        if self.is_local:
            return False
        return _is_address(host) or host in _own_names()


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _without_port(name: str) -> str:
    """A host without its port; empty if it is not a host by RFC 3986."""
    match = _HOST.fullmatch(name)
    return (match[1] or match[2]) if match else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _own_names() -> set[str]:
    name = socket.gethostname().lower()
    return {name, f"{name.partition('.')[0]}.local"}
