"""The enrichers: their names, their versions, and what they work from. A higher version has every asset seen again."""

from __future__ import annotations

PLACES, VARIANTS, QUALITY, APPEARANCE, WORDS = "places", "variants", "quality", "appearance", "words"

FROM_PLACE = {PLACES: 1}
FROM_PICTURE = {VARIANTS: 1, QUALITY: 1, APPEARANCE: 1}
# The word index works from what has happened, and has no versions.
NAMES = (*FROM_PLACE, *FROM_PICTURE, WORDS)
