"""Captions by a model behind an endpoint: a real server with the protocol of the well-known ones."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from indexer import Index
from indexer.enrich.enrichers.captions import Endpoint, EndpointUnusable
from indexer.errors import UsageError

from ...conftest import SAMPLES, rows, run, until

Answer = tuple[int, dict[str, Any], dict[str, str]]


class Model:
    """answer: what to say of a request, by its number and its picture."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.pictures: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.at: list[float] = []
        self.answer: Callable[[int, bytes], Answer] = lambda number, picture: says(f"A photo of thing {number}.")
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path == "/v1/chat/completions"
                url = next(part for part in body["messages"][0]["content"] if part["type"] == "image_url")["image_url"][
                    "url"
                ]
                picture = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))
                model.requests.append(body)
                model.pictures.append(picture)
                model.headers.append(dict(self.headers))
                model.at.append(time.monotonic())
                code, said, headers = model.answer(len(model.requests), picture)
                text = json.dumps(said).encode()
                self.send_response(code)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def endpoint(self, **options: Any) -> Endpoint:
        return Endpoint(self.url, "seer", first_pause=0.01, **options)


def says(text: str | None, **choice: Any) -> Answer:
    return (
        200,
        {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop", **choice}]},
        {},
    )


def fails(code: int, text: str = "no", **headers: str) -> Answer:
    return code, {"error": {"message": text}}, {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def model() -> Iterator[Model]:
    one = Model()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def album(photos: Path, pictures: list[Image.Image]) -> Path:
    for number, picture in enumerate(pictures):
        picture.save(photos / f"{number}.jpg")
    return photos


def described(index: Index) -> dict[str, object]:
    return {
        str(name): json.loads(str(record))["description"]
        for name, record in rows(index, "SELECT original_file_name, json FROM asset JOIN asset_json USING (id)")
    }


def test_null_until_run_and_then_what_the_model_says(index: Index, album: Path, model: Model) -> None:
    model.answer = lambda number, picture: says(
        f"<think>hm <think>{'<think>' * 200_000}</think>\n A cat's  whisker\nnumber {number}. "
    )
    index.scan([album])
    index.enrich()
    assert model.requests == [] and set(described(index).values()) == {None}
    before = index.get(album / "0.jpg")["updated_at"]
    summary = index.enrich(["captions"], endpoint=model.endpoint(key="secret"))
    assert (summary.descriptions, summary.total, summary.failed) == (3, 3, 0)
    assert set(described(index).values()) == {f"A cat's whisker number {number}." for number in (1, 2, 3)}
    assert index.get(album / "0.jpg")["updated_at"] > before
    assert len(index.search("whisker")) == 3
    assert model.requests[0]["model"] == "seer" and model.headers[0]["Authorization"] == "Bearer secret"
    # What was described is not described again, unless that is asked for.
    assert index.enrich(["captions"], endpoint=model.endpoint()).total == 0
    assert index.enrichments.due(["captions"], redo=True)["descriptions"] == 3
    assert index.enrich(["captions"], endpoint=model.endpoint(), redo=True).descriptions == 3
    assert len(model.requests) == 6


def test_only_the_preview_is_sent_without_exif(index: Index, photos: Path, model: Model) -> None:
    """A photo with a place, a name, a camera; a raw one; a video."""
    for name in ("Paris/PXL_20240412_184115120.jpg", "Paris/IMG_0398.HEIC", "Sydney/PXL_20240420_013210000.mp4"):
        (photos / Path(name).name).write_bytes((SAMPLES / name).read_bytes())
    large = Image.effect_noise((3000, 2000), 50).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    large.save(photos / "large.jpg", exif=exif, comment=b"SecretComment")
    index.scan([photos])
    assert index.enrich(["captions"], endpoint=model.endpoint()).descriptions == 4
    for sent in model.pictures:
        with Image.open(io.BytesIO(sent)) as picture:
            assert max(picture.size) <= 1440 and picture.format == "JPEG"
            assert not picture.getexif() and "comment" not in picture.info and "xmp" not in picture.info
        assert b"Secret" not in sent and b"Exif" not in sent and b"GPS" not in sent
    for request in model.requests:
        text = json.dumps(
            {**request, "messages": [part for part in request["messages"][0]["content"] if part["type"] == "text"]}
        )
        assert str(photos) not in text and "PXL" not in text


@pytest.mark.parametrize(
    "refusal",
    [
        says("I'm sorry, but I can't help with that."),
        says("I cannot describe people in photos."),
        says("Something", finish_reason="content_filter"),
        says(None),
        (200, {"choices": [{"message": {"content": "x", "refusal": "No."}}]}, {}),
    ],
)
def test_empty_when_refused(index: Index, saved: Path, model: Model, refusal: Answer) -> None:
    model.answer = lambda number, picture: refusal
    index.scan([saved.parent])
    index.enrich(["captions"], endpoint=model.endpoint())
    assert index.get(saved)["description"] == ""
    assert index.enrich(["captions"], endpoint=model.endpoint()).total == 0


def test_passing_trouble_is_waited_out(index: Index, saved: Path, model: Model) -> None:
    trouble = [fails(503), fails(429, Retry_After="1"), (200, {"nothing": "of use"}, {})]
    model.answer = lambda number, picture: trouble[number - 1] if number <= 3 else says("At last.")
    index.scan([saved.parent])
    index.enrich(["captions"], endpoint=model.endpoint())
    assert index.get(saved)["description"] == "At last."
    assert len(model.at) == 4 and model.at[2] - model.at[1] >= 1  # as it was asked to


def test_one_picture_that_is_not_taken_is_one_failure(index: Index, album: Path, model: Model) -> None:
    model.answer = lambda number, picture: fails(400, "image too odd") if number == 2 else says("Fine.")
    index.scan([album])
    summary = index.enrich(["captions"], endpoint=model.endpoint())
    assert (summary.descriptions, summary.failed) == (3, 1)
    (failure,) = index.enrichments.failures()
    assert failure.enricher == "captions" and "answers 400: image too odd" in failure.error
    assert sorted(map(str, described(index).values())) == ["Fine.", "Fine.", "None"]
    assert index.enrich(["captions"], endpoint=model.endpoint()).total == 0
    assert index.enrich(["captions"], endpoint=model.endpoint(), retry=True).descriptions == 1
    assert "None" not in map(str, described(index).values())


@pytest.mark.parametrize("code", [401, 404, 500])
def test_an_endpoint_that_does_not_work_ends_the_run_and_blames_no_photo(
    index: Index, album: Path, model: Model, code: int
) -> None:
    model.answer = lambda number, picture: fails(code, "wrong key or model") if number > 1 else says("One.")
    index.scan([album])
    with pytest.raises(EndpointUnusable, match=f"answers {code}: wrong key or model"):
        index.enrich(["captions"], endpoint=model.endpoint())
    assert index.enrichments.failures() == [] and index.enrichments.counts()["captions"] == (1, 0)
    assert index.enrichments.due(["captions"])["descriptions"] == 2  # where it goes on


def test_nobody_is_there(index: Index, saved: Path) -> None:
    index.scan([saved.parent])
    with pytest.raises(EndpointUnusable, match="does not answer"):
        index.enrich(["captions"], endpoint=Endpoint("http://127.0.0.1:9/v1", "seer", first_pause=0.001))


def test_no_more_requests_than_allowed(index: Index, album: Path, model: Model) -> None:
    index.scan([album])
    index.enrich(["captions"], endpoint=model.endpoint(per_minute=120))
    # Each since the first: one that arrives late comes nearer to the next. Half a second apart; two at once are not.
    assert len(model.at) == 3
    assert [at - model.at[0] > 0.3 * number for number, at in enumerate(model.at[1:], 1)] == [True, True]
    assert model.at[-1] - model.at[0] > 2 * 0.45


def test_never_called_unless_configured(index: Index, saved: Path, model: Model) -> None:
    index.scan([saved.parent])
    with pytest.raises(UsageError, match="--endpoint"):
        index.enrich(["captions"])
    with pytest.raises(UsageError, match="not the URL"):
        Endpoint("localhost:11434", "seer")
    told = run("enrich", "captions", database=index.path)
    assert told.returncode == 2 and "--endpoint http://localhost:11434/v1 --model NAME" in told.stderr
    told = run("enrich", "captions", "--endpoint", model.url, database=index.path)
    assert told.returncode == 2 and "name the model" in told.stderr
    assert run("enrich", "--endpoint", model.url, "--model", "seer", database=index.path).returncode == 0
    assert model.requests == []  # only when it is named
    done = run("enrich", "captions", "--endpoint", model.url, "--model", "seer", database=index.path)
    assert done.returncode == 0 and "Enriched 1 caption in" in done.stdout


def test_kill_9_and_it_goes_on(index: Index, photos: Path, astronaut: Image.Image, model: Model) -> None:
    for number in range(8):
        astronaut.crop((number, 0, 400 + number, 300)).save(photos / f"{number}.jpg")
    index.scan([photos])
    index.enrich(["renditions"])

    def slowly(number: int, picture: bytes) -> Answer:
        time.sleep(0.2)
        return says(f"{number}")

    model.answer = slowly
    command = [
        sys.executable,
        "-m",
        "indexer",
        "--db",
        index.path,
        "enrich",
        "captions",
        "--endpoint",
        model.url,
        "--model",
        "x",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until(lambda: len(model.requests) == 4, what="four requests")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = index.enrichments.counts()["captions"][0]
    assert 3 <= done <= 4
    asked = len(model.requests)
    assert index.enrich(["captions"], endpoint=model.endpoint()).descriptions == 8 - done
    assert len(model.requests) == asked + 8 - done and None not in described(index).values()
