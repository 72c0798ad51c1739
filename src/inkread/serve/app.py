"""The application: its parts made, joined and taken apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from inkread.errors import InkreadError, InvalidOption
from inkread.serve import live, pages, rest
from inkread.serve.bodies import Bodies
from inkread.serve.border import Border
from inkread.serve.fetching import Fetcher
from inkread.serve.guard import Guard
from inkread.serve.problems import problem_of_status, problem_response
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
    api = FastAPI(
        title="inkread",
        version=version("inkread"),
        summary="Reads handwritten numbers.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    api.state.settings = used
    for router in (rest.router, live.router):
        api.include_router(router)
    api.add_api_route("/healthz", _health, methods=["GET"], summary="Whether the process lives")
    api.add_api_route("/readyz", _ready, methods=["GET"], summary="Whether it can read")
    api.router.routes.extend(pages.page_routes())
    api.add_exception_handler(InkreadError, _on_error)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    return Border(Guard(api, used))


def from_environment() -> ASGIApp:
    """The application with the settings of the environment, for worker processes."""
    return create_app()


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    settings: ServerSettings = api.state.settings
    reading = ReadingRoom(settings)
    api.state.rooms = Rooms(
        settings=settings,
        reading=reading,
        bodies=Bodies(settings),
        fetcher=Fetcher(settings),
        sockets=Places(settings.max_live, what="sockets"),
    )
    await reading.warm_up()
    try:
        yield
    finally:
        reading.close()


async def _health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


async def _ready(request: Request) -> Response:
    """The networks are loaded, and the database of accounts answers."""
    if not rooms_of(request).reading.is_ready:
        return JSONResponse({"status": "not ready"}, status_code=503)
    return JSONResponse({"status": "ready"})


async def _on_error(request: Request, error: Exception) -> Response:
    if isinstance(error, InkreadError):
        return problem_response(error)
    raise error


async def _on_invalid(request: Request, error: Exception) -> Response:
    entries: Any = error.errors() if isinstance(error, RequestValidationError) else []
    told = "; ".join(f"{'.'.join(map(str, entry['loc'][1:]))[:100]}: {entry['msg']}" for entry in entries[:5])
    return problem_response(InvalidOption(told))


async def _on_http(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return problem_response(problem_of_status(error.status_code, str(error.detail), error.headers))
    raise error
