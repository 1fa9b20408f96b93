"""The name of a colour profile (ICC.1:2022, section 10: textDescriptionType of v2, multiLocalizedUnicodeType of v4)."""

from __future__ import annotations

import struct

from ..strings import clean

_MAX_TAGS = 100


def profile_description(profile: bytes) -> str | None:
    """The profile's description ("Display P3"), in English if there are several languages."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for index in range(min(count, _MAX_TAGS)):
            signature, offset, size = struct.unpack_from(">4sII", profile, 132 + index * 12)
            if signature == b"desc":
                return _text(profile[offset : offset + size])
    except (struct.error, UnicodeDecodeError):
        pass
    return None


def _text(tag: bytes) -> str | None:
    if tag[:4] == b"desc":
        (length,) = struct.unpack_from(">I", tag, 8)
        return clean(tag[12 : 12 + length])
    if tag[:4] != b"mluc":
        return None
    count, size = struct.unpack_from(">II", tag, 8)
    names = {}
    for index in range(min(count, _MAX_TAGS)):
        language, _, length, offset = struct.unpack_from(">2s2sII", tag, 16 + index * size)
        names[language] = tag[offset : offset + length].decode("utf-16-be")
    return clean(names.get(b"en") or next(iter(names.values()), None))
