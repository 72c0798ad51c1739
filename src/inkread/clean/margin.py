"""A picture within a picture: the bars beside a photograph on a screen, the blank page around a scan in a PDF.

Paper is judged by what is around it, and beside a photograph's edge that is no paper; the edge looks like a stroke.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["picture_within"]

Color = NDArray[np.int64]

# Greys by which pixels of a margin differ from its color at the most: so far JPEG moves them.
FLAT = 6
# Beside a sharp edge it moves them farther, within so many pixels: two of its blocks. The edge is where half of the
# difference between the picture and its margin is reached.
SOFT = 16
# A picture's own pixels, in all and from its edge to this far within (pixels, and share of its side), are not the
# margin's color but for this share: writing and rules on a page have paper between and behind them.
DEPTHS, DEPTH_SHARE = (3, 6, 10), 0.02
MARGIN_SHARE = 0.4
# Cut off along each edge: it is not sharp.
RIM = 2
# Rows and columns looked at along the long side, about, for what is no margin.
LOOKED_AT = 1000
# So far from both of its edges (share of its short side), the corners of a picture within are its own: those of a
# stroke, whose ends are round, are not. One may be of the margin's color by chance.
CORNER, OWN_CORNERS = 0.1, 3
# A picture within covers at least this share of the whole, and is at most so many times as long as wide: a bar may be
# a digit.
LEAST_SHARE, MOST_ASPECT = 0.08, 12.0


def picture_within(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The part of a picture that is left without its margins of one color.

    Parameters
    ----------
    pixels
        RGB, uint8 (H, W, 3).

    Returns
    -------
    Half-open (x0, y0, x1, y1), in pixels: all of the picture where it has no margin, or where that is the paper itself.

    Examples
    --------
    >>> photograph = np.random.default_rng(0).integers(60, 200, (80, 90, 3), np.uint8)
    >>> picture_within(np.pad(photograph, ((30, 30), (0, 0), (0, 0))))
    (0, 32, 90, 108)
    """
    height, width = pixels.shape[:2]
    whole = 0, 0, width, height
    color = _color_of_margin(pixels)
    if color is None:
        return whole
    step = max(1, max(height, width) // LOOKED_AT)
    is_margin = _is_near(pixels[::step, ::step], color)
    down, across = (np.flatnonzero(~is_margin.all(axis=axis)) for axis in (1, 0))
    if not down.size:
        return whole
    is_margin = is_margin[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    soft = SOFT // step + 1
    if any(np.all(is_margin, axis=axis)[soft:-soft].any() for axis in (0, 1)):
        return whole  # several pictures beside each other
    # What lies between the rows and columns looked at may belong to it.
    x0, y0 = (max(0, (int(places[0]) - 1) * step + 1) for places in (across, down))
    x1, y1 = (min(side, (int(places[-1]) + 1) * step) for places, side in ((across, width), (down, height)))
    long, short = max(x1 - x0, y1 - y0), min(x1 - x0, y1 - y0)
    is_bar = short < 2 * SOFT or long > MOST_ASPECT * short
    if is_bar or long * short < LEAST_SHARE * width * height or is_margin.mean() > MARGIN_SHARE:
        return whole
    inner = pixels[y0:y1, x0:x1]
    if _own_corners(inner, color, max(1, round(CORNER * short))) < OWN_CORNERS:
        return whole
    turned = inner.swapaxes(0, 1)
    margins = (turned, x0), (inner, y0), (turned[::-1], width - x1), (inner[::-1], height - y1)
    left, top, right, bottom = (_beyond_edge(side, margin, color) if margin else 0 for side, margin in margins)
    return left, top, width - right, height - bottom


def _color_of_margin(pixels: NDArray[np.uint8]) -> Color | None:
    """The color of the first of the four outermost lines that has only one."""
    for line in (pixels[:1], pixels[-1:], pixels[:, :1], pixels[:, -1:]):
        color: Color = line[0, 0].astype(np.int64)
        if _is_near(line, color).all():
            return color
    return None


def _own_corners(pixels: NDArray[np.uint8], color: Color, inset: int) -> int:
    """How many of the four corners of a part, so many pixels within, are not of the margin's color."""
    at = np.array([inset, -1 - inset])
    return int((~_is_near(pixels[np.ix_(at, at)], color)).sum())


def _is_near(pixels: NDArray[np.uint8], color: Color) -> NDArray[np.bool_]:
    """Where pixels (H, W, 3) have the color of a margin, (H, W)."""
    low, high = (tuple(float(v) for v in color + way * FLAT) for way in (-1, 1))
    return np.asarray(cv2.inRange(np.ascontiguousarray(pixels), low, high) > 0)


def _beyond_edge(pixels: NDArray[np.uint8], margin: int, color: Color) -> int:
    """How many rows to cut off where a picture begins, with those of the margin before it; 0 where it is no picture."""
    differences = np.abs(pixels[: 2 * SOFT] - color).max(axis=2).mean(axis=1)
    edge = int(np.argmax(differences >= 0.5 * np.median(differences[SOFT:])))
    within = [edge + depth for depth in (*DEPTHS, round(DEPTH_SHARE * len(pixels)))]
    share = _is_near(pixels[within], color).mean(axis=1).max()
    return margin + edge + RIM if share <= MARGIN_SHARE else 0
