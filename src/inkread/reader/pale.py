"""Strokes that are far paler than a page's digits are no ones, but pieces of rules, folds and patterns.

Cleaning lifts what is faint to full ink where nothing stronger stands near it (:mod:`inkread.clean`), and a straight
piece of a rule then looks like a one as any other. The picture itself tells how far each stands out of the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import PageReading
from inkread.geometry import Box
from inkread.parts import CleanPage
from inkread.reader.solid import ON_STROKE, PAPER, values_at

__all__ = ["without_pale_strokes"]

STROKE = "1"
# A one is no piece of a rule, nor the edge of a torn sheet, from this share of the contrast on that the page's other
# digits have for the most part; those that one pen wrote have more by far.
LEAST_CONTRAST = 0.6
# Points along each side of the place that is looked at, and how much of it lies beyond the digit's box, in its sides.
POINTS, BEYOND = 14, 0.25


def without_pale_strokes(reading: PageReading, page: CleanPage, pixels: NDArray[np.uint8]) -> PageReading:
    """The reading without ones that are far paler than the page's other digits.

    Parameters
    ----------
    reading
        Boxes in pixels of the clean page.
    page
        What it was read from.
    pixels
        (H, W, 3): the picture of which the page was made.
    """
    is_stroke = np.array([digit == STROKE for line in reading.lines for digit in line.text], bool)
    if is_stroke.all() or not is_stroke.any():
        return reading
    contrasts = _contrasts([box for line in reading.lines for box in line.boxes], page, pixels)
    stays = ~is_stroke | (contrasts >= LEAST_CONTRAST * np.median(contrasts[~is_stroke]))
    if stays.all():
        return reading
    of_lines = np.split(stays, np.cumsum([len(line.boxes) for line in reading.lines])[:-1])
    lines = zip(reading.lines, of_lines, strict=True)
    return replace(reading, lines=tuple(line.only(np.flatnonzero(stay).tolist()) for line, stay in lines))


def _contrasts(boxes: Sequence[Box], page: CleanPage, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How far the color of each digit's strokes is from that of the paper around it, against the most it could be."""
    x0, y0, x1, y1 = np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes], np.float64).T[..., None]
    steps = np.linspace(-BEYOND, 1 + BEYOND, POINTS)
    x, y = x0 + steps * (x1 - x0), y0 + steps * (y1 - y0)  # (N, POINTS) each
    places = np.stack(np.broadcast_arrays(x[:, None, :], y[:, :, None]), axis=-1)  # (N, POINTS, POINTS, 2)
    points = places.reshape(-1, 2)
    ink = values_at(page.ink, points).reshape(places.shape[:3])
    colors = values_at(pixels, page.to_source.apply(points)).reshape(*places.shape[:3], 3).astype(np.float32)
    beside = ((x < x0) | (x >= x1))[:, None, :] | ((y < y0) | (y >= y1))[:, :, None]
    stroke, paper = _mean(colors, ~beside & (ink >= ON_STROKE)), _mean(colors, beside & (ink <= PAPER))
    is_dark = stroke.sum(axis=1) < paper.sum(axis=1)
    most = np.where(is_dark, paper.max(axis=1), 255 - paper.min(axis=1))
    return np.asarray(np.abs(paper - stroke).max(axis=1) / np.maximum(most, 1.0), np.float64)


def _mean(colors: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The mean colors (N, 3) at the points of a mask (N, POINTS, POINTS), 0 where it has none."""
    counts = mask.sum(axis=(1, 2))
    return np.asarray(np.einsum("nijc,nij->nc", colors, mask.astype(np.float32)) / np.maximum(counts, 1)[:, None])
