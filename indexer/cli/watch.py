"""indexer watch"""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING

import click

from indexer import Listener, Stop, SyncOptions
from indexer import paths as stored
from indexer.index import Index
from indexer.index.watch import Battery, work_in_background

from .options import UserPath, announce_max_cache, json_option, max_cache_option, pass_index, workers_option
from .output import echo, plural, print_json_line
from .progress import ScanBar
from .scan import outcome

if TYPE_CHECKING:
    from indexer import Change, Lost, Root, Summary

# Kind of change -> its label. Changes of the first scan are not printed one by one.
_LABELS = {"new": "new", "modified": "changed", "moved": "moved", "copied": "copy", "returned": "back"}


@click.command()
@click.argument("paths", nargs=-1, type=UserPath(readable=False))
@click.option(
    "--poll",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Poll at this interval instead of using file-system events.",
)
@click.option(
    "--poll-every",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Poll at this interval where there are no events: network mounts, folders without a watch.",
)
@click.option(
    "--rest",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must be unchanged before it is read.",
)
@click.option(
    "--rescan",
    type=click.FloatRange(min=1),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Rescan everything at this interval, events or not.",
)
@click.option(
    "--trash-after",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must be missing before its record goes to the trash.",
)
@click.option("--full-speed", is_flag=True, help="Do not run at low priority.")
@click.option("--pause-on-battery", is_flag=True, help="Pause while the machine runs on battery.")
@click.option("--no-enrich", is_flag=True, help="Only index: no places, previews or quality.")
@max_cache_option
@workers_option
@json_option
@pass_index
def command(
    index: Index,
    paths: tuple[str, ...],
    poll: float | None,
    poll_every: float,
    rest: float,
    rescan: float,
    trash_after: float,
    full_speed: bool,
    pause_on_battery: bool,
    no_enrich: bool,
    max_cache: int | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Scan, then follow changes until stopped (Ctrl-C, or SIGTERM).

    A photo is indexed once it settles: no program has it open for writing, and it was unchanged for a moment. A watch
    runs at low priority.
    """
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if not full_speed:
        work_in_background()
    printer = _Printer(as_json=as_json)
    announce_max_cache(max_cache)
    options = SyncOptions(
        rest_seconds=rest,
        rescan_seconds=rescan,
        poll_seconds=poll,
        poll_every=poll_every,
        trash_seconds=trash_after,
        is_paused=Battery().in_use if pause_on_battery else lambda: False,
    )
    index.watch(
        paths, stop=stop, options=options, listener=printer, workers=workers, enrich=not no_enrich, max_cache=max_cache
    )
    printer.message("Stopped.")


class _Printer(Listener):
    """Prints a line per change: time, kind, path. With as_json, a JSON object per line."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._bar = ScanBar() if sys.stderr.isatty() and not as_json else None
        self._scanned: set[int] = set()
        if self._bar is not None:
            self._bar.__enter__()

    def scanned(self, root: Root, summary: Summary) -> None:
        self._end_bar()
        first = root.id not in self._scanned
        self._scanned.add(root.id)
        if first or summary.files_changed or summary.gone:
            self._print(f"{root.path}: {outcome(summary)}", event="scanned", root=root.path, summary=summary.as_dict())
        if first and not self._as_json:
            self._print(f"Watching {root.path}. Ctrl-C stops.")

    def changed(self, root: Root, change: Change, asset_id: str) -> None:
        if root.id in self._scanned and change.kind in _LABELS:
            path = stored.join(change.stat.folder, change.stat.name)
            self._print(
                f"{_LABELS[change.kind]:8}{path}  {asset_id}",
                event=_LABELS[change.kind],
                root=root.path,
                path=path,
                asset_id=asset_id,
            )

    def lost(self, root: Root, lost: Lost) -> None:
        if root.id in self._scanned:
            details = f"/  {plural(lost.files, 'file')}" if lost.is_folder else f"  {lost.asset_id or ''}"
            self._print(
                f"{lost.kind:8}{lost.path}{details}".rstrip(),
                event=lost.kind,
                root=root.path,
                path=lost.path,
                **({"files": lost.files} if lost.is_folder else {"asset_id": lost.asset_id}),
            )

    def message(self, text: str) -> None:
        self._end_bar()
        self._print(text, event="message", message=text)

    def progress(self, summary: Summary) -> None:
        if self._bar is not None:
            self._bar.update(summary)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.__exit__()
            self._bar = None

    def _print(self, text: str, **fields: object) -> None:
        if self._as_json:
            if fields:
                print_json_line({"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **fields})
        else:
            echo(f"{time.strftime('%H:%M:%S')}  {text}")
