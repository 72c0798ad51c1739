"""How far the writing of a page is tilted, and the page turned so that it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean.tone import at_most
from inkread.components import components_of
from inkread.geometry import PageTransform, Point
from inkread.parts import CleanPage

__all__ = ["SMALL_SKEW", "estimate_skew", "plausible_skews", "turned"]

Image = NDArray[np.float32]

# Long side of the picture on which tilt is measured, and the ink that belongs to strokes there.
MEASURED_SIDE = 600
STROKE_INK = 0.4
# Fewer components make no profile.
LEAST_COMPONENTS, LEAST_AREA = 4, 6
# Three make a line where the lowest has this share of the highest's height, where they stand between so many heights
# apart, and where the middle one is off the line by at most this share.
LIKE_HEIGHT, APART, ON_LINE = 0.6, (0.3, 2.0), 0.15
# Lines of the profile to the height of a typical component: fine enough for the gaps between lines of writing.
BINS_A_HEIGHT = 6
# Points of ink for the first look, 1.5 degrees apart, and for the second, a quarter of a degree apart.
FEW_POINTS, MANY_POINTS = 1_500, 6_000
COARSE_DEGREES, FINE_DEGREES = 1.5, 0.25
# Less is not worth the resampling.
LEAST_SKEW = 0.5
# Most pages are held nearly straight, so that a large tilt (degrees) needs more evidence: how many times sharper its
# profile is than upright, and than that of most directions, some of each and much of both together. Of 336 real
# pictures turned by 20 and 32 degrees to both sides 199 show it, of 84 as they were taken one; of 160 composed ones
# with drawings and words that are not turned three.
SMALL_SKEW = 12.0
SHARPER_THAN_UPRIGHT = 1.1
LARGE_SKEW_SHARPER, LARGE_SKEW_EVIDENCE = 1.2, 1.88
# Directions with this share of the sharpest one's profile, this far apart (degrees), are plausible too: the columns and
# diagonals of numbers that stand in a grid.
PLAUSIBLE_SHARE, PLAUSIBLE_DISTANCE = 0.75, 10.0
# A turned page is cut to ink of this strength, with a margin (pixels) for its soft edge.
CANVAS_INK, CANVAS_MARGIN = 0.5, 4


def estimate_skew(ink: Image, *, max_degrees: float) -> float:
    """The angle of the writing's lines and the paper's rules: degrees, clockwise on the screen; 0 when in doubt.

    The projection profile of the ink is sharpest along the lines (Postl 1986, US patent 4723297, expired). A tilt is
    believed only where there is enough ink to make lines and the profile is clearly sharper than upright.

    Parameters
    ----------
    ink
        float32 (H, W) in [0, 1].
    max_degrees
        Largest tilt looked for, 0 to 45.
    """
    strokes = _strokes(ink)
    if strokes is None:
        return 0.0
    if strokes.slope is not None:
        return strokes.slope if SMALL_SKEW < abs(strokes.slope) <= max_degrees else 0.0
    coarse = _directions(max_degrees)
    rough = _sharpness(strokes, coarse, points=FEW_POINTS)
    fine = np.append(_near(coarse[rough.argmax()]), 0.0)
    sharp = _sharpness(strokes, fine, points=MANY_POINTS)
    best, gain = float(fine[sharp.argmax()]), float(sharp.max() / sharp[-1])
    if not LEAST_SKEW <= abs(best) <= max_degrees or gain < SHARPER_THAN_UPRIGHT:
        return 0.0
    if abs(best) <= SMALL_SKEW:
        return best
    distinct = float(rough.max() / np.median(rough))
    return best if min(gain, distinct) >= LARGE_SKEW_SHARPER and gain * distinct >= LARGE_SKEW_EVIDENCE else 0.0


def plausible_skews(ink: Image, *, max_degrees: float) -> tuple[float, ...]:
    """Angles that the lines may well have, likeliest first, in degrees as for :func:`estimate_skew`; none in no ink."""
    strokes = _strokes(ink)
    if strokes is None or strokes.slope is not None:
        return ()
    coarse = _directions(max_degrees)
    rough = _sharpness(strokes, coarse, points=FEW_POINTS)
    found: list[float] = []
    for i in np.argsort(-rough, kind="stable"):
        if rough[i] < PLAUSIBLE_SHARE * rough.max():
            break
        if all(abs(coarse[i] - other) >= PLAUSIBLE_DISTANCE for other in found):
            fine = _near(coarse[i])
            found.append(float(fine[_sharpness(strokes, fine, points=MANY_POINTS).argmax()]))
    return tuple(found)


def turned(page: CleanPage, degrees: float) -> CleanPage:
    """The page turned clockwise by ``degrees``, cut to its ink, with the way back."""
    height, width = page.ink.shape
    turn = PageTransform.rotation(degrees, Point(width / 2, height / 2))
    corners = turn.apply([(0, 0), (width, 0), (width, height), (0, height)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    move = turn.then(PageTransform.translation(-low[0], -low[1]))
    size = int(np.ceil(high[0] - low[0])), int(np.ceil(high[1] - low[1]))
    ink = cv2.warpAffine(page.ink, move.of_pixel_centers.matrix[:2], size, flags=cv2.INTER_CUBIC)
    # What a turn leaves empty would make a page's rules look short against the page.
    rows, columns = (_inked(ink.max(axis=axis)) for axis in (1, 0))
    ink = np.clip(ink[rows, columns], 0.0, 1.0, dtype=np.float32)
    move = move.then(PageTransform.translation(-columns.start, -rows.start))
    return replace(page, ink=ink, to_source=move.inverse().then(page.to_source))


def _inked(strongest: Image) -> slice:
    """From the first to the last place with strong ink, and a margin; everything where there is none."""
    places = np.flatnonzero(strongest > CANVAS_INK)
    if not len(places):
        return slice(0, len(strongest))
    return slice(max(0, int(places[0]) - CANVAS_MARGIN), min(len(strongest), int(places[-1]) + 1 + CANVAS_MARGIN))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Strokes:
    """The ink of a small page.

    Attributes
    ----------
    points
        float32 (2, N): x and y of pixels of ink about their center.
    bin_height
        Height of a line of the profile, in pixels.
    slope
        Degrees by which three components that make a line fall to the right; None where there are more.
    """

    points: NDArray[np.float32]
    bin_height: float
    slope: float | None = None


def _strokes(ink: Image) -> _Strokes | None:
    """None where there is too little to make a line."""
    binary = (at_most(ink, MEASURED_SIDE) > STROKE_INK).astype(np.uint8)
    _, stats, _ = components_of(binary)
    stats = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= LEAST_AREA]
    if len(stats) < LEAST_COMPONENTS - 1:
        return None
    slope = None
    if len(stats) < LEAST_COMPONENTS and (slope := _slope_of_three(stats)) is None:
        return None
    places = cv2.findNonZero(binary).reshape(-1, 2).T.astype(np.float64)
    points = (places - places.mean(axis=1, keepdims=True)).astype(np.float32)
    bin_height = max(1.0, float(np.median(stats[:, cv2.CC_STAT_HEIGHT])) / BINS_A_HEIGHT)
    return _Strokes(points=points, bin_height=bin_height, slope=slope)


def _slope_of_three(stats: NDArray[np.int32]) -> float | None:
    """Degrees by which three components of like height fall to the right; None where they make no line.

    Parameters
    ----------
    stats
        (3, 5), as OpenCV gives them: x, y, width, height, area.
    """
    x, y, width, height = (stats[np.argsort(stats[:, 0]), k].astype(np.float64) for k in range(4))
    x, y = x + width / 2, y + height / 2
    middle = y[0] + (y[2] - y[0]) * (x[1] - x[0]) / max(x[2] - x[0], 1.0)
    distances = np.diff(x) / height.max()
    side_by_side = APART[0] <= distances.min() and distances.max() <= APART[1]
    if not side_by_side or height.min() < LIKE_HEIGHT * height.max() or abs(y[1] - middle) > ON_LINE * height.max():
        return None
    return float(np.degrees(np.arctan2(y[2] - y[0], x[2] - x[0])))


def _directions(max_degrees: float) -> NDArray[np.float64]:
    steps = int(np.ceil(max_degrees / COARSE_DEGREES))
    return np.asarray(np.arange(-steps, steps + 1) * COARSE_DEGREES, np.float64)


def _near(degrees: float) -> NDArray[np.float64]:
    steps = round(COARSE_DEGREES / FINE_DEGREES)
    return np.asarray(degrees + np.arange(-steps, steps + 1) * FINE_DEGREES, np.float64)


def _sharpness(strokes: _Strokes, degrees: NDArray[np.float64], *, points: int) -> NDArray[np.float64]:
    """The sum of squares of the profile of each direction, from about so many points."""
    sample = strokes.points[:, :: strokes.points.shape[1] // points + 1]
    angle = np.deg2rad(degrees)
    normals = (np.stack([-np.sin(angle), np.cos(angle)], axis=1) / strokes.bin_height).astype(np.float32)
    place = normals @ sample  # (directions, points)
    place = (place - place.min()).astype(np.int64)
    bins = int(place.max()) + 1
    place += (np.arange(len(degrees)) * bins)[:, None]
    profiles = np.bincount(place.ravel(), minlength=bins * len(degrees)).reshape(len(degrees), bins)
    return np.asarray((profiles.astype(np.float64) ** 2).sum(axis=1))
