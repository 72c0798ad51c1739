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
from inkread.serve.problems import problem_response

__all__ = ["Border", "route_of"]

_log = logging.getLogger("inkread.serve")


def route_of(scope: Scope) -> str:
    """The route that answered, with its parameters' names and not their values; "other" where there is none."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "other"


class Border:
    """Wraps the whole application.

    Parameters
    ----------
    app
        What is wrapped.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        started = False
        request_id = uuid.uuid4().hex[:16]

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
            if error.http_status >= 500 and not hasattr(error, "headers"):
                _log_failure(error, request_id)
            if not started:
                await _answer(problem_response(error), scope, receive, watch)
        except Exception as error:  # noqa: BLE001 (the border)
            _log_failure(error, request_id)
            if not started:
                told = InkreadError(f"an error inside inkread; the log has more under {request_id}")
                await _answer(problem_response(told), scope, receive, watch)
        finally:
            seconds = time.perf_counter() - began
            _log.info(
                "request",
                extra={
                    "fields": {
                        "id": request_id,
                        "method": scope.get("method", "WS"),
                        "route": route_of(scope),
                        "status": status,
                        "ms": round(1000 * seconds, 2),
                    }
                },
            )


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
