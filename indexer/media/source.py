"""One read of a file: its hashes, and any part of its bytes for the readers of metadata."""

from __future__ import annotations

import hashlib
import io
import os
from typing import BinaryIO, Protocol

import xxhash

# Kept in memory of each file: nearly all metadata lies there. What lies beyond is read again when it is asked for.
HEAD = 64 * 1024
# Where the file is not hashed, less is read to begin with: that much holds most of it.
_FIRST = 16 * 1024
# And the end, where pictures say that they are whole.
_TAIL = 64
# So much is read and hashed at a time: most photos whole, which is fastest.
PIECE = 8 * 1024 * 1024


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
    """An open file. With `hashed`, all of it is read once and its digests and the picture's fingerprint are taken;
    nothing large is held afterwards.

    Raises OSError as open and read do.
    """

    def __init__(self, file: BinaryIO, *, hashed: bool = True) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        self.sha256 = self.sha1 = self._tail = b""
        self.fingerprint: str | None = None
        if hashed:
            self._hash()
        else:
            self.head = _exactly(file, min(self.size, _FIRST))

    def _hash(self) -> None:
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        data = _exactly(self._file, min(self.size, PIECE))
        picture = _Picture(self, data)
        self.head, read = data[:HEAD], 0
        while data:
            sha256.update(data)
            sha1.update(data)
            picture.update(data, read)
            self._tail = data[-_TAIL:]
            read += len(data)
            data = _exactly(self._file, PIECE) if len(data) == PIECE else b""
        self.size = read
        self.sha256, self.sha1 = sha256.digest(), sha1.digest()
        self.fingerprint = picture.fingerprint()

    def read(self, start: int, length: int) -> bytes:
        if start < 0 or length <= 0 or start >= self.size:
            return b""
        end = min(start + length, self.size)
        if end <= len(self.head):
            return self.head[start:end]
        if start >= self.size - len(self._tail):
            return self._tail[start - self.size : end - self.size or None]
        self._file.seek(start)
        return _exactly(self._file, end - start)

    def stream(self) -> BinaryIO:
        """A seekable file at position 0, for libraries that want one."""
        if self.size == len(self.head):
            return io.BytesIO(self.head)
        self._file.seek(0)
        return self._file


class _Picture:
    """The fingerprint of the coded picture, from the pieces of the file as they are read."""

    def __init__(self, source: Source, first: bytes) -> None:
        from .fingerprint import coded_ranges

        source.head = first  # all of it to look for the picture in; the rest of the file can be asked for
        self._ranges = coded_ranges(source, first[:16])
        source._file.seek(len(first))
        self._hash = xxhash.xxh3_128() if self._ranges else None

    def update(self, piece: bytes, at: int) -> None:
        """A piece that lies at `at` in the file."""
        if self._hash is None:
            return
        whole = memoryview(piece)
        for start, end in self._ranges:
            if start < at + len(piece) and end > at:
                self._hash.update(whole[max(start - at, 0) : end - at])

    def fingerprint(self) -> str | None:
        return None if self._hash is None else self._hash.hexdigest()


def _exactly(file: BinaryIO, length: int) -> bytes:
    """As many bytes as asked for, or all that are left: an unbuffered read may give fewer."""
    data = file.read(length)
    while len(data) < length and (more := file.read(length - len(data))):
        data += more
    return data
