"""Which neighboring digits make one number: a clear gap parts two, and so does a rule between the cells of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from inkread.geometry import Box

__all__ = ["are_cells", "split_numbers"]

# A gap parts numbers when it is this many times the line's usual gap, and this share of a digit's height: evenly wide
# spacing is a way of writing one number. Where there is one gap only, its share of the height alone says it.
GAP_TIMES = 2.2
GAP_HEIGHT = 0.55
ONE_GAP = 1.2
# Upright rules part the cells of a table where this share of the digits at the most is crossed by one, farther inside
# than this share of its width, and this share of the cells that hold digits, of so many at least, holds several.
CROSSED_SHARE, INSIDE, SEVERAL_SHARE, LEAST_CELLS = 0.05, 0.25, 0.2, 4


def are_cells(lines: Iterable[tuple[Sequence[Box], Sequence[float]]]) -> bool:
    """Whether the upright rules of a page part the cells of a table, each of which holds a number.

    Those of squared paper cross digits, and in a comb every digit has a cell of its own.

    Parameters
    ----------
    lines
        For each line the boxes of its digits, left to right, and where upright rules cross it.

    Examples
    --------
    >>> digits = [Box(x, 0, x + 8, 10) for x in (10, 20, 40, 60, 70, 90)]
    >>> are_cells([(digits, (34.0, 54.0, 84.0))]), are_cells([(digits, (24.0, 44.0, 64.0, 74.0, 94.0))])
    (True, False)
    """
    digits = crossed = cells = several = 0
    for boxes, dividers in lines:
        if not dividers:
            continue
        digits += len(boxes)
        crossed += sum(any(_inside(box, x) for x in dividers) for box in boxes)
        _, counts = np.unique(np.searchsorted(dividers, [box.center.x for box in boxes]), return_counts=True)
        cells, several = cells + len(counts), several + int((counts > 1).sum())
    return cells >= LEAST_CELLS and crossed <= CROSSED_SHARE * digits and several >= SEVERAL_SHARE * cells


def _inside(box: Box, x: float) -> bool:
    margin = INSIDE * box.width
    return box.x0 + margin < x < box.x1 - margin


def split_numbers(boxes: Sequence[Box], signs: Sequence[Box] = (), dividers: Sequence[float] = ()) -> list[range]:
    """Ranges of digits that make one number each.

    Parameters
    ----------
    boxes
        Of the digits of one line, left to right.
    signs
        Of the signs that stand between them, and part numbers too.
    dividers
        Where rules between the cells of a table cross the line; see :func:`are_cells`.

    Examples
    --------
    >>> split_numbers([Box(0, 0, 8, 10), Box(10, 0, 18, 10), Box(40, 0, 48, 10)])
    [range(0, 2), range(2, 3)]
    """
    if not boxes:
        return []
    height = float(np.median([box.height for box in boxes]))
    gaps = np.array([max(0.0, b.x0 - a.x1) for a, b in pairwise(boxes)])
    parting = [*(sign.center.x for sign in signs), *dividers]
    cuts = [0]
    if len(gaps):
        # The usual gap is taken from the smaller half: in "12 34" one gap of three is wide.
        usual = float(np.median(np.sort(gaps)[: max(1, (len(gaps) + 1) // 2)]))
        limit = max(GAP_HEIGHT * height, GAP_TIMES * usual + 0.15 * height) if len(gaps) > 1 else ONE_GAP * height
        cuts += [
            i + 1
            for i, (gap, (a, b)) in enumerate(zip(gaps, pairwise(boxes), strict=True))
            if gap > limit or any(a.center.x < x < b.center.x for x in parting)
        ]
    return [range(a, b) for a, b in zip(cuts, [*cuts[1:], len(boxes)], strict=True)]
