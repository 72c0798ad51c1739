"""What the parts of one running server share, made once at its start."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from inkread.serve.accounts import Accounts
from inkread.serve.bodies import Bodies
from inkread.serve.fetching import Fetcher
from inkread.serve.lab import Lab
from inkread.serve.metrics import Metrics
from inkread.serve.rates import Rates
from inkread.serve.reading import Places, ReadingRoom
from inkread.serve.settings import ServerSettings

__all__ = ["Rooms", "rooms_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The parts of one server; ``accounts`` is None where they are off, and ``lab`` where it is closed."""

    settings: ServerSettings
    reading: ReadingRoom
    bodies: Bodies
    fetcher: Fetcher
    sockets: Places
    metrics: Metrics
    rates: Rates
    accounts: Accounts | None
    lab: Lab | None
    # Checking a password takes 64 MiB and a core for a moment; more than two at once help nobody.
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))


def rooms_of(connection: HTTPConnection) -> Rooms:
    """The rooms of the server that ``connection`` came to."""
    rooms: Rooms = connection.app.state.rooms
    return rooms
