"""A sheet of paper that lies askew before the camera: its corners, where they show beyond doubt.

Nothing is straightened where a side leaves the picture, is not straight, or has no darker ground beyond it: a page that
is bent wrongly reads worse than one that is left as it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.geometry import PageTransform

__all__ = ["find_sheet", "straighten"]

Corners = NDArray[np.float64]

# A sheet covers at least this share of the picture, and its outline fills its four corners to this share.
LEAST_SHARE, LEAST_FILL = 0.2, 0.96
# Greys (of 255) by which the paper along each side is lighter than the ground beyond it, measured this far from the
# side (pixels of the small picture), on this share of the side at the least.
LEAST_STEP, STEP_REACH, STEP_SHARE = 25, 3.0, 0.9
# How far an outline may stray from four straight sides, as a share of its length.
STRAYING = 0.02
# Corners (degrees) of a sheet that is seen from above are right; those of one photographed from the side stay near it.
RIGHT, LEAST_ASKEW, MOST_ASKEW = 90.0, 4.0, 35.0
# Opposite sides of a sheet seen at a slant, the shorter over the longer.
LEAST_SIDES = 0.55
# Cut off along each side of the straightened sheet, as a share of it: its edge, which a stroke would look like.
RIM = 0.01


def find_sheet(small: NDArray[np.uint8]) -> Corners | None:
    """The corners of a light sheet on darker ground that is seen in perspective, or None where that is not sure.

    Parameters
    ----------
    small
        Grey picture, uint8 (H, W); some 160 pixels a side are enough.

    Returns
    -------
    float64 (4, 2), x and y, clockwise from the sheet's top left as it is held.
    """
    if min(small.shape) < 16:
        return None
    smooth = cv2.GaussianBlur(small, (5, 5), 0)
    _, light = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Writing and rules do not divide a sheet.
    light = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    area = cv2.contourArea(hull)
    corners = cv2.approxPolyDP(hull, STRAYING * cv2.arcLength(hull, True), True).reshape(-1, 2).astype(np.float64)
    if len(corners) != 4 or area < LEAST_SHARE * small.size:
        return None
    height, width = small.shape
    if (corners.min(axis=0) < 1).any() or (corners.max(axis=0) > (width - 2, height - 2)).any():
        return None  # it goes on beyond the picture
    quad = cv2.contourArea(corners.astype(np.float32))
    filled = cv2.contourArea(max(contours, key=cv2.contourArea))
    if filled < LEAST_FILL * quad or not _is_askew(corners) or not _stands_out(smooth, corners):
        return None
    # The outline runs through the middles of the sheet's outermost pixels: its sides lie half a pixel beyond.
    return _from_top_left(_with_sides_moved(corners + 0.5, 0.5))


def straighten(grey: NDArray[np.uint8], corners: Corners) -> tuple[NDArray[np.uint8], PageTransform]:
    """The sheet seen from above, and the map from its pixels to those of ``grey``.

    Parameters
    ----------
    grey
        uint8 (H, W).
    corners
        float64 (4, 2), clockwise from the top left.
    """
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    # The longer of two opposite sides is the nearer one: no pixel of the picture is lost.
    width, height = max(1, round(max(sides[0], sides[2]))), max(1, round(max(sides[1], sides[3])))
    rim_x, rim_y = RIM * width, RIM * height
    sheet = np.array(
        [(-rim_x, -rim_y), (width + rim_x, -rim_y), (width + rim_x, height + rim_y), (-rim_x, height + rim_y)]
    )
    to_grey = PageTransform(
        np.asarray(cv2.getPerspectiveTransform(sheet.astype(np.float32), corners.astype(np.float32)), np.float64)
    )
    # cv2 counts pixel centers from 0, we count edges: shift by half a pixel on both sides.
    centered = PageTransform.translation(0.5, 0.5).then(to_grey).then(PageTransform.translation(-0.5, -0.5))
    straight = cv2.warpPerspective(
        grey, centered.matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(straight, np.uint8), to_grey


def _with_sides_moved(corners: Corners, distance: float) -> Corners:
    """A quad, near to a rectangle, with all its sides moved outward."""
    forward = np.roll(corners, -1, axis=0) - corners
    forward /= np.linalg.norm(forward, axis=1)[:, None]
    return np.asarray(corners + distance * (np.roll(forward, 1, axis=0) - forward), np.float64)


def _is_askew(corners: Corners) -> bool:
    """Whether four corners are those of a sheet in perspective: neither right angles nor far from them."""
    forward = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(forward, axis=1)
    directions = forward / lengths[:, None]
    cosines = -(directions * np.roll(directions, 1, axis=0)).sum(axis=1)
    off = np.abs(np.degrees(np.arccos(np.clip(cosines, -1, 1))) - RIGHT)
    ratios = [min(lengths[k], lengths[k + 2]) / max(lengths[k], lengths[k + 2]) for k in (0, 1)]
    return bool(LEAST_ASKEW <= off.max() <= MOST_ASKEW and min(ratios) >= LEAST_SIDES)


def _stands_out(grey: NDArray[np.uint8], corners: Corners) -> bool:
    """Whether the ground beyond each side is darker than the paper within, all along it."""
    center = corners.mean(axis=0)
    height, width = grey.shape
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = np.linspace(0.05, 0.95, 40)[:, None]
        places = start + along * (end - start)
        outward = np.array([end[1] - start[1], start[0] - end[0]])
        outward /= np.linalg.norm(outward)
        if outward @ (places.mean(axis=0) - center) < 0:
            outward = -outward
        inner, outer = (
            np.clip(np.round(places + way * STEP_REACH * outward), 0, (width - 1, height - 1)).astype(int)
            for way in (-1, 1)
        )
        step = grey[inner[:, 1], inner[:, 0]].astype(float) - grey[outer[:, 1], outer[:, 0]]
        if (step >= LEAST_STEP).mean() < STEP_SHARE:
            return False
    return True


def _from_top_left(corners: Corners) -> Corners:
    """Corners clockwise on the screen, that first which lies most to the top and left."""
    center = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - center[1], corners[:, 0] - center[0])
    clockwise = corners[np.argsort(angles)]  # y is down: growing angles go clockwise, from the left
    return np.roll(clockwise, -int(clockwise.sum(axis=1).argmin()), axis=0)
