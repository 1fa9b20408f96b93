"""What runs in a worker process: files in, facts out. The main process imports this module too, and reads no file: what
reads lies in `reading`."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.watchdog import MEGABYTE, Allowance, allowance, bound_address_space

from .requests import ReadRequest, ReadResult

# Seconds of the processor for one file, and bytes that are hashed in one: a tenth of what a slow one does.
_SECONDS = 10.0
_HASHED_PER_SECOND = 10_000_000
# FFmpeg decodes some of a film to find out what it is.
_MEMORY = 768 * MEGABYTE


def allowed(order: ReadRequest) -> Allowance:
    return allowance(_SECONDS, order.expected[0] if order.expected else 0, _HASHED_PER_SECOND)


def get_ready() -> None:
    """Import what reading needs, and take no more memory than that for a file."""
    from . import reading  # noqa: F401

    bound_address_space(_MEMORY)


def is_refused(reading: ReadResult) -> bool:
    """Whether another machine may be able to read it."""
    return reading.error is not None


def read_files(orders: Sequence[ReadRequest]) -> list[ReadResult]:
    """Read files that are to hold still meanwhile; a reading of half a file is no reading."""
    from .reading import GROUP, read_group

    return [reading for at in range(0, len(orders), GROUP) for reading in read_group(orders[at : at + GROUP], at)]
