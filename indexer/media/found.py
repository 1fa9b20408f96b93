"""What one file was found to say, before it is decided whom to believe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .facts import Motion, NamedFace
from .readable import Readable

# field of the record -> what one source says of it
Claims = dict[str, Any]


@dataclass(slots=True)
class Found:
    """Filled by the reader of the container, then by the readers of the blocks that it holds.

    exif holds TIFF structures, xmp and iptc packets, icc a profile: raw, for `read.read_blocks`. claims has the words
    of each source by its name (see `precedence`). width and height are the stored picture's, 0 where unknown.
    film_length is how many bytes from the end of the file XMP says the film of a motion photo begins."""

    exif: list[Readable] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    icc: bytes | None = None
    width: int = 0
    height: int = 0
    duration: float | None = None
    claims: dict[str, Claims] = field(default_factory=dict)
    keywords: list[str] = field(default_factory=list)
    faces: list[NamedFace] = field(default_factory=list)
    film_length: int | None = None
    motion: Motion | None = None
    problems: list[str] = field(default_factory=list)

    def claim(self, source: str, **claims: Any) -> None:
        """Add what a source says; what it said before stays, and None says nothing."""
        self.claim_all(source, claims)

    def claim_all(self, source: str, claims: Claims) -> None:
        known = self.claims.setdefault(source, {})
        for name, value in claims.items():
            if value is not None and known.get(name) is None:
                known[name] = value

    def get(self, name: str, *sources: str) -> Any:
        """The first of the sources' words on a field."""
        for source in sources or self.claims:
            value = self.claims.get(source, {}).get(name)
            if value is not None:
                return value
        return None
