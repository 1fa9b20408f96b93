"""A picture decoded once, for all who look at it: upright, sRGB, eight bits, no larger than is needed."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from indexer.errors import Undecodable
from indexer.files import regular_nofollow

pillow_heif.register_heif_opener()
with suppress(ImportError):
    import pillow_jxl  # noqa: F401  the extra [jxl]
Image.MAX_IMAGE_PIXELS = None  # the limit below says it in our words, and knows that JPEGs are reduced first

# More pixels than this are not decoded: 400 MB as RGB. Of a JPEG, those that are left when it is reduced.
MOST_PIXELS = 130_000_000
# The decoders of these turn the picture, and leave what is still to be turned in the Exif that they hand out.
_TURNED_BY_DECODER = (
    "image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence", "image/avif", "image/tiff"
)  # fmt: skip
_WHITE = (255, 255, 255, 255)
# Exif's orientation -> what makes the stored picture upright (Exif 2.32, 4.6.4.A).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Seconds into a film where its still is taken; the first pictures of many are black.
_STILL_SECONDS = 1.0
_SRGB: Any = ImageCms.createProfile("sRGB")

# How far a frame is to be turned counter-clockwise, in degrees -> Exif's orientation.
_ORIENTATIONS = {0: 1, 90: 8, 180: 3, 270: 6}

T = TypeVar("T")


class Picture(NamedTuple):
    """image: RGB, upright. width, height: of the whole picture, upright, where `image` may be smaller. is_cut_off: a
    part of the file is missing; what there is of the picture is shown."""

    image: Image.Image
    width: int
    height: int
    is_cut_off: bool = False


class Frame(NamedTuple):
    """One picture of a film, upright, RGB. orientation: Exif's, of the stored frame."""

    image: Image.Image
    milliseconds: int
    orientation: int


def open_picture(path: str | os.PathLike[str], mime_type: str, orientation: int, long_side: int | None) -> Picture:
    """Decode a photo, or a frame of a film, with a long side of at least long_side pixels, where it has so many; None:
    all of them. orientation is Exif's, 1..8.

    Raises Undecodable for what cannot be decoded, or is too large to be; OSError where the file cannot be opened.
    """
    with _opened(path) as file:
        if mime_type.startswith("video/"):
            return _guarded(lambda: _film(file))
        if mime_type.startswith("image/x-"):
            return _guarded(lambda: _raw(file, orientation, long_side))
        turned = mime_type in _TURNED_BY_DECODER
        return _guarded(lambda: _still(file, None if turned else orientation, long_side))


def _opened(path: str | os.PathLike[str]) -> BinaryIO:
    return open(path, "rb", opener=regular_nofollow)


def _guarded(decode: Callable[[], T]) -> T:
    """Decoders fail on strangers' files in every way there is."""
    try:
        return decode()
    except Undecodable:
        raise
    except UnidentifiedImageError as error:
        raise Undecodable("it is damaged, or of a kind that cannot be decoded here") from error
    except MemoryError as error:
        raise Undecodable("too large to be decoded") from error
    except Exception as error:
        raise Undecodable(f"it cannot be decoded: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What a decoder says, in words. Pillow's codecs know numbers alone, of which the commonest is 'unknown error';
    LibRaw says bytes; FFmpeg's errors have a number and the path, as the system's have."""
    if meant := getattr(error, "strerror", None):
        return str(meant)
    text = " ".join(one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in error.args)
    if re.search(r"decoder error -\d|unknown error", text):
        return "its compressed data are damaged"
    return text or type(error).__name__


def _still(file: BinaryIO, orientation: int | None, long_side: int | None) -> Picture:
    """orientation None: what the decoder says is left."""
    image, is_cut_off = _decoded(file, long_side), False
    try:
        image.load()
    except OSError:
        is_cut_off = True
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            (image := _decoded(file, long_side)).load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
    width, height = Image.open(file).size
    if orientation is None:
        orientation = image.getexif().get(0x0112, 1)
    if long_side is not None and max(image.size) > 2 * long_side and image.mode in ("RGB", "L"):
        image = image.reduce(max(image.size) // long_side)
    return _upright(_to_srgb(image), orientation, width, height, is_cut_off)


def _decoded(file: BinaryIO, long_side: int | None) -> Image.Image:
    """The picture, not loaded yet; a JPEG at the smallest fraction that is large enough."""
    file.seek(0)
    image: Image.Image = Image.open(file)
    width, height = image.size
    if long_side is not None and max(image.size) > long_side:
        share = long_side / max(image.size)
        image.draft("RGB", (max(1, int(width * share)), max(1, int(height * share))))
    if image.width * image.height > MOST_PIXELS:
        raise Undecodable(f"{width:,} × {height:,} pixels are too many for a preview")
    return image


def _upright(image: Image.Image, orientation: int, width: int, height: int, is_cut_off: bool = False) -> Picture:
    image.info = {}  # what is made of it bears no words of the file: no comment, no Exif
    if (turn := _UPRIGHT.get(orientation)) is not None:  # the first of them is 0
        image = image.transpose(turn)
    if orientation >= 5:
        width, height = height, width
    return Picture(image, width, height, is_cut_off)


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    elif "A" in image.mode or "transparency" in image.info or image.mode == "PA":
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image).convert("RGB")
    elif image.mode == "P":
        image = image.convert("RGB")
    if profile and not _is_srgb(profile):
        try:
            converted = ImageCms.profileToProfile(image, io.BytesIO(profile), _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile of another kind of picture, or a damaged one: go on without
        if converted is not None:
            return converted
    return image.convert("RGB")


def _is_srgb(profile: bytes) -> bool:
    """By its description, as viewers do; of the many sRGB profiles no two have the same bytes."""
    head = profile[:4096]
    return b"sRGB" in head or "sRGB".encode("utf-16-be") in head


def _eight_bits(image: Image.Image) -> Image.Image:
    """Of one channel with more than eight bits: whole numbers are of sixteen; others are spread over what they span."""
    values = np.asarray(image, dtype=np.float64)
    if image.mode.startswith("I") and values.max(initial=0) > 255:
        values = values / 257
    elif image.mode == "F":
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255 / (high - low or 1.0))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "L")


def _raw(file: BinaryIO, orientation: int, long_side: int | None) -> Picture:
    """What the camera itself drew of a raw photo, where that is large enough; else it is developed."""
    import rawpy

    with rawpy.imread(file) as raw:
        width, height = raw.sizes.width, raw.sizes.height
        try:
            thumb = raw.extract_thumb()
        except rawpy.LibRawError:  # there is none, or of an unknown kind
            thumb = None
        if thumb is not None:
            drawn = Image.open(io.BytesIO(thumb.data)) if isinstance(thumb.data, bytes) else Image.fromarray(thumb.data)
            if max(drawn.size) >= min(long_side or max(width, height), max(width, height)) * 0.9:
                turned = (drawn.width > drawn.height) != (width > height)  # by the camera already
                if long_side is not None:
                    drawn.draft("RGB", (long_side, long_side))
                return _upright(_to_srgb(drawn), 1 if turned else orientation, width, height)
        if width * height > MOST_PIXELS:
            raise Undecodable(f"{width:,} × {height:,} pixels are too many for a preview")
        half = long_side is not None and max(width, height) >= 2 * long_side
        developed = Image.fromarray(raw.postprocess(half_size=half, use_camera_wb=True, user_flip=0))
    return _upright(developed, orientation, width, height)


def _film(file: BinaryIO) -> Picture:
    """The still that stands for a film."""
    for frame in _frames(file, lambda length: [min(_STILL_SECONDS, length / 2) if length > _STILL_SECONDS else 0.0]):
        return Picture(frame.image, *frame.image.size)
    raise Undecodable("the film has no picture that can be decoded")


def film_frames(path: str | os.PathLike[str], most: int, every: float) -> list[Frame]:
    """Up to `most` frames of a film, evenly spread, and no nearer to each other than so many seconds.

    Raises Undecodable, and OSError where the file cannot be opened."""

    def when(length: float) -> list[float]:
        count = max(1, min(most, int(length / every)))
        return [length * (number + 0.5) / count for number in range(count)]

    with _opened(path) as file:
        return _guarded(lambda: list(_frames(file, when)))


def film_frame(path: str | os.PathLike[str], milliseconds: int) -> Frame:
    """The frame that `film_frames` found there. Raises as it does."""
    with _opened(path) as file:  # a millisecond later: what is at the moment itself may count as the one before
        found = _guarded(lambda: list(_frames(file, lambda length: [(milliseconds + 1) / 1000])))
    if not found:
        raise Undecodable("the film has no picture that can be decoded")
    return found[0]


def _frames(file: BinaryIO, when: Callable[[float], list[float]]) -> Iterator[Frame]:
    """The frames at these seconds, which are asked for with the film's length (0 where it is not known); of most films
    those from which decoding can begin."""
    import av

    with av.open(file, "r") as container:
        if not container.streams.video:
            raise Undecodable("the film has no pictures")
        stream = container.streams.video[0]
        length = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        shown: set[int] = set()
        for seconds in when(length):
            if seconds and stream.time_base:
                container.seek(int(seconds / stream.time_base), stream=stream)
            frame = next(container.decode(stream), None)
            milliseconds = round((frame.time or 0.0) * 1000) if frame else 0
            if frame is None or milliseconds in shown:
                continue
            shown.add(milliseconds)
            orientation = _ORIENTATIONS.get(frame.rotation % 360, 1)
            image = Image.fromarray(frame.to_ndarray(format="rgb24"))
            if (turn := _UPRIGHT.get(orientation)) is not None:
                image = image.transpose(turn)
            yield Frame(image, milliseconds, orientation)
