"""Draws pen strokes as a page of ink, so that they are read like writing on paper.

Strokes need no cleaning: they have no light, no paper and no polarity, so what comes out is a
:class:`~inkread.parts.CleanPage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from inkread.errors import InvalidArray, SourceTooLarge
from inkread.geometry import PageTransform, Stroke
from inkread.ink import Pen, draw_strokes
from inkread.parts import CleanPage

__all__ = ["as_strokes", "draw_page"]

# Height of the writing on the drawn page and width of its pen, in pixels: the proportion of a ballpoint, and twice the
# height that the digit network looks at, so that scaling down to it smooths.
_TEXT_HEIGHT = 56.0
_PEN_WIDTH = 4.0
# Bare paper on every side, in text heights; finding lines needs to see where the writing ends.
_MARGIN = 0.5
# The drawn page holds at most this many pixels; a longer line is drawn smaller.
_MAX_PIXELS = 16_000_000
# A day of writing at 200 points a second is 17 million; a million is over an hour without a pause.
_MAX_POINTS = 1_000_000
# Text heights outside of these cannot be told from rounding.
_LEAST, _MOST = 1e-3, 1e9
# The farthest that strokes of one page may lie apart, in text heights: a hundred times a line of 100 digits.
_FARTHEST = 1e4


def as_strokes(strokes: Iterable[Any]) -> tuple[Stroke, ...]:
    """The strokes as :class:`~inkread.geometry.Stroke`.

    Parameters
    ----------
    strokes
        Each a Stroke, or a sequence of points (x, y[, t[, pressure]]) or an array of shape (N, 2 to 4): y down, t in
        milliseconds, pressure in [0, 1]. Strokes without points (a pen that was only lifted) are left out.

    Raises
    ------
    InvalidArray
        If something is no stroke.
    SourceTooLarge
        If there are more than a million points.

    Examples
    --------
    >>> as_strokes([[(0, 0), (1, 2)], []])[0].y.tolist()
    [0.0, 2.0]
    """
    if isinstance(strokes, Stroke):
        strokes = [strokes]
    try:
        given = list(strokes)
    except TypeError as error:
        raise InvalidArray(f"strokes are a sequence of strokes; got {type(strokes).__name__}") from error
    made: list[Stroke] = []
    points = 0
    for index, one in enumerate(given):
        stroke = one if isinstance(one, Stroke) else _of_points(one, index)
        if stroke is not None:
            made.append(stroke)
            points += len(stroke.x)
        if points > _MAX_POINTS:
            raise SourceTooLarge(f"the strokes have more than {_MAX_POINTS} points; read them a page at a time")
    return tuple(made)


def _of_points(points: Sequence[Sequence[float]] | ArrayLike, index: int) -> Stroke | None:
    try:
        rows = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidArray(
            f"stroke {index} needs points of the same two to four numbers, x, y[, t[, pressure]]: {error}"
        ) from error
    if rows.size == 0:
        return None
    if rows.ndim == 1 and 2 <= len(rows) <= 4:
        raise InvalidArray(f"stroke {index} is a single point; strokes are sequences of points, so write [[x, y]]")
    if rows.ndim != 2 or not 2 <= rows.shape[1] <= 4:
        raise InvalidArray(f"stroke {index} needs the shape (N, 2), (N, 3) or (N, 4); got {rows.shape}")
    return Stroke(**dict(zip(("x", "y", "t", "pressure"), rows.T, strict=False)))


def draw_page(strokes: Iterable[Any]) -> CleanPage:
    """The strokes drawn as ink, with the way back from its pixels to the strokes' own coordinates.

    Whatever unit the strokes are in, their writing is drawn about 56 pixels high.

    Parameters
    ----------
    strokes
        As for :func:`as_strokes`. None at all give a page of bare paper.

    Raises
    ------
    InvalidArray
        If something is no stroke, or the coordinates are too small or too large to be told apart.
    SourceTooLarge
        If there are more than a million points.

    Examples
    --------
    >>> page = draw_page([[(10, 10), (10, 20)]])
    >>> page.ink.shape
    (112, 56)
    >>> page.to_source.apply([(28, 28)]).round(6).tolist()
    [[10.0, 10.0]]
    """
    made = as_strokes(strokes)
    margin = _MARGIN * _TEXT_HEIGHT
    if not made:
        side = round(2 * margin + _TEXT_HEIGHT)
        return CleanPage(ink=np.zeros((side, side), np.float32), to_source=PageTransform())
    low = np.array([min(s.x.min() for s in made), min(s.y.min() for s in made)])
    high = np.array([max(s.x.max() for s in made), max(s.y.max() for s in made)])
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite extent is refused below
        extent, height = high - low, _text_height(made)
    if not (np.isfinite(extent).all() and _LEAST <= height <= _MOST):
        raise InvalidArray(
            f"writing between {_LEAST:g} and {_MOST:g} units high can be read; got {height:g}: scale the strokes"
        )
    if extent.max() > _FARTHEST * height:
        raise InvalidArray(
            f"the strokes lie {extent.max() / height:g} times their height apart; at most {_FARTHEST:g} can be drawn"
        )
    scale = _TEXT_HEIGHT / height
    size = extent * scale + 2 * margin
    while size.prod() > _MAX_PIXELS:
        scale *= min(0.98, float(np.sqrt(_MAX_PIXELS / size.prod())))
        size = extent * scale + 2 * margin
    width, rows = (int(np.ceil(v)) for v in size)
    to_page = PageTransform.translation(-low[0], -low[1])
    to_page = to_page.then(PageTransform.scaling(scale)).then(PageTransform.translation(margin, margin))
    drawn = [
        Stroke(x=(s.x - low[0]) * scale + margin, y=(s.y - low[1]) * scale + margin, t=s.t, pressure=s.pressure)
        for s in made
    ]
    pen = Pen(width=max(_PEN_WIDTH * scale * height / _TEXT_HEIGHT, 1.0))
    return CleanPage(ink=draw_strokes(drawn, size=(rows, width), pen=pen), to_source=to_page.inverse())


def _text_height(strokes: Sequence[Stroke]) -> float:
    """The height of the writing, in the strokes' unit.

    Most digits are one tall stroke; bars, dots and flags are low ones, so the upper quartile of the heights is taken.
    Where there is nothing tall (a minus sign, a dot) the width says how large the hand writes.
    """
    heights = np.array([np.ptp(s.y) for s in strokes])
    widths = np.array([np.ptp(s.x) for s in strokes])
    height = float(np.percentile(heights, 75))
    broad = float(np.percentile(widths, 75))
    if height <= broad / 20:
        height = broad
    return height if height > 0 else _TEXT_HEIGHT / 4
