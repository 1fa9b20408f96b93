"""Determine when a photo was taken: the local wall clock, with an offset only if one is known.

The order of the sources is the contract's: when it was taken according to the camera, then to XMP and IPTC; when it was
digitized; a video's own date; its header's UTC; the GPS clock; a date in the file's name; the file's times. A clock
without an offset is never shifted; it gets the place's offset, with the summer time of that day. A time in UTC is shown
as the place's clock if the place is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from .dates import from_name, is_placeholder, utc
from .facts import Metadata, Provenance
from .precedence import Ranked, rejection_reason, tag

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_FIELDS = ("original_datetime", "digitized_datetime", "container_datetime", "gps_datetime", "takeout_datetime")
_UTC_FIELDS = ("container_datetime", "gps_datetime", "takeout_datetime")
_ASLEEP = timedelta(minutes=10)
# Sources by the names that `tag` and this module give them
_PLAIN, _FILE = "Exif DateTimeOriginal", "the file's time"


class _Candidate(NamedTuple):
    field: str
    provenance: Provenance


def capture_time(
    ranked: Ranked, metadata: Metadata, name: str, file_ns: int
) -> tuple[str, str | None, list[Provenance]]:
    """local_datetime, the IANA time zone if one was looked up, and the provenance to keep: none if it is Exif's
    DateTimeOriginal and no other clock contradicts it.

    file_ns: the earlier of the file's birth and modification, the last resort.
    """
    original = ranked.get("original_datetime", ())
    if len(original) == 1 and original[0][0] == "Exif" and _uncontradicted(original[0][1], ranked):
        placed = metadata.latitude is not None and metadata.longitude is not None
        if not placed or _has_offset(original[0][1]):
            return original[0][1], None, []
    provenance, zone = _times(list(_candidates(ranked, name)), ranked, metadata, file_ns)
    return provenance[0].value, zone, [] if len(provenance) == 1 and provenance[0].source == _PLAIN else provenance


def every_time(ranked: Ranked, metadata: Metadata, name: str, file_ns: int) -> tuple[list[Provenance], str | None]:
    """Every source's local_datetime, the used one first, and the time zone if one was looked up."""
    candidates = [*_candidates(ranked, name), _of_file(file_ns)]
    return _times(candidates, ranked, metadata, file_ns)


def _times(
    candidates: list[_Candidate], ranked: Ranked, metadata: Metadata, file_ns: int
) -> tuple[list[Provenance], str | None]:
    candidates.sort(key=_is_rejected)
    if not candidates or _is_rejected(candidates[0]):
        candidates.insert(0, _of_file(file_ns))
    (field, best), zone = candidates[0], None
    if metadata.latitude is not None and metadata.longitude is not None and _needs_zone(field, best.value):
        zone = _zone(metadata.latitude, metadata.longitude)
        gps = ranked.get("gps_datetime", [(None, None)])[0][1]
        shown = _at(zone, best.value, gps) if zone else best.value
        if shown != best.value:
            best = Provenance(best.field, f"{best.source}, offset of {zone}", shown)
    return [best, *(candidate.provenance for candidate in candidates[1:])], zone


def _is_rejected(candidate: _Candidate) -> bool:
    return candidate.provenance.note is not None


def _of_file(file_ns: int) -> _Candidate:
    return _Candidate("file", Provenance("local_datetime", _FILE, utc(file_ns)[:-1] + "+00:00"))


def _uncontradicted(taken: str, ranked: Ranked) -> bool:
    """Whether the other clocks agree: to the second, and the GPS clock to some minutes, as it may have been asleep."""
    if is_placeholder(taken):
        return False
    for _, value in ranked.get("digitized_datetime", ()):
        if value[:19] != taken[:19]:
            return False
    for field in _UTC_FIELDS:
        for _, value in ranked.get(field, ()):
            if (
                not _has_offset(taken)
                or not _has_offset(value)
                or abs(datetime.fromisoformat(_six_digits(value)) - datetime.fromisoformat(_six_digits(taken)))
                > _ASLEEP
            ):
                return False
    return True


def _candidates(ranked: Ranked, name: str) -> Iterator[_Candidate]:
    for field in _FIELDS:
        for source, value in ranked.get(field, ()):
            note = rejection_reason("original_datetime", value)
            yield _Candidate(field, Provenance("local_datetime", tag(source, field), value, note))
    if named := from_name(name):
        # Pixel phones write UTC there, all others the wall clock.
        source = "the file's name (UTC)" if name.upper().startswith("PXL_") else "the file's name"
        yield _Candidate("name", Provenance("local_datetime", source, named))


def _needs_zone(field: str, value: str) -> bool:
    return field in _UTC_FIELDS or (field != "file" and not _has_offset(value))


def _has_offset(value: str) -> bool:
    return value[-6:-5] in ("+", "-") and value[-3:-2] == ":"


def _zone(latitude: float, longitude: float) -> str | None:
    import tzfpy  # 35 MB and 50 ms with its map: only for photos that need it

    return tzfpy.get_tz(longitude, latitude) or None


def _at(zone: str, value: str, gps: str | None) -> str:
    """The time with the zone's offset at that time; unchanged if the zone is unknown or the result is out of range."""
    from zoneinfo import ZoneInfo

    try:
        moment = _moment(ZoneInfo(zone), value, gps)
    except (KeyError, ValueError, OSError, OverflowError):
        return value
    fraction = re.match(r"(?:\.\d+)?", value[19:])
    return f"{moment.isoformat()[:19]}{fraction[0] if fraction else ''}{_offset(moment)}"


def _moment(there: ZoneInfo, value: str, gps: str | None) -> datetime:
    if _has_offset(value):
        return datetime.fromisoformat(_six_digits(value)).astimezone(there)
    moment = datetime.fromisoformat(_six_digits(value)).replace(tzinfo=there)
    if gps and _off(moment.replace(fold=1), gps) < _off(moment, gps):
        return moment.replace(fold=1)  # the hour that comes twice in autumn: the GPS clock knows which
    return moment


def _six_digits(value: str) -> str:
    """Truncate the fraction to microseconds, Python's resolution."""
    fraction = re.match(r"\.(\d+)", value[19:])
    return value if fraction is None else f"{value[:19]}.{fraction[1]:0<6.6}{value[19 + len(fraction[0]) :]}"


def _off(moment: datetime, gps: str) -> timedelta:
    return abs(moment - datetime.fromisoformat(_six_digits(gps)))


def _offset(moment: datetime) -> str:
    """±HH:MM; the odd seconds of zones before railways are dropped."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    return f"{'-' if seconds < 0 else '+'}{abs(seconds) // 3600:02d}:{abs(seconds) // 60 % 60:02d}"
