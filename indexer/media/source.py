"""One read of a file: its hashes, and any part of its bytes for the readers of metadata."""

from __future__ import annotations

import hashlib
import io
import os
from typing import BinaryIO, Protocol

# Kept from the one read: most photos whole, and of larger files where nearly all metadata lies.
HEAD = 8 * 1024 * 1024
# Without hashes, the part that nearly all metadata lies in.
_GLANCE = 64 * 1024
# Both hashes go over one piece while it is in the processor's cache.
PIECE = 1024 * 1024


class Readable(Protocol):
    """Bytes that readers ask for by position. `read` gives fewer where they end; it never raises for a wild
    position."""

    size: int

    def read(self, start: int, length: int) -> bytes: ...


class Memory:
    """Bytes at hand."""

    __slots__ = ("_data", "size")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length] if start >= 0 and length > 0 else b""


class Window:
    """A part of something larger, as if it were all."""

    __slots__ = ("_base", "_start", "size")

    def __init__(self, base: Readable, start: int, size: int) -> None:
        self._base = base
        self._start = max(start, 0)
        self.size = max(min(size, base.size - self._start), 0)

    def read(self, start: int, length: int) -> bytes:
        return self._base.read(self._start + start, min(length, self.size - start)) if start >= 0 else b""


class Source:
    """An open file. With `hashed`, all of it is read once and its digests taken; a part beyond the first `HEAD` bytes
    is read again when a reader asks for it, and nothing large is ever held.

    Raises OSError as open and read do.
    """

    def __init__(self, file: BinaryIO, *, hashed: bool = True) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        self.head = _exactly(file, min(self.size, HEAD if hashed else _GLANCE))
        self.sha256 = self.sha1 = b""
        if hashed:
            self._hash()

    def _hash(self) -> None:
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        head = memoryview(self.head)
        for start in range(0, len(head), PIECE):
            piece = head[start : start + PIECE]
            sha256.update(piece)
            sha1.update(piece)
        read = len(head)
        if read == HEAD:
            buffer = memoryview(bytearray(PIECE))
            while count := self._file.readinto(buffer):  # type: ignore[attr-defined]
                sha256.update(buffer[:count])
                sha1.update(buffer[:count])
                read += count
        self.size = read
        self.sha256, self.sha1 = sha256.digest(), sha1.digest()

    def read(self, start: int, length: int) -> bytes:
        if start < 0 or length <= 0 or start >= self.size:
            return b""
        end = min(start + length, self.size)
        if end <= len(self.head):
            return self.head[start:end]
        self._file.seek(start)
        return _exactly(self._file, end - start)

    def stream(self) -> BinaryIO:
        """A seekable file at position 0, for libraries that want one."""
        if self.size == len(self.head):
            return io.BytesIO(self.head)
        self._file.seek(0)
        return self._file


def _exactly(file: BinaryIO, length: int) -> bytes:
    """As many bytes as asked for, or all that are left: an unbuffered read may give fewer."""
    data = file.read(length)
    while len(data) < length and (more := file.read(length - len(data))):
        data += more
    return data
