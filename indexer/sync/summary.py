"""Counters of a running scan."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.store.changes import Change


@dataclass(slots=True)
class Summary:
    """Counted as the scan goes. The names are those of the JSON.

    Each media file counts as one of new … unstable; damaged ones are among the first seven. stat_changed: the content
    is the same. refreshed: only the metadata was read again. missing: not found, and may turn up. gone: missing for
    longer than the grace period; their assets are in the trash unless another file holds them. skipped: ignored,
    excluded or not media. offline: roots, and drives inside them, that could not be reached. held: mass deletions that
    await confirmation.

    current and the expected, done and ahead figures show progress; expected ones are None until they are counted.
    bytes_ahead: bytes read so far of large files that are not in bytes_done and bytes_read yet.
    """

    new: int = 0
    modified: int = 0
    moved: int = 0
    copied: int = 0
    returned: int = 0
    stat_changed: int = 0
    refreshed: int = 0
    unchanged: int = 0
    unreadable: int = 0
    unstable: int = 0
    missing: int = 0
    gone: int = 0
    damaged: int = 0
    skipped: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    offline: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    current: str = ""
    bytes_done: int = 0
    bytes_ahead: int = 0
    expected_files: int | None = None
    expected_bytes: int | None = None

    def count(self, change: Change) -> None:
        setattr(self, change.kind, getattr(self, change.kind) + 1)
        if change.facts and change.facts.problems:
            self.damaged += 1

    @property
    def files_done(self) -> int:
        """Media files processed."""
        return self.unchanged + self.files_changed + self.unreadable + self.unstable

    @property
    def files_changed(self) -> int:
        return self.new + self.modified + self.moved + self.copied + self.returned + self.stat_changed + self.refreshed

    def as_dict(self) -> dict[str, Any]:
        shown = asdict(self)
        for progress in ("current", "bytes_done", "bytes_ahead", "expected_files", "expected_bytes"):
            del shown[progress]
        return shown
