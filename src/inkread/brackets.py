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

# Heights of usual digits that a bracket has, at the least and at the most; width over height at the most.
HEIGHTS, WIDTH = (0.7, 2.0), 0.6
# How far its ends lie beside the middle of a bracket, as a share of its height: each of two at the least, and both
# together. Of ones in rows of numbers one in twelve reaches the first to either side, few of them evenly.
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
    opening, closing = ([k for k, bend in bends.items() if sign * bend > 0] for sign in (1, -1))
    pairs: list[tuple[int, int]] = []
    for left in sorted(opening, key=lambda k: -boxes[k].x0):  # the innermost first
        taken = {k for pair in pairs for k in pair}
        rights = [
            right
            for right in closing
            if right not in taken
            and bends[left] - bends[right] >= BENDS
            and _are_level(boxes[left], boxes[right])
            and _is_between(boxes, left, right, digit_height)
        ]
        if rights:
            pairs.append((left, min(rights, key=lambda k: boxes[k].x0)))
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


def _are_level(left: Box, right: Box) -> bool:
    low, high = sorted((left.height, right.height))
    shared = min(left.y1, right.y1) - max(left.y0, right.y0)
    return bool(high <= ALIKE * low and shared >= LEVEL * low and 0 < right.x0 - left.x1 <= APART * high)


def _is_between(boxes: Sequence[Box], left: int, right: int, digit_height: float) -> bool:
    """Whether something of a digit's size stands between two pieces, on their level."""
    start, end = boxes[left], boxes[right]
    return any(
        start.x0 < (box.x0 + box.x1) / 2 < end.x1
        and box.height >= BETWEEN * digit_height
        and start.y0 < (box.y0 + box.y1) / 2 < start.y1
        for k, box in enumerate(boxes)
        if k not in (left, right)
    )
