"""Writing style: the quantities by which one digit, or a line of them, was written as it was, measured from its ink.

What each quantity is, its unit and its source is said in :class:`inkread.results.DigitStyle` and
:class:`inkread.results.LineStyle`. Nothing here finds or reads digits: it is told what they are and where.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.geometry import Box, PageTransform
from inkread.results import DigitStyle, LineStyle

__all__ = ["UPRIGHT_LEAN", "measure_digits", "measure_line"]

Ink = NDArray[np.float32]
Floats = NDArray[np.float64]

# The lean in degrees that is found in each digit when it is written upright, and its deviation from form to form: over
# the forms that inkread.data.synth writes, weighted by how common they are, as a test measures them. By its shape alone
# the hat of a 5 leans right, a 9 with a straight back leans left.
UPRIGHT_LEAN: dict[str, tuple[float, float]] = {
    "0": (1.3, 3.0), "1": (-1.6, 2.8), "2": (-2.7, 2.5), "3": (0.0, 1.7), "4": (-4.4, 5.4),
    "5": (7.4, 3.2), "6": (1.7, 4.5), "7": (1.3, 2.3), "8": (2.7, 2.5), "9": (-5.7, 5.9),
}  # fmt: skip
# The share of a digit's darkest ink from which a pixel is on its stroke.
STROKE_INK = 0.5
# A digit is measured at this height in pixels, or this width if that comes first: larger ones cost more and tell no
# more, smaller ones are enlarged, up to this many times, until the two sides of a stroke are apart.
WORKING_HEIGHT, WORKING_WIDTH, MOST_ENLARGED = 64, 128, 4.0
# Loops and pieces smaller than this share of the digit's height squared are specks.
SPECK = 0.002
# Rows of ink without which a lean cannot be told from the round ends of the stroke.
MIN_ROWS = 4
# Directions that are told apart, of a half circle.
DIRECTIONS = 12
# Neighbors whose ink is nearer than this many pixels of the clean page touch.
TOUCHING = 1.5
# The picture is looked up for a digit's darkness at every such row and column of its working size, and for the paper's
# this far around it, in the digit's heights.
SAMPLING, SURROUNDINGS = 2, 0.2
# Twelve points on each side of a box, in its width and height.
FRAME = np.array(
    [(place, side) for place in np.linspace(0, 1, 12) for side in (0, 1)]
    + [(side, place) for place in np.linspace(0, 1, 12) for side in (0, 1)]
)
# A gradient below it is no edge of a stroke.
LEAST_EDGE = 0.02
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
    return _measure_digits(_lay_out(inks), values, boxes, to_picture, pixels) if len(inks) else ()


def _measure_digits(
    sheet: _Sheet,
    values: Sequence[str],
    boxes: Sequence[Box],
    to_picture: PageTransform,
    pixels: NDArray[np.uint8] | None,
) -> tuple[DigitStyle, ...]:
    pixel = _pixels(to_picture, boxes)
    top, bottom = sheet.rows()
    heights = np.maximum(bottom - top, 1.0)
    pieces, loops = _pieces_and_loops(sheet, heights)
    outline, roundness = _outline_and_roundness(sheet)
    area = sheet.ink.sum(axis=(1, 2), dtype=np.float64)
    strokes = [
        _stroke_width(one_area, one_outline, euler) / scale
        for one_area, one_outline, euler, scale in zip(area, outline, pieces - loops, sheet.scales, strict=True)
    ]
    upright = np.tan(np.radians([UPRIGHT_LEAN[value][0] for value in values]))
    # Shears add up as their tangents do.
    leans = np.array([_lean(sheet, k, stroke) for k, stroke in enumerate(strokes)]) - upright
    left, right = sheet.straightened(leans)
    widths = np.maximum(right - left, 1.0)
    dark = _darkness(sheet, heights, boxes, to_picture, pixels) if pixels is not None else [None] * len(boxes)
    return tuple(
        DigitStyle(
            slant_degrees=math.degrees(math.atan(leans[k])),
            stroke_width=float(strokes[k] * pixel[k]),
            relative_stroke_width=float(strokes[k] / heights[k]),
            height=float(heights[k] * pixel[k]),
            width=float(widths[k] * pixel[k]),
            aspect=float(widths[k] / heights[k]),
            roundness=float(roundness[k]),
            loops=int(loops[k]),
            pieces=int(pieces[k]),
            darkness=dark[k],
        )
        for k in range(len(boxes))
    )


def measure_line(
    values: Sequence[str],
    inks: Sequence[Ink],
    boxes: Sequence[Box],
    to_picture: PageTransform,
    *,
    numbers: Sequence[range],
    pixels: NDArray[np.uint8] | None = None,
) -> tuple[LineStyle, tuple[DigitStyle, ...]]:
    """The style of a line, and of each of its digits.

    Parameters
    ----------
    values, inks, boxes, to_picture, pixels
        As for :func:`measure_digits`; left to right, at least one digit.
    numbers
        Which of them make a number; between numbers nothing is measured.
    """
    sheet = _lay_out(inks)
    digits = _measure_digits(sheet, values, boxes, to_picture, pixels)
    slope = _slope(boxes)
    middle = Box.union_of(boxes).center
    (pixel,) = _pixels(to_picture, [Box(middle.x, middle.y, middle.x + 1, middle.y + 1)])
    height = float(np.median([digit.height for digit in digits]))
    residuals = np.array([box.y1 - slope * box.center.x for box in boxes])
    # Forms of a digit that lean in many ways say little about the hand.
    weights = np.array([UPRIGHT_LEAN[value][1] ** -2.0 for value in values])
    slants = np.array([digit.slant_degrees for digit in digits])
    page_slant = float((weights * slants).sum() / weights.sum())
    pairs = [pair for number in numbers for pair in pairwise(number)]
    lean = math.tan(math.radians(page_slant))
    left, right = sheet.straightened(np.full(len(inks), lean))
    corner = np.array([box.x0 + lean * box.y0 for box in boxes])
    gaps = [float((left + corner)[b] - (right + corner)[a]) for a, b in pairs]
    touching = [
        gap <= TOUCHING + abs(lean) * boxes[a].height and _touch(inks, boxes, a, b)
        for gap, (a, b) in zip(gaps, pairs, strict=True)
    ]
    (start, end) = to_picture.apply([(middle.x, middle.y), (middle.x + 1, middle.y + slope)])
    dark = [digit.darkness for digit in digits if digit.darkness is not None]
    line = LineStyle(
        slant_degrees=page_slant - math.degrees(math.atan(slope)),
        stroke_width=float(np.median([digit.stroke_width for digit in digits])),
        relative_stroke_width=float(np.median([digit.relative_stroke_width for digit in digits])),
        height=height,
        width=float(np.median([digit.width for digit in digits])),
        aspect=float(np.median([digit.aspect for digit in digits])),
        spacing=float(np.median(gaps) * pixel / height) if gaps else None,
        tilt_degrees=math.degrees(math.atan2(end[1] - start[1], end[0] - start[0])),
        wobble=float(residuals.std() * pixel / height) if len(boxes) > 2 else None,
        roundness=float(np.mean([digit.roundness for digit in digits])),
        loops=float(np.mean([digit.loops for digit in digits])),
        connectedness=float(np.mean(touching)) if touching else None,
        darkness=float(np.median(dark)) if dark else None,
    )
    return line, digits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sheet:
    """Digits side by side in one array, each at its working size, with a bare pixel around it.

    Attributes
    ----------
    ink
        float32 (N, H, W), the darkest ink of each digit is 1.
    scales
        float64 (N,): pixels of the sheet a pixel of the digit's own ink.
    on_row, left, right
        (N, H): whether a row holds ink, and where it begins and ends there, in pixels of the sheet: as far as the outer
        pixels are covered.
    """

    ink: Ink
    scales: Floats
    on_row: NDArray[np.bool_]
    left: Ink
    right: Ink

    def rows(self) -> tuple[Floats, Floats]:
        """Where each digit's ink begins and ends from top to bottom, in pixels of its own."""
        darkest = self.ink.max(axis=2)
        first, last = self.on_row.argmax(axis=1), self.on_row.shape[1] - 1 - self.on_row[:, ::-1].argmax(axis=1)
        n = np.arange(len(first))
        begin = first + 1 - darkest[n, first] - darkest[n, np.maximum(first - 1, 0)]
        end = last + darkest[n, last] + darkest[n, np.minimum(last + 1, darkest.shape[1] - 1)]
        return np.asarray((begin - 1) / self.scales), np.asarray((end - 1) / self.scales)

    def straightened(self, leans: Floats) -> tuple[Floats, Floats]:
        """Where each digit's ink begins and ends from left to right once a lean is undone, in pixels of its own."""
        shift = leans[:, None] * (np.arange(self.ink.shape[1]) - 0.5)
        begin = np.where(self.on_row, self.left + shift, np.inf).min(axis=1)
        end = np.where(self.on_row, self.right + shift, -np.inf).max(axis=1)
        bare = ~self.on_row.any(axis=1)
        begin[bare] = end[bare] = 1.0
        return np.asarray((begin - 1) / self.scales), np.asarray((end - 1) / self.scales)


def _lay_out(inks: Sequence[Ink]) -> _Sheet:
    scales = [min(WORKING_HEIGHT / ink.shape[0], WORKING_WIDTH / ink.shape[1], MOST_ENLARGED) for ink in inks]
    sizes = [
        (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
        for ink, scale in zip(inks, scales, strict=True)
    ]
    sheet = np.zeros((len(inks), max(h for _, h in sizes) + 2, max(w for w, _ in sizes) + 2), np.float32)
    for place, ink, size, scale in zip(sheet, inks, sizes, scales, strict=True):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        place[1 : size[1] + 1, 1 : size[0] + 1] = cv2.resize(ink, size, interpolation=method)
    # A pencil is measured as a pen is.
    peak = np.array([ink.max() for ink in inks], np.float32)[:, None, None]
    np.divide(sheet, peak, out=sheet, where=peak > 0)
    stroke = sheet >= STROKE_INK
    first = stroke.argmax(axis=2)[..., None]
    last = sheet.shape[2] - 1 - stroke[:, :, ::-1].argmax(axis=2)[..., None]
    on_row = np.asarray(stroke.any(axis=2))

    def at(columns: NDArray[np.int64]) -> Ink:
        return np.take_along_axis(sheet, np.clip(columns, 0, sheet.shape[2] - 1), axis=2)

    left = first + 1 - at(first) - at(first - 1)
    right = last + at(last) + at(last + 1)
    return _Sheet(
        ink=sheet,
        scales=np.array(scales),
        on_row=on_row,
        left=left[..., 0].astype(np.float32),
        right=right[..., 0].astype(np.float32),
    )


def _pixels(to_picture: PageTransform, boxes: Sequence[Box]) -> Floats:
    """How many pixels of the picture a pixel of the clean page is long, at each box."""
    corners = to_picture.apply(np.concatenate([box.corners() for box in boxes])).reshape(-1, 4, 2)
    right, down = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    area = np.abs(right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0])
    return np.asarray(np.sqrt(area / np.maximum([box.area for box in boxes], 1e-9)))


def _lean(sheet: _Sheet, k: int, stroke: float) -> float:
    """How many columns a digit leans right a row up: the shear that would undo the mixed moment of its convex hull.

    The hull of sheared writing is the sheared hull. The ink itself is not so: a pen is as wide on every stroke. The
    pen's own share in the hull, its round ends, is left out.
    """
    rows = np.flatnonzero(sheet.on_row[k])
    if not len(rows):
        return 0.0
    left, right, width = sheet.left[k, rows], sheet.right[k, rows], stroke * sheet.scales[k]
    inner = (rows >= rows[0] + width / 2) & (rows <= rows[-1] - width / 2)
    if inner.sum() >= MIN_ROWS:
        rows, left, right = rows[inner], left[inner] + width / 4, right[inner] - width / 4
    points = np.empty((2 * len(rows), 2), np.float32)
    points[: len(rows), 0], points[len(rows) :, 0] = left, right
    points[: len(rows), 1] = points[len(rows) :, 1] = rows
    moments = cv2.moments(cv2.convexHull(points))
    return float(-moments["mu11"] / moments["mu02"]) if moments["mu02"] > 0 else 0.0


def _pieces_and_loops(sheet: _Sheet, heights: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many parts each digit has that do not hang together, and how many holes."""
    strokes = (sheet.ink >= STROKE_INK).view(np.uint8)
    specks = SPECK * (heights * sheet.scales) ** 2
    counts = np.zeros((len(strokes), 2), np.int64)
    for k, stroke in enumerate(strokes):
        outlines, tree = cv2.findContours(stroke, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        for i, outline in enumerate(outlines):
            if cv2.contourArea(outline) >= specks[k]:
                counts[k, int(tree[0, i, 3] >= 0)] += 1
    return np.maximum(counts[:, 0], 1), counts[:, 1]


def _outline_and_roundness(sheet: _Sheet) -> tuple[Floats, Floats]:
    """The length of each digit's outline, in pixels of the sheet, and how evenly it runs in all directions."""
    ink = sheet.ink
    right, down = ink[:, :, 1:] - ink[:, :, :-1], ink[:, 1:] - ink[:, :-1]
    across, along = (right[:, 1:] + right[:, :-1]) / 2, (down[:, :, 1:] + down[:, :, :-1]) / 2
    size, direction = cv2.cartToPolar(across.reshape(len(ink), -1), along.reshape(len(ink), -1), angleInDegrees=True)
    outline = size.sum(axis=1, dtype=np.float64)
    owner, place = np.nonzero(size > LEAST_EDGE)
    bins = (direction[owner, place] * np.float32(DIRECTIONS / 180)).astype(np.int64) % DIRECTIONS
    weights = np.bincount(owner * DIRECTIONS + bins, weights=size[owner, place], minlength=len(ink) * DIRECTIONS)
    weights = weights.reshape(len(ink), DIRECTIONS)
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=1)
    return outline, np.asarray(np.clip(entropy / math.log(DIRECTIONS), 0, 1))


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


def _darkness(
    sheet: _Sheet, heights: Floats, boxes: Sequence[Box], to_picture: PageTransform, pixels: NDArray[np.uint8]
) -> list[float]:
    owner, rows, columns = np.nonzero(sheet.ink[:, ::SAMPLING, ::SAMPLING] >= STROKE_INK)
    corners = np.array([box.corners()[[0, 2]] for box in boxes])  # (N, 2, 2)
    inside = corners[owner, 0] + (SAMPLING * np.stack([columns, rows], axis=1) - 0.5) / sheet.scales[owner, None]
    stroke = _medians(_grey(inside, to_picture, pixels), owner, len(boxes))
    margin = SURROUNDINGS * heights[:, None]
    begin, end = corners[:, None, 0] - margin[:, None], corners[:, None, 1] + margin[:, None]
    around = begin + FRAME * (end - begin)  # (N, points, 2)
    paper = np.median(_grey(around.reshape(-1, 2), to_picture, pixels).reshape(len(boxes), -1), axis=1)
    return [float(one) for one in np.abs(paper - stroke) / np.maximum(np.maximum(paper, stroke), 1.0)]


def _medians(values: Floats, owner: NDArray[np.int64], count: int) -> Floats:
    """The (lower) median of the values of each owner; 0 where it has none."""
    order = np.lexsort((values, owner))
    counts = np.bincount(owner, minlength=count)
    middle = np.cumsum(counts) - counts + np.maximum(counts - 1, 0) // 2
    found = np.zeros(count)
    found[counts > 0] = values[order][middle[counts > 0]]
    return found


def _grey(points: Floats, to_picture: PageTransform, pixels: NDArray[np.uint8]) -> Floats:
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
