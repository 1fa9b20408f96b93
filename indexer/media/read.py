"""Read a media file to MediaFacts. Independent of index and roots; runs in any process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import FileIO

from indexer.files import regular, regular_nofollow

from .capture import capture_time, every_time
from .extraction import Extraction
from .facts import Face, MediaFacts, Metadata, Provenance
from .formats import EXTENSIONS, FORMATS, extension, load, sniff
from .precedence import beside, provenance_of, provenance_to_keep, rank, resolve
from .readers.exif import read_exif
from .source import Source

_MAX_BLOCKS = 8
_MAX_KEYWORDS = 1000
_MAX_PROBLEMS = 20


def read_media(
    path: str | bytes | os.PathLike[str], sidecars: Sequence[str] = (), *, hashed: bool = True
) -> MediaFacts:
    """Read a media file once: its hashes, and its metadata with that of its sidecars.

    hashed: take the digests too, which reads the whole file; else they are empty.
    Raises OSError if the file cannot be opened or read. A damaged file does not raise: `problems` describes the
    damage, and the readable values are present.
    """
    with FileIO(path, opener=regular) as file:
        name = os.path.basename(os.fsdecode(path))
        return read_source(Source(file, hashed=hashed), name, file_time(os.fstat(file.fileno())), sidecars)


def file_time(stat: os.stat_result) -> int:
    """The earlier of birth and modification, in nanoseconds: copying a file moves one of them, never both back."""
    born = getattr(stat, "st_birthtime_ns", None) or round(getattr(stat, "st_birthtime", 0) * 1_000_000_000)
    return min(born, stat.st_mtime_ns) if born else stat.st_mtime_ns


def read_source(source: Source, name: str, file_ns: int, sidecars: Sequence[str] = ()) -> MediaFacts:
    """As read_media, for an open source. `name` and `file_ns` are the last resorts for the date."""
    mime_type, extraction = extract(source, name, sidecars)
    ranked = rank(extraction)
    metadata = resolve(ranked)
    local_datetime, zone, listed = capture_time(ranked, metadata, name, file_ns)
    return MediaFacts(
        mime_type=mime_type,
        size=source.size,
        sha256=source.sha256,
        sha1=source.sha1,
        width=extraction.width,
        height=extraction.height,
        duration=extraction.duration,
        local_datetime=local_datetime,
        metadata=metadata,
        timezone=zone,
        keywords=tuple(dict.fromkeys(extraction.keywords))[:_MAX_KEYWORDS],
        faces=_faces(extraction, metadata.orientation or 1),
        motion=extraction.motion,
        fingerprint=source.fingerprint,
        provenance=(*listed, *provenance_to_keep(ranked)),
        problems=tuple(dict.fromkeys(extraction.problems))[:_MAX_PROBLEMS],
        beside=beside(ranked) if "sidecar" in extraction.values else (),
    )


def explain(path: str | os.PathLike[str], sidecars: Sequence[str] = ()) -> list[Provenance]:
    """Every source's value of every field of the record, read again from the file; the used one first."""
    return explain_with_xmp(path, sidecars)[0]


def explain_with_xmp(
    path: str | os.PathLike[str], sidecars: Sequence[str] = ()
) -> tuple[list[Provenance], Sequence[bytes]]:
    """As `explain`, with the file's XMP packets, for values that are not fields of the record."""
    with FileIO(path, opener=regular_nofollow) as file:
        name = os.path.basename(os.fsdecode(path))
        source = Source(file, hashed=False)
        _, extraction = extract(source, name, sidecars)
        ranked = rank(extraction)
        listed, _ = every_time(ranked, resolve(ranked), name, file_time(os.fstat(file.fileno())))
        return [*listed, *provenance_of(ranked, Metadata._fields)], extraction.xmp


def extract(source: Source, name: str, sidecars: Sequence[str] = ()) -> tuple[str, Extraction]:
    """The MIME type, and everything in the file and its sidecars."""
    mime_type = sniff(source.read(0, 1024), name)
    extraction = Extraction()
    if mime_type is None or not source.size:
        assumed = EXTENSIONS.get(extension(name), "application/octet-stream")
        problem = f"named like {assumed}, but its content is not" if source.size else "the file is empty"
        extraction.problems.append(problem)
        mime_type = mime_type or assumed
    else:
        try:
            file_format = FORMATS[mime_type]
            load(file_format.reader)(source, extraction)
            read_blocks(extraction)
            if file_format.motion:
                load(file_format.motion)(source, extraction)
        except (ValueError, LookupError, ArithmeticError) as error:  # unforeseen damage: keep the rest
            extraction.problems.append(
                f"its metadata cannot be followed: {' '.join(str(error).split()) or type(error).__name__}"
            )
    if sidecars:
        from .readers.sidecar import read_sidecars

        read_sidecars(sidecars, name, extraction)
    return mime_type, extraction


def read_blocks(extraction: Extraction) -> None:
    """Read the metadata blocks of the container. An Exif block may contain more."""
    width, height = extraction.width, extraction.height
    for block in extraction.exif[:1]:
        read_exif(block, extraction)
    if width:
        extraction.width, extraction.height = (
            width,
            height,
        )  # the container knows better than a block that was copied along
    if extraction.xmp:
        from .readers.xmp import read_xmp

        for packet in extraction.xmp[:_MAX_BLOCKS]:
            read_xmp(packet, extraction)
    if extraction.iptc:
        from .readers.iptc import read_iptc

        for data in extraction.iptc[:_MAX_BLOCKS]:
            read_iptc(data, extraction)
    if extraction.icc:
        from .readers.icc import profile_description

        extraction.add("ICC", profile_description=profile_description(extraction.icc))


def _faces(extraction: Extraction, orientation: int) -> tuple[Face, ...]:
    if not extraction.faces:
        return ()
    from .readers.regions import stored_box

    boxes = (
        (face.name, stored_box(face, extraction.width, extraction.height, orientation)) for face in extraction.faces
    )
    return tuple(dict.fromkeys(Face(name, *box) for name, box in boxes if box))
