"""A table or squared paper that was photographed from the side: how its rules run, and the page seen from above.

Rules that do not cross at right angles are not found as rules, and where they lead apart, so do the lines of writing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean.sheet import degrees_off_right
from inkread.components import components_of
from inkread.geometry import PageTransform
from inkread.parts import CleanPage

__all__ = ["find_grid", "seen_from_above"]

Image = NDArray[np.float32]
Corners = NDArray[np.float64]
Points = NDArray[np.float64]  # (2, N), x and y about the grid's center, its longer side is 1
Values = NDArray[np.float64]

# The ink of a thin rule in a picture of some 600 pixels, and points of it looked at.
RULE_INK, MOST_POINTS = 0.2, 3_000
# A grid is the component that reaches farthest, over this share of the page at the least, with ink on this share of its
# box at the most; writing stands beside it.
LEAST_SHARE, MOST_FILL, LEAST_COMPONENTS = 0.15, 0.3, 4
# Rules run up to this slope, and lead together or apart by up to about this much over the grid. Both are tried in
# steps, ever smaller ones.
MOST_SLOPE, MOST_FAN = 0.45, 0.2
SLOPE_STEP, LEAST_STEP = 0.02, 0.001
# Both ways, the profile along a grid's rules is so many times as sharp as that of most directions, at the first look
# and at the last, and has so many places with this share of its highest.
ROUGHLY_DISTINCT, DISTINCT = 1.4, 2.0
LEAST_RULES, RULE_SHARE = 3, 0.4
# One way it is so many times as sharp as upright; and a corner is off a right angle by so many degrees.
SHARPER, LEAST_ASKEW = 1.2, 3.0
# Seen from above a page is at most so many times as wide and as high; what lies farther off was near the horizon.
MOST_GROWTH = 2.0


def find_grid(ink: Image) -> Corners | None:
    """Four places of a grid of rules that are the corners of a rectangle on paper, and not in the picture; None else.

    Of all ways that rules may run, those are taken along which the projection profile of the grid's ink is sharpest:
    parallel ones at all slopes first, then such as lead together, in ever smaller steps.

    Parameters
    ----------
    ink
        float32 (H, W) in [0, 1], held upright; some 600 pixels a side are enough.

    Returns
    -------
    float64 (4, 2), x and y in pixels, clockwise from the top left; they may lie beyond the picture.
    """
    labels, stats, _ = components_of((ink > RULE_INK).astype(np.uint8))
    if len(stats) <= LEAST_COMPONENTS:
        return None
    reach = stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]
    widest = 1 + int(np.argmax(reach))
    if (share := reach[widest - 1]) < LEAST_SHARE * ink.size or stats[widest, cv2.CC_STAT_AREA] > MOST_FILL * share:
        return None
    y, x = np.nonzero(labels == widest)
    step = len(x) // MOST_POINTS + 1
    places = np.stack([x[::step], y[::step]]) + 0.5
    center, length = places.mean(axis=1), float(np.ptp(places, axis=1).max())
    points = (places - center[:, None]) / length
    # A place of a profile is two pixels wide: thinner, and it is the grid of pixels that is seen.
    upright, across = _fan_along(points, round(length)), _fan_along(points[::-1], round(length))
    if upright is None or across is None or max(upright.gain, across.gain) < SHARPER:
        return None
    right, down = np.ptp(points, axis=1) / 2
    corners = np.array(
        [_crossing(upright, across, *at) for at in ((-right, -down), (right, -down), (right, down), (-right, down))]
    )
    if degrees_off_right(corners).max() < LEAST_ASKEW:
        return None
    return np.asarray(corners * length + center)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fan:
    """Rules of which the one that is at x on the middle line is at x + (slope + spread · x) · y elsewhere.

    Attributes
    ----------
    gain
        How many times as sharp the profile along them is as that along parallel ones without a slope.
    """

    slope: float
    spread: float
    gain: float


def _fan_along(points: Points, bins: int) -> _Fan | None:
    """How the rules run that lead along the second coordinate; None where there is no telling."""
    slopes = np.arange(-MOST_SLOPE, MOST_SLOPE + SLOPE_STEP / 2, SLOPE_STEP)
    rough = _sharpness(_profiles(points, np.stack([slopes, np.zeros_like(slopes)], axis=1), bins))
    if rough.max() < ROUGHLY_DISTINCT * np.median(rough):
        return None
    best = np.array([slopes[rough.argmax()], 0.0])
    steps = np.array([SLOPE_STEP, MOST_FAN / 2])
    around = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    while steps[0] > LEAST_STEP:
        near = best + around * steps
        best = near[_sharpness(_profiles(points, near, bins)).argmax()]
        steps = steps / 2
    profiles = _profiles(points, np.stack([best, np.zeros(2)]), bins)
    sharp, upright = _sharpness(profiles)
    if sharp < DISTINCT * np.median(rough) or _count_rules(profiles[0]) < LEAST_RULES:
        return None
    return _Fan(slope=float(best[0]), spread=float(best[1]), gain=float(sharp / upright))


def _profiles(points: Points, fans: Values, bins: int) -> Values:
    """For each of N fans, slope and spread, how many points lie on each of its rules, (N, bins)."""
    (x, y), (slopes, spreads) = points, fans.T[..., None]
    starts = (x - slopes * y) / (1 + spreads * y)
    places = np.clip((starts + 1) * (bins / 2), 0, bins - 1).astype(np.int64)
    places += np.arange(len(fans))[:, None] * bins
    counts = np.bincount(places.ravel(), minlength=bins * len(fans))
    return np.asarray(counts.reshape(len(fans), bins), np.float64)


def _sharpness(profiles: Values) -> Values:
    """The sum of squares of each profile."""
    return np.asarray((profiles**2).sum(axis=1))


def _count_rules(profile: Values) -> int:
    """How many places of a profile stand out as a rule does."""
    is_rule = np.concatenate([[False], profile >= RULE_SHARE * profile.max()])
    return int(np.count_nonzero(is_rule[1:] & ~is_rule[:-1]))


def _crossing(upright: _Fan, across: _Fan, x: float, y: float) -> tuple[float, float]:
    """Where the upright rule that is at ``x`` on the middle line crosses the one across that is at ``y`` there."""
    a, b = upright.slope + upright.spread * x, across.slope + across.spread * y
    crossing = (x + a * y) / (1 - a * b)
    return crossing, y + b * crossing


def seen_from_above(page: CleanPage, corners: Corners) -> CleanPage:
    """The page with these corners those of a rectangle, and the way back.

    Parameters
    ----------
    page
        The page.
    corners
        As :func:`find_grid` gives them.
    """
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    # The longer of two opposite sides is the nearer one: no pixel of the grid is lost.
    width, height = max(sides[0], sides[2]), max(sides[1], sides[3])
    grid = np.array([(0, 0), (width, 0), (width, height), (0, height)])
    to_grid = PageTransform(
        np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), grid.astype(np.float32)), np.float64)
    )
    rows, columns = page.ink.shape
    outline = to_grid.apply([(0, 0), (columns, 0), (columns, rows), (0, rows)])
    middle, most = grid[2] / 2, MOST_GROWTH * np.array([columns, rows])
    low = np.maximum(outline.min(axis=0), middle - most / 2)
    high = np.minimum(outline.max(axis=0), middle + most / 2)
    size = int(np.ceil(high[0] - low[0])), int(np.ceil(high[1] - low[1]))
    move = to_grid.then(PageTransform.translation(-low[0], -low[1]))
    ink = cv2.warpPerspective(page.ink, move.of_pixel_centers.matrix, size, flags=cv2.INTER_CUBIC)
    return replace(page, ink=np.clip(ink, 0.0, 1.0, dtype=np.float32), to_source=move.inverse().then(page.to_source))
