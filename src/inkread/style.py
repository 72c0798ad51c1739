"""Writing style: the quantities by which one digit, or a line of them, was written as it was, measured from its ink.

What each quantity is, its unit and its source is said in :class:`inkread.results.DigitStyle` and
:class:`inkread.results.LineStyle`. Nothing here finds or reads digits: it is told what they are and where.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.geometry import Box, PageTransform
from inkread.results import DigitStyle, LineStyle

__all__ = ["UPRIGHT_LEAN", "measure_digits", "measure_line"]

Ink = NDArray[np.float32]
# Rows, and where the ink begins and ends in each.
Sides = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]

# The lean in degrees that is found in each digit when it is written upright, and its deviation from form to form: over
# the forms that inkread.data.synth writes, weighted by how common they are, as a test measures them. By its shape alone
# the hat of a 5 leans right, a 9 with a straight back leans left.
UPRIGHT_LEAN: dict[str, tuple[float, float]] = {
    "0": (1.4, 3.1), "1": (-1.6, 2.7), "2": (-2.6, 2.5), "3": (0.1, 1.6), "4": (-4.2, 5.4),
    "5": (7.4, 3.0), "6": (1.9, 4.5), "7": (1.5, 2.3), "8": (2.7, 2.6), "9": (-5.4, 5.8),
}  # fmt: skip
# The share of a digit's darkest ink from which a pixel is on its stroke.
STROKE_INK = 0.5
# A digit is measured at this height in pixels: larger ones cost more and tell no more, smaller ones are enlarged, up
# to this many times, until the two sides of a stroke are apart.
WORKING_HEIGHT, MOST_ENLARGED = 64, 4
# Loops and pieces smaller than this share of the digit's height squared are specks.
SPECK = 0.002
# Rows of ink without which a lean cannot be told from the round ends of the stroke.
MIN_ROWS = 4
# Directions that are told apart, of a half circle.
DIRECTIONS = 12
# Neighbors whose ink is nearer than this many pixels of the clean page touch.
TOUCHING = 1.5
# Pixels of a digit at which the picture is looked up for its darkness, and how far around it paper is looked for, in
# the digit's heights.
SAMPLES, SURROUNDINGS = 200, 0.2
LUMA = np.array([0.299, 0.587, 0.114])


def measure_digits(
    values: Sequence[str],
    inks: Sequence[Ink],
    boxes: Sequence[Box],
    to_picture: PageTransform,
    pixels: NDArray[np.uint8] | None = None,
) -> tuple[DigitStyle, ...]:
    """The style of each digit.

    Parameters
    ----------
    values
        What they are: "0" to "9".
    inks
        float32 (h, w) in [0, 1]: the ink of each alone.
    boxes
        Where each lies on the clean page, its first pixel at the corner.
    to_picture
        Leads from the clean page to ``pixels``.
    pixels
        uint8 (H, W, 3) RGB, the picture; None where there is none, and so no darkness.

    Examples
    --------
    >>> ink = np.zeros((40, 20), np.float32)
    >>> ink[:, 8:12] = 1.0
    >>> (bar,) = measure_digits("1", [ink], [Box(0, 0, 20, 40)], PageTransform.scaling(2))
    >>> round(bar.height), round(bar.stroke_width), bar.loops, bar.pieces
    (80, 8, 0, 1)
    """
    return tuple(
        _measure_digit(value, ink, box, to_picture, pixels) for value, ink, box in zip(values, inks, boxes, strict=True)
    )


def measure_line(
    digits: Sequence[DigitStyle],
    values: Sequence[str],
    inks: Sequence[Ink],
    boxes: Sequence[Box],
    *,
    numbers: Sequence[range],
    to_picture: PageTransform,
) -> LineStyle:
    """The style of a line of digits.

    Parameters
    ----------
    digits
        The style of each, left to right, at least one.
    values, inks, boxes, to_picture
        As for :func:`measure_digits`.
    numbers
        Which of them make a number; between numbers nothing is measured.
    """
    slope = _slope(boxes)
    middle = Box.union_of(boxes).center
    pixel = _pixel(to_picture, Box(middle.x, middle.y, middle.x + 1, middle.y + 1))
    height = float(np.median([digit.height for digit in digits]))
    residuals = np.array([box.y1 - slope * box.center.x for box in boxes])
    # Forms of a digit that lean in many ways say little about the hand.
    weights = np.array([UPRIGHT_LEAN[value][1] ** -2.0 for value in values])
    slants = np.array([digit.slant_degrees for digit in digits])
    slant = float((weights * slants).sum() / weights.sum()) - math.degrees(math.atan(slope))
    pairs = [pair for number in numbers for pair in pairwise(number)]
    lean = math.tan(math.radians(slant) + math.atan(slope))
    edges = [_straightened(_sides(_normal(ink)), lean, box) for ink, box in zip(inks, boxes, strict=True)]
    gaps = [edges[right][0] - edges[left][1] for left, right in pairs]
    touching = [
        gap <= TOUCHING + abs(lean) * boxes[left].height and _touch(inks, boxes, left, right)
        for gap, (left, right) in zip(gaps, pairs, strict=True)
    ]
    (start, end) = to_picture.apply([(middle.x, middle.y), (middle.x + 1, middle.y + slope)])
    dark = [digit.darkness for digit in digits if digit.darkness is not None]
    return LineStyle(
        slant_degrees=slant,
        stroke_width=float(np.median([digit.stroke_width for digit in digits])),
        relative_stroke_width=float(np.median([digit.relative_stroke_width for digit in digits])),
        height=height,
        width=float(np.median([digit.width for digit in digits])),
        aspect=float(np.median([digit.aspect for digit in digits])),
        spacing=float(np.median(gaps)) * pixel / height if gaps else None,
        tilt_degrees=math.degrees(math.atan2(end[1] - start[1], end[0] - start[0])),
        wobble=float(residuals.std()) * pixel / height if len(boxes) > 2 else None,
        roundness=float(np.mean([digit.roundness for digit in digits])),
        loops=float(np.mean([digit.loops for digit in digits])),
        connectedness=float(np.mean(touching)) if touching else None,
        darkness=float(np.median(dark)) if dark else None,
    )


def _measure_digit(
    value: str, ink: Ink, box: Box, to_picture: PageTransform, pixels: NDArray[np.uint8] | None
) -> DigitStyle:
    normal = _normal(ink)
    pixel = _pixel(to_picture, box)
    sides = _sides(normal)
    top, bottom = _extent(normal.max(axis=1))
    height = max(bottom - top, 1.0)
    scale = WORKING_HEIGHT / ink.shape[0]
    scale = scale if scale < 1 else float(min(MOST_ENLARGED, math.ceil(scale)))
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    working = cv2.copyMakeBorder(cv2.resize(normal, size, interpolation=method), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    pieces, loops = _pieces_and_loops(working, speck=SPECK * (height * scale) ** 2)
    edge, direction = _edges(working)
    stroke = _stroke_width(float(working.sum()), float(edge.sum()), pieces - loops) / scale
    # Shears add up as their tangents do.
    lean = _lean(sides, stroke) - math.tan(math.radians(UPRIGHT_LEAN[value][0]))
    left, right = _straightened(sides, lean, box)
    width = max(right - left, 1.0)
    return DigitStyle(
        slant_degrees=math.degrees(math.atan(lean)),
        stroke_width=stroke * pixel,
        relative_stroke_width=stroke / height,
        height=height * pixel,
        width=width * pixel,
        aspect=width / height,
        roundness=_roundness(edge, direction),
        loops=loops,
        pieces=pieces,
        darkness=None if pixels is None else _darkness(normal, box, to_picture, pixels),
    )


def _normal(ink: Ink) -> Ink:
    """The ink with its darkest as 1, so that a pencil is measured as a pen is."""
    peak = float(ink.max())
    return np.asarray(ink / peak if peak > 0 else ink, np.float32)


def _pixel(to_picture: PageTransform, box: Box) -> float:
    """How many pixels of the picture a pixel of the clean page is long, there."""
    a, b, _, d = to_picture.apply_to_box(box).to_array()
    right, down = b - a, d - a
    return math.sqrt(abs(right[0] * down[1] - right[1] * down[0]) / max(box.area, 1e-9))


def _sides(ink: Ink) -> Sides:
    """The rows that hold ink, and where it begins and ends in each: as far as the outer pixels are covered."""
    stroke = ink >= STROKE_INK
    rows = np.flatnonzero(stroke.any(axis=1))
    if not len(rows):
        return rows, np.zeros(0, np.float32), np.zeros(0, np.float32)
    last_column = ink.shape[1] - 1
    first = stroke[rows].argmax(axis=1)
    last = last_column - stroke[rows, ::-1].argmax(axis=1)
    before = np.where(first > 0, ink[rows, first - 1], 0)
    after = np.where(last < last_column, ink[rows, np.minimum(last + 1, last_column)], 0)
    return rows, first + 1 - ink[rows, first] - before, last + ink[rows, last] + after


def _lean(sides: Sides, stroke: float) -> float:
    """How many columns the digit leans right a row up: the shear that would undo the mixed moment of its convex hull.

    The hull of sheared writing is the sheared hull. The ink itself is not so: a pen is as wide on every stroke. The
    pen's own share in the hull, its round ends, is left out.
    """
    rows, left, right = sides
    if not len(rows):
        return 0.0
    y = rows + 0.5
    inner = (y >= y[0] + stroke / 2) & (y <= y[-1] - stroke / 2)
    if inner.sum() >= MIN_ROWS:
        y, left, right = y[inner], left[inner] + stroke / 4, right[inner] - stroke / 4
    points = np.stack([np.concatenate([left, right]), np.concatenate([y, y])], axis=1)
    moments = cv2.moments(cv2.convexHull(points.astype(np.float32)))
    return -moments["mu11"] / moments["mu02"] if moments["mu02"] > 0 else 0.0


def _straightened(sides: Sides, lean: float, box: Box) -> tuple[float, float]:
    """Where the ink begins and ends from left to right once its lean is undone, in columns at the page's first row."""
    rows, left, right = sides
    if not len(rows):
        return box.x0, box.x1
    shift = box.x0 + lean * (rows + 0.5 + box.y0)
    return float((left + shift).min()), float((right + shift).max())


def _extent(profile: NDArray[np.float32]) -> tuple[float, float]:
    """Where a profile begins and ends, as far as its outer pixels are covered."""
    on = np.flatnonzero(profile >= STROKE_INK)
    if not len(on):
        return 0.0, float(len(profile))
    first, last = int(on[0]), int(on[-1])
    before = float(profile[first - 1]) if first else 0.0
    after = float(profile[last + 1]) if last + 1 < len(profile) else 0.0
    return first + 1 - float(profile[first]) - before, last + float(profile[last]) + after


def _pieces_and_loops(ink: Ink, *, speck: float) -> tuple[int, int]:
    """How many parts the ink has that do not hang together, and how many holes."""
    stroke = (ink >= STROKE_INK).astype(np.uint8)
    outlines, tree = cv2.findContours(stroke, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return 1, 0
    pieces = loops = 0
    for outline, (_, _, _, parent) in zip(outlines, tree.reshape(-1, 4), strict=True):
        if cv2.contourArea(outline) >= speck:
            pieces, loops = (pieces, loops + 1) if parent >= 0 else (pieces + 1, loops)
    return max(pieces, 1), loops


def _edges(ink: Ink) -> tuple[Ink, Ink]:
    """Size and direction (degrees) of the gradient between each four pixels."""
    right, down = ink[:, 1:] - ink[:, :-1], ink[1:] - ink[:-1]
    size, direction = cv2.cartToPolar(
        (right[1:] + right[:-1]) / 2, (down[:, 1:] + down[:, :-1]) / 2, angleInDegrees=True
    )
    return np.asarray(size, np.float32), np.asarray(direction, np.float32)


def _stroke_width(area: float, outline: float, euler: int) -> float:
    """The width of a round pen that leaves ink of this area and length of outline.

    A path of length L under a pen of width w has the area w L + χ π w² / 4 and an outline of 2 L + χ π w, where χ is
    the number of its pieces less that of its loops (Steiner's formula); L is taken out of the two.
    """
    if outline <= 0:
        return 0.0
    if euler == 0:
        return 2 * area / outline
    discriminant = outline * outline - 4 * math.pi * euler * area
    return (outline - math.sqrt(max(discriminant, 0.0))) / (math.pi * euler)


def _roundness(edge: Ink, direction: Ink) -> float:
    bins = (direction * np.float32(DIRECTIONS / 180)).astype(np.int64) % DIRECTIONS
    weights = np.bincount(bins.ravel(), weights=edge.ravel(), minlength=DIRECTIONS)
    total = weights.sum()
    if total <= 0:
        return 0.0
    share = weights[weights > 0] / total
    return float(-(share * np.log(share)).sum() / math.log(DIRECTIONS))


def _darkness(ink: Ink, box: Box, to_picture: PageTransform, pixels: NDArray[np.uint8]) -> float:
    rows, columns = np.nonzero(ink >= STROKE_INK)
    step = max(1, len(rows) // SAMPLES)
    on_stroke = np.stack([columns[::step] + 0.5 + box.x0, rows[::step] + 0.5 + box.y0], axis=1)
    margin = SURROUNDINGS * box.height
    around = box.grown(margin)
    x, y = np.linspace(around.x0, around.x1, 12), np.linspace(around.y0, around.y1, 12)
    frame = np.concatenate(
        [np.stack([x, np.full(12, edge)], axis=1) for edge in (around.y0, around.y1)]
        + [np.stack([np.full(12, edge), y], axis=1) for edge in (around.x0, around.x1)]
    )
    found = _grey(np.concatenate([on_stroke, frame]), to_picture, pixels)
    stroke, paper = float(np.median(found[: len(on_stroke)])), float(np.median(found[len(on_stroke) :]))
    return abs(paper - stroke) / max(paper, stroke, 1.0)


def _grey(points: NDArray[np.float64], to_picture: PageTransform, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The brightness of the picture, 0 to 255, at points of the clean page; at its edge where they lie outside."""
    x, y = np.floor(to_picture.apply(points)).astype(int).T
    found = pixels[np.clip(y, 0, pixels.shape[0] - 1), np.clip(x, 0, pixels.shape[1] - 1)]
    return np.asarray(found @ LUMA)


def _slope(boxes: Sequence[Box]) -> float:
    """How many rows the feet of the digits sink a column: the median over pairs (Theil 1950, Sen 1968)."""
    x = np.array([box.center.x for box in boxes])
    y = np.array([box.y1 for box in boxes])
    first, second = np.triu_indices(len(boxes), 1)
    apart = x[second] - x[first]
    far = np.abs(apart) > 1e-6
    return float(np.median((y[second] - y[first])[far] / apart[far])) if far.any() else 0.0


def _touch(inks: Sequence[Ink], boxes: Sequence[Box], left: int, right: int) -> bool:
    """Whether the ink of two digits meets, up to a gap that a cut leaves."""
    whole = boxes[left].union(boxes[right])
    shape = math.ceil(whole.height) + 2, math.ceil(whole.width) + 2
    placed = []
    for k in (left, right):
        canvas = np.zeros(shape, np.uint8)
        y, x = round(boxes[k].y0 - whole.y0) + 1, round(boxes[k].x0 - whole.x0) + 1
        part = inks[k][: shape[0] - y, : shape[1] - x]
        canvas[y : y + part.shape[0], x : x + part.shape[1]] = part >= STROKE_INK * float(inks[k].max())
        placed.append(canvas)
    wide = cv2.dilate(placed[0], np.ones((3, 3), np.uint8))
    return bool((wide & placed[1]).any())
