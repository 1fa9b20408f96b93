"""Readers of containers (`jpeg`, `heif`, …) and of the metadata blocks in them (`exif`, `xmp`, …)."""
