"""Answers: which of the forms a caller wants, and documents in that form.

The forms themselves are made in :mod:`inkread.export`; pictures are drawn from the bytes that were read.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from starlette.responses import Response

from inkread.errors import InkreadError
from inkread.export.draw import annotate
from inkread.export.tables import error_row, number_rows, write_csv, write_header
from inkread.inputs import InputLimits, open_source
from inkread.results import Document
from inkread.serve.problems import NotAcceptable

__all__ = ["JSON", "MEDIA_TYPES", "PNG", "Outcome", "choose_media_type", "encode_png", "render"]

JSON, TEXT, CSV, PNG, ZIP = "application/json", "text/plain", "text/csv", "image/png", "application/zip"
MEDIA_TYPES = (JSON, TEXT, CSV, PNG, ZIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one source: its document, or its error."""

    name: str
    content: bytes
    document: Document | None = None
    error: InkreadError | None = None


def choose_media_type(accept: str | None, *, among: Sequence[str] = MEDIA_TYPES) -> str:
    """The form of ``among`` that ``accept``, the header, likes best; JSON where it says nothing.

    Raises
    ------
    NotAcceptable
        If it likes none.

    Examples
    --------
    >>> choose_media_type("text/html, text/*;q=0.5, */*;q=0.1"), choose_media_type(None)
    ('text/plain', 'application/json')
    """
    if accept is None or not accept.strip():
        return JSON
    best, best_quality = JSON, 0.0
    for media_type in among:
        quality = _quality(media_type, accept)
        if quality > best_quality:
            best, best_quality = media_type, quality
    if best_quality <= 0:
        raise NotAcceptable(f"the answer can be {', '.join(among)}; asked for was {accept[:100]!r}")
    return best


def _quality(media_type: str, accept: str) -> float:
    """How much ``accept`` likes ``media_type``: that of the most exact range (RFC 9110, 12.5.1)."""
    ranges = {media_type: 3, f"{media_type.partition('/')[0]}/*": 2, "*/*": 1}
    exactness, quality = 0, 0.0
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if ranges.get(name, 0) > exactness:
            exactness, quality = ranges[name], 1.0
            for parameter in parameters:
                if parameter.startswith("q="):
                    try:
                        quality = min(1.0, max(0.0, float(parameter[2:])))
                    except ValueError:
                        quality = 0.0
    return quality if quality == quality else 0.0


def render(outcomes: Sequence[Outcome], media_type: str, limits: InputLimits) -> Response:
    """The answer for ``outcomes`` in the form of ``media_type``. Work for a thread: it draws and compresses."""
    if media_type == TEXT:
        return Response(_text(outcomes), media_type="text/plain")
    if media_type == CSV:
        return Response(_csv(outcomes), media_type="text/csv")
    if media_type in (PNG, ZIP):
        return _pictures(outcomes, media_type, limits)
    return Response(json.dumps(_plain(outcomes)).encode("ascii"), media_type=JSON)


def _plain(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "documents": [one.document.to_dict() for one in outcomes if one.document is not None],
        "errors": [
            {**one.error.to_dict(), "source": one.name, "index": index}
            for index, one in enumerate(outcomes)
            if one.error is not None
        ],
    }


def _text(outcomes: Sequence[Outcome]) -> str:
    return "".join(f"{one.document.text}\n" for one in outcomes if one.document is not None and one.document.text)


def _csv(outcomes: Sequence[Outcome]) -> str:
    stream = io.StringIO()
    write_header(stream)
    for one in outcomes:
        if one.document is not None:
            write_csv(number_rows(one.document), stream)
        elif one.error is not None:
            write_csv([error_row(one.error, one.name)], stream)
    return stream.getvalue()


def _pictures(outcomes: Sequence[Outcome], media_type: str, limits: InputLimits) -> Response:
    pages = sum(len(one.document.pages) for one in outcomes if one.document is not None)
    if media_type == PNG and pages == 1 and len(outcomes) == 1:
        ((_, content),) = _drawn(outcomes[0], limits)
        return Response(content, media_type=PNG)
    stream = io.BytesIO()
    # PNG is compressed already.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        names: set[str] = set()
        for one in outcomes:
            if one.document is not None:
                for name, content in _drawn(one, limits):
                    archive.writestr(_unused(name, names), content)
        archive.writestr("inkread.json", json.dumps(_plain(outcomes), indent=2))
    return Response(
        stream.getvalue(), media_type=ZIP, headers={"Content-Disposition": 'attachment; filename="inkread.zip"'}
    )


def _drawn(one: Outcome, limits: InputLimits) -> list[tuple[str, bytes]]:
    if one.document is None:
        return []
    stem = PurePath(one.name).stem.strip("<>") or "picture"
    drawn = []
    for image, page in zip(open_source(one.content, limits=limits), one.document.pages, strict=True):
        suffix = f"-page{page.index + 1}" if len(one.document.pages) > 1 else ""
        drawn.append((f"{stem}{suffix}-annotated.png", encode_png(annotate(image.pixels, page))))
    return drawn


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture, uint8 (H, W, 3), as PNG."""
    stream = io.BytesIO()
    # Quick rather than small: drawings have large plain areas, and one wait is longer than one transfer.
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=3)
    return stream.getvalue()


def _unused(name: str, names: set[str]) -> str:
    stem, suffix = name.removesuffix(".png"), 1
    while name in names:
        suffix += 1
        name = f"{stem}-{suffix}.png"
    names.add(name)
    return name
