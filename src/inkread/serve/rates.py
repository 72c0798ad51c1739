"""How often one caller may call: by key, account or address, counted in memory or in Redis (the library ``limits``)."""

from __future__ import annotations

import math
import time
from typing import Any

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from inkread.errors import InkreadError, InvalidOption, MissingExtra
from inkread.serve.problems import TooManyRequests

__all__ = ["Rates", "RatesError"]


class RatesError(InkreadError):
    """The storage that counts calls does not answer."""

    http_status = 503


class Rates:
    """Counts calls.

    Parameters
    ----------
    rate
        How many are allowed in which time, such as ``600/minute`` or ``20/second;600/minute``; None allows all.
    storage
        Where they are counted, as ``limits`` writes it: several processes share Redis, and memory is each one's own.

    Raises
    ------
    InvalidOption
        If the rate or the storage is not known.
    """

    def __init__(self, rate: str | None, *, storage: str = "memory://") -> None:
        self._items: list[RateLimitItem] = []
        self._pool: Any = None
        if rate is None:
            return
        try:
            self._items = parse_many(rate)
            self._pool = _connections(storage)
            # What a storage raises becomes StorageError, whatever its client's own classes.
            options = {"implementation": "redispy", "connection_pool": self._pool} if self._pool else {}
            found = storage_from_string(f"async+{storage}", wrap_exceptions=True, **options)
        except ValueError as error:
            raise InvalidOption(f"unknown rate {rate!r}: {error}") from error
        except ConfigurationError as error:
            raise InvalidOption(f"rates cannot be counted in {storage.partition(':')[0]}: {error}") from error
        if not isinstance(found, Storage):
            raise InvalidOption(f"rates cannot be counted in {storage.partition(':')[0]}")
        self._storage = found
        self._limiter = SlidingWindowCounterRateLimiter(found)

    async def count(self, caller: str) -> None:
        """Count one call.

        Raises
        ------
        TooManyRequests
            If it is one too many.
        """
        for item in self._items:
            try:
                if await self._limiter.hit(item, caller):
                    continue
                window = await self._limiter.get_window_stats(item, caller)
            except StorageError as error:
                raise RatesError(f"calls cannot be counted: {type(error.storage_error).__name__}") from error
            else:
                wait = max(1, math.ceil(window.reset_time - time.time()))
                raise TooManyRequests(
                    f"more than {item.amount} requests in {item.get_expiry()} s; wait {wait} s",
                    headers={"Retry-After": str(wait)},
                )

    async def is_ready(self) -> bool:
        """Whether calls can be counted."""
        try:
            return not self._items or await self._storage.check()
        except StorageError:
            return False

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.disconnect()


def _connections(storage: str) -> Any:
    """The connections to Redis, to be closed at the end; None for other storages."""
    if not storage.startswith(("redis://", "rediss://")):
        return None
    try:
        from redis.asyncio import ConnectionPool
    except ImportError as error:
        raise MissingExtra.of("redis", "counting rates in Redis") from error
    return ConnectionPool.from_url(storage)
