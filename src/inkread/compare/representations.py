"""What an algorithm sees of a digit: its pixels, the directions of its edges, its skeleton, or its outline.

Every function takes prepared ink, float32 (N, 28, 28) in [0, 1], and gives float32 (N, features). Nothing is learned
here: the same ink gives the same features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray
from inkread.recognize.prepare import INPUT_SIDE

__all__ = ["REPRESENTATIONS", "Represent", "contour", "hog", "pixels", "represented", "skeleton", "thinned"]

Ink = NDArray[np.float32]
Represent = Callable[[Ink], Ink]

# Ink from which a pixel belongs to the stroke, for skeleton and outline: half of the darkest.
STROKE_LEVEL = 0.5
# Side of a cell and number of unsigned directions of the histograms of gradients: those of Dalal and Triggs, with cells
# of half their side, as a digit of 28 pixels is half as large as their limbs.
CELL_SIDE = 4
DIRECTIONS = 9
# Largest share of a normalized histogram that one direction may have (Dalal and Triggs).
CLIP = 0.2
# Side of the zones in which the steps of an outline are counted, and the steps of a chain code.
ZONE_SIDE = 7
STEPS = 8
# Standard deviation, in pixels, that a skeleton is blurred by, so that a stroke moved by one pixel stays alike.
SKELETON_BLUR = 1.0
# Digits worked on at once: bounds the memory of the histograms to about 60 MB.
_CHUNK = 2000


def pixels(ink: Ink) -> Ink:
    """The ink itself, (N, 784)."""
    return ink.reshape(len(ink), -1)


def hog(ink: Ink) -> Ink:
    """Histograms of oriented gradients, (N, 441): nine directions in 7 × 7 cells of four pixels.

    Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177. Each cell is normalized by the energy of the four blocks of 2 × 2
    cells that it belongs to and the four are averaged (Felzenszwalb et al. 2010, doi:10.1109/TPAMI.2009.167), instead
    of being repeated for every block.
    """
    down, across = np.gradient(ink, axis=(1, 2))
    strength = np.hypot(down, across)
    place = np.mod(np.arctan2(down, across), math.pi) * np.float32(DIRECTIONS / math.pi)  # [0, 9]
    lower = np.floor(place).astype(np.int64) % DIRECTIONS
    share = place - np.floor(place)
    cells = INPUT_SIDE // CELL_SIDE
    histogram = np.zeros((len(ink), cells, cells, DIRECTIONS), np.float32)
    for direction in range(DIRECTIONS):
        # A direction between two bins counts for both, by its nearness.
        votes = strength * ((lower == direction) * (1 - share) + ((lower + 1) % DIRECTIONS == direction) * share)
        histogram[..., direction] = votes.reshape(len(ink), cells, CELL_SIDE, cells, CELL_SIDE).sum(axis=(2, 4))
    energy = np.pad((histogram**2).sum(axis=3), ((0, 0), (1, 1), (1, 1)))
    blocks = energy[:, :-1, :-1] + energy[:, 1:, :-1] + energy[:, :-1, 1:] + energy[:, 1:, 1:]  # (N, 8, 8)
    total = np.zeros_like(histogram)
    for row in (0, 1):
        for column in (0, 1):
            norm = np.sqrt(blocks[:, row : row + cells, column : column + cells] + 1e-2)[..., None]
            total += np.minimum(histogram / norm, CLIP)
    return np.asarray(total.reshape(len(ink), -1) / 4, np.float32)


def skeleton(ink: Ink) -> Ink:
    """The middle line of the strokes, one pixel wide, then blurred by one pixel; (N, 784)."""
    lines = thinned(ink >= STROKE_LEVEL).astype(np.float32)
    blurred = [cv2.GaussianBlur(line, (0, 0), SKELETON_BLUR) for line in lines]
    return np.asarray(blurred, np.float32).reshape(len(ink), -1)


def thinned(stroke: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The skeletons of N shapes (N, H, W), all thinned side by side.

    Zhang and Suen 1984, doi:10.1145/357994.358023.

    Examples
    --------
    >>> bar = np.zeros((1, 5, 9), bool)
    >>> bar[0, 1:4, 1:8] = True
    >>> thinned(bar)[0].sum(axis=0).tolist()
    [0, 0, 1, 1, 1, 1, 0, 0, 0]
    """
    shape = np.pad(stroke, ((0, 0), (1, 1), (1, 1)))
    while True:
        before = int(np.count_nonzero(shape))
        for first in (True, False):
            ring = _ring(shape)
            count = sum(neighbor.astype(np.int8) for neighbor in ring)
            turns = sum((~a & b).astype(np.int8) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
            north, east, south, west = ring[0], ring[2], ring[4], ring[6]
            if first:
                edge = ~(north & east & south) & ~(east & south & west)
            else:
                edge = ~(north & east & west) & ~(north & south & west)
            inner = shape[:, 1:-1, 1:-1]
            inner &= ~((count >= 2) & (count <= 6) & (turns == 1) & edge)
        if int(np.count_nonzero(shape)) == before:
            return np.asarray(shape[:, 1:-1, 1:-1])


def _ring(shape: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The eight neighbors of every pixel, clockwise from the one above."""
    height, width = shape.shape[1] - 2, shape.shape[2] - 2
    steps = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    return [shape[:, y : y + height, x : x + width].copy() for y, x in steps]


def contour(ink: Ink) -> Ink:
    """The outline's steps, (N, 128): how often each of eight directions is taken in each of 4 × 4 zones.

    Freeman's chain code of the outer and the inner outlines (1961, doi:10.1109/TEC.1961.5219197), counted by zone as in
    Kimura and Shridhar 1991, doi:10.1016/0031-3203(91)90074-F. Counts are divided by the length of all outlines.
    """
    zones = INPUT_SIDE // ZONE_SIDE
    counts = np.zeros((len(ink), zones * zones * STEPS), np.float32)
    for row, one in zip(counts, (ink >= STROKE_LEVEL).astype(np.uint8), strict=True):
        outlines = cv2.findContours(one, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]
        for outline in outlines:
            points = outline[:, 0]
            steps = np.roll(points, -1, axis=0) - points
            moved = steps.any(axis=1)
            x, y = steps[moved].T
            direction = np.round(np.arctan2(y, x) / (math.pi / 4)).astype(np.int64) % STEPS
            zone = points[moved] // ZONE_SIDE
            np.add.at(row, (zone[:, 1] * zones + zone[:, 0]) * STEPS + direction, 1)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), np.float32)


REPRESENTATIONS: Mapping[str, Represent] = MappingProxyType(
    {"pixels": pixels, "hog": hog, "skeleton": skeleton, "contour": contour}
)


def represented(inputs: Ink, name: str) -> Ink:
    """The network input of N digits, (N, 1, 28, 28), as the representation ``name`` of :data:`REPRESENTATIONS` sees it.

    Examples
    --------
    >>> represented(np.zeros((3, 1, 28, 28), np.float32), "hog").shape
    (3, 441)
    """
    if inputs.ndim != 4 or inputs.shape[1:] != (1, INPUT_SIDE, INPUT_SIDE):
        raise InvalidArray(f"prepared digits have the shape (N, 1, {INPUT_SIDE}, {INPUT_SIDE}); got {inputs.shape}")
    ink, represent = inputs[:, 0], REPRESENTATIONS[name]
    if not len(ink):
        return represent(np.zeros((1, INPUT_SIDE, INPUT_SIDE), np.float32))[:0]
    return np.concatenate([represent(ink[start : start + _CHUNK]) for start in range(0, len(ink), _CHUNK)])
