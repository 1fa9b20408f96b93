"""One read of a file: its hashes, and any part of its bytes for the readers of metadata."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from io import RawIOBase
from typing import BinaryIO, Protocol, cast

import xxhash

# Kept in memory of each file: nearly all metadata lies there. What lies beyond is read again when it is asked for.
HEAD = 64 * 1024
# Where the file is not hashed, less is read to begin with: that much holds most of it.
_FIRST = 16 * 1024
# And the end, where pictures say that they are whole.
_TAIL = 64
# So much is read and hashed at a time: half of what the processors of laptops have as second cache, or less.
PIECE = 512 * 1024
_own = threading.local()


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


# Marker, position and length of a part of a JPEG
Segment = tuple[int, int, int]


class Source:
    """An open file. With `hashed`, all of it is read once and its digests and the picture's fingerprint are taken;
    nothing large is held afterwards. size: where the caller knows it.

    Raises OSError as open and read do.
    """

    segments: list[Segment] | None = None  # see jpeg.segments

    def __init__(self, file: BinaryIO, *, hashed: bool = True, size: int | None = None) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size if size is None else size
        self.sha256 = self.sha1 = self._tail = b""
        self.fingerprint: str | None = None
        if hashed:
            self._hash()
        else:
            self.head = _exactly(file, min(self.size, _FIRST))

    def _hash(self) -> None:
        """Through one small buffer, which stays in the processor's cache while all three hashes see a piece of it."""
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        buffer = _buffer()
        count = _fill(self._file, buffer)
        self.head = bytes(buffer[: min(count, HEAD)])
        picture = _Picture(self, count)
        tail, read = b"", 0
        while count:
            piece = buffer[:count]
            sha256.update(piece)
            sha1.update(piece)
            picture.update(piece, read)
            tail = (tail + bytes(piece[-_TAIL:]))[-_TAIL:]
            read += count
            count = _fill(self._file, buffer) if count == len(buffer) else 0
        self._tail, self.size = tail, read
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

    def __init__(self, source: Source, position: int) -> None:
        """position: where the file is to be read on."""
        from .fingerprint import coded_ranges

        self._ranges = coded_ranges(source, source.head[:16])
        source._file.seek(position)
        self._hash = xxhash.xxh3_128() if self._ranges else None

    def update(self, piece: memoryview, at: int) -> None:
        """A piece that lies at `at` in the file."""
        if self._hash is None:
            return
        for start, end in self._ranges:
            if start < at + len(piece) and end > at:
                self._hash.update(piece[max(start - at, 0) : end - at])

    def fingerprint(self) -> str | None:
        return None if self._hash is None else self._hash.hexdigest()


def _buffer() -> memoryview:
    """This thread's, used again for every file: fresh memory the kernel clears page by page."""
    if len(getattr(_own, "buffer", b"")) != PIECE:
        _own.buffer = memoryview(bytearray(PIECE))
    return cast(memoryview, _own.buffer)


def _fill(file: BinaryIO, buffer: memoryview) -> int:
    """As many bytes as there is room for, or all that are left: an unbuffered read may give fewer."""
    count = cast(RawIOBase, file).readinto(buffer) or 0
    while count < len(buffer) and (more := cast(RawIOBase, file).readinto(buffer[count:])):
        count += more
    return count


def _exactly(file: BinaryIO, length: int) -> bytes:
    """As many bytes as asked for, or all that are left: an unbuffered read may give fewer."""
    data = file.read(length)
    while len(data) < length and (more := file.read(length - len(data))):
        data += more
    return data
