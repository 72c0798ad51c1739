"""Bilevel pictures: what a threshold, a fax or a copier made of paper, black and white alone.

A threshold turns the paper's grain into black specks, and what was darker than the rest, as the corners of a photograph
or what lay beside a sheet on the copier, into black ground along the edges. Neither is writing; in a picture with greys
both can be told by their contrast, here by their shape alone.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["is_bilevel", "smoothed_specks", "without_black_ground"]

Grey = NDArray[np.uint8]

# A picture is bilevel where its two tones are so many greys apart, and in some rows this share of its pixels is so near
# to one of them: JPEG moves some.
APART, NEAR, SHARE, ROWS = 150, 24, 0.97, 24
MIDDLE = 128
# It is full of specks where this share of the pixels in those rows differ from the next: of dense writing less than a
# third of that do. Specks are smoothed by a Gaussian of so many pixels, and become a light grey.
SPECKS, SIGMA = 0.07, 1.5
# Black ground reaches into a corner of the picture, and a disc of this share of its short side fits into it. So may a
# digit that fills its picture, or the first of a line; ground is so many times as large as any mark beside it, of which
# there are at least so many that are no specks: so large (pixels, and share of it).
DISC_SHARE = 1 / 12
LARGER, MARKS, LEAST_PIXELS, LEAST_SHARE = 5, 3, 8, 1 / 2000


def is_bilevel(grey: Grey) -> bool:
    """Whether a picture, uint8 (H, W), is black and white with hardly a grey between them."""
    some = _some_rows(grey)
    low, high = int(some.min()), int(some.max())
    return high - low >= APART and bool(((some <= low + NEAR) | (some >= high - NEAR)).mean() >= SHARE)


def smoothed_specks(grey: Grey) -> Grey:
    """A bilevel picture, smoothed where it is full of specks; else as it is."""
    is_black = _some_rows(grey) < MIDDLE
    if min(grey.shape) < 3 or np.mean(is_black[:, 1:] != is_black[:, :-1]) < SPECKS:
        return grey
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), SIGMA), np.uint8)


def without_black_ground(grey: Grey, middle: Grey) -> Grey:
    """A bilevel picture with dark ink, whose black ground is made white.

    Parameters
    ----------
    grey
        uint8 (H, W).
    middle
        The same, smaller or as large.
    """
    is_black = (middle < MIDDLE).astype(np.uint8)
    corners = np.array([(0, 0), (0, -1), (-1, 0), (-1, -1)])
    if not is_black[tuple(corners.T)].any():
        return grey
    side = max(3, round(DISC_SHARE * min(middle.shape))) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # Beyond its edges the ground goes on.
    thick = cv2.morphologyEx(is_black, cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_REPLICATE)
    _, parts = cv2.connectedComponents(thick)
    reached = np.setdiff1d(parts[tuple(corners.T)], 0)
    if not reached.size:
        return grey
    ground = np.isin(parts, reached).astype(np.uint8)
    # And what hangs on to it nearby, to the edge of its pixels.
    _, parts = cv2.connectedComponents(is_black & cv2.dilate(ground, disc))
    ground = np.isin(parts, np.setdiff1d(parts[ground > 0], 0)).astype(np.uint8)
    area = int(ground.sum())
    marks = cv2.connectedComponentsWithStats(is_black & (1 - ground))[2][1:, cv2.CC_STAT_AREA]
    if (marks >= max(LEAST_PIXELS, LEAST_SHARE * area)).sum() < MARKS or LARGER * marks.max() > area:
        return grey
    ground = cv2.dilate(ground, np.ones((3, 3), np.uint8))
    ground = cv2.resize(ground, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.where(ground > 0, grey.max(), grey)


def _some_rows(grey: Grey) -> Grey:
    return grey[np.linspace(0, len(grey) - 1, min(ROWS, len(grey))).astype(np.int64)]
