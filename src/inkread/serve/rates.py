"""How often one caller may call: by key, account or address, counted in memory or in Redis (the library ``limits``)."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from inkread.errors import InvalidOption
from inkread.serve.problems import TooManyRequests

__all__ = ["Rates"]


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
        if rate is None:
            return
        try:
            self._items = parse_many(rate)
            found = storage_from_string(f"async+{storage}", **_options(storage))
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
            if not await self._limiter.hit(item, caller):
                window = await self._limiter.get_window_stats(item, caller)
                wait = max(1, math.ceil(window.reset_time - time.time()))
                raise TooManyRequests(
                    f"more than {item.amount} requests in {item.get_expiry()} s; wait {wait} s",
                    headers={"Retry-After": str(wait)},
                )

    async def is_ready(self) -> bool:
        """Whether calls can be counted."""
        return not self._items or await self._storage.check()


def _options(storage: str) -> dict[str, str]:
    return {"implementation": "redispy"} if storage.startswith("redis") else {}
