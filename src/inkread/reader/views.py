"""Which way a page is held: tilted, on a side, upside down, light ink taken for dark; the way that reads best is taken.

Reading again costs as much as reading, so that other ways are tried only where the first reading leaves doubt.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from inkread.clean import SMALL_SKEW, CleanOptions, clean, estimate_skew, plausible_skews, turned
from inkread.decode.choose import PageReading
from inkread.geometry import PageTransform
from inkread.parts import CleanPage, PageImage

__all__ = ["View", "best_view"]

# A page is held otherwise where it reads clearly better so: at least this many digits, this sure on the average, this
# share of its marks, and this many times as many digits as before.
OTHER_DIGITS, OTHER_CONFIDENCE, OTHER_SHARE, OTHER_GAIN = 3, 0.85, 0.6, 1.5
# Where its lines are longer than before by a factor, that factor less is enough, but for this.
LEAST_GAIN = 1.15
# Of its marks this share is enough where its lines hold so many digits on the average: what lies around a sheet leaves
# marks, and no letters look like so many digits in a row.
LONG_LINE, SHARE_OF_LONG = 5, 0.4
# All of its marks in such lines may be less sure, where these are so many times as long as before.
CONFIDENCE_OF_ALL, FAR_LONGER = 0.75, 2.0
# Where its lines hold less than so many digits on the average, at least so many, and this share of its marks: a word on
# its side is a column of marks, some of which look like digits.
COLUMN_LINE, COLUMN_DIGITS, COLUMN_SHARE = 1.5, 5, 0.9
# That is tried when nothing was read, or less than this share of the marks.
UPRIGHT_SHARE = 0.7
# Of a page upside down more is read, since many digits look like some digit then.
UPSIDE_DOWN_SHARE, UPSIDE_DOWN_GAIN = 0.85, 1.2
# What currency signs look like upside down: a € like a 3, a £ like a 3 or a 7. One such digit more, behind a number
# whose others are read this surely on the average as the page is held, does not say so.
SIGNS_TURNED, FAIRLY_SURE = frozenset("37"), 0.7
# Digits that are digits upside down too, those that then are others, and how many of them say that writing may be so.
TURNABLE, CHANGING, TURNABLE_COUNT = frozenset("01689"), frozenset("69"), 2
# A lone mark that does not read is turned so far (degrees) to both sides, and believed where it is this sure then: of
# 120 letters one more becomes a digit so, at a sureness of 0.9 six.
LONE_TILT, LONE_SURE = 18.0, 0.95
# A strongly tilted page is held otherwise already where less than this share of its marks is read. Other tilts, so many
# degrees from the first, are tried up to this many.
TILTED_SHARE, OTHER_TILT_DISTANCE, OTHER_TILTS = 0.9, 8.0, 2


class Read(Protocol):
    """Reads a page. Where it is not likely to be held so, little that looks like a digit is reason to read nothing."""

    def __call__(self, page: CleanPage, *, is_likely: bool) -> PageReading: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page, held some way, and what is read so.

    Attributes
    ----------
    is_upside_down_unclear
        Whether it reads as well upside down, as other digits.
    """

    page: CleanPage
    reading: PageReading
    is_upside_down_unclear: bool = False


def best_view(picture: PageImage, options: CleanOptions, read: Read, *, try_again: bool = True) -> View:
    """The way to hold a page.

    Parameters
    ----------
    picture
        The page.
    options
        How it is cleaned.
    read
        What reads it.
    try_again
        Whether other ways than the first are tried.
    """
    cleaned = clean(picture, options)
    view = View(page=cleaned, reading=read(cleaned, is_likely=True))
    if not try_again or (view.reading.percent_signs and view.reading.count):
        return view
    if _reads_less(view.reading, UPRIGHT_SHARE):
        view = _or_strong_ink(view, picture, options, read)
    is_tilted = abs(_tilt(view.page)) > SMALL_SKEW
    if _reads_less(view.reading, TILTED_SHARE if is_tilted else UPRIGHT_SHARE):
        view = _held_otherwise(view, picture, options, read, is_tilted=is_tilted)
    if view.reading.marks == 1 and not view.reading.count:
        # A digit alone has no line that would show its tilt.
        pages = (turned(view.page, degrees) for degrees in (-LONE_TILT, LONE_TILT))
        lone = max(_views(pages, read), key=lambda other: other.reading.certainty)
        view = lone if lone.reading.count == 1 and lone.reading.certainty >= LONE_SURE else view
    is_writing = view.reading.count or view.reading.marks >= OTHER_DIGITS
    if is_writing and (_reads_less(view.reading, UPSIDE_DOWN_SHARE) or _may_be_turned(view.reading)):
        page = _quarter_turned(view.page, 2)
        other = View(page=page, reading=read(page, is_likely=False))
        # Letters that stand alone look like digits upside down; side by side they hardly do.
        is_number = (
            view.reading.count or max((len(line.text) for line in other.reading.lines), default=0) >= OTHER_DIGITS
        )
        is_better = is_number and not _has_a_sign_more(other.reading, view)
        # Whole words of letters look like numbers upside down.
        if is_better and _reads_better(other.reading, view.reading, gain=UPSIDE_DOWN_GAIN, share_of_long=OTHER_SHARE):
            view = other
        elif _may_be_turned(view.reading) and other.reading.certainty >= view.reading.certainty:
            view = replace(view, is_upside_down_unclear=True)
    return view


def _or_strong_ink(view: View, picture: PageImage, options: CleanOptions, read: Read) -> View:
    """The page, or where it reads better so that without what is far fainter than its strongest ink."""
    page = clean(picture, options, strong_only=True)
    reading = read(page, is_likely=False)
    is_plain = not _reads_less(reading, UPRIGHT_SHARE)
    return View(page=page, reading=reading) if is_plain and reading.certainty > view.reading.certainty else view


def _held_otherwise(
    view: View,
    picture: PageImage,
    options: CleanOptions,
    read: Read,
    *,
    is_tilted: bool,
) -> View:
    """The page with other lines set straight, on its sides, or in the other polarity, where it reads better so."""
    first = view.page
    untilted = clean(picture, replace(options, max_skew_degrees=0)) if is_tilted else first
    # Numbers in a grid have lines along its columns and diagonals too.
    tilts = _other_tilts(untilted, _tilt(first), options)
    if is_tilted:
        # Numbers scattered over a page have no lines at all.
        view = _best(view, (untilted, *tilts), read, gain=1.0)
    if _reads_less(view.reading, UPRIGHT_SHARE):
        # A number on its side is a column, which may seem tilted.
        held = (first, untilted) if is_tilted else (first,)
        view = _best(view, _other_views(picture, held, options), read, gain=OTHER_GAIN)
    if _reads_less(view.reading, UPRIGHT_SHARE) and not is_tilted:
        view = _best(view, tilts, read, gain=OTHER_GAIN)
    if _reads_less(view.reading, UPRIGHT_SHARE) and is_tilted and view.page is first:
        # Drawings have lines without writing; lines of digits that are longer so are lines of writing.
        upright = View(page=untilted, reading=read(untilted, is_likely=True))
        is_longer = _digits_a_line(view.reading) > _digits_a_line(upright.reading)
        is_no_worse = is_longer and view.reading.certainty >= upright.reading.certainty
        view = view if is_no_worse or _reads_better(view.reading, upright.reading, gain=1.0) else upright
    return view


def _views(pages: Iterable[CleanPage], read: Read) -> Iterator[View]:
    return (View(page=page, reading=read(page, is_likely=False)) for page in pages)


def _best(view: View, pages: Iterable[CleanPage], read: Read, *, gain: float) -> View:
    """The view, or that of the pages which read so much better than it that reads most surely.

    One whose lines are shorter must read better by as much as they are: digits in a grid or in columns make lines along
    its diagonals too, and all of them are read there as well. One whose lines are longer need not read so much better.
    """
    best = view
    for other in _views(pages, read):
        shorter = _digits_a_line(view.reading) / max(1.0, _digits_a_line(other.reading))
        is_better = _reads_better(other.reading, view.reading, gain=max(gain * shorter, min(gain, LEAST_GAIN)))
        if is_better and (best is view or other.reading.certainty > best.reading.certainty):
            best = other
    return best


def _digits_a_line(reading: PageReading) -> float:
    """How many digits a line that holds some has on the average."""
    return reading.count / max(1, sum(bool(line.boxes) for line in reading.lines))


def _other_tilts(untilted: CleanPage, tilt: float, options: CleanOptions) -> Iterator[CleanPage]:
    """The page with other lines than those ``tilt`` degrees off set straight."""
    if options.max_skew_degrees <= SMALL_SKEW:
        return
    tilts = plausible_skews(untilted.ink, max_degrees=options.max_skew_degrees)
    for other in [other for other in tilts if abs(other - tilt) >= OTHER_TILT_DISTANCE][:OTHER_TILTS]:
        yield turned(untilted, -other)


def _other_views(picture: PageImage, held: Sequence[CleanPage], options: CleanOptions) -> Iterator[CleanPage]:
    """The page lying on its sides, however it is held, and with its paper taken for ink where it may be."""
    for cleaned, quarters in itertools.product(held, (1, 3)):
        lying = _quarter_turned(cleaned, quarters)
        # Lines show a tilt better than columns do.
        skew = estimate_skew(lying.ink, max_degrees=options.max_skew_degrees) if options.max_skew_degrees else 0.0
        yield turned(lying, -skew) if skew else lying
    if not held[0].is_polarity_sure:
        yield clean(picture, options, against_odds=True)


def _reads_less(reading: PageReading, share: float) -> bool:
    return not reading.count or reading.certainty < share * reading.marks


def _reads_better(
    other: PageReading, reading: PageReading, *, gain: float, share_of_long: float = SHARE_OF_LONG
) -> bool:
    length = _digits_a_line(other)
    if length < COLUMN_LINE:
        digits, share = COLUMN_DIGITS, COLUMN_SHARE
    else:
        digits, share = OTHER_DIGITS, share_of_long if length >= LONG_LINE else OTHER_SHARE
    is_all = length >= max(LONG_LINE, FAR_LONGER * _digits_a_line(reading)) and other.count == other.marks
    return (
        other.count >= max(digits, share * other.marks)
        and other.certainty >= (CONFIDENCE_OF_ALL if is_all else OTHER_CONFIDENCE) * other.count
        and other.certainty >= gain * reading.certainty
    )


def _has_a_sign_more(turned_over: PageReading, view: View) -> bool:
    """Whether all that speaks for a page upside down is one digit more, which may be the currency sign of a number that
    reads fairly surely as the page is held."""
    rest = view.reading
    if turned_over.count != rest.count + 1 or rest.certainty < FAIRLY_SURE * rest.count:
        return False
    last = [line for line in turned_over.lines if line.boxes][-1]
    sign = view.page.ink.shape[1] - last.boxes[-1].center.x
    is_before = all(sign < box.center.x for line in rest.lines for box in line.boxes)
    return last.text[-1] in SIGNS_TURNED and is_before


def _may_be_turned(reading: PageReading) -> bool:
    digits = [digit for line in reading.lines for digit in line.text]
    return len(digits) >= TURNABLE_COUNT and TURNABLE.issuperset(digits) and not CHANGING.isdisjoint(digits)


def _tilt(page: CleanPage) -> float:
    """How far the page was tilted in its picture, in degrees."""
    matrix = page.to_source.matrix
    return float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))


def _quarter_turned(page: CleanPage, quarters: int) -> CleanPage:
    """The page turned counterclockwise by quarters of a circle, with the way back."""
    height, width = page.ink.shape
    back = {
        1: [[0, -1, width], [1, 0, 0], [0, 0, 1]],
        2: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        3: [[0, 1, 0], [-1, 0, height], [0, 0, 1]],
    }[quarters]
    turned_to_page = PageTransform(np.array(back, np.float64))
    return replace(page, ink=np.rot90(page.ink, quarters), to_source=turned_to_page.then(page.to_source))
