"""How the authored shapes are written down, and the smooth curve through their control points.

A form is a few strokes; a stroke is a string of control points ``"x,y x,y! x,y"`` in percent of the height of a digit:
y is 0 at the top of digits and capitals and 100 on the base line (letters reach below it), x starts near 0 and has the
same unit. ``!`` marks a corner; everywhere else the pen passes smoothly. Shapes know nothing of writers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption

__all__ = ["Curve", "Form", "curve_through"]

Floats = NDArray[np.float64]

# Length between two points of a drawn curve, in heights of a digit: at 1,000 pixels the chord of a loop of radius 0.1
# then leaves the arc by under one pixel.
_STEP = 0.028
# Ends of one stroke nearer than this, in heights of a digit, are meant to meet.
_CLOSED_WITHIN = 0.07


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One authored stroke: its control points, and what turns moved control points into a path.

    The path is ``(hold + roundness * bend + cut * corners) @ points``: linear in the points, so that a writer's changes
    cost one product of matrices.

    Attributes
    ----------
    points
        Control points, float64 (n, 2), in heights of a digit.
    hold
        float64 (m, n): the path straight from point to point.
    bend
        float64 (m, n): what makes it a smooth curve that still turns sharply at corners.
    corners
        float64 (m, n): what makes it pass smoothly through corners as well.
    closed
        Whether its ends are meant to meet.
    """

    points: Floats
    hold: Floats
    bend: Floats
    corners: Floats
    closed: bool

    @classmethod
    def of_text(cls, text: str) -> Curve:
        """The curve of ``"x,y x,y! …"`` (percent); one point is a dot."""
        try:
            marks = [token.endswith("!") for token in text.split()]
            points = np.array([[float(v) for v in token.rstrip("!").split(",")] for token in text.split()]) / 100
        except ValueError as error:
            raise InvalidOption(f"a stroke is written 'x,y x,y! ...'; got {text!r}") from error
        if points.ndim != 2 or points.shape[1] != 2:
            raise InvalidOption(f"a stroke is written 'x,y x,y! ...'; got {text!r}")
        if len(points) == 1:
            one = np.ones((1, 1))
            return cls(points, one, one * 0, one * 0, False)
        gaps = np.maximum(np.hypot(*np.diff(points, axis=0).T), 1e-3)
        counts = np.maximum(np.ceil(gaps / _STEP).astype(int), 3)
        hold, sharp = _bases(
            gaps, counts, [0, *(i for i, m in enumerate(marks) if m and 0 < i < len(marks) - 1), len(marks) - 1]
        )
        _, smooth = _bases(gaps, counts, [0, len(marks) - 1])
        ends = float(np.hypot(*(points[0] - points[-1])))
        return cls(points, hold, sharp, smooth - sharp, bool(len(points) > 4 and ends < _CLOSED_WITHIN))


def curve_through(points: Floats, *, parts: int) -> Floats:
    """A smooth curve through points (n, 2), n ≥ 2, in ``parts`` pieces between two of them."""
    gaps = np.maximum(np.hypot(*np.diff(points, axis=0).T), 1e-3)
    hold, bend = _bases(gaps, np.full(len(gaps), parts), [0, len(points) - 1])
    return np.asarray((hold + bend) @ points)


def _bases(gaps: Floats, counts: NDArray[np.int_], breaks: list[int]) -> tuple[Floats, Floats]:
    """What cubic Hermite interpolation makes of n points: of their places (m, n), and of their tangents (m, n).

    Tangents are those of the parabola through a point and its neighbors, with the square root of the chord as the
    parameter (centripetal, so that unevenly spaced points make no loops; Yuksel et al. 2011,
    doi:10.1016/j.cad.2010.08.008). At a break the tangent is the one-sided one, so the path may turn there.
    """
    n = len(gaps) + 1
    knots = np.sqrt(gaps)
    hold, bend = [], []
    for first, last in pairwise(breaks):
        tangents = _tangents(n, knots, first, last)
        for i in range(first, last):
            u = np.linspace(0, 1, counts[i], endpoint=False)[:, None]
            if i == n - 2:
                u = np.append(u, [[1.0]], axis=0)
            place = np.zeros((len(u), n))
            place[:, i : i + 1] += 2 * u**3 - 3 * u**2 + 1
            place[:, i + 1 : i + 2] += 3 * u**2 - 2 * u**3
            hold.append(place)
            bend.append(
                knots[i] * ((u**3 - 2 * u**2 + u) * tangents[i - first] + (u**3 - u**2) * tangents[i + 1 - first])
            )
    return np.concatenate(hold), np.concatenate(bend)


def _tangents(n: int, knots: Floats, first: int, last: int) -> Floats:
    """The derivative at the points ``first`` to ``last`` of one smooth piece, as rows over all n points."""
    slopes = np.zeros((last - first, n))
    for row, i in enumerate(range(first, last)):
        slopes[row, i], slopes[row, i + 1] = -1 / knots[i], 1 / knots[i]
    if last - first == 1:
        return np.repeat(slopes, 2, axis=0)
    tangents = np.zeros((last - first + 1, n))
    for row in range(1, last - first):
        before, after = knots[first + row - 1], knots[first + row]
        tangents[row] = (slopes[row - 1] * after + slopes[row] * before) / (before + after)
    tangents[0] = 1.5 * slopes[0] - 0.5 * tangents[1]
    tangents[-1] = 1.5 * slopes[-1] - 0.5 * tangents[-2]
    return tangents


@dataclass(frozen=True, slots=True, init=False)
class Form:
    """One way to write a character.

    Attributes
    ----------
    name
        What sets this way apart.
    weight
        How common it is beside the character's other forms, above 0.
    strokes
        Its strokes in the order of writing, as text.
    """

    name: str
    weight: float
    strokes: tuple[str, ...]

    def __init__(self, name: str, weight: float, *strokes: str) -> None:
        if not weight > 0 or not strokes:
            raise InvalidOption(f"a form needs a weight above 0 and a stroke; got {name!r}, {weight}, {strokes}")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "weight", float(weight))
        object.__setattr__(self, "strokes", strokes)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The strokes as curves, worked out at the first use."""
        return _curves(self.strokes)


@cache
def _curves(strokes: tuple[str, ...]) -> tuple[Curve, ...]:
    return tuple(Curve.of_text(text) for text in strokes)
