"""Gathers records, in whatever order engines give them, into parts; a part is written when it is whole.

Memory holds only the parts that are still open, of which there are about as many as workers.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from inkread.batch.catalog import Catalog
from inkread.batch.duplicates import Duplicates
from inkread.batch.folder import JobFolder
from inkread.batch.job import Job
from inkread.batch.reading import annotated_paths
from inkread.batch.records import Record, copied_record
from inkread.batch.summary import Progress
from inkread.errors import OutputError

__all__ = ["Collector"]

# Finished parts kept in memory for the duplicates of what is in them.
_KEPT_PARTS = 8


class Collector:
    """Takes each record once and keeps the job's folder.

    Parameters
    ----------
    job, folder, catalog
        Whose records come, where they go, and how many there are.
    duplicates
        Knows which source had which bytes first.
    report
        Called with the progress after every source.
    """

    def __init__(
        self,
        job: Job,
        folder: JobFolder,
        catalog: Catalog,
        duplicates: Duplicates,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self._job, self._folder, self._catalog, self._report = job, folder, catalog, report
        self.duplicates = duplicates
        self._open: dict[int, dict[int, Record]] = {}
        self._waiting: dict[int, list[Record]] = {}
        self._finished: set[int] = set()
        self._done = self._resumed = self._failed = 0
        self._began = time.monotonic()
        self._read_part = lru_cache(maxsize=_KEPT_PARTS)(folder.read_part)

    @property
    def resumed(self) -> int:
        """Sources that earlier runs had finished."""
        return self._resumed

    @property
    def todo(self) -> list[int]:
        """The parts that are not finished, in order."""
        return [part for part in range(self._catalog.parts) if part not in self._finished]

    def take_over(self) -> None:
        """Count what earlier runs finished; a part that is damaged is to be read again."""
        for part in sorted(self._folder.finished_parts()):
            try:
                records = self._folder.read_part(part)
            except OutputError:
                records = []
            first = part * self._job.part_size
            wanted = range(first, first + self._catalog.size(part)) if part < self._catalog.parts else range(0)
            if [record.get("seq") for record in records] != list(wanted) or not records:
                self._folder.drop_part(part)
                continue
            self._finished.add(part)
            self._failed += sum(record["error"] is not None for record in records)
            self._resumed += len(records)
            owned = [r for r in records if r["same_as"] is None and r["sha256"] is not None]
            self.duplicates.add((record["sha256"], record["seq"]) for record in owned)
        self._done = self._resumed
        self._began = time.monotonic()

    def add(self, record: Record) -> None:
        """Take the record of one source; the second of the same source, after a lost worker, changes nothing.

        Raises
        ------
        OutputError
            If a part cannot be written.
        """
        ready = [record]
        while ready:
            one = ready.pop()
            seq, owner = one["seq"], one["same_as"]
            if self._find(seq) is not None:
                continue
            if owner is not None:
                known = self._find(owner)
                if known is None:
                    self._waiting.setdefault(owner, []).append(one)
                    continue
                one = copied_record(one, known)
                self._copy_drawings(known, one)
            self._keep(one)
            ready += self._waiting.pop(seq, [])

    def _find(self, seq: int) -> Record | None:
        part, place = divmod(seq, self._job.part_size)
        if part in self._finished:
            return self._read_part(part)[place]
        return self._open.get(part, {}).get(seq)

    def _keep(self, record: Record) -> None:
        part = record["seq"] // self._job.part_size
        records = self._open.setdefault(part, {})
        records[record["seq"]] = record
        if len(records) == self._catalog.size(part):
            self._folder.write_part(part, [records[seq] for seq in sorted(records)])
            self._finished.add(part)
            del self._open[part]
        self._done += 1
        self._failed += record["error"] is not None
        if self._report is not None:
            self._report(self.progress())

    def progress(self) -> Progress:
        """How far the run is."""
        return Progress(
            sources=self._catalog.count,
            done=self._done,
            failed=self._failed,
            resumed=self._resumed,
            seconds=time.monotonic() - self._began,
        )

    def _copy_drawings(self, owner: Record, record: Record) -> None:
        if self._job.annotate is None or owner["error"] is not None:
            return
        folder = Path(self._job.annotate)
        drawn = annotated_paths(folder, owner["seq"], owner["source"], owner["pages"])
        wanted = annotated_paths(folder, record["seq"], record["source"], owner["pages"])
        for source, target in zip(drawn, wanted, strict=True):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            except OSError as error:
                raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
