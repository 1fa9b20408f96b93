"""Walking a root while folders in it are moved."""

from __future__ import annotations

from pathlib import Path

from indexer import Index
from indexer.sync.walk import Part, Walker

from ..conftest import put


def test_a_folder_named_after_it_was_walked_is_itself(index: Index, photos: Path) -> None:
    """As when a folder comes back in the place of a link: a watch walks it, and looks at its name in its parent too."""
    put(photos / "a" / "b" / "1.jpg")
    index.scan([photos])
    walker = Walker(*index.roots.list())
    listings = [
        listing for listing, _ in walker.list_parts([Part("a/b"), Part("a"), Part("a", ["b"]), Part("", ["a"])])
    ]
    assert [listing.folders for listing in listings] == [[], ["b"], [], ["b"], ["a"]]
    assert [listing.skipped for listing in listings] == [[]] * 5


def test_a_folder_that_moves_during_the_walk_is_entered_at_its_new_place(index: Index, photos: Path) -> None:
    put(photos / "a" / "moves" / "1.jpg")
    (photos / "b").mkdir()
    index.scan([photos])

    def move(folder: str) -> None:
        if folder == "b":
            (photos / "a" / "moves").rename(photos / "b" / "moved")

    walker = Walker(*index.roots.list(), on_enter=move)
    listings = {listing.folder: listing for listing in walker.walk()}
    assert (listings["b"].folders, listings["b"].skipped) == (["moved"], [])
    assert list(listings["b/moved"].files) == ["1.jpg"]
