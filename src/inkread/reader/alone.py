"""A picture that one number fills: what somebody drew, or cut out of a form, calls for less caution than a page.

On a page a lone stroke may be dirt, and a mark among letters a letter. Neither fills a picture as often as a digit.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from inkread.components import components_of
from inkread.decode.choose import PageReading
from inkread.find import STRONG_INK, as_one_line, ink_box
from inkread.parts import CleanPage

__all__ = ["or_number_alone"]

Read = Callable[[CleanPage], PageReading]

# A number fills a picture whose ink is this share as high, strokes under it and dirt left out; and whose largest marks,
# so many, hold this share of it. Words have more of them, and photographs.
FILLS, MOST_MARKS, MOST_INK = 0.3, 3, 0.9
# One digit is at most so many times as wide as high; a few are within this range.
ONE_WIDE, SEVERAL_WIDE = 1.5, (1.0, 2.0)
# How sure one digit must be, and a few together: letters that stand alone look like one digit or two.
SURE_DIGIT, SURE_NUMBER = 0.9, 0.4


def or_number_alone(page: CleanPage, reading: PageReading, *, as_digit: Read, as_line: Read) -> PageReading:
    """The reading of a page, or where that is nothing, the number that fills it.

    Parameters
    ----------
    page, reading
        A page, and what was read of it.
    as_digit, as_line
        What reads it as a single digit, and as a single line.
    """
    box, word = ink_box(page), as_one_line(page)
    if reading.count or box is None or word is None:
        return reading
    if word.digit_height < FILLS * page.ink.shape[0] or _share_of_largest(page) < MOST_INK:
        return reading
    wide = box.width / box.height
    if wide <= ONE_WIDE:
        digit = as_digit(page)
        if digit.count and _sureness(digit) >= SURE_DIGIT:
            return digit
    if SEVERAL_WIDE[0] <= wide <= SEVERAL_WIDE[1]:
        several = as_line(page)
        if several.count > 1 and _sureness(several) >= SURE_NUMBER:
            return several
    return reading


def _share_of_largest(page: CleanPage) -> float:
    """How much of a page's strong ink its largest marks hold."""
    _, stats, _ = components_of((page.ink > STRONG_INK).astype(np.uint8))
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])
    return float(areas[-MOST_MARKS:].sum() / areas.sum())


def _sureness(reading: PageReading) -> float:
    """The probability that all digits are right, as far as they do not depend on each other."""
    return float(np.prod([p.max() for line in reading.lines for p in line.probabilities]))
