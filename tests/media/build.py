"""Small files of every format, built byte by byte from the specifications."""

from __future__ import annotations

import struct
from pathlib import Path

import piexif

from indexer.media.extraction import Extraction
from indexer.media.facts import MediaFacts
from indexer.media.read import read_media
from indexer.media.readers.xmp import read_xmp

from ..conftest import jpeg

RDF = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    "%s</rdf:RDF></x:xmpmeta>"
)
PREFIXES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
        "stArea": "http://ns.adobe.com/xmp/sType/Area#",
        "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
        "MP": "http://ns.microsoft.com/photo/1.2/",
        "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
        "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
        "GPano": "http://ns.google.com/photos/1.0/panorama/",
        "GCamera": "http://ns.google.com/photos/1.0/camera/",
        "Container": "http://ns.google.com/photos/1.0/container/",
        "Item": "http://ns.google.com/photos/1.0/container/item/",
    }.items()
)


def xmp(inside: str = "", attributes: str = "") -> bytes:
    """A packet with these elements and attributes in its description."""
    return (RDF % f'<rdf:Description rdf:about="" {PREFIXES} {attributes}>{inside}</rdf:Description>').encode()


def said(packet: bytes) -> tuple[dict[str, object], Extraction]:
    """What XMP's reader finds in a packet."""
    extraction = Extraction()
    read_xmp(packet, extraction)
    return extraction.values.get("XMP", {}), extraction


def exif(main: dict[int, object] | None = None, camera: dict[int, object] | None = None, **gps: object) -> bytes:
    """A TIFF structure with these tags, by piexif."""
    block = piexif.dump({"0th": main or {}, "Exif": camera or {}, "GPS": gps.get("gps", {})})
    return bytes(block[6:])


def at(latitude: float, longitude: float, stamp: str | None = None) -> dict[int, object]:
    """GPS tags of a place, and of a UTC time like '2023:05:17 16:30:00'."""

    def parts(degrees: float) -> tuple[tuple[int, int], ...]:
        return (int(abs(degrees)), 1), (round(abs(degrees) % 1 * 3600_0000), 60 * 10000), (0, 1)

    tags: dict[int, object] = {1: "N" if latitude >= 0 else "S", 2: parts(latitude)}
    tags |= {3: "E" if longitude >= 0 else "W", 4: parts(longitude)}
    if stamp:
        tags |= {0x1D: stamp[:10], 7: tuple((int(part), 1) for part in stamp[11:].split(":"))}
    return tags


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def jpeg_with(*segments: bytes, mark: object = "") -> bytes:
    data = jpeg(mark)
    return data[:2] + b"".join(segments) + data[2:]


def app1(block: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + block)


def app1_xmp(packet: bytes) -> bytes:
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def iptc(**sets: str) -> bytes:
    """Datasets of record 2 by number: iptc(n90='Paris')."""
    return b"".join(
        b"\x1c\x02" + bytes((int(name[1:]),)) + len(value.encode()).to_bytes(2, "big") + value.encode()
        for name, value in sets.items()
    )


def app13(datasets: bytes) -> bytes:
    padded = datasets + b"\0" * (len(datasets) % 2)
    return segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(datasets).to_bytes(4, "big") + padded)


def box(kind: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def video(
    *movie: bytes, created: int = 0, size: tuple[int, int] = (640, 480), turn: tuple[int, ...] = (1, 0, 0, 1)
) -> bytes:
    """A QuickTime file with a header, a picture track of 50 frames in 2 s, and more boxes in the movie box."""
    header = struct.pack(">IIIII", 0, created, created, 1000, 2000) + bytes(80)
    a, b, c, d = (part << 16 for part in turn)
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    track = struct.pack(">IIIIII", 7, 0, 0, 1, 0, 2000) + bytes(16) + matrix
    track += struct.pack(">II", size[0] << 16, size[1] << 16)
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 25, 50, 0)),
        box(b"hdlr", bytes(8) + b"vide" + bytes(13)),
        box(b"minf", box(b"stbl", box(b"stts", struct.pack(">IIII", 0, 1, 50, 1)))),
    )
    movie_box = box(b"moov", box(b"mvhd", header), box(b"trak", box(b"tkhd", track), media), *movie)
    return box(b"ftyp", b"qt  " + bytes(4) + b"qt  ") + movie_box + box(b"mdat", bytes(32))


def keys(**values: str) -> bytes:
    """Apple's Keys: a meta box with names and values."""
    names = [f"com.apple.quicktime.{name.replace('__', '.')}".encode() for name in values]
    listed = box(b"keys", struct.pack(">II", 0, len(names)), *(box(b"mdta", name) for name in names))
    items = [
        box(number.to_bytes(4, "big"), box(b"data", struct.pack(">II", 1, 0) + value.encode()))
        for number, value in enumerate(values.values(), 1)
    ]
    return box(b"meta", box(b"hdlr", bytes(8) + b"mdta" + bytes(13)), listed, box(b"ilst", *items))


def read(folder: Path, name: str, data: bytes, **sidecars: bytes) -> MediaFacts:
    """Facts of a file with this name and content."""
    path = folder / name
    path.write_bytes(data)
    return read_media(path)
