"""The baseline of a first scan: two processes that read the files of a folder and hash them, and nothing else.

    python -m benchmarks.baseline FOLDER

A program of its own that imports only what it needs, so that it starts as fast as possible.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys


def main() -> None:
    paths = sorted(os.path.join(top, name) for top, _, names in os.walk(sys.argv[1]) for name in names)
    with multiprocessing.Pool(2) as pool:
        for _ in pool.imap_unordered(_hash, paths, chunksize=16):
            pass


def _hash(path: str) -> tuple[bytes, bytes]:
    with open(path, "rb", buffering=0) as file:
        data = file.read()
    return hashlib.sha256(data).digest(), hashlib.sha1(data, usedforsecurity=False).digest()


if __name__ == "__main__":
    main()
