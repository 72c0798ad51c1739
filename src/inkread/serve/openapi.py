"""The description of the HTTP interface (OpenAPI), and the page on which it can be tried.

The shape of a document is that of :meth:`inkread.results.Document.to_dict`; it is described here and made there.
"""

from __future__ import annotations

from dataclasses import fields
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from inkread.inputs import TAKEN_KINDS
from inkread.recognize.prepare import INPUT_SIDE
from inkread.results import PROBLEMS, SCHEMA_VERSION, DigitStyle, LineStyle
from inkread.serve.problems import MEDIA_TYPE

__all__ = ["PICTURES_BODY", "READ_ANSWERS", "answer_of", "describe", "docs_routes"]


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _array(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
_BOX = _array({"type": "number"}, minItems=4, maxItems=4, description="x0, y0, x1, y1 in pixels")
_QUAD = _array(
    _array({"type": "number"}, minItems=2, maxItems=2),
    minItems=4,
    maxItems=4,
    description="Four points clockwise from the top left of the text",
)
_PROBLEM = _nullable(_ref("ReadingProblem"))

_SCHEMAS: dict[str, dict[str, Any]] = {
    "Document": _object(
        {
            "schema": {"const": SCHEMA_VERSION},
            "source": _TEXT,
            "model": {"type": "object", "additionalProperties": _TEXT},
            "seconds": {"type": "number", "minimum": 0},
            "problem": _PROBLEM,
            "pages": _array(_ref("Page")),
        }
    ),
    "Page": _object(
        {
            "index": _COUNT,
            "width": _COUNT,
            "height": _COUNT,
            "dpi": _nullable({"type": "number"}),
            "problem": _PROBLEM,
            "lines": _array(_ref("Line")),
        }
    ),
    "Line": _object(
        {
            "text": _TEXT,
            "confidence": _nullable(_PROBABILITY),
            "box": _BOX,
            "quad": _QUAD,
            "alternatives": _array(_object({"text": _TEXT, "probability": _PROBABILITY})),
            "problem": _PROBLEM,
            "numbers": _array(_ref("Number")),
            "style": _ref("LineStyle"),
        },
        optional=("style",),
    ),
    "Number": _object(
        {
            "text": _TEXT,
            "confidence": _nullable(_PROBABILITY),
            "accepted": {"type": "boolean"},
            "box": _BOX,
            "marks": _array(_TEXT),
            "digits": _array(_ref("Digit"), minItems=1),
        }
    ),
    "Digit": _object(
        {
            "value": _TEXT,
            "confidence": _nullable(_PROBABILITY),
            "box": _BOX,
            "quad": _QUAD,
            "alternatives": _array(_object({"value": _TEXT, "probability": _PROBABILITY})),
            "style": _ref("DigitStyle"),
        },
        optional=("style",),
    ),
    "DigitStyle": _object({one.name: _nullable({"type": "number"}) for one in fields(DigitStyle)}),
    "LineStyle": _object({one.name: _nullable({"type": "number"}) for one in fields(LineStyle)}),
    "Explanation": _object(
        {"schema": {"const": SCHEMA_VERSION}, "document": _ref("Document"), "digits": _array(_ref("DigitExplanation"))}
    ),
    "DigitExplanation": _object(
        {
            **dict.fromkeys(("page", "line", "number", "index"), _COUNT),
            "read": _TEXT,
            "value": _TEXT,
            "against": _nullable(_TEXT),
            "log_odds": {"type": "number"},
            "quad": _QUAD,
            "heat": _array(
                _array({"type": "number", "minimum": -1, "maximum": 1}, minItems=INPUT_SIDE, maxItems=INPUT_SIDE),
                minItems=INPUT_SIDE,
                maxItems=INPUT_SIDE,
                description="Rows over the quad: above 0 ink that spoke for the value, below 0 ink that spoke against",
            ),
        }
    ),
    "ReadingProblem": _object({"code": {"enum": sorted(PROBLEMS)}, "message": _TEXT}),
    "SourceError": _object({"code": _TEXT, "message": _TEXT, "source": _TEXT, "index": _COUNT}),
    "Answer": _object({"documents": _array(_ref("Document")), "errors": _array(_ref("SourceError"))}),
    "Problem": {
        **_object(
            {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer"},
                "detail": _TEXT,
                "code": _TEXT,
                "source": _TEXT,
            },
            optional=("source",),
        ),
        "description": "RFC 9457; the code is stable",
    },
}

_BINARY = {"type": "string", "format": "binary"}

PICTURES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": _array(_BINARY, minItems=1),
                        "layout": {"enum": ["page", "line", "digit"]},
                        "region": {"type": "string", "examples": ["0,0,640,200"]},
                        "min_confidence": _PROBABILITY,
                        "style": {"type": "boolean"},
                    },
                    "required": ["files"],
                    "additionalProperties": False,
                }
            },
            "application/json": {
                "schema": {**_object({"url": {"type": "string", "format": "uri"}}), "additionalProperties": False}
            },
            **{media: {"schema": _BINARY} for kind in TAKEN_KINDS for media in kind.media_types},
            "application/octet-stream": {"schema": _BINARY},
        },
    }
}

READ_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "What was read, in the form that Accept asks for",
        "content": {
            "application/json": {"schema": _ref("Answer")},
            "text/plain": {"schema": _TEXT},
            "text/csv": {"schema": _TEXT},
            "image/png": {"schema": _BINARY},
            "application/zip": {"schema": _BINARY},
        },
    }
}


def answer_of(name: str) -> dict[int | str, dict[str, Any]]:
    """The responses of an address that answers with the schema ``name``."""
    return {200: {"description": "What was read", "content": {"application/json": {"schema": _ref(name)}}}}


def describe(api: FastAPI) -> None:
    """Let ``api`` describe itself with our schemas, and with a problem as the answer to everything that goes wrong."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _description(api)
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]


def _description(api: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=api.title, version=api.version, summary=api.summary, routes=api.routes)
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's; we answer with problems
        schemas.pop(name, None)
    schemas.update(_SCHEMAS)
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key, where accounts are on"}
    }
    made["security"] = [{}, {"key": []}]
    problem = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = problem
    return made


# -- the page ---------------------------------------------------------------------------------------------------------

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>inkread: the HTTP interface</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="interface"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script type="module" src="/docs/start.js"></script>
</body>
</html>
"""

# What is tried from the page is written by the session's own page, and says so.
_START = """const session = await (await fetch("/v1/session")).json();
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#interface",
  validatorUrl: null,
  requestInterceptor(request) {
    if (session.csrf) request.headers["X-CSRF-Token"] = session.csrf;
    return request;
  },
});
"""

_ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}


def docs_routes() -> list[BaseRoute]:
    """The page ``/docs`` and what it is made of; Swagger UI itself comes from the package ``fastapi-offline``."""

    async def page(request: Request) -> Response:
        return HTMLResponse(_PAGE)

    async def start(request: Request) -> Response:
        return Response(_START, media_type="text/javascript")

    def asset(name: str, media_type: str) -> Route:
        async def send(request: Request) -> Response:
            content = (files("fastapi_offline") / "static" / name).read_bytes()
            return Response(content, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})

        return Route(f"/docs/{name}", send)

    return [
        Route("/docs", page),
        Route("/docs/start.js", start),
        *(asset(name, media_type) for name, media_type in _ASSETS.items()),
    ]
