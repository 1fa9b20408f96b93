"""indexer people"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from indexer.errors import UsageError
from indexer.index import Index

from .options import UserPath, dry_run_option, json_option, pass_index
from .output import echo, plural, print_json

if TYPE_CHECKING:
    from PIL.Image import Image

    from indexer import Person


@click.group()
def command() -> None:
    """Name, merge, split and hide the people in photos.

    PERSON is an id or its beginning, the id of one of their faces, or a name. Later scans never override your edits;
    'indexer undo' reverts them.
    """


@command.command("list")
@click.option("--all", "everybody", is_flag=True, help="Include hidden people, and unknown ones in a single photo.")
@click.option("--sheet", type=UserPath(dir_okay=False), metavar="FILE.jpg", help="Save a picture of their faces.")
@json_option
@pass_index
def show_all(index: Index, everybody: bool, sheet: str | None, as_json: bool) -> None:
    """List people: favorites first, then named ones, then unknown ones; those in most photos first."""
    people = index.people.list()
    shown = [
        person
        for person in people
        if everybody or (not person.is_hidden and (person.name or person.is_favorite or person.assets > 1))
    ]
    if sheet is not None:
        _save(index.people.sheet(shown), sheet)
    if as_json:
        print_json([person._asdict() for person in shown])
        return
    for person in shown:
        echo(_line(person))
    if not people:
        echo("There are no people yet: 'indexer enrich faces' finds them.")
    elif omitted := len(people) - len(shown):
        more = "1 more person is" if omitted == 1 else f"{omitted:,} more people are"
        echo(f"{more} hidden, or unknown and in one photo only; show with --all.")


@command.command()
@click.argument("person")
@click.option("--portrait", type=UserPath(dir_okay=False), metavar="FILE.jpg", help="Save a picture of the face.")
@json_option
@pass_index
def show(index: Index, person: str, portrait: str | None, as_json: bool) -> None:
    """Show a person and where their faces are."""
    shown, faces = index.people.get(person), index.people.faces(person)
    if portrait is not None:
        _save(index.people.portrait(person), portrait)
    if as_json:
        print_json({**shown._asdict(), "faces": [face._asdict() for face in faces]})
        return
    echo(_line(shown))
    for face in faces:
        at = f" at {face.timestamp_ms / 1000:.1f} s" if face.timestamp_ms is not None else ""
        box = f"{face.w}×{face.h} at {face.x},{face.y}"
        echo(f"  {face.id}  {face.path or face.asset_id}{at}  {box}  assigned by {face.assigned_by}")


@command.command()
@click.argument("person")
@click.argument("name")
@dry_run_option
@pass_index
def name(index: Index, person: str, name: str, dry_run: bool) -> None:
    """Name a person. If another one has that name already, the two are merged. '' removes the name."""
    with index.dry_run(dry_run):
        named = index.people.name(person, name)
    _echo_changed(named, dry_run)


@command.command("set")
@click.argument("person")
@click.option("--birth-date", metavar="YYYY-MM-DD", help="'' removes it.")
@click.option("--favorite/--no-favorite", "is_favorite", default=None, help="Favorites are listed first.")
@click.option("--thumbnail", "thumbnail_face_id", metavar="FACE", help="The face to show.")
@dry_run_option
@pass_index
def set_values(index: Index, person: str, dry_run: bool, **values: str | bool | None) -> None:
    """Set the birth date, favorite and thumbnail of a person."""
    changes = {key: value or (None if value == "" else value) for key, value in values.items() if value is not None}
    if not changes:
        raise click.UsageError("Name what to set: --birth-date, --favorite or --thumbnail.")
    with index.dry_run(dry_run):
        changed = index.people.set(person, **changes)
    _echo_changed(changed, dry_run)


@command.command()
@click.argument("others", nargs=-1, required=True, metavar="PERSON...")
@click.argument("into", metavar="INTO")
@dry_run_option
@pass_index
def merge(index: Index, others: tuple[str, ...], into: str, dry_run: bool) -> None:
    """Merge people into one: INTO, the last one named."""
    with index.dry_run(dry_run):
        merged = index.people.merge(others, into)
    _echo_changed(merged, dry_run)


@command.command()
@click.argument("person")
@click.argument("faces", nargs=-1, required=True, metavar="FACE|PHOTO...")
@click.option("--to", "into", metavar="PERSON", help="Assign them to this person. Default: a new one.")
@dry_run_option
@pass_index
def split(index: Index, person: str, faces: tuple[str, ...], into: str | None, dry_run: bool) -> None:
    """Take faces away from a person. They are never assigned to that person again."""
    with index.dry_run(dry_run):
        split_off = index.people.split(person, faces, into)
    _echo_changed(split_off, dry_run)


@command.command()
@click.argument("people", nargs=-1, required=True, metavar="PERSON...")
@click.option("--show", "is_shown", is_flag=True, help="Show them again.")
@dry_run_option
@pass_index
def hide(index: Index, people: tuple[str, ...], is_shown: bool, dry_run: bool) -> None:
    """Hide people from the list. Their faces stay in the records."""
    with index.dry_run(dry_run):
        changed = index.people.hide(people, not is_shown)
    for person in changed:
        _echo_changed(person, dry_run)


def _echo_changed(person: Person, dry_run: bool) -> None:
    # Without the id: a new person gets another one in the real run.
    echo(f"Would be: {_line(person).partition('  ')[2].strip()}" if dry_run else _line(person))


def _save(image: Image, path: str) -> None:
    try:
        image.save(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {path}: {error}") from error


def _line(person: Person) -> str:
    parts = [person.id, f"{person.name or 'unknown':24}", f"{plural(person.assets, 'photo'):>10}"]
    parts += [f"born {person.birth_date}"] * bool(person.birth_date)
    parts += ["favorite"] * person.is_favorite + ["hidden"] * person.is_hidden
    return "  ".join(parts)
