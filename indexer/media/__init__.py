"""Bytes to MediaFacts (`read.read_media`). This room knows nothing of SQLite or of folders."""
