"""Make ids in the photo API's format: a prefix, an underscore, and a UUID in shortuuid's base-57 text (22
characters)."""

from __future__ import annotations

import binascii
import re
from functools import cache

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = 22
ASSET_ID = re.compile(r"asset_[2-9A-HJ-NP-Za-km-z]{22}")


def asset_id(sha256: bytes, counter: int = 0) -> str:
    """The id of the asset first seen with this content.

    A version-8 UUID (RFC 9562) made of the first 122 free bits of the SHA-256, so that another index of the same
    photo gives the same id. `counter` > 0 is for an id that is taken by an asset whose content has changed since.
    """
    digest = sha256 if counter == 0 else _sha256(sha256 + counter.to_bytes(4, "big"))
    return _text("asset", _version_8(digest))


def of_checksum(checksum: str) -> str | None:
    """As `asset_id`, from the base64 of a SHA-256; None for any other text."""
    try:
        sha256 = binascii.a2b_base64(checksum, strict_mode=True)
    except ValueError:
        return None
    return asset_id(sha256) if len(sha256) == 32 else None


def named_id(prefix: str, *words: str) -> str:
    """An id derived from text: the same text gives the same id in every index."""
    return _text(prefix, _version_8(_sha256("\0".join((prefix, *words)).encode())))


def device_id(machine: str) -> str:
    """The id of this machine's indexes, from a text that names the machine. One-way, as machine-id(5) asks."""
    return _text("device", _version_8(_sha256(b"indexer device\0" + machine.encode())))


def _version_8(digest: bytes) -> int:
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | 0x8 << 76
    return number & ~(0x3 << 62) | 0x2 << 62


def _sha256(data: bytes) -> bytes:
    import hashlib  # takes 7 ms, and to look up a record no hash is needed

    return hashlib.sha256(data).digest()


def _text(prefix: str, number: int) -> str:
    """The 128 bits in shortuuid's format. Our own implementation because that library takes 14 ms to import, a tenth of
    the start of a scan, and only its alphabet is needed."""
    pairs, text = _pairs(), ""
    for _ in range(_DIGITS // 2):
        number, pair = divmod(number, len(pairs))
        text = pairs[pair] + text
    return f"{prefix}_{text}"


@cache
def _pairs() -> list[str]:
    """All pairs of digits: half as many divisions of a long number."""
    return [high + low for high in _ALPHABET for low in _ALPHABET]
