"""The same digit from the same hand, written once more: another pen, and no two digits quite alike.

Data sets of raster digits were written with their time's pens and scanned coarsely: MNIST's strokes are three pixels
broad where a ballpoint on a cheque leaves one and a half. Here a digit gets a pen of any width, and is turned, slanted
and stretched a little, as one hand's digits differ among each other.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["FINE", "written_again"]

# Pixels of the drawing a pixel of the outcome: strokes thinner than a pixel need them.
FINE = 3
# Strokes keep this radius, in pixels of the drawing, where they are finer than the pen that is asked for.
LEAST_RADIUS = 1
# How much less deep than its neighbors a pixel on the ridge of a stroke may lie, in pixels of the drawing.
RIDGE = 0.35
_NEAR = np.ones((3, 3), np.uint8)


def written_again(
    crop: NDArray[np.uint8],
    *,
    size: tuple[int, int],
    narrower: float,
    rng: np.random.Generator,
    variation: float = 1.0,
) -> NDArray[np.float32]:
    """A digit, tight, of about the size that is asked for.

    Parameters
    ----------
    crop
        uint8 (h, w), tight, 255 is ink.
    size
        Width and height, in pixels, that the digit has before it is turned and slanted; at least 2 and 5.
    narrower
        By how many pixels its strokes become narrower, at least 0. They do not break: the middle of each stays.
    variation
        How much it is turned, slanted and stretched; 0 for not at all.

    Returns
    -------
    float32 (h, w) in [0, 1], 1 is ink.
    """
    width, height = FINE * size[0], FINE * size[1]
    turn, slant, across, down = variation * rng.normal(0, (0.06, 0.08, 0.05, 0.03))
    scale = np.diag([width / crop.shape[1] * np.exp(across), height / crop.shape[0] * np.exp(down)])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = turned @ np.array([[1.0, -slant], [0.0, 1.0]]) @ scale
    corners = matrix @ (np.array([[0, 1, 0, 1], [0, 0, 1, 1]]) * np.array(crop.shape[::-1])[:, None])
    low = corners.min(axis=1) - FINE
    room = np.ceil((corners.max(axis=1) + FINE - low) / FINE).astype(int) * FINE
    # A pixel's middle lies half a pixel from its corner, before as after.
    shift = matrix @ np.array([0.5, 0.5]) - low - 0.5
    drawn = cv2.warpAffine(crop, np.column_stack([matrix, shift]), room.tolist(), flags=cv2.INTER_LINEAR)
    if narrower > 0:
        drawn = _narrowed(drawn, FINE * narrower / 2)
    small = cv2.resize(drawn, (room // FINE).tolist(), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _narrowed(drawn: NDArray[np.uint8], depth: float) -> NDArray[np.uint8]:
    """The strokes without their outermost ``depth`` pixels, and the middle of those that would go wholly."""
    deep = cv2.distanceTransform((drawn > 127).astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (deep > 0.5) & (deep >= cv2.dilate(deep, _NEAR) - RIDGE)
    middle = cv2.dilate(ridge.astype(np.uint8), _NEAR, iterations=LEAST_RADIUS)
    kept = (deep > depth) | ((middle > 0) & (deep > 0))
    return np.asarray(np.where(kept, 255, 0), np.uint8)
