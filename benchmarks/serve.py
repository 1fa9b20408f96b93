"""The HTTP API under load: the record of an asset against Datasette's of the same row, and against a constant of the
same size from the same server; pages; many clients; memory.

    python -m benchmarks.serve [--assets N] [--seconds S] [--rounds N] [--json]

Small JPEGs with Exif and coordinates, a hundred a folder, are scanned; then wrk (Debian: wrk) asks, on loopback, with
one worker of each server, in turn. Datasette has to be installed (pip install datasette); without it that line is left
out.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from PIL import Image

from indexer import Index
from indexer.serve.app import make_app
from indexer.serve.server import listen, serve
from indexer.serve.settings import Settings

from .measuring import Row, row

_IDS = 1000
_CLIENTS = 8
_MANY = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--constant", nargs=2, metavar=("INDEX", "BYTES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.constant:
        _serve_constant(Path(options.constant[0]), int(options.constant[1]))
        return
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as scratch:
        result = _measure(Path(scratch), options.assets, options.seconds, options.rounds)
    print(json.dumps(result, indent=2) if options.json else _lines(result))


def measure(scratch: Path, *, quick: bool) -> list[Row]:
    name = "the HTTP API"
    if shutil.which("wrk") is None:
        return [Row(name, absent="wrk is not installed")]
    found = _measure(scratch, *((5000, 2, 1) if quick else (100_000, 4, 3)))
    rows = [
        row(f"{name}: a record, of the rate of a constant", [found["of_constant"]], at_least=0.5),
        row(f"{name}: a page of 50, median", [found["page_of_50_milliseconds"]], "ms", at_most=5),
        row(f"{name}: errors with {_MANY} clients", [found["many_errors"]], "", at_most=0),
    ]
    if "times_datasette" in found:
        rows.append(row(f"{name}: a record, times the rate of Datasette", [found["times_datasette"]], at_least=5))
    else:
        rows.append(Row(f"{name}: a record, times the rate of Datasette", absent="Datasette is not installed"))
    return rows


def _make(folder: Path, count: int) -> None:
    """Each another photo, of another minute and place."""
    for number in range(count):
        place = folder / f"{number // 10_000:04d}" / f"{number // 100 % 100:02d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        if number % 1000 == 0:  # Exif is made anew now and then; in between only the bytes behind it differ
            moment = time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(1_000_000_000 + number * 3600))
            exif = Image.Exif()
            exif.update({0x010F: "Google", 0x0110: "Pixel 8"})
            exif.get_ifd(0x8769).update({0x9003: moment, 0x9011: "+02:00", 0x829A: 0.01, 0x829D: 1.8, 0x8827: 100})
            north, east = (30 + number * 7 % 20, 30.0, 0.0), (number * 3 % 20, 15.0, 0.0)
            exif.get_ifd(0x8825).update({1: "N", 2: north, 3: "E", 4: east})
            Image.new("RGB", (64, 48), (number % 256, 120, 40)).save(folder / "base.jpg", exif=exif)
            base = (folder / "base.jpg").read_bytes()
        (place / f"IMG_{number:07d}.jpg").write_bytes(base[:-2] + f"{number}".encode() + base[-2:])
    (folder / "base.jpg").unlink(missing_ok=True)


def _measure(scratch: Path, assets: int, seconds: int, rounds: int) -> dict[str, float]:
    database = scratch / "index.db"
    _make(scratch / "photos", assets)
    with Index.open(database) as index:
        index.scan([scratch / "photos"])
        index.enrich(["places"])
        ids = [row["id"] for row in index.query(f"SELECT id FROM asset ORDER BY random() LIMIT {_IDS}")]
        size = len(index.get_json(ids[0])) + 200
    ours = _Load(scratch, [f"/api/assets/{one}" for one in ids], seconds)
    pages = _Load(scratch, [f"/api/assets?limit=50&starting_after_id={one}" for one in ids], seconds)
    theirs = _Load(scratch, [f"/index/asset_json.json?id__exact={one}&_shape=array" for one in ids], seconds)
    own = [sys.executable, "-m", "indexer", "--db", str(database), "serve", "--port", "0"]
    result: dict[str, float] = {"assets": assets, "bytes": size}
    rates: dict[str, list[float]] = {"ours": [], "constant": [], "datasette": []}
    for _ in range(rounds):
        with server(own) as (url, _):
            rates["ours"].append(ours.run(url).rate)
        with server([sys.executable, "-m", "benchmarks.serve", "--constant", str(database), str(size)]) as (url, _):
            rates["constant"].append(_Load(scratch, ["/constant"], seconds).run(url).rate)
        if shutil.which("datasette"):
            with server(["datasette", "serve", "--port", "8999", str(database)]) as (url, _):
                rates["datasette"].append(theirs.run(url).rate)
    for name, found in rates.items():
        if found:
            result[f"{name}_per_second"] = statistics.median(found)
    result["of_constant"] = statistics.median(a / b for a, b in zip(rates["ours"], rates["constant"], strict=True))
    if rates["datasette"]:
        result["times_datasette"] = statistics.median(
            a / b for a, b in zip(rates["ours"], rates["datasette"], strict=True)
        )
    with server(own) as (url, process):
        one = pages.run(url, clients=1)
        result["page_of_50_milliseconds"] = one.median
        many = ours.run(url, clients=_MANY)
        result["many_clients"], result["many_per_second"], result["many_errors"] = _MANY, many.rate, many.errors
        before, asked = process.memory_info().rss, 0
        while asked < 100_000:
            asked += ours.run(url).requests
        result["memory"], result["memory_growth"] = process.memory_info().rss, process.memory_info().rss - before
        result["memory_requests"] = asked
    return result


class _Answers:
    """What wrk says of a run. median: milliseconds; errors: of sockets, and answers that were none of 2xx."""

    def __init__(self, text: str) -> None:
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
        self.requests = int(re.search(r"(\d+) requests in", text)[1])  # type: ignore[index]
        found = re.search(r"50%\s+([\d.]+)(us|ms|s)", text)
        assert found
        self.median = float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]
        socket = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        other = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        self.errors = sum(map(int, socket.groups())) if socket else 0
        self.errors += int(other[1]) if other else 0


class _Load:
    """Paths, asked for in turn, over and over."""

    def __init__(self, scratch: Path, paths: list[str], seconds: int) -> None:
        self._seconds = seconds
        self._script = scratch / f"load{abs(hash(tuple(paths)))}.lua"
        listed = ",".join(json.dumps(path) for path in paths)
        self._script.write_text(
            f"local paths, at = {{{listed}}}, 0\n"
            'function request() at = at % #paths + 1; return wrk.format("GET", paths[at]) end\n'
        )

    def run(self, url: str, clients: int = _CLIENTS) -> _Answers:
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{self._seconds}", "--latency", "-s", str(self._script), url],
            capture_output=True,
            text=True,
            check=True,
        )
        return _Answers(done.stdout)


@contextmanager
def server(command: list[str]) -> Iterator[tuple[str, psutil.Process]]:
    with tempfile.NamedTemporaryFile("r") as log:
        with open(log.name, "w") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            while not (found := re.search(r"http://[\d.]+:\d+", log.read() if log.seek(0) is not None else "")):
                if process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(log.read())
                time.sleep(0.1)
            for _ in range(50):
                try:
                    urllib.request.urlopen(found[0], timeout=5).close()
                except urllib.error.HTTPError:
                    break
                except OSError:
                    time.sleep(0.1)
                else:
                    break
            yield found[0], psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def _serve_constant(database: Path, size: int) -> None:
    """The same server with one route more, which does nothing."""
    from fastapi import Response

    from indexer.serve import server

    def with_constant(settings: Settings):  # type: ignore[no-untyped-def]
        app = make_app(settings)
        text = json.dumps({"text": "x" * (size - 11)})

        @app.get("/constant")
        async def constant() -> Response:
            return Response(text, media_type="application/json")

        return app

    server.make_app = with_constant
    bound = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    serve(Settings(database), bound, access_log=False)


def _lines(result: dict[str, float]) -> str:
    lines = [f"{result['assets']:,} assets, records of {result['bytes']:,} bytes"]
    lines.append(f"record: {result['ours_per_second']:,.0f} a second, {result['of_constant']:.2f} × a constant")
    if "times_datasette" in result:
        lines.append(
            f"        {result['times_datasette']:.1f} × Datasette ({result['datasette_per_second']:,.0f} a second)"
        )
    lines.append(f"page of 50: {result['page_of_50_milliseconds']:.2f} ms (median)")
    lines.append(
        f"{result['many_clients']:,} clients: {result['many_per_second']:,.0f} a second,"
        f" {result['many_errors']:,} errors"
    )
    lines.append(
        f"memory: {result['memory'] / 1e6:.0f} MB, {result['memory_growth'] / 1e6:+.1f} MB over"
        f" {result['memory_requests']:,} requests"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
