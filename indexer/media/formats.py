"""The file formats, one row each. A file's name decides whether to read it, its content decides its type.

MIME types are IANA's or, for the raw formats of camera makers, the common ones (shared-mime-info, exiftool). Those of
raw photos, and no others, begin with "image/x-".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple


class Format(NamedTuple):
    """reader, coded, motion: "module:function" in `readers`, imported when a file first needs it; see `load`.

    endings: of names, separated by blanks. magic: what the content begins with. brands: of ISO base media files, four
    bytes or three. riff: the form of a RIFF file. is_tiff: a TIFF structure that is identified by its name alone.
    coded: lists the ranges of the coded picture, for the fingerprint; None: no fingerprint. motion: locates the
    video of a motion photo. pillow: the plugins of Pillow that decode it, separated by blanks. turned_by_decoder: our
    decoder applies the orientation. in_browsers: every browser shows it.
    """

    mime_type: str
    reader: str
    endings: str = ""
    magic: tuple[bytes, ...] = ()
    brands: tuple[bytes, ...] = ()
    riff: bytes | None = None
    is_tiff: bool = False
    coded: str | None = None
    motion: str | None = None
    pillow: str = ""
    turned_by_decoder: bool = False
    in_browsers: bool = False


def _heif(mime_type: str, endings: str, *brands: bytes, pillow: str = "HEIF", in_browsers: bool = False) -> Format:
    return Format(
        mime_type,
        "heif:read_heif",
        endings,
        brands=brands,
        coded="heif:coded_ranges",
        motion="heif:find_motion",
        pillow=pillow,
        turned_by_decoder=True,
        in_browsers=in_browsers,
    )


def _tiff_raw(mime_type: str, endings: str, *magic: bytes) -> Format:
    return Format(mime_type, "raw:read_tiff_raw", endings, magic, is_tiff=True)


def _quicktime(mime_type: str, endings: str, *brands: bytes) -> Format:
    return Format(mime_type, "quicktime:read_video", endings, brands=brands, coded="quicktime:coded_ranges")


# Brands are those of ISO/IEC 14496-12 (ftyp) and 23008-12 (HEIF), registered at mp4ra.org. Magic numbers are tried in
# this order.
_ROWS = (
    Format(
        "image/jpeg",
        "jpeg:read_jpeg",
        "jpg jpeg jpe jfif mpo insp",
        (b"\xff\xd8\xff",),
        coded="jpeg:coded_ranges",
        motion="jpeg:find_motion",
        pillow="JPEG",
        in_browsers=True,
    ),
    Format(
        "image/png",
        "png:read_png",
        "png apng",
        (b"\x89PNG\r\n\x1a\n",),
        coded="png:coded_ranges",
        pillow="PNG",
        in_browsers=True,
    ),
    Format(
        "image/webp",
        "riff:read_webp",
        "webp",
        riff=b"WEBP",
        coded="riff:coded_ranges",
        pillow="WEBP",
        in_browsers=True,
    ),
    Format("image/gif", "gif:read_gif", "gif", (b"GIF87a", b"GIF89a"), pillow="GIF", in_browsers=True),
    Format("image/bmp", "bmp:read_bmp", "bmp dib", (b"BM",), pillow="BMP DIB"),
    Format("image/tiff", "exif:read_exif", "tif tiff", pillow="TIFF", turned_by_decoder=True),
    _heif("image/heic", "heic heics", b"heic", b"heix", b"heim", b"heis"),
    _heif("image/heic-sequence", "", b"hevc", b"hevx"),
    _heif("image/heif", "heif heifs hif", b"mif1"),
    _heif("image/heif-sequence", "", b"msf1"),
    _heif("image/avif", "avif avifs", b"avif", b"avis", pillow="AVIF", in_browsers=True),
    Format("image/jxl", "jpegxl:read_jxl", "jxl", (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"), pillow="JXL"),
    Format(
        "image/jp2",
        "jpeg2000:read_jp2",
        "jp2 j2k jpx jpf",
        (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
        (b"jp2 ", b"jpx "),
        pillow="JPEG2000",
    ),
    Format("image/vnd.adobe.photoshop", "psd:read_psd", "psd", (b"8BPS",), pillow="PSD"),
    # Raw photos
    Format("image/x-fujifilm-raf", "raw:read_raf", "raf", (b"FUJIFILMCCD-RAW",)),
    Format("image/x-sigma-x3f", "raw:read_x3f", "x3f", (b"FOVb",)),
    Format("image/x-minolta-mrw", "raw:read_mrw", "mrw", (b"\0MRM",)),
    Format("image/x-canon-crw", "ciff:read_ciff", "crw", (b"II\x1a\0\0\0HEAPCCDR",)),
    Format("image/x-canon-cr3", "quicktime:read_cr3", "cr3", brands=(b"crx ",), coded="quicktime:coded_ranges"),
    _tiff_raw("image/x-panasonic-rw2", "rw2", b"IIU\0"),
    _tiff_raw("image/x-olympus-orf", "orf", b"IIRO", b"IIRS", b"MMOR"),
    _tiff_raw("image/x-adobe-dng", "dng"),
    _tiff_raw("image/x-canon-cr2", "cr2"),
    _tiff_raw("image/x-nikon-nef", "nef"),
    _tiff_raw("image/x-nikon-nrw", "nrw"),
    _tiff_raw("image/x-sony-arw", "arw"),
    _tiff_raw("image/x-sony-sr2", "sr2"),
    _tiff_raw("image/x-sony-srf", "srf"),
    _tiff_raw("image/x-panasonic-raw", "raw"),
    _tiff_raw("image/x-leica-rwl", "rwl"),
    _tiff_raw("image/x-pentax-pef", "pef"),
    _tiff_raw("image/x-samsung-srw", "srw"),
    _tiff_raw("image/x-hasselblad-3fr", "3fr"),
    _tiff_raw("image/x-hasselblad-fff", "fff"),
    _tiff_raw("image/x-phaseone-iiq", "iiq"),
    _tiff_raw("image/x-epson-erf", "erf"),
    _tiff_raw("image/x-mamiya-mef", "mef"),
    _tiff_raw("image/x-leaf-mos", "mos"),
    _tiff_raw("image/x-kodak-kdc", "kdc"),
    _tiff_raw("image/x-kodak-dcr", "dcr"),
    _tiff_raw("image/x-kodak-k25", "k25"),
    _tiff_raw("image/x-gopro-gpr", "gpr"),
    # Videos
    _quicktime("video/mp4", "mp4 insv lrv"),
    _quicktime("video/x-m4v", "m4v", b"M4V ", b"M4VH", b"M4VP"),
    _quicktime("video/quicktime", "mov qt", b"qt  "),
    _quicktime("video/3gpp", "3gp", b"3gp", b"3gr", b"3gs", b"3ge", b"3gg"),
    _quicktime("video/3gpp2", "3g2", b"3g2"),
    Format("video/x-msvideo", "riff:read_avi", "avi", riff=b"AVI "),
    Format("video/x-matroska", "video:read_video", "mkv", (b"\x1aE\xdf\xa3",)),
    Format("video/webm", "video:read_video", "webm"),
    Format("video/mpeg", "video:read_video", "mpg mpeg", (b"\0\0\x01\xba", b"\0\0\x01\xb3")),
    Format("video/m2ts", "video:read_transport_stream", "mts m2ts m2t"),
    Format("video/x-ms-wmv", "video:read_video", "wmv", (b"0&\xb2u\x8ef\xcf\x11",)),
)
FORMATS = {row.mime_type: row for row in _ROWS}
# A name's ending -> the type assumed if the content does not identify one
EXTENSIONS = {ending: row.mime_type for row in _ROWS for ending in row.endings.split()}
IN_BROWSERS = frozenset(row.mime_type for row in _ROWS if row.in_browsers)

_MAGIC = tuple((magic, row.mime_type) for row in _ROWS for magic in row.magic)
_BRANDS = {brand: row.mime_type for row in _ROWS for brand in row.brands}
_RIFF = {row.riff: row.mime_type for row in _ROWS if row.riff}
_TIFF_RAW = {ending: row.mime_type for row in _ROWS if row.is_tiff for ending in row.endings.split()}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# The first boxes of QuickTime files that are older than ftyp
_OLD_QUICKTIME = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
# Fast path: the endings of nearly all photos' names
_USUAL = (".jpg", ".JPG", ".jpeg", ".HEIC", ".heic", ".png", ".PNG", ".mp4", ".MP4", ".MOV", ".mov")


@cache
def load(function: str) -> Callable[..., Any]:
    """A reader's function, by "module:function"."""
    module, _, name = function.partition(":")
    loaded: Callable[..., Any] = getattr(import_module(f"{__package__}.readers.{module}"), name)
    return loaded


def extension(name: str) -> str:
    """The name's ending in lower case, without the dot: 'jpg' for 'IMG_1.JPG', '' for none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_media_name(name: str) -> bool:
    """Whether the ending is that of a media file. Called for every name in every folder."""
    return name.endswith(_USUAL) or extension(name) in EXTENSIONS


def sniff(head: bytes, name: str) -> str | None:
    """The MIME type by a file's first bytes; None if unknown.

    `name` decides only what the content leaves open: the maker of a TIFF-based raw photo.
    """
    if head[4:8] == b"ftyp":
        return _sniff_iso(head)
    if head.startswith(_TIFF):
        if head[8:11] == b"CR\x02":  # Canon's mark after the header
            return "image/x-canon-cr2"
        return _TIFF_RAW.get(extension(name), "image/tiff")
    if head[:4] == b"RIFF":
        return _RIFF.get(bytes(head[8:12]))
    for magic, mime_type in _MAGIC:
        if head.startswith(magic):
            return "video/webm" if mime_type == "video/x-matroska" and b"webm" in head[:64] else mime_type
    if _is_transport_stream(head):
        return "video/m2ts"
    if head[4:8] in _OLD_QUICKTIME:
        return "video/quicktime"
    return None


def _sniff_iso(head: bytes) -> str:
    length = min(int.from_bytes(head[:4], "big"), 256)
    major, compatible = head[8:12], [head[i : i + 4] for i in range(16, length, 4)]
    mime_type = _BRANDS.get(bytes(major)) or _BRANDS.get(bytes(major[:3]))
    if mime_type in (None, "image/heif", "image/heif-sequence"):
        # A general brand: the specific one among the compatible brands says which codec.
        specific = [
            _BRANDS[b] for b in map(bytes, compatible) if _BRANDS.get(b, "").startswith(("image/avif", "image/heic"))
        ]
        if specific and (mime_type or major not in (b"isom", b"mp41", b"mp42")):
            return specific[0]
    return mime_type or "video/mp4"


def _is_transport_stream(head: bytes) -> bool:
    """MPEG-2 transport stream: sync byte 0x47 each 188 bytes, or 192 with a time code before each (BDAV)."""
    return any(
        len(head) > start + 2 * step and all(head[start + i * step] == 0x47 for i in range(3))
        for start, step in ((0, 188), (4, 192))
    )
