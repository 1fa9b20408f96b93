"""indexer enrich"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from indexer.index import Index
from indexer.index.enrichments import CAPTIONS, NAMES

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
@click.option("--redo", is_flag=True, help="Reprocess all photos.")
@click.option("--retry", is_flag=True, help="Also process photos that failed before.")
@dry_run_option
@click.option("--failures", is_flag=True, help="Only list the failures, and why.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that decode pictures. Default: one per core.")
@click.option(
    "--endpoint",
    metavar="URL",
    envvar="INDEXER_ENDPOINT",
    help="The endpoint of a model that writes captions; ends with /v1.",
)
@click.option("--model", metavar="NAME", envvar="INDEXER_MODEL", help="The name of that model.")
@click.option(
    "--per-minute", type=click.FloatRange(min=0, min_open=True), help="At most this many requests per minute."
)
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
    """Compute places, previews, quality, faces and more.

    places (town, state, country and time zone of the coordinates), renditions (thumbnail and preview), quality
    (sharpness, exposure, noise), perceptual_hashes (for similar photos), faces (with the extra [faces]),
    image_embeddings (with the extra [semantic] and a CLIP model), portraits (of faces), full_text (the full-text
    index). Scan and watch do this for new and changed photos. Ctrl-C stops at any time; the next run resumes.

    Only when named: text (text in the picture, with the extra [text]; a second or two a photo), and captions, which
    sends previews, without Exif, to the model at --endpoint (its key: INDEXER_API_KEY) for a caption.
    """
    if failures:
        _print_failures(index, as_json=as_json, limit=None)
        return
    if dry_run:
        _print_due(index.enrichments.due(names, redo=redo, retry=retry), as_json=as_json)
        return
    captions_endpoint = None
    if CAPTIONS in names:
        from indexer import Endpoint

        captions_endpoint = Endpoint.of(endpoint, model, per_minute)
    with connected(cluster) as connection:
        summary = run_enrich(
            index,
            names,
            redo=redo,
            retry=retry,
            workers=workers,
            cluster=connection,
            max_cache=max_cache,
            endpoint=captions_endpoint,
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
    """Enrich with a progress bar. Returns None, after a message, if the user stopped it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    show = shows_bar(as_json=quiet)
    announce_max_cache(options.get("max_cache"))  # type: ignore[arg-type]
    bar = EnrichBar() if show else None
    try:
        summary = index.enrich(names, on_progress=bar.update if bar else lambda summary: None, **options)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        if bar:
            bar.close()
        message("Stopped; the results so far are kept. 'indexer enrich' resumes here.")
        return None
    if bar:
        bar.close()
    for name, reason in summary.left_out.items():
        message(f"{name} was skipped: {reason}: 'indexer doctor' suggests what to do", "warning")
    return summary


def outcome(summary: EnrichSummary) -> str:
    """The result of a run, in one line."""
    counts = {
        "photo": summary.pictures,
        "place": summary.places,
        "caption": summary.descriptions,
        "portrait": summary.portraits,
    }
    done = [plural(count, noun) for noun, count in counts.items() if count]
    parts = [f"Enriched {_and(done)} in {summary.seconds:.1f} s" if done else "Nothing to enrich"]
    if summary.failed:
        parts.append(f"{summary.failed:,} failed ('indexer enrich --failures')")
    if summary.out_of_reach:
        parts.append(f"{plural(summary.out_of_reach, 'photo')} cannot be reached now")
    if summary.held_back:
        parts.append(f"{plural(summary.held_back, 'photo')} without previews: the cache is full (--max-cache)")
    return "; ".join(parts) + "."


def _and(texts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def _print_due(due: Mapping[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json(due)
        return
    counts = [plural(count, noun[:-1]) for noun, count in due.items() if count]
    echo(f"Would enrich {_and(counts) or 'nothing'}.")


def _print_failures(index: Index, *, as_json: bool, limit: int | None) -> None:
    failures = index.enrichments.failures()
    if as_json:
        print_json([failure._asdict() for failure in failures])
        return
    for failure in failures[:limit]:
        echo(f"  {failure.path or failure.asset_id}  {failure.enricher}: {failure.error}")
    if limit is not None and len(failures) > limit:
        echo(f"  … and {len(failures) - limit:,} more: 'indexer enrich --failures' lists them")
