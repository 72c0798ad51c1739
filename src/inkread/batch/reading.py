"""Reads one source into one record: the part of the work that every engine spreads, in whatever process it runs.

Fetching and reading are two steps, so that the next source is fetched while the last is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inkread.batch.archives import is_archived, open_member
from inkread.batch.catalog import Entry
from inkread.batch.job import Job
from inkread.batch.records import NAME, Record, error_record, record_of
from inkread.errors import InkreadError, ModelError, OutputError
from inkread.inputs import InputLimits, open_source
from inkread.inputs.sources import open_stream
from inkread.memory import keep_freed_memory
from inkread.results import Document

__all__ = ["Fetched", "SourceReader", "annotated_paths", "fetch", "named", "unexpected"]

# Annotated pictures a folder: file managers and file systems like a thousand better than a million.
_PICTURES_A_FOLDER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A source's bytes, or why there are none.

    Attributes
    ----------
    seconds
        What fetching took.
    """

    entry: Entry
    data: bytes | None
    sha256: str | None
    error: InkreadError | None
    seconds: float


def fetch(entry: Entry, limits: InputLimits) -> Fetched:
    """The bytes of a source; what goes wrong is in it, never raised."""
    began = time.perf_counter()
    data: bytes | None = None
    error = entry.error
    if error is None:
        try:
            data = _bytes_of(entry.source, limits)
        except InkreadError as reason:
            error = reason
        except Exception as reason:  # noqa: BLE001 (the border of a batch's row)
            error = unexpected(reason)
    return Fetched(
        entry=entry,
        data=data,
        sha256=None if data is None else hashlib.sha256(data).hexdigest(),
        error=error,
        seconds=time.perf_counter() - began,
    )


def _bytes_of(source: Any, limits: InputLimits) -> bytes:
    if isinstance(source, str) and is_archived(source):
        with open_member(source) as file, open_stream(named(file, source), limits=limits) as (_, stream):
            return bytes(stream.read())
    with open_stream(source, limits=limits) as (_, stream):
        return bytes(stream.read())


class _Named:
    """A file under another name."""

    def __init__(self, file: Any, name: str) -> None:
        self.name = name
        self.read = file.read


def named(file: Any, name: str) -> Any:
    """``file`` as a source of that name."""
    return _Named(file, name)


def unexpected(error: Exception) -> InkreadError:
    """The error of ours that stands for a mistake in inkread itself."""
    return InkreadError(f"an error inside inkread, please report it ({type(error).__name__}: {error})")


class SourceReader:
    """Reads sources one after the other, for one worker.

    Parameters
    ----------
    job
        What is asked for.
    model
        The name of the network that the job was begun with, where it was begun.

    Raises
    ------
    ModelError
        If it cannot be loaded, or has become another: a table is read by one network.
    """

    def __init__(self, job: Job, *, model: str | None = None) -> None:
        # There is a worker a core; OpenCV's own threads would only wait for each other.
        cv2.setNumThreads(1)
        keep_freed_memory()
        self._job = job
        self._reader = job.reader()
        if model not in (None, now := job.networks()):
            raise ModelError(f"the batch was begun with the network {model}, which is {now} by now")
        # A network that cannot be loaded is found here, once, and not again at every source.
        self._reader.classify(np.zeros((1, 28, 28), np.uint8))

    @property
    def limits(self) -> InputLimits:
        """What is refused as too large."""
        return self._reader.options.limits

    def document(self, fetched: Fetched) -> Document | InkreadError:
        """What is read, or why it could not be.

        Raises
        ------
        ModelError
            If a network cannot be used: that is no fault of the source.
        """
        if fetched.error is not None:
            return fetched.error
        try:
            document = self._reader.read(named(BytesIO(fetched.data or b""), fetched.entry.name))
        except ModelError:
            raise
        except InkreadError as error:
            return error
        except Exception as error:  # noqa: BLE001 (the border of a batch's row)
            return unexpected(error)
        return replace(document, seconds=document.seconds + fetched.seconds)

    def record(self, fetched: Fetched) -> Record:
        """The record of a source, and its annotated pictures where they are asked for.

        Raises
        ------
        OutputError
            If an annotated picture cannot be written.
        ModelError
            If a network cannot be used.
        """
        entry = fetched.entry
        if fetched.error is not None or fetched.data is None:
            error = fetched.error or InkreadError("nothing was fetched")
            return error_record(error, seq=entry.seq, name=entry.name, sha256=fetched.sha256)
        # Whatever reading says of these bytes holds for every source that has them, so it does not know the name.
        nameless = replace(fetched, entry=replace(entry, name=NAME))
        outcome = self.document(nameless)
        if isinstance(outcome, InkreadError):
            return error_record(outcome, seq=entry.seq, name=entry.name, sha256=fetched.sha256)
        if self._job.annotate is not None:
            self._draw(fetched, outcome, Path(self._job.annotate))
        return record_of(replace(outcome, source=entry.name), seq=entry.seq, sha256=fetched.sha256)

    def _draw(self, fetched: Fetched, document: Document, folder: Path) -> None:
        from PIL import Image

        from inkread.export.draw import annotate

        paths = annotated_paths(folder, fetched.entry.seq, fetched.entry.name, len(document.pages))
        images = open_source(fetched.data, limits=self.limits)
        for image, page, path in zip(images, document.pages, paths, strict=True):
            drawn = Image.fromarray(annotate(image.pixels, page))
            beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                drawn.save(beside, format="PNG")
                beside.replace(path)
            except OSError as error:
                with contextlib.suppress(OSError):
                    beside.unlink()
                raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def annotated_paths(folder: Path, seq: int, name: str, pages: int) -> Iterator[Path]:
    """Where the annotated pictures of a source lie: its place, then its own name, so that no two meet.

    Examples
    --------
    >>> [path.as_posix() for path in annotated_paths(Path("drawn"), 1234, "scans/a.png", 1)]
    ['drawn/0001/0001234-a.png']
    """
    last = re.split(r"[/\\]", name.partition("::")[0].rstrip("/\\"))[-1]
    # Names may be 255 bytes long; what is added to them must fit too.
    stem = re.sub(r"[<>:\"|?*\x00-\x1f]", "", Path(last).stem)[:50] or "picture"
    for page in range(pages):
        ending = f"-page{page + 1}" if pages > 1 else ""
        yield folder / f"{seq // _PICTURES_A_FOLDER:04d}" / f"{seq:07d}-{stem}{ending}.png"
