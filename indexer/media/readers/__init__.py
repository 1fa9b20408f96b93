"""Readers of containers (`jpeg`, `heif`, …) and of the blocks of metadata in them (`exif`, `xmp`, …)."""
