"""Reading on one machine: a process a worker, each with a reader of one thread.

A worker fetches the next sources while it reads one. It asks before it reads whether some other source had the same
bytes. A worker that is lost, as when the system runs out of memory, is replaced; a source that ends its worker again
and again is a failed source. Workers end by themselves when the run does, whatever ended it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from inkread.batch.catalog import Catalog, Entry
from inkread.batch.collecting import Collector
from inkread.batch.engines import Local
from inkread.batch.job import Job
from inkread.batch.reading import SourceReader, fetch
from inkread.batch.records import NAME, duplicate_record, error_record
from inkread.errors import InkreadError, ModelError, OutputError, SourceUnreadable
from inkread.inputs import expand_sources
from inkread.reader import Layout
from inkread.results import Document

__all__ = ["documents", "read_parts"]

# Sources that a worker has in hand: one it reads, one fetched, one being fetched.
AHEAD = 3
# How often a source may end its worker. Once may be chance, such as another program that took all memory.
MOST_ATTEMPTS = 3
# Workers that end before they are ready, one after the other, until no more are tried.
MOST_FALSE_STARTS = 3
# Seconds within which another thread passes on that a process has ended.
END_TOLD_S = 5.0


def read_parts(job: Job, catalog: Catalog, collector: Collector, engine: Local) -> None:
    """Read what ``collector`` still wants with processes of this machine.

    Raises
    ------
    InkreadError
        If workers cannot be started, or an output cannot be written.
    """
    todo = collector.todo
    entries = (entry for part in todo for entry in catalog.entries(part))
    count = max(1, min(engine.count, sum(map(catalog.size, todo))))
    pool = _Pool(job, count, documents=False, claim=collector.duplicates.owner)
    with contextlib.closing(pool.read(entries)) as records:
        for record in records:
            collector.add(record)


def documents(
    sources: Iterable[Any] | str,
    *,
    layout: Layout = "page",
    min_confidence: float = 0.0,
    model: str | None = None,
    workers: int | None = None,
) -> Iterator[tuple[str, Document | InkreadError]]:
    """Every source and its document, or what went wrong with it, in order; nothing is written.

    Parameters
    ----------
    sources
        As for :func:`inkread.read_many`.
    layout, min_confidence, model
        As for :class:`~inkread.batch.Job`.
    workers
        Processes that read; None is one a core. A program that calls this, or :func:`~inkread.batch.run`, does so
        under ``if __name__ == "__main__":``, because the processes import it.

    Yields
    ------
    Only some sources a worker are read ahead, so that memory does not grow with their number.
    """
    job = Job(sources=("*",), out="unused.jsonl", layout=layout, min_confidence=min_confidence, model=model)
    count = Local(workers=workers).count
    entries = (
        Entry(
            seq=seq,
            name=name,
            source=None if isinstance(source, InkreadError) else source,
            error=source if isinstance(source, InkreadError) else None,
        )
        for seq, (name, source) in enumerate(expand_sources(sources))
    )
    pool = _Pool(job, count, documents=True, claim=lambda sha256, seq: seq)
    early: dict[int, tuple[str, Document | InkreadError]] = {}
    next_seq = 0
    with contextlib.closing(pool.read(entries, window=4 * AHEAD * count)) as outcomes:
        for seq, name, outcome in outcomes:
            early[seq] = name, outcome
            while next_seq in early:
                yield early.pop(next_seq)
                next_seq += 1


# -- the parent's side ------------------------------------------------------------------------------------------------


class _Worker:
    """A process, the way to it, and what it has in hand, oldest first."""

    def __init__(self, job: Job, model: str, documents: bool) -> None:
        # A new process, not a copy of this one: copies of programs with threads may hang.
        context = multiprocessing.get_context("spawn")
        self.connection, far_end = context.Pipe()
        self.process = context.Process(target=_work, args=(far_end, job, model, documents), daemon=True)
        self.in_hand: deque[Entry] = deque()
        self.is_ready = False
        try:
            self.process.start()
        finally:
            far_end.close()

    def join(self) -> int | None:
        """Wait for its end and give its exit code.

        A thread that starts another process at this moment may be the one that the system tells of the end; it passes
        it on a little later.
        """
        self.process.join()
        patience = time.monotonic() + END_TOLD_S
        while self.process.exitcode is None and time.monotonic() < patience:
            time.sleep(0.001)
        return self.process.exitcode

    def stop(self) -> None:
        self.process.kill()
        if self.join() is not None:
            self.process.close()
        self.connection.close()


class _Pool:
    """Spreads entries over workers and gives what they make of them, in whatever order it comes."""

    def __init__(self, job: Job, count: int, *, documents: bool, claim: Callable[[str, int], int]) -> None:
        self._job, self._count, self._documents, self._claim = job, count, documents, claim
        self._model = job.networks()
        self._workers: list[_Worker] = []
        self._again: deque[Entry] = deque()
        self._attempts: dict[int, int] = {}
        self._false_starts = 0

    def read(self, entries: Iterable[Entry], *, window: int | None = None) -> Generator[Any, None, None]:
        """The outcomes of ``entries``; none is begun ``window`` or more after the oldest that is not done."""
        waiting = iter(entries)
        following = next(waiting, None)
        try:
            while True:
                while (following is not None or self._again) and (worker := self._free()) is not None:
                    if self._again:
                        self._give(worker, self._again.popleft())
                        continue
                    oldest = min((e.seq for w in self._workers for e in w.in_hand), default=following.seq)  # type: ignore[union-attr]
                    if window is not None and following is not None and following.seq >= oldest + window:
                        break
                    self._give(worker, cast(Entry, following))
                    following = next(waiting, None)
                busy = [worker for worker in self._workers if worker.in_hand]
                if not busy and not self._again:
                    return
                for ready in wait([worker.connection for worker in busy]):
                    worker = next(w for w in busy if w.connection is ready)
                    yield from self._hear(worker)
        finally:
            for worker in self._workers:
                worker.stop()
            self._workers.clear()

    def _free(self) -> _Worker | None:
        """The worker with the least in hand, or None where all have enough; one is started while there are too few."""
        least = min(self._workers, key=lambda worker: len(worker.in_hand), default=None)
        if len(self._workers) < self._count and (least is None or least.in_hand):
            self._workers.append(_Worker(self._job, self._model, self._documents))
            return self._workers[-1]
        return least if least is not None and len(least.in_hand) < AHEAD else None

    def _give(self, worker: _Worker, entry: Entry) -> None:
        worker.in_hand.append(entry)
        # A worker that is lost is found when it is listened to.
        with contextlib.suppress(OSError):
            worker.connection.send(entry)

    def _hear(self, worker: _Worker) -> Iterator[Any]:
        try:
            kind, *content = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._lost(worker)
            return
        if kind == "ready":
            worker.is_ready, self._false_starts = True, 0
        elif kind == "claim":
            sha256, seq = content
            with contextlib.suppress(OSError):
                worker.connection.send(self._claim(sha256, seq))
        elif kind == "done":
            seq, outcome = content
            worker.in_hand = deque(entry for entry in worker.in_hand if entry.seq != seq)
            self._attempts.pop(seq, None)
            yield outcome
        else:
            raise content[0]

    def _lost(self, worker: _Worker) -> Iterator[Any]:
        """Give a lost worker's sources to others; the one that it was at may be why it was lost."""
        self._workers.remove(worker)
        code = worker.join()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        worker.stop()
        if not worker.is_ready:
            self._false_starts += 1
            if self._false_starts >= MOST_FALSE_STARTS:
                raise InkreadError(
                    f"workers end as they start ({how}); a program that runs a batch does so under "
                    "if __name__ == '__main__':, because its workers import it"
                )
        elif worker.in_hand:
            blamed = worker.in_hand[0]
            self._attempts[blamed.seq] = self._attempts.get(blamed.seq, 0) + 1
            if self._attempts[blamed.seq] >= MOST_ATTEMPTS:
                worker.in_hand.popleft()
                del self._attempts[blamed.seq]
                yield self._failed(blamed, how)
        self._again.extendleft(reversed(worker.in_hand))

    def _failed(self, entry: Entry, how: str) -> Any:
        said = "ended the process that read it"
        advice = "it may need more memory than there is, or hold what its decoder cannot bear"
        name = entry.name if self._documents else NAME
        error = SourceUnreadable(f"{name} {said} {MOST_ATTEMPTS} times ({how}); {advice}", source=entry.name)
        return (
            (entry.seq, entry.name, error) if self._documents else error_record(error, seq=entry.seq, name=entry.name)
        )


# -- the worker's side ------------------------------------------------------------------------------------------------


def _work(connection: Connection, job: Job, model: str, documents: bool) -> None:
    """Read until nobody is there to read for."""
    # Ctrl-C reaches every process of the terminal; the parent decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sending = threading.Lock()

    def send(*message: Any) -> None:
        try:
            with sending:
                connection.send(message)
        except OSError:
            os._exit(0)

    try:
        reader = SourceReader(job, model=model)
    except InkreadError as error:
        send("fatal", error)
        return
    send("ready")
    fetched: queue.Queue[Any] = queue.Queue(maxsize=AHEAD - 2)
    threading.Thread(target=_fetch_ahead, args=(connection, send, fetched, reader, documents), daemon=True).start()
    while True:
        one = fetched.get()
        entry = one.entry
        try:
            outcome = (entry.seq, entry.name, reader.document(one)) if documents else reader.record(one)
        except (ModelError, OutputError) as error:
            send("fatal", error)
            return
        send("done", entry.seq, outcome)


def _fetch_ahead(
    connection: Connection, send: Callable[..., None], fetched: queue.Queue[Any], reader: SourceReader, documents: bool
) -> None:
    """Fetch what the parent gives; what another source had before is done at once."""
    given: deque[Entry] = deque()

    def receive() -> Any:
        try:
            return connection.recv()
        except (EOFError, OSError):
            os._exit(0)

    while True:
        entry = given.popleft() if given else receive()
        one = fetch(entry, reader.limits)
        if documents or one.sha256 is None:
            fetched.put(one)
            continue
        send("claim", one.sha256, entry.seq)
        # Sources that were sent before the answer come before it.
        while isinstance(answer := receive(), Entry):
            given.append(answer)
        if answer == entry.seq:
            fetched.put(one)
        else:
            send("done", entry.seq, duplicate_record(answer, seq=entry.seq, name=entry.name, sha256=one.sha256))
