"""indexer roots"""

from __future__ import annotations

import click

from indexer.errors import UsageError
from indexer.index import Index

from .options import UserPath, dry_run_option, json_option, pass_index
from .output import echo, plural, print_json


@click.command()
@click.option("--forget", metavar="FOLDER", help="Remove a folder from the index. Its photos are not touched.")
@click.option("--take-back", is_flag=True, help="Index photos again that you deleted from the index.")
@click.option("--library", metavar="NAME", help="Put FOLDER into this library, for the HTTP API.")
@click.argument("folder", required=False, type=UserPath())
@dry_run_option
@json_option
@pass_index
def command(
    index: Index,
    forget: str | None,
    take_back: bool,
    library: str | None,
    folder: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """List the indexed folders, forget one, or put it into a library.

    The records of a forgotten folder go to the trash; scanning the folder again brings them back as they were.
    """
    if (library is None) != (folder is None):
        raise UsageError("name a folder together with --library NAME")
    if library is not None and folder is not None:
        _put(index, folder, library, dry_run)
        return
    if take_back:
        with index.dry_run(dry_run):
            count = index.trash.unexclude()
        verb = "would no longer be" if dry_run else "are no longer"
        echo(f"{plural(count, 'photo')} {verb} excluded. The next scan indexes those that still exist.")
        return
    if forget is not None:
        _forget(index, forget, dry_run)
        return
    roots, counts = index.roots.list(), index.status.counts()
    if as_json:
        print_json([root._asdict() | {"files": counts.by_root.get(root.id, 0)} for root in roots])
        return
    for root in roots:
        state = f"  offline since {root.offline_at}: {root.offline_reason}" if root.offline_at else ""
        echo(f"{root.path}  {plural(counts.by_root.get(root.id, 0), 'file')}{state}")


def _put(index: Index, folder: str, name: str, dry_run: bool) -> None:
    root = index.roots.get(folder)
    libraries = [library for library in index.libraries.list() if name in (library.id, library.name)]
    if len(libraries) > 1:
        raise UsageError(f"several libraries are called '{name}': name one by its id")
    with index.dry_run(dry_run):
        index.libraries.assign(folder, libraries[0].id if libraries else index.libraries.create(name))
    new = "" if libraries else "the new library "
    echo(f"{root.path} {'would be' if dry_run else 'is'} in {new}{libraries[0].name if libraries else name}.")


def _forget(index: Index, folder: str, dry_run: bool) -> None:
    files = index.status.counts().by_root
    root = index.roots.get(folder)
    with index.dry_run(dry_run):
        index.roots.remove(folder)
    verb = "would be forgotten" if dry_run else "forgotten"
    echo(f"{root.path} {verb}: {plural(files.get(root.id, 0), 'file')}. Scan it again to restore the records.")
