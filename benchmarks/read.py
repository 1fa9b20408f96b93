"""Read all files of a folder with `read_media`, without hashes, in several processes; timed by `benchmarks.metadata`.

    python -m benchmarks.read FOLDER PROCESSES

A program of its own that imports only what it needs, so that it starts as fast as possible.
"""

from __future__ import annotations

import multiprocessing
import os
import sys

from indexer.media.read import read_media


def main() -> None:
    paths = sorted(os.path.join(top, name) for top, _, names in os.walk(sys.argv[1]) for name in names)
    with multiprocessing.Pool(int(sys.argv[2])) as pool:
        for _ in pool.imap_unordered(_read, paths, chunksize=64):
            pass


def _read(path: str) -> str:
    return read_media(path, hashed=False).local_datetime


if __name__ == "__main__":
    main()
