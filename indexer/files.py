"""Open untrusted files safely.

A name that a folder lists as a photo may be a named pipe by the time it is opened, a device, or a link to one: opening
it may block forever, or reading may never end. Every such file is opened by this module, as a regular file or not at
all.
"""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
# Do not wait for the other end of a pipe, and do not acquire a terminal; no effect on regular files.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# What opening a socket, a device without a driver, or a link that is not followed gives, by system.
_NOT_OPENED = (errno.ENXIO, errno.EOPNOTSUPP, errno.ENODEV, errno.ELOOP, errno.EMLINK)

AnyPath = str | bytes | os.PathLike[str]


def regular(path: AnyPath, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file, links followed: the `opener` of open() and FileIO.

    Raises OSError as os.open does, and for anything but a regular file. On Linux it raises BlockingIOError for one
    that another program holds under a lease, and has to give up first.
    """
    try:
        descriptor = os.open(path, flags | _FLAGS)
    except OSError as error:
        if error.errno in _NOT_OPENED and (kind := _kind(path)):
            raise _refused(path, kind) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise _refused(path, _KINDS.get(stat.S_IFMT(mode), "something else"))


def regular_nofollow(path: AnyPath, flags: int = os.O_RDONLY) -> int:
    """As `regular`; a link at the end of the path is not followed either."""
    if not _NO_FOLLOW and os.path.islink(path):
        raise _refused(path, "a link")
    return regular(path, flags | _NO_FOLLOW)


def read_small(path: AnyPath, most: int) -> bytes:
    """The content of a file of at most `most` bytes that is not a link. Raises OSError otherwise."""
    with FileIO(path, opener=regular_nofollow) as file:
        size, content = os.fstat(file.fileno()).st_size, b""
        while size <= most and (more := file.read(min(size, most) + 1)):
            content += more
            size = len(content)
    if size > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB", path)
    return content


def is_regular(path: AnyPath) -> bool:
    """Whether this is a regular file, and not a link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _kind(path: AnyPath) -> str | None:
    try:
        return _KINDS.get(stat.S_IFMT(os.lstat(path).st_mode))
    except OSError:
        return None


def _refused(path: AnyPath, kind: str) -> OSError:
    return OSError(errno.EINVAL, f"it is {kind}, not a file", path)
