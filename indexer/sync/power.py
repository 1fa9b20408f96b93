"""Kind to the laptop: background work comes last, and may wait for the plug."""

from __future__ import annotations

import os
import sys
import time

import psutil

_ASK_SECONDS = 5.0


def work_in_background() -> None:
    """Let every other program go first, on the processor and on the disk. Processes started from now on do likewise."""
    me = psutil.Process()
    try:
        if sys.platform == "win32":
            me.nice(psutil.IDLE_PRIORITY_CLASS)
        else:
            os.nice(19)
        if sys.platform == "linux":
            me.ionice(psutil.IOPRIO_CLASS_IDLE)
    except (OSError, psutil.Error):
        return  # a system that does not let it be: the work is done all the same


class Battery:
    """Whether the machine runs on its battery; asked now and then, not at every file."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._in_use = False

    def in_use(self) -> bool:
        if time.monotonic() - self._asked_at > _ASK_SECONDS:
            self._asked_at = time.monotonic()
            battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
            self._in_use = battery is not None and battery.power_plugged is False
        return self._in_use
