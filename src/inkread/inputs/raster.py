"""Decodes pictures: JPEG, PNG, WebP, GIF, BMP, AVIF, HEIC and the pages of a TIFF.

Of an animation the first picture is taken, because the others show the same thing moving; of several pictures in one
HEIC file the one that its writer marked as the main one. A file that ends early is refused, never half shown.
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from inkread.errors import CorruptSource, InkreadError, InvalidArray, MissingExtra, SourceTooLarge, UnsupportedSource
from inkread.inputs.headers import Header, exif_orientation, read_jpeg_header, read_png_header
from inkread.inputs.limits import InputLimits
from inkread.inputs.pixels import rgb_of_picture, turned

__all__ = ["check_size", "quiet", "raster_pages", "wrap_decoder_errors"]

Pixels = NDArray[np.uint8]

# What decoders raise on damaged files, found by feeding them such files; Pillow promises no single class.
_DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    NotImplementedError,
    struct.error,
    zlib.error,
)

_quiet_lock = threading.RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """Decode without Pillow's warnings about damaged metadata, which reading does not need.

    Warning filters belong to the whole process, so only one of our threads changes them at a time. JPEG and PNG, the
    bulk of all pictures, go without: their metadata never reaches Pillow.
    """
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def wrap_decoder_errors(kind: str, name: str) -> Iterator[None]:
    """Turn what a decoder raises on a damaged file into an error of ours."""
    try:
        yield
    except InvalidArray as error:
        raise CorruptSource(f"{name} cannot be shown: {error.message}", source=name) from error
    except InkreadError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise SourceTooLarge(f"{name} is too large to decode: {error}", source=name) from error
    except _DECODER_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise CorruptSource(f"{name} is a damaged or incomplete {kind} file: {reason}", source=name) from error


def check_size(size: tuple[int, int], *, name: str, limits: InputLimits) -> None:
    """Refuse a picture of more pixels than the limits allow."""
    width, height = size
    if width < 1 or height < 1:
        raise CorruptSource(f"{name} has no pixels: {width} × {height}", source=name)
    if width * height > limits.max_pixels:
        raise SourceTooLarge(
            f"{name} has {width} × {height} pixels, more than the limit of {limits.max_pixels / 1e6:g} million; "
            "make it smaller, or raise InputLimits.max_pixels",
            source=name,
        )


def raster_pages(kind: str, stream: BinaryIO, *, name: str, limits: InputLimits) -> Iterator[Pixels]:
    """The upright pages of an encoded picture, uint8 RGB, one for every kind but TIFF.

    Parameters
    ----------
    kind
        A raster kind of :data:`inkread.inputs.kinds.TAKEN_KINDS`.
    stream
        Seekable, at its beginning.

    Raises
    ------
    CorruptSource, SourceTooLarge, UnsupportedSource, MissingExtra
    """
    if kind == "TIFF":
        yield from _tiff_pages(stream, name=name, limits=limits)
        return
    with wrap_decoder_errors(kind, name):
        data = stream.read()
        if kind in _BARE:
            pixels = _decode_bare(kind, data, name=name, limits=limits)
        elif kind == "HEIC":
            pixels = _decode_heic(data, name=name, limits=limits)
        else:
            pixels = _decode_other(kind, data, name=name, limits=limits)
    del data
    yield pixels


_BARE: dict[str, tuple[Callable[[bytes], Header], Callable[[BytesIO], ImageFile.ImageFile]]] = {
    "JPEG": (read_jpeg_header, JpegImagePlugin.JpegImageFile),
    "PNG": (read_png_header, PngImagePlugin.PngImageFile),
}

# The classes are called directly: Image.open would warn of large pictures before we can refuse them.
_OTHER: dict[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    "WebP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}


def _decode_bare(kind: str, data: bytes, *, name: str, limits: InputLimits) -> Pixels:
    read_header, open_picture = _BARE[kind]
    header = read_header(data)
    check_size((header.width, header.height), name=name, limits=limits)
    with open_picture(BytesIO(header.bare)) as picture:
        picture.load()
        pixels = rgb_of_picture(picture)
    return turned(pixels, header.orientation)


def _decode_other(kind: str, data: bytes, *, name: str, limits: InputLimits) -> Pixels:
    if kind == "AVIF" and not AvifImagePlugin.SUPPORTED:
        raise UnsupportedSource(f"{name} is an AVIF file, and the installed Pillow was built without AVIF", source=name)
    with quiet(), _OTHER[kind](BytesIO(data)) as picture:
        check_size(picture.size, name=name, limits=limits)
        picture.load()
        block = picture.info.get("exif")
        pixels = rgb_of_picture(picture)
    return turned(pixels, exif_orientation(block) if isinstance(block, bytes) else 1)


def _tiff_pages(stream: BinaryIO, *, name: str, limits: InputLimits) -> Iterator[Pixels]:
    with wrap_decoder_errors("TIFF", name), quiet():
        document: Any = TiffImagePlugin.TiffImageFile(stream)
    try:
        with wrap_decoder_errors("TIFF", name), quiet():
            if _has_page(document, limits.max_pages):
                raise SourceTooLarge(
                    f"{name} has more than {limits.max_pages} pages; split it, or raise InputLimits.max_pages",
                    source=name,
                )
        index = 0
        while True:
            with wrap_decoder_errors("TIFF", name), quiet():
                if not _has_page(document, index):
                    return
                check_size(document.size, name=name, limits=limits)
                document.load()  # also sets the page upright
                pixels = rgb_of_picture(document)
            yield pixels
            del pixels
            index += 1
    finally:
        document.close()


def _has_page(document: Any, index: int) -> bool:
    try:
        document.seek(index)
    except EOFError:
        return False
    return True


def _heif_module() -> ModuleType:
    # The same library twice: the first reads only and carries no GPL encoder, the second is more widely installed.
    for module in ("pi_heif", "pillow_heif"):
        try:
            return import_module(module)
        except ImportError as error:
            missing = error
    raise MissingExtra.of("heic", "reading HEIC pictures") from missing


def _decode_heic(data: bytes, *, name: str, limits: InputLimits) -> Pixels:
    heif = _heif_module()
    with quiet():
        container = heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True)
        main = container[container.primary_index]
        check_size(main.size, name=name, limits=limits)
        # The container's own turn is applied by the decoder; EXIF's must then be left alone.
        return rgb_of_picture(main.to_pillow())
