"""Ticks among pieces of ink: a short stroke down and a long one up again, as no digit is written.

To a network that sees one alone it is a 1 that leans. Its stroke turns at the bottom; that of a 1 turns at the top.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_tick"]

# Rows and columns at the least; width over height at the least and at the most.
LEAST_SIDE, WIDTHS = 12, (0.4, 1.8)
# In this share of its columns the stroke is met once.
ONCE = 0.9
# The stroke turns between these shares of the width.
TURN = (0.08, 0.45)
# It comes from so far above, on both of its sides, and goes up so far, in heights; its end is that much higher than its
# beginning.
DOWN, UP, HIGHER = 0.08, 0.6, 0.15
# It strays from going down, and then up, by so much in all, in heights.
ASTRAY = 0.08


def is_tick(mask: NDArray[np.bool_]) -> bool:
    """Whether a piece of ink (H, W), cut to its box, is a tick."""
    height, width = mask.shape
    if min(height, width) < LEAST_SIDE or not WIDTHS[0] * height <= width <= WIDTHS[1] * height:
        return False
    tops, bottoms = mask.argmax(axis=0), height - 1 - mask[::-1].argmax(axis=0)
    counts = mask.sum(axis=0)
    if not counts.all() or (counts == bottoms - tops + 1).mean() < ONCE:
        return False
    turn = int(np.median(np.flatnonzero(bottoms == bottoms.max())))
    if not TURN[0] * width <= turn <= TURN[1] * width:
        return False
    notch = int(tops[: 2 * turn + 1].max())
    down = min(bottoms[turn] - bottoms[0], notch - tops[0])
    if down < DOWN * height or bottoms[turn] - bottoms[-1] < UP * height or tops[0] - tops[-1] < HIGHER * height:
        return False
    astray = np.maximum(-np.diff(bottoms[: turn + 1]), 0).sum() + np.maximum(np.diff(bottoms[turn:]), 0).sum()
    return bool(astray <= ASTRAY * height)
