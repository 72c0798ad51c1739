"""Shapes filled with one color are no digits: a disc is no zero.

Paper is what reaches across the widest stroke (:mod:`inkread.clean`), so that of a shape wider than that the edges
alone are ink, and look like the strokes of a digit. The picture itself tells: within a digit there is paper.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import Box
from inkread.parts import CleanPage

__all__ = ["ON_STROKE", "PAPER", "values_at", "without_solid_shapes"]

# Paper reaches across a sixth of the short side of a picture: digits lower or narrower than this share of it are ink
# throughout, and are not looked at.
LEAST_SHARE = 0.1
# Points along each side of the place that is looked at, and how much of it lies beyond the digit's box, in its sides.
POINTS, BEYOND = 32, 0.15
# Ink from which a point lies on a stroke, and up to which it is paper.
ON_STROKE, PAPER = 0.6, 0.1
# A shape is solid where this share of what is no stroke in its box is nearer in color to its strokes than to the paper
# around it.
SOLID = 0.6


def without_solid_shapes(reading: PageReading, page: CleanPage, pixels: NDArray[np.uint8]) -> PageReading:
    """The reading without lines of which every second digit is the edges of a shape filled with one color.

    A bold digit among others may be seen by its edges too, and stays.

    Parameters
    ----------
    reading
        Boxes in pixels of the clean page.
    page
        What it was read from.
    pixels
        (H, W, 3): the picture of which the page was made.
    """
    least = LEAST_SHARE * min(page.ink.shape)

    def kept(line: ChosenLine) -> ChosenLine:
        # Most lines have none, and are not looked at beyond their first half.
        hollow = 0
        for box in line.boxes:
            hollow += min(box.width, box.height) < least or not _is_solid(box, page, pixels)
            if 2 * hollow > len(line.boxes):
                return line
        return line.only([])

    return replace(reading, lines=tuple(kept(line) for line in reading.lines))


def _is_solid(box: Box, page: CleanPage, pixels: NDArray[np.uint8]) -> bool:
    """Whether what lies between the strokes of a digit has their color, and not that of the paper around it."""
    steps = np.linspace(-BEYOND, 1 + BEYOND, POINTS)
    x, y = (values.ravel() for values in np.meshgrid(box.x0 + steps * box.width, box.y0 + steps * box.height))
    ink = values_at(page.ink, np.stack([x, y], axis=1))
    colors = values_at(pixels, page.to_source.apply(np.stack([x, y], axis=1))).astype(np.float64)
    within = (box.x0 <= x) & (x < box.x1) & (box.y0 <= y) & (y < box.y1)
    strokes, between, around = within & (ink >= ON_STROKE), within & (ink < ON_STROKE), ~within & (ink <= PAPER)
    if not (strokes.any() and between.any() and around.any()):
        return False
    of_strokes, of_paper = np.median(colors[strokes], axis=0), np.median(colors[around], axis=0)
    to_strokes, to_paper = (np.abs(colors[between] - color).sum(axis=1) for color in (of_strokes, of_paper))
    return float((to_strokes < to_paper).mean()) >= SOLID


def values_at(values: NDArray[Any], points: NDArray[np.float64]) -> NDArray[Any]:
    """The values at the nearest pixels to some points (N, 2), those beyond the sides moved to them."""
    columns, rows = np.clip(np.floor(points).astype(int), 0, np.array(values.shape[1::-1]) - 1).T
    return np.asarray(values[rows, columns])
