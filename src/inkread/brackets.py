"""Brackets among pieces of ink: two strokes that bend away from what stands between them.

Each of them alone looks like a 1, and to whoever reads a word whole they are part of it. That one bends to the left and
the other to the right, evenly from end to end, with something between them, is no accident of a hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.geometry import Box

__all__ = ["brackets"]

Mask = NDArray[np.bool_]
Corners = NDArray[np.float64]  # x0, y0, x1, y1 of boxes

# Heights of usual digits that a bracket has, at the least and at the most; width over height at the most.
HEIGHTS, WIDTH = (0.7, 2.0), 0.6
# How far its ends lie beside the middle of a bracket, as a share of its height: each of two at the least, as many ones
# do, and both together.
BEND, BENDS = 0.05, 0.2
# It follows a parabola but for this share of its height, and is no thicker than this share.
ASTRAY, THICK = 0.03, 0.22
# The two are alike in height up to this factor, share so much of it, and stand at most so many heights apart.
ALIKE, LEVEL, APART = 1.5, 0.7, 8.0
# Something between them is at least so high, in heights of a usual digit.
BETWEEN = 0.5


def brackets(boxes: Sequence[Box], masks: Sequence[Mask], *, digit_height: float) -> list[tuple[int, int]]:
    """The pairs of brackets among pieces of ink.

    Parameters
    ----------
    boxes, masks
        Of each piece where it is, and its ink within.
    digit_height
        Of a usual digit, in pixels.

    Returns
    -------
    For each pair the indexes of the opening and of the closing piece; no piece is in two.
    """
    bends = {
        k: bend
        for k, (box, mask) in enumerate(zip(boxes, masks, strict=True))
        if HEIGHTS[0] * digit_height <= box.height <= HEIGHTS[1] * digit_height
        and box.width <= WIDTH * box.height
        and abs(bend := _bend(mask)) >= BEND
    }
    corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes], np.float64).reshape(-1, 4)
    # By where they begin: the first of several that close one is the nearest.
    closing = np.array(sorted((k for k, bend in bends.items() if bend < 0), key=lambda k: boxes[k].x0), np.intp)
    closing_bends = np.array([bends[k] for k in closing.tolist()])
    pairs: list[tuple[int, int]] = []
    for left in sorted((k for k, bend in bends.items() if bend > 0), key=lambda k: -boxes[k].x0):  # the innermost first
        fits = (bends[left] - closing_bends >= BENDS) & _are_level(corners[left], corners[closing])
        for at in np.flatnonzero(fits).tolist():
            right = int(closing[at])
            if _is_between(corners, left, right, digit_height):
                pairs.append((left, right))
                closing, closing_bends = np.delete(closing, at), np.delete(closing_bends, at)
                break
    return pairs


def _bend(mask: Mask) -> float:
    """How far the ends of an even stroke lie to the right of its middle, in heights; 0 for what is no such stroke."""
    height, width = mask.shape
    counts = mask.sum(axis=1)
    if height < 8 or not counts.all():
        return 0.0
    middles = mask @ np.arange(width) / counts
    third = height // 3
    if abs((middles[:third].mean() + middles[-third:].mean()) / 2 - middles[third:-third].mean()) < BEND / 3 * height:
        return 0.0
    spread = width - mask.argmax(axis=1) - mask[:, ::-1].argmax(axis=1)  # from the first pixel of a row to the last
    if np.quantile(spread, 0.9) > THICK * height:
        return 0.0
    down = np.linspace(-1, 1, height)
    bend, *_ = parabola = np.polyfit(down, middles, 2)
    astray = np.sqrt(np.mean((np.polyval(parabola, down) - middles) ** 2))
    return float(bend) / height if astray <= ASTRAY * height else 0.0


def _are_level(left: Corners, rights: Corners) -> NDArray[np.bool_]:
    """Which of some pieces (N, 4) stand behind another (4,), on its level and as high, bool (N,)."""
    own, heights = left[3] - left[1], rights[:, 3] - rights[:, 1]
    low, high = np.minimum(own, heights), np.maximum(own, heights)
    shared = np.minimum(left[3], rights[:, 3]) - np.maximum(left[1], rights[:, 1])
    gap = rights[:, 0] - left[2]
    return np.asarray((high <= ALIKE * low) & (shared >= LEVEL * low) & (gap > 0) & (gap <= APART * high))


def _is_between(corners: Corners, left: int, right: int, digit_height: float) -> bool:
    """Whether something of a digit's size stands between two pieces, on their level."""
    start, end = corners[left], corners[right]
    x, y = (corners[:, :2] + corners[:, 2:]).T / 2
    between = (start[0] < x) & (x < end[2]) & (start[1] < y) & (y < start[3])
    between &= corners[:, 3] - corners[:, 1] >= BETWEEN * digit_height
    between[[left, right]] = False
    return bool(between.any())
