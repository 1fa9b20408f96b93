"""Decode a picture once for all enrichers: upright, sRGB, eight bits, no larger than needed."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from indexer.config import picture_memory
from indexer.errors import Undecodable
from indexer.files import regular_nofollow
from indexer.media.formats import FORMATS

from . import decode_memory

if TYPE_CHECKING:
    from av import VideoFrame

pillow_heif.register_heif_opener()
with suppress(ImportError):
    import pillow_jxl  # noqa: F401  the extra [jxl]

# Pixels that are converted to eight bits and made opaque at a time
_BAND_PIXELS = 2_000_000
_WHITE = (255, 255, 255, 255)
# Exif's orientation -> the transformation that makes the stored picture upright (Exif 2.32, 4.6.4.A).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The still of a video is taken this many seconds into it: many begin with black frames.
_STILL_SECONDS = 1.0
_SRGB: Any = ImageCms.createProfile("sRGB")

# Counterclockwise rotation that makes a frame upright, in degrees -> Exif's orientation.
_ORIENTATIONS = {0: 1, 90: 8, 180: 3, 270: 6}

T = TypeVar("T")


class Picture(NamedTuple):
    """image: RGB, upright. width, height: of the whole picture, upright; `image` may be smaller. is_cut_off: the file
    is truncated; `image` shows the part that exists."""

    image: Image.Image
    width: int
    height: int
    is_cut_off: bool = False


class Frame(NamedTuple):
    """A frame of a video. image: RGB, upright. milliseconds: its time. orientation: Exif's, of the stored frame. width,
    height: of the whole frame, upright; `image` may be smaller."""

    image: Image.Image
    milliseconds: int
    orientation: int
    width: int
    height: int


def open_picture(
    path: str | os.PathLike[str], mime_type: str, orientation: int, long_side: int | None, memory: int | None = None
) -> Picture:
    """Decode a photo, or a frame of a video. long_side: the least pixels of the long side, if the picture has as many;
    None: all pixels. orientation: Exif's, 1..8. memory: bytes that decoding may use; by default as configured.

    Raises Undecodable if it cannot be decoded or needs too much memory; OSError if the file cannot be opened.
    """
    limit = memory or picture_memory()
    with _opened(path) as file:
        if mime_type.startswith("video/"):
            return _guarded(lambda: _video(file, long_side, limit), limit)
        if mime_type.startswith("image/x-"):
            return _guarded(lambda: _raw(file, orientation, long_side, limit), limit)
        file_format = FORMATS.get(mime_type)
        # A decoder that turns the picture leaves the remaining orientation in the Exif data that it returns.
        is_turned = file_format is not None and file_format.turned_by_decoder
        return _guarded(lambda: _still(file, None if is_turned else orientation, long_side, limit), limit, mime_type)


def _opened(path: str | os.PathLike[str]) -> BinaryIO:
    return open(path, "rb", opener=regular_nofollow)


def open_sent(file: BinaryIO, long_side: int, memory: int) -> Picture:
    """As `open_picture`, for a photo of unknown type and orientation."""
    return _guarded(lambda: _still(file, None, long_side, memory), memory)


def _guarded(decode: Callable[[], T], memory: int, mime_type: str = "") -> T:
    """Run a decoder with limited memory. Raises Undecodable: decoders raise all kinds of errors."""
    try:
        with decode_memory.limited(memory):
            return decode()
    except Undecodable:
        raise
    except UnidentifiedImageError as error:
        if mime_type == "image/jxl" and "JXL" not in Image.OPEN:
            raise Undecodable('JPEG XL needs an extra: pip install "photo-indexer[jxl]"') from error
        raise Undecodable("it is damaged, or of a kind that cannot be decoded here") from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise Undecodable("it takes too much memory to be decoded") from error
    except Exception as error:
        raise Undecodable(f"it cannot be decoded: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """A decoder's error as text. Pillow's codecs have only numbers, most often 'unknown error'; LibRaw's arguments are
    bytes; FFmpeg's errors have strerror, as the system's."""
    if strerror := getattr(error, "strerror", None):
        return str(strerror)
    text = " ".join(part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in error.args)
    if re.search(r"decoder error -\d|unknown error", text):
        return "its compressed data are damaged"
    return text or type(error).__name__


def _still(file: BinaryIO, orientation: int | None, long_side: int | None, memory: int) -> Picture:
    """orientation None: the one in the Exif data that the decoder returns."""
    turns = orientation in _UPRIGHT
    (width, height), image = _decoded(file, long_side, memory, turns)
    is_cut_off = not _is_loaded(image)
    if is_cut_off:
        image = _decoded(file, long_side, memory, turns)[1]
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
    if orientation is None:
        orientation = image.getexif().get(0x0112, 1)
    image = _to_srgb(image, long_side)  # frees the decoded picture before turning
    return _upright(image, orientation, width, height, is_cut_off)


def _is_loaded(image: Image.Image) -> bool:
    """Load the picture. Returns False if the file is truncated."""
    try:
        image.load()
    except OSError:
        return False
    return True


def _decoded(file: BinaryIO, long_side: int | None, memory: int, turns: bool) -> tuple[tuple[int, int], Image.Image]:
    """The stored size, and the picture, not loaded yet; a JPEG at the smallest scale that is large enough. turns:
    whether the caller will turn it. Raises Undecodable if it needs too much memory."""
    image = decode_memory.open_image(file, memory)
    stored = image.size
    if long_side is not None and max(stored) > long_side:
        share = long_side / max(stored)
        image.draft("RGB", (max(1, int(stored[0] * share)), max(1, int(stored[1] * share))))
    needed = decode_memory.to_decode(image, stored, file)
    if long_side is None:  # a reduced picture needs little afterwards
        converts = _other_profile(image) is not None
        needed = max(needed, decode_memory.to_finish(image, converts=converts, turns=turns))
    decode_memory.check(*stored, needed, memory)
    return stored, image


def _upright(image: Image.Image, orientation: int, width: int, height: int, is_cut_off: bool = False) -> Picture:
    image.info = {}  # renditions must not carry the file's comment or Exif data
    if (turn := _UPRIGHT.get(orientation)) is not None:  # the first of them is 0
        image = image.transpose(turn)
    if orientation >= 5:
        width, height = height, width
    return Picture(image, width, height, is_cut_off)


def _to_srgb(image: Image.Image, long_side: int | None) -> Image.Image:
    """The picture in opaque sRGB of eight bits. If it is more than twice as large as long_side, it is reduced, to no
    less than that."""
    profile = _other_profile(image)
    factor = max(image.size) // long_side if long_side is not None and max(image.size) > 2 * long_side else 1
    if image.mode not in ("L", "RGB", "CMYK", "LAB", "YCbCr", "HSV"):
        image = _plain(image, factor)
    elif factor > 1:
        image = image.reduce(factor)
    if profile is not None:
        try:
            converted = ImageCms.profileToProfile(image, io.BytesIO(profile), _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a damaged profile, or one for another color model: ignored
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _other_profile(image: Image.Image) -> bytes | None:
    """The picture's color profile, if it is not sRGB."""
    profile: bytes | None = image.info.get("icc_profile")
    return profile if profile and not _is_srgb(profile) else None


def _is_srgb(profile: bytes) -> bool:
    """Whether it is an sRGB profile, judged by its description as viewers do: many have different bytes."""
    head = profile[:4096]
    return b"sRGB" in head or "sRGB".encode("utf-16-be") in head


def _plain(image: Image.Image, factor: int) -> Image.Image:
    """The picture in mode L or RGB, reduced by `factor`. Converted in bands, so that intermediate copies stay small."""
    is_deep = image.mode.startswith(("I", "F"))
    spread = _spread(image) if is_deep else None
    width, height = (-(-side // factor) for side in image.size)
    plain = Image.new("L" if is_deep or image.mode == "1" else "RGB", (width, height))
    for top, band in _bands(image, factor):
        converted = _eight_bits(band, *spread) if spread else _opaque(band, image.info)
        plain.paste(converted.reduce(factor) if factor > 1 else converted, (0, top // factor))
    return plain


def _bands(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    rows = max(1, _BAND_PIXELS // (image.width * factor)) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _opaque(image: Image.Image, info: dict[str | tuple[int, int], Any]) -> Image.Image:
    if image.mode == "1":
        return image.convert("L")
    if "A" not in image.mode.upper() and "transparency" not in info:
        return image.convert("RGB")
    if "transparency" in info:
        image.info["transparency"] = info["transparency"]
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image).convert("RGB")


def _spread(image: Image.Image) -> tuple[float, float]:
    """The values for black and white of a channel with more than eight bits. Integers have 16 bits if any is over 255,
    else 8; floating-point values are stretched over their range."""
    low, high = float("inf"), float("-inf")
    for _, band in _bands(image):
        values = np.asarray(band)
        if values.dtype.kind == "f":
            values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if image.mode.startswith("I"):
        return (0.0, 65535.0) if high > 255 else (0.0, 255.0)
    return (low, high) if low < high else (0.0, 1.0)


def _eight_bits(image: Image.Image, low: float, high: float) -> Image.Image:
    values = np.asarray(image)
    if values.dtype.kind == "f":
        values = np.nan_to_num((values - np.float32(low)) * np.float32(255 / (high - low)))
    else:
        values = values // (int(high) // 255)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "L")


def _raw(file: BinaryIO, orientation: int, long_side: int | None, memory: int) -> Picture:
    """A raw photo: the preview embedded by the camera if it is large enough, else developed."""
    import rawpy

    with rawpy.imread(file) as raw:
        width, height = raw.sizes.width, raw.sizes.height
        embedded = _embedded_preview(raw, long_side, memory, orientation in _UPRIGHT)
        if embedded is not None and max(embedded[0]) >= min(long_side or max(width, height), max(width, height)) * 0.9:
            (wide, high), image = embedded
            is_turned = (wide > high) != (width > height)  # by the camera already
            return _upright(_to_srgb(image, long_side), 1 if is_turned else orientation, width, height)
        half = long_side is not None and max(width, height) >= 2 * long_side
        needed = decode_memory.to_develop(raw.sizes.raw_width, raw.sizes.raw_height, half=half)
        decode_memory.check(width, height, needed, memory)
        developed = Image.fromarray(raw.postprocess(half_size=half, use_camera_wb=True, user_flip=0))
    return _upright(developed, orientation, width, height)


def _embedded_preview(
    raw: Any, long_side: int | None, memory: int, turns: bool
) -> tuple[tuple[int, int], Image.Image] | None:
    import rawpy

    try:
        thumb = raw.extract_thumb()
    except rawpy.LibRawError:  # none, or of an unknown kind
        return None
    if isinstance(thumb.data, bytes):
        return _decoded(io.BytesIO(thumb.data), long_side, memory, turns)
    image = Image.fromarray(thumb.data)
    return image.size, image


def _video(file: BinaryIO, long_side: int | None, memory: int) -> Picture:
    """The frame that represents a video."""

    def when(length: float) -> list[float]:
        return [min(_STILL_SECONDS, length / 2) if length > _STILL_SECONDS else 0.0]

    for frame in _frames(file, when, long_side, memory):
        return Picture(frame.image, frame.width, frame.height)
    raise Undecodable("the video has no picture that can be decoded")


def video_frames(
    path: str | os.PathLike[str], most: int, every: float, long_side: int | None = None, memory: int | None = None
) -> list[Frame]:
    """Up to `most` frames of a video, evenly spread, at least `every` seconds apart. long_side, memory: as for
    `open_picture`.

    Raises Undecodable, and OSError if the file cannot be opened."""

    def when(length: float) -> list[float]:
        count = max(1, min(most, int(length / every)))
        return [length * (number + 0.5) / count for number in range(count)]

    limit = memory or picture_memory()
    with _opened(path) as file:
        return _guarded(lambda: list(_frames(file, when, long_side, limit)), limit)


def video_frame(path: str | os.PathLike[str], milliseconds: int, memory: int | None = None) -> Frame:
    """The frame that `video_frames` returned for this time. Raises as it does."""
    limit = memory or picture_memory()
    when = [(milliseconds + 1) / 1000]  # seeking to the exact time may give the frame before
    with _opened(path) as file:
        frames = _guarded(lambda: list(_frames(file, lambda length: when, None, limit)), limit)
    if not frames:
        raise Undecodable("the video has no picture that can be decoded")
    return frames[0]


def _frames(
    file: BinaryIO, when: Callable[[float], list[float]], long_side: int | None, memory: int
) -> Iterator[Frame]:
    """The frames at the seconds that `when` returns for the video's length (in seconds, 0 if unknown). For most videos
    the preceding keyframes, at which decoding can begin."""
    import av

    # FFmpeg's codec options
    most_pixels = int(memory / decode_memory.VIDEO_FRAME)
    options = {"max_pixels": str(most_pixels), "threads": "1"}
    with av.open(file, "r", options=options) as container:
        if not container.streams.video:
            raise Undecodable("the video has no pictures")
        stream = container.streams.video[0]
        context = stream.codec_context
        if context is None:
            raise Undecodable("the video is of a codec that is not known here")
        needed = context.width * context.height * decode_memory.VIDEO_FRAME
        decode_memory.check(context.width, context.height, needed, memory)
        context.options = options
        length = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        times: set[int] = set()
        for seconds in when(length):
            if seconds and stream.time_base:
                container.seek(int(seconds / stream.time_base), stream=stream)
            try:
                frame = next(container.decode(stream), None)
            except ValueError as error:  # FFmpeg's EINVAL, also raised beyond max_pixels
                raise Undecodable(f"a frame is damaged, or has more than {most_pixels:,} pixels") from error
            milliseconds = round((frame.time or 0.0) * 1000) if frame else 0
            if frame is None or milliseconds in times:
                continue
            times.add(milliseconds)
            yield _frame(frame, milliseconds, long_side)


def _frame(frame: VideoFrame, milliseconds: int, long_side: int | None) -> Frame:
    orientation = _ORIENTATIONS.get(frame.rotation % 360, 1)
    width, height = frame.width, frame.height
    if long_side is not None and max(width, height) > 2 * long_side:
        factor = max(width, height) // long_side
        frame = frame.reformat(max(1, width // factor), max(1, height // factor), "rgb24")
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    if (turn := _UPRIGHT.get(orientation)) is not None:
        image = image.transpose(turn)
    if orientation >= 5:
        width, height = height, width
    return Frame(image, milliseconds, orientation, width, height)
