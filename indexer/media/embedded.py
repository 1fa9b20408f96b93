"""What a container of a still picture holds beside its pixels, whatever the container."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Embedded:
    """Raw metadata blocks and the stored picture's size (0 where unknown)."""

    exif: bytes | memoryview | None = None
    xmp: bytes | None = None
    icc: bytes | None = None
    width: int = 0
    height: int = 0
    problems: list[str] = field(default_factory=list)
