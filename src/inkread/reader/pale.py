"""Strokes that are far paler than a page's digits are no ones, but pieces of rules, folds and patterns.

Cleaning lifts what is faint to full ink where nothing stronger stands near it (:mod:`inkread.clean`), and a straight
piece of a rule then looks like a one as any other. The picture itself tells how far each stands out of the paper.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import Box
from inkread.parts import CleanPage
from inkread.reader.solid import colors_within

__all__ = ["without_pale_strokes"]

STROKE = "1"
# A one is no piece of a rule from this share of the contrast on that the page's other digits have for the most part.
LEAST_CONTRAST = 0.5


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
    digits = [digit for line in reading.lines for digit in zip(line.boxes, line.text, strict=True)]
    others = [box for box, digit in digits if digit != STROKE]
    if not 0 < len(others) < len(digits):
        return reading
    least = LEAST_CONTRAST * float(np.median([_contrast(box, page, pixels) for box in others]))

    def kept(line: ChosenLine) -> ChosenLine:
        stays = [
            digit != STROKE or _contrast(box, page, pixels) >= least
            for box, digit in zip(line.boxes, line.text, strict=True)
        ]
        return line if all(stays) else line.only([k for k, stay in enumerate(stays) if stay])

    return replace(reading, lines=tuple(kept(line) for line in reading.lines))


def _contrast(box: Box, page: CleanPage, pixels: NDArray[np.uint8]) -> float:
    """How far the color of a digit's strokes is from that of the paper around it, as a share of the paper's."""
    of_strokes, _, of_paper = colors_within(box, page, pixels)
    if not (len(of_strokes) and len(of_paper)):
        return 0.0
    stroke, paper = np.median(of_strokes, axis=0), np.median(of_paper, axis=0)
    return float(np.abs(paper - stroke).max() / max(1.0, float(paper.max())))
