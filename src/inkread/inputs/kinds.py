"""Which kinds of pictures and documents are taken, and what a source is, told by its first bytes.

Names of files are never trusted: a photograph called ``scan.pdf`` is a photograph.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["HEAD_BYTES", "TAKEN_KINDS", "Kind", "sniff", "taken_names", "taken_suffixes", "what_it_is"]

# Enough for a PDF's mark, which may stand anywhere in the first kilobyte.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of picture or document that is taken.

    Attributes
    ----------
    name
        "JPEG", "PDF", …
    suffixes
        Usual endings of file names, lower case with their dot; they choose the pictures of a folder.
    media_types
        As in HTTP's ``Content-Type``.
    extra
        The optional dependency that it needs, or None.
    """

    name: str
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    extra: str | None = None


TAKEN_KINDS: tuple[Kind, ...] = (
    Kind(name="JPEG", suffixes=(".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp"), media_types=("image/jpeg",)),
    Kind(name="PNG", suffixes=(".png", ".apng"), media_types=("image/png",)),
    Kind(name="WebP", suffixes=(".webp",), media_types=("image/webp",)),
    Kind(name="TIFF", suffixes=(".tif", ".tiff"), media_types=("image/tiff",)),
    Kind(name="GIF", suffixes=(".gif",), media_types=("image/gif",)),
    Kind(name="BMP", suffixes=(".bmp", ".dib"), media_types=("image/bmp",)),
    Kind(name="AVIF", suffixes=(".avif",), media_types=("image/avif",)),
    Kind(name="PDF", suffixes=(".pdf",), media_types=("application/pdf",), extra="pdf"),
    Kind(name="HEIC", suffixes=(".heic", ".heif"), media_types=("image/heic", "image/heif"), extra="heic"),
)


def taken_names() -> str:
    """The kinds taken, for a message.

    Examples
    --------
    >>> taken_names()
    'JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF, PDF and HEIC'
    """
    names = [kind.name for kind in TAKEN_KINDS]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def taken_suffixes() -> frozenset[str]:
    """The endings of file names by which a folder's pictures are chosen."""
    return frozenset(suffix for kind in TAKEN_KINDS for suffix in kind.suffixes)


_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
# Sizes of the header that follows a BMP's own 14 bytes, from OS/2 to Windows 98.
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def _brands(head: bytes) -> frozenset[bytes]:
    """The brands of an ISO media file, or none."""
    if len(head) < 16 or head[4:8] != b"ftyp":
        return frozenset()
    end = min(max(struct.unpack(">I", head[:4])[0], 16), len(head), 1024)
    return frozenset([head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))])


def sniff(head: bytes) -> str | None:
    """The name of the kind that ``head``, the first bytes of a source, belongs to, or None if it is not taken.

    Examples
    --------
    >>> sniff(b"%PDF-1.7"), sniff(b"Dear Sir")
    ('PDF', None)
    """
    brands = _brands(head)
    tests = {
        "JPEG": head.startswith(b"\xff\xd8\xff"),
        "PNG": head.startswith(b"\x89PNG\r\n\x1a\n"),
        "WebP": head.startswith(b"RIFF") and head[8:12] == b"WEBP",
        "TIFF": head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
        "GIF": head.startswith((b"GIF87a", b"GIF89a")),
        "BMP": head.startswith(b"BM") and len(head) >= 18 and struct.unpack("<I", head[14:18])[0] in _BMP_HEADERS,
        "AVIF": bool(brands & _AVIF_BRANDS),
        "HEIC": bool(brands & _HEIF_BRANDS) and not brands & _AVIF_BRANDS,
        "PDF": b"%PDF-" in head[:1024],
    }
    return next((name for name, holds in tests.items() if holds), None)


_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\1\0", "an icon"),
    (b"%!PS", "a PostScript file"),
    (b"RIFF", "audio or video"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a saved NumPy array (load it and pass the array)"),
)


def what_it_is(head: bytes) -> str:
    """What a source that is not taken seems to be, for a message.

    Examples
    --------
    >>> what_it_is(b"PK\\x03\\x04..."), what_it_is(b"Dear Sir"), what_it_is(b"<svg xmlns=")
    ('a zip archive or an office document', 'text', 'an SVG drawing')
    """
    if head[4:8] == b"ftyp":
        return "a video"
    for mark, name in _OTHERS:
        if head.startswith(mark):
            return name
    # A character cut in two by the end of the head is still text.
    text = head.decode("utf-8", errors="replace").rstrip("\N{REPLACEMENT CHARACTER}")
    if not text.strip() or any(c == "\N{REPLACEMENT CHARACTER}" or (c < " " and c not in "\t\r\n\f\x1b") for c in text):
        return "data of an unknown kind"
    start = text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE} \t\r\n")[:512].lower()
    if "<svg" in start:
        return "an SVG drawing"
    if start.startswith(("<!doctype html", "<html")):
        return "a web page"
    return "text"
