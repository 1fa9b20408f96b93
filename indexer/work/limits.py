"""Limits on time and memory of a task, and a watch that enforces them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psutil

MEGABYTE = 1024 * 1024
# What a worker's process may take, with its libraries.
_PROCESS_BYTES = 1024 * MEGABYTE
# A task may wait, for a disk or forever, this many times its processor seconds, and for each byte as long as the
# slowest drive takes.
_WAITING_TIMES = 10
_SLOWEST_BYTES_PER_SECOND = 500_000
# Tasks are not checked earlier; most are done by then.
_FIRST_LOOK_SECONDS = 0.2
# The most time that counts between two checks: after more, the machine or this process was suspended.
_LONGEST_STEP_SECONDS = 1.0


_WAITED = "was stopped after it had waited"


class Allowance(NamedTuple):
    """seconds: of the processor; waiting: seconds in which it does nothing; memory: bytes of the whole process."""

    seconds: float
    waiting: float
    memory: int = _PROCESS_BYTES


def allowance(seconds: float, size: int, bytes_per_second: float, memory: int = _PROCESS_BYTES) -> Allowance:
    """For a file of that size: more seconds if it is large."""
    seconds += size / bytes_per_second
    return Allowance(seconds, _WAITING_TIMES * seconds + size / _SLOWEST_BYTES_PER_SECOND, memory)


def unbounded(task: Any) -> Allowance:
    return Allowance(float("inf"), float("inf"))


@contextmanager
def address_space(more: int) -> Iterator[None]:
    """In a worker, if the system can bound it: the process gets at most this many more bytes than it has now. An
    allocation beyond that fails, or crashes."""
    before = bound_address_space(more)
    try:
        yield
    finally:
        if before is not None:
            _set_address_space(*before)


def bound_address_space(more: int) -> tuple[int, int] | None:
    """As address_space, from now on; the previous bounds, None if the system has none."""
    if sys.platform != "linux":
        return None
    import resource

    with open("/proc/self/statm", "rb") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    _set_address_space(now + more if hard == resource.RLIM_INFINITY else min(now + more, hard), hard)
    return soft, hard


def _set_address_space(soft: int, hard: int) -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Watch:
    """Over one process at one task, from its creation on. It counts processor seconds, and seconds of waiting for
    something other than the processor: neither grows on a busy machine, or on one that sleeps."""

    _process: psutil.Process | None = None
    _before = 0.0
    _age = _waited = 0.0
    taken = 0.0  # seconds of the processor, as far as is known

    def __init__(self, task: int, pid: int, allowed: Allowance) -> None:
        self.task = task
        self._pid, self._allowed = pid, allowed
        self._looked_at = time.monotonic()

    def look(self) -> str | None:
        """Why the process is to be killed; None: it is not."""
        now = time.monotonic()
        step, self._looked_at = min(now - self._looked_at, _LONGEST_STEP_SECONDS), now
        self._age += step
        if self._age < _FIRST_LOOK_SECONDS:
            return None
        import psutil  # only now: most tasks are done by then

        try:
            if self._process is None:
                self._process = psutil.Process(self._pid)
                self._before = _seconds(self._process)
            self.taken, memory = _seconds(self._process) - self._before, self._process.memory_info().rss
            if (
                sys.platform == "win32" or self._process.status() != psutil.STATUS_RUNNING
            ):  # Windows has no other status
                self._waited += step
        except psutil.Error:  # it has just ended
            return None
        seconds, waiting, most = self._allowed
        if self.taken > seconds:
            return f"was stopped after {seconds:.0f} seconds of work on it"
        if self._waited > waiting:
            return f"{_WAITED} {waiting:.0f} seconds for it"
        if memory > most:
            return f"was stopped when it took over {most // MEGABYTE:,} MB of memory for it"
        return None


def is_of_waiting(reason: str) -> bool:
    """Whether `look` means that no data came: a disk that hangs, which is not the file's fault."""
    return reason.startswith(_WAITED)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
