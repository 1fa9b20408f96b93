"""A path reached only through a link, or under a second name, has no file of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import Index

from ..conftest import Watcher, put, put_many, rows, until
from .drives import Drive, drive

__all__ = ["drive"]
COUNT = 3


def present(index: Index) -> list[str]:
    """The places where files are, as the index has it."""
    found = rows(index, "SELECT root || '/' || path FROM file_state WHERE state = 'present' ORDER BY 1")
    return [str(one) for (one,) in found]


def files(*folders: Path) -> list[str]:
    return sorted(str(folder / f"{number}.jpg") for folder in folders for number in range(COUNT))


def shown(index: Index) -> list[str]:
    return sorted(str(one.path) for one in index.list())


def test_a_link_in_the_place_of_a_folder_is_no_second_copy(index: Index, photos: Path) -> None:
    put_many(COUNT, photos / "2024" / "d")
    index.scan([photos])
    (photos / "2024" / "d").rename(photos / "e")
    (photos / "2024" / "d").symlink_to(photos / "e")
    summary = index.scan()
    assert (summary.moved, summary.copied, summary.gone) == (COUNT, 0, 0)
    assert index.duplicates.exact() == []
    assert present(index) == shown(index) == files(photos / "e")
    assert index.session.resolve(photos / "2024" / "d" / "0.jpg") == index.session.resolve(photos / "e" / "0.jpg")


def test_a_link_further_up_is_no_second_copy(index: Index, photos: Path) -> None:
    put_many(COUNT, photos / "a" / "b" / "c")
    index.scan([photos])
    (photos / "a").rename(photos / "z")
    (photos / "a").symlink_to("z")
    summary = index.scan()
    assert (summary.moved, summary.copied) == (COUNT, 0)
    assert present(index) == files(photos / "z" / "b" / "c")


def test_a_copy_that_became_a_link_is_gone(index: Index, photos: Path) -> None:
    put_many(COUNT, photos / "d")
    put_many(COUNT, photos / "e")
    index.scan([photos])
    shutil.rmtree(photos / "d")
    (photos / "d").symlink_to("e")
    index.scan()
    assert present(index) == shown(index) == files(photos / "e")


def test_photos_moved_out_of_the_folder_are_gone_though_a_link_leads_to_them(index: Index, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    put_many(COUNT, root / "d")
    put(root / "stays.jpg", "stays")
    index.scan([root])
    (root / "d").rename(tmp_path / "outside")
    (root / "d").symlink_to(tmp_path / "outside")
    summary = index.scan()
    assert (summary.gone, summary.missing) == (COUNT, 0)
    assert present(index) == [str(root / "stays.jpg")]

    (root / "d").unlink()
    (tmp_path / "outside").rename(root / "d")
    index.scan()
    assert present(index) == [*files(root / "d"), str(root / "stays.jpg")]
    assert index.trash.list() == []


def test_photos_moved_to_another_indexed_folder_are_known_though_a_link_leads_to_them(
    index: Index, tmp_path: Path
) -> None:
    put_many(COUNT, tmp_path / "t" / "d")
    put(tmp_path / "u" / "other.jpg", "other")
    index.scan([tmp_path / "t", tmp_path / "u"])
    (tmp_path / "t" / "d").rename(tmp_path / "u" / "d")
    (tmp_path / "t" / "d").symlink_to(tmp_path / "u" / "d")
    summary = index.scan()
    assert (summary.moved, summary.copied) == (COUNT, 0)
    assert present(index) == [*files(tmp_path / "u" / "d"), str(tmp_path / "u" / "other.jpg")]


def test_a_link_to_another_indexed_folder_does_not_stand_for_a_folder(index: Index, tmp_path: Path) -> None:
    put_many(COUNT, tmp_path / "t")
    put_many(COUNT, tmp_path / "u")
    index.scan([tmp_path / "t", tmp_path / "u"])
    (tmp_path / "u").rename(tmp_path / "u-before")
    (tmp_path / "u").symlink_to("t")
    summary = index.scan()
    assert [one.partition(": ")[0] for one in summary.offline] == [str(tmp_path / "u")]
    assert "same folder as" in summary.offline[0]
    assert present(index) == shown(index) == files(tmp_path / "t")


def test_a_folder_mounted_at_a_second_place_holds_no_copies(
    index: Index, photos: Path, drive: Callable[[], Drive]
) -> None:
    """By a bind mount, which nothing but the inodes tells from a folder."""
    put_many(COUNT, photos / "m")
    (photos / "a").mkdir()
    index.scan([photos])
    subprocess.run(["mount", "--bind", photos / "m", photos / "a"], check=True)
    try:
        assert index.scan().copied == 0
        assert len(present(index)) == COUNT
        put(photos / "m" / "new.jpg", "new")
        assert index.scan([photos / "m"]).copied == 0
        index.scan()
        assert len(present(index)) == COUNT + 1
    finally:
        subprocess.run(["umount", photos / "a"], check=True)
    summary = index.scan()
    assert (summary.gone, summary.new, summary.copied) == (0, 0, 0)
    assert present(index) == [*files(photos / "m"), str(photos / "m" / "new.jpg")]


def test_hard_links_are_copies(index: Index, photos: Path) -> None:
    put(photos / "a.jpg", "one")
    index.scan([photos])
    os.link(photos / "a.jpg", photos / "b.jpg")
    assert index.scan().copied == 1
    assert present(index) == [str(photos / "a.jpg"), str(photos / "b.jpg")]


def test_under_watch_a_link_in_the_place_of_a_folder_is_no_second_copy(
    watch: Callable[..., Watcher], index: Index, photos: Path
) -> None:
    put_many(COUNT, photos / "d")
    watch(photos)
    (photos / "d").rename(photos / "e")
    (photos / "d").symlink_to("e")
    until(lambda: present(index) == files(photos / "e"), what="the move")
    until(lambda: not rows(index, "SELECT 1 FROM file WHERE status = 'missing'"), what="settling")
    assert shown(index) == files(photos / "e")


@pytest.mark.parametrize("order", ["first the link", "first the folder"])
def test_a_path_through_a_link_names_the_file_that_is_there(index: Index, photos: Path, order: str) -> None:
    put_many(COUNT, photos / "m")
    link = photos / ("a" if order == "first the link" else "z")
    link.symlink_to("m")
    index.scan([photos])
    assert index.session.resolve(link / "1.jpg") == index.session.resolve(photos / "m" / "1.jpg")


def test_a_deep_tree_that_is_renamed_is_followed(index: Index, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path.cwd()
    monkeypatch.chdir(photos)
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    put(Path("deep.jpg"), "deep")
    os.chdir(home)
    index.scan([photos])
    (photos / "d").rename(photos / "e")
    try:
        assert index.scan().moved == 1
    finally:
        subprocess.run(["rm", "-r", photos / "e"], check=True)  # shutil.rmtree calls itself for each level
