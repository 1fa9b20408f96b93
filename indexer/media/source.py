"""One read of a file: its hashes, and any part of its bytes for the readers of metadata."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable
from io import RawIOBase
from typing import BinaryIO, cast

import xxhash

from .fingerprint import coded_ranges
from .readable import Remembering

# Bytes of each file kept in memory: nearly all metadata is there. The rest is read again on demand.
HEAD = 64 * 1024
# If the file is not hashed, less is read at first: that much holds most metadata.
_FIRST = 16 * 1024
# The end, where pictures have their end marker
_TAIL = 64
# Bytes read and hashed at a time: at most half of a laptop processor's second-level cache
PIECE = 512 * 1024
# Bytes between reports of progress: a few a second
_REPORT_BYTES = 16 * PIECE
_own = threading.local()


class Source(Remembering):
    """An open file. With `hashed`, all of it is read once and its digests and the picture's fingerprint are taken;
    nothing large is held afterwards. size: if the caller knows it; bytes that are appended later are not read.

    Raises OSError as open and read do.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        hashed: bool = True,
        size: int | None = None,
        room: memoryview | None = None,
        report: Callable[[int], None] | None = None,
    ) -> None:
        """report: called periodically with the number of bytes hashed. room: HEAD bytes of memory for the head,
        reusable after the source: the kernel clears fresh memory page by page, which takes longer than parsing most
        files."""
        self._file = file
        self.size = os.fstat(file.fileno()).st_size if size is None else size
        self.sha256 = self.sha1 = self._tail = b""
        self.fingerprint: str | None = None
        if hashed:
            self._hash(memoryview(bytearray(min(HEAD, self.size))) if room is None else room, report)
        else:
            self._head = memoryview(_exactly(file, min(self.size, _FIRST)))

    def _hash(self, room: memoryview, report: Callable[[int], None] | None) -> None:
        """Hash through one small buffer, which stays in the processor's cache while all three hashes take a piece."""
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        expected, read, tail = self.size, 0, b""
        piece = _fill(self._file, _buffer(), expected)
        self._head = room[: len(piece)]
        self._head[:] = piece[: len(self._head)]
        picture = _Picture(self, len(piece))
        while piece:
            sha256.update(piece)
            sha1.update(piece)
            picture.update(piece, read)
            tail = (tail + bytes(piece[-_TAIL:]))[-_TAIL:]
            read += len(piece)
            if report is not None and not read % _REPORT_BYTES:
                report(read)
            piece = _fill(self._file, _buffer(), expected - read)
        self._tail, self.size = tail, read
        self.sha256, self.sha1 = sha256.digest(), sha1.digest()
        self.fingerprint = picture.fingerprint()

    def read(self, start: int, length: int) -> bytes:
        if start < 0 or length <= 0 or start >= self.size:
            return b""
        end = min(start + length, self.size)
        if end <= len(self._head):
            return bytes(self._head[start:end])
        if start >= self.size - len(self._tail):
            return self._tail[start - self.size : end - self.size or None]
        self._file.seek(start)
        return _exactly(self._file, end - start)

    def stream(self) -> BinaryIO:
        """A seekable file at position 0, for libraries that need one."""
        if self.size == len(self._head):
            return io.BytesIO(self._head)
        self._file.seek(0)
        return self._file


class _Picture:
    """The fingerprint of the coded picture, from pieces of the file as they are read."""

    def __init__(self, source: Source, position: int) -> None:
        """position: where reading continues."""
        self._ranges = coded_ranges(source, source.read(0, 16))
        if position < source.size:
            source._file.seek(position)
        self._hash = xxhash.xxh3_128() if self._ranges else None

    def update(self, piece: memoryview, at: int) -> None:
        """A piece of the file at offset `at`."""
        if self._hash is None:
            return
        for start, end in self._ranges:
            if start < at + len(piece) and end > at:
                self._hash.update(piece[max(start - at, 0) : end - at])

    def fingerprint(self) -> str | None:
        return None if self._hash is None else self._hash.hexdigest()


def _buffer() -> memoryview:
    """This thread's buffer, reused for every file: the kernel clears fresh memory page by page."""
    if len(getattr(_own, "buffer", b"")) != PIECE:
        _own.buffer = memoryview(bytearray(PIECE))
    return cast(memoryview, _own.buffer)


def _fill(file: BinaryIO, memory: memoryview, left: int) -> memoryview:
    """Read up to `left` bytes into the memory, and return the part that was filled: an unbuffered read may give fewer
    bytes than fit. Empty if the file was truncated meanwhile."""
    read, count = cast(RawIOBase, file).readinto, 0
    size = min(len(memory), left)
    while count < size and (more := read(memory[count:size])):
        count += more
    return memory[:count]


def _exactly(file: BinaryIO, length: int) -> bytes:
    """Read this many bytes, or all that are left: an unbuffered read may give fewer."""
    data = file.read(length)
    while len(data) < length and (more := file.read(length - len(data))):
        data += more
    return data
