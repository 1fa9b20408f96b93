"""Convert paths to and from their stored form: text with POSIX separators, valid in SQLite and JSON whatever bytes a
name holds."""

from __future__ import annotations

import os
import re
import unicodedata

_LITERAL = re.compile(r"\\(?=x[0-9a-f]{2})")
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/"
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def to_text(name: str) -> str:
    r"""A name or path as the operating system gave it (os.fsdecode), as stored.

    Bytes that are not UTF-8 become `\xNN`; where a name really holds such letters, its backslash becomes `\x5c`.
    Every other name stays as it is. `from_text` is the inverse.
    """
    if "\\x" in name:
        name = _LITERAL.sub(r"\\x5c", name)
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in name)
    return name


def from_text(text: str) -> str:
    """A stored name or path in the operating system's form."""
    if "\\x" not in text:
        return text
    return os.fsdecode(_ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), os.fsencode(text)))


def nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def join(folder: str, name: str) -> str:
    """folder/name, within a root; '' is the root itself."""
    return f"{folder}/{name}" if folder else name


def split(path: str) -> tuple[str, str]:
    """(folder, name) of a path within a root."""
    folder, _, name = path.rpartition("/")
    return folder, name


def is_below(path: str, folder: str) -> bool:
    """Whether path is the folder or inside it; both within one root."""
    return not folder or path == folder or path.startswith(folder + "/")


def uri(path: str) -> str:
    """A path (os.fsdecode form, POSIX separators) percent-encoded for a URL (RFC 3986): as urllib's quote, which takes
    as long to import as a file to index, and six times as long for each."""
    raw = os.fsencode(path)
    if not raw.translate(None, _UNRESERVED):
        return path
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in raw)
