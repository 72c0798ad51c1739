"""The page's files: each room at its own address, everything else under ``/static/``.

Only files that lie in ``web/`` when the server starts are served, by their exact names; one that is changed meanwhile
is read again.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from inkread.serve.problems import NotFound

__all__ = ["PAGE_ADDRESSES", "PAGE_ROOMS", "ROOT_FILES", "WEB", "page_routes"]

WEB = Path(__file__).parent / "web"
PAGE_ROOMS = ("draw", "upload", "camera", "live", "performance", "lab", "api", "login")
# Files that browsers look for at the root, or that must lie there to be in charge of the whole page.
ROOT_FILES = ("favicon.ico", "manifest.webmanifest", "service-worker.js")

# Every fixed address that is a file of the page.
PAGE_ADDRESSES = frozenset({"/", *(f"/{name}" for name in (*PAGE_ROOMS, *ROOT_FILES))})

_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str


def _load(path: Path) -> _File:
    content = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    # Pictures are compressed already. No secret is in these files, so their size tells nothing (BREACH).
    compressed = gzip.compress(content, mtime=0) if path.suffix in _TYPES and path.suffix != ".woff2" else None
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return _File(content=content, compressed=compressed, media_type=media_type, etag=etag)


def _respond(request: Request, file: _File) -> Response:
    # Asked for again each time, and answered by 304 while it is the same: a new version shows at once.
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.compressed, media_type=file.media_type, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def page_routes(web: Path = WEB) -> list[BaseRoute]:
    """The routes of the rooms and of the files of ``web``."""
    files = {
        path.relative_to(web).as_posix(): path
        for path in sorted(web.rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.startswith((".", "_"))
    }
    loaded: dict[str, tuple[int, _File]] = {}

    def file(name: str) -> _File:
        try:
            changed = files[name].stat().st_mtime_ns
            if name not in loaded or loaded[name][0] != changed:
                loaded[name] = changed, _load(files[name])
        except (KeyError, FileNotFoundError) as error:
            raise NotFound("there is nothing at this address") from error
        return loaded[name][1]

    async def room(request: Request) -> Response:
        name = request.url.path.strip("/")
        return _respond(request, file(f"{name}.html" if f"{name}.html" in files else "index.html"))

    async def static(request: Request) -> Response:
        return _respond(request, file(request.path_params["path"]))

    async def at_root(request: Request) -> Response:
        return _respond(request, file(request.url.path.strip("/")))

    async def with_slash(request: Request) -> Response:
        return RedirectResponse(f"/{request.url.path.strip('/')}", status_code=308)

    return [
        Route("/", room),
        *(Route(f"/{name}", room) for name in PAGE_ROOMS),
        *(Route(f"/{name}/", with_slash) for name in PAGE_ROOMS),
        *(Route(f"/{name}", at_root) for name in ROOT_FILES),
        Route("/static/{path:path}", static),
    ]
