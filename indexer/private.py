"""Making files and folders that nobody but their owner may read, whatever the umask lets others do.

What was there before keeps its mode: somebody may have meant to share it.
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
    """An empty one, unless there is a file already."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _FILE))


def make_folder(path: Path) -> None:
    """With those above it, as far as they are not there yet."""
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
