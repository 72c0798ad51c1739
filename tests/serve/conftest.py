"""Real servers on real sockets: started in a thread of the test's process, one for each choice of settings."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from inkread.serve.app import create_app
from inkread.serve.server import server_options
from inkread.serve.settings import ServerSettings, load_settings

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Running:
    """A running server."""

    url: str
    settings: ServerSettings

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    @property
    def authority(self) -> str:
        return self.url.partition("://")[2]

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.settings.port

    def client(self, **more: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False, **more)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(settings: ServerSettings, app: ASGIApp | None = None) -> Iterator[Running]:
    options = server_options(settings)
    options["log_config"] = None  # pytest's own logging stays
    server = uvicorn.Server(uvicorn.Config(app or create_app(settings), **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    assert server.started
    try:
        yield Running(url=f"http://127.0.0.1:{settings.port}", settings=settings)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="session", autouse=True)
def bare_environment() -> Iterator[None]:
    """No setting of the machine reaches the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("INKREAD_") and name != "INKREAD_DATA"]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def serving() -> Iterator[Callable[..., Running]]:
    """Start a server with these settings; servers with the same ones are the same, and all end with the tests."""
    with ExitStack() as stack:
        started: dict[str, Running] = {}

        def start(**given: object) -> Running:
            key = repr(sorted(given.items()))
            if key not in started:
                settings = load_settings(port=_free_port(), shutdown_s=5, **given)
                started[key] = stack.enter_context(running(settings))
            return started[key]

        yield start


@pytest.fixture
def serving_app() -> Iterator[Callable[[ASGIApp], Running]]:
    """Start a server of another application, until the test ends."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(running(load_settings(port=_free_port(), shutdown_s=5), app))


@pytest.fixture(scope="session")
def server(serving: Callable[..., Running]) -> Running:
    """A server as `inkread serve` starts it."""
    return serving()


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with server.client() as made:
        yield made


@pytest.fixture(scope="session")
def guarded(serving: Callable[..., Running], tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A server that asks for accounts; `ada` is its admin, `grace` a user."""
    from inkread.serve.accounts import Accounts

    url = f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'accounts.sqlite3'}"
    accounts = Accounts(url)
    accounts.migrate()
    accounts.add_user("ada", PASSWORD, role="admin")
    accounts.add_user("grace", PASSWORD)
    accounts.close()
    return serving(accounts=True, database_url=url)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens at."""
    return _free_port()


@pytest.fixture(scope="session")
def seven() -> bytes:
    """A drawn 7."""
    return (ROOT / "examples" / "pictures" / "canvas.png").read_bytes()


@pytest.fixture(scope="session")
def cheque() -> bytes:
    """A photograph with several numbers."""
    return (ROOT / "examples" / "pictures" / "cheque.jpg").read_bytes()
