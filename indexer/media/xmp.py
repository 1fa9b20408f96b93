"""XMP (ISO 16684-1): RDF in any of its spellings, to the record's fields, keywords and faces.

Properties are simple attributes or elements, bags, sequences, alternatives by language, and structures written as
nested descriptions, as parseType="Resource" or as attributes. Names are compared by namespace, never by prefix. A
packet that breaks off gives what stood before the break. Entity declarations are refused: no photo needs them."""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from .dates import rfc3339
from .exif import rating
from .found import Found
from .motion import claimed_length
from .regions import read_regions
from .text import clean

# A value is a text, a list or a structure; names are written with the prefixes below.
Value = str | list[Any] | dict[str, Any]
Properties = dict[str, Value]

MAX_PACKET = 16 * 1024 * 1024
_MAX_DEPTH = 50
_RDF, _XML = "rdf", "xml"
_NAMESPACES = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": _RDF,
    "http://www.w3.org/XML/1998/namespace": _XML,
    "adobe:ns:meta/": "x",
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
_PREFIXES = frozenset(_NAMESPACES.values())
_PLACE = r"\s*(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?\s*([NSEWnsew])?\s*$"


def read_xmp(packet: bytes, found: Found, source: str = "XMP") -> Properties:
    """Add what a packet says, under the name of `source`; its properties too, for who wants more of them."""
    properties, problem = parse(packet)
    if problem:
        found.problems.append(f"{source}: {problem}")
    if properties:
        claim_properties(properties, found, source)
    return properties


def claim_properties(of: Properties, found: Found, source: str) -> None:
    latitude, longitude = _degrees(of.get("exif:GPSLatitude"), 90), _degrees(of.get("exif:GPSLongitude"), 180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        latitude = longitude = None
    altitude, iso = _number(of.get("exif:GPSAltitude")), _number(of.get("exif:ISOSpeedRatings"))
    orientation = _number(of.get("tiff:Orientation"))
    found.claim(
        source,
        make=_text(of, "tiff:Make"),
        model=_text(of, "tiff:Model"),
        # 1 is what programs write that know nothing of it, and says no more than nothing.
        orientation=int(orientation) if orientation and 2 <= orientation <= 8 else None,
        lens_model=_text(of, "exifEX:LensModel", "aux:Lens"),
        f_number=_positive(of, "exif:FNumber"),
        focal_length=_positive(of, "exif:FocalLength"),
        iso=int(iso) if iso and iso > 0 else _whole(_positive(of, "exifEX:PhotographicSensitivity")),
        exposure_time=_positive(of, "exif:ExposureTime"),
        exposure_bias=_number(of.get("exif:ExposureBiasValue")),
        latitude=latitude,
        longitude=longitude,
        altitude=-abs(altitude) if altitude is not None and _text(of, "exif:GPSAltitudeRef") == "1" else altitude,
        gps_datetime=rfc3339(_text(of, "exif:GPSTimeStamp")),
        original_datetime=rfc3339(_text(of, "exif:DateTimeOriginal")) or rfc3339(_text(of, "photoshop:DateCreated")),
        digitized_datetime=rfc3339(_text(of, "xmp:CreateDate")),
        modified_datetime=rfc3339(_text(of, "xmp:ModifyDate")),
        description=_text(of, "dc:description", "tiff:ImageDescription"),
        rating=rating(_number(of.get("xmp:Rating"))),
        projection_type=_text(of, "GPano:ProjectionType", "GSpherical:ProjectionType"),
        auto_stack_id=_text(of, "GCamera:BurstID"),
        city=_text(of, "photoshop:City"),
        state=_text(of, "photoshop:State"),
        country=_text(of, "photoshop:Country"),
        country_code=_text(of, "Iptc4xmpCore:CountryCode"),
        sublocation=_text(of, "Iptc4xmpCore:Location"),
    )
    for name in ("dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList", "MicrosoftPhoto:LastKeywordXMP"):
        found.keywords += [word for word in map(_as_text, _listed(of.get(name))) if word]
    found.faces += read_regions(of)
    found.film_length = found.film_length or claimed_length(of)


# From RDF to properties


def parse(packet: bytes) -> tuple[Properties, str | None]:
    """The properties of a packet, and what is wrong with it if something is."""
    if len(packet) > MAX_PACKET:
        return {}, f"{len(packet)} bytes are too many"
    tree, problem = _tree(packet)
    properties: Properties = {}
    for rdf in _all_named("rdf:RDF", tree):
        for description in rdf.children:
            for name, value in _members(description).items():
                if not properties.get(name):
                    properties[name] = value
    return properties, problem


class _Node:
    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.children: list[_Node] = []
        self.text = ""


class _Refused(Exception):
    pass


class _Builder:
    """Builds the tree from expat's calls, without what no field is taken from: edit histories are long."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.EntityDeclHandler = self.entity
        self.top = _Node("", {})
        self.open = [self.top]
        self._prefixes: dict[str, str] = {}
        self._names: dict[str, str | None] = {}
        self._described = self._skipped = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._skipped:
            self._skipped += 1
            return
        for key, uri in attributes.items():
            if key.startswith("xmlns:"):
                self._declare(key[6:], uri)
        canonical = self._canonical(name)
        if canonical is None and self._described:
            self._skipped = 1
            self.parser.CharacterDataHandler = None
            return
        if len(self.open) > _MAX_DEPTH:
            raise _Refused("nested too deeply")
        kept = {}
        for key, value in attributes.items():
            if (known := self._canonical(key)) is not None:
                kept[known] = value
        self._described += canonical == "rdf:Description"
        node = _Node(canonical or name, kept)
        self.open[-1].children.append(node)
        self.open.append(node)
        # Text stands between a start and the next tag; what follows an end is only the layout.
        self.parser.CharacterDataHandler = self.characters

    def end(self, name: str) -> None:
        self.parser.CharacterDataHandler = None
        if self._skipped:
            self._skipped -= 1
        else:
            self._described -= self.open.pop().name == "rdf:Description"

    def characters(self, text: str) -> None:
        self.open[-1].text += text

    def entity(self, *arguments: object) -> None:
        raise _Refused("it declares entities")

    def _declare(self, prefix: str, uri: str) -> None:
        known = _NAMESPACES.get(uri) or _NAMESPACES.get(uri + "/") or ""
        if self._prefixes.get(prefix) != known:
            self._prefixes[prefix] = known
            self._names.clear()

    def _canonical(self, name: str) -> str | None:
        """The name with our prefix; None in a namespace that is none of ours. A prefix that was never declared is taken
        to mean what it usually means."""
        if name not in self._names:
            prefix, colon, local = name.partition(":")
            ours = self._prefixes.get(prefix, prefix if prefix in _PREFIXES else "")
            self._names[name] = f"{ours}:{local}" if colon and ours and prefix != "xmlns" else None
        return self._names[name]


def _tree(packet: bytes) -> tuple[_Node, str | None]:
    """The elements as far as they can be read."""
    builder = _Builder()
    try:
        builder.parser.Parse(_as_xml(packet), True)
    except (expat.ExpatError, _Refused, ValueError) as error:
        # Trailing bytes after the last element are common and harm nothing.
        if len(builder.open) > 1 or not builder.top.children:
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
    packet = packet.rstrip(b"\0 \r\n\t")
    try:
        packet.decode()
    except UnicodeDecodeError:
        return packet.decode("utf-8", "replace")
    return packet


def _all_named(name: str, node: _Node) -> list[_Node]:
    if node.name == name:
        return [node]
    return [found for child in node.children for found in _all_named(name, child)]


def _members(node: _Node) -> Properties:
    """The properties of a description or structure: its attributes and its elements."""
    members: Properties = {
        name: value for name, value in node.attributes.items() if not name.startswith(("rdf:", "xml:")) and value
    }
    for child in node.children:
        value = _value(child)
        if value and not members.get(child.name):
            members[child.name] = value
    return members


def _value(node: _Node) -> Value:
    children = node.children
    if not children:
        structure = _members(node)
        return structure or node.attributes.get("rdf:resource") or node.text.strip()
    first = children[0]
    if first.name == "rdf:Alt":
        return _chosen(first.children)
    if first.name in ("rdf:Bag", "rdf:Seq"):
        return [value for value in map(_value, first.children) if value]
    if first.name == "rdf:Description":
        node, children = first, first.children
    for child in children:
        if child.name == "rdf:value":  # the value proper; the other children only qualify it
            return _value(child)
    return _members(node)


def _chosen(alternatives: list[_Node]) -> Value:
    """Of several languages the default, else English, else the first."""
    values = [(node.attributes.get("xml:lang", "").lower(), _value(node)) for node in alternatives]
    values = [(language, value) for language, value in values if value]
    for wanted in ("x-default", "en"):
        for language, value in values:
            if language == wanted or language.startswith(wanted + "-"):
                return value
    return values[0][1] if values else ""


# From properties to fields


def _listed(value: Value | None) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _as_text(value: Any) -> str | None:
    while isinstance(value, list) and value:
        value = value[0]
    return clean(value) if isinstance(value, str) else None


def _text(of: Properties, *names: str) -> str | None:
    for name in names:
        if text := _as_text(of.get(name)):
            return text
    return None


def _number(value: Any) -> float | None:
    """A decimal number or a fraction."""
    top, _, bottom = (_as_text(value) or "").partition("/")
    try:
        number = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return number if abs(number) < 1e12 else None


def _positive(of: Properties, name: str) -> float | None:
    number = _number(of.get(name))
    return number if number and number > 0 else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _degrees(value: Any, limit: int) -> float | None:
    """'48,51.503N', '48,51,30.2N', or signed decimal degrees."""
    text = _as_text(value)
    if not text:
        return None
    if found := re.match(_PLACE, text):
        degrees, minutes, seconds = (float(part or 0) for part in found.groups()[:3])
        degrees += minutes / 60 + seconds / 3600
        degrees = -degrees if (found[4] or "").upper() in ("S", "W") and found[4] else degrees
    else:
        number = _number(text)
        if number is None:
            return None
        degrees = number
    return degrees if abs(degrees) <= limit else None
