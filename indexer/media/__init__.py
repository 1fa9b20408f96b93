"""Read media files: bytes to MediaFacts (`read.read_media`). Independent of SQLite and of folders."""
