"""What a task on a picture may take of a worker."""

from __future__ import annotations

from indexer.watchdog import MEGABYTE, Allowance, allowance

# A task may take these seconds of the processor, as many for each model that looks too, and one more for so many bytes
# of its file; and so much memory, with libraries and models, beyond the picture's (docs/architecture.md has what was
# measured).
SECONDS = 30.0
_BYTES_PER_SECOND = 1_000_000
_LARGEST = 90_000_000
_MEGABYTES = 512


def picture_allowance(seconds: float, size: int, memory: int) -> Allowance:
    """memory: for what is decoded. Of a video a few frames are, however long it is."""
    return allowance(seconds, min(size, _LARGEST), _BYTES_PER_SECOND, memory + _MEGABYTES * MEGABYTE)
