"""Opens a source, whatever it is, as upright pages of pixels, one after the other.

This is the border at which the world's bytes come in: whatever is wrong with them becomes an error of ours here.
Cameras and films are not opened here; pen strokes are drawn by :mod:`inkread.inputs.strokes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from inkread.errors import InvalidArray
from inkread.inputs.headers import exif_orientation
from inkread.inputs.limits import DEFAULT_LIMITS, InputLimits
from inkread.inputs.pdf import pdf_pages
from inkread.inputs.pixels import rgb_of_array, rgb_of_picture, turned
from inkread.inputs.raster import check_size, quiet, raster_pages, wrap_decoder_errors
from inkread.inputs.sources import describe, open_stream
from inkread.parts import PageImage

__all__ = ["open_source"]


def open_source(source: Any, *, limits: InputLimits = DEFAULT_LIMITS) -> Iterator[PageImage]:
    """The pages of ``source``, opened lazily: the next page is decoded when it is asked for.

    Parameters
    ----------
    source
        A path, an address (``https://``; ``s3://`` and ``gs://`` with the extra ``remote``), bytes, a file opened for
        reading bytes (standard input too), a NumPy array (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA of whole
        numbers, truth values or floats in [0, 1], or a Pillow picture. Its kind is told by its content.
    limits
        What is refused as too large, and how a PDF is drawn.

    Yields
    ------
    PageImage
        At least one.

    Raises
    ------
    SourceError
        One of its kinds, when the first page is asked for, or a later one that cannot be opened.
    MissingExtra
        If the kind or the address needs a package that is not installed.

    Examples
    --------
    >>> page, = open_source(np.zeros((2, 3), np.uint8))
    >>> page.height, page.width, page.source
    (2, 3, '<array>')
    """
    name = describe(source)
    if isinstance(source, Image.Image):
        yield PageImage(pixels=_of_picture(source, name, limits), source=name)
        return
    if isinstance(source, np.ndarray) or (hasattr(source, "__array__") and not hasattr(source, "read")):
        yield PageImage(pixels=_of_array(source, name, limits), source=name)
        return
    with open_stream(source, limits=limits) as (kind, stream):
        if kind == "PDF":
            for index, (pixels, dpi) in enumerate(pdf_pages(stream, name=name, limits=limits)):
                yield PageImage(pixels=pixels, source=name, index=index, dpi=dpi)
            return
        for index, pixels in enumerate(raster_pages(kind, stream, name=name, limits=limits)):
            yield PageImage(pixels=pixels, source=name, index=index)


def _of_array(source: Any, name: str, limits: InputLimits) -> np.ndarray[Any, np.dtype[np.uint8]]:
    try:
        array = np.asarray(source)
        if array.ndim in (2, 3) and array.size:
            check_size((array.shape[1], array.shape[0]), name=name, limits=limits)
        return rgb_of_array(array)
    except InvalidArray as error:
        raise InvalidArray(error.message, source=name) from None
    except (TypeError, ValueError) as error:
        raise InvalidArray(f"{name} cannot be used as an array: {error}", source=name) from error


def _of_picture(picture: Image.Image, name: str, limits: InputLimits) -> np.ndarray[Any, np.dtype[np.uint8]]:
    check_size(picture.size, name=name, limits=limits)
    with wrap_decoder_errors(picture.format or "picture", name), quiet():
        picture.load()
        block = picture.info.get("exif")
        pixels = rgb_of_picture(picture)
    return turned(pixels, exif_orientation(block) if isinstance(block, bytes) else 1)
