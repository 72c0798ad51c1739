"""A picture with heat maps of its digits over it: orange where something was spoken for, blue where against.

What the heat means is none of this room's business; it draws numbers from -1 to 1 where it is told to.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray
from inkread.geometry import Quad

__all__ = ["draw_heat"]

Pixels = NDArray[np.uint8]

# Okabe and Ito's vermilion and blue: told apart with every common color blindness.
FOR, AGAINST = (213, 94, 0), (0, 114, 178)
MIN_SQUARE = 112  # pixels; a smaller map cannot be looked at
MAX_SIDE = 2400  # enlarging stops here; larger pictures keep their size
FADED = 0.45  # contrast that is left of the picture, so that the heat stands out


def draw_heat(pixels: Pixels, heats: Sequence[tuple[Quad, NDArray[np.float32]]]) -> Pixels:
    """The picture, pale and grey, under heat maps; uint8 (H', W', 3) RGB, enlarged where the maps would be tiny.

    Parameters
    ----------
    pixels
        uint8 (H, W, 3) RGB.
    heats
        Each a quad in pixels of the picture, and what is drawn over it: float32 (h, w) in [-1, 1], 0 is clear.

    Raises
    ------
    InvalidArray
        If the picture is of another kind.

    Examples
    --------
    >>> from inkread.geometry import Box
    >>> white = np.full((40, 60, 3), 255, np.uint8)
    >>> drawn = draw_heat(white, [(Quad.of_box(Box(10, 0, 50, 40)), np.eye(28, dtype=np.float32))])
    >>> drawn.shape
    (112, 168, 3)
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise InvalidArray(f"a picture is uint8 of shape (H, W, 3), not empty; got {pixels.dtype} {pixels.shape}")
    scale = _scale(pixels, heats)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale != 1:
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC)
    paper = float(np.median(grey))
    canvas = np.repeat((paper + FADED * (grey.astype(np.float32) - paper))[..., None], 3, axis=2)
    for quad, heat in heats:
        _paint(canvas, quad.to_array() * scale, heat)
    return np.asarray(np.clip(np.round(canvas), 0, 255), np.uint8)


def _scale(pixels: Pixels, heats: Sequence[tuple[Quad, NDArray[np.float32]]]) -> float:
    if not heats:
        return 1.0
    side = float(np.median([max(quad.box.width, quad.box.height) for quad, _ in heats]))
    return float(max(1.0, min(MIN_SQUARE / max(side, 1.0), MAX_SIDE / max(pixels.shape[:2]))))


def _paint(canvas: NDArray[np.float32], corners: NDArray[np.float64], heat: NDArray[np.float32]) -> None:
    """Blend one map over the canvas, which is changed in place; what falls outside is cut off."""
    height, width = canvas.shape[:2]
    x0, y0 = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(axis=0)).astype(int), (width, height))
    if x0 >= x1 or y0 >= y1:
        return
    rows, columns = heat.shape
    # OpenCV puts pixel centers at whole numbers.
    own = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32) - 0.5
    there = (corners - (x0, y0) - 0.5).astype(np.float32)
    to_canvas = cv2.getPerspectiveTransform(own, there)
    shown = cv2.warpPerspective(np.clip(heat, -1, 1), to_canvas, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    # The root lets weaker evidence be seen beside the strongest.
    alpha = np.sqrt(np.abs(shown))[..., None]
    color = np.where(shown[..., None] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    place = canvas[y0:y1, x0:x1]
    place += alpha * (color - place)
