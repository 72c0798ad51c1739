"""Starts the server: its socket, its worker processes and the end of both; what it answers is in
:mod:`inkread.serve.app`.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from inkread.errors import InkreadError, InvalidOption
from inkread.serve.accounts import Accounts
from inkread.serve.app import create_app
from inkread.serve.logs import log_configuration
from inkread.serve.metrics import MULTIPROCESS_FOLDER
from inkread.serve.problems import Conflict
from inkread.serve.settings import ServerSettings

__all__ = ["address_of", "prepare_accounts", "serve", "server_options"]

_APPLICATION = "inkread.serve.app:from_environment"
# Seconds in which a worker must answer its parent. Loading the networks on a busy machine takes some, and a worker that
# is killed meanwhile never comes up.
WORKER_HEALTH_S = 60


def address_of(settings: ServerSettings) -> str:
    """Where the page is.

    Examples
    --------
    >>> address_of(ServerSettings(port=8000))
    'http://127.0.0.1:8000/'
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if settings.certfile else 'http'}://{host}:{settings.port}/"


def serve(settings: ServerSettings) -> None:
    """Serve until the process is asked to end (SIGINT or SIGTERM); running requests are finished first.

    Raises
    ------
    InvalidOption
        If the address cannot be listened at.
    InkreadError
        If the server cannot start.
    """
    _try_address(settings)
    if settings.accounts_on:
        prepare_accounts(settings)
    many = settings.workers > 1
    if not many:
        _run(create_app(settings), settings)
        return
    # Workers are new processes: what they know comes with the environment.
    os.environ.update(settings.to_environment())
    with tempfile.TemporaryDirectory(prefix="inkread-metrics-") as folder:
        os.environ[MULTIPROCESS_FOLDER] = folder
        _run(_APPLICATION, settings)


def prepare_accounts(settings: ServerSettings) -> None:
    """Bring the accounts' database to its newest shape, and make the first admin where there is none.

    Raises
    ------
    InvalidOption
        If there is no admin, and the settings name none: nobody could sign in.
    """
    accounts = Accounts(settings.database_url)
    try:
        accounts.migrate()
        if accounts.has_admin():
            return
        if settings.admin_name is None or settings.admin_password is None:
            raise InvalidOption(
                f"a server at {settings.host} needs accounts, and there is no admin yet: make one by "
                "inkread accounts add NAME --admin, or serve with --no-accounts, open to everybody who can reach it"
            )
        try:
            accounts.add_user(settings.admin_name, settings.admin_password.get_secret_value(), role="admin")
        except Conflict:
            # Another server on the same database made it at the same moment; or somebody of that name is no admin.
            if not accounts.has_admin():
                raise
    finally:
        accounts.close()


def server_options(settings: ServerSettings) -> dict[str, Any]:
    """What uvicorn is told beside the application."""
    return {
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "log_config": log_configuration(settings.log_level),
        "access_log": False,  # the application writes its own line, without queries
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "timeout_graceful_shutdown": settings.shutdown_s,
        "timeout_worker_healthcheck": WORKER_HEALTH_S,
        "ws_max_size": settings.max_frame_bytes,
        "ws_max_queue": 4,
        "ws_per_message_deflate": False,  # pictures are compressed already, and a bomb must not unfold
        "ssl_certfile": settings.certfile,
        "ssl_keyfile": str(settings.keyfile) if settings.keyfile else None,
    }


class _Workers(Multiprocess):
    """Workers that listen at one port with a socket each, over which Linux spreads the connections.

    Of connections that come at once to one socket, the worker that wakes first takes nearly all. Elsewhere than on
    Linux workers share one all the same: nobody spreads there.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        self._own_sockets = sys.platform == "linux"
        self._address = config.host, config.port
        self._family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
        self._shared = [] if self._own_sockets else [self._bound()]
        super().__init__(config, sockets=self._shared)

    @property
    def sockets(self) -> list[socket.socket]:
        """What the next worker listens at; uvicorn asks for each."""
        return [self._bound()] if self._own_sockets else self._shared

    @sockets.setter
    def sockets(self, value: list[socket.socket]) -> None:
        self._shared = value

    def _bound(self) -> socket.socket:
        bound = socket.socket(self._family)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._own_sockets:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Handed on to each connection: small writes are sent at once. asyncio says so of sockets that it opens itself;
        # without it every answer waits 40 ms for a receipt.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound.bind(self._address)
        bound.set_inheritable(True)
        self._address = bound.getsockname()[:2]
        return bound


def _run(app: ASGIApp | str, settings: ServerSettings) -> None:
    # Uvicorn finishes what runs, and then sends itself the signal that it got: an end that was asked for is no failure.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        if settings.workers > 1:
            _Workers(uvicorn.Config(app, factory=True, **server_options(settings))).run()
        else:
            uvicorn.run(app, **server_options(settings))
    except SystemExit as error:  # uvicorn ends the process itself
        if error.code:
            raise InkreadError("the server could not start; its log, above, says why") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _try_address(settings: ServerSettings) -> None:
    """Listen for a moment, so that an address that cannot be used is told before anything is loaded."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        with socket.create_server(address[:2], family=family):
            pass
    except OSError as error:
        raise InvalidOption(
            f"the server cannot listen at {settings.host}, port {settings.port}: {error.strerror or error}; "
            "choose another --host or --port"
        ) from error
