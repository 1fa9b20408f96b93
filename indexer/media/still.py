"""Still pictures that Pillow and libheif open: size and metadata blocks, without decoding a pixel."""

from __future__ import annotations

from .embedded import Embedded
from .source import Source

_PILLOW = {
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/avif": "AVIF",
    "image/jp2": "JPEG2000",
    "image/vnd.adobe.photoshop": "PSD",
}
HEIF = frozenset(("image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"))


def read_still(mime_type: str, source: Source) -> Embedded | None:
    """None for a type that neither library opens; what they refuse to open is a problem, not an error."""
    try:
        if mime_type in _PILLOW:
            return _read_pillow(_PILLOW[mime_type], source)
        if mime_type in HEIF:
            return _read_heif(source)
    except Exception as error:  # what a damaged file raises from these libraries has no common class
        return Embedded(problems=[f"cannot be opened: {_words(error)}"])
    return None


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _read_pillow(name: str, source: Source) -> Embedded:
    from PIL import Image

    if name not in Image.OPEN:
        Image.init()
    # The plugin itself, not Image.open: that would try every format, and refuse pictures of over 180 megapixels,
    # a guard for decoding, which never happens here.
    factory, _ = Image.OPEN[name]
    with factory(source.stream(), "") as image:
        info = image.info
        xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
        return Embedded(
            exif=_without_marker(info.get("exif")),
            xmp=xmp.encode("utf-8", "surrogateescape") if isinstance(xmp, str) else xmp,
            icc=info.get("icc_profile"),
            width=image.width,
            height=image.height,
        )


def _read_heif(source: Source) -> Embedded:
    import pillow_heif

    image = pillow_heif.open_heif(source.stream(), convert_hdr_to_8bit=False)
    info = image.info
    width, height = image.size
    return Embedded(
        exif=_without_marker(info.get("exif")),
        xmp=info.get("xmp"),
        icc=info.get("icc_profile"),
        width=width,
        height=height,
    )


def _without_marker(exif: bytes | None) -> bytes | None:
    """Containers prefix an Exif block with JPEG's marker, or not; HEIF readers leave it there."""
    return exif[6:] if exif and exif.startswith(b"Exif\0\0") else exif or None
