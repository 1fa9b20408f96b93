"""Breaks files in many ways and reads them. `python -m tests.media.fuzz [--seconds N] [--seed N] FOLDER…`

No damage may raise, take over 5 seconds or over 256 MB. What does is written beside, as a file to make a test of.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from indexer.media.formats import is_media_name
from indexer.media.read import read_media

SECONDS, MEGABYTES = 5, 256
_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


class TooSlow(Exception):
    pass


def mutations(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """One damage of each kind."""
    yield data[: chance.randrange(len(data) + 1)]
    for flips in (1, 5, 50):
        mutated = bytearray(data)
        # Mostly where metadata lies: at the beginning, and at the end.
        for _ in range(flips):
            reach = chance.choice((64, 4096, len(data)))
            at = chance.randrange(min(reach, len(data)))
            mutated[at if chance.random() < 0.8 else -1 - at] = chance.choice((*_INTERESTING, chance.randrange(256)))
        yield bytes(mutated)
    mutated = bytearray(data)
    at = chance.randrange(len(data))
    mutated[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"))
    yield bytes(mutated)
    start, length = chance.randrange(len(data)), chance.randrange(1, 2000)
    yield data[:start] + data[start + length :]
    yield data[:start] + data[start : start + length] * 3 + data[start + length :]


def read_damaged(path: Path) -> None:
    """Raises what read_media raises, TooSlow, or MemoryError where it took more than it may."""

    def late(*arguments: object) -> None:
        raise TooSlow(f"over {SECONDS} s")

    before = _peak_megabytes()
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        facts = read_media(path)
    finally:
        signal.alarm(0)
    if _peak_megabytes() - before > MEGABYTES:
        raise MemoryError(f"{_peak_megabytes() - before:.0f} MB")
    for text in (facts.local_datetime, *facts.problems, *(word for word in facts.metadata if isinstance(word, str))):
        text.encode()


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    files = [path for folder in options.folders for path in sorted(folder.rglob("*")) if is_media_name(path.name)]
    files = [path for path in files if 0 < path.stat().st_size < 4_000_000]
    chance, end, done, failed = random.Random(options.seed), time.monotonic() + options.seconds, 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        while time.monotonic() < end:
            original = chance.choice(files)
            for data in mutations(original.read_bytes(), chance):
                path = Path(scratch) / original.name
                path.write_bytes(data)
                done += 1
                try:
                    read_damaged(path)
                except (Exception, TooSlow) as error:
                    failed += 1
                    kept = Path(tempfile.gettempdir()) / f"fuzz-{options.seed}-{done}-{original.name}"
                    kept.write_bytes(data)
                    print(f"{kept}: {type(error).__name__}: {error}", flush=True)
                path.unlink()
    print(f"{done} damaged files of {len(files)} read, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
