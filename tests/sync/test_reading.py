"""Files read as a batch give the same results as one by one, however many batches are read at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from indexer.media.read import read_media
from indexer.sync.reading import GROUP
from indexer.sync.requests import ReadRequest
from indexer.sync.worker import read_files

from ..conftest import jpeg


def test_groups_are_read_as_each_file_alone(samples: Path, tmp_path: Path) -> None:
    paths = sorted(path for path in samples.rglob("*.*") if path.is_file())
    for number in range(2 * GROUP):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(jpeg(number) + bytes(number * 7000))
    alone = [read_media(path) for path in paths]
    orders = [ReadRequest(str(path)) for path in paths]
    assert [one.facts for one in read_files(orders)] == alone
    with ThreadPoolExecutor(4) as threads:
        for readings in threads.map(read_files, [orders] * 8):
            assert [one.facts for one in readings] == alone


def test_what_cannot_be_read_is_said_and_the_others_are(tmp_path: Path) -> None:
    sound = tmp_path / "sound.jpg"
    sound.write_bytes(jpeg("sound"))
    missing, folder, read = read_files([ReadRequest(str(one)) for one in (tmp_path / "none.jpg", tmp_path, sound)])
    assert missing.error == "No such file or directory" and folder.error
    assert read.facts == read_media(sound)
