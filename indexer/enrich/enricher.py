"""The enrichers, a row each, and the interface of their modules.

`enrichers.NAME` has a function `compute`, whose arguments depend on what the enricher works from (see `Input`). Only
whoever computes imports the module, and with it decoders. How results are stored: store/results.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from indexer.errors import UsageError
from indexer.store import points_of_interest

if TYPE_CHECKING:
    from .picture import Picture

PLACES, RENDITIONS, FACES, CAPTIONS, PORTRAITS = "places", "renditions", "faces", "captions", "portraits"
# Not an enricher: a run also brings the full-text index up to date.
FULL_TEXT = "full_text"
CAPTIONS_HINT = "indexer enrich captions --endpoint http://localhost:11434/v1 --model NAME"


class Input(Enum):
    """What an enricher works from: how a run counts it, and the column of the view enrichment_input with its key. While
    the key is the same, so is the input."""

    # compute(photo: Photo) -> Result, in a worker process
    PICTURE = "pictures", "picture"
    # compute(connection, asset_ids) -> list[Result], many at once
    PLACE = "places", "place"
    # compute(connection, cache, due: Due) -> Result, once faces were found
    FACES = "portraits", "faces"
    # compute(preview: Path, service: Endpoint, stop) -> Result | None, by another service; None: `stop` was set
    PREVIEW = "descriptions", "picture"

    @property
    def counted(self) -> str:
        return self.value[0]

    @property
    def key(self) -> str:
        return self.value[1]


class ModelInfo(Protocol):
    """A model that is not loaded yet. fingerprint changes with its files; folder: where the user put it."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> int: ...
    @property
    def folder(self) -> Path | None: ...


class EnrichRequest(NamedTuple):
    """A picture to enrich. path is as the operating system knows it; size and mtime_ns are those of the file that the
    index knows: another file is not enriched. versions: of the enrichers that are due. models: by enricher. memory:
    bytes that decoding it may take."""

    asset_id: str
    path: str
    size: int
    mtime_ns: int
    mime_type: str
    orientation: int
    input_key: str
    versions: dict[str, int]
    models: dict[str, ModelInfo]
    memory: int


class Photo(NamedTuple):
    """What an enricher of pictures gets. preview: decoded, upright, RGB."""

    request: EnrichRequest
    preview: Picture
    model: ModelInfo | None


class Enricher(NamedTuple):
    """version: raise it to have every asset enriched again. failure: what it means to people if it failed. model: the
    module whose `model_info` says which model it runs; None: it has no model. data: the fingerprint of the data in the
    index that it uses. memory: megabytes that it takes besides the picture. on_request: too slow or too far away to run
    unless it is named."""

    name: str
    version: int
    input: Input
    failure: str
    model: str | None = None
    data: Callable[[sqlite3.Connection], int] = lambda connection: 0
    memory: int = 0
    on_request: bool = False

    @property
    def compute(self) -> Callable[..., Any]:
        function: Callable[..., Any] = import_module(f"{__package__}.enrichers.{self.name}").compute
        return function

    def model_info(self) -> ModelInfo | None:
        """Raises UsageError if it needs something that is not installed."""
        if self.model is None:
            return None
        info: ModelInfo | None = import_module(f"{__package__}.{self.model}").model_info()
        return info

    def full_version(self, connection: sqlite3.Connection) -> int:
        """With another model, or other data, it is another version. Raises UsageError as `model_info` does."""
        info = self.model_info()
        return (((info.fingerprint if info else 0) + self.data(connection)) << 16) + self.version

    def can_run(self) -> bool:
        try:
            self.model_info()
        except UsageError:
            return False
        return True


ENRICHERS = {
    row.name: row
    for row in (
        Enricher(PLACES, 1, Input.PLACE, "its place could not be looked up", data=points_of_interest.stamp),
        Enricher(RENDITIONS, 2, Input.PICTURE, "its picture cannot be shown"),
        Enricher("quality", 1, Input.PICTURE, "its quality could not be measured"),
        Enricher("perceptual_hashes", 2, Input.PICTURE, "similar photos could not be looked for"),
        Enricher(FACES, 1, Input.PICTURE, "faces could not be found", model="faces.models"),
        Enricher(
            "text",
            1,
            Input.PICTURE,
            "text could not be read",
            model="enrichers.text",
            memory=1024,
            on_request=True,
        ),
        Enricher(
            "image_embeddings",
            1,
            Input.PICTURE,
            "search by meaning cannot find it",
            model="enrichers.image_embeddings",
        ),
        Enricher(PORTRAITS, 1, Input.FACES, "portraits of its people could not be made"),
        Enricher(CAPTIONS, 1, Input.PREVIEW, "it could not be described", on_request=True),
    )
}
NAMES = (*ENRICHERS, FULL_TEXT)


def chosen_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The named ones; if there are none, all that run unasked and can run here. Raises UsageError for an unknown
    name."""
    if unknown := set(names) - set(NAMES):
        raise UsageError(f"there is no enricher '{min(unknown)}': there are {', '.join(NAMES)}")
    if names:
        return names
    return (*(row.name for row in ENRICHERS.values() if not row.on_request and row.can_run()), FULL_TEXT)


def versions(connection: sqlite3.Connection, names: Iterable[str], of: Input) -> dict[str, int]:
    """The full versions of those among them that work from such an input. Raises UsageError as `model_info` does."""
    return {
        name: ENRICHERS[name].full_version(connection)
        for name in names
        if name in ENRICHERS and ENRICHERS[name].input is of
    }
