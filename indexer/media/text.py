"""Text out of files: bytes of unknown or wrongly declared character set into clean strings."""

from __future__ import annotations


def clean(value: str | bytes | None) -> str | None:
    """The text up to its NUL without surrounding blanks; UTF-8, else Latin-1. None for an empty one."""
    if value is None:
        return None
    if isinstance(value, bytes):
        raw = value.split(b"\0", 1)[0]
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            value = raw.decode("latin-1")
    value = value.replace("\0", " ").strip()
    return value.encode("utf-8", "replace").decode() or None
