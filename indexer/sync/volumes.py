"""Identify the file system of a path, also after a remount: a drive gets another device number, and often another mount
point, each time it is mounted.

Linux lists its mounts in /proc/self/mountinfo (proc(5)). Elsewhere only the device number is known, which is enough as
long as the drive stays mounted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from indexer.store.roots import Root, Volume

# Changes made by another machine, or by the program behind the mount, bring no events.
_WITHOUT_EVENTS = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "vboxsf", "vmhgfs", "afs", "ceph", "ncpfs"))
# Inodes are invented at each mount, or whenever the kernel forgets them.
_WITHOUT_INODES = frozenset(("vfat", "msdos", "exfat", "cifs", "smb3", "smbfs", "vboxsf", "vmhgfs"))
# statvfs(2) gives these a number derived from the UUID on the drive.
_WITH_FSID = frozenset(("ext2", "ext3", "ext4", "btrfs"))
_NETWORK = _WITHOUT_EVENTS | {"fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.davfs2"}


def has_events(filesystem: str | None) -> bool:
    """Whether the file system reports changes by other machines as events."""
    return not _is_fuse(filesystem) and filesystem not in _WITHOUT_EVENTS


def has_inodes(filesystem: str | None) -> bool:
    """Whether a file keeps its inode for its lifetime."""
    return not _is_fuse(filesystem) and filesystem not in _WITHOUT_INODES


def is_network(filesystem: str | None) -> bool:
    return filesystem in _NETWORK


def watch_limit() -> int | None:
    """The number of folders this user may watch by inotify (inotify(7)); None if unlimited."""
    try:
        with open("/proc/sys/fs/inotify/max_user_watches", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def volume_of(path: str) -> Volume:
    """The file system of a path. Raises OSError if there is no such path."""
    device = os.stat(path).st_dev
    mount = _mount_of(device, os.path.realpath(path))
    if mount is None:
        return Volume(device, None, None)
    filesystem, source = mount
    return Volume(device, filesystem, _identity(path, device, filesystem, source))


def is_same_folder(root: Root, volume: Volume, inode: int) -> bool:
    """Whether a folder is the root as last seen, wherever it is now."""
    if root.volume is not None and volume.identity is not None:
        return (root.volume, root.inode) == (volume.identity, inode)
    return (root.device, root.inode) == (volume.device, inode)


def root_of(roots: Iterable[Root], path: str, info: os.stat_result) -> Root | None:
    """The root that this folder is, under whatever name. Device number and inode alone are not enough: the next drive
    gets the same number, and the top of every ext4 is inode 2. So the volume is checked if they match."""
    candidates = [root for root in roots if root.inode == info.st_ino and root.device == info.st_dev]
    if not candidates:
        return None
    volume = volume_of(path)
    return next((root for root in candidates if is_same_folder(root, volume, info.st_ino)), None)


def _identity(path: str, device: int, filesystem: str, source: str) -> str | None:
    if sys.platform != "win32" and filesystem in _WITH_FSID and (number := os.statvfs(path).f_fsid):
        return f"fsid:{number:x}"
    if filesystem in _NETWORK:
        return f"{filesystem}:{source}"
    if uuid := _uuid(device):
        return f"uuid:{uuid}"
    return None


def _mount_of(device: int, real: str) -> tuple[str, str] | None:
    """Type and source of the mount: by device number, or (each btrfs subvolume has another) by the longest path."""
    best: tuple[int, tuple[str, str]] | None = None
    for numbers, point, filesystem, source in _mounts():
        if numbers == device and filesystem != "rootfs":
            return filesystem, source
        if (real == point or real.startswith(point.rstrip("/") + "/")) and (best is None or len(point) >= best[0]):
            best = len(point), (filesystem, source)
    return best[1] if best else None


def _mounts() -> list[tuple[int, str, str, str]]:
    """Device number, mount point, type and source of each mount."""
    if sys.platform != "linux":
        return []
    mounts = []
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                before, _, after = line.partition(" - ")
                major, minor = before.split()[2].split(":")
                filesystem, source = after.split()[:2]
                point = _unescaped(before.split()[4])
                mounts.append((os.makedev(int(major), int(minor)), point, filesystem, _unescaped(source)))
    except OSError:
        return []
    return mounts


def _unescaped(text: str) -> str:
    r"""mountinfo writes blanks, tabs, newlines and backslashes as \040, \011, \012 and \134."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def _uuid(device: int) -> str | None:
    folder = "/dev/disk/by-uuid"
    if sys.platform == "win32":
        return None
    try:
        for name in os.listdir(folder):
            if os.stat(os.path.join(folder, name)).st_rdev == device:
                return name
    except OSError:
        return None
    return None


def _is_fuse(filesystem: str | None) -> bool:
    return filesystem is not None and (filesystem == "fuseblk" or filesystem.startswith("fuse"))
