"""Default paths on this machine, and its name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import UsageError

# Files derived from photos are next to the index, in a folder of its name with this ending.
CACHE_SUFFIX = ".indexer-cache"
# Megabytes that a picture may take to be decoded.
_MEMORY, _MOST_MEMORY = 512, 1024


def expanded(path: str | os.PathLike[str]) -> str:
    """A path as a user gives it, with `~` expanded. Raises UsageError for an empty one, e.g. from an unset variable:
    the system would treat it as the current folder."""
    if not os.fspath(path):
        raise UsageError("a path is empty, as when it comes from a variable that is not set; '.' is the current folder")
    return os.path.expanduser(os.fspath(path))  # pathlib's raises for a file called ~a.jpg


def given(path: str | os.PathLike[str]) -> Path:
    """As `expanded`, for callers that use a Path, which drops the `./` of `./~a`: expand it only once."""
    return Path(expanded(path))


def cache_folder(database: Path) -> Path:
    return database.absolute().with_name(database.name + CACHE_SUFFIX)


def originals_folder(database: Path, library_id: str | None) -> Path:
    """The folder for uploads to a library; None: the default library."""
    return database.absolute().with_name(f"{database.name}.originals" + (f".{library_id}" if library_id else ""))


def default_database() -> Path:
    """INDEXER_DB, else the platform's data folder for this user."""
    named = os.environ.get("INDEXER_DB")
    if named:
        return given(named)
    from platformdirs import user_data_path

    return user_data_path("indexer") / "index.db"


def models_folder() -> Path:
    """The folder for models that the user provides: INDEXER_MODELS, else one next to the default index."""
    named = os.environ.get("INDEXER_MODELS")
    if named:
        return given(named)
    from platformdirs import user_data_path

    return user_data_path("indexer") / "models"


def picture_memory() -> int:
    """Bytes that a picture may take to be decoded: INDEXER_MEMORY, in megabytes up to 1024, else 512. Raises UsageError
    for any other value."""
    named = os.environ.get("INDEXER_MEMORY", "").strip()
    number = named.lower().removesuffix("mb").rstrip()
    if named and not (number.isdecimal() and int(number)):
        raise UsageError(f"INDEXER_MEMORY is '{named}'; use a number of megabytes up to {_MOST_MEMORY}, as in 800")
    return min(int(number or _MEMORY), _MOST_MEMORY) * 1024**2


def machine_name() -> str:
    """A text that stays the same on this machine: INDEXER_DEVICE, the system's machine id, else the host's name."""
    import platform

    return os.environ.get("INDEXER_DEVICE") or _machine_id() or platform.node()


def _machine_id() -> str | None:
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    for place in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(place).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if text and text != "uninitialized":
            return text
    return None
