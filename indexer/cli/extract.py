"""indexer extract"""

from __future__ import annotations

from pathlib import Path

import click

from indexer.errors import UsageError
from indexer.index import Index

from .options import UserPath, pass_index
from .output import echo, size


@click.command()
@click.argument("id_or_path")
@click.option("-o", "--output", type=UserPath(), help="The file to write. Default: here, named like the photo.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@pass_index
def command(index: Index, id_or_path: str, output: str | None, force: bool) -> None:
    """Save the video inside a motion photo (Google's, Samsung's) as a file of its own. The photo stays as it is."""
    video = index.assets.motion(id_or_path)
    name = Path(index.get(id_or_path)["original_file_name"])
    target = Path(output) if output else Path(f"{name.stem}.mp4")
    try:
        with target.open("wb" if force else "xb") as file:
            file.write(video)
    except FileExistsError:
        raise UsageError(f"{target} already exists: name another file with -o, or overwrite it with --force") from None
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
    echo(f"{target}  {size(len(video))}")
