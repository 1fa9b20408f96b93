"""Entry point of reader processes. The main process imports this module too: it must stay cheap to import, so the
readers are in `reading`."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.work.limits import MEGABYTE, Allowance, allowance, bound_address_space

from .requests import ReadRequest, ReadResult

# CPU seconds for a file, and bytes hashed in one of them: a tenth of what a slow processor does.
_SECONDS = 10.0
_HASHED_PER_SECOND = 10_000_000
# FFmpeg decodes some of a video to identify it.
_MEMORY = 768 * MEGABYTE


def allowed(request: ReadRequest) -> Allowance:
    return allowance(_SECONDS, request.expected[0] if request.expected else 0, _HASHED_PER_SECOND)


def warm_up() -> None:
    """Import the readers' modules, and bound the memory beyond that."""
    from . import reading  # noqa: F401

    bound_address_space(_MEMORY)


def needs_local(result: ReadResult) -> bool:
    """Whether another machine failed to open the file, so that it has to be read on this one."""
    return result.error is not None


def read_files(requests: Sequence[ReadRequest]) -> list[ReadResult]:
    """Read files; one that changes meanwhile has no facts."""
    from .reading import GROUP, read_group

    return [result for at in range(0, len(requests), GROUP) for result in read_group(requests[at : at + GROUP], at)]
