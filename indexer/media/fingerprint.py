"""Locate the coded picture in a file, without any metadata: the input of the fingerprint.

A rating or a title written by another program changes a file's hashes but not these bytes. JPEG: from the first scan
to the end (ITU-T T.81); PNG: the bodies of IDAT and fdAT; WebP: its VP8, VP8L, ALPH and ANMF chunks; HEIF and AVIF: the
parts of its coded items; MP4 and QuickTime: the media data. Other formats have no fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .formats import FORMATS, load, sniff

if TYPE_CHECKING:
    from .readable import Ranges, Readable


def coded_ranges(data: Readable, head: bytes) -> Ranges:
    """head: the first bytes of data, at least 16. Empty if the format has no fingerprint, or the picture is missing."""
    mime_type = sniff(head, "")
    if mime_type is None or (coded := FORMATS[mime_type].coded) is None:
        return []
    ranges: Ranges = load(coded)(data)
    return ranges
