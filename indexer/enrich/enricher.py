"""The enrichers, one row each, and the interface of their modules.

`enrichers.NAME` has a function `compute`; its arguments depend on the enricher's input (see `Input`). Only processes
that compute import the module, and with it decoders. How results are stored: store/results.py.
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
# Not an enricher: a run also updates the full-text index.
FULL_TEXT = "full_text"
CAPTIONS_HINT = "indexer enrich captions --endpoint http://localhost:11434/v1 --model NAME"


class Input(Enum):
    """The input of an enricher. counted: its name in the counts of a run. key: the column of the view enrichment_input
    that identifies it."""

    # compute(photo: Photo) -> Result, in a worker process
    PICTURE = "pictures", "picture"
    # compute(connection, asset_ids) -> list[Result], in batches
    PLACE = "places", "place"
    # compute(connection, cache, due: Due) -> Result, after face detection
    FACES = "portraits", "faces"
    # compute(preview: Path, service: Endpoint, stop) -> Result | None, by a remote service; None: `stop` was set
    PREVIEW = "descriptions", "picture"

    @property
    def counted(self) -> str:
        return self.value[0]

    @property
    def key(self) -> str:
        return self.value[1]


class ModelInfo(Protocol):
    """A model, not loaded yet. fingerprint changes with its files. folder: of the user's own models, else None."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> int: ...
    @property
    def folder(self) -> Path | None: ...


class EnrichRequest(NamedTuple):
    """A picture to enrich. path: as the operating system knows it. size, mtime_ns: of the indexed file; a file that
    differs is not enriched. versions: enricher -> version, of those that are due. models: by enricher. memory: bytes
    that decoding may use."""

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
    """The input of enrichers of pictures. preview: decoded, upright, RGB."""

    request: EnrichRequest
    preview: Picture
    model: ModelInfo | None


class Enricher(NamedTuple):
    """version: raise it to have every asset enriched again. failure: what a failure means to the user. model: the
    module whose `model_info` describes its model; None: it has none. data: returns the fingerprint of the data in the
    index that it uses. memory: megabytes it needs besides the picture. on_request: runs only when named, because it is
    slow or remote."""

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
        """Raises UsageError if a required package or model is missing."""
        if self.model is None:
            return None
        info: ModelInfo | None = import_module(f"{__package__}.{self.model}").model_info()
        return info

    def full_version(self, connection: sqlite3.Connection) -> int:
        """The version combined with the fingerprints of the model and the data. Raises UsageError as `model_info`
        does."""
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
    """The given names; if none are given, all that run by default and can run here. Raises UsageError for an unknown
    name."""
    if unknown := set(names) - set(NAMES):
        raise UsageError(f"there is no enricher '{min(unknown)}': there are {', '.join(NAMES)}")
    if names:
        return names
    return (*(row.name for row in ENRICHERS.values() if not row.on_request and row.can_run()), FULL_TEXT)


def versions(connection: sqlite3.Connection, names: Iterable[str], of: Input) -> dict[str, int]:
    """Enricher -> full version, for those of the enrichers with this input. Raises UsageError as `model_info` does."""
    return {
        name: ENRICHERS[name].full_version(connection)
        for name in names
        if name in ENRICHERS and ENRICHERS[name].input is of
    }
