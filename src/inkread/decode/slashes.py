"""Slashes among digits: strokes that read as ones, and lean more than the ones of the same hand.

No crop of such a stroke alone can tell. What can is how it leans beside the digits around it, and that two of them part
a day, a month and a year, or a straight fine one two short numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inkread.components import crookedness, slenderness
from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import Box
from inkread.parts import DIGITS, LineOfCandidates

__all__ = ["lean", "possible_slashes", "without_slashes"]

# A one between digits that leans (dx/dy) by this much more than they, or is this many times as high, may be a slash.
LEAN, HEIGHT = 0.22, 1.2
# What a slash is read as, or as no digit.
PARTING = ("1", "")
# In a date a little less will do, but they lean alike up to this, more than every one beside them by this, and are
# straight: thinner than this share of their length, both by the spread of their ink.
DATE_LEAN, ALIKE, BEYOND_ONES, STRAIGHT = 0.12, 0.6, 0.1, 0.2
# So plainly leaning ones part a date of ten characters though it be none.
PLAIN_LEAN = 0.3
# Strokes that were read as no digit may be slashes from this share of a digit's height.
LEFT_HEIGHT = 0.6
# A short date, 2/3/45, may be a number with two ones: they lean at least by this.
SHORT_DATE, SHORT_DATE_LEAN = 8, 0.3
LEAST_LENGTH, MOST_LENGTH = len("1/2/34"), len("12/34/5678")
LEAST_PARTED = len("1/2")
MONTHS, DAYS = 12, 31
# One slash, as in 8/10, leans more than the usual digit beside it, than every other one, and than every other digit, by
# this, and is this fine; the numbers beside it are this short. Between numbers of so many digits or more it may be
# thicker, but no more crooked than this; in 612 it may be a one. Of 885 ones within numbers of composed pages,
# half of them in the hands of 77 writers of DigiLeTs, two are taken, of 170 within touching digits, cheques and rows
# (development parts) none, of 286 slashes 85 in a hundred.
ALONE_LEAN, BEYOND_OTHER_ONES, BEYOND_DIGITS, FINE, SHORT = 0.2, 0.2, 0.1, 0.08, 3
THICK_BETWEEN, CROOKED = 2, 1.2
# Dates end where a gap is this many heights of a digit.
GAP = 1.2
# The slash that ends an amount, as in 500/- and 500/=, is this straight, leans by this more than the usual digit before
# it, and more than every one before it. One dash or two stand beside it, no farther away than this, in heights of the
# slash; they are so long and together no higher than this, hardly higher than long, and lie within its height but for
# this share at its ends.
AMOUNT_STRAIGHT, AMOUNT_LEAN = 0.12, 0.25
DASH_NEAR, DASH_LENGTH, DASH_HEIGHT, DASH_ASPECT, DASH_WITHIN = 0.6, 0.12, 0.45, 0.85, 0.15


def possible_slashes(line: ChosenLine, own: Sequence[int]) -> int:
    """How many of a word's digits were read as ones and may be slashes.

    Parameters
    ----------
    line, own
        The line, and the indexes of the word's digits.
    """
    ones = [k for k in own[1:-1] if _value(line, k) == 1]
    others = [k for k in own if _value(line, k) != 1]
    if not ones or not others:
        return 0
    height, upright = _usual(line, others)
    return sum(line.boxes[k].height >= HEIGHT * height or lean(line.inks[k]) >= upright + LEAN for k in ones)


def without_slashes(reading: PageReading, found: Sequence[LineOfCandidates] = ()) -> PageReading:
    """The reading without the ones that part a date, or two numbers; where they stood is kept in the lines' signs.

    Parameters
    ----------
    reading
        As the digit network or the line network gives it.
    found
        Its lines as they were found, where they were: a stroke that was read as no digit may be a slash too.
    """
    if not any(len(line.boxes) >= LEAST_PARTED for line in reading.lines):
        return reading
    strokes = [_strokes(line, one) for line, one in itertools.zip_longest(reading.lines, found)]
    ones = [stroke for own in strokes for stroke in own if stroke.text == "1"]
    lines = list(reading.lines)
    for number, (line, own) in enumerate(zip(reading.lines, strokes, strict=True)):
        pieces = found[number].pieces if number < len(found) else ()
        slashes = [
            stroke
            for run in _runs(own)
            for stroke in _slashes_of_date(run, ones) or _slash_alone(run, ones) or _slash_of_amount(run, pieces)
        ]
        if slashes:
            places = [stroke.place for stroke in slashes]
            kept = line.only([k for k in range(len(line.boxes)) if k not in places])
            lines[number] = replace(kept, signs=(*line.signs, *(stroke.box for stroke in slashes)))
    return replace(reading, lines=tuple(lines))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stroke:
    """What stands at one place of a line: a digit, or a stroke that was read as none."""

    place: int  # of the digit in its line; -1 for none
    text: str  # the digit; "" for none
    box: Box
    ink: NDArray[np.float32]

    @cached_property
    def lean(self) -> float:
        return lean(self.ink)

    @cached_property
    def thickness(self) -> float:
        return slenderness(self.ink > 0.5)

    @cached_property
    def crookedness(self) -> float:
        return crookedness(self.ink > 0.5)

    @property
    def may_part(self) -> bool:
        return self.text in PARTING and self.thickness <= STRAIGHT


def _strokes(line: ChosenLine, found: LineOfCandidates | None) -> list[_Stroke]:
    """The digits of a line, and its other pieces that are as high as they, left to right."""
    strokes = [
        _Stroke(place=k, text=DIGITS[_value(line, k)], box=line.boxes[k], ink=line.inks[k])
        for k in range(len(line.boxes))
    ]
    if found is not None and strokes:
        taken = {i for start, end in line.spans for i in range(start, end)}
        strokes += [
            _Stroke(place=-1, text="", box=one.box, ink=one.ink)
            for one in found.candidates
            if one.end == one.start + 1
            and one.start not in taken
            and one.box.height >= LEFT_HEIGHT * found.digit_height
        ]
    return sorted(strokes, key=lambda stroke: stroke.box.x0)


def _runs(strokes: Sequence[_Stroke]) -> list[Sequence[_Stroke]]:
    """Strokes without a wide gap between them."""
    if not strokes:
        return []
    height = float(np.median([stroke.box.height for stroke in strokes]))
    gaps = [b.box.x0 - a.box.x1 for a, b in itertools.pairwise(strokes)]
    cuts = [0, *(k + 1 for k, gap in enumerate(gaps) if gap > GAP * height), len(strokes)]
    return [strokes[a:b] for a, b in itertools.pairwise(cuts)]


def _slashes_of_date(run: Sequence[_Stroke], ones: Sequence[_Stroke]) -> Sequence[_Stroke]:
    """The two of a run's strokes that make it a date, or none.

    Parameters
    ----------
    ones
        All ones of the page.
    """
    others = [stroke for stroke in run if stroke.text not in PARTING]
    if not LEAST_LENGTH <= len(run) <= MOST_LENGTH or len(others) < 2:
        return ()
    parting = [k for k, stroke in enumerate(run) if stroke.may_part]
    if len(parting) < 2:
        return ()
    upright = float(np.median([stroke.lean for stroke in others]))
    least = upright + (SHORT_DATE_LEAN if len(run) < SHORT_DATE else DATE_LEAN)
    found: list[tuple[float, Sequence[_Stroke]]] = []
    for i, j in itertools.combinations(parting, 2):
        pair = (run[i], run[j])
        low, high = sorted(stroke.lean for stroke in pair)
        if (
            low >= least
            and high - low <= ALIKE
            and all(low >= one.lean + BEYOND_ONES for one in ones if one not in pair)
            and _is_date(
                *("".join(s.text or "/" for s in part) for part in (run[:i], run[i + 1 : j], run[j + 1 :])),
                plainly=low >= upright + PLAIN_LEAN,
            )
        ):
            found.append((low, pair))
    return max(found, key=lambda one: one[0])[1] if found else ()


def _slash_alone(run: Sequence[_Stroke], ones: Sequence[_Stroke]) -> Sequence[_Stroke]:
    """The one of a run's strokes that parts two short numbers, or none; see :func:`_slashes_of_date`."""
    digits = [stroke for stroke in run if stroke.text]
    others = [stroke for stroke in digits if stroke.text != "1"]
    if not others or len(others) == len(digits):
        return ()
    steepest = max((stroke for stroke in digits if stroke.text == "1"), key=lambda stroke: stroke.lean)
    place = digits.index(steepest)
    before, after = digits[:place], digits[place + 1 :]
    if not (1 <= len(before) <= SHORT and 1 <= len(after) <= SHORT) or [stroke.text for stroke in after] == ["0"]:
        return ()  # nothing is written over 0: the slash and its noughts are a percent sign
    may_be_thick = min(len(before), len(after)) >= THICK_BETWEEN and steepest.may_part
    if steepest.thickness > FINE and not (may_be_thick and steepest.crookedness <= CROOKED):
        return ()
    leans = [stroke.lean for stroke in others]
    least = max(
        float(np.median(leans)) + ALONE_LEAN,
        max(leans) + BEYOND_DIGITS,
        max((one.lean for one in ones if one is not steepest), default=-np.inf) + BEYOND_OTHER_ONES,
    )
    return (steepest,) if steepest.lean >= least else ()


def _slash_of_amount(run: Sequence[_Stroke], pieces: Sequence[Box]) -> Sequence[_Stroke]:
    """The last of a run's strokes where it parts an amount from a dash, which ends it, or none.

    Parameters
    ----------
    pieces
        All of the line, left to right.
    """
    *before, last = run
    before = [stroke for stroke in before if stroke.text]
    if not before or last.text not in PARTING or not any(_is_dash_beside(piece, last.box) for piece in pieces):
        return ()
    if last.thickness > AMOUNT_STRAIGHT:
        return ()
    others = [stroke.lean for stroke in before if stroke.text != "1"]
    ones = [stroke.lean for stroke in before if stroke.text == "1"]
    least = max(float(np.median(others or ones)) + AMOUNT_LEAN, max(ones, default=-np.inf) + BEYOND_OTHER_ONES)
    return (last,) if last.lean >= least else ()


def _is_dash_beside(piece: Box, stroke: Box) -> bool:
    """Whether a piece of ink is a dash, or two, on the right of a stroke, at half its height."""
    height, middle = stroke.height, (piece.y0 + piece.y1) / 2
    is_long = piece.width >= max(DASH_LENGTH * height, DASH_ASPECT * piece.height)
    is_dash = is_long and piece.height <= DASH_HEIGHT * height
    is_within = stroke.y0 + DASH_WITHIN * height <= middle <= stroke.y1 - DASH_WITHIN * height
    return is_dash and is_within and stroke.center.x < piece.x0 <= stroke.x1 + DASH_NEAR * height


def _is_date(first: str, second: str, third: str, *, plainly: bool = False) -> bool:
    """Whether three numbers are a day, a month and a year, the year at either end.

    Parameters
    ----------
    plainly
        Two digits, two and four of a year are one then, though a digit be read wrong.

    Examples
    --------
    >>> _is_date("21", "10", "1951"), _is_date("2026", "1", "31"), _is_date("31", "17", "84")
    (True, True, False)
    """
    if not (first + second + third).isdigit():
        return False
    if len(first) == 4:
        first, third = third, first
    if not (1 <= len(first) <= 2 and 1 <= len(second) <= 2 and len(third) in (2, 4)):
        return False
    low, high = sorted((int(first), int(second)))
    return (1 <= low <= MONTHS and high <= DAYS) or (plainly and (len(first), len(second), len(third)) == (2, 2, 4))


def _value(line: ChosenLine, k: int) -> int:
    return int(line.probabilities[k].argmax())


def _usual(line: ChosenLine, others: Sequence[int]) -> tuple[float, float]:
    """The middle height and lean of some digits."""
    heights, leans = zip(*((line.boxes[k].height, lean(line.inks[k])) for k in others), strict=True)
    return float(np.median(heights)), float(np.median(leans))


def lean(ink: NDArray[np.float32]) -> float:
    """dx/dy of the ink's main direction among those near the upright, rightward above 0: from its second moments."""
    rows, columns = np.nonzero(ink > 0.5)
    if len(rows) < 2:
        return 0.0
    y, x = rows - rows.mean(), columns - columns.mean()
    return -float((x * y).sum() / max(1.0, float((y * y).sum())))
