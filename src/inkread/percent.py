"""Percent signs among pieces of ink: a slash with a nought or a dot at either side, which is no digit's.

Each of their three pieces alone looks like a digit, a 0, a 1 and a 0, and where they touch they look like 9 and 6: no
network that sees one of them can tell. How they stand to each other does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.geometry import Box

__all__ = ["percent_signs"]

Mask = NDArray[np.bool_]
Point = NDArray[np.float64]

# Pieces of ink are looked at in about so many rows or columns. One around more papers is a grid or a drawing.
FINE, MOST_PAPERS = 64, 4
# A nought may be open by this, against the longer side of its ink; it is so much larger than its paper.
GAP, OUTER = 0.1, 1.35
# A piece by itself is a nought or a dot up to this, in heights of a usual digit; larger than a dot, its sides differ up
# to this factor, and its middle is bare.
ALONE, DOT, ASPECT, BARE = 0.7, 0.25, 2.0, 0.12
# The two of one sign are alike in size up to this factor.
ALIKE = 2.6
# From the middle of the one to that of the other: rightward against downward; the size of either against that way, at
# the least and at the most, and so where both are in one piece, since the loops of an 8 lie closer; the sides of the
# sign's box against it, at the most. Noughts are larger than dots.
TOWARD, WITHIN, LEAST_NOUGHT, WITHIN_ONE, REACH = (0.22, 3.0), (0.06, 1.15), 0.28, 0.72, 2.6
# The slash runs straight for so much of that way, through its middle or up to so far beside it, and reaches over so
# much of the sign's height; for more where all is one piece, which a leaning 8 is too.
RUN, SPAN, IN_ONE, ASIDES = 1.0, 0.75, (1.35, 0.88), np.linspace(-0.25, 0.25, 9)
# It leans (dx/dy) so, beside dots by the second at the least.
LEANS, LEAN_OF_DOTS = np.linspace(0.15, 2.2, 26), 0.3
# A sign is no lower than this, in heights of a usual digit.
LEAST_HEIGHT = 0.6
# Of several pieces one is no higher than this, in heights of the sign.
SMALL = 0.66
# Under the left one and over the right one there is no ink, beside the slash by this share of the way and more, but for
# this share of the sign's: there a 9 and a 6 have theirs.
BESIDE, ELSEWHERE = 0.2, 0.04
_SQUARE = np.ones((3, 3), np.uint8)  # closes what a pencil leaves open
# Between dots the slash keeps within that share of the way but for this share of its ink: no digit but a 1 does.
ASTRAY = 0.1
# Of dots there are no more around a sign, so many times as far as the two stand apart: there is dirt.
DIRT = 2.5
# What stands close behind a sign, in its heights, and is so high, shows that it is none: the 90 of 907 looks like one.
CLOSE, AS_HIGH = 1.0, 0.5
# A sign stands behind a number, at most so many of its heights away. One by itself has noughts no larger than this, in
# its heights: an 80 looks like one, and so does a 1 between a speck and its point.
NEAR, SMALL_NOUGHT = 3.0, 0.48


def percent_signs(
    boxes: Sequence[Box], masks: Sequence[Mask], ink: Mask, *, digit_height: float
) -> list[tuple[int, ...]]:
    """The percent signs among pieces of ink.

    Parameters
    ----------
    boxes, masks
        Of each piece where it is, and its ink within.
    ink
        All ink of the page, bool (H, W): the slash may be none of the pieces.
    digit_height
        Of a usual digit, in pixels.

    Returns
    -------
    For each sign the indexes of its pieces; no piece is in two.
    """
    corners = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes], np.float64).reshape(-1, 4)
    noughts = [
        nought
        for k, (box, mask) in enumerate(zip(boxes, masks, strict=True))
        for nought in _noughts(k, box, mask, digit_height)
    ]
    dots = np.array([(nought.x, nought.y) for nought in noughts if nought.is_dot]).reshape(-1, 2)
    signs: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for left, right in _pairs(noughts, REACH * digit_height):
        if {left.piece, right.piece}.isdisjoint(taken):
            pieces = {left.piece, right.piece}
            middle = ((left.x + right.x) / 2, (left.y + right.y) / 2)
            if left.is_dot and _is_dirt(dots, middle, right.x - left.x):
                continue
            holding = (corners[:, :2] <= middle).all(axis=1) & (corners[:, 2:] >= middle).all(axis=1)
            pieces |= {k for k in np.flatnonzero(holding).tolist() if k not in taken}
            sign = tuple(sorted(pieces))
            height = corners[list(sign), 3].max() - corners[list(sign), 1].min()
            if height < LEAST_HEIGHT * digit_height or (left.is_dot and len(sign) < 3):
                continue
            is_small = not left.is_dot and max(left.size, right.size) <= SMALL_NOUGHT * height
            if not (is_small or _is_behind_some(corners, sign)):
                continue
            own = {k: masks[k] for k in sign}
            if _ends(corners, sign) and _is_sign(corners[list(sign)], own, ink, left, right):
                signs.append(sign)
                taken.update(sign)
    return signs


@dataclass(frozen=True, slots=True)
class _Nought:
    """What may be a nought or a dot of a percent sign: its piece of ink, its middle on the page, its size."""

    piece: int
    x: float
    y: float
    size: float
    is_dot: bool = False


def _noughts(piece: int, box: Box, mask: Mask, digit_height: float) -> list[_Nought]:
    """The papers that a piece of ink runs around, or the piece itself, if it is small."""
    # Fine enough for their sign, and no slower for a large one.
    step = max(1, max(mask.shape) // FINE)
    mask = mask[::step, ::step]
    if min(mask.shape) >= 5:
        # People do not always close them.
        gap = max(3, round(GAP * max(mask.shape)) | 1)
        framed = cv2.copyMakeBorder(mask.astype(np.uint8), gap, gap, gap, gap, cv2.BORDER_CONSTANT, value=0)
        closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
        outlines, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        # What has a parent runs along the ink around a hole.
        holes = [cv2.boundingRect(o) for o, parent in zip(outlines, tree[0][:, 3], strict=True) if parent >= 0]
        if len(holes) > MOST_PAPERS:
            return []
        papers = [
            _Nought(
                piece,
                box.x0 + (x + width / 2 - gap) * step,
                box.y0 + (y + height / 2 - gap) * step,
                OUTER * math.sqrt((width - 2) * (height - 2)) * step,
            )
            for x, y, width, height in holes
            if (width - 2) * (height - 2) >= 4
        ]
        if papers and (len(papers) > 1 or max(box.width, box.height) > ALONE * digit_height):
            return papers
    low, high = sorted((box.width, box.height))
    is_dot = high <= DOT * digit_height
    if high <= ALONE * digit_height and (is_dot or (high <= ASPECT * low and _is_bare_within(mask))):
        return [_Nought(piece, (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, math.sqrt(low * high), is_dot)]
    return []


def _is_bare_within(mask: Mask) -> bool:
    rows, columns = (slice(round(side * (0.5 - BARE / 2)), round(side * (0.5 + BARE / 2)) + 1) for side in mask.shape)
    return not mask[rows, columns].any()


def _pairs(noughts: Sequence[_Nought], reach: float) -> Iterator[tuple[_Nought, _Nought]]:
    """The two that may belong to one sign, no farther apart across than ``reach``; from left to right."""
    noughts = sorted(noughts, key=lambda nought: nought.x)
    x, y, size = (np.array([getattr(one, name) for one in noughts]) for name in ("x", "y", "size"))
    piece, is_dot = (np.array([getattr(one, name) for one in noughts]) for name in ("piece", "is_dot"))
    for at, left in enumerate(noughts):
        # They are sorted: behind the last one all are too far away.
        after = slice(at + 1, int(np.searchsorted(x, left.x + min(left.size / WITHIN[0], reach), side="right")))
        across, down = x[after] - left.x, y[after] - left.y
        way, high, low = np.hypot(across, down), np.maximum(size[after], left.size), np.minimum(size[after], left.size)
        alike = (is_dot[after] == left.is_dot) & (high <= ALIKE * low)
        toward = (down > 0) & (TOWARD[0] * down <= across) & (across <= TOWARD[1] * down)
        small = high <= np.where(piece[after] != left.piece, WITHIN[1], WITHIN_ONE) * way
        large = low >= (WITHIN[0] if left.is_dot else LEAST_NOUGHT) * way
        for k in np.flatnonzero(alike & toward & small & large).tolist():
            yield left, noughts[at + 1 + k]


def _is_dirt(dots: NDArray[np.float64], middle: tuple[float, float], across: float) -> bool:
    """Whether there are more dots than two around a point."""
    near = (np.abs(dots - middle) <= DIRT * across).all(axis=1)
    return int(near.sum()) > 2


def _ends(corners: NDArray[np.float64], pieces: Sequence[int]) -> bool:
    """Whether nothing that is about as high stands close behind some pieces, as a digit would."""
    (x0, _, x1, _), height, as_high = _others_as_high(corners, pieces)
    return not (as_high & (corners[:, 0] > (x0 + x1) / 2) & (corners[:, 0] < x1 + CLOSE * height)).any()


def _is_behind_some(corners: NDArray[np.float64], pieces: Sequence[int]) -> bool:
    """Whether something that is about as high stands before some pieces, as a number does."""
    (x0, *_), height, as_high = _others_as_high(corners, pieces)
    middles = (corners[:, 0] + corners[:, 2]) / 2
    return bool((as_high & (middles < x0) & (corners[:, 2] > x0 - NEAR * height)).any())


def _others_as_high(
    corners: NDArray[np.float64], pieces: Sequence[int]
) -> tuple[NDArray[np.float64], float, NDArray[np.bool_]]:
    """The box of some pieces, its height, and which of the others share enough of that with it, bool (N,)."""
    own = corners[list(pieces)]
    box = np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])
    height = float(box[3] - box[1])
    as_high = np.minimum(corners[:, 3], box[3]) - np.maximum(corners[:, 1], box[1]) >= AS_HIGH * height
    as_high[list(pieces)] = False
    return box, height, as_high


def _is_sign(corners: NDArray[np.float64], masks: Mapping[int, Mask], ink: Mask, left: _Nought, right: _Nought) -> bool:
    """Whether pieces of ink are two noughts and a slash between them, and nothing else."""
    x0, y0 = corners[:, :2].min(axis=0).astype(int).tolist()
    x1, y1 = corners[:, 2:].max(axis=0).astype(int).tolist()
    one, two = np.array([left.x - x0, left.y - y0]), np.array([right.x - x0, right.y - y0])
    way = float(np.hypot(*(two - one)))
    if max(x1 - x0, y1 - y0) > REACH * way:
        return False
    heights = corners[:, 3] - corners[:, 1]
    if len(corners) > 1 and heights.min() > SMALL * (y1 - y0):
        return False  # two digits
    own = np.zeros((y1 - y0, x1 - x0), bool)
    slash = np.zeros_like(own)
    for (left_side, top, _, _), (piece, mask) in zip(corners.astype(int).tolist(), masks.items(), strict=True):
        box = slice(top - y0, top - y0 + mask.shape[0]), slice(left_side - x0, left_side - x0 + mask.shape[1])
        own[box] |= mask
        if piece not in (left.piece, right.piece):
            slash[box] |= mask
    step = max(1, int(way) // (FINE // 2))
    # The slash may be none of the pieces, and reach beyond them.
    room = min(x0, int(way / 2))
    around = cv2.dilate(ink[y0:y1, x0 - room : x1 + int(way / 2)].astype(np.uint8), _SQUARE)[::step, ::step] > 0
    own, slash = own[::step, ::step], slash[::step, ::step]
    one, two, way, room = one / step, two / step, way / step, room / step
    points, of_slash = _points(own), _points(slash)
    beside = BESIDE * way
    run, span = (RUN, SPAN) if len(corners) > 1 else IN_ONE
    for place, up in _slashes(around, (one + two) / 2 + [room, 0], way, run=run, span=span):
        middle = place - [room, 0]
        if left.is_dot and up[0] < -LEAN_OF_DOTS * up[1]:
            continue
        rightward = np.array([-up[1], up[0]])
        if left.is_dot and (np.abs((of_slash - middle) @ rightward) > beside).sum() > ASTRAY * len(of_slash):
            continue
        along, across = (points - middle) @ up, (points - middle) @ rightward
        under = (across < -beside) & (along < (one - middle) @ up - left.size / (2 * step) - beside / 2)
        over = (across > beside) & (along > (two - middle) @ up + right.size / (2 * step) + beside / 2)
        if (under | over).sum() <= ELSEWHERE * len(points):
            return True
    return False


def _points(ink: Mask) -> Point:
    """The middles of the pixels of ink, (N, 2): x and y."""
    return np.asarray(np.argwhere(ink)[:, ::-1] + 0.5, np.float64)


def _slashes(ink: Mask, middle: Point, way: float, *, run: float, span: float) -> Iterator[tuple[Point, Point]]:
    """The straight strokes that run near a point for long enough: a point of each, and its direction, upward."""
    ups = np.stack([LEANS, np.full(len(LEANS), -1.0)], axis=1) / np.hypot(LEANS, 1.0)[:, None]
    starts = middle + np.stack([ASIDES * way, np.zeros(len(ASIDES))], axis=1)
    starts = starts[_on(ink, starts)]
    half = int(np.ceil(1.5 * max(way, ink.shape[0] / 2)))
    steps = np.arange(-half, half + 1)
    # (leans, starts, steps, 2)
    off = ~_on(ink, starts[None, :, None] + steps[None, None, :, None] * ups[:, None, None])
    off[..., 0] = off[..., -1] = True  # every run has ends
    lengths = off[..., half:].argmax(axis=2) + off[..., half::-1].argmax(axis=2)
    rises = lengths * -ups[:, None, 1]
    for lean, start in np.argwhere((lengths >= run * way) & (rises >= span * ink.shape[0])).tolist():
        yield starts[start], ups[lean]


def _on(ink: Mask, points: NDArray[np.float64]) -> Mask:
    """Whether there is ink at points (…, 2)."""
    x, y = np.floor(points[..., 0]).astype(int), np.floor(points[..., 1]).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < ink.shape[1]) & (y < ink.shape[0])
    return np.asarray(inside & ink[y.clip(0, ink.shape[0] - 1), x.clip(0, ink.shape[1] - 1)])
