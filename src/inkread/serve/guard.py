"""The guard before every request and socket: who is asked for (Host), from where (Origin), and headers of safety.

A server on one's own machine needs it too: any page that one visits can send requests to it, and a name can be made to
resolve to it. Accounts are not looked at here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkread.serve.problems import BadRequest, ForeignOrigin, HostNotServed
from inkread.serve.settings import ServerSettings

__all__ = ["CONTENT_SECURITY_POLICY", "SAFE_METHODS", "Guard", "SafetyHeaders", "host_name", "is_same_origin"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: it would make the Origin of the page's own forms "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without its port.

    Examples
    --------
    >>> host_name("Localhost:8000"), host_name("[::1]:8000"), host_name("a.b.")
    ('localhost', '[::1]', 'a.b')
    """
    name = host.strip().lower()
    name = name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]
    return name.removesuffix(".")


def is_same_origin(origin: str, host: str, *, scheme: str) -> bool:
    """Whether a page of ``origin`` is a page of the server called ``host``.

    The scheme is not compared: a proxy may speak https for us. Ports are.

    Examples
    --------
    >>> is_same_origin("http://localhost:8000", "localhost:8000", scheme="http")
    True
    >>> is_same_origin("http://localhost:3000", "localhost:8000", scheme="http")
    False
    >>> is_same_origin("null", "localhost", scheme="http")
    False
    """
    parts = _split(origin)
    if parts is None:
        return False
    own = _split(f"{scheme}://{host}")
    if own is None:
        return False
    (origin_scheme, name, port), (_, own_name, own_port) = parts, own
    if name != own_name:
        return False
    if port == own_port:
        return True
    # https://a.b seen through a proxy as http with Host a.b: both are the default port of their scheme.
    default = {"http": 80, "https": 443}
    return port == default[origin_scheme] and own_port == default["https" if scheme in ("https", "wss") else "http"]


def _split(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin.strip().lower())
        port = parts.port
    except ValueError:
        return None
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or "@" in parts.netloc:
        return None
    return scheme, parts.hostname, port or (443 if scheme == "https" else 80)


class SafetyHeaders:
    """Puts headers of safety on every answer, problems too.

    Parameters
    ----------
    app
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                # What was read is nobody else's, and so is who reads.
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] in ("https", "wss"):
                    headers.setdefault("Strict-Transport-Security", HSTS)
            await send(message)

        await self._app(scope, receive, send_safely)


class Guard:
    """Refuses hosts that are not ours, and writes that come from other pages.

    Parameters
    ----------
    app
        What is guarded.
    settings
        The hosts and the foreign origins that are let in.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._hosts = settings.hosts
        self._origins = frozenset(origin.lower().rstrip("/") for origin in settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            self._check(scope)
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            raise BadRequest(f"a request names one host; this one names {len(hosts)}")
        if host_name(hosts[0]) not in self._hosts:
            raise HostNotServed(
                "this server is not known by the name it was called by; list it in INKREAD_ALLOWED_HOSTS"
            )
        is_socket = scope["type"] == "websocket"
        if not is_socket and scope["method"] in SAFE_METHODS:
            return
        origins = headers.getlist("origin")
        if origins:
            if any(not self._is_ours(origin, hosts[0], scope["scheme"]) for origin in origins):
                raise ForeignOrigin("this request comes from another site's page")
        elif headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise ForeignOrigin("this request comes from another site's page")

    def _is_ours(self, origin: str, host: str, scheme: str) -> bool:
        return origin.lower().rstrip("/") in self._origins or is_same_origin(origin, host, scheme=scheme)
