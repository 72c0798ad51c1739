"""What became of a job: counts and times, while it runs and at its end. Rows hold neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Progress", "Summary", "duration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A finished job.

    Attributes
    ----------
    sources
        How many there were; each is read, failed or a duplicate's copy of either.
    failed
        Sources that could not be read; each has a row with its reason.
    duplicates
        Sources with the same bytes as another, which were not read again.
    pages, numbers, rows
        Pages seen, numbers found, rows written.
    without_numbers
        Pages on which no number was found.
    reading_seconds
        Time of all workers together, spent on sources: fetching, decoding and reading.
    seconds
        Time from the first run's start of the last run to its end; runs that were cut short are not in it.
    resumed
        Sources that earlier runs had finished.
    model
        The network that read.
    """

    sources: int = 0
    failed: int = 0
    duplicates: int = 0
    pages: int = 0
    numbers: int = 0
    rows: int = 0
    without_numbers: int = 0
    reading_seconds: float = 0.0
    seconds: float = 0.0
    resumed: int = 0
    model: str = ""

    @property
    def rate(self) -> float:
        """Sources a second of this run; 0 where it had nothing to do."""
        return (self.sources - self.resumed) / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Summary:
        """The summary that ``to_dict`` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    sources, done, failed
        Of the whole job; ``done`` counts those of earlier runs too.
    resumed
        Of them, finished by earlier runs.
    seconds
        Since this run began to read.

    Examples
    --------
    >>> half = Progress(sources=100, done=60, failed=0, resumed=20, seconds=8.0)
    >>> half.rate, half.seconds_left
    (5.0, 8.0)
    """

    sources: int
    done: int
    failed: int
    resumed: int
    seconds: float

    @property
    def rate(self) -> float:
        """Sources a second in this run."""
        return (self.done - self.resumed) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time left at this rate, or None before the first is done."""
        return (self.sources - self.done) / self.rate if self.rate > 0 else None


def duration(seconds: float) -> str:
    """A time for people.

    Examples
    --------
    >>> duration(7.4), duration(192), duration(40_020)
    ('7 s', '3 min 12 s', '11 h 7 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
