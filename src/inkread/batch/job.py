"""What is to be read and where it goes: one frozen value, written beside its output before anything is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inkread.errors import InvalidOption
from inkread.models.registry import load_card
from inkread.reader import LAYOUTS, Layout, Reader, ReaderOptions

__all__ = ["FORMATS", "Job"]

FORMATS = ("parquet", "csv", "jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One batch: everything that decides which rows are written, and nothing of how fast.

    Attributes
    ----------
    sources
        Files, folders, patterns, PDFs, addresses, archives (``zip::scans.zip``) and lists (``@list.txt``, or any file
        whose name ends in .txt), at least one. A source that is named twice is read once.
    out
        The table; its ending says its format: ``.parquet``, ``.csv`` or ``.jsonl``. Beside it lies the folder of the
        job, ``OUT.job``.
    layout
        As for :func:`inkread.read`.
    min_confidence
        Numbers less sure than this, in [0, 1], are marked as not accepted; 0 accepts all.
    model
        The card (.toml) of a digit network instead of the bundled one.
    annotate
        A folder for pictures with the numbers drawn over them.
    errors_to
        A file for the sources that failed, one line of JSON each.
    part_size
        Sources a part, at least 1. A part is what is written at once, and what is read again after a crash: 128 pages
        take some seconds, and a million pages make eight thousand parts.

    Raises
    ------
    InvalidOption
        If a value is outside its range, or two outputs are the same file.

    Examples
    --------
    >>> Job(sources=("scans/",), out="numbers.csv").format
    'csv'
    """

    sources: tuple[str, ...]
    out: str
    layout: Layout = "page"
    min_confidence: float = 0.0
    model: str | None = None
    annotate: str | None = None
    errors_to: str | None = None
    part_size: int = 128

    def __post_init__(self) -> None:
        for name in ("out", "model", "annotate", "errors_to"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, os.fspath(value))
        given: object = self.sources
        if isinstance(given, str):
            raise InvalidOption(f"sources is a tuple of names; got the string {given!r}")
        object.__setattr__(self, "sources", tuple(os.fspath(source) for source in self.sources))
        if not self.sources:
            raise InvalidOption("a batch needs at least one source: a file, a folder, a pattern, an address or a @list")
        if self.format not in FORMATS:
            endings = ", ".join(f".{name}" for name in FORMATS)
            raise InvalidOption(f"the name of the output ends in one of {endings}; got {self.out!r}")
        if self.layout not in LAYOUTS:
            raise InvalidOption(f"unknown layout {self.layout!r}; known are {', '.join(LAYOUTS)}")
        if not 0 <= self.min_confidence <= 1:
            raise InvalidOption(f"min_confidence lies in [0, 1]; got {self.min_confidence}")
        if self.part_size < 1:
            raise InvalidOption(f"a part holds at least one source; got part_size={self.part_size}")
        if self.errors_to is not None and Path(self.errors_to).absolute() == Path(self.out).absolute():
            raise InvalidOption(f"the table and the errors cannot both be written to {self.out}")

    @property
    def format(self) -> str:
        """The format of the table, told by its ending."""
        return Path(self.out).suffix.lower().removeprefix(".")

    @property
    def folder(self) -> Path:
        """Where the job keeps what it needs to go on."""
        return Path(f"{self.out}.job")

    def reader(self) -> Reader:
        """A reader for one worker: one thread, because there is a worker a core.

        Raises
        ------
        ModelError
            If the network that is asked for is not there, or cannot be used.
        """
        options = ReaderOptions(layout=self.layout, min_confidence=self.min_confidence, threads=1)
        card = None if self.model is None else load_card(Path(self.model).with_suffix(".toml"))
        return Reader(options, models=None if card is None else {card.task: card})

    def networks(self) -> str:
        """The names of the networks that read, joined by a space: what the column ``model`` holds."""
        return " ".join(self.reader().model.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {**asdict(self), "sources": list(self.sources)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """The job that ``to_dict`` wrote."""
        return cls(**{**data, "sources": tuple(data["sources"])})
