"""Data for the photo info panel: provenance, files, albums, problems."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..enrich.enricher import ENRICHERS, RENDITIONS
from ..errors import NotFound
from ..files import is_regular
from ..store import details as store
from ..store import enrichments
from ..store.database import IndexConnection
from ..store.details import AlbumName, AssetFile
from ..store.metadata import select_keywords
from ..store.records import asset_json
from ..sync.explain import explain_with_xmp
from . import motion_photos

if TYPE_CHECKING:
    from ..media.facts import Provenance
    from ..media.panorama import Panorama
    from .session import Session

# Prefix of a source's name (see indexer.media.precedence) -> its description.
_DATE_SOURCES = (
    ("you", "from you"),
    ("the file's name", "from the file name"),
    ("the file's time", "from the file's own time, which may not be when the photo was taken"),
    ("Exif DateTimeOriginal", "from the camera"),
    ("Exif DateTimeDigitized", "from the camera: when it was digitized"),
    ("Exif GPS", "from the GPS receiver"),
    ("XMP exif:GPS", "from the GPS receiver"),
    ("Exif", "from the camera"),
    ("sidecar", "from a sidecar file"),
    ("Takeout", "from Google Takeout"),
    ("IPTC", "from the caption data in the file (IPTC)"),
    ("XMP", "from the metadata in the file (XMP)"),
    ("QuickTime CreationDate", "from the camera"),
    ("QuickTime", "from the video's header"),
    ("CIFF", "from the camera"),
    ("X3F", "from the camera"),
    ("maker note", "from the camera"),
)


class DateSource(NamedTuple):
    """The source of the date: its tag, and a description for people."""

    source: str
    text: str


class Details(NamedTuple):
    """See GET /api/assets/{id}/details in docs/api.md. motion: the video that belongs to the still."""

    is_favorite: bool
    date: DateSource
    provenance: list[Provenance]
    files: list[AssetFile]
    keywords: list[str]
    albums: list[AlbumName]
    problems: list[str]
    failures: list[str]
    motion: motion_photos.VideoRef | None
    panorama: Panorama | None


def details(session: Session, asset_id: str) -> Details:
    """See Assets.details."""
    connection = session.connection
    text = asset_json(connection, asset_id)
    if text is None:
        raise NotFound(f"no asset {asset_id} in {session.path}")
    record = json.loads(text)
    explanation, packets = explain_with_xmp(connection, asset_id)
    provenance = explanation.provenance
    files = store.files(connection, asset_id)
    problems, failures = _problems(connection, asset_id, files)
    return Details(
        is_favorite=store.is_favorite(connection, asset_id),
        date=_date_source(provenance),
        provenance=provenance,
        files=files,
        keywords=select_keywords(connection, asset_id),
        albums=store.albums_of(connection, asset_id),
        problems=problems,
        failures=failures,
        motion=motion_photos.find_video(connection, asset_id),
        panorama=_panorama(connection, record, packets if explanation.read_from else None),
    )


def ranks(provenance: list[Provenance]) -> list[int]:
    """The rank of each entry among those of its field: 0 is the one used."""
    seen: dict[str, int] = {}
    ranks = []
    for entry in provenance:
        ranks.append(seen.get(entry.field, 0))
        seen[entry.field] = ranks[-1] + 1
    return ranks


def _date_source(provenance: list[Provenance]) -> DateSource:
    source = next((entry.source for entry in provenance if entry.field == "local_datetime"), "Exif DateTimeOriginal")
    words = next((text for begin, text in _DATE_SOURCES if source.startswith(begin)), f"from {source}")
    _, offset, zone = source.partition(", offset of ")
    return DateSource(source, f"{words}; time zone from the place ({zone})" if offset else words)


def _problems(connection: IndexConnection, asset_id: str, files: list[AssetFile]) -> tuple[list[str], list[str]]:
    """What is wrong with its files or its picture; and what else could not be computed."""
    problems = [f"{file.path}: {file.problem}" if len(files) > 1 else file.problem for file in files if file.problem]
    if not any(file.state == "present" for file in files):
        states = {file.state for file in files}
        problems.append(
            "its drive or folder is offline: what is shown was kept" if "offline" in states else "its file is missing"
        )
    failures = dict(store.failures_of(connection, asset_id))
    if (error := failures.pop(RENDITIONS, None)) is not None:
        problems.append(f"{ENRICHERS[RENDITIONS].failure}: {error}")
    # One error can fail every enricher that decodes the picture: only the first is reported, and not if it is already
    # part of a problem.
    others: dict[str, str] = {}  # error -> what it prevented
    for enricher in ENRICHERS:
        error = failures.get(enricher)
        if error is not None and not any(error in problem for problem in problems):
            others.setdefault(error, ENRICHERS[enricher].failure)
    return list(dict.fromkeys(problems)), [f"{failure}: {error}" for error, failure in others.items()]


def _panorama(connection: IndexConnection, record: dict[str, Any], packets: Sequence[bytes] | None) -> Panorama | None:
    """packets: the XMP of the file; None if it could not be read, but a copy of it may be."""
    if not record["metadata"]["projection_type"] or record["mime_type"].startswith("video/"):
        return None
    from ..media.panorama import find_panorama, read_panorama

    if packets is not None:
        return find_panorama(packets, record["width"], record["height"])

    for file in enrichments.picture_files(connection, record["id"]):
        if is_regular(file.real_path):
            try:
                return read_panorama(file.real_path, record["width"], record["height"])
            except OSError:
                continue
    return None
