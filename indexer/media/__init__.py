"""Bytes to MediaFacts. This room knows nothing of SQLite or of folders."""

from .facts import MediaFacts, Metadata
from .formats import is_media_name
from .read import read_media

__all__ = ["MediaFacts", "Metadata", "is_media_name", "read_media"]
