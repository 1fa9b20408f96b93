"""Compare readers of Exif on real blocks: ours, Pillow's, ExifRead's.

    python -m benchmarks.readers FOLDER

Takes the Exif block of every JPEG in FOLDER; medians over the blocks, the best of some rounds each.
"""

from __future__ import annotations

import argparse
import io
import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import exifread
from PIL import Image

from indexer.media.extraction import Extraction
from indexer.media.readable import Memory
from indexer.media.readers.exif import read_exif
from indexer.media.readers.jpeg import read_segments


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    logging.disable()
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg")]
    blocks = [block.read(0, block.size) for file in files for block in _segments(file).exif]
    print(f"{len(blocks)} Exif blocks of {len(files)} JPEGs, median microseconds")
    print(f"  JPEG segments (ours)  {_median(_segments, files):7.0f}")
    print(f"  ours                  {_median(_exif, blocks):7.0f}")
    print(f"  Pillow                {_median(_pillow, blocks):7.0f}")
    print(f"  ExifRead, no details  {_median(_exifread, blocks):7.0f}")


def _segments(file: bytes) -> Extraction:
    extraction = Extraction()
    read_segments(Memory(file), extraction)
    return extraction


def _exif(block: bytes) -> None:
    read_exif(Memory(block), Extraction())


def _pillow(block: bytes) -> None:
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    exif.get_ifd(0x8769)
    exif.get_ifd(0x8825)


def _exifread(block: bytes) -> None:
    exifread.process_file(io.BytesIO(block), details=False, extract_thumbnail=False)


def _median(read: Callable[[bytes], object], blocks: list[bytes], rounds: int = 7) -> float:
    taken = []
    for block in blocks:
        best = float("inf")
        for _ in range(rounds):
            started = time.perf_counter()
            try:
                read(block)
            except Exception:  # a library may refuse a damaged block
                break
            best = min(best, time.perf_counter() - started)
        if best < float("inf"):
            taken.append(best)
    return statistics.median(taken) * 1e6


if __name__ == "__main__":
    main()
