"""XMP that we write is read back by our reader and by exiftool; other values stay."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.media.extraction import Extraction
from indexer.media.readers.xmp import parse, read_xmp
from indexer.media.xmp_write import Region, with_values

VALUES: dict[str, str | int] = {
    "rating": 4,
    "description": 'Tea <in> Kyōto & "cakes"',
    "city": "Kyoto",
    "state": "Kyoto Prefecture",
    "country": "Japan",
    "country_code": "JP",
    "sublocation": "Gion",
}
OTHERS = b"""<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='darktable'>
 <!-- by darktable -->
 <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
  <rdf:Description rdf:about='' xmlns:darktable='http://darktable.sf.net/' xmlns:xmp='http://ns.adobe.com/xap/1.0/'
    xmlns:dc='http://purl.org/dc/elements/1.1/' xmp:Rating='1' darktable:xmp_version='5'>
   <darktable:history><rdf:Seq><rdf:li darktable:operation='exposure'/></rdf:Seq></darktable:history>
   <dc:subject><rdf:Bag><rdf:li>tea</rdf:li></rdf:Bag></dc:subject>
   <dc:description><rdf:Alt><rdf:li xml:lang='x-default'>old</rdf:li><rdf:li xml:lang='de'>Tee</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>"""


def said(packet: bytes) -> dict[str, object]:
    properties, problem = parse(packet)
    assert problem is None
    return dict(properties)


def test_a_new_packet_says_what_it_was_given() -> None:
    extraction = Extraction()
    read_xmp(with_values(None, VALUES, (Region("Ada", 100, 50, 40, 60, 800, 600),)), extraction)
    assert extraction.problems == []
    properties = said(with_values(None, VALUES))
    assert properties["xmp:Rating"] == "4" and properties["photoshop:City"] == "Kyoto"
    assert properties["Iptc4xmpCore:Location"] == "Gion" and properties["Iptc4xmpCore:CountryCode"] == "JP"
    assert str(VALUES["description"]) in str(properties["dc:description"])
    (face,) = extraction.faces
    assert (face.name, face.applied) == ("Ada", (800, 600))
    assert (face.x * 800, face.y * 600, face.w * 800, face.h * 600) == pytest.approx((100, 50, 40, 60), abs=0.01)


def test_what_else_was_there_stays() -> None:
    after = with_values(OTHERS, {"rating": 5, "description": "new"})
    text = after.decode()
    assert text.count("Rating") == 2 and "<xmp:Rating>5</xmp:Rating>" in text
    for kept in (
        'darktable:xmp_version="5"',
        'darktable:operation="exposure"',
        "by darktable",
        ">tea<",
        ">Tee<",
        "x:xmptk",
    ):
        assert kept in text, kept
    assert "old" not in text and ">new<" in text
    assert with_values(after, {"rating": 5, "description": "new"}) == with_values(after, {}) == after


def test_regions_of_others_stay_and_the_same_face_is_there_once() -> None:
    first = with_values(None, {}, (Region("Ada", 100, 50, 40, 60, 800, 600), Region("Bob", 500, 50, 40, 60, 800, 600)))
    second = with_values(first, {}, (Region("Ada Lovelace", 104, 52, 40, 60, 800, 600),))
    extraction = Extraction()
    read_xmp(second, extraction)
    assert sorted(str(face.name) for face in extraction.faces) == ["Ada Lovelace", "Bob"]


@pytest.mark.parametrize("broken", [b"", b"no XML", OTHERS[:400], b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"])
def test_a_packet_that_is_not_whole_is_left_alone(broken: bytes) -> None:
    with pytest.raises(ValueError, match="it "):
        with_values(broken, {"rating": 5})


@given(
    st.dictionaries(
        st.sampled_from([name for name in VALUES if name != "rating"]),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: text.strip() == text),
    ),
    st.booleans(),
)
def test_any_words_come_back(values: dict[str, str | int], there: bool) -> None:
    packet = with_values(OTHERS if there else None, values)
    assert with_values(packet, values) == packet
    text = json.dumps(said(packet), ensure_ascii=False)
    for value in values.values():
        assert json.dumps(" ".join(str(value).split()) or value, ensure_ascii=False)[1:-1].strip() in " ".join(
            text.split()
        )


def test_exiftool_reads_it_too(tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    for number, before in enumerate((None, OTHERS)):
        path = tmp_path / f"{number}.xmp"
        path.write_bytes(with_values(before, VALUES, (Region("Ada", 100, 50, 40, 60, 800, 600),)))
        done = subprocess.run(["exiftool", "-json", "-struct", path], capture_output=True, text=True, check=True)
        (read,) = json.loads(done.stdout)
        assert "Warning" not in read and "Error" not in read
        assert (read["Rating"], read["City"], read["Country"], read["CountryCode"]) == (4, "Kyoto", "Japan", "JP")
        assert (read["State"], read["Location"], read["Description"]) == (
            "Kyoto Prefecture",
            "Gion",
            VALUES["description"],
        )
        (region,) = read["RegionInfo"]["RegionList"]
        assert (region["Name"], region["Type"], region["Area"]["Unit"]) == ("Ada", "Face", "normalized")
        assert region["Area"]["X"] == pytest.approx(0.15) and region["Area"]["H"] == pytest.approx(0.1)
