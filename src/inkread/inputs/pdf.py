"""Draws the pages of a PDF, one after the other, with PDFium (extra ``pdf``)."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from inkread.errors import CorruptSource, EncryptedSource, MissingExtra, SourceTooLarge
from inkread.inputs.limits import InputLimits
from inkread.inputs.raster import wrap_decoder_errors

__all__ = ["pdf_pages"]

Pixels = NDArray[np.uint8]

POINTS_AN_INCH = 72.0
# A2 at 200 dpi. PDFs made of photographs often claim a point a pixel, and would be drawn nearly three times as large
# as they are; drawn at this size a photograph of 16 million pixels loses nothing.
_MAX_DRAWN_PIXELS = 16_000_000
# FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY of PDFium's public header.
_LOCKED = (4, 5)

# PDFium keeps state for the whole process and may be entered by one thread at a time.
_pdfium_lock = threading.RLock()


def pdf_pages(stream: BinaryIO, *, name: str, limits: InputLimits) -> Iterator[tuple[Pixels, float]]:
    """The pages of a PDF as uint8 RGB on white paper, each with the dots an inch at which it was drawn.

    Annotations and filled form fields are drawn too: pen notes on a PDF are annotations.

    Raises
    ------
    EncryptedSource
        If it is locked with a password.
    CorruptSource, SourceTooLarge, MissingExtra
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtra.of("pdf", "reading PDF documents") from error

    with _pdfium_lock, wrap_decoder_errors("PDF", name):
        try:
            document: Any = pypdfium2.PdfDocument(stream)
        except pypdfium2.PdfiumError as error:
            # PDFium may answer with the reason of an earlier failure, so the file has to bear it out.
            if getattr(error, "err_code", None) in _LOCKED and _names_a_lock(stream):
                raise EncryptedSource(
                    f"{name} is locked with a password; unlock it and try again", source=name
                ) from error
            raise
    try:
        with _pdfium_lock, wrap_decoder_errors("PDF", name):
            count = len(document)
            if count > limits.max_pages:
                raise SourceTooLarge(
                    f"{name} has {count} pages, more than the limit of {limits.max_pages}; "
                    "split it, or raise InputLimits.max_pages",
                    source=name,
                )
            if count == 0:
                raise CorruptSource(f"{name} has no pages", source=name)
            document.init_forms()
        for index in range(count):
            with _pdfium_lock, wrap_decoder_errors("PDF", name):
                drawn = _draw(document, index, name=name, limits=limits)
            yield drawn
            del drawn
    finally:
        with _pdfium_lock:
            document.close()


def _names_a_lock(stream: BinaryIO) -> bool:
    """Whether the file says that it is encrypted, which it does in plain text."""
    stream.seek(0)
    return b"/Encrypt" in stream.read()


def _draw(document: Any, index: int, *, name: str, limits: InputLimits) -> tuple[Pixels, float]:
    page = document[index]
    try:
        width, height = page.get_size()
        if not (0 < width < math.inf and 0 < height < math.inf):
            raise CorruptSource(f"page {index + 1} of {name} has no size: {width} × {height} points", source=name)
        scale = _scale(width, height, limits)
        bitmap = page.render(scale=scale, rev_byteorder=True)
        try:
            return np.array(bitmap.to_numpy()), scale * POINTS_AN_INCH
        finally:
            bitmap.close()
    finally:
        page.close()


def _scale(width: float, height: float, limits: InputLimits) -> float:
    """Pixels a point: what ``pdf_dpi`` asks for, or less where the page would be too large."""
    most = min(limits.max_pixels, _MAX_DRAWN_PIXELS)
    scale = min(limits.pdf_dpi / POINTS_AN_INCH, math.sqrt(most / width / height), most / max(width, height))
    while math.ceil(width * scale) * math.ceil(height * scale) > most:
        scale *= 0.98
    return scale
