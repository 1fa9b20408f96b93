"""The enrichers: their names, their versions, and what they work from. A higher version has every asset seen again."""

from __future__ import annotations

import sqlite3

from indexer.errors import UsageError
from indexer.store import landmarks

PLACES, VARIANTS, QUALITY, APPEARANCE, WORDS = "places", "variants", "quality", "appearance", "words"
FACES, TEXT, MEANING, DESCRIBE, PORTRAITS = "faces", "text", "meaning", "describe", "portraits"

FROM_PLACE = {PLACES: 1}
FROM_PICTURE = {VARIANTS: 2, QUALITY: 1, APPEARANCE: 2, FACES: 1, TEXT: 1, MEANING: 1}
FROM_FACES = {PORTRAITS: 1}
# By somebody else, to whom the preview is sent.
FROM_PREVIEW = {DESCRIBE: 1}
# The word index works from what has happened, and has no versions.
NAMES = (*FROM_PLACE, *FROM_PICTURE, *FROM_FACES, *FROM_PREVIEW, WORDS)
DESCRIBE_HINT = "indexer enrich describe --endpoint http://localhost:11434/v1 --model NAME"
# So slow, or so far away, that they only run when they are named.
ON_REQUEST = (TEXT, DESCRIBE)


def chosen_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are named; else all that run by themselves and can run here. Raises UsageError for one that there is
    not."""
    if unknown := set(names) - set(NAMES):
        raise UsageError(f"there is no enricher '{min(unknown)}': there are {', '.join(NAMES)}")
    if names:
        return names
    return tuple(name for name in NAMES if name not in ON_REQUEST and _can_run(name))


def versions(names: tuple[str, ...]) -> dict[str, int]:
    """Of those among them that look at pictures; other models are another version. Raises UsageError for one that needs
    what is not installed."""
    found = {}
    for name in names:
        if name in FROM_PICTURE:
            found[name] = (_stamp(name) << 16) + FROM_PICTURE[name]
    return found


def place_versions(connection: sqlite3.Connection) -> dict[str, int]:
    """Of those that look at coordinates. Other landmarks are another version."""
    return {PLACES: (landmarks.stamp(connection) << 16) + FROM_PLACE[PLACES]}


def _can_run(name: str) -> bool:
    if name == FACES:
        from .faces import models

        return models.is_available()
    if name == MEANING:
        from . import meaning

        return meaning.is_available()
    return True


def _stamp(name: str) -> int:
    if name == FACES:
        from .faces import models

        return models.kind().stamp
    if name == MEANING:
        from . import meaning

        return meaning.needed().stamp
    if name == TEXT:
        from . import text

        text.check()
    return 0
