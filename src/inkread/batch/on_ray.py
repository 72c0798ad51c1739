"""Reading on a Ray cluster (extra ``batch``): the only module that knows Ray.

Ray Data streams numbers of chunks to a pool of readers and their records back, no faster than they are written. A desk,
an actor on the machine where the run was started, tells readers which sources a chunk is and which bytes are taken. The
run writes the parts itself, so that the machines need to share only the sources. What a lost machine had in hand is
read again by another.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inkread import errors
from inkread.batch.catalog import Catalog, Entry
from inkread.batch.collecting import Collector
from inkread.batch.duplicates import Duplicates
from inkread.batch.engines import Local, OnRay
from inkread.batch.job import Job
from inkread.batch.reading import Fetched, SourceReader, fetch
from inkread.batch.records import Record, duplicate_record
from inkread.errors import InkreadError, MissingExtra, ModelError, OutputError

__all__ = ["check_ray", "read_parts"]

# Sources a chunk: half a second's work, so that a call's cost does not count and little is lost with a machine.
CHUNK = 16
# Seconds in which the head of a cluster takes a connection.
_KNOCK_S = 10.0
# Blocks that Ray keeps account of; a larger job has more chunks in each.
MOST_BLOCKS = 10_000


def check_ray() -> None:
    """See that Ray is installed.

    Raises
    ------
    MissingExtra
        If it is not.
    """
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise MissingExtra.of("batch", "a batch on Ray") from error


def read_parts(job: Job, catalog: Catalog, collector: Collector, engine: OnRay) -> None:
    """Read what ``collector`` still wants on a cluster.

    Raises
    ------
    InkreadError
        If the cluster cannot be reached or gives up, or an output cannot be written.
    """
    import ray
    import ray.data
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    was_connected = ray.is_initialized()
    if not was_connected:
        _connect(engine)
    try:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        # No core of its own: it only looks things up.
        desk = ray.remote(_Desk).options(num_cpus=0, scheduling_strategy=here).remote(
            catalog.path, job.part_size, collector.todo, collector.duplicates.path
        )  # fmt: skip
        chunks = ray.get(desk.count.remote())
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        # Records are put in order here, so that a slow source holds up none.
        context.execution_options.preserve_order = False
        records = ray.data.from_items(list(range(chunks)), override_num_blocks=min(chunks, MOST_BLOCKS)).map_batches(
            _ChunkReader,
            fn_constructor_args=(job, job.networks(), desk, str(Path.cwd())),
            batch_size=1,
            compute=_pool(engine),
            num_cpus=1,
            zero_copy_batch=True,
        )
        for batch in records.iter_batches(batch_size=None, batch_format="numpy"):
            for text in batch["record"]:
                collector.add(_record(text))
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise InkreadError(f"Ray gave up: {reason[0]}; give the same command with --resume to go on") from error
    finally:
        if not was_connected:
            ray.shutdown()


def _connect(engine: OnRay) -> None:
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options: dict[str, Any] = {"address": engine.address or "local", "log_to_driver": False}
    if engine.address is None:
        options |= {"num_cpus": Local(workers=engine.workers).count, "include_dashboard": False}
    try:
        _knock(engine.address)
        ray.init(logging_level=logging.WARNING, **options)
    except (OSError, RuntimeError, ValueError) as error:
        where = engine.address or "this machine"
        raise InkreadError(f"there is no Ray at {where}: {' '.join(str(error).split())}") from error
    # Ray Data tells of each step on stderr, where our own progress is.
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _knock(address: str | None) -> None:
    """See that somebody is at an address of a host and a port: Ray itself would try for minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and port.isdecimal():
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S):
            pass


def _pool(engine: OnRay) -> Any:
    import ray.data

    count = engine.workers or (None if engine.address else Local().count)
    return ray.data.ActorPoolStrategy(size=count) if count else ray.data.ActorPoolStrategy(min_size=1)


def _record(text: str) -> Record:
    record: Record = json.loads(text)
    if fatal := record.get("fatal"):
        kind: type[InkreadError] = getattr(errors, fatal["code"])
        raise kind(fatal["message"])
    return record


class _Desk:
    """Beside the run: which sources a chunk is, and which bytes some source had before."""

    def __init__(self, path: Path, part_size: int, todo: list[int], duplicates: Path) -> None:
        self._catalog = Catalog(path, part_size)
        self._todo = todo
        self._a_part = -(-part_size // CHUNK)
        self._duplicates = Duplicates(duplicates, keep=True)

    def count(self) -> int:
        """How many chunks there are."""
        return len(self._todo) * self._a_part

    def chunk(self, index: int) -> list[Entry]:
        """The sources of a chunk; none in the chunks after the end of a part that is not full."""
        part, place = divmod(index, self._a_part)
        return self._catalog.entries(self._todo[part])[place * CHUNK : (place + 1) * CHUNK]

    def owner(self, sha256: str, seq: int) -> int:
        """Which source had these bytes first."""
        return self._duplicates.owner(sha256, seq)


class _ChunkReader:
    """Reads chunks in a process of the cluster, one source fetched while another is read."""

    def __init__(self, job: Job, model: str, desk: Any, folder: str) -> None:
        # Names are as they were given where the run was started; on shared storage that folder is here too.
        if os.path.isdir(folder):  # noqa: PTH112
            os.chdir(folder)
        self._desk = desk
        self._failure: InkreadError | None = None
        try:
            self._reader = SourceReader(job, model=model)
        except InkreadError as error:
            # Ray would make the reader again and again.
            self._failure = error

    def __call__(self, batch: Any) -> Iterator[dict[str, list[str]]]:
        for index in batch["item"]:
            yield {"record": [json.dumps(record) for record in self._read(int(index))]}

    def _read(self, index: int) -> Iterator[dict[str, Any]]:
        import ray

        if self._failure is not None:
            yield {"fatal": self._failure.to_dict()}
            return
        entries = ray.get(self._desk.chunk.remote(index))
        fetched: queue.Queue[Fetched | Record] = queue.Queue(maxsize=1)
        threading.Thread(target=self._fetch_all, args=(entries, fetched), daemon=True).start()
        for _ in entries:
            one = fetched.get()
            if not isinstance(one, Fetched):
                yield one
                continue
            try:
                yield self._reader.record(one)
            except (ModelError, OutputError) as error:
                yield {"fatal": error.to_dict()}

    def _fetch_all(self, entries: list[Entry], fetched: queue.Queue[Fetched | Record]) -> None:
        import ray

        for entry in entries:
            one = fetch(entry, self._reader.limits)
            owner = entry.seq
            if one.sha256 is not None:
                owner = ray.get(self._desk.owner.remote(one.sha256, entry.seq))
            if one.sha256 is None or owner == entry.seq:
                fetched.put(one)
            else:
                fetched.put(duplicate_record(owner, seq=entry.seq, name=entry.name, sha256=one.sha256))
