"""Bytes to MediaFacts (`read.read_media`). Knows nothing of SQLite or of folders."""
