"""After a server is killed, an interrupted upload is sent again and exists once."""

from __future__ import annotations

import random
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from indexer import Index

from ..conftest import SAMPLES, jpeg, put, rows, run, sized, until
from .conftest import Serve, Server

TIMES = {"file_created_at": "2024-04-12T10:00:00Z", "file_modified_at": "2024-04-12T10:00:00Z"}


@pytest.fixture
def served(index: Index, photos: Path) -> Index:
    put(photos / "a.jpg", "a")
    index.scan([photos])
    return index


def send(server: Server, name: str, content: bytes, **words: str) -> httpx.Response:
    data = {"device_id": "phone", "device_asset_id": name, **TIMES, **words}
    with server.http() as http:
        return http.post("/api/assets", data=data, files={"asset_data": (name, content, "image/jpeg")})


def kept(index: Index) -> list[Path]:
    """Files that were uploaded, and whatever else lies there."""
    return sorted(one for one in index.path.parent.glob("index.db.originals*/**/*") if one.is_file())


def end(server: Server) -> None:
    server.process.kill()
    server.process.wait()


def test_kill_9_at_any_moment_of_an_upload(served: Index, serve: Serve) -> None:
    """Whatever was sent when the server died is sent again, and every photo is there once."""
    photos = {f"{number}.jpg": jpeg(f"photo {number}", size=200_000) for number in range(sized(12, 60))}
    chance, moments = random.Random(3), sized(6, 40)
    batches = [list(photos)[turn::moments] for turn in range(moments)]
    for batch in batches:
        server = serve(served.path)

        def send_some(server: Server = server, batch: list[str] = batch) -> None:
            for name in batch:
                try:
                    send(server, name, photos[name])
                except httpx.HTTPError:
                    return

        sender = threading.Thread(target=send_some)
        sender.start()
        time.sleep(chance.uniform(0.0, 0.6))
        end(server)
        sender.join()
    server = serve(served.path)
    for name, content in photos.items():
        # The phone may have renamed it since.
        assert send(server, f"again {name}", content).status_code in (200, 201)
    assert len(kept(served)) == len(photos)
    indexed = "SELECT count(*), count(DISTINCT asset_number) FROM file WHERE status = 'indexed' AND root_id > 1"
    assert rows(served, indexed) == [(len(photos), len(photos))]
    end(server)
    serve(served.path)
    until(lambda: len(kept(served)) == len(photos), 5, "that nothing is left")


@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("in_library", [True, False])
def test_what_was_moved_into_place_and_not_indexed_is_known(
    served: Index, serve: Serve, tmp_path: Path, in_library: bool, restarts: bool
) -> None:
    """By the server that starts next, and by one that runs already when it is sent again."""
    words = {"library_id": served.libraries.create("Trips")} if in_library else {}
    dies = (
        "import os, indexer.index.uploads\nindexer.index.uploads.scan = lambda *all, **some: os.kill(os.getpid(), 9)\n"
    )
    other = None if restarts else serve(served.path)
    server = serve(served.path, code=dies)
    with pytest.raises(httpx.HTTPError):
        send(server, "a b.jpg", jpeg("new", size=3000), **words)
    server.process.wait(timeout=180)
    server = other or serve(served.path)
    again = send(server, "other name.jpg", jpeg("new", size=3000), file_created_at="2019-01-01T00:00:00Z", **words)
    assert again.status_code == (200 if restarts else 201)
    (only,) = [path for path in kept(served) if path.suffix == ".jpg"]
    assert (only.name, only.read_bytes()) == ("a b.jpg", jpeg("new", size=3000))
    indexed = "SELECT library_id FROM file JOIN root ON root.id = root_id WHERE status = 'indexed' AND root_id > 1"
    assert rows(served, indexed) == [(words.get("library_id"),)]
    assert kept(served) == [only]


def test_what_came_half_is_cleared(served: Index, serve: Serve) -> None:
    """When the next server starts, and not before the one that takes it in is dead."""
    server = serve(served.path)
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        start = b'--x\r\nContent-Disposition: form-data; name="asset_data"; filename="a.jpg"\r\n\r\n'
        connection.sendall(
            b"POST /api/assets HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: 9000000\r\n\r\n" % (host.encode(), port.encode()) + start + b"\xff\xd8" * 200_000
        )
        until(lambda: kept(served), what="a half")
        other = serve(served.path)
        assert send(other, "b.jpg", jpeg("b")).status_code == 201
        assert len(kept(served)) == 2  # the half of the one that lives is left alone
        end(server)
    assert send(other, "c.jpg", jpeg("c")).status_code == 201
    assert sorted(path.name for path in kept(served)) == ["b.jpg", "c.jpg"]


def test_what_killed_commands_left_is_cleared(served: Index, serve: Serve, tmp_path: Path) -> None:
    """Copies of a whole index, by the next backup or merge, or the next server."""
    with Index.open(tmp_path / "other.db") as other:
        other.scan([SAMPLES])
    folder = served.path.parent
    for command in (("backup", tmp_path / "copy.db"), ("merge", tmp_path / "other.db")):
        dies = "import os, indexer.store.backup as backup\nbackup.find_damage = lambda connection: os.kill(os.getpid(), 9)\n"
        killed = run(*command, database=served.path, code=dies)
        assert killed.returncode == -9
        assert list(folder.glob(".*"))
        if command[0] == "backup":
            assert run("backup", tmp_path / "copy.db", database=served.path).returncode == 0
        else:
            serve(served.path)
        until(lambda: not list(folder.glob(".*")), 5, "that nothing is left")


@pytest.mark.parametrize("what", ["gone", "trashed, then gone", "offline"])
def test_an_upload_is_kept_where_the_photo_cannot_be_reached(
    served: Index, serve: Serve, photos: Path, tmp_path: Path, what: str
) -> None:
    """A phone deletes its own copy once it has the answer: to know the checksum is not to have the photo."""
    content = jpeg("precious")
    away = tmp_path / "other"
    away.mkdir()
    (away / "x.jpg").write_bytes(content)
    (away / "y.jpg").write_bytes(jpeg("stays"))
    served.scan([away])
    asset_id = served.session.resolve(away / "x.jpg")
    if what.startswith("trashed"):
        served.trash.put([asset_id])
    if what == "offline":
        away.rename(tmp_path / "unplugged")
    else:
        (away / "x.jpg").unlink()
        served.scan()
    answer = send(serve(served.path), "x.jpg", content)
    assert (answer.status_code, answer.json()["id"]) == (200, asset_id)
    (place,) = kept(served)
    assert place.read_bytes() == content
    assert served.get(asset_id)["asset_urls"]["original"]["url"].endswith(place.name)
    assert (served.get(asset_id)["trashed_at"] is not None) == what.startswith("trashed")  # as the user has it
    assert send(serve(served.path), "x.jpg", content).status_code == 200
    assert kept(served) == [place]
