"""Convert times as files contain them to RFC 3339 text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Patterns are compiled by `re` when they are first used: most processes need none or one of them.
_EXIF = (
    r"\s*(\d{4})[:\-/.](\d\d?)[:\-/.](\d\d?)(?:[ T]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?"
    r"\s*(Z|(?:GMT|UTC)?[+-]\d\d?(?::?\d\d)?)?\s*$"
)
# Letters of a time; the longest of them has an offset and a fraction of many digits.
_LONGEST = 100
_EPOCH = datetime(1970, 1, 1)
# Seconds from 1970 back to 1904, where QuickTime counts from
EPOCH_1904 = -2_082_844_800
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Written by cameras whose clock was never set, and by programs that do not know the time. The one of 2002 is from a
# certain camera line; with a fraction of a second it is a real time.
_PLACEHOLDERS = ("0000", "0001-01-01", "1904-01-01T00:00:00", "1970-01-01T00:00:00", "1980-01-01T00:00:00")
_PLACEHOLDER_2002 = "2002-12-08T12:00:00"
_OFFSET = r"\s*(?:GMT|UTC)?([+-])(\d\d?):?(\d\d)?"
# IMG_20240131_235959.jpg, PXL_20240131_235959123.jpg, 2024-01-31 23.59.59.jpg, Screenshot_2024-01-31-23-59-59.png,
# IMG-20240131-WA0001.jpg (a day without a time)
_NAME = (
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
    r"(?:(?:[-_ .T]|\sat\s){1,4}([01]\d|2[0-3])[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)(?:\.?(\d{3}))?)?(?!\d)"
)


def rfc3339(text: object, subsec: object = None, offset: object = None) -> str | None:
    """Convert `2023:11:07 05:31:56` and similar forms to `2023-11-07T05:31:56`, with fraction and offset if given.

    An invalid date (0000:00:00, month 13, blanks) is None.
    """
    if not text:
        return None
    if plain := _plain(str(text)):
        return plain if not subsec and not offset else plain + _fraction(subsec) + (_zone(offset) or "")
    # Blanks in the middle of more than that could be shared out among the pattern's parts in too many ways.
    match = re.match(_EXIF, trimmed) if len(trimmed := str(text).strip()) <= _LONGEST else None
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    clock = wall_clock(year, month, day, hour or 0, minute or 0, second or 0)
    if clock is None:
        return None
    return clock + _fraction(fraction or subsec) + (_zone(zone) or _zone(offset) or "")


def _plain(text: str) -> str | None:
    """Fast path for the form of nearly all cameras, `2023:11:07 05:31:56`, without a regular expression."""
    if len(text) != 19 or text[4::3] != ":: ::":
        return None
    clock = f"{text[:4]}-{text[5:7]}-{text[8:10]}T{text[11:]}"
    try:
        return clock if datetime.fromisoformat(clock).hour == int(text[11:13]) else None  # 24:00 would be tomorrow
    except ValueError:
        return None


def wall_clock(*parts: str | int) -> str | None:
    """Year, month, day, hour, minute, second as `2023-11-07T05:31:56`; None for an invalid date or time."""
    try:
        return datetime(*map(int, parts)).isoformat(timespec="seconds")  # type: ignore[arg-type]
    except ValueError:
        return None


def _fraction(subsec: object) -> str:
    """The fraction of a second as text, at most nine digits."""
    text = str(subsec or "").strip().strip("\0")
    digits = text.rstrip("0")[:9] if text.isdigit() else ""
    return f".{digits}" if digits else ""


def _zone(offset: object) -> str | None:
    if not offset:
        return None
    text = str(offset)
    if len(text) == 6 and text[0] in "+-" and text[3] == ":" and text[1:3] <= "14" and text[4:] <= "59":
        if text[1:3].isdecimal() and text[4:].isdecimal():  # as cameras write it, without the detour through a pattern
            return text
    elif text.strip() == "Z":
        return "+00:00"
    match = re.match(_OFFSET, str(offset))
    if not match or int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    return f"{match[1]}{match[2]:0>2}:{match[3] or '00'}"


def utc(nanoseconds: int) -> str:
    """A file system's time as RFC 3339 in UTC to the millisecond, of fixed length, so that text sorts by time."""
    moment = _EPOCH + timedelta(milliseconds=nanoseconds // 1_000_000)
    return moment.isoformat(timespec="milliseconds") + "Z"


def age(moment: str) -> float:
    """Seconds since a moment in the format of `utc`; 0 for one in the future, as after a clock was set back."""
    now = datetime.now(UTC)
    return max(0.0, (now - datetime.fromisoformat(moment)).total_seconds())


def from_name(name: str) -> str | None:
    """The time that phones and messengers write into a file's name."""
    match = re.search(_NAME, name)
    if not match:
        return None
    year, _, month, day, hour, minute, second, fraction = match.groups()
    clock = wall_clock(year, month, day, hour or 0, minute or 0, second or 0)
    return clock + (f".{fraction}" if fraction else "") if clock else None


def from_unix(seconds: int) -> str | None:
    """Seconds since 1970 as a wall clock without offset; None if out of range."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    except (OverflowError, ValueError):
        return None


def words_time(text: str | None) -> str | None:
    """Parse C's asctime format, `Mon Mar 10 15:04:43 2003`."""
    words = (text or "").split()
    if len(words) < 5 or words[1][:3].lower() not in _MONTHS:
        return None
    return rfc3339(f"{words[-1]}:{_MONTHS.index(words[1][:3].lower()) + 1:02d}:{words[2]} {words[3]}")


def is_placeholder(time: str) -> bool:
    """Whether a time is a placeholder for an unknown one."""
    return time.startswith(_PLACEHOLDERS) or time == _PLACEHOLDER_2002
