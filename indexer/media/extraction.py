"""The values that the readers extract from one file, before precedence decides between sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .facts import Motion, NamedFace
from .readable import Readable

# field -> value, of one source
Values = dict[str, Any]


@dataclass(slots=True)
class Extraction:
    """Extracted values. Filled by the container's reader, then by the readers of its metadata blocks.

    exif holds TIFF structures, xmp and iptc packets, icc a profile: raw, for `read.read_blocks`. values has each
    source's values by the source's name (see `precedence`). width and height are the stored picture's, 0 if unknown.
    video_length is the distance in bytes from the start of a motion photo's video to the end of the file, from XMP.
    """

    exif: list[Readable] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    icc: bytes | None = None
    width: int = 0
    height: int = 0
    duration: float | None = None
    values: dict[str, Values] = field(default_factory=dict)
    keywords: list[str] = field(default_factory=list)
    faces: list[NamedFace] = field(default_factory=list)
    video_length: int | None = None
    motion: Motion | None = None
    problems: list[str] = field(default_factory=list)

    def add(self, source: str, **values: Any) -> None:
        """Add a source's values; None is ignored, and the first value of a field stays."""
        self.add_all(source, values)

    def add_all(self, source: str, values: Values) -> None:
        known = self.values.setdefault(source, {})
        for name, value in values.items():
            if value is not None and known.get(name) is None:
                known[name] = value

    def get(self, name: str, *sources: str) -> Any:
        """The first of the sources' values of a field."""
        for source in sources or self.values:
            value = self.values.get(source, {}).get(name)
            if value is not None:
                return value
        return None
