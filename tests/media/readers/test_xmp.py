"""XMP in all its serializations, broken XMP, and the values read from it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.media.facts import NamedFace
from indexer.media.readers.regions import stored_box

from ..build import PREFIXES, RDF, said, xmp


@pytest.mark.parametrize(
    "packet",
    [
        xmp(attributes='xmp:Rating="4"'),
        xmp("<xmp:Rating>4</xmp:Rating>"),
        xmp("<xmp:Rating>\n 4 \n</xmp:Rating>"),
        xmp("<xmp:Rating rdf:parseType='Resource'><rdf:value>4</rdf:value><xmp:by>me</xmp:by></xmp:Rating>"),
        xmp("<xmp:Rating><rdf:Description><rdf:value>4</rdf:value></rdf:Description></xmp:Rating>"),
        xmp(attributes='xmp:Rating="4.0"'),
        xmp(attributes='xmp:Rating="4"').replace(b"xmp:", b"other:").replace(b"xmlns:xmp=", b"xmlns:other="),
        (RDF % f'<rdf:Description {PREFIXES}/><rdf:Description {PREFIXES} xmp:Rating="4"/>').encode(),
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>' + xmp(attributes='xmp:Rating="4"') + b'<?xpacket end="w"?>' + b" " * 400,
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>' + xmp(attributes='xmp:Rating="4"') + b" \n" * 999 + b'<?xpacket end="w"?>\0garbage',
        xmp(attributes='xmp:Rating="4"').decode().encode("utf-16"),
        xmp(attributes='xmp:Rating="4"').decode().encode("utf-16-be"),
        xmp(attributes='xmp:Rating="4"').decode().encode("utf-32-le"),
        xmp(attributes='xmp:Rating="4"') + b"\0\0\0",
        (RDF % '<rdf:Description xmp:Rating="4"/>').encode(),  # a prefix never declared
    ],
    ids=range(15),
)  # fmt: skip
def test_every_spelling_of_a_property(packet: bytes) -> None:
    claims, found = said(packet)
    assert claims.get("rating") == 4, found.problems


@pytest.mark.parametrize(
    ("alternatives", "expected"),
    [
        ('<rdf:li xml:lang="x-default">Hello</rdf:li><rdf:li xml:lang="de">Hallo</rdf:li>', "Hello"),
        ('<rdf:li xml:lang="de">Hallo</rdf:li><rdf:li xml:lang="x-default">Hello</rdf:li>', "Hello"),
        ('<rdf:li xml:lang="de">Hallo</rdf:li><rdf:li xml:lang="en-GB">Hello</rdf:li>', "Hello"),
        ('<rdf:li xml:lang="de">Hallo</rdf:li>', "Hallo"),
        ('<rdf:li xml:lang="x-default"></rdf:li><rdf:li xml:lang="de">Hallo</rdf:li>', "Hallo"),
        ("<rdf:li>Ünïcödé &amp; more</rdf:li>", "Ünïcödé & more"),
    ],
)
def test_alternatives_by_language(alternatives: str, expected: str) -> None:
    claims, _ = said(xmp(f"<dc:description><rdf:Alt>{alternatives}</rdf:Alt></dc:description>"))
    assert claims["description"] == expected


def test_camera_and_place() -> None:
    claims, _ = said(
        xmp(
            "<exif:ISOSpeedRatings><rdf:Seq><rdf:li>400</rdf:li></rdf:Seq></exif:ISOSpeedRatings>",
            'exif:FNumber="28/10" exif:ExposureTime="1/250" exif:FocalLength="50/1" exif:ExposureBiasValue="-1/3"'
            ' exif:GPSLatitude="48,51.503N" exif:GPSLongitude="2,17,40.2W" exif:GPSAltitude="350/10"'
            ' exif:GPSAltitudeRef="1" tiff:Orientation="6" photoshop:City="Paris" GPano:ProjectionType="equirectangular"',
        )
    )
    assert (claims["iso"], claims["f_number"], claims["exposure_time"]) == (400, 2.8, 0.004)
    assert claims["latitude"] == pytest.approx(48 + 51.503 / 60)
    assert claims["longitude"] == pytest.approx(-(2 + 17 / 60 + 40.2 / 3600))
    assert (claims["altitude"], claims["orientation"], claims["city"]) == (-35, 6, "Paris")
    assert claims["projection_type"] == "equirectangular"


def test_keywords_of_every_program() -> None:
    packet = xmp(
        "<dc:subject><rdf:Bag><rdf:li>cat</rdf:li><rdf:li>dog</rdf:li></rdf:Bag></dc:subject>"
        "<lr:hierarchicalSubject xmlns:lr='http://ns.adobe.com/lightroom/1.0/'><rdf:Bag><rdf:li>animal|cat</rdf:li>"
        "</rdf:Bag></lr:hierarchicalSubject>"
    )
    assert said(packet)[1].keywords == ["cat", "dog", "animal|cat"]


def test_a_packet_that_breaks_off_gives_what_stood_before() -> None:
    whole = xmp("<xmp:Rating>4</xmp:Rating><dc:description>long text</dc:description>")
    claims, found = said(whole[: whole.index(b"long")])
    assert claims["rating"] == 4
    assert "cannot be read to its end" in found.problems[0]


def test_entity_bombs_are_refused_at_once() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    packet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'.encode() + xmp(
        "<xmp:Rating>&l11;</xmp:Rating>"
    )
    claims, found = said(packet)
    assert claims == {}
    assert found.problems == ["XMP: the packet cannot be read to its end: it declares entities"]


def test_a_thousand_levels_are_too_many() -> None:
    packet = xmp("<dc:a>" * 1000 + "</dc:a>" * 1000)
    assert "nested too deeply" in said(packet)[1].problems[0]


@settings(max_examples=200)
@given(st.data())
def test_mutated_packets_never_raise(data: st.DataObject) -> None:
    packet = bytearray(xmp("<dc:subject><rdf:Bag><rdf:li>a</rdf:li></rdf:Bag></dc:subject>", 'xmp:Rating="4"'))
    for _ in range(data.draw(st.integers(1, 10))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    said(bytes(packet))


_REGION = (
    '<rdf:li><rdf:Description mwg-rs:Name="{}" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="{}" stArea:y="{}"'
    ' stArea:w="{}" stArea:h="{}" stArea:unit="normalized"/></rdf:Description></rdf:li>'
)


def regions(size: tuple[int, int], *faces: tuple[str, float, float, float, float]) -> bytes:
    listed = "".join(_REGION.format(*face) for face in faces)
    return xmp(
        f'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}"'
        f' stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag>{listed}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>'
    )


# Where a face at the upper left of the upright picture (600 by 400, or 400 by 600) lies in the stored one.
_UPPER_LEFT = (0.1, 0.2, 0.1, 0.2)


@pytest.mark.parametrize(
    ("orientation", "stored", "box"),
    [
        (1, (600, 400), (60, 80, 60, 80)),
        (6, (400, 600), (80, 480, 80, 60)),
        (8, (400, 600), (240, 60, 80, 60)),
        (5, (400, 600), (80, 60, 80, 60)),
        (7, (400, 600), (240, 480, 80, 60)),
    ],
)
def test_boxes_of_the_upright_picture(orientation: int, stored: tuple[int, int], box: tuple[int, ...]) -> None:
    face = NamedFace("Ada", *_UPPER_LEFT, (600, 400))
    assert stored_box(face, *stored, orientation) == box


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_of_the_stored_picture_stay(orientation: int) -> None:
    """As Lightroom and exiftool write them: fractions of what is stored, whatever the orientation."""
    _, found = said(regions((400, 600), ("Ada", 0.5, 0.25, 0.2, 0.1)))
    assert stored_box(found.faces[0], 400, 600, orientation) == (160, 120, 80, 60)


def test_microsofts_regions() -> None:
    packet = xmp(
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<MPReg:Rectangle>0.25, 0.5, 0.1, 0.2</MPReg:Rectangle><MPReg:PersonDisplayName>Ada</MPReg:PersonDisplayName>"
        "</rdf:li></rdf:Bag></MPRI:Regions></MP:RegionInfo>"
    )
    face = said(packet)[1].faces[0]
    assert (face.name, stored_box(face, 1000, 500, 1)) == ("Ada", (250, 250, 100, 100))


def test_boxes_that_are_none_are_left_out() -> None:
    _, found = said(regions((100, 100), ("Nobody", 0.5, 0.5, 0, 0), ("Outside", 5, 5, 0.1, 0.1)))
    assert [stored_box(face, 100, 100, 1) for face in found.faces] == [None]
