"""The enrichers: their names, their versions, and what they work from. A higher version has every asset seen again."""

from __future__ import annotations

PLACES, VARIANTS, QUALITY, APPEARANCE = "places", "variants", "quality", "appearance"

FROM_PLACE = {PLACES: 1}
FROM_PICTURE = {VARIANTS: 1, QUALITY: 1, APPEARANCE: 1}
NAMES = (*FROM_PLACE, *FROM_PICTURE)
