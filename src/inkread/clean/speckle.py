"""Salt and pepper: single pixels that have nothing to do with those around them, as of bad scans and hot sensors.

A page of ink holds hardly any, so that a few rows tell whether there are some; only then they are taken away.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import stray_pixels

__all__ = ["without_speckles"]

Grey = NDArray[np.uint8]

# A pixel is a stray one where it differs by so many greys from all eight around it but one: strays meet by chance, and
# a stroke's end is one of two.
STRAY, NEIGHBORS = 60, 7
# A picture has speckles where this share of its pixels are strays; it is looked for in so many rows.
LEAST_SHARE, ROWS = 0.02, 24
# Strays that meet are taken away in turns.
TURNS = 2


def without_speckles(grey: Grey) -> Grey:
    """The picture with each stray pixel made the median of those around it, where it has many; else as it is.

    Parameters
    ----------
    grey
        uint8 (H, W).
    """
    height, width = grey.shape
    if min(height, width) < 3:
        return grey
    rows = np.linspace(1, height - 2, ROWS).round().astype(np.int64)
    some = grey[(rows[:, None] + [-1, 0, 1]).ravel()]  # each with those above and below it
    if stray_pixels(some, far=STRAY, neighbors=NEIGHBORS)[1::3].mean() < LEAST_SHARE:
        return grey
    for _ in range(TURNS):
        is_stray = stray_pixels(grey, far=STRAY, neighbors=NEIGHBORS)
        grey = np.where(is_stray, cv2.medianBlur(grey, 3), grey)
    return grey
