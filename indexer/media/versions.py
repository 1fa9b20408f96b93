"""Versions of the readers: raise a group's number when its readers return something else, and the next scan rereads the
metadata, and only the metadata, of its files."""

from __future__ import annotations

from functools import lru_cache

from .formats import EXTENSIONS, extension

# Of what every group's files pass through: Exif, XMP, IPTC, precedence, capture time
_COMMON = 1
GROUPS = {"image/x-": ("raw", 1), "image/": ("still", 1), "video/": ("video", 1)}


def reader_version(name: str) -> str:
    """'still 1.1' for a photo's name: the group, the readers' common version, its own."""
    return _of_ending(name[name.rfind(".") :])


@lru_cache(maxsize=256)
def _of_ending(as_written: str) -> str:
    ending = extension(as_written)
    mime_type = EXTENSIONS.get(ending, "image/")
    group, version = next(known for prefix, known in GROUPS.items() if mime_type.startswith(prefix))
    return f"{group} {_COMMON}.{version}"
