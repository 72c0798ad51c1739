"""The application: its parts made, joined and taken apart.

From the outside in: headers of safety, the border that answers for every error, the guard of hosts and origins, who
calls, and then the addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from inkread.errors import InkreadError, InvalidOption
from inkread.memory import keep_freed_memory
from inkread.serve import border, explaining, lab_rest, live, openapi, pages, rest, signin
from inkread.serve.accounts import Accounts
from inkread.serve.bodies import Bodies
from inkread.serve.border import Border
from inkread.serve.fetching import Fetcher
from inkread.serve.guard import Guard, SafetyHeaders
from inkread.serve.identity import Identity, require_admin
from inkread.serve.lab import Lab
from inkread.serve.metrics import MEDIA_TYPE as METRICS_TYPE
from inkread.serve.metrics import Metrics
from inkread.serve.problems import BadRequest, problem_of_status, problem_response
from inkread.serve.rates import Rates
from inkread.serve.reading import Places, ReadingRoom
from inkread.serve.rooms import Rooms, rooms_of
from inkread.serve.settings import ServerSettings, load_settings

__all__ = ["create_app", "from_environment"]


def create_app(settings: ServerSettings | None = None) -> ASGIApp:
    """The application, ready for an ASGI server.

    Parameters
    ----------
    settings
        By default those of the environment.

    Raises
    ------
    InvalidOption
        If the settings cannot be used.
    """
    used = settings or load_settings()
    accounts = Accounts(used.database_url) if used.accounts_on else None
    rates = Rates(used.rate_limit, storage=used.rate_storage)
    metrics = Metrics()
    api = FastAPI(
        title="inkread",
        version=version("inkread"),
        summary="Reads handwritten numbers.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    reading = ReadingRoom(used, gauge=metrics.in_flight)
    api.state.rooms = Rooms(
        settings=used,
        reading=reading,
        bodies=Bodies(used, gauge=metrics.held_bytes),
        fetcher=Fetcher(used),
        sockets=Places(used.max_live, what="sockets", gauge=metrics.sockets),
        metrics=metrics,
        rates=rates,
        accounts=accounts,
        lab=Lab(reading.reader, reading.options) if used.lab_open else None,
    )
    for router in (rest.router, explaining.router, live.router, signin.router, lab_rest.router):
        api.include_router(router)
    api.add_api_route("/healthz", _health, methods=["GET"], summary="Whether the process lives", tags=["operation"])
    api.add_api_route("/readyz", _ready, methods=["GET"], summary="Whether it can read", tags=["operation"])
    api.add_api_route(
        "/metrics", _metrics, methods=["GET"], summary="Figures for Prometheus", tags=["operation"],
        responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {}}}},
        response_class=Response,
    )  # fmt: skip
    api.router.routes.extend([*openapi.docs_routes(), *pages.page_routes()])
    openapi.describe(api)
    api.add_exception_handler(InkreadError, _on_error)
    api.add_exception_handler(Exception, _on_mistake)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)

    app: ASGIApp = Identity(api, used, accounts=accounts, rates=rates)
    if used.cors_origins:
        # A page from elsewhere calls with a key; cookies are never let through.
        app = CORSMiddleware(
            app, allow_origins=used.cors_origins, allow_methods=["GET", "POST"], allow_credentials=False,
            allow_headers=["Authorization", "Content-Type", "Accept"],
        )  # fmt: skip
    return SafetyHeaders(Border(Guard(app, used), metrics))


def from_environment() -> ASGIApp:
    """The application with the settings of the environment, for worker processes."""
    return create_app()


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    rooms: Rooms = api.state.rooms
    keep_freed_memory()
    await rooms.reading.warm_up()
    try:
        yield
    finally:
        if rooms.lab is not None:
            await asyncio.to_thread(rooms.lab.close)
        rooms.reading.close()
        await rooms.rates.close()
        if rooms.accounts is not None:
            rooms.accounts.close()


async def _health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


async def _ready(request: Request) -> Response:
    """The networks are loaded, and the databases of accounts and rates answer."""
    rooms = rooms_of(request)
    ready = {
        "networks": rooms.reading.is_ready,
        "accounts": rooms.accounts is None or await asyncio.to_thread(rooms.accounts.is_ready),
        "rates": await rooms.rates.is_ready(),
    }
    if all(ready.values()):
        return JSONResponse({"status": "ready"})
    missing = [name for name, is_ready in ready.items() if not is_ready]
    return JSONResponse({"status": "not ready", "missing": missing}, status_code=503)


async def _metrics(request: Request) -> Response:
    """Requests, time, pictures, digits, refusals, and what is at work."""
    rooms = rooms_of(request)
    if rooms.accounts is not None:
        require_admin(request)
    return Response(rooms.metrics.render(), media_type=METRICS_TYPE)


async def _on_error(connection: HTTPConnection, error: Exception) -> Response:
    # A socket is answered by the border, which knows whether it is open already.
    if not isinstance(error, InkreadError) or connection.scope["type"] != "http":
        raise error
    return border.answer_error(error, connection.scope, rooms_of(connection).metrics)


async def _on_mistake(request: Request, error: Exception) -> Response:
    # The framework answers before it passes the error on to the border, which logs it.
    return problem_response(border.mistake(request.scope))


async def _on_invalid(request: Request, error: Exception) -> Response:
    entries: Any = error.errors() if isinstance(error, RequestValidationError) else []
    if any(entry["type"] == "json_invalid" for entry in entries):
        return await _on_error(request, BadRequest("the body is not JSON"))
    # Neither the values nor the messages of values: they may be passwords.
    told = "; ".join(f"{'.'.join(map(str, entry['loc'][1:]))[:100]}: {entry['msg']}" for entry in entries[:5])
    return await _on_error(request, InvalidOption(told or "the request cannot be used"))


async def _on_http(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        error = problem_of_status(error.status_code, str(error.detail), error.headers)
    return await _on_error(request, error)
