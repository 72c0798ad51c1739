"""A picture that one number fills: what somebody drew, or cut out of a form, calls for less caution than a page.

On a page a lone stroke may be dirt, and a mark among letters a letter. Neither fills a picture as often as a digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean import CleanOptions, clean
from inkread.clean.tone import at_most, ink_grey
from inkread.components import components_of
from inkread.decode.choose import PageReading
from inkread.find import STRONG_INK, as_one_line, ink_box
from inkread.geometry import PageTransform
from inkread.parts import CleanPage, PageImage
from inkread.reader.views import View
from inkread.recognize.mend import is_grainy
from inkread.recognize.prepare import INPUT_SIDE, as_unit_range, to_ink

__all__ = ["or_as_crop", "or_number_alone"]

Read = Callable[[CleanPage], PageReading]
ReadCrop = Callable[[CleanPage, NDArray[np.uint8]], PageReading]

# A number fills a picture whose ink is this share as high, strokes under it and dirt left out; and whose largest marks,
# so many, hold this share of it. Words have more of them, and photographs.
FILLS, MOST_MARKS, MOST_INK = 0.3, 3, 0.9
# One digit is at most so many times as wide as high; a few are within this range.
ONE_WIDE, SEVERAL_WIDE = 1.5, (1.0, 2.0)
# How sure one digit must be, and a few together: letters that stand alone look like one digit or two. And how sure one
# whose ink was taken for paper at first.
SURE_DIGIT, SURE_NUMBER, SURE_OTHER = 0.9, 0.4, 0.97
# Long side of a picture that is looked at as a crop, in pixels: a digit needs no more.
CROP_SIDE = 256


def or_number_alone(
    view: View, picture: PageImage, options: CleanOptions, *, as_digit: Read, as_line: Read, as_crop: ReadCrop
) -> View:
    """The view of a page, or where nothing is read in it, that of the number that fills it.

    Parameters
    ----------
    view
        A page, and what was read of it.
    picture, options
        What the page was made of, and how: bold digits cover so much of it that they may be taken for the paper.
    as_digit, as_line
        What reads a page as a single digit, and as a single line.
    as_crop
        As for :func:`or_as_crop`.
    """
    if view.reading.count:
        return view
    wide = _width_of_filling(view.page)
    if wide <= ONE_WIDE:
        one = or_as_crop(replace(view, reading=as_digit(view.page)), picture, as_crop)
        if one.reading.probability >= SURE_DIGIT:
            return one
    if SEVERAL_WIDE[0] <= wide <= SEVERAL_WIDE[1]:
        several = as_line(view.page)
        if several.count > 1 and several.probability >= SURE_NUMBER:
            return replace(view, reading=several)
    if not view.page.is_polarity_sure:
        page = clean(picture, options, against_odds=True)
        if _width_of_filling(page) <= ONE_WIDE:
            other = as_digit(page)
            if other.probability >= SURE_OTHER:
                return replace(view, page=page, reading=other)
    return view


def or_as_crop(view: View, picture: PageImage, read: ReadCrop) -> View:
    """The view of a picture of one digit, or where it is not sure, that of it as a crop, where this is surer.

    Cleaning knows pages, with paper around their ink; a digit that is cut out closely leaves none, and fewer pixels
    than paper and noise are told from.

    Parameters
    ----------
    view
        The picture, and what was read of it.
    picture
        What it was made of.
    read
        What reads ink that was not cleaned, and its grey.
    """
    if view.reading.probability >= SURE_DIGIT:
        return view
    grey = at_most(ink_grey(picture.pixels), CROP_SIDE)
    if min(grey.shape) > INPUT_SIDE and is_grainy(as_unit_range(grey)):
        return view  # bare paper; in fewer pixels strokes look like grain
    height, width = grey.shape
    (ink,) = to_ink([grey])
    page = CleanPage(ink=ink, to_source=PageTransform.scaling(picture.width / width, picture.height / height))
    reading = read(page, grey)
    is_surer = reading.probability > view.reading.probability
    return replace(view, page=page, reading=reading) if is_surer else view


def _width_of_filling(page: CleanPage) -> float:
    """How many times as wide as high the ink of a page is that is filled by a few marks; else not a number."""
    box, word = ink_box(page), as_one_line(page)
    if box is None or word is None or word.digit_height < FILLS * page.ink.shape[0]:
        return math.nan
    return box.width / box.height if _share_of_largest(page) >= MOST_INK else math.nan


def _share_of_largest(page: CleanPage) -> float:
    """How much of a page's strong ink its largest marks hold."""
    _, stats, _ = components_of((page.ink > STRONG_INK).astype(np.uint8))
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])
    return float(areas[-MOST_MARKS:].sum() / areas.sum())
