"""XMP (ISO 16684-1): RDF in any of its spellings, to the record's fields, keywords and faces.

Properties are simple attributes or elements, bags, sequences, alternatives by language, and structures written as
nested descriptions, as parseType="Resource" or as attributes. Names are compared by namespace, never by prefix. A
truncated packet gives its properties before the break. Entity declarations are refused: no photo needs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring
from xml.parsers import expat

from ..dates import rfc3339
from ..extraction import Extraction
from ..strings import clean
from .exif import rating
from .motion import claimed_length
from .regions import read_regions

# A value is a text, a list or a structure; names are written with the prefixes below.
Value = str | list[Any] | dict[str, Any]
Properties = dict[str, Value]

MAX_PACKET = 16 * 1024 * 1024
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RESOURCE, _PROPER = _RDF + "resource", _RDF + "value"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMESPACES = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xmp/1.0/": "xmp",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://cipa.jp/exif/1.0/exifEX": "exifEX",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.adobe.com/xmp/sType/Area#": "stArea",
    "http://ns.adobe.com/xap/1.0/sType/Area#": "stArea",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions#": "stDim",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.2/": "MP",
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo#": "MPRI",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/videos/1.0/spherical/": "GSpherical",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
    "http://www.digikam.org/ns/1.0/": "digiKam",
}
_LONGEST_PLACE = 100
_PLACE = r"\s*(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?\s*([NSEWnsew])?\s*$"


def read_xmp(packet: bytes, extraction: Extraction, source: str = "XMP") -> Properties:
    """Add the values of a packet under the name of `source`. Returns its properties, for callers that need others."""
    properties, problem = parse(packet)
    if problem:
        extraction.problems.append(f"{source}: {problem}")
    if properties:
        add_properties(properties, extraction, source)
    return properties


def add_properties(of: Properties, extraction: Extraction, source: str) -> None:
    values: dict[str, Any] = {}
    for name, field, read in _FIELDS:
        if name in of and field not in values and (value := read(of[name])) is not None:
            values[field] = value
    if "altitude" in values and _text(of.get("exif:GPSAltitudeRef")) == "1":
        values["altitude"] = -abs(values["altitude"])
    if not values.get("latitude") and not values.get("longitude"):  # 0,0: a receiver without a fix
        values.pop("latitude", None)
        values.pop("longitude", None)
    extraction.add_all(source, values)
    for name in _KEYWORDS:
        if name in of:
            extraction.keywords += [word for word in map(_text, _listed(of[name])) if word]
    extraction.faces += read_regions(of)
    extraction.video_length = extraction.video_length or claimed_length(of)


# From RDF to properties


def parse(packet: bytes) -> tuple[Properties, str | None]:
    """The properties of a packet, and a description of its damage, if any."""
    if len(packet) > MAX_PACKET:
        return {}, f"{len(packet)} bytes are too many"
    tree, problem = _tree(packet)
    properties: Properties = {}
    try:
        for rdf in tree.iter(_RDF + "RDF"):
            for description in rdf:
                for name, value in _members(description).items():
                    if not properties.get(name):
                        properties[name] = value
    except RecursionError:
        problem = "it is nested too deeply"
    return properties, problem


def _tree(packet: bytes) -> tuple[Element, str | None]:
    """The elements as far as they can be read."""
    text = _as_xml(packet)
    if (b"<!" if isinstance(text, bytes) else "<!") not in text:  # type: ignore[operator]
        try:
            return fromstring(text), None
        except (ParseError, ValueError):
            pass
    return _salvage(text)


class _Refused(Exception):
    pass


class _Builder:
    """Builds the tree from expat's calls: slower, but everything before the damage is kept, and an undeclared
    prefix gets its usual namespace."""

    def __init__(self) -> None:
        self.top = Element("")
        self.open = [self.top]
        self._prefixes = {prefix: uri for uri, prefix in reversed(_NAMESPACES.items())}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._prefixes.update((key[6:], uri) for key, uri in attributes.items() if key.startswith("xmlns:"))
        kept = {self._qualified(key): value for key, value in attributes.items() if not key.startswith("xmlns")}
        self.open.append(SubElement(self.open[-1], self._qualified(name), kept))

    def end(self, name: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        self.open[-1].text = (self.open[-1].text or "") + text

    def entity(self, *arguments: object) -> None:
        raise _Refused("it declares entities")

    def _qualified(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        return f"{{{self._prefixes.get(prefix, prefix)}}}{local}" if colon else name


def _salvage(text: str | bytes) -> tuple[Element, str | None]:
    builder, parser = _Builder(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.characters, builder.entity
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, _Refused, ValueError) as error:
        # Trailing bytes after the last element are common and harm nothing.
        if len(builder.open) > 1 or not len(builder.top):
            return builder.top, f"the packet cannot be read to its end: {error}"
    return builder.top, None


def _as_xml(packet: bytes) -> str | bytes:
    """Only UTF-8 that is not quite UTF-8 needs help; UTF-16 and UTF-32 show themselves by their zero bytes."""
    begin = packet.find(b"<")
    packet = packet[begin:] if begin > 0 and b"\0" not in packet[:begin] else packet
    if b"\0" in packet[:8]:
        width = 4 if packet[:4].count(b"\0") >= 2 and b"\0\0" in packet[:4] else 2
        order = "le" if packet.lstrip(b"\xff\xfe")[:1] != b"\0" else "be"
        text = packet.decode(f"utf-{8 * width}-{order}", "replace").lstrip("\ufeff").rstrip("\0 \r\n")
        return re.sub(r"^<\?xml[^>]*\?>", "", text)
    # There is padding for edits before the trailer, often more than the packet itself.
    end = packet.rfind(b"<?xpacket end")
    packet = packet[: packet.rfind(b">", 0, end if end > 0 else len(packet)) + 1]
    try:
        packet.decode()
    except UnicodeDecodeError:
        return packet.decode("utf-8", "replace")
    return packet


@lru_cache(maxsize=4096)
def _name(tag: str) -> str | None:
    """'{http://ns.adobe.com/xap/1.0/}Rating' as 'xmp:Rating'; None for an unknown namespace."""
    uri, _, local = tag[1:].rpartition("}")
    prefix = _NAMESPACES.get(uri) or _NAMESPACES.get(uri + "/")
    return f"{prefix}:{local}" if prefix else None


def _members(element: Element) -> Properties:
    """The properties of a description or structure: its attributes and its elements."""
    members: Properties = {}
    for tag, text in element.attrib.items():
        name = _name(tag)
        if name and text and not name.startswith(("rdf:", "xml:")):
            members[name] = text
    for child in element:
        name = _name(child.tag)
        if name and not members.get(name) and (value := _value(child)):
            members[name] = value
    return members


def _value(element: Element) -> Value:
    if not len(element):
        structure = _members(element) if element.attrib else None
        return structure or element.attrib.get(_RESOURCE) or (element.text or "").strip()
    first = _name(element[0].tag)
    if first == "rdf:Alt":
        return _chosen(element[0])
    if first in ("rdf:Bag", "rdf:Seq"):
        return [value for value in map(_value, element[0]) if value]
    if first == "rdf:Description":
        element = element[0]
    proper = element.find(_PROPER)
    if proper is not None:  # the value itself; what stands beside it only qualifies it
        return _value(proper)
    return _members(element)


def _chosen(alternatives: Element) -> Value:
    """The text in the default language, else English, else the first."""
    values = [(item.attrib.get(_LANGUAGE, "").lower(), value) for item in alternatives if (value := _text_of(item))]
    for preferred in ("x-default", "en"):
        for language, value in values:
            if language == preferred or language.startswith(preferred + "-"):
                return value
    return values[0][1] if values else ""


def _text_of(element: Element) -> Value:
    return _value(element) if len(element) else (element.text or "").strip()


# From properties to fields


def _listed(value: Value) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    while isinstance(value, list) and value:
        value = value[0]
    return clean(value) if isinstance(value, str) else None


def to_number(value: Any) -> float | None:
    """A decimal number or a fraction."""
    top, _, bottom = (_text(value) or "").partition("/")
    try:
        number = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return number if abs(number) < 1e12 else None


def _positive(value: Any) -> float | None:
    number = to_number(value)
    return number if number and number > 0 else None


def _whole(value: Any) -> int | None:
    number = _positive(value)
    return None if number is None else int(number)


def _orientation(value: Any) -> int | None:
    """The orientation; 1 is a common default and is treated as absent."""
    number = _whole(value)
    return number if number and 2 <= number <= 8 else None


def _stars(value: Any) -> int | None:
    return rating(to_number(value))


def _time(value: Any) -> str | None:
    return rfc3339(_text(value))


def _gps_time(value: Any) -> str | None:
    """GPS timestamps are UTC, even if not marked so."""
    return rfc3339(_text(value), offset="Z")


def _latitude(value: Any) -> float | None:
    return _degrees(value, 90)


def _longitude(value: Any) -> float | None:
    return _degrees(value, 180)


def _degrees(value: Any, limit: int) -> float | None:
    """'48,51.503N', '48,51,30.2N', or signed decimal degrees."""
    text = _text(value) or ""
    if len(text) <= _LONGEST_PLACE and (match := re.match(_PLACE, text)):  # blanks can be matched in many ways
        degrees, minutes, seconds = (float(part or 0) for part in match.groups()[:3])
        degrees += minutes / 60 + seconds / 3600
        degrees = -degrees if (match[4] or "").upper() in ("S", "W") and match[4] else degrees
    elif (number := to_number(text)) is not None:
        degrees = number
    else:
        return None
    return degrees if abs(degrees) <= limit else None


# property, field, parser; of several properties for a field, the first with a value counts
_FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("tiff:Make", "make", _text),
    ("tiff:Model", "model", _text),
    ("tiff:Orientation", "orientation", _orientation),
    ("exifEX:LensModel", "lens_model", _text),
    ("aux:Lens", "lens_model", _text),
    ("exif:FNumber", "f_number", _positive),
    ("exif:FocalLength", "focal_length", _positive),
    ("exif:ISOSpeedRatings", "iso", _whole),
    ("exifEX:PhotographicSensitivity", "iso", _whole),
    ("exif:ExposureTime", "exposure_time", _positive),
    ("exif:ExposureBiasValue", "exposure_bias", to_number),
    ("exif:GPSLatitude", "latitude", _latitude),
    ("exif:GPSLongitude", "longitude", _longitude),
    ("exif:GPSAltitude", "altitude", to_number),
    ("exif:GPSTimeStamp", "gps_datetime", _gps_time),
    ("exif:DateTimeOriginal", "original_datetime", _time),
    ("photoshop:DateCreated", "original_datetime", _time),
    ("xmp:CreateDate", "digitized_datetime", _time),
    ("xmp:ModifyDate", "modified_datetime", _time),
    ("dc:description", "description", _text),
    ("tiff:ImageDescription", "description", _text),
    ("xmp:Rating", "rating", _stars),
    ("GPano:ProjectionType", "projection_type", _text),
    ("GSpherical:ProjectionType", "projection_type", _text),
    ("GCamera:BurstID", "auto_stack_id", _text),
    ("photoshop:City", "city", _text),
    ("photoshop:State", "state", _text),
    ("photoshop:Country", "country", _text),
    ("Iptc4xmpCore:CountryCode", "country_code", _text),
    ("Iptc4xmpCore:Location", "sublocation", _text),
)
_KEYWORDS = ("dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList", "MicrosoftPhoto:LastKeywordXMP")
