"""Make files and folders that only their owner may read, regardless of the umask.

Existing ones keep their mode: they may be shared on purpose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_FILE, _FOLDER = 0o600, 0o700


def create(path: Path) -> BinaryIO:
    """Open a file for writing, empty."""
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, _FILE))


def make_file(path: Path) -> None:
    """Create an empty file, unless it exists."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _FILE))


def make_folder(path: Path) -> None:
    """Create a folder, and missing folders above it."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(_FOLDER, exist_ok=True)


def write(path: Path, data: bytes) -> None:
    with create(path) as file:
        file.write(data)


def copy(source: Path, target: Path) -> None:
    import shutil

    with open(source, "rb") as old, create(target) as new:
        shutil.copyfileobj(old, new, 1 << 20)
