"""How the server is to run."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?")
# Characters of a key that keeps others out.
SHORTEST_KEY = 16
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """key: what clients have to send, besides those that the index keeps; needs_key: whether any is asked for at all.
    hosts: further names that the server may be called by; origins: web pages that may use it; max_upload: bytes.
    enrich: work out at once what can be told of what is uploaded; watch: have a watch follow the folders."""

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
        """Can nobody but this machine reach it?"""
        return is_loopback(self.host)

    @property
    def address(self) -> str:
        """How a browser of this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def may_be_called(self, name: str) -> bool:
        """Whether a Host header names this server. A page that has its own name point at this machine (DNS rebinding)
        calls it by that name: only names that we know are ours, and addresses, which cannot be pointed anywhere."""
        host = _without_port(name).lower().rstrip(".")
        if not host:
            return False
        if host in LOOPBACK or host in {one.lower() for one in (self.host, *self.hosts)}:
            return True
        if self.is_local:
            return False
        return _is_address(host) or host in _own_names()


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _without_port(name: str) -> str:
    """Nothing where it is no host as RFC 3986 has it."""
    found = _HOST.fullmatch(name)
    return (found[1] or found[2]) if found else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _own_names() -> set[str]:
    name = socket.gethostname().lower()
    return {name, f"{name.partition('.')[0]}.local"}
