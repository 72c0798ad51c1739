"""The addresses under ``/v1/`` that read, and those that tell of the models and the limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from inkread.errors import InkreadError, InvalidOption
from inkread.inputs import TAKEN_KINDS
from inkread.reader import Layout, Reader
from inkread.serve.answers import Outcome, choose_media_type, render
from inkread.serve.bodies import Upload, parse_form
from inkread.serve.openapi import PICTURES_BODY, READ_ANSWERS, answer_of
from inkread.serve.problems import BadRequest
from inkread.serve.rooms import Rooms, rooms_of

__all__ = [
    "ReadParameters", "StrokesBody", "answer_strokes", "named", "parse_body", "region_of", "router", "uploads_of",
]  # fmt: skip

router = APIRouter(prefix="/v1")

Parameters = TypeVar("Parameters", bound="ReadParameters")
Body = TypeVar("Body", bound=BaseModel)

_NUMBER = r"\s*-?\d{1,9}(\.\d{1,9})?\s*"


class ReadParameters(BaseModel):
    """How to read; from the query, and from the fields of a form."""

    model_config = ConfigDict(extra="forbid")

    layout: Layout = Field("page", description="What a picture shows: a page to search, one line, or one digit.")
    region: str | None = Field(
        None,
        pattern=rf"^{_NUMBER}(,{_NUMBER}){{3}}$",
        description="x0,y0,x1,y1 in pixels of the upright picture: read only there.",
    )
    min_confidence: float = Field(
        0.0, ge=0, le=1, allow_inf_nan=False, description="Numbers under it are kept, and marked as not accepted."
    )
    style: bool = Field(
        False, description="Describe the writing of every digit and line too: slant, stroke width, spacing and more."
    )


class StrokesBody(BaseModel):
    """Pen strokes: lists of points x, y[, t[, pressure]], y down."""

    model_config = ConfigDict(extra="forbid")

    strokes: list[list[Annotated[list[float], Field(min_length=2, max_length=4)]]] = Field(
        description="Each stroke a list of points of the same two to four numbers: x, y[, t[, pressure]]."
    )
    min_confidence: float = Field(0.0, ge=0, le=1, allow_inf_nan=False)
    style: bool = False


def region_of(text: str | None) -> tuple[float, float, float, float] | None:
    """The region that a parameter names.

    Examples
    --------
    >>> region_of("0,1,20,30.5")
    (0.0, 1.0, 20.0, 30.5)
    """
    if text is None:
        return None
    x0, y0, x1, y1 = (float(part) for part in text.split(","))
    return x0, y0, x1, y1


@router.post("/read", summary="Read pictures and documents", responses=READ_ANSWERS, openapi_extra=PICTURES_BODY)
async def read(request: Request, parameters: Annotated[ReadParameters, Query()]) -> Response:
    """Read one picture or document, or many: a form with parts named `files`, the picture itself, or `{"url": …}`."""
    rooms = rooms_of(request)
    media_type = choose_media_type(request.headers.get("accept"))
    async with rooms.bodies.receive(request) as body:
        uploads, parameters = await uploads_of(request, body, parameters, max_files=rooms.settings.max_files)
        with rooms.reading.place():
            return await _answer(uploads, parameters, media_type, rooms)


async def uploads_of(
    request: Request, body: bytes, parameters: Parameters, *, max_files: int
) -> tuple[Sequence[Upload], Parameters]:
    """The pictures of a body, of whichever kind it is, at least one; and the parameters with the fields of a form."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return (await _fetched(body, rooms_of(request)),), parameters
    if kind != "multipart/form-data":
        return (Upload(name="<body>", content=body),), parameters
    form = parse_form(body, content_type, max_files=max_files)
    parameters = _with_fields(parameters, form.fields)
    if not form.files:
        raise BadRequest("the form holds no part named 'files'")
    return form.files, parameters


def _with_fields(parameters: Parameters, fields: Any) -> Parameters:
    try:
        return type(parameters).model_validate({**parameters.model_dump(exclude_unset=True), **fields})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidOption(f"{'.'.join(map(str, first['loc']))[:100]}: {first['msg']}") from error


async def _fetched(body: bytes, rooms: Rooms) -> Upload:
    try:
        url = json.loads(body)["url"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRequest('a body of JSON is {"url": "https://…"}') from error
    return await rooms.fetcher.fetch(url)


async def _answer(uploads: Sequence[Upload], parameters: ReadParameters, media_type: str, rooms: Rooms) -> Response:
    deadline = asyncio.get_running_loop().time() + rooms.settings.read_timeout_s
    region = region_of(parameters.region)
    options = replace(
        rooms.reading.with_confidence(parameters.min_confidence), layout=parameters.layout, style=parameters.style
    )

    def outcome(upload: Upload) -> Outcome:
        try:
            document = rooms.reading.reader.read(upload.content, region=region, options=options)
            rooms.metrics.count_document(document)
        except InkreadError as error:
            if len(uploads) > 1:  # one alone is the answer, and is counted there
                rooms.metrics.count_refusal(error.code)
            return Outcome(name=upload.name, content=b"", error=named(error, upload.name))
        return Outcome(name=upload.name, content=upload.content, document=replace(document, source=upload.name))

    def outcomes_and_answer() -> Response:
        outcome_ = outcome(uploads[0])
        if outcome_.error is not None:
            raise outcome_.error
        return render([outcome_], media_type, options.limits)

    if len(uploads) == 1:
        # One trip to the threads for the whole answer: most requests are this one.
        return await rooms.reading.run(outcomes_and_answer, deadline=deadline)
    outcomes = [await rooms.reading.run(partial(outcome, upload), deadline=deadline) for upload in uploads]
    return await rooms.reading.run(partial(render, outcomes, media_type, options.limits), deadline=deadline)


def named(error: InkreadError, name: str) -> InkreadError:
    """The same error, of the source as its sender calls it."""
    message = error.message.replace("<bytes>", name if not name.startswith("<") else "the picture")
    return type(error)(message, source=name)


@router.post(
    "/strokes",
    summary="Read pen strokes",
    responses=answer_of("Document"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": StrokesBody.model_json_schema()}},
        }
    },
)
async def read_strokes(request: Request) -> Response:
    """Read pen strokes, in the order and the place they were written; the answer is one document."""
    rooms = rooms_of(request)
    async with rooms.bodies.receive(request) as body:
        with rooms.reading.place():
            return await rooms.reading.run(partial(answer_strokes, body, rooms, rooms.reading.reader))


def answer_strokes(body: bytes, rooms: Rooms, reader: Reader) -> Response:
    """The document of the pen strokes in a body of JSON, read by ``reader``; it runs in a reading thread."""
    given = parse_body(StrokesBody, body)
    options = replace(rooms.reading.with_confidence(given.min_confidence), style=given.style)
    document = reader.read_strokes(given.strokes, options=options)
    rooms.metrics.count_document(document)
    return JSONResponse(document.to_dict())


def parse_body(kind: type[Body], body: bytes) -> Body:
    """What a body of JSON says.

    Raises
    ------
    BadRequest
        If it is not JSON.
    InvalidOption
        If it does not hold what it should.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:100]
        wrong = BadRequest if first["type"] == "json_invalid" else InvalidOption
        raise wrong(f"{where}: {first['msg']}" if where else first["msg"]) from error


@router.get("/models", summary="The cards of the bundled models")
def models() -> dict[str, Any]:
    """What the bundled networks are, how they were trained and what they were measured to do."""
    from inkread.models.registry import bundled_cards

    return {"models": [card.to_dict() for card in bundled_cards()]}


@router.get("/report", summary="What the bundled models were measured to do")
def report() -> dict[str, Any]:
    """The reports of `inkread evaluate` that come with the bundled models, as they were written."""
    from inkread.models.registry import bundled_reports

    return {"reports": list(bundled_reports())}


@router.get("/limits", summary="What is taken, and how much")
def limits(request: Request) -> dict[str, Any]:
    """The kinds of pictures that are taken, and the limits of one request."""
    settings = rooms_of(request).settings
    return {
        "max_body_bytes": settings.max_body_bytes,
        "max_pixels": settings.max_pixels,
        "max_pages": settings.max_pages,
        "max_files": settings.max_files,
        "max_frame_bytes": settings.max_frame_bytes,
        "media_types": [media_type for kind in TAKEN_KINDS for media_type in kind.media_types],
        "suffixes": [suffix for kind in TAKEN_KINDS for suffix in kind.suffixes],
        "url_hosts": list(settings.url_hosts),
    }
