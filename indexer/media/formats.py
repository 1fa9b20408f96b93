"""Which files are media, and of what type: the name says whether to look, the content says what it is."""

from __future__ import annotations

# Name's ending -> the type assumed where the content cannot tell. MIME names are those of IANA or, for the raw
# formats of camera makers, the ones in common use (shared-mime-info, exiftool).
EXTENSIONS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpe": "image/jpeg",
    "jfif": "image/jpeg",
    "mpo": "image/jpeg",
    "insp": "image/jpeg",
    "png": "image/png",
    "apng": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "dib": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "heic": "image/heic",
    "heics": "image/heic",
    "heif": "image/heif",
    "heifs": "image/heif",
    "hif": "image/heif",
    "avif": "image/avif",
    "avifs": "image/avif",
    "jxl": "image/jxl",
    "jp2": "image/jp2",
    "j2k": "image/jp2",
    "jpx": "image/jp2",
    "jpf": "image/jp2",
    "psd": "image/vnd.adobe.photoshop",
    "dng": "image/x-adobe-dng",
    "cr2": "image/x-canon-cr2",
    "cr3": "image/x-canon-cr3",
    "crw": "image/x-canon-crw",
    "nef": "image/x-nikon-nef",
    "nrw": "image/x-nikon-nrw",
    "arw": "image/x-sony-arw",
    "sr2": "image/x-sony-sr2",
    "srf": "image/x-sony-srf",
    "raf": "image/x-fujifilm-raf",
    "orf": "image/x-olympus-orf",
    "rw2": "image/x-panasonic-rw2",
    "raw": "image/x-panasonic-raw",
    "rwl": "image/x-leica-rwl",
    "pef": "image/x-pentax-pef",
    "srw": "image/x-samsung-srw",
    "mrw": "image/x-minolta-mrw",
    "x3f": "image/x-sigma-x3f",
    "3fr": "image/x-hasselblad-3fr",
    "fff": "image/x-hasselblad-fff",
    "iiq": "image/x-phaseone-iiq",
    "erf": "image/x-epson-erf",
    "mef": "image/x-mamiya-mef",
    "mos": "image/x-leaf-mos",
    "kdc": "image/x-kodak-kdc",
    "dcr": "image/x-kodak-dcr",
    "k25": "image/x-kodak-k25",
    "gpr": "image/x-gopro-gpr",
    "mp4": "video/mp4",
    "m4v": "video/x-m4v",
    "mov": "video/quicktime",
    "qt": "video/quicktime",
    "3gp": "video/3gpp",
    "3g2": "video/3gpp2",
    "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "mts": "video/m2ts",
    "m2ts": "video/m2ts",
    "m2t": "video/m2ts",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "wmv": "video/x-ms-wmv",
    "insv": "video/mp4",
    "lrv": "video/mp4",
}

# ISO base media brands (ISO/IEC 14496-12 ftyp; 23008-12 for HEIF; registered at mp4ra.org).
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic-sequence",
    b"hevx": "image/heic-sequence",
    b"mif1": "image/heif",
    b"msf1": "image/heif-sequence",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
    b"M4V ": "video/x-m4v",
    b"M4VH": "video/x-m4v",
    b"M4VP": "video/x-m4v",
    b"jp2 ": "image/jp2",
    b"jpx ": "image/jp2",
}

# What QuickTime files begin with that are older than ftyp
OLD_QUICKTIME = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"FUJIFILMCCD-RAW", "image/x-fujifilm-raf"),
    (b"FOVb", "image/x-sigma-x3f"),
    (b"\0MRM", "image/x-minolta-mrw"),
    (b"II\x1a\0\0\0HEAPCCDR", "image/x-canon-crw"),
    (b"IIU\0", "image/x-panasonic-rw2"),
    (b"IIRO", "image/x-olympus-orf"),
    (b"IIRS", "image/x-olympus-orf"),
    (b"MMOR", "image/x-olympus-orf"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\0\0\x01\xb3", "video/mpeg"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
)
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Raw formats that are TIFF inside: only the name tells them apart.
_TIFF_RAW = frozenset(
    [
        "dng",
        "cr2",
        "nef",
        "nrw",
        "arw",
        "sr2",
        "srf",
        "pef",
        "srw",
        "rwl",
        "raw",
        "3fr",
        "fff",
        "iiq",
        "erf",
        "mef",
        "mos",
        "kdc",
        "dcr",
        "k25",
        "gpr",
        "orf",
        "rw2",
    ]
)


# What most photos' names end in, so that most are told by one look.
_USUAL = (".jpg", ".JPG", ".jpeg", ".HEIC", ".heic", ".png", ".PNG", ".mp4", ".MP4", ".MOV", ".mov")


def extension(name: str) -> str:
    """The name's ending in lower case, without the dot: 'jpg' for 'IMG_1.JPG', '' for none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_media_name(name: str) -> bool:
    """By its ending. Asked of every name in every folder, most of which end as the first ones here do."""
    return name.endswith(_USUAL) or extension(name) in EXTENSIONS


def sniff(head: bytes, name: str) -> str | None:
    """The MIME type that a file's first bytes show; None where they show none that we know.

    `name` settles only what the content leaves open: which maker's raw a TIFF is.
    """
    if head[4:8] == b"ftyp":
        return _sniff_iso(head)
    if head.startswith(_TIFF):
        if head[8:11] == b"CR\x02":  # Canon's mark behind the header
            return "image/x-canon-cr2"
        ending = extension(name)
        return EXTENSIONS[ending] if ending in _TIFF_RAW else "image/tiff"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(bytes(head[8:12]))
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            return "video/webm" if mime == "video/x-matroska" and b"webm" in head[:64] else mime
    if _is_transport_stream(head):
        return "video/m2ts"
    if head[4:8] in OLD_QUICKTIME:
        return "video/quicktime"
    return None


def _sniff_iso(head: bytes) -> str:
    length = min(int.from_bytes(head[:4], "big"), 256)
    major, compatible = head[8:12], [head[i : i + 4] for i in range(16, length, 4)]
    if major[:3] in (b"3gp", b"3gr", b"3gs", b"3ge", b"3gg"):
        return "video/3gpp"
    if major[:3] == b"3g2":
        return "video/3gpp2"
    mime = _BRANDS.get(bytes(major))
    if mime in (None, "image/heif", "image/heif-sequence"):
        # A general brand: the specific one among the compatible brands says which codec.
        specific = [
            _BRANDS[b] for b in map(bytes, compatible) if _BRANDS.get(b, "").startswith(("image/avif", "image/heic"))
        ]
        if specific and (mime or major not in (b"isom", b"mp41", b"mp42")):
            return specific[0]
    return mime or "video/mp4"


def _is_transport_stream(head: bytes) -> bool:
    """MPEG-2 transport stream: sync byte 0x47 each 188 bytes, or 192 with a time code before each (BDAV)."""
    return any(
        len(head) > start + 2 * step and all(head[start + i * step] == 0x47 for i in range(3))
        for start, step in ((0, 188), (4, 192))
    )
