"""Which picture formats are read, how they are told apart, and what is said of the others."""

from pathlib import PurePath

# Named one by one: Pillow knows others that start a program (EPS starts Ghostscript) or hand the
# file to the system. MPO comes with JPEG, APNG with PNG.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "DIB", "PPM", "JPEG2000", "AVIF"),
    *("ICO", "DDS", "PCX", "QOI", "SGI", "SUN", "TGA"),
)
ANIMATED = frozenset({"AVIF", "GIF", "PNG", "WEBP"})
HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
SUFFIXES = HEIF_SUFFIXES | {
    *(".apng", ".avif", ".bmp", ".dib", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg"),
    *(".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp"),
}
RAW = "a camera's RAW file; develop it to a JPEG or TIFF file first"
_DRAWING = "a drawing, not a picture of pixels; export it as a PNG file first"
# Files that people take for pictures, and what to do with them instead.
REFUSED: dict[str, str] = {
    **dict.fromkeys((".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf"), RAW),
    **dict.fromkeys((".fff", ".iiq", ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef"), RAW),
    **dict.fromkeys((".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2"), RAW),
    **dict.fromkeys((".srf", ".srw", ".x3f"), RAW),
    **dict.fromkeys((".ai", ".eps", ".ps", ".svg", ".svgz"), _DRAWING),
}
# How many bytes of a file tell what it is.
HEAD = 512
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Cameras' own beginnings: Fujifilm, Sigma, Panasonic, Olympus, Minolta, Canon.
_RAW_HEADS = (
    b"FUJIFILMCCD-RAW",
    b"FOVb",
    b"IIU\0",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"\0MRM",
    b"II\x1a\0",
)
_HEADS = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"qoif", b"DDS "),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"\0\0\1\0", *_TIFF, *_RAW_HEADS),
)


def is_jpeg(head: bytes) -> bool:
    """Whether a file that begins so is a JPEG."""
    return head.startswith(b"\xff\xd8\xff")


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is a HEIF picture other than AVIF, such as HEIC."""
    brands = _brands(head)
    # "mif1" alone leaves open what is inside; AVIF names itself beside it.
    return not _HEIF_BRANDS.isdisjoint(brands) or (
        b"mif1" in brands and _AVIF_BRANDS.isdisjoint(brands)
    )


def is_tiff(head: bytes) -> bool:
    """Whether a file that begins so is a TIFF, as most RAW files are, too."""
    return head.startswith(_TIFF)


def holds_picture(head: bytes) -> bool:
    """Whether a file that begins so is a picture, whatever its name."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    avif = not _AVIF_BRANDS.isdisjoint(_brands(head))
    return head.startswith(_HEADS) or webp or avif or is_heif(head)


def advice(head: bytes, name: str) -> str:
    """Say what a file is that is not read here, and what to do; "" where that is not known.

    Args:
        head: Its first `HEAD` bytes.
        name: Its name.
    """
    is_raw = head.startswith(_RAW_HEADS) or head[4:12] == b"ftypcrx "
    # Canon's CR2 is a TIFF that says so.
    if is_raw or (head.startswith(_TIFF) and head[8:10] == b"CR"):
        return RAW
    if head.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6")) or b"<svg" in head:
        return _DRAWING
    # A JPEG that somebody named as RAW is a JPEG.
    known = holds_picture(head) and not head.startswith(_TIFF)
    return "" if known else REFUSED.get(PurePath(name).suffix.lower(), "")


def _brands(head: bytes) -> frozenset[bytes]:
    """Return the brands that an ISO base media file names."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return frozenset(head[at : at + 4] for at in (8, *range(16, end, 4)))
