"""Decode text from files: bytes in an unknown or wrongly declared character set, to clean strings."""

from __future__ import annotations


def clean(value: str | bytes | None) -> str | None:
    """The text up to its NUL without surrounding blanks; UTF-8, else Latin-1. None for an empty one."""
    if isinstance(value, bytes):
        end = value.find(0)
        value = decoded(value if end < 0 else value[:end]).strip()
    elif value is None:
        return None
    else:
        value = value.replace("\0", " ").strip()
    if value.isascii():
        return value or None
    return value.encode("utf-8", "replace").decode() or None


def decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def utf16(raw: bytes) -> str | None:
    """Windows' little-endian UTF-16, as its XP… tags have it."""
    return clean(raw.decode("utf-16-le", "replace"))
