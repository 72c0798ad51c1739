"""Dark panels on a light page: a board on a wall, the black canvas of a drawing program, digits in black squares.

Light writing in them would be taken for paper, and they themselves for ink.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean.sheet import MOST_ASKEW, area_within, border_of, degrees_off_right, hull_corners

__all__ = ["find_panels", "with_panels_turned"]

Corners = NDArray[np.float64]

# Short side (pixels of the picture it is looked for in) of a panel at the least, and how many times as long it may be.
LEAST_SIDE, MOST_ASPECT = 20, 12.0
# One that covers more of the picture than this is the page.
MOST_SHARE = 0.85
# A panel fills its four corners to this share, and this share of that is dark.
LEAST_FILL, LEAST_DARK = 0.94, 0.5
# How far its outline may stray from four straight sides, as a share of its length.
STRAYING = 0.03
# Light things in it are writing where they are not wider than this share of its short side; a loop or a sheet may be.
MOST_STROKE = 0.3
# Light writing covers at least this share of it, and of one that is long for its width more: a thick stroke has notches
# at its ends.
LEAST_WRITING, LONG, LEAST_WRITING_LONG = 0.003, 2.0, 0.05
# Its ground is even: all but a tenth at either end differs by this share of the contrast of the writing at the most. A
# photograph is not.
MOST_UNEVEN = 0.5
# Of the picture's border this share is light: else the page is dark.
LIGHT_BORDER = 0.6
# So far from a panel (pixels) this share is light: the dark cells of a table are parted by light rules alone.
APART, LIGHT_AROUND = 7, 0.75
# Beside the edge of a panel its tone goes over into the page's, within this many pixels of that picture.
RIM = 2


def find_panels(middle: NDArray[np.uint8]) -> tuple[Corners, ...]:
    """The corners of dark panels with light writing on a light page.

    Parameters
    ----------
    middle
        Grey picture, uint8 (H, W); some 480 pixels a side are enough.

    Returns
    -------
    Of each panel float64 (4, 2), x and y, in pixels of ``middle``.
    """
    if min(middle.shape) < LEAST_SIDE:
        return ()
    _, light = cv2.threshold(cv2.GaussianBlur(middle, (3, 3), 0), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if border_of(light).mean() < LIGHT_BORDER:
        return ()
    contours, _ = cv2.findContours(1 - light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = (_corners(contour) for contour in contours if min(cv2.boundingRect(contour)[2:]) >= LEAST_SIDE)
    return tuple(corners for corners in found if corners is not None and _is_panel(middle, light, corners))


def with_panels_turned(grey: NDArray[np.uint8], panels: tuple[Corners, ...], *, rim: float) -> NDArray[np.uint8]:
    """The picture with light writing on dark panels as dark writing on paper like that around them.

    Parameters
    ----------
    grey
        uint8 (H, W).
    panels
        As :func:`find_panels` gives them, in pixels of ``grey``.
    rim
        How far from its edge a panel's tone goes over into the page's, in pixels.
    """
    turned = grey.copy()
    for corners in panels:
        polygon = np.rint(corners).astype(np.int32)
        x0, y0 = np.maximum(polygon.min(axis=0) - round(2 * rim) - 2, 0)
        x1, y1 = polygon.max(axis=0) + round(2 * rim) + 3
        part = grey[y0:y1, x0:x1]
        whole = np.zeros(part.shape, np.uint8)
        cv2.fillPoly(whole, [polygon - (x0, y0)], 1)
        edge = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * round(rim) + 1,) * 2)
        outer, inner = cv2.dilate(whole, edge), cv2.erode(whole, edge, borderValue=0)
        around = part[cv2.dilate(outer, edge) > outer]
        if not around.size or not inner.any():
            continue
        page, ground = float(np.median(around)), float(np.median(part[inner > 0]))
        table = np.clip((255.0 - np.arange(256)) * (page / max(1.0, 255.0 - ground)), 0, 255).astype(np.uint8)
        there = turned[y0:y1, x0:x1]
        there[outer > inner] = round(page)
        np.copyto(there, cv2.LUT(part, table), where=inner > 0)
    return turned


def _corners(contour: NDArray[np.int32]) -> Corners | None:
    """The four corners of an outline, or None where it has not four."""
    corners = hull_corners(contour, STRAYING)
    if len(corners) != 4 or degrees_off_right(corners).max() > MOST_ASKEW:
        return None
    area, within = cv2.contourArea(cv2.convexHull(contour)), area_within(corners)
    return corners if min(area, within) >= LEAST_FILL * max(area, within) else None


def _is_panel(middle: NDArray[np.uint8], light: NDArray[np.uint8], corners: Corners) -> bool:
    """Whether four corners hold an even dark ground with nothing light on it but writing."""
    inside = np.zeros(light.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners).astype(np.int32), 1)
    near, far = (cv2.dilate(inside, np.ones((2 * reach + 1,) * 2, np.uint8)) for reach in (APART - 1, APART))
    around = light[far > near]
    if not around.size or around.mean() < LIGHT_AROUND:
        return False
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    short, long = sorted((max(sides[0], sides[2]), max(sides[1], sides[3])))
    area = int(inside.sum())
    if area > MOST_SHARE * light.size:
        return False
    writing = inside & light
    share = writing.sum() / area
    if short < LEAST_SIDE or long > MOST_ASPECT * short or share > 1 - LEAST_DARK:
        return False
    inner = cv2.erode(inside, np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8), borderValue=0)
    writing &= inner
    if not writing.any():
        return False
    low, ground, high = np.percentile(middle[(inner & (1 - light)) > 0], [10, 50, 90])
    if high - low > MOST_UNEVEN * (np.median(middle[writing > 0]) - ground):
        return False
    widest = 2 * float(cv2.distanceTransform(writing, cv2.DIST_L2, 3).max())
    least = LEAST_WRITING_LONG if long > LONG * short else LEAST_WRITING
    return bool(writing.sum() >= least * area and widest <= MOST_STROKE * short)
