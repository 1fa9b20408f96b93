"""Every container: its metadata and the size of its picture."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import brotli
import pytest

from indexer.media.facts import Motion

from ..build import app1, app1_xmp, app13, at, box, exif, iptc, jpeg_with, keys, read, segment, video, xmp

MAKE, MODEL = 0x010F, 0x0110
EXIF = exif({MAKE: "Leica", MODEL: "M11"}, {0xA434: "Summilux 50"})
PACKET = xmp(attributes='xmp:Rating="5"')
UUID_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png(*chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def profile(kind: str, block: bytes) -> bytes:
    """ImageMagick's way, from before there was eXIf."""
    text = f"\n{kind}\n{len(block):8}\n{block.hex()}\n".encode()
    return chunk(b"zTXt", f"Raw profile type {kind}".encode() + b"\0\0" + zlib.compress(text))


@pytest.mark.parametrize(
    "data",
    [
        png(chunk(b"eXIf", EXIF)),
        png(chunk(b"IDAT", b"x"), chunk(b"eXIf", b"Exif\0\0" + EXIF)),
        png(profile("exif", b"Exif\0\0" + EXIF)),
        png(profile("APP1", b"Exif\0\0" + EXIF)),
    ],
)
def test_png_exif(tmp_path: Path, data: bytes) -> None:
    facts = read(tmp_path, "x.png", data)
    assert (facts.metadata.make, facts.metadata.lens_model, facts.width, facts.height) == (
        "Leica",
        "Summilux 50",
        40,
        30,
    )
    assert facts.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(PACKET)),
        profile("xmp", PACKET),
        profile("APP1", b"http://ns.adobe.com/xap/1.0/\0" + PACKET),
    ],
)
def test_png_xmp(tmp_path: Path, text: bytes) -> None:
    assert read(tmp_path, "x.png", png(text)).metadata.rating == 5


def test_png_iptc_and_bombs(tmp_path: Path) -> None:
    assert read(tmp_path, "x.png", png(profile("iptc", iptc(n90="Paris")))).metadata.city == "Paris"
    bomb = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(200 * 1024 * 1024)))
    facts = read(tmp_path, "bomb.png", png(bomb, chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(100_000_000)))))
    assert (facts.width, facts.height) == (40, 30)


def riff(kind: bytes, *chunks: bytes) -> bytes:
    body = kind + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        (riff_chunk(b"VP8X", bytes(4) + (3999).to_bytes(3, "little") + (2999).to_bytes(3, "little")), (4000, 3000)),
        (riff_chunk(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 400, 300)), (400, 300)),
        (riff_chunk(b"VP8L", b"\x2f" + (399 | 299 << 14).to_bytes(4, "little")), (400, 300)),
    ],
)
def test_webp(tmp_path: Path, picture: bytes, size: tuple[int, int]) -> None:
    data = riff(b"WEBP", picture, riff_chunk(b"EXIF", b"Exif\0\0" + EXIF), riff_chunk(b"XMP ", PACKET))
    facts = read(tmp_path, "x.webp", data)
    assert (facts.width, facts.height) == size
    assert (facts.metadata.make, facts.metadata.rating, facts.problems) == ("Leica", 5, ())
    assert any("cut off" in problem for problem in read(tmp_path, "y.webp", data[:-20]).problems)


def test_avi(tmp_path: Path) -> None:
    header = struct.pack("<10I", 40_000, 0, 0, 0, 50, 0, 1, 0, 640, 480) + bytes(16)
    lists = riff_chunk(b"LIST", b"hdrl" + riff_chunk(b"avih", header))
    data = riff(b"AVI ", lists, riff_chunk(b"IDIT", b"Mon Mar 10 15:04:43 2003\n\0"))
    facts = read(tmp_path, "x.avi", data)
    assert (facts.width, facts.height, facts.metadata.fps, facts.duration) == (640, 480, 25.0, 2.0)
    assert facts.metadata.original_datetime == "2003-03-10T15:04:43"


def test_gif_with_xmp(tmp_path: Path) -> None:
    magic = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    application = b"\x21\xff\x0bXMP DataXMP" + PACKET + magic
    data = b"GIF89a" + struct.pack("<HHBBB", 50, 60, 0, 0, 0) + application + b"\x3b"
    facts = read(tmp_path, "x.gif", data)
    assert (facts.width, facts.height, facts.metadata.rating, facts.problems) == (50, 60, 5, ())


def test_psd(tmp_path: Path) -> None:
    resource = b"8BIM\x04\x24\0\0" + len(PACKET).to_bytes(4, "big") + PACKET + b"\0" * (len(PACKET) % 2)
    head = b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 700, 900, 8, 3) + bytes(4)
    facts = read(tmp_path, "x.psd", head + len(resource).to_bytes(4, "big") + resource)
    assert (facts.width, facts.height, facts.metadata.rating) == (900, 700, 5)


def test_jpeg_2000(tmp_path: Path) -> None:
    signature = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 " + bytes(4) + b"jp2 ")
    header = box(b"jp2h", box(b"ihdr", struct.pack(">IIHBBBB", 30, 40, 3, 7, 7, 0, 0)))
    data = signature + header + box(b"uuid", UUID_XMP + PACKET) + box(b"uuid", b"JpgTiffExif->JP2" + EXIF)
    facts = read(tmp_path, "x.jp2", data)
    assert (facts.width, facts.height, facts.metadata.rating, facts.metadata.make) == (40, 30, 5, "Leica")


def test_jpeg_xl(tmp_path: Path) -> None:
    # Small sizes: 1 + 5 bits of height / 8 - 1, 3 bits of ratio, here 1:1; large: 2 bits for how many follow
    small = (1 | 4 << 1 | 1 << 6).to_bytes(4, "little")
    large = (0 | 1 << 1 | 2999 << 3 | 0 << 16 | 1 << 19 | 3999 << 21).to_bytes(8, "little")
    assert read(tmp_path, "a.jxl", b"\xff\x0a" + small).width == 40
    head = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl " + bytes(4) + b"jxl ")
    plain = head + box(b"Exif", bytes(4) + EXIF) + box(b"xml ", PACKET) + box(b"jxlc", b"\xff\x0a" + large)
    packed = (
        head
        + box(b"brob", b"Exif" + brotli.compress(bytes(4) + EXIF))
        + box(b"brob", b"xml " + brotli.compress(PACKET))
    )
    packed += box(b"jxlp", bytes(4) + b"\xff\x0a" + large)
    for data in (plain, packed):
        facts = read(tmp_path, "b.jxl", data)
        assert (facts.width, facts.height, facts.metadata.make, facts.metadata.rating) == (4000, 3000, "Leica", 5)
        assert facts.problems == ()


@pytest.mark.parametrize(
    ("turns", "orientation"),
    [
        ((), None),
        ((box(b"irot", b"\1"),), 8),
        ((box(b"irot", b"\2"),), 3),
        ((box(b"irot", b"\3"),), 6),
        ((box(b"imir", b"\1"),), 2),
        ((box(b"imir", b"\0"),), 4),
        ((box(b"irot", b"\1"), box(b"imir", b"\0")), 5),
    ],
)
def test_heif(tmp_path: Path, turns: tuple[bytes, ...], orientation: int | None) -> None:
    item = bytes(4) + EXIF
    properties = box(b"ispe", struct.pack(">III", 0, 4032, 3024)), *turns
    associated = bytes((1, len(properties), *range(1, len(properties) + 1)))

    def meta(offset: int) -> bytes:
        entries = [
            box(b"infe", b"\2" + bytes(3) + struct.pack(">HH", number, 0) + kind)
            for number, kind in ((1, b"hvc1\0"), (2, b"Exif\0"), (3, b"mime\0application/rdf+xml\0"))
        ]
        places = struct.pack(">HHIIHHHIIH", 2, 0, 0, 0, 0, 0, 0, 0, 0, 0)[:0]
        for number, start, size in ((2, offset, len(item)), (3, offset + len(item), len(PACKET))):
            places += struct.pack(">HHHII", number, 0, 1, start, size)
        return box(
            b"meta",
            bytes(4),
            box(b"pitm", bytes(4) + b"\0\1"),
            box(b"iinf", bytes(4) + struct.pack(">H", 3), *entries),
            box(b"iloc", bytes(4) + b"\x44\0" + struct.pack(">H", 2) + places),
            box(b"iprp", box(b"ipco", *properties), box(b"ipma", bytes(4) + struct.pack(">IH", 1, 1) + associated[1:])),
        )

    head = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    start = len(head) + len(meta(0)) + 8
    facts = read(tmp_path, "x.heic", head + meta(start) + box(b"mdat", item, PACKET))
    assert (facts.width, facts.height, facts.metadata.orientation) == (4032, 3024, orientation)
    assert (facts.metadata.make, facts.metadata.rating, facts.problems) == ("Leica", 5, ())


def test_cr3(tmp_path: Path) -> None:
    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    tags = [(0x9003, b"2023:05:17 18:30:00\0"), (0x9011, b"+02:00\0")]
    camera = _directory(tags)
    main = _directory([(MAKE, b"Canon\0"), (MODEL, b"Canon EOS R5\0")])
    parts = box(b"uuid", uuid + box(b"CMT1", main) + box(b"CMT2", camera))
    facts = read(tmp_path, "x.cr3", box(b"ftyp", b"crx " + bytes(4) + b"crx isom") + box(b"moov", parts))
    assert (facts.mime_type, facts.metadata.make, facts.metadata.model) == (
        "image/x-canon-cr3",
        "Canon",
        "Canon EOS R5",
    )
    assert facts.local_datetime == "2023-05-17T18:30:00+02:00"


def _directory(tags: list[tuple[int, bytes]]) -> bytes:
    """A TIFF structure with one directory of texts."""
    at_text, entries, texts = 8 + 2 + 12 * len(tags) + 4, b"", b""
    for tag, text in tags:
        inline = text.ljust(4, b"\0") if len(text) <= 4 else (at_text + len(texts)).to_bytes(4, "little")
        entries += struct.pack("<HHI", tag, 2, len(text)) + inline
        texts += text if len(text) > 4 else b""
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + texts


def ciff(*entries: tuple[int, bytes], mark: bytes = b"HEAPCCDR") -> bytes:
    """A heap with one directory; values of eight bytes stand in the entry itself."""
    heap, table = b"", b""
    for tag, value in entries:
        if tag & 0x4000:
            table += struct.pack("<H", tag) + value.ljust(8, b"\0")
        else:
            table += struct.pack("<HII", tag, len(value), len(heap))
            heap += value
    directory = len(entries).to_bytes(2, "little") + table
    return b"II" + struct.pack("<I", 26) + mark + bytes(12) + heap + directory + len(heap).to_bytes(4, "little")


def test_crw(tmp_path: Path) -> None:
    data = ciff(
        (0x080A, b"Canon\0Canon EOS D60\0"),
        (0x180E, struct.pack("<IiI", 1_050_000_000, 0, 0)),
        (0x1810, struct.pack("<IIfi", 3072, 2048, 1.0, 90) + bytes(12)),
        (0x1818, struct.pack("<fff", 0.0, 7.0, 5.0)),
        (0x5029, struct.pack("<HH", 2, 50)),
    )
    facts = read(tmp_path, "x.crw", data)
    words = facts.metadata
    assert (facts.mime_type, words.make, words.model) == ("image/x-canon-crw", "Canon", "Canon EOS D60")
    assert (facts.width, facts.height, words.orientation, words.focal_length) == (3072, 2048, 6, 50.0)
    assert (words.original_datetime, words.exposure_time) == ("2003-04-10T18:40:00", 2**-7)
    assert words.f_number == pytest.approx(5.657, abs=0.001)


def test_jpeg_with_ciff(tmp_path: Path) -> None:
    block = ciff((0x080A, b"Canon\0Canon PowerShot A5\0"), mark=b"HEAPJPGM")
    assert read(tmp_path, "x.jpg", jpeg_with(segment(0xE0, block))).metadata.model == "Canon PowerShot A5"


def test_mrw(tmp_path: Path) -> None:
    def block(kind: bytes, body: bytes) -> bytes:
        return kind + len(body).to_bytes(4, "big") + body

    blocks = block(b"\0PRD", bytes(8) + struct.pack(">HHHH", 2000, 3000, 1920, 2560) + bytes(8)) + block(b"\0TTW", EXIF)
    facts = read(tmp_path, "x.mrw", b"\0MRM" + len(blocks).to_bytes(4, "big") + blocks)
    assert (facts.width, facts.height, facts.metadata.make) == (2560, 1920, "Leica")


def test_x3f(tmp_path: Path) -> None:
    words = {
        "CAMMANUF": "SIGMA",
        "CAMMODEL": "SIGMA SD10",
        "TIME": "1084000000",
        "ISO": "100",
        "FLENGTH": "50",
        "APERTURE": "8",
    }
    table, texts = b"", ""
    for pair in words.items():
        for text in pair:
            table += len(texts).to_bytes(4, "little")
            texts += text + "\0"
    section = b"SECp" + struct.pack("<IIIII", 0x20000, len(words), 0, 0, 0) + table + texts.encode("utf-16-le")
    image = b"SECi" + struct.pack("<IIIIII", 0x20000, 1, 5, 2268, 1512, 0)
    start = 40
    directory = b"SECd" + struct.pack("<II", 0x20000, 2)
    directory += struct.pack("<II", start, len(section)) + b"PROP"
    directory += struct.pack("<II", start + len(section), len(image)) + b"IMAG"
    data = b"FOVb".ljust(start, b"\0") + section + image + directory
    facts = read(tmp_path, "x.x3f", data + (start + len(section + image)).to_bytes(4, "little"))
    assert (facts.metadata.make, facts.metadata.model, facts.metadata.iso) == ("SIGMA", "SIGMA SD10", 100)
    assert (facts.metadata.f_number, facts.width, facts.height) == (8.0, 2268, 1512)
    assert facts.metadata.original_datetime == "2004-05-08T07:06:40"


def test_a_cr2_is_one_whatever_its_name(tmp_path: Path) -> None:
    block = _directory([(MAKE, b"Canon\0")])
    moved = b"II*\0" + struct.pack("<I", 16) + b"CR\x02\0" + bytes(4) + block[8:]
    # The texts lie eight bytes further on than the entries say
    entry = moved.index(struct.pack("<HHI", MAKE, 2, 6)) + 8
    offset = int.from_bytes(moved[entry : entry + 4], "little") + 8
    data = moved[:entry] + offset.to_bytes(4, "little") + moved[entry + 4 :]
    facts = read(tmp_path, "x.tif", data)
    assert (facts.mime_type, facts.metadata.make) == ("image/x-canon-cr2", "Canon")


def test_raf(tmp_path: Path) -> None:
    picture = jpeg_with(app1(EXIF))
    sensor = struct.pack(">IHHHH", 1, 0x0111, 4, 4000, 6000)
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(
        ">IIII", 120, len(picture), 120 + len(picture), len(sensor)
    )
    facts = read(tmp_path, "x.raf", head.ljust(120, b"\0") + picture + sensor)
    assert (facts.mime_type, facts.metadata.make) == ("image/x-fujifilm-raf", "Leica")
    assert (facts.width, facts.height) == (6000, 4000)


# JPEG's many blocks


def test_exif_of_over_64_kilobytes_goes_on_in_the_next_segment(tmp_path: Path) -> None:
    block = exif({MAKE: "Leica", 0x010E: "x" * 70_000})
    head, rest = block[:60_000], block[60_000:]
    facts = read(tmp_path, "x.jpg", jpeg_with(app1(head), app1(rest)))
    assert (facts.metadata.make, len(facts.metadata.description or "")) == ("Leica", 70_000)


def test_extended_xmp(tmp_path: Path) -> None:
    extended = xmp("<dc:subject><rdf:Bag><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>" + " " * 3000)
    guid, parts = b"A" * 32, (extended[:2000], extended[2000:])
    head = b"http://ns.adobe.com/xmp/extension/\0" + guid + len(extended).to_bytes(4, "big")
    later = segment(0xE1, head + len(parts[0]).to_bytes(4, "big") + parts[1])
    first = segment(0xE1, head + bytes(4) + parts[0])
    facts = read(tmp_path, "x.jpg", jpeg_with(app1_xmp(PACKET), later, first))
    assert (facts.metadata.rating, facts.keywords) == (5, ("cat",))


def test_iptc_and_who_wins(tmp_path: Path) -> None:
    datasets = iptc(
        n90="Paris", n101="France", n100="FRA", n120="a caption", n25="cat", n55="20230517", n60="183000+0200"
    )
    facts = read(tmp_path, "a.jpg", jpeg_with(app13(datasets)))
    words = facts.metadata
    assert (words.city, words.country, words.country_code, words.description) == ("Paris", "France", "FRA", "a caption")
    assert (words.original_datetime, facts.keywords) == ("2023-05-17T18:30:00+02:00", ("cat",))
    both = read(
        tmp_path, "b.jpg",
        jpeg_with(app1(exif({0x010E: "Exif says"})), app13(datasets), app1_xmp(xmp(attributes='photoshop:City="Lyon" xmp:Rating="2"'))),
    )  # fmt: skip
    assert (both.metadata.description, both.metadata.city, both.metadata.rating) == ("Exif says", "Paris", 2)
    assert [(one.source, one.value) for one in both.provenance if one.field == "city"] == [
        ("IPTC City", "Paris"),
        ("XMP photoshop:City", "Lyon"),
    ]


@pytest.mark.parametrize(
    ("datasets", "city"),
    [
        (iptc(n90="Köln"), "Köln"),
        (b"\x1c\x02\x5a\0\x04K\xf6ln", "Köln"),  # Latin-1, as before character sets were declared
        (b"\x1c\x01\x5a\0\x03\x1b%G" + iptc(n90="Köln"), "Köln"),
        (b"\x1c\x02\x5a\x80\x02\0\x04Oslo", "Oslo"),  # an extended dataset
    ],
)
def test_iptc_character_sets(tmp_path: Path, datasets: bytes, city: str) -> None:
    assert read(tmp_path, "x.jpg", jpeg_with(app13(datasets))).metadata.city == city


def test_apples_maker_note(tmp_path: Path) -> None:
    texts = [(0x000B, b"B" * 36 + b"\0"), (0x0011, b"570F1469-09C7-4E50-9875-05F21D5BD166\0")]
    entries, values, start = b"", b"", 14 + 2 + 12 * len(texts) + 4
    for tag, text in texts:
        entries += struct.pack(">HHII", tag, 2, len(text), start + len(values))
        values += text
    note = b"Apple iOS\0\0\x01MM" + len(texts).to_bytes(2, "big") + entries + bytes(4) + values
    words = read(tmp_path, "x.jpg", jpeg_with(app1(exif({MAKE: "Apple"}, {0x927C: note})))).metadata
    assert words.live_photo_cid == "570F1469-09C7-4E50-9875-05F21D5BD166"
    assert words.auto_stack_id == "B" * 36


# Films


def test_quicktime(tmp_path: Path) -> None:
    words = keys(
        make="Apple", model="iPhone 15", content__identifier="CID", location__ISO6709="+48.8584+002.2945+035.000/"
    )
    facts = read(tmp_path, "x.mov", video(words, turn=(0, 1, -1, 0), size=(1920, 1080)))
    record = facts.metadata
    assert (facts.mime_type, facts.width, facts.height, facts.duration) == ("video/quicktime", 1920, 1080, 2.0)
    assert (record.make, record.model, record.live_photo_cid, record.fps) == ("Apple", "iPhone 15", "CID", 25.0)
    assert (record.latitude, record.longitude, record.altitude, record.orientation) == (48.8584, 2.2945, 35.0, 6)


def test_user_data_of_other_makers(tmp_path: Path) -> None:
    def international(text: bytes) -> bytes:
        return len(text).to_bytes(2, "big") + b"\x15\xc7" + text

    place = struct.pack(">3i", int(2.2945 * 65536), int(48.8584 * 65536), 35 << 16)
    data = box(
        b"udta",
        box(b"\xa9mak", international(b"Samsung")),
        box(b"modl", bytes(6) + "Galaxy".encode("utf-16")),
        box(b"loci", bytes(6) + b"Paris\0\0" + place + b"earth\0\0"),
    )
    words = read(tmp_path, "x.mov", video(data)).metadata
    assert (words.make, words.model) == ("Samsung", "Galaxy")
    assert words.latitude == pytest.approx(48.8584, abs=1e-4)
    assert words.longitude == pytest.approx(2.2945, abs=1e-4)


def test_avchd(tmp_path: Path) -> None:
    """The date of a camcorder, in the H.264 stream of a transport stream."""
    message = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM\x02"
    message += bytes.fromhex("18 04 20 10 07") + bytes.fromhex("19 14 18 30 05")
    packets = []
    for start in range(0, len(message), 20):  # cut across many packets
        body = message[start : start + 20]
        padding = 188 - 4 - 1 - len(body)
        packets.append(b"\x47\x01\x11\x30" + bytes((padding,)) + b"\xff" * padding + body)
    from indexer.media.readable import Memory
    from indexer.media.readers.video import _recorded

    assert _recorded(Memory(b"".join(packets))) == "2010-07-14T18:30:05+02:00"


# Motion photos


def test_googles_motion_photo(tmp_path: Path) -> None:
    movie = video(size=(64, 48))
    directory = (
        "<Container:Directory><rdf:Seq>"
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary"/></rdf:li>'
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto"'
        f' Item:Length="{len(movie)}"/></rdf:li></rdf:Seq></Container:Directory>'
    )
    for packet in (xmp(directory), xmp(attributes=f'GCamera:MicroVideoOffset="{len(movie)}"')):
        still = jpeg_with(app1_xmp(packet))
        facts = read(tmp_path, "x.jpg", still + movie)
        assert facts.motion == Motion(len(still), len(movie), "video/quicktime")
        assert facts.problems == ()


def test_samsungs_motion_photo(tmp_path: Path) -> None:
    still, movie = jpeg_with(), video()
    block = b"\0\0\x30\x0a" + (16).to_bytes(4, "little") + b"MotionPhoto_Data" + movie
    directory = b"SEFH" + struct.pack("<II", 106, 1) + b"\0\0\x30\x0a" + struct.pack("<II", len(block), len(block))
    data = still + block + directory + len(directory).to_bytes(4, "little") + b"SEFT"
    assert read(tmp_path, "x.jpg", data).motion == Motion(len(still) + 24, len(movie), "video/quicktime")


def test_a_claimed_video_that_is_none(tmp_path: Path) -> None:
    data = jpeg_with(app1_xmp(xmp(attributes='GCamera:MicroVideoOffset="40"')))
    assert read(tmp_path, "x.jpg", data + bytes(40)).motion is None


def test_gps_of_a_place(tmp_path: Path) -> None:
    words = read(tmp_path, "x.jpg", jpeg_with(app1(exif(gps=at(-33.8523, 151.2108))))).metadata
    assert words.latitude == pytest.approx(-33.8523, abs=1e-6)
    assert words.longitude == pytest.approx(151.2108, abs=1e-6)
