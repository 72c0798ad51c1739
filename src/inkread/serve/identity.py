"""Who calls: the key or the session of a request, whether it may come in, and how often.

Where accounts are off everybody is let in, and only counted.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inkread.serve.accounts import Accounts, User, address_group, csrf_token
from inkread.serve.guard import SAFE_METHODS
from inkread.serve.pages import PAGE_ROOMS, ROOT_FILES
from inkread.serve.problems import Forbidden, ForeignOrigin, MissingToken, NotSignedIn
from inkread.serve.rates import Rates
from inkread.serve.settings import ServerSettings

__all__ = ["COOKIE", "CSRF_HEADER", "Caller", "Identity", "caller_of", "require_admin"]

COOKIE = "inkread_session"
CSRF_HEADER = "x-csrf-token"

_SESSION = "/v1/session"
# What everybody may see: the health, the login page and what it is made of.
_PUBLIC = frozenset({"/healthz", "/readyz", "/login", _SESSION, *(f"/{name}" for name in ROOT_FILES)})
_ROOMS = frozenset({"/", "/docs", *(f"/{name}" for name in PAGE_ROOMS)})
# What costs nothing worth counting, and what must answer however often it is asked.
_UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent a request: an address, and with accounts a user, by a key or by a session."""

    address: str
    user: User | None = None
    session_token: str | None = None
    key_id: str | None = None

    @property
    def name(self) -> str:
        """What its calls are counted under."""
        if self.key_id:
            return f"key:{self.key_id}"
        return f"user:{self.user.id}" if self.user else f"address:{address_group(self.address)}"


def caller_of(connection: HTTPConnection) -> Caller:
    """Who sent the request of ``connection``."""
    caller: Caller = connection.scope["inkread.caller"]
    return caller


def require_admin(connection: HTTPConnection) -> User:
    """The admin who sent the request.

    Raises
    ------
    NotSignedIn, Forbidden
        If it was nobody, or somebody else.
    """
    user = caller_of(connection).user
    if user is None:
        raise _not_signed_in()
    if user.role != "admin":
        raise Forbidden("only an admin may do that")
    return user


class Identity:
    """Lets callers in, or not.

    Parameters
    ----------
    app
        What they come to.
    settings
        Whether accounts are asked for.
    accounts
        The accounts, where they are on.
    rates
        How often each may call.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, *, accounts: Accounts | None, rates: Rates) -> None:
        self._app = app
        self._settings = settings
        self._accounts = accounts
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        is_static = path.startswith("/static/")
        if is_static and scope["type"] == "http":
            scope["inkread.caller"] = Caller(address=_address(scope))
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        caller = await self._caller(scope, headers)
        scope["inkread.caller"] = caller
        if path not in _UNCOUNTED:
            await self._rates.count(caller.name)
        if self._accounts is not None:
            if caller.user is None and path not in _PUBLIC:
                if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and path in _ROOMS:
                    to_login = RedirectResponse(f"/login?next={quote(path)}", status_code=303)
                    await to_login(scope, receive, send)
                    return
                raise _not_signed_in()
            self._check_session_use(scope, headers, caller)
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope, headers: Headers) -> Caller:
        address = _address(scope)
        accounts = self._accounts
        if accounts is None:
            return Caller(address=address)
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            found = await asyncio.to_thread(accounts.user_of_key, key.strip())
            # A key that opens nothing is told so, also where nothing needed to be opened.
            if found is None:
                raise NotSignedIn("this key opens nothing (any more)", headers={"WWW-Authenticate": "Bearer"})
            return Caller(address=address, user=found[0], key_id=found[1])
        token = _cookie(headers)
        if token is None:
            return Caller(address=address)
        user = await asyncio.to_thread(accounts.user_of_session, token)
        return Caller(address=address, user=user, session_token=token if user else None)

    def _check_session_use(self, scope: Scope, headers: Headers, caller: Caller) -> None:
        """A browser sends its cookie with whatever any page asks for: the session's own page must show that it asks."""
        token = caller.session_token
        if token is None:
            return
        if scope["type"] == "websocket":
            # The guard has compared it; browsers always send it.
            if "origin" not in headers:
                raise ForeignOrigin("a socket of a session needs an Origin")
            return
        if scope["method"] in SAFE_METHODS or (scope["method"] == "POST" and scope["path"] == _SESSION):
            return
        if not hmac.compare_digest(headers.get(CSRF_HEADER, "").encode(), csrf_token(token).encode()):
            raise MissingToken("a request that writes needs the header X-CSRF-Token, as GET /v1/session gives it")


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn(
        "sign in, or send a key: Authorization: Bearer inkread_…", headers={"WWW-Authenticate": "Bearer"}
    )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _cookie(headers: Headers) -> str | None:
    for header in headers.getlist("cookie"):
        try:
            cookie = SimpleCookie(header).get(COOKIE)
        except CookieError:
            continue
        if cookie is not None and 0 < len(cookie.value) <= 200:
            return cookie.value
    return None
