"""Synchronize the index with the file system (scan and watch)."""
