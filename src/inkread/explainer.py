"""Which ink made the answer: for every digit a heat map of what spoke for it, or for another digit, or against one.

The maps come from the digit network's own features and the weights of its last layer, without a gradient and without
torch. What is explained is what that network says of a digit's ink: digits that the line network read are explained
through the digit network on their crop. Nothing is drawn here; that is :mod:`inkread.export.heat`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.geometry import Quad, Stroke
from inkread.parts import DIGITS, NOT_A_DIGIT, DigitInk
from inkread.reader import Layout, Reader, ReaderOptions
from inkread.recognize.prepare import INPUT_SIDE, prepare, shown_square
from inkread.results import Digit, Document

__all__ = ["CLASSES", "DigitExplanation", "Explainer", "Explanation", "explain"]

Floats = NDArray[np.float32]

# What can be explained, and what it can be explained against.
CLASSES = (*DIGITS, NOT_A_DIGIT)
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitExplanation:
    """What spoke for one reading of one digit.

    Attributes
    ----------
    digit
        What was read.
    page, line, number, index
        Its place in the document: of the page, its line there, the number in it, the digit in that; each from 0.
    value
        The class whose evidence this is: the digit read, or any other of :data:`CLASSES`.
    against
        The class that it is held against; None where ``value`` stands alone.
    log_odds
        Natural logarithm of how many times likelier the digit network, by the digit's ink alone, holds ``value`` to be
        than ``against``, or than everything else together; negative where it is less likely.
    evidence
        float32 (28, 28): what each place said for ``value`` (above 0) or against it (below 0), bare paper too: a 4 is
        no 9 because nothing closes its top. In natural logarithms; it adds up to the score of ``value``, less that of
        ``against``, but for a constant of these classes.
    ink
        float32 (28, 28) in [0, 1]: the digit's ink as the network saw it, pixel by pixel under ``evidence``.
    quad
        Where this square of 28 × 28 lies, in source pixels. It reaches beyond the digit.
    """

    digit: Digit
    page: int
    line: int
    number: int
    index: int
    value: str
    against: str | None
    log_odds: float
    evidence: Floats
    ink: Floats
    quad: Quad

    @property
    def heat(self) -> Floats:
        """The evidence that lies on ink as a share of its strongest, float32 (28, 28) in [-1, 1]; 0 on bare paper."""
        on_ink = self.evidence * self.ink
        strongest = float(np.abs(on_ink).max())
        return np.asarray(on_ink / strongest if strongest > 0 else on_ink, np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the place of the digit, what is explained, and the heat, row by row."""
        return {
            "page": self.page,
            "line": self.line,
            "number": self.number,
            "index": self.index,
            "read": self.digit.value,
            "value": self.value,
            "against": self.against,
            "log_odds": round(self.log_odds, 4),
            "quad": self.quad.to_list(),
            "heat": [[round(float(cell), 3) if cell else 0 for cell in row] for row in self.heat],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """A document, and what spoke for each of its digits, in the order of :meth:`Document.digits`."""

    document: Document
    digits: tuple[DigitExplanation, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "schema": SCHEMA_VERSION,
            "document": self.document.to_dict(),
            "digits": [digit.to_dict() for digit in self.digits],
        }


class Explainer:
    """Explains the answers of a reader.

    Parameters
    ----------
    reader
        Whose answers; one with the defaults when not given.
    """

    def __init__(self, reader: Reader | None = None) -> None:
        self.reader = reader or Reader()

    def explain(
        self,
        source: Any,
        *,
        value: str | None = None,
        against: str | None = None,
        layout: Layout | None = None,
        region: Sequence[float] | None = None,
        options: ReaderOptions | None = None,
    ) -> Explanation:
        """Read one source, and say which ink spoke for each of its digits.

        Parameters
        ----------
        source, layout, region, options
            As for :meth:`Reader.read`.
        value
            The class to explain, one of :data:`CLASSES`, for every digit; each digit's own value when not given.
        against
            The class to hold it against: what spoke for ``value`` and not for this. Digits that were read as it are
            then held against nothing where ``value`` is their own.

        Raises
        ------
        InvalidOption
            If a class is unknown, or the two are the same.
        SourceError
            If the source cannot be opened.
        ModelError
            If the reader's digit network cannot be explained.
        """
        _check(value, against)
        document, inks = self.reader.trace(source, layout=layout, region=region, options=options)
        return self._explain(document, inks, value, against)

    def explain_strokes(
        self,
        strokes: Sequence[Stroke | Sequence[Sequence[float]]],
        *,
        value: str | None = None,
        against: str | None = None,
        options: ReaderOptions | None = None,
    ) -> Explanation:
        """Read pen strokes as :meth:`Reader.read_strokes` does, and explain their digits as :meth:`explain` does."""
        _check(value, against)
        document, inks = self.reader.trace_strokes(strokes, options=options)
        return self._explain(document, inks, value, against)

    def _explain(
        self, document: Document, inks: Sequence[DigitInk], value: str | None, against: str | None
    ) -> Explanation:
        scores, maps = self.reader.activate(inks)  # (N, 11), (N, 11, 7, 7)
        placed = list(_placed(document))
        chosen = np.array([CLASSES.index(value or digit.value) for digit, _ in placed], np.int64)
        rows = np.arange(len(placed))
        for_value, odds = maps[rows, chosen], _log_odds(scores, chosen)
        if against is not None:
            other = CLASSES.index(against)
            held = chosen != other
            for_value = np.where(held[:, None, None], for_value - maps[:, other], for_value)
            odds = np.where(held, scores[rows, chosen] - scores[:, other], odds)
        evidence = _spread(for_value)
        shown = prepare([traced.ink for traced in inks])[:, 0]
        return Explanation(
            document=document,
            digits=tuple(
                DigitExplanation(
                    digit=digit,
                    page=place[0],
                    line=place[1],
                    number=place[2],
                    index=place[3],
                    value=CLASSES[chosen[k]],
                    against=against if against != CLASSES[chosen[k]] else None,
                    log_odds=float(odds[k]),
                    evidence=evidence[k],
                    ink=shown[k],
                    quad=inks[k].to_source.apply_to_box(shown_square(inks[k].ink)),
                )
                for k, (digit, place) in enumerate(placed)
            ),
        )


def explain(
    source: Any,
    *,
    value: str | None = None,
    against: str | None = None,
    layout: Layout | None = None,
    region: Sequence[float] | None = None,
) -> Explanation:
    """Say which ink spoke for each digit of a source, with a shared explainer; see :meth:`Explainer.explain`.

    Examples
    --------
    >>> page = np.full((80, 60), 255, np.uint8)
    >>> page[20:60, 28:32] = 0
    >>> (one,) = explain(page, against="7", layout="digit").digits
    >>> one.value, one.against, one.log_odds > 0, one.heat.shape
    ('1', '7', True, (28, 28))
    """
    return _shared().explain(source, value=value, against=against, layout=layout, region=region)


@cache
def _shared() -> Explainer:
    return Explainer()


def _check(value: str | None, against: str | None) -> None:
    for name, given in (("value", value), ("against", against)):
        if given is not None and given not in CLASSES:
            raise InvalidOption(f"{name} is one of {', '.join(CLASSES)}; got {given!r}")
    if value is not None and value == against:
        raise InvalidOption(f"{value!r} cannot be held against itself; give another class to hold it against")


def _placed(document: Document) -> Iterator[tuple[Digit, tuple[int, int, int, int]]]:
    for page in document.pages:
        for i, line in enumerate(page.lines):
            for j, number in enumerate(line.numbers):
                for k, digit in enumerate(number.digits):
                    yield digit, (page.index, i, j, k)


def _log_odds(scores: Floats, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log-odds of the chosen class of each row of log-probabilities against all others together."""
    rows = np.arange(len(scores))
    own = scores[rows, chosen].astype(np.float64)
    others = scores.astype(np.float64)
    others[rows, chosen] = -np.inf
    return np.asarray(own - np.logaddexp.reduce(others, axis=1))


def _spread(maps: Floats) -> Floats:
    """Maps (N, 7, 7) spread smoothly over the network's input, (N, 28, 28), their sums kept."""
    weights = _spreading(maps.shape[1])  # (28, 7)
    return np.asarray(weights @ maps @ weights.T, np.float32)


@cache
def _spreading(cells: int) -> Floats:
    """float32 (28, cells): linear interpolation, as that of an image resized, its columns summing to 1."""
    identity = np.eye(cells, dtype=np.float32)
    weights = cv2.resize(identity, (cells, INPUT_SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(weights / weights.sum(axis=0), np.float32)
