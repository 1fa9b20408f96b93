"""Files derived from photos are readable only by their owner, whatever the umask."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from indexer import Index

from .conftest import jpeg, put, run
from .serve.conftest import UPLOAD, start
from .store.test_migrations import fill_old

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{one.relative_to(folder)} {stat.filemode(one.lstat().st_mode)}"
        for one in sorted(folder.rglob("*"))
        if one.lstat().st_mode & 0o077
    ]


def test_what_is_made_is_the_owners(umask: int, samples: Path, tmp_path: Path) -> None:
    """The index with its log, previews, uploads, backups, and the copies that are kept of what it was."""
    home = tmp_path / "home"
    home.mkdir(0o700)
    database = home / "new" / "folder" / "index.db"
    with Index.open(database) as index:
        index.scan([samples])
        index.enrich(["renditions"])
        asset_id = index.list()[0].id
        index.renditions.get(asset_id, "fullsize")
        assert database.with_name("index.db-wal").exists() and database.with_name("index.db-shm").exists()
        server = start(database, tmp_path / "serve.log")
        upload = httpx.post(
            f"{server.url}/api/assets", data=UPLOAD, files={"asset_data": ("x.jpg", jpeg("x"))}, timeout=60
        )
        assert upload.status_code == 201
        assert server.stop() == 0
        assert list((database.parent / "index.db.originals").rglob("x.jpg"))
        assert open_to_others(home) == []
        index.maintenance.backup(home / "backup.db")
        index.maintenance.backup(home / "backup.db", overwrite=True)
    put(other := tmp_path / "other" / "1.jpg", "other")
    assert run("scan", other.parent, database=home / "other.db").returncode == 0
    assert run("merge", home / "other.db", database=database).returncode == 0
    assert run("restore", home / "backup.db", database=database).returncode == 0
    fill_old(old := home / "old.db", assets=2)
    old.chmod(0o600)
    with Index.open(old) as index:
        index.list()
    data = bytearray((home / "backup.db").read_bytes())
    for page in range(len(data) // 4096 - 20, len(data) // 4096, 4):
        data[page * 4096 : page * 4096 + 4096] = b"x" * 4096
    damaged = home / "damaged.db"
    damaged.touch(0o600)
    damaged.write_bytes(data)
    mended = run("repair", database=damaged)
    assert mended.returncode == 0, mended.stderr + mended.stdout
    names = [one.name for one in home.rglob("*")]
    for kept in ("index.db.before-merge", "index.db.before-restore", "old.db.v7", "damaged.db.damaged"):
        assert any(name.startswith(kept) for name in names), (kept, names)
    assert open_to_others(home) == []


def test_what_is_asked_for_by_name_is_as_usual(umask: int, samples: Path, tmp_path: Path) -> None:
    with Index.open(tmp_path / "index.db") as index:
        index.scan([samples])
        motion = next(one.id for one in index.list(limit=200) if one.path and ".MP." in one.path)
    video = tmp_path / "video.mp4"
    assert run("extract", motion, "-o", video, database=tmp_path / "index.db").returncode == 0
    assert stat.S_IMODE(video.stat().st_mode) == 0o666 & ~umask


def test_what_was_shared_stays_so_and_is_told(photos: Path, tmp_path: Path) -> None:
    """An index that others may read, as older versions left it, is not closed to them behind anybody's back."""
    put(photos / "1.jpg", 1)
    database = tmp_path / "index.db"
    tmp_path.chmod(0o755)
    assert run("scan", photos, database=database).returncode == 0
    assert "other users" not in run("doctor", database=database).stdout
    database.chmod(0o644)
    assert run("scan", photos, database=database).returncode == 0
    assert stat.S_IMODE(database.stat().st_mode) == 0o644
    told = run("doctor", database=database)
    assert "other users can read" in told.stdout and f"chmod -R go= {database}" in told.stdout
    tmp_path.chmod(0o700)
    assert "other users" not in run("doctor", database=database).stdout


def test_nothing_costly_is_imported_for_it() -> None:
    code = "import sys, indexer.private; print('shutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True).stdout == "False\n"
