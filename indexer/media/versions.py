"""Versions of the readers: raise the number of a group when its readers come to say something else, and the next scan
reads the metadata, and only the metadata, of those files again."""

from __future__ import annotations

from functools import lru_cache

from .formats import EXTENSIONS, extension

# What every group's files pass through: Exif, XMP, IPTC, precedence, capture time
_COMMON = 1
GROUPS = {"image/x-": ("raw", 1), "image/": ("still", 1), "video/": ("film", 1)}


def reader_version(name: str) -> str:
    """'still 1.1' for a photo's name: the group, the readers' common version, its own."""
    return _of_ending(name[name.rfind(".") :])


@lru_cache(maxsize=256)
def _of_ending(as_written: str) -> str:
    ending = extension(as_written)
    mime_type = EXTENSIONS.get(ending, "image/")
    group, version = next(known for prefix, known in GROUPS.items() if mime_type.startswith(prefix))
    return f"{group} {_COMMON}.{version}"
