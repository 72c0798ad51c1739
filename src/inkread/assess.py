"""What is wrong with a picture: measured on its pixels and on the marks that were found there.

Says that a picture is too dark, blurred, small or faint, that a glare hides some of it, or that its writing is cut off.
Whether what was read is right is not judged here, and nothing is mended.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import components_of
from inkread.geometry import Box
from inkread.parts import CleanPage, DigitInk, PageImage
from inkread.results import Problem

__all__ = ["PictureCondition", "assess", "measure_condition"]

# Side of the sample of pixels on which light is measured: a spot of light needs no detail.
SAMPLE_SIDE = 200
# Marks looked at, evenly over the page, since a camera's focus changes slowly over it; and their rows and columns.
MOST_MARKS, MOST_LINES = 8, 24
# Where no mark was found, ink this strong in pieces this high (pixels) may be writing that is too small or too faint:
# this many pieces, of which this share are about as high as the middle one.
PIECE_INK, LEAST_PIECE, LEAST_PIECES, ALIKE, ALIKE_SHARE = 0.25, 4, 6, 0.4, 0.6

# The brightest of a picture darker than this (grey, of 255) leaves the camera's noise as strong as ink. No camera sees
# nothing at all: what is black throughout was drawn.
DARK = 40.0
# Light that leaves no ink has all three channels at their end. It is a glare where it is this share of the picture, on
# paper that is darker, and falls off slowly: the edge of a white sheet on a dark desk does not.
BLOWN_OUT, GLARE_SHARE, GLARE_PAPER, GLARE_RIM = 250, 0.01, 215, 215.0
# A digit this low (pixels) has strokes of one pixel that merge.
SMALL = 9.0
# Digits blurred by this share of their height: a pen's line is about a tenth as wide, and fades. The most blurred of 84
# real pictures has 0.036; blurred on purpose, those below 0.05 are still read, and of those above 0.055 one in ten.
BLURRED = 0.055
# Ink that differs from the paper by this share of the paper's brightness drowns in the grain of paper and of cameras.
FAINT = 0.07
# Ink this strong, this near to the picture's edge (pixels), along this share of a digit's height, runs on beyond it.
CUT_INK, EDGE, CUT_SHARE = 0.5, 1.0, 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCondition:
    """Measures of a picture; None where there is nothing to take them from.

    Attributes
    ----------
    brightness
        Grey level of its bright parts, in [0, 255].
    glare_share
        Share of the picture that a glare has blown out, in [0, 1].
    mark_height
        Height of the usual mark in pixels of the clean page.
    blur
        Standard deviation of the blur of edges, in heights of a mark.
    contrast
        Difference between ink and paper as a share of the paper's brightness, in [0, 1].
    cut_digits
        How many digits the picture's edge cuts.
    """

    brightness: float
    glare_share: float
    mark_height: float | None
    blur: float | None
    contrast: float | None
    cut_digits: int


def assess(
    picture: PageImage,
    page: CleanPage,
    *,
    marks: Sequence[Box],
    digits: Sequence[DigitInk],
    is_cropped: bool = False,
) -> Problem | None:
    """What is wrong with a picture, the worst first; None where nothing is.

    Parameters
    ----------
    picture
        As it was taken.
    page
        Its clean page.
    marks
        Boxes of marks of a digit's size on the clean page.
    digits
        The digits read among them; their ink leads to pixels of the picture.
    is_cropped
        Whether the picture was cut to its writing, as that of one line is: then nothing is cut off.
    """
    condition = measure_condition(picture, page, marks=marks, digits=digits)
    if not digits and 0 < condition.brightness < DARK:
        return Problem("too_dark")
    if condition.glare_share >= GLARE_SHARE:
        return Problem("glare")
    if condition.mark_height is not None and condition.mark_height < SMALL:
        return Problem("too_small")
    if condition.blur is not None and condition.blur > BLURRED:
        return Problem("too_blurred")
    if not digits and condition.contrast is not None and condition.contrast < FAINT:
        return Problem("low_contrast")
    return Problem("cut_off") if condition.cut_digits and not is_cropped else None


def measure_condition(
    picture: PageImage, page: CleanPage, *, marks: Sequence[Box], digits: Sequence[DigitInk]
) -> PictureCondition:
    """The measures of a picture; parameters as for :func:`assess`."""
    step = max(1, round(max(picture.height, picture.width) / SAMPLE_SIDE))
    sample = np.ascontiguousarray(picture.pixels[::step, ::step])
    grey = np.asarray(cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY), np.uint8)
    passed = np.cumsum(np.bincount(grey.ravel(), minlength=256)) / grey.size
    median, brightest = (int(np.searchsorted(passed, share)) for share in (0.5, 0.998))
    marks = marks or _pieces(page.ink)
    few = marks[:: -(-len(marks) // MOST_MARKS)] if marks else ()
    edges = [edge for edge in (_edge(picture, page, mark) for mark in few) if edge is not None]
    return PictureCondition(
        brightness=float(brightest),
        glare_share=_glare_share(sample, grey) if median <= GLARE_PAPER else 0.0,
        mark_height=float(np.median([mark.height for mark in marks])) if marks else None,
        blur=float(np.median([blur for blur, _ in edges])) if edges else None,
        contrast=float(np.median([contrast for _, contrast in edges])) if edges else None,
        cut_digits=sum(_is_cut(picture, digit) for digit in digits),
    )


def _pieces(ink: NDArray[np.float32]) -> list[Box]:
    """Boxes of pieces of ink that may be writing though none was found; specks and textures differ in height."""
    _, stats, _ = components_of((ink > PIECE_INK).astype(np.uint8))
    stats = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= LEAST_PIECE]
    if len(stats) < LEAST_PIECES:
        return []
    heights = stats[:, cv2.CC_STAT_HEIGHT]
    alike = np.abs(heights / np.median(heights) - 1) <= ALIKE
    if alike.mean() < ALIKE_SHARE:
        return []
    return [Box(x, y, x + width, y + height) for x, y, width, height, _ in stats[alike].tolist()]


def _glare_share(sample: NDArray[np.uint8], grey: NDArray[np.uint8]) -> float:
    """Share of the largest spot of blown-out light in a sample of pixels, uint8 (H, W, 3), whose grey is given too."""
    spots = cv2.inRange(sample, (BLOWN_OUT,) * 3, (255,) * 3) & 1
    spots = np.asarray(cv2.morphologyEx(spots, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
    if count < 2:
        return 0.0
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    spot = (labels == largest).astype(np.uint8)
    rim = cv2.dilate(spot, np.ones((7, 7), np.uint8)) - cv2.dilate(spot, np.ones((3, 3), np.uint8))
    if not rim.any() or float(np.median(grey[rim > 0])) < GLARE_RIM:
        return 0.0
    return float(stats[largest, cv2.CC_STAT_AREA] / spots.size)


def _edge(picture: PageImage, page: CleanPage, mark: Box) -> tuple[float, float] | None:
    """How far the edges of a mark's ink are blurred, in its heights, and its contrast; None where there is no ink.

    The steepest slope of a step that a Gaussian has blurred is its height over the standard deviation times √(2π).
    """
    box = page.to_source.apply_to_box(mark).box
    x0, y0 = max(0, int(box.x0) - 2), max(0, int(box.y0) - 2)
    crop = picture.pixels[y0 : int(box.y1) + 3, x0 : int(box.x1) + 3, 1]
    if min(crop.shape) < 3:
        return None
    rows = crop[:: -(-crop.shape[0] // MOST_LINES)].astype(np.float32)
    columns = crop[:, :: -(-crop.shape[1] // MOST_LINES)].T.astype(np.float32)
    steepest = max(_most(np.abs(np.diff(lines)).max(axis=1)) for lines in (rows, columns))
    low, high = -_most(-rows.min(axis=1)), _most(rows.max(axis=1))
    if steepest <= 0:
        return None
    blur = (high - low) / (steepest * math.sqrt(2 * math.pi))
    return blur / max(box.height, box.width), (high - low) / max(high, 1.0)


def _most(values: NDArray[np.float32]) -> float:
    """The value that nine of ten do not exceed."""
    return float(np.sort(values)[int(0.9 * (len(values) - 1))])


def _is_cut(picture: PageImage, digit: DigitInk) -> bool:
    height, width = digit.ink.shape
    box = digit.to_source.apply_to_box(Box(0, 0, width, height)).box
    if box.x0 > EDGE and box.y0 > EDGE and box.x1 < picture.width - EDGE and box.y1 < picture.height - EDGE:
        return False
    rows, columns = np.nonzero(digit.ink > CUT_INK)
    x, y = digit.to_source.apply(np.column_stack([columns, rows]) + 0.5).T
    at_edge = (x < EDGE) | (y < EDGE) | (x > picture.width - EDGE) | (y > picture.height - EDGE)
    return bool(at_edge.sum() >= max(2.0, CUT_SHARE * height))
