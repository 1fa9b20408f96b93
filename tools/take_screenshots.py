"""Take the README's screenshots, of the gallery with sample_media: docs/images/timeline.jpg and viewer.jpg.

    python tools/take_screenshots.py

Needs the package with its gallery and the extra [test], and Debian's chromium. To be run when the gallery looks
different."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TOP = Path(__file__).resolve().parents[1]
IMAGES = TOP / "docs" / "images"
SIZE = {"width": 1280, "height": 760}
SHOWN = "PXL_20240412_184115120.jpg"


def main() -> None:
    program = shutil.which("chromium") or sys.exit("there is no chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "indexer", "--db", str(Path(folder, "index.db"))]
        subprocess.run([*command, "scan", str(TOP / "sample_media")], check=True)
        server = subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found is not None
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport=SIZE)
            page.goto(found[0])
            page.mouse.move(400, 300)
            page.keyboard.down("Control")
            page.mouse.wheel(0, 300)  # smaller tiles
            page.keyboard.up("Control")
            page.mouse.move(700, 20)
            take(page, "timeline")
            page.goto(f"{found[0]}?q=name:{SHOWN.partition('.')[0]}")
            page.locator("[role=gridcell] a").first.click()
            page.keyboard.press("i")
            page.mouse.move(400, 600)
            page.wait_for_selector("text=On disk")
            take(page, "viewer")
            browser.close()
        finally:
            server.terminate()
            server.wait()


def take(page: Page, name: str) -> None:
    page.wait_for_selector("[role=gridcell] img[src]")
    page.wait_for_load_state("load")
    page.wait_for_timeout(2500)  # thumbnails are made, and nothing moves
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=82)


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
