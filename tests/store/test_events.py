"""Events are found by an entity's id, even if it no longer exists; assets by checksum."""

from __future__ import annotations

from pathlib import Path

from indexer import Index
from indexer.store.assets import find_by_checksum
from indexer.store.events import Event

from ..conftest import put, rows


def histories(index: Index) -> dict[str, list[Event]]:
    """By id, what happened to it and to what belongs to it, found by reading everything."""
    belongs = dict(rows(index, "SELECT id, asset_id FROM face UNION SELECT id, asset_id FROM album_asset"))
    found: dict[str, list[Event]] = {}
    for event in index.history.events(limit=-1):
        for entity_id in {event.entity_id, str(belongs.get(event.entity_id, event.entity_id))}:
            found.setdefault(entity_id, []).append(event)
    return found


def test_each_thing_has_its_history(index: Index, samples: Path, photos: Path) -> None:
    for number in range(4):
        put(photos / f"{number}.jpg", number)
    index.scan([samples, photos])
    edited, moved, deleted = (index.get(photos / f"{number}.jpg")["id"] for number in range(3))
    last = rows(index, "SELECT id FROM asset ORDER BY number DESC LIMIT 1")[0][0]
    put(photos / "0.jpg", "edited")
    (photos / "1.jpg").rename(photos / "moved.jpg")
    index.albums.create("Ferry", [moved, deleted])
    index.scan()
    index.trash.put([deleted])
    index.trash.delete([deleted, str(last)])
    assert histories(index)[str(last)][-1].event_type == "asset_deleted"
    put(photos / "new.jpg", "new")  # comes under the number of the last one
    index.scan()
    index.people.give(index.people.faces(index.people.list()[0].id)[0].id, None)
    everything = histories(index)
    assert {edited, moved, deleted, last, index.get(photos / "new.jpg")["id"]} < everything.keys()
    assert (
        len({entity.partition("_")[0] for entity in everything}) == 4
    )  # assets, faces, people, albums and their links
    for entity, history in everything.items():
        assert index.history.events(of=entity, limit=-1) == history, entity
    assert index.history.events(of="asset_2222222222222222222222") == []


def test_content_is_found_under_whatever_id(index: Index, photos: Path) -> None:
    first, second = put(photos / "a.jpg", 1), put(photos / "b.jpg", 2)
    index.scan([photos])
    before = index.get(first)
    put(first, "edited")
    index.scan()
    put(photos / "again.jpg", 1)  # what the first one was: its id is taken
    index.scan()
    edited, again = index.get(first), index.get(photos / "again.jpg")
    assert edited["id"] == before["id"] != again["id"] and again["checksum"] == before["checksum"]
    for record in (edited, again, index.get(second)):
        assert find_by_checksum(index.session.connection, record["checksum"]) == record["id"]
    assert {asset.id for asset in index.assets.existing(checksums=[before["checksum"]])} == {edited["id"], again["id"]}
    for name in ("edited", 1, 2):
        put(photos / "copies" / f"{name}.jpg", name)
    assert index.scan().copied == 3
    put(first, 1)  # edited back, and so a copy of the second
    index.scan()
    assert rows(index, "SELECT count(*) - count(DISTINCT checksum) FROM asset") == [(0,)]
    assert find_by_checksum(index.session.connection, "no base64") is None
    assert index.assets.existing(checksums=["no base64", ""]) == []
