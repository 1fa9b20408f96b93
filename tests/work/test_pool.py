"""Worker processes: the failure of one, or of all, costs as little as possible and is reported."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from indexer.enrich import render_processes
from indexer.errors import NoWorkers
from indexer.work import pool as pools
from indexer.work.limits import Allowance
from indexer.work.pool import Pool, most_workers, process_pool
from indexer.work.workers import Lost, at_task

from ..conftest import put, sized


@pytest.fixture
def pool() -> Iterator[Pool]:
    one = process_pool(1)
    yield one
    one.shutdown(cancel_futures=True)


def double(tasks: Sequence[int]) -> list[int]:
    return [2 * one for one in tasks]


def answer_what_cannot_be_sent(tasks: Sequence[int]) -> list[Any]:
    return [lambda: None for _ in tasks]


class Unsendable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__("the text of it")


def fail_with_what_cannot_be_sent(tasks: Sequence[int]) -> list[Any]:
    raise Unsendable(1, 2)


def sleep_at_each(tasks: Sequence[float]) -> list[float]:
    for number, seconds in enumerate(tasks):
        at_task(number)
        time.sleep(seconds)
    return list(tasks)


def _seconds(most: float) -> Allowance:
    return Allowance(most, most)


def fail(times: int, do: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    left = [times]

    def sometimes(*arguments: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return do(*arguments, **options)

    return sometimes


@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, "Too many open files"), OSError(errno.EAGAIN, "Try again"), EOFError()]
)
def test_a_pool_whose_worker_cannot_be_started_says_so_and_tries_again(
    pool: Pool, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_Worker", fail(1, pools._Worker, error))
    with pytest.raises(NoWorkers, match=f"no worker process can be started now: {type(error).__name__}"):
        pool.submit(double, [1]).result(timeout=180)
    assert pool.submit(double, [1, 2]).result(timeout=180) == [2, 4]


def test_where_one_worker_lives_others_are_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = process_pool(2)
    try:
        assert pool.submit(double, [1]).result(timeout=180) == [2]
        monkeypatch.setattr(pools, "_Worker", fail(2, pools._Worker, OSError(errno.EMFILE, "Too many open files")))
        slow, quick = pool.submit(sleep_at_each, [5.0]), pool.submit(double, [3])
        assert quick.result(timeout=180) == [6]
        assert not slow.done() and slow.result(timeout=180) == [5.0]
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_ends_a_pool_all_are_told(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those whose batch was out, and those that waited; none is just cancelled."""
    futures = [pool.submit(sleep_at_each, [60.0]), pool.submit(double, [1])]
    monkeypatch.setattr(pools, "wait", fail(1, wait, ValueError("no such handle")))
    with suppress(NoWorkers):  # it may have failed already
        pool.submit(double, [1])  # rings
    for future in futures:
        with pytest.raises(NoWorkers, match="the worker processes were lost: ValueError: no such handle"):
            future.result(timeout=180)
    assert pool.is_closed
    with pytest.raises(NoWorkers):
        pool.submit(double, [1])


def test_pictures_are_decoded_again_once_a_pool_was_lost(
    photos: Path, astronaut: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = put(photos / "a.jpg").read_bytes()
    render_processes.close()
    with monkeypatch.context() as broken:
        broken.setattr(pools, "wait", fail(1, wait, ValueError("no such handle")))
        with pytest.raises(NoWorkers):
            render_processes.sent(content).result(timeout=180)
    assert render_processes.the_one(render_processes.sent(content).result(timeout=180)).mode == "RGB"
    render_processes.close()
    assert render_processes.the_one(render_processes.sent(content).result(timeout=180)).mode == "RGB"


def test_who_submits_waits_for_no_worker(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for one that starts nor for one that is sent much."""
    send = pools._Worker.send

    def send_slowly(worker: Any, batch: Any) -> None:
        time.sleep(1)
        send(worker, batch)

    monkeypatch.setattr(pools._Worker, "send", send_slowly)
    first = pool.submit(double, [1])
    time.sleep(0.3)
    started = time.monotonic()
    second = pool.submit(double, [2])
    assert time.monotonic() - started < 0.3
    assert (first.result(timeout=180), second.result(timeout=30)) == ([2], [4])


@pytest.mark.parametrize("function", [answer_what_cannot_be_sent, fail_with_what_cannot_be_sent])
def test_what_cannot_be_sent_back_costs_its_batch_alone(pool: Pool, function: Any) -> None:
    assert pool.submit(double, [1]).result(timeout=180) == [2]
    (worker,) = pool._workers
    with pytest.raises(Exception, match=r"pickle|the text of it"):
        pool.submit(function, [1]).result(timeout=180)
    assert pool.submit(double, [1]).result(timeout=180) == [2]
    assert pool._workers == [worker]


def test_the_task_behind_the_slow_one_is_not_to_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker went on to it before it was ended."""
    end, late = pools._Worker.end, threading.Event()

    def end_late(worker: Any) -> None:
        if not late.is_set():
            late.set()
            time.sleep(2)
        end(worker)

    monkeypatch.setattr(pools._Worker, "end", end_late)
    # Of the first worker the slow one may take nothing, of the second anything.
    pool = process_pool(1, None, lambda task: _seconds(1e9 if late.is_set() or task > 2 else -1.0))
    try:
        assert pool.submit(sleep_at_each, [1.5, 4.0]).result(timeout=60) == [1.5, 4.0]
    finally:
        pool.shutdown(cancel_futures=True)
    assert late.is_set()


def test_a_slow_task_is_to_blame(pool: Pool) -> None:
    strict = process_pool(1, None, lambda task: Allowance(0.1, 0.1))
    try:
        assert isinstance(strict.submit(sleep_at_each, [60.0]).result(timeout=60)[0], Lost)
    finally:
        strict.shutdown(cancel_futures=True)


def test_windows_waits_for_no_more_workers_than_it_can() -> None:
    assert (most_workers(64, "win32"), most_workers(4, "win32"), most_workers(64, "linux")) == (30, 4, 64)
    assert 2 * most_workers(64, "win32") + 1 <= 63


def test_a_program_that_had_pictures_decoded_ends_in_silence(photos: Path) -> None:
    code = (
        "import sys\nfrom indexer.enrich import render_processes\n"
        "content = open(sys.argv[1], 'rb').read()\n"
        "print(render_processes.the_one(render_processes.sent(content).result()).mode)\n"
        "render_processes.sent(content)\n"
    )
    command = [sys.executable, "-c", code, str(put(photos / "a.jpg"))]
    for _ in range(sized(5, 30)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stdout, done.stderr) == (0, "RGB\n", "")
