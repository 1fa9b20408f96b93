"""The commands in the README do what it shows. Its two set-up commands are run by .ci/run, on a clean checkout."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from indexer import Index

from ..conftest import SAMPLES, Command, interruptible, run, until

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def block(after: str, language: str) -> list[str]:
    """The lines of the first code block in that language after a heading."""
    found = re.search(rf"```{language}\n(.*?)```", README[README.index(after) :], re.DOTALL)
    assert found
    return found[1].strip().splitlines()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder whose Pictures hold the samples, two of them under the names that the README uses."""
    pictures = tmp_path / "Pictures"
    shutil.copytree(SAMPLES, pictures)
    shutil.copyfile(pictures / "Kyoto" / "DSC00123.JPG", pictures / "IMG_1.jpg")
    (pictures / "IMG_2.jpg").write_bytes(b"")
    shutil.copyfile(pictures / "Sydney" / "PXL_20240420_013155000.MP.jpg", pictures / "IMG_3.MP.jpg")
    return tmp_path


def test_every_command_shown_runs(home: Path) -> None:
    environment = {**os.environ, "HOME": str(home), "INDEXER_DB": str(home / "index.db")}
    environment["PYTHONPATH"], environment["PYTHONUNBUFFERED"] = str(Path(__file__).parents[2]), "1"
    out = home / "out"
    commands = [line.partition(" #")[0].strip() for line in block("## On your own photos", "sh")]
    assert len(commands) == 24
    with Index.open(home / "laptop.db") as laptop:  # as brought along from elsewhere
        laptop.scan([SAMPLES])
    for command in commands:
        command = command.replace("indexer", f"{sys.executable} -m indexer", 1)
        with out.open("w") as stdout:
            process = subprocess.Popen(
                ["bash", "-c", "exec " + command],
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
                cwd=home,
                preexec_fn=interruptible,
            )
        if " watch " in command:
            until(lambda at=process: "Watching" in out.read_text() or at.poll() is not None, what="watching")  # type: ignore[misc]
            process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=180)
        assert (process.returncode, stderr) == (0, ""), command
        assert out.read_text(), command


def test_the_gallery_is_opened_as_shown(home: Path) -> None:
    (shown,) = block("## Look at them", "sh")
    assert run("scan", home / "Pictures", database=home / "index.db").returncode == 0
    browser = home / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" > "{home / "address"}.part" && mv "{home / "address"}.part" "{home / "address"}"\n'
    )
    browser.chmod(0o755)
    process = subprocess.Popen(
        ["bash", "-c", f"exec {shown.replace('indexer', f'{sys.executable} -m indexer', 1)} --port 0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={**os.environ, "BROWSER": str(browser), "PYTHONPATH": str(SAMPLES.parent)},
    )
    try:
        until(lambda: (home / "address").exists(), what="the browser")
        page = httpx.get((home / "address").read_text().strip())
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=180) == 0


def test_the_python_shown_runs(home: Path) -> None:
    shutil.copytree(SAMPLES, home / "sample_media")
    code = "\n".join(block("## From Python", "python"))
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("Pixel 8 2024-04-12T20:41:15.12+02:00\n", "")


def test_the_cloud_client_shown_finds_the_photos(home: Path) -> None:
    database = home / "index.db"
    assert run("scan", home / "Pictures", database=database).returncode == 0
    assert run("enrich", "places", database=database).returncode == 0
    with (home / "log").open("w") as log:
        server = Command(["--db", database, "serve", "--port", 0], stdout=log, stderr=log)
    try:
        until(lambda: "Serving" in (home / "log").read_text(), what="the server")
        at = re.search(r"http://[\d.:]+", (home / "log").read_text())
        assert at
        code = "\n".join(block("## From the cloud's own client", "python")).replace("http://127.0.0.1:8765", at[0])
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    finally:
        server.terminate()
        server.wait()
    assert done.stderr == ""
    assert "2024-04-12 20:41:15.120000+02:00 Pixel 8 http://" in done.stdout


def test_the_sql_shown_finds_the_record(home: Path) -> None:
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("the sqlite3 command is not installed")
    database = home / "index.db"
    assert run("scan", home / "Pictures", database=database).returncode == 0
    (command,) = block("## From SQL", "sh")
    done = subprocess.run(["bash", "-c", command], cwd=home, capture_output=True, text=True, check=True)
    photo = home / "Pictures" / "Paris" / "PXL_20240412_184115120.jpg"
    assert done.stdout == run("get", photo, database=database).stdout


def test_each_promise_is_held_by_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    start = README.index("## What it promises")
    promised = re.findall(r"`(test_\w+)`", README[start : README.index("\n## ", start + 3)])
    assert len(promised) > 30
    assert [name for name in promised if f"def {name}(" not in tests] == []


def test_the_commands_about_people_run(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ids of people who are there in the place of those shown."""
    from ..enrich.faces.tiny import picture, save_detector, save_embedder

    monkeypatch.setenv("INDEXER_MODELS", str(tmp_path / "models"))
    save_detector(tmp_path / "models" / "faces" / "detector.onnx", "yunet")
    save_embedder(tmp_path / "models" / "faces" / "embedder.onnx")
    for number, people in enumerate(((1, 2), (2, 1), (2, 3))):
        picture({(16 + 104 * place, 64): who for place, who in enumerate(people)}, noise=number + 1).save(
            photos / f"{number}.png"
        )
    with Index.open(tmp_path / "index.db") as index:
        index.scan([photos])
        index.enrich()
        ada, other, _ = (one.id.removeprefix("person_") for one in index.people.list())
        commands = block("You name people", "sh")
        assert len(commands) == 4
        for line in commands:
            command = (
                line.partition(" #")[0].strip().replace("indexer", f"{sys.executable} -m indexer --db index.db", 1)
            )
            command = command.replace("EAdqhTB7", ada[:8]).replace("bUNTxUHP", other[:8])
            if "face_…" in command:
                command = command.replace("face_…", index.people.faces("Ada Lovelace")[0].id)
            done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (0, ""), command
            assert done.stdout, command
        assert (tmp_path / "people.jpg").is_file()
        assert len(index.people.faces("Ada Lovelace")) == 4
