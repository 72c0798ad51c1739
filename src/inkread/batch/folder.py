"""The folder beside the output in which a job keeps what it needs to go on: itself, its sources and its parts.

::

    numbers.csv.job/
      job.json        the job and the network; written when the sources are known, so that it says "begun"
      sources.jsonl   every source, one a line; only the owner may read it, because addresses may hold secrets
      parts/0000/part-0000012.jsonl    the records of one part, one a line
      summary.json    written last, so that it says "finished"; parts and sources are gone then
      lock            held while a run is at work

Files appear whole under their names or not at all: they are written beside, synced and renamed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from inkread.batch.job import Job
from inkread.batch.records import Record
from inkread.batch.summary import Summary
from inkread.errors import OutputError

__all__ = ["JobFolder", "replaced"]

# Parts a folder, so that none holds more names than file systems like.
_PARTS_A_FOLDER = 1000


class JobFolder:
    """What one job has on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._job, self._summary = path / "job.json", path / "summary.json"
        self.sources = path / "sources.jsonl"
        self.duplicates = path / "duplicates.sqlite"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder, and keep every other run out of it; the system gives the lock back even after a crash.

        Raises
        ------
        OutputError
            If another run holds it, or the folder cannot be made.
        """
        with _output_errors(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self.path / "lock").open("ab")
        with file:
            if not _lock(file):
                raise OutputError(f"another run is at work on {self.path}; wait for it, or stop it")
            yield

    def begun(self) -> dict[str, Any] | None:
        """What was begun here, or None: the ``job``, the name of its ``model``, and the ``folder`` that was worked in.

        Raises
        ------
        OutputError
            If what is written there is of no use.
        """
        if not self._job.exists():
            return None
        try:
            data = json.loads(self._job.read_text(encoding="utf-8"))
            return {"job": Job.from_dict(data["job"]), "model": str(data["model"]), "folder": str(data["folder"])}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise OutputError(f"{self._job} cannot be used ({error}); delete {self.path} to begin again") from error

    def begin(self, job: Job, model: str) -> None:
        """Say that the sources are known and reading may begin."""
        data = {"model": model, "folder": str(Path.cwd()), "job": job.to_dict()}
        with replaced(self._job) as file:
            file.write(json.dumps(data, indent=2).encode("ascii") + b"\n")

    def summary(self) -> Summary | None:
        """What came of the job, or None where it is not finished."""
        if not self._summary.exists():
            return None
        return Summary.from_dict(json.loads(self._summary.read_text(encoding="utf-8")))

    def finish(self, summary: Summary) -> None:
        """Say that the output is in its place, and remove what only an unfinished job needs."""
        with replaced(self._summary) as file:
            file.write(json.dumps(summary.to_dict(), indent=2).encode("ascii") + b"\n")
        self._remove(self.path / "parts", self.sources, self.duplicates)

    def clear(self) -> None:
        """Forget an earlier job, its word that it was begun first."""
        with _output_errors(self.path):
            self._job.unlink(missing_ok=True)
        self._remove(self._summary, self.path / "parts", self.sources, self.duplicates)

    def _remove(self, *paths: Path) -> None:
        with _output_errors(self.path):
            for path in paths:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _part(self, part: int) -> Path:
        return self.path / "parts" / f"{part // _PARTS_A_FOLDER:04d}" / f"part-{part:07d}.jsonl"

    def write_part(self, part: int, records: Sequence[Record]) -> None:
        """Write a part; it is finished when this returns."""
        path = self._part(part)
        with _output_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as file:
            file.writelines(json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n" for record in records)

    def read_part(self, part: int) -> list[Record]:
        """The records of a finished part.

        Raises
        ------
        OutputError
            If it is damaged.
        """
        path = self._part(part)
        try:
            with path.open("rb") as lines:
                return [json.loads(line) for line in lines]
        except (OSError, ValueError) as error:
            raise OutputError(f"{path} cannot be read: {error}; delete it to have it read again") from error

    def finished_parts(self) -> set[int]:
        """The parts that are there."""
        return {int(path.stem.removeprefix("part-")) for path in self.path.glob("parts/*/part-*.jsonl")}

    def drop_part(self, part: int) -> None:
        """Let a part count as unfinished."""
        self._remove(self._part(part))

    def drop_leftovers(self) -> None:
        """Remove what an earlier run was still writing."""
        self._remove(*self.path.glob("parts/*/*.tmp"), *self.path.glob("*.tmp"))


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` when all went well, and otherwise leaves it as it was.

    Raises
    ------
    OutputError
        If it cannot be written; a full disk is said to be one.
    """
    beside = path.with_name(f"{path.name}.tmp")
    try:
        with _output_errors(path):
            with beside.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut too, where the system can say so."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _output_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        advice = "; make room and give the same command with --resume" if full else ""
        raise OutputError(f"{path} cannot be written: {error.strerror or error}{advice}") from error


def _lock(file: BinaryIO) -> bool:
    """Whether the file could be locked for this process alone."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
