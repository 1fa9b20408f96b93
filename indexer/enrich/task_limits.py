"""Processor time and memory that a task on a picture may use."""

from __future__ import annotations

from indexer.work.limits import MEGABYTE, Allowance, allowance

# Processor seconds: for a task, and again for each model; plus one for this many bytes of the file. Memory: for
# libraries and models, besides the picture's (measured in docs/architecture.md).
SECONDS = 30.0
_BYTES_PER_SECOND = 1_000_000
_LARGEST = 90_000_000
_MEGABYTES = 512


def picture_allowance(seconds: float, size: int, memory: int) -> Allowance:
    """seconds: processor time apart from the file's share. size: of the file, in bytes; capped, because only a few
    frames of a video are decoded. memory: bytes for the decoded picture."""
    return allowance(seconds, min(size, _LARGEST), _BYTES_PER_SECOND, memory + _MEGABYTES * MEGABYTE)
