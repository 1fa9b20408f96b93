"""indexer enrich"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from indexer.index import Index
from indexer.index.enrichments import DESCRIBE, NAMES

from .options import (
    announce_max_cache,
    cluster_option,
    connected,
    dry_run_option,
    json_option,
    max_cache_option,
    pass_index,
)
from .output import echo, message, plural, print_json
from .progress import EnrichBar, shows_bar

if TYPE_CHECKING:
    from indexer import EnrichSummary

_SHOWN_FAILURES = 10


@click.command()
@click.argument("names", nargs=-1, metavar=f"[{'|'.join(NAMES)}]...")
@click.option("--redo", is_flag=True, help="Of all photos, also those that were seen already.")
@click.option("--retry", is_flag=True, help="Also of those where it failed before.")
@dry_run_option("Only say how much there is to be seen.")
@click.option("--failures", is_flag=True, help="Only list where it failed, and why.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that decode pictures. Default: one a core.")
@click.option("--endpoint", metavar="URL", envvar="INDEXER_ENDPOINT", help="Of a model to describe photos, up to /v1.")
@click.option("--model", metavar="NAME", envvar="INDEXER_MODEL", help="Which model, for describe.")
@click.option("--per-minute", type=click.FloatRange(min=0, min_open=True), help="Ask it no more often than so.")
@cluster_option
@max_cache_option
@json_option
@pass_index
def command(
    index: Index,
    names: tuple[str, ...],
    redo: bool,
    retry: bool,
    dry_run: bool,
    failures: bool,
    workers: int | None,
    endpoint: str | None,
    model: str | None,
    per_minute: float | None,
    cluster: str | None,
    max_cache: int | None,
    as_json: bool,
) -> None:
    """Work out what can be told of photos.

    places (town, state, country and time zone of the coordinates), variants (thumbnail and preview), quality (figures
    of sharpness, exposure, noise), appearance (what look-alikes are found by), faces (with the extra [faces]), meaning
    (with the extra [semantic] and a CLIP model), portraits (of faces that were found, or that files name), words (what
    'search' looks in). Scan and watch do this by themselves for new and changed photos. Ctrl-C stops at any time; the
    next run goes on.

    Only when they are named: text (words in the picture, with the extra [text]; a second or two a photo), and describe,
    which sends previews, without Exif, to the model at --endpoint (its key: INDEXER_API_KEY), and asks for a sentence.
    """
    if failures:
        _print_failures(index, as_json=as_json, limit=None)
        return
    if dry_run:
        due = index.enrichments.due(names, redo=redo, retry=retry)
        if as_json:
            print_json(due)
        else:
            words = [plural(count, what[:-1]) for what, count in due.items() if count]
            echo(f"Would be seen: {' and '.join(words) or 'nothing'}.")
        return
    describer = None
    if DESCRIBE in names:
        from indexer import Endpoint

        describer = Endpoint.of(endpoint, model, per_minute)
    with connected(cluster) as away:
        summary = run_enrich(
            index,
            names,
            redo=redo,
            retry=retry,
            workers=workers,
            cluster=away,
            max_cache=max_cache,
            endpoint=describer,
            quiet=as_json,
        )
    if summary is None:
        raise SystemExit(130)
    if as_json:
        print_json(summary.as_dict())
        return
    echo(outcome(summary))
    if summary.failed:
        _print_failures(index, as_json=False, limit=_SHOWN_FAILURES)


def run_enrich(index: Index, names: tuple[str, ...] = (), *, quiet: bool, **options: object) -> EnrichSummary | None:
    """Enrich with a progress bar; None: the user stopped it, and was told so."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    show = shows_bar(as_json=quiet)
    announce_max_cache(options.get("max_cache"))  # type: ignore[arg-type]
    bar = EnrichBar() if show else None
    try:
        summary = index.enrich(names, on_progress=bar.update if bar else lambda one: None, **options)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        if bar:
            bar.close()
        message("Stopped; what was worked out stays. 'indexer enrich' goes on from here.")
        return None
    if bar:
        bar.close()
    for name, why in summary.left_out.items():
        message(f"{name} was left out: {why}: 'indexer doctor' says what to do", "warning")
    return summary


def outcome(summary: EnrichSummary) -> str:
    """What a run did, in a line."""
    counts = {"picture": summary.pictures, "place": summary.places, "description": summary.descriptions}
    seen = [plural(count, what) for what, count in counts.items() if count]
    if summary.portraits:
        seen.append(plural(summary.portraits, "photo of people", "photos of people"))
    words = [f"{' and '.join(seen) or 'Nothing new'} seen in {summary.seconds:.1f} s"]
    if summary.failed:
        words.append(f"{summary.failed:,} failed")
    if summary.out_of_reach:
        words.append(f"{summary.out_of_reach:,} out of reach now")
    if summary.held_back:
        words.append(f"{summary.held_back:,} without previews, for the cache is full (--max-cache)")
    return ", ".join(words) + "."


def _print_failures(index: Index, *, as_json: bool, limit: int | None) -> None:
    found = index.enrichments.failures()
    if as_json:
        print_json([one._asdict() for one in found])
        return
    for one in found[:limit]:
        echo(f"  {one.path or one.asset_id}  {one.enricher}: {one.error}")
    if limit is not None and len(found) > limit:
        echo(f"  … and {len(found) - limit:,} more: 'indexer enrich --failures' lists them")
