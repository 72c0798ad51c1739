"""A reading that holds still: the vote of the recent frames of a video. Pure; it knows neither pictures nor sockets."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

__all__ = ["SteadyReading", "Votes"]

# A third of a second at 30 frames a second: long enough to outvote a blink, short enough to follow a new number.
WINDOW = 9


@dataclass(frozen=True, slots=True)
class SteadyReading:
    """What most of the recent frames say, and for how many frames the vote has been so."""

    text: str
    frames: int


class Votes:
    """Takes the reading of one frame after the other.

    Each frame votes with its confidence, and at least a little, so that unsure frames still count against nothing at
    all; where two texts are even, the one that held before stays.

    Examples
    --------
    >>> votes = Votes()
    >>> for text in ("734", "734", "784", "734"):
    ...     steady = votes.add(text, confidence=0.9)
    >>> steady
    SteadyReading(text='734', frames=4)
    """

    LEAST_WEIGHT = 0.1

    def __init__(self, *, window: int = WINDOW) -> None:
        self._recent: deque[tuple[str, float]] = deque(maxlen=window)
        self._text = ""
        self._frames = 0

    def add(self, text: str, *, confidence: float | None) -> SteadyReading:
        """The vote with one more frame; ``confidence`` in [0, 1], or None where nothing was read."""
        weight = max(self.LEAST_WEIGHT, 0.5 if confidence is None else confidence)
        self._recent.append((text, weight))
        sums: dict[str, float] = defaultdict(float)
        for said, weighs in self._recent:
            sums[said] += weighs
        # Sums of the same weights in another order may differ in their last bits.
        winner = max(sums, key=lambda said: (round(sums[said], 9), said == self._text))
        self._frames = self._frames + 1 if winner == self._text and self._frames else 1
        self._text = winner
        return SteadyReading(winner, self._frames)

    def forget(self) -> None:
        """Begin anew, as when another part of the picture is looked at."""
        self._recent.clear()
        self._text, self._frames = "", 0
