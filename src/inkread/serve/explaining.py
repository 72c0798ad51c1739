"""The address that explains: which ink made the answer, as data or as a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from inkread.errors import InkreadError, InvalidOption
from inkread.explainer import CLASSES, Explainer, Explanation
from inkread.export.heat import draw_heat
from inkread.inputs import open_source
from inkread.serve.answers import JSON, PNG, choose_media_type, encode_png
from inkread.serve.bodies import Upload
from inkread.serve.openapi import PICTURES_BODY, answer_of
from inkread.serve.problems import NotAcceptable
from inkread.serve.rest import ReadParameters, StrokesBody, named, parse_body, region_of, uploads_of
from inkread.serve.rooms import Rooms, rooms_of

__all__ = ["ExplainParameters", "router"]

router = APIRouter(prefix="/v1")

_CLASS = rf"^({'|'.join(CLASSES)})$"


class ExplainParameters(ReadParameters):
    """How to read, and what to explain; from the query, and from the fields of a form."""

    value: str | None = Field(
        None, pattern=_CLASS, description="Explain every digit as this one, whatever was read: 0 to 9, not-a-digit."
    )
    against: str | None = Field(None, pattern=_CLASS, description="Hold it against this one.")
    digit: int | None = Field(
        None, ge=0, le=1_000_000, description="Only the digit of this place, in reading order from 0."
    )


def _answers() -> dict[int | str, dict[str, Any]]:
    described = answer_of("Explanation")
    described[200]["content"][PNG] = {"schema": {"type": "string", "format": "binary"}}
    return described


@router.post("/explain", summary="Explain which ink made the answer", responses=_answers(), openapi_extra=PICTURES_BODY)
async def explain(request: Request, parameters: Annotated[ExplainParameters, Query()]) -> Response:
    """Read one picture or one page of a document, and say which ink spoke for each digit.

    Bodies are those of `/v1/read`, with one picture; or `{"strokes": …}` as for `/v1/strokes`. As a PNG, the picture
    comes with the heat drawn over it.
    """
    rooms = rooms_of(request)
    media_type = choose_media_type(request.headers.get("accept"), among=(JSON, PNG))
    async with rooms.bodies.receive(request) as body:
        if _holds_strokes(request, body):
            with rooms.reading.place():
                return await rooms.reading.run(partial(_explain_strokes, body, parameters, media_type, rooms))
        (upload,), parameters = await uploads_of(request, body, parameters, max_files=1)
        with rooms.reading.place():
            return await rooms.reading.run(partial(_explain, upload, parameters, media_type, rooms))


def _holds_strokes(request: Request, body: bytes) -> bool:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return False
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and "strokes" in given


def _explain(upload: Upload, parameters: ExplainParameters, media_type: str, rooms: Rooms) -> Response:
    options = replace(
        rooms.reading.with_confidence(parameters.min_confidence), layout=parameters.layout, style=parameters.style
    )
    try:
        explanation = Explainer(rooms.reading.reader).explain(
            upload.content,
            value=parameters.value,
            against=parameters.against,
            region=region_of(parameters.region),
            options=options,
        )
    except InkreadError as error:
        raise named(error, upload.name) from error
    rooms.metrics.count_document(explanation.document)
    explanation = _chosen(explanation, parameters.digit)
    explanation = replace(explanation, document=replace(explanation.document, source=upload.name))
    if media_type == JSON:
        return JSONResponse(explanation.to_dict())
    pages = len(explanation.document.pages)
    if pages != 1:
        raise NotAcceptable(f"only one page is drawn, and this document has {pages}; ask for {JSON}")
    (image,) = open_source(upload.content, limits=options.limits)
    drawn = draw_heat(image.pixels, [(one.quad, one.heat) for one in explanation.digits])
    return Response(encode_png(drawn), media_type=PNG)


def _explain_strokes(body: bytes, parameters: ExplainParameters, media_type: str, rooms: Rooms) -> Response:
    if media_type != JSON:
        raise NotAcceptable(f"strokes come without a picture to draw on; ask for {JSON}")
    given = parse_body(StrokesBody, body)
    explanation = Explainer(rooms.reading.reader).explain_strokes(
        given.strokes,
        value=parameters.value,
        against=parameters.against,
        options=replace(rooms.reading.with_confidence(given.min_confidence), style=given.style),
    )
    rooms.metrics.count_document(explanation.document)
    return JSONResponse(_chosen(explanation, parameters.digit).to_dict())


def _chosen(explanation: Explanation, digit: int | None) -> Explanation:
    """The explanation of one digit alone, where only one was asked for."""
    if digit is None:
        return explanation
    if digit >= len(explanation.digits):
        raise InvalidOption(f"digit is below {len(explanation.digits)}, the number of digits read; got {digit}")
    return replace(explanation, digits=(explanation.digits[digit],))
