"""Open the user's browser."""

from __future__ import annotations

import os
import sys

from .output import message


def open_browser(url: str) -> bool:
    """Open a page. Prints a message and returns False if that fails."""
    import webbrowser

    try:
        opened = _has_screen() and webbrowser.open(url)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        message(f"No browser could be opened. The gallery is at {url}", "warning")
    return opened


def _has_screen() -> bool:
    """Whether there is a screen. Without one, `webbrowser` would start a text browser in the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
