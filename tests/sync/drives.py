"""Real file systems that tests mount and unmount: disk images and FUSE mounts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..conftest import sized


class Drive:
    """An ext4 file system in a file, that can be mounted anywhere."""

    def __init__(self, image: Path) -> None:
        self.image = image
        self.at: Path | None = None
        with image.open("wb") as file:
            file.truncate(sized(24, 160) << 20)
        subprocess.run(["mkfs.ext4", "-q", "-N", str(sized(2048, 24_000)), image], check=True)

    def mount(self, at: Path) -> Path:
        at.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-o", "loop", self.image, at], check=True)
        self.at = at
        return at

    def unmount(self) -> None:
        if self.at is not None:
            subprocess.run(["umount", "--lazy", self.at], check=True)
            self.at = None


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[[], Drive]]:
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting a file system needs root and mkfs.ext4")
    probe = tmp_path / "probe"
    probe.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", probe], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount anything")
    subprocess.run(["umount", probe], check=True)
    made: list[Drive] = []

    def make() -> Drive:
        made.append(Drive(tmp_path / f"drive{len(made)}.img"))
        return made[-1]

    yield make
    for one in made:
        one.unmount()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a file system by a command, whose last word is the folder."""
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        pytest.skip("mounting needs root and FUSE")
    points: list[Path] = []

    def mount(*command: object) -> Path:
        if not shutil.which(str(command[0])):
            pytest.skip(f"{command[0]} is not installed")
        point = tmp_path / f"mnt{len(points)}"
        point.mkdir()
        subprocess.run([*map(str, command), str(point)], check=True, capture_output=True)
        points.append(point)
        return point

    yield mount
    for point in points:
        subprocess.run(["umount", "--lazy", point], check=True)
