"""The outermost layer: every error becomes an answer, and every request one line of the log and one count.

Lines hold the method, the route, the status and the time; no name of a file, no query, no pixel and no reading.
"""

from __future__ import annotations

import logging
import time
import traceback
import uuid

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkread.errors import InkreadError
from inkread.serve.metrics import Metrics
from inkread.serve.pages import PAGE_ADDRESSES
from inkread.serve.problems import Overloaded, problem_response

__all__ = ["Border", "answer_error", "mistake", "route_of"]

_log = logging.getLogger("inkread.serve")


def route_of(scope: Scope) -> str:
    """The route that answered, with its parameters' names and not their values; "other" where there is none."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    # The page's own routes leave no trace in the scope.
    asked: str = scope["path"]
    if asked.startswith("/static/"):
        return "/static/"
    return asked if asked in PAGE_ADDRESSES else "other"


class Border:
    """Wraps the whole application.

    Parameters
    ----------
    app
        What is wrapped.
    metrics
        Where requests and refusals are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        started = False
        request_id = scope["inkread.request_id"] = uuid.uuid4().hex[:16]

        async def watch(message: Message) -> None:
            nonlocal status, started
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                started = True
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            elif message["type"] == "websocket.accept":
                started = True
                status = 101
            elif message["type"] == "websocket.close":
                started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except InkreadError as error:
            response = answer_error(error, scope, self._metrics)
            if not started:
                await _answer(response, scope, receive, watch)
        except Exception as error:  # noqa: BLE001 (the border)
            self._metrics.count_refusal("InkreadError")
            _log_failure(error, request_id)
            if not started:
                await _answer(problem_response(mistake(scope)), scope, receive, watch)
        finally:
            seconds = time.perf_counter() - began
            route = route_of(scope)
            self._metrics.count_request(method=scope.get("method", "WS"), route=route, status=status, seconds=seconds)
            _log.info(
                "request",
                extra={
                    "fields": {
                        "id": request_id,
                        "method": scope.get("method", "WS"),
                        "route": route,
                        "status": status,
                        "ms": round(1000 * seconds, 2),
                    }
                },
            )


def answer_error(error: InkreadError, scope: Scope, metrics: Metrics) -> Response:
    """The answer that tells ``error``, which is counted, and logged where it is the server that failed."""
    metrics.count_refusal(error.code)
    if error.http_status >= 500 and not isinstance(error, Overloaded):
        _log_failure(error, scope["inkread.request_id"])
    return problem_response(error)


def mistake(scope: Scope) -> InkreadError:
    """The error that stands for a mistake in inkread itself: it tells nothing but where to look."""
    return InkreadError(f"an error inside inkread; the log has more under {scope['inkread.request_id']}")


async def _answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    # A socket that is not open yet can be refused with a whole answer (the ASGI extension websocket.http.response).
    if "websocket.http.response" in scope.get("extensions", {}):
        headers = response.raw_headers
        await send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": response.body})
    else:
        await send({"type": "websocket.close", "code": 1008})


def _log_failure(error: BaseException, request_id: str) -> None:
    """Log where ``error`` arose, not what it says: messages may repeat what was read."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("failure", extra={"fields": {"id": request_id, "error": type(error).__name__, "at": frames}})
