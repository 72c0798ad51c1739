"""Which neighboring digits make one number: a clear gap parts two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from inkread.geometry import Box

__all__ = ["split_numbers"]

# A gap parts numbers when it is this many times the line's usual gap, and this share of a digit's height: evenly wide
# spacing is a way of writing one number. Where there is one gap only, its share of the height alone says it.
GAP_TIMES = 2.2
GAP_HEIGHT = 0.55
ONE_GAP = 1.2


def split_numbers(boxes: Sequence[Box], signs: Sequence[Box] = ()) -> list[range]:
    """Ranges of digits that make one number each.

    Parameters
    ----------
    boxes
        Of the digits of one line, left to right.
    signs
        Of the signs that stand between them, and part numbers too.

    Examples
    --------
    >>> split_numbers([Box(0, 0, 8, 10), Box(10, 0, 18, 10), Box(40, 0, 48, 10)])
    [range(0, 2), range(2, 3)]
    """
    if not boxes:
        return []
    height = float(np.median([box.height for box in boxes]))
    gaps = np.array([max(0.0, b.x0 - a.x1) for a, b in pairwise(boxes)])
    cuts = [0]
    if len(gaps):
        # The usual gap is taken from the smaller half: in "12 34" one gap of three is wide.
        usual = float(np.median(np.sort(gaps)[: max(1, (len(gaps) + 1) // 2)]))
        limit = max(GAP_HEIGHT * height, GAP_TIMES * usual + 0.15 * height) if len(gaps) > 1 else ONE_GAP * height
        cuts += [
            i + 1
            for i, (gap, (a, b)) in enumerate(zip(gaps, pairwise(boxes), strict=True))
            if gap > limit or any(a.center.x < sign.center.x < b.center.x for sign in signs)
        ]
    return [range(a, b) for a, b in zip(cuts, [*cuts[1:], len(boxes)], strict=True)]
