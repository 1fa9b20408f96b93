"""Opening the user's browser."""

from __future__ import annotations

import os
import sys

from .output import message


def open_browser(url: str) -> bool:
    """False, and a message, where there is none to open."""
    import webbrowser

    try:
        opened = _has_screen() and webbrowser.open(url)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        message(f"No browser could be opened. The gallery is at {url}", "warning")
    return opened


def _has_screen() -> bool:
    """Without one, `webbrowser` would start a browser in the terminal, on top of what is printed there."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
