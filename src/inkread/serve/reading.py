"""Reading for many callers at once: one Reader, few threads, and a queue that ends.

A reading that has begun cannot be broken off, so what bounds the server is that it holds its thread, and its place
among those in flight, until it is done, whether somebody still waits for it or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np
from prometheus_client import Gauge

from inkread.reader import Reader, ReaderOptions
from inkread.serve.problems import Overloaded, ReadingTimeout
from inkread.serve.settings import ServerSettings

__all__ = ["Places", "ReadingRoom"]

Answer = TypeVar("Answer")

# Seconds after which a refused caller may try again; a page takes well under one.
RETRY_AFTER_S = 1


class Places:
    """Places of which only so many are taken at once; who finds none is refused at once, not kept waiting.

    Parameters
    ----------
    most
        How many there are.
    what
        What takes them, for the message.
    gauge
        Shows how many are taken.

    Examples
    --------
    >>> places = Places(1, what="readings")
    >>> with places.taken():
    ...     places.count
    1
    """

    def __init__(self, most: int, *, what: str, gauge: Gauge | None = None) -> None:
        self._most = most
        self._what = what
        self._gauge = gauge
        self._count = 0

    @property
    def count(self) -> int:
        """How many are taken."""
        return self._count

    def take(self) -> None:
        """Take one more, even where there is none left; :meth:`leave` gives it back."""
        self._count += 1
        if self._gauge is not None:
            self._gauge.inc()

    def leave(self) -> None:
        """Give one back."""
        self._count -= 1
        if self._gauge is not None:
            self._gauge.dec()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one place.

        Raises
        ------
        Overloaded
            If all are taken.
        """
        if self._count >= self._most:
            raise Overloaded(
                f"{self.count} {self._what} are at work, as many as may be; try again",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        self.take()
        try:
            yield
        finally:
            self.leave()


class ReadingRoom:
    """The reader of this process, and the threads in which it reads.

    Parameters
    ----------
    settings
        How many read at once, how many may wait, and how long.
    gauge
        Shows how many are in flight.
    """

    def __init__(self, settings: ServerSettings, *, gauge: Gauge | None = None) -> None:
        # Threads that read at once share the cores already: one core for each reading.
        self.options = ReaderOptions(threads=1, limits=settings.input_limits())
        self.reader = Reader(self.options)
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.read_threads, thread_name_prefix="reading")
        self._places = Places(settings.max_in_flight, what="requests", gauge=gauge)
        self._ready = False

    @property
    def in_flight(self) -> int:
        """Readings that wait or run."""
        return self._places.count

    @property
    def is_ready(self) -> bool:
        """Whether the networks are loaded."""
        return self._ready

    async def warm_up(self) -> None:
        """Load the networks, so that the first caller does not wait for them."""
        blank = np.full((64, 64), 255, np.uint8)
        blank[12:52, 30:34] = 0
        await asyncio.get_running_loop().run_in_executor(self._threads, self.reader.read, blank)
        self._ready = True

    def with_confidence(self, min_confidence: float) -> ReaderOptions:
        """The options for one request."""
        return replace(self.options, min_confidence=min_confidence) if min_confidence else self.options

    def place(self) -> AbstractContextManager[None]:
        """A place among those in flight, for one request; :class:`Overloaded` if all are taken."""
        return self._places.taken()

    async def run(self, work: Callable[[], Answer], *, deadline: float | None = None) -> Answer:
        """What ``work`` gives, done in a reading thread.

        Parameters
        ----------
        deadline
            When to stop waiting, in the loop's time; by default the time limit from now.

        Raises
        ------
        ReadingTimeout
            If it is not done by then.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.read_timeout_s if deadline is None else deadline
        future = self._threads.submit(work)
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), until - loop.time())
        except TimeoutError:
            self._abandon(future, waiting)
            raise ReadingTimeout(
                f"reading took longer than the limit of {self._settings.read_timeout_s:g} s; "
                "send fewer or smaller pages"
            ) from None
        except asyncio.CancelledError:
            self._abandon(future, waiting)
            raise

    def _abandon(self, future: object, waiting: asyncio.Future[Answer]) -> None:
        """Take ``future`` from the queue; if it runs already, it keeps its place until it is done."""
        if waiting.done():
            return
        if future.cancel():  # type: ignore[attr-defined]
            return
        self._places.take()

        def done(finished: asyncio.Future[Answer]) -> None:
            self._places.leave()
            if not finished.cancelled():
                finished.exception()  # it is nobody's any more

        waiting.add_done_callback(done)

    def close(self) -> None:
        """Let no more be read, and wait for what runs."""
        self._threads.shutdown(wait=True, cancel_futures=True)
