"""The errors that only a server has, and how every error becomes ``application/problem+json`` (RFC 9457).

The classes stand in the tree of :mod:`inkread.errors`; a class name is the stable code of its problem.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from inkread.errors import InkreadError

__all__ = [
    "MEDIA_TYPE",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "ForeignOrigin",
    "HostNotServed",
    "MethodNotAllowed",
    "MissingToken",
    "NotAcceptable",
    "NotFound",
    "NotSignedIn",
    "Overloaded",
    "ReadingTimeout",
    "RequestProblem",
    "RequestTimeout",
    "TooManyRequests",
    "WrongPassword",
    "problem_of",
    "problem_of_status",
    "problem_response",
]

MEDIA_TYPE = "application/problem+json"


class RequestProblem(InkreadError):  # noqa: N818 (a problem, as RFC 9457 calls it)
    """A request that cannot be served, whatever its pictures hold."""

    http_status = 400

    def __init__(self, message: str, *, source: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message, source=source)
        self.headers = dict(headers or {})


class BadRequest(RequestProblem):
    """The request is not what its headers say."""


class NotSignedIn(RequestProblem):
    """A session or a key is needed."""

    http_status = 401


class WrongPassword(RequestProblem):
    """No enabled account has this name and password."""

    http_status = 401


class Forbidden(RequestProblem):
    """This account may not do that."""

    http_status = 403


class ForeignOrigin(RequestProblem):
    """The request comes from another site's page."""

    http_status = 403


class MissingToken(RequestProblem):
    """A request that writes lacks the session's token."""

    http_status = 403


class NotFound(RequestProblem):
    """There is nothing at this address."""

    http_status = 404


class MethodNotAllowed(RequestProblem):
    """This address does not know that method."""

    http_status = 405


class NotAcceptable(RequestProblem):
    """None of the kinds of answer that were asked for can be given."""

    http_status = 406


class RequestTimeout(RequestProblem):
    """The body came too slowly."""

    http_status = 408


class Conflict(RequestProblem):
    """Something of this name is there already."""

    http_status = 409


class HostNotServed(RequestProblem):
    """The server is not known by the name it was called by."""

    http_status = 421


class TooManyRequests(RequestProblem):
    """More requests than are allowed in the time."""

    http_status = 429


class Overloaded(RequestProblem):
    """The server has as much to do as it can."""

    http_status = 503


class ReadingTimeout(RequestProblem):
    """Reading took longer than the limit."""

    http_status = 504


_OF_STATUS: dict[int, type[RequestProblem]] = {
    kind.http_status: kind for kind in (BadRequest, NotSignedIn, Forbidden, NotFound, MethodNotAllowed, NotAcceptable)
}


def problem_of(error: InkreadError) -> dict[str, Any]:
    """The members of the problem that stands for ``error``.

    Examples
    --------
    >>> problem_of(NotFound("there is nothing at /x"))["title"]
    'There is nothing at this address'
    """
    doc = type(error).__doc__ or ""
    members = {
        "type": f"urn:inkread:problem:{error.code}",
        "title": doc.partition("\n")[0].strip().rstrip("."),
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
    }
    return members if error.source is None else {**members, "source": error.source}


def problem_of_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> RequestProblem:
    """The error that stands for a status of the framework.

    Examples
    --------
    >>> problem_of_status(404, "Not Found").code, problem_of_status(418, "I'm a teapot").code
    ('NotFound', 'BadRequest')
    """
    return _OF_STATUS.get(status, BadRequest)(detail or HTTPStatus(status).phrase, headers=headers)


def problem_response(error: InkreadError) -> Response:
    """The answer that tells ``error``."""
    headers = error.headers if isinstance(error, RequestProblem) else {}
    body = json.dumps(problem_of(error)).encode("ascii")
    return Response(body, status_code=error.http_status, headers=headers, media_type=MEDIA_TYPE)
