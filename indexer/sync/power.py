"""Low priority for background work, and whether the machine runs on battery."""

from __future__ import annotations

import os
import sys
import time

import psutil

_CHECK_SECONDS = 5.0


def work_in_background() -> None:
    """Lower the CPU and disk priority of this process, and of processes it starts from now on."""
    process = psutil.Process()
    try:
        if sys.platform == "win32":
            process.nice(psutil.IDLE_PRIORITY_CLASS)
        else:
            os.nice(19)
        if sys.platform == "linux":
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
    except (OSError, psutil.Error):
        return  # not allowed on this system: work at normal priority


class Battery:
    """Whether the machine runs on battery; cached between checks, since it is queried for every file."""

    def __init__(self) -> None:
        self._checked_at = float("-inf")
        self._in_use = False

    def in_use(self) -> bool:
        if time.monotonic() - self._checked_at > _CHECK_SECONDS:
            self._checked_at = time.monotonic()
            battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
            self._in_use = battery is not None and battery.power_plugged is False
        return self._in_use
