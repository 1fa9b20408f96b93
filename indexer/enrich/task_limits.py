"""What a task on a picture may take of the machine."""

from __future__ import annotations

from indexer.work.limits import MEGABYTE, Allowance, allowance

# Processor seconds of a task, as many again for each model, and one more for this many bytes of its file; and memory,
# with libraries and models, beyond the picture's (docs/architecture.md has what was measured).
SECONDS = 30.0
_BYTES_PER_SECOND = 1_000_000
_LARGEST = 90_000_000
_MEGABYTES = 512


def picture_allowance(seconds: float, size: int, memory: int) -> Allowance:
    """memory: for the decoded picture. Of a video only a few frames are decoded, however long it is."""
    return allowance(seconds, min(size, _LARGEST), _BYTES_PER_SECOND, memory + _MEGABYTES * MEGABYTE)
