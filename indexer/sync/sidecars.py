"""Sidecars: files beside a photo with metadata about it, matched by the names in a folder alone.

XMP: `x.jpg.xmp` (darktable, digiKam), or `x.xmp` (Adobe), which belongs to the raw photo if there is one of that name.
Google Takeout: `x.jpg.json` in all the forms that Takeout has used over the years. Picasa: one `.picasa.ini` for all
photos of the folder.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping

from indexer.media.formats import EXTENSIONS, extension
from indexer.media.versions import reader_version

# Takeout cuts the names of its JSON files, without the ending, to this many characters.
_CUT = 46
_SUPPLEMENT = ".supplemental-metadata"
_NUMBER = r"^(?P<stem>.*)(?P<number>\(\d+\))$"
# Google's suffix for edited photos, in the languages that people reported: they share the original's JSON.
_EDITED = (
    r"-(?:edited|effects|smile|mix|COLLAGE|bearbeitet|editado|editada|modifié|modificato|bewerkt|edytowane|redigerad"
    r"|編集済み)$"
)
_PICASA = (".picasa.ini", "picasa.ini")
_LIVE_PHOTO_ENDINGS = (".heic", ".jpg", ".jpeg", ".mp.jpg", ".dng", "")


def is_sidecar_name(name: str) -> bool:
    return name[-4:].lower() == ".xmp" or name[-5:].lower() == ".json" or is_picasas(name)


def is_picasas(name: str) -> bool:
    """Whether this is Picasa's file: a sidecar although its name is hidden."""
    return name.lower() in _PICASA


def sidecars_in(folder: str, names: Iterable[str]) -> dict[str, os.stat_result]:
    """Which of these names in a folder may be sidecars, with their stat. Raises OSError."""
    stats = {name: os.lstat(os.path.join(folder, name)) for name in names if is_sidecar_name(name)}
    return {name: info for name, info in stats.items() if stat.S_ISREG(info.st_mode)}


class Sidecars:
    """The sidecars of one folder. stats: by name; media: the names of the media files there."""

    def __init__(self, stats: Mapping[str, os.stat_result], media: Iterable[str] = ()) -> None:
        self._stats = stats
        self._names = {name.lower(): name for name in stats}
        self._raw_stems = {_stem(name).lower() for name in media if _is_raw(name)} if stats else set()

    def of(self, name: str) -> tuple[str, ...]:
        """The XMP, the Takeout JSON and Picasa's file that belong to the file `name`."""
        if not self._names:
            return ()
        own = [f"{name}.xmp".lower(), f"{_stem(name)}.xmp".lower()]
        if _stem(name).lower() in self._raw_stems and not _is_raw(name):
            own = own[:1]
        xmp = next((self._names[key] for key in own if key in self._names), None)
        takeout = next((self._names[key] for key in map(str.lower, takeout_names(name)) if key in self._names), None)
        picasa = next((self._names[key] for key in _PICASA if key in self._names), None)
        return tuple(name for name in (xmp, takeout, picasa) if name)

    def reader_version(self, name: str, sidecars: tuple[str, ...]) -> str:
        """Identifies the reader and sidecars of a file's metadata. When this text changes, the metadata is reread."""
        version = reader_version(name)
        if not sidecars:
            return version
        stats = ((sidecar, self._stats[sidecar]) for sidecar in sidecars)
        return "; ".join([version, *(f"{sidecar} {info.st_size} {info.st_mtime_ns}" for sidecar, info in stats)])


def takeout_names(name: str) -> Iterator[str]:
    """Possible names of the Takeout JSON of `name`, the likeliest first.

    `IMG_1.jpg` has `IMG_1.jpg.supplemental-metadata.json`, cut or not, or `IMG_1.jpg.json`; `IMG_1(2).jpg` has the
    number at the end: `IMG_1.jpg(2).json`; `IMG_1-edited.jpg` has the original's, a live photo's video the still's.
    """
    stem, ending = _stem(name), name[len(_stem(name)) :]
    number = ""
    if numbered := re.match(_NUMBER, stem, re.DOTALL):
        stem, number = numbered["stem"], numbered["number"]
    endings = [ending]
    if ending.lower() in (".mp", ".mp4", ".mov"):
        endings += _LIVE_PHOTO_ENDINGS
    for base in dict.fromkeys((stem, re.sub(_EDITED, "", stem))):
        for tail in endings:
            whole = base + tail
            if len(whole) < _CUT:
                full = whole + _SUPPLEMENT
                yield from (f"{full[:end]}{number}.json" for end in range(min(len(full), _CUT), len(whole) - 1, -1))
            else:
                yield f"{whole[:_CUT]}{number}.json"
                yield f"{whole}{number}.json"
        yield f"{base}{number}.json"


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _is_raw(name: str) -> bool:
    return EXTENSIONS.get(extension(name), "").startswith("image/x-")
