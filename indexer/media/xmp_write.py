"""Write XMP: replace some properties of a packet and keep all else, or make a new packet (ISO 16684-1)."""

from __future__ import annotations

import io
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

_X = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
# Simple properties: field -> XMP name.
_SIMPLE = {
    "rating": "{http://ns.adobe.com/xap/1.0/}Rating",
    "city": "{http://ns.adobe.com/photoshop/1.0/}City",
    "state": "{http://ns.adobe.com/photoshop/1.0/}State",
    "country": "{http://ns.adobe.com/photoshop/1.0/}Country",
    "country_code": "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}CountryCode",
    "sublocation": "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}Location",
}
_PREFIXES = {
    "x": _X,
    "rdf": _RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "mwg-rs": _MWG,
    "stArea": _AREA,
    "stDim": _DIMENSIONS,
}
# Registering one takes longer the more there are.
_MOST_NAMESPACES = 1000
WRITTEN = ("description", *_SIMPLE)


class Region(NamedTuple):
    """A named face: x, y, w, h in pixels of a stored picture of width times height."""

    name: str
    x: int
    y: int
    w: int
    h: int
    width: int
    height: int


def with_values(packet: bytes | None, values: dict[str, str | int], regions: tuple[Region, ...] = ()) -> bytes:
    """Write values, by the names in WRITTEN, and regions into a packet, or a new one for None. Raises ValueError for a
    malformed packet."""
    try:
        return _with_values(packet, values, regions)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _with_values(packet: bytes | None, values: dict[str, str | int], regions: tuple[Region, ...]) -> bytes:
    root = _parsed(packet) if packet is not None else Element(f"{{{_X}}}xmpmeta")
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f".//{{{_RDF}}}RDF")
    if rdf is None:
        rdf = SubElement(root, f"{{{_RDF}}}RDF")
    if (first := rdf.find(f"{{{_RDF}}}Description")) is None:
        first = SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    for name, value in values.items():
        if name == "description":
            _describe(rdf, first, str(value))
        else:
            _replace(rdf, first, _SIMPLE[name], str(value))
    if regions:
        _add_regions(rdf, first, regions)
    for prefix, uri in _PREFIXES.items():
        ElementTree.register_namespace(prefix, uri)
    ElementTree.indent(root)
    out = io.BytesIO()
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return out.getvalue() + b"\n"


def _parsed(packet: bytes) -> Element:
    """Parse a packet, keeping its prefixes and comments."""
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise ValueError("it declares entities, which no sidecar needs")
    try:
        declared = {pair for _, pair in ElementTree.iterparse(io.BytesIO(packet), events=("start-ns",))}
        if len(declared) > _MOST_NAMESPACES:
            raise ValueError(f"it declares more than {_MOST_NAMESPACES} namespaces")
        for prefix, uri in declared:
            if prefix and not prefix.startswith("ns"):
                ElementTree.register_namespace(prefix, uri)
        builder = ElementTree.TreeBuilder(insert_comments=True)
        return ElementTree.fromstring(packet, ElementTree.XMLParser(target=builder))
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(f"it is not well-formed XML: {error}") from error


def _replace(rdf: Element, first: Element, tag: str, value: str) -> None:
    """Set a simple property: one element replaces all its occurrences, attributes and elements."""
    there: Element | None = None
    for description in rdf.iter(f"{{{_RDF}}}Description"):
        description.attrib.pop(tag, None)
        for old in description.findall(tag):
            if there is None:
                there = old
            else:
                description.remove(old)
    if there is None:
        there = SubElement(first, tag)
    there[:] = []
    there.text = value


def _describe(rdf: Element, first: Element, text: str) -> None:
    """Set the description for all languages (x-default); those in a specific language stay."""
    language = f"{{{_XML}}}lang"
    for description in rdf.iter(f"{{{_RDF}}}Description"):
        description.attrib.pop(_DESCRIPTION, None)
    existing = rdf.find(f".//{_DESCRIPTION}")
    proper = SubElement(first, _DESCRIPTION) if existing is None else existing
    proper.text = None
    choice = proper.find(f"{{{_RDF}}}Alt")
    if choice is None:
        choice = SubElement(proper, f"{{{_RDF}}}Alt")
    for item in choice.findall(f"{{{_RDF}}}li"):
        if item.get(language) in (None, "x-default"):
            choice.remove(item)
    item = Element(f"{{{_RDF}}}li", {language: "x-default"})
    item.text = text
    choice.insert(0, item)


def _add_regions(rdf: Element, first: Element, regions: tuple[Region, ...]) -> None:
    """Add the faces. Each replaces regions at the same position; other regions stay."""
    resource = {f"{{{_RDF}}}parseType": "Resource"}
    container = rdf.find(f".//{{{_MWG}}}Regions")
    if container is None:
        container = SubElement(first, f"{{{_MWG}}}Regions", resource)
        size = {f"{{{_DIMENSIONS}}}w": str(regions[0].width), f"{{{_DIMENSIONS}}}h": str(regions[0].height)}
        SubElement(container, f"{{{_MWG}}}AppliedToDimensions", {**size, f"{{{_DIMENSIONS}}}unit": "pixel"})
    bag = container.find(f".//{{{_RDF}}}Bag")
    if bag is None:
        bag = SubElement(SubElement(container, f"{{{_MWG}}}RegionList"), f"{{{_RDF}}}Bag")
    for face in regions:
        x, y = (face.x + face.w / 2) / face.width, (face.y + face.h / 2) / face.height  # the center
        area = {"x": x, "y": y, "w": face.w / face.width, "h": face.h / face.height}
        for item in bag.findall(f"{{{_RDF}}}li"):
            if _overlaps(item, area):
                bag.remove(item)
        item = SubElement(bag, f"{{{_RDF}}}li", resource)
        SubElement(item, f"{{{_MWG}}}Name").text = face.name
        SubElement(item, f"{{{_MWG}}}Type").text = "Face"
        attributes = {f"{{{_AREA}}}{side}": f"{value:.6f}" for side, value in area.items()}
        SubElement(item, f"{{{_MWG}}}Area", {**attributes, f"{{{_AREA}}}unit": "normalized"})


def _overlaps(item: Element, area: dict[str, float]) -> bool:
    """Whether this region is at the position of a face: its center is inside the face's area."""
    for element in item.iter():
        try:
            x, y = (float(element.attrib[f"{{{_AREA}}}{side}"]) for side in "xy")
        except (KeyError, ValueError):
            continue
        return abs(x - area["x"]) < area["w"] / 2 and abs(y - area["y"]) < area["h"] / 2
    return False
