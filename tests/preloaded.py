"""The real command as a process that is forked from one that has imported everything already.

A command imports for up to 0.4 s of processor time, a server for over a second, and the tests start thousands. Each
process that runs tests keeps one that has imported what commands import, and does nothing else. Asked to, it forks: the
child takes over the standard streams, working directory and environment that it is given, and runs `indexer` as
`python -m indexer` does. It becomes a child of the test's process, so that `Popen` waits for it, and kills it, as for
any other.

A test of how Python starts (what is imported, `PYTHON…` variables, `sitecustomize`, the locale, memory) needs a real
start: it uses `subprocess`. So does `Command` itself elsewhere than on Linux, in the long profile, and with options
that a fork cannot follow.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import inspect
import io
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_TOP = Path(__file__).parents[1]
_PREFIX = [sys.executable, "-m", "indexer"]
# What is read when Python or a C library starts: where these differ, so would a real start.
# Not LD_LIBRARY_PATH, which OpenCV sets when it is imported.
_AT_START = ("PYTHON", "LC_", "LANG", "LD_PRELOAD", "MALLOC_", "OPENBLAS_")
# Nothing is forked in the long profile.
always_real = False
_PR_SET_CHILD_SUBREAPER = 36
_MOST_BYTES = 1 << 20  # of a request: its arguments and its environment


def interruptible() -> None:
    """For a process that is to get SIGINT, though the tests may run where a shell has it ignored (`pytest &`)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Command(subprocess.Popen[Any]):
    """`python -m indexer` with these arguments. prefix: a program that starts it; is_real: not by a fork; code: runs
    before it, in this process and not in those it starts. Other options are those of Popen."""

    def __init__(
        self,
        arguments: Sequence[object],
        *,
        prefix: Sequence[str] = (),
        is_real: bool = False,
        code: str = "",
        **options: Any,
    ) -> None:
        self._can_fork, self._code = sys.platform == "linux" and not (prefix or is_real or always_real), code
        super().__init__([*prefix, *_PREFIX, *map(str, arguments)], **options)

    def _execute_child(self, *given: Any, **named: Any) -> None:
        start = super()._execute_child  # type: ignore[misc]
        bound = inspect.signature(start).bind(*given, **named)
        options = bound.arguments
        if not (self._can_fork and _can_follow(options)):
            if self._code:
                self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
                environment = os.environ if options["env"] is None else options["env"]
                options["env"] = {**environment, **customized(Path(self._folder.name), self._code)}
            start(*bound.args, **bound.kwargs)
            return
        streams = [options[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        self.pid = _fork(
            [0 if at == -1 else at for at in streams[:1]]
            + [number if at == -1 else at for number, at in enumerate(streams[1:], 1)],
            arguments=[os.fspath(one) for one in options["args"][len(_PREFIX) :]],
            cwd=os.path.abspath(options["cwd"] or os.curdir),
            umask=_umask(),
            niceness=os.nice(0),
            limits=_limits(),
            ignored=_ignored(),
            environment=dict(os.environ if options["env"] is None else options["env"]),
            is_interruptible=options["preexec_fn"] is interruptible,
            has_session=bool(options["start_new_session"]),
            code=self._code,
        )
        self._child_created = True
        names = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(options[name] for name in names))  # type: ignore[attr-defined]


def run(
    arguments: Sequence[object], timeout: float, input: str | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """subprocess.run(), capturing text, for a Command."""
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with Command(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def customized(folder: Path, code: str) -> dict[str, str]:
    """What to have in the environment so that this code runs at the start of each Python."""
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if name.startswith(_AT_START) and name != "PYTHONUNBUFFERED"
    }


def _can_follow(options: dict[str, Any]) -> bool:
    environment = os.environ if options["env"] is None else options["env"]
    return (
        options["preexec_fn"] in (None, interruptible)
        and options["close_fds"]
        and not options["pass_fds"]
        and not options["shell"]
        and options["umask"] < 0
        and all(options[name] is None for name in ("uid", "gid", "gids"))
        and options.get("process_group", -1) == -1
        and _at_start(environment) == _AS_STARTED
        and _users() == _USERS
    )


# What a process has of the one that starts it, and tests may change for a while. On Linux; elsewhere nothing is forked.


def _users() -> list[str]:
    if sys.platform != "linux":
        return []
    names = ("Uid:", "Gid:", "Groups:", "Cpus_allowed:")
    return [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(names)]


def _limits() -> dict[str, list[int]]:
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: list(resource.getrlimit(getattr(resource, name))) for name in names}


def _ignored() -> list[int]:
    return [int(number) for number in signal.valid_signals() if signal.getsignal(number) is signal.SIG_IGN]


# The tests' side

# Where no bytecode may be written, each process that starts would compile all of our modules: half a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
_ENVIRONMENT = dict(os.environ)
_AS_STARTED = _at_start(_ENVIRONMENT)
_USERS = _users()
_lock = threading.Lock()
_connection: socket.socket | None = None


def _fork(streams: list[int], **request: Any) -> int:
    """The process id of the new child of this process."""
    global _connection
    message = json.dumps(request).encode()
    assert len(message) < _MOST_BYTES
    with _lock:
        if _connection is None:
            _connection = _preload()
        # Orphans of its descendants become children of this process for as long as it says so: the new process is one,
        # since what forked it has ended.
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        assert prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        try:
            socket.send_fds(_connection, [len(message).to_bytes(4, "big")], streams)
            _connection.sendall(message)
            answer = _connection.recv(4)
        finally:
            prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    assert len(answer) == 4, "the process that forks commands has ended"
    return int.from_bytes(answer, "big")


def _umask() -> int:
    """Of this process."""
    mask = os.umask(0o077)  # reading it sets it
    os.umask(mask)
    return mask


def _preload() -> socket.socket:
    ours, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=_TOP,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    return ours


# The process that forks


def _import_all() -> None:
    """All of ours; each imports what it needs of others'."""
    import indexer.cli

    for module in pkgutil.walk_packages(indexer.__path__, "indexer."):
        if module.name != "indexer.__main__":
            importlib.import_module(module.name)
    for name in list(vars(indexer.cli)):
        if f"indexer.cli.{name}" in sys.modules:  # as when only one command was imported: `list` is the built-in
            delattr(indexer.cli, name)


def _wait_for_request(connection: socket.socket) -> dict[str, Any]:
    """Returns in the child only, as the process that it is to be."""
    while True:
        head, streams, _, _ = socket.recv_fds(connection, 4, 3)
        if not head:
            os._exit(0)
        message = b""
        while len(message) < int.from_bytes(head, "big"):
            message += connection.recv(_MOST_BYTES)
        told, tell = os.pipe()
        go, hold = os.pipe()
        between = os.fork()
        if between == 0:
            try:
                child = os.fork()
            except OSError:
                os._exit(1)
            if child != 0:
                os.write(tell, child.to_bytes(4, "big"))
                os._exit(0)
            connection.close()
            os.close(hold)
            os.read(go, 1)  # until it is a child of the test's process
            for descriptor in (told, tell, go):
                os.close(descriptor)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            request: dict[str, Any] = json.loads(message)
            return request
        os.close(tell)  # so that the reading ends if no child was made
        os.waitpid(between, 0)
        connection.sendall(os.read(told, 4) or bytes(1))
        for descriptor in (told, go, hold, *streams):
            os.close(descriptor)


def _become(
    arguments: list[str],
    cwd: str,
    umask: int,
    niceness: int,
    limits: dict[str, list[int]],
    ignored: list[int],
    environment: dict[str, str],
    is_interruptible: bool,
    has_session: bool,
    code: str,
) -> None:
    import resource

    for name, (soft, hard) in limits.items():
        if list(resource.getrlimit(getattr(resource, name))) != [soft, hard]:
            resource.setrlimit(getattr(resource, name), (soft, hard))
    if niceness > os.nice(0):
        os.nice(niceness - os.nice(0))
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    if has_session:
        os.setsid()
    if is_interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path[0] = cwd
    sys.argv[1:] = arguments
    sys.orig_argv[:] = [*_PREFIX, *arguments]
    is_raw = bool(environment.get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = _stream(0, "r", sys.stdin, is_raw=False)
    sys.stdout = sys.__stdout__ = _stream(1, "w", sys.stdout, is_raw=is_raw)
    sys.stderr = sys.__stderr__ = _stream(2, "w", sys.stderr, is_raw=is_raw)
    exec(code, {})


def _stream(number: int, mode: str, known: Any, *, is_raw: bool) -> Any:
    """As Python opens its own."""
    binary = open(number, f"{mode}b", buffering=0 if is_raw else -1, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(
        binary,
        encoding=known.encoding,
        errors=known.errors,
        line_buffering=number == 2 or binary.isatty(),
        write_through=is_raw,
    )


def _run() -> None:
    """Runs the command. An ordinary end is cut short: what is to happen then happens, but the interpreter does not take
    down a thousand modules, which costs more than most commands."""
    import runpy

    try:
        runpy.run_module("indexer", run_name="__main__", alter_sys=True)
        code: Any = 0
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):
            raise
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path[0] = str(_TOP)
    _import_all()
    gc.collect()
    gc.freeze()
    _become(**_wait_for_request(socket.socket(fileno=int(sys.argv[1]))))
    _run()
