"""A sheet of paper that lies before the camera: its corners, or its edges, where they show beyond doubt.

A sheet that shows whole is seen from above, without the ground on which it lies. Nothing is straightened where a side
leaves the picture, is not straight, or has no darker ground beyond it: a page that is bent wrongly reads worse than one
that is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import components_of
from inkread.geometry import PageTransform

__all__ = [
    "area_within",
    "border_of",
    "degrees_off_right",
    "find_outlines",
    "hull_corners",
    "part_of_sheet",
    "straighten",
    "whole_sheet",
    "without_ground",
]

Corners = NDArray[np.float64]
Outline = tuple[Corners, NDArray[np.bool_]]  # corners, and which of the sides that begin at them are edges

# A sheet covers at least this share of the picture, and its outline fills its four corners to this share.
LEAST_SHARE, LEAST_FILL = 0.2, 0.96
# Greys (of 255), and share of its own, by which the paper along a side is lighter than the ground beyond it, measured
# this far from the side (pixels of the small picture), on this share of the side at the least.
LEAST_STEP, LEAST_STEP_SHARE, STEP_REACH, STEP_SHARE = 8, 0.1, 3.0, 0.9
# The outline is looked for at these shares of the threshold that parts light from dark best: a shadow across the sheet,
# or light on the ground, moves it.
THRESHOLDS = 1.0, 0.85, 0.7, 1.15
ALONG_SIDE = np.linspace(0.05, 0.95, 40)
# On a patterned ground, a sheet is wider than this share of the picture's shorter side, and light parts of the pattern
# are at most so many times as wide as that. A mark on the sheet covers at most this share of the picture. Where light
# parts of the pattern run into it, the sheet seems larger, by about so many pixels on every side.
PATTERN_SHARE, MOST_PATTERN, MOST_WRITING, RUN_INTO = 0.15, 0.6, 0.02, 2.0
# Discs narrower than this (pixels) tell no sheet from a stroke: the picture is tiny.
LEAST_DISC = 9
# So much of the sheet is light, this share is reached by discs of that width, and it covers so much of the picture; of
# the ground around so much is dark: where all is, it may be a part of the sheet that lies in shadow.
PLAIN_SHEET, PLAIN_FILL, LEAST_ON_PATTERN, LEAST_DARK, MOST_DARK = 0.92, 0.8, 0.1, 0.3, 0.8
# How far an outline may stray from four straight sides, as a share of its length.
STRAYING = 0.02
# Other light things beside the sheet, as a share of it at the most.
MOST_BESIDE = 0.03
# Of a wall around a sheet this share is not light, at the most: nothing is written on it.
MOST_ON_WALL = 0.002
# Of an edge at least this share shows, and of a sheet so many corners: fewer may be those of a shadow on the writing.
LEAST_WITHIN, LEAST_CORNERS = 0.3, 2
# Corners (degrees) of a sheet that is seen from above are right; those of one photographed from the side stay near it.
RIGHT, MOST_ASKEW = 90.0, 35.0
# Opposite sides of a sheet seen at a slant, the shorter over the longer.
LEAST_SIDES = 0.55
# Cut off along each side of the sheet, as a share of it: its edge, which a stroke would look like.
RIM = 0.01


def find_outlines(small: NDArray[np.uint8]) -> tuple[Outline, ...]:
    """What the largest light thing in a picture looks like at several thresholds, the likeliest first, or on a pattern.

    Parameters
    ----------
    small
        Grey picture, uint8 (H, W); some 160 pixels a side are enough.

    Returns
    -------
    Of each outline its corners, float64 (N, 2), x and y; and for the side that begins at each of them whether the
    ground beyond it is surely darker, bool (N,).
    """
    if min(small.shape) < 16:
        return ()
    smooth = cv2.GaussianBlur(small, (5, 5), 0)
    middle, _ = cv2.threshold(smooth, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = []
    for share in THRESHOLDS:
        is_light = smooth > share * middle
        # Writing and rules do not divide a sheet.
        light = cv2.morphologyEx(is_light.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        if light.all():
            continue  # no ground shows, as on most pages
        labels, stats, _ = components_of(light)
        if len(stats) < 2:
            continue
        nth = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        contours, _ = cv2.findContours((labels == nth).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        (largest,) = contours
        corners = hull_corners(largest, STRAYING)
        area = cv2.contourArea(largest)
        if len(corners) < 3 or area < LEAST_SHARE * small.size or area < LEAST_FILL * area_within(corners):
            continue
        others = set(np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > MOST_BESIDE * area)) - {0, nth}
        if not all(_is_bare_around(labels == other, labels == nth, is_light) for other in others):
            continue  # what is written on it would be lost
        found.append((corners, _edges(smooth, corners)))
    if not any(edges.all() for _, edges in found) and (lying := _on_pattern(smooth > middle)) is not None:
        found.append((lying, np.ones(len(lying), bool)))
    return tuple(found)


def _on_pattern(is_light: NDArray[np.bool_]) -> Corners | None:
    """The corners of a light sheet on a ground that is light and dark in turns, as a cloth; None where none is sure."""
    side = 2 * round(PATTERN_SHARE * min(is_light.shape) / 2) + 1
    if side < LEAST_DISC:
        return None
    # Writing lies within a sheet, and is small; the dark parts of a ground hang together or reach the border.
    labels, stats, _ = components_of((~is_light).astype(np.uint8))
    at_border = border_of(labels)
    if not at_border.any():
        return None  # no ground shows
    is_writing = stats[:, cv2.CC_STAT_AREA] <= MOST_WRITING * is_light.size
    is_writing[at_border] = False
    light = (is_light | is_writing[labels]).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))  # it reaches all sides, however a sheet lies
    plain = cv2.erode(light, disc, borderValue=0)
    labels, stats, _ = components_of(plain)
    if len(stats) < 2:
        return None
    nth = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    largest = cv2.dilate((labels == nth).astype(np.uint8), disc)
    corners = np.asarray(cv2.boxPoints(cv2.minAreaRect(cv2.findNonZero(largest))), np.float64)
    sheet = cv2.fillConvexPoly(np.zeros_like(light), np.rint(corners).astype(np.int32), 1)
    area = int(sheet.sum())
    near, far = (cv2.dilate(sheet, np.ones((2 * reach + 1,) * 2, np.uint8)) for reach in (2, 2 + side // 2))
    around = light[far > near]
    beside = light & (1 - near)
    widest = 2 * float(cv2.distanceTransform(beside, cv2.DIST_L2, 3).max())
    is_plain = light[sheet > 0].mean() >= PLAIN_SHEET and largest.sum() >= PLAIN_FILL * area
    if border_of(sheet).any() or not is_plain or area < LEAST_ON_PATTERN * light.size or widest > MOST_PATTERN * side:
        return None
    if not LEAST_DARK <= (around == 0).mean() <= MOST_DARK:
        return None
    return _with_sides_moved(_from_top_left(corners), -RUN_INTO)


def whole_sheet(outlines: Sequence[Outline]) -> Corners | None:
    """The corners of a light sheet that lies whole on darker ground, or None where that is not sure.

    Parameters
    ----------
    outlines
        As :func:`find_outlines` gives them.

    Returns
    -------
    float64 (4, 2), x and y, clockwise from the sheet's top left as it is held.
    """
    for corners, edges in outlines:
        # A corner may lie beyond the picture: the sides that lead to it show.
        if len(corners) == 4 and edges.all() and _may_be_sheet(corners):
            # The outline runs through the middles of the sheet's outermost pixels: its sides lie half a pixel beyond.
            return _from_top_left(_with_sides_moved(corners + 0.5, 0.5))
    return None


def part_of_sheet(outlines: Sequence[Outline]) -> Outline | None:
    """The outline of a light sheet on darker ground that is not seen whole, or None where that is not sure.

    Parameters
    ----------
    outlines
        As :func:`find_outlines` gives them.

    Returns
    -------
    One of them; the sides that are no edges lie at the picture's border, or in shadow.
    """
    found = None
    for corners, edges in outlines:
        both = edges & np.roll(edges, 1)  # of each corner
        is_sheet = both.sum() >= LEAST_CORNERS and degrees_off_right(corners)[both].max() <= MOST_ASKEW
        if is_sheet and (found is None or edges.sum() > found[1].sum()):
            found = corners + 0.5, edges
    return found


def without_ground(ink: NDArray[np.float32], outline: Corners, edges: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The ink on a sheet: not that of its edges, which a stroke would look like, and none beyond them.

    Parameters
    ----------
    ink
        float32 (H, W).
    outline, edges
        As :func:`part_of_sheet` gives them, in pixels of the ink.
    """
    kept = ink.copy()
    center, far = outline.mean(axis=0), 2.0 * max(ink.shape)
    for start, end in _sides(outline)[edges]:
        along = (end - start) / np.linalg.norm(end - start)
        outward = _outward(along, start - center)
        first, last = (place - RIM * max(ink.shape) * outward for place in (start - far * along, end + far * along))
        beyond = np.array([first, last, last + far * outward, first + far * outward])
        cv2.fillPoly(kept, [np.rint(beyond).astype(np.int32)], 0.0)
    return kept


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
    straight = cv2.warpPerspective(
        grey, to_grey.of_pixel_centers.matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(straight, np.uint8), to_grey


def _with_sides_moved(corners: Corners, distance: float) -> Corners:
    """A quad, near to a rectangle, with all its sides moved outward."""
    forward = np.roll(corners, -1, axis=0) - corners
    forward /= np.linalg.norm(forward, axis=1)[:, None]
    return np.asarray(corners + distance * (np.roll(forward, 1, axis=0) - forward), np.float64)


def _may_be_sheet(corners: Corners) -> bool:
    """Whether four corners are those of a sheet before a camera: their angles are not far from right ones."""
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    ratios = [min(lengths[k], lengths[k + 2]) / max(lengths[k], lengths[k + 2]) for k in (0, 1)]
    return bool(degrees_off_right(corners).max() <= MOST_ASKEW and min(ratios) >= LEAST_SIDES)


def hull_corners(contour: NDArray[np.int32], straying: float) -> Corners:
    """The corners of a contour's convex hull, which may stray from straight sides by a share of its length."""
    hull = cv2.convexHull(contour)
    corners = cv2.approxPolyDP(hull, straying * cv2.arcLength(hull, True), True)
    return np.asarray(corners.reshape(-1, 2), np.float64)


def area_within(corners: Corners) -> float:
    """The area of an outline, in pixels."""
    return float(cv2.contourArea(corners.astype(np.float32)))


def border_of(picture: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of a picture (H, W), one after the other."""
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


def degrees_off_right(corners: Corners) -> NDArray[np.float64]:
    """How far the angle of each corner of an outline is from a right one."""
    forward = np.roll(corners, -1, axis=0) - corners
    directions = forward / np.linalg.norm(forward, axis=1)[:, None]
    cosines = -(directions * np.roll(directions, 1, axis=0)).sum(axis=1)
    return np.asarray(np.abs(np.degrees(np.arccos(np.clip(cosines, -1, 1))) - RIGHT))


def _sides(outline: Corners) -> NDArray[np.float64]:
    """Both ends of the side that begins at each corner, (N, 2, 2)."""
    return np.stack([outline, np.roll(outline, -1, axis=0)], axis=1)


def _is_bare_around(around: NDArray[np.bool_], sheet: NDArray[np.bool_], is_light: NDArray[np.bool_]) -> bool:
    """Whether a light thing is a wall around the sheet, as that behind a framed board, with nothing on it."""
    contours, nesting = cv2.findContours(around.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    wall, frame = (np.zeros(sheet.shape, np.uint8) for _ in range(2))
    for contour, (_, _, _, parent) in zip(contours, nesting[0], strict=True):
        if parent < 0:
            cv2.drawContours(wall, [contour], 0, 1, cv2.FILLED)
        else:
            hole = cv2.drawContours(np.zeros_like(frame), [contour], 0, 1, cv2.FILLED)
            if (hole[sheet] > 0).all():
                frame = cv2.dilate(hole, np.ones((3, 3), np.uint8))
    bare = is_light[(wall > 0) & (frame == 0)]
    return bool(frame.any() and bare.size and (~bare).mean() <= MOST_ON_WALL)


def _edges(grey: NDArray[np.uint8], outline: Corners) -> NDArray[np.bool_]:
    """Which sides are edges of the sheet within: the ground beyond is darker than the paper, all along what shows."""
    size = np.array(grey.shape[::-1])
    starts, ends = _sides(outline).swapaxes(0, 1)
    directions = (ends - starts) / np.linalg.norm(ends - starts, axis=1)[:, None]
    center = outline.mean(axis=0)
    outward = np.stack([_outward(along, start - center) for along, start in zip(directions, starts, strict=True)])
    places = starts[:, None] + ALONG_SIDE[:, None] * (ends - starts)[:, None]
    inner, outer = (np.round(places + way * STEP_REACH * outward[:, None]).astype(int) for way in (-1, 1))
    within = ((np.minimum(inner, outer) >= 0) & (np.maximum(inner, outer) < size)).all(axis=2)
    paper, ground = (grey[tuple(np.clip(place, 0, size - 1).T)[::-1]].T.astype(float) for place in (inner, outer))
    steps = (paper - ground >= np.maximum(LEAST_STEP, LEAST_STEP_SHARE * paper)) & within
    shown = within.sum(axis=1)
    return np.asarray((shown >= LEAST_WITHIN * len(ALONG_SIDE)) & (steps.sum(axis=1) >= STEP_SHARE * shown))


def _outward(along: NDArray[np.float64], away: NDArray[np.float64]) -> NDArray[np.float64]:
    """The direction at right angles to a side's, that leads with ``away`` out of the sheet; both of length 1."""
    normal = np.array([along[1], -along[0]])
    return normal if normal @ away >= 0 else -normal


def _from_top_left(corners: Corners) -> Corners:
    """Corners clockwise on the screen, that first which lies most to the top and left."""
    center = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - center[1], corners[:, 0] - center[0])
    clockwise = corners[np.argsort(angles)]  # y is down: growing angles go clockwise, from the left
    return np.roll(clockwise, -int(clockwise.sum(axis=1).argmin()), axis=0)
