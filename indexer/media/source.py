"""One read of a file: its bytes for the readers, its hashes for identity."""

from __future__ import annotations

import hashlib
import io
import os
from typing import BinaryIO

# Up to this size a file is held whole while it is read: no reader seeks on disk and nothing is read twice.
# Above it (long videos, stitched panoramas) the bytes stream through the hashes, and readers seek in the open file.
WHOLE = 32 * 1024 * 1024
# Both hashes go over one piece while it is in the processor's cache.
PIECE = 1024 * 1024
_STREAM = 1024 * 1024


class Source:
    """An open file with its digests.

    head is the whole file up to `WHOLE` bytes, else its first `WHOLE` bytes. Raises OSError as open and read do.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        self.head = file.read(min(self.size, WHOLE))
        view = memoryview(self.head)
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            sha256.update(piece)
            sha1.update(piece)
        read = len(view)
        if read == WHOLE:
            buffer = memoryview(bytearray(_STREAM))
            while count := file.readinto(buffer):  # type: ignore[attr-defined]
                for start in range(0, count, PIECE):
                    piece = buffer[start : min(start + PIECE, count)]
                    sha256.update(piece)
                    sha1.update(piece)
                read += count
        self.size = read
        self.sha256, self.sha1 = sha256.digest(), sha1.digest()

    @property
    def whole(self) -> bool:
        return len(self.head) == self.size

    def stream(self) -> BinaryIO:
        """A seekable file at position 0: the bytes in memory, or the open file where it is too large for that."""
        if self.whole:
            return io.BytesIO(self.head)
        self._file.seek(0)
        return self._file
