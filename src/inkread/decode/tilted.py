"""Numbers that are tilted by themselves on a page that is held straight, as people write them anywhere on a sheet.

A page is set straight by its lines, and a number that runs up or down by itself stays tilted: its sevens look like ones
then. Here such numbers are found among the digits that were read; set straight they are read once more, by
:mod:`inkread.reader`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import PageTransform
from inkread.parts import CleanPage

__all__ = ["TiltedNumber", "ink_of", "tilted_numbers", "with_second_looks"]

# Digits of one number: how far their boxes lie apart at the most, and how many times as high one is as another.
NEAR, LIKE_HEIGHT = 0.5, 2.0
# The next digit stands at least so far to the right, in heights; below each other they are a column.
APART = 0.3
# How far (degrees) a number is tilted: less does no harm to its digits, more may be a column. Of two digits one often
# stands higher.
LEAST_TILT, LEAST_TILT_OF_TWO, MOST_TILT = 5.0, 12.0, 45.0
# How far (heights) the middles of the digits stray from the number's line.
STRAYS = 0.2
# Digits that are all this sure need no second look.
SURE = 0.99
# So much likelier digits must all be right, set straight. Three and more that are others then may be as much less
# likely: their tilt is no chance, and the networks know few digits that are tilted.
SURER, LESS_SURE = 0.03, 0.05
# Numbers have no more digits, and pages with more than so many are written in lines.
MOST_DIGITS, MOST_ON_PAGE = 16, 200
# Bare paper around a number that is set straight, in heights.
MARGIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TiltedNumber:
    """Digits that run up or down together.

    Attributes
    ----------
    members
        For each digit, from left to right, the number of its line and its number in that line.
    degrees
        By which they fall to the right.
    """

    members: tuple[tuple[int, int], ...]
    degrees: float


def tilted_numbers(reading: PageReading) -> tuple[TiltedNumber, ...]:
    """The numbers of a page that are worth a second look, set straight: tilted ones that are not sure."""
    places = [(i, k) for i, line in enumerate(reading.lines) for k in range(len(line.boxes))]
    if not 2 <= len(places) <= MOST_ON_PAGE:
        return ()
    boxes = np.array([[b.x0, b.y0, b.x1, b.y1] for line in reading.lines for b in line.boxes])
    sureness = [float(p.max()) for line in reading.lines for p in line.probabilities]
    found = []
    for group in _neighbors(boxes):
        if not 2 <= len(group) <= MOST_DIGITS or min(sureness[i] for i in group) >= SURE:
            continue
        degrees = _tilt(boxes[group])
        if degrees is not None:
            found.append(TiltedNumber(members=tuple(places[i] for i in group), degrees=degrees))
    return tuple(found)


def ink_of(reading: PageReading, number: TiltedNumber) -> CleanPage:
    """The ink of a number alone; ``to_source`` leads to the page that it stands on."""
    boxes = [reading.lines[i].boxes[k] for i, k in number.members]
    inks = [reading.lines[i].inks[k] for i, k in number.members]
    margin = round(MARGIN * max(box.height for box in boxes)) + 1
    x0, y0 = (int(min(getattr(box, side) for box in boxes)) - margin for side in ("x0", "y0"))
    x1, y1 = (int(max(getattr(box, side) for box in boxes)) + margin for side in ("x1", "y1"))
    ink = np.zeros((y1 - y0, x1 - x0), np.float32)
    for box, own in zip(boxes, inks, strict=True):
        top, left = round(box.y0) - y0, round(box.x0) - x0
        region = ink[top : top + own.shape[0], left : left + own.shape[1]]
        np.maximum(region, own[: region.shape[0], : region.shape[1]], out=region)
    return CleanPage(ink=ink, to_source=PageTransform.translation(x0, y0))


def with_second_looks(reading: PageReading, looks: Sequence[tuple[TiltedNumber, PageReading]]) -> PageReading:
    """The reading with what numbers are, set straight, where that is surer; digits of several lines become one line.

    Parameters
    ----------
    looks
        Numbers of the reading, and what is read of the ink of each, set straight.
    """
    lines = list(reading.lines)
    taken: set[tuple[int, int]] = set()
    added: dict[int, list[ChosenLine]] = {}
    for number, other in looks:
        found = _surer(reading, number, other)
        if found is None:
            continue
        first = min(i for i, _ in number.members)
        if all(i == first for i, _ in number.members):
            told = dict(zip((k for _, k in number.members), found.probabilities, strict=True))
            line = lines[first]
            known = tuple(told.get(k, p) for k, p in enumerate(line.probabilities))
            lines[first] = replace(line, probabilities=known, texts=())
        else:
            taken.update(number.members)
            added.setdefault(first, []).append(found)
    rest = [line.only([k for k in range(len(line.boxes)) if (i, k) not in taken]) for i, line in enumerate(lines)]
    return replace(
        reading,
        lines=tuple(line for i, left in enumerate(rest) for line in (left, *added.get(i, []))),
        shares=tuple(s for i, share in enumerate(reading.shares) for s in (share, *[share] * len(added.get(i, [])))),
    )


def _surer(reading: PageReading, number: TiltedNumber, other: PageReading) -> ChosenLine | None:
    """The number as a line, read anew; None where it reads no surer so."""
    lines = [line for line in other.lines if line.boxes]
    if len(lines) != 1 or len(lines[0].boxes) != len(number.members) or lines[0].signs:
        return None
    own = [reading.lines[i].only([k]) for i, k in number.members]
    is_other = len(own) > 2 and _text(lines) != _text(own)
    if lines[0].probability < math.prod(digit.probability for digit in own) + (-LESS_SURE if is_other else SURER):
        return None
    return ChosenLine(
        boxes=tuple(digit.boxes[0] for digit in own),
        inks=tuple(digit.inks[0] for digit in own),
        spans=tuple(digit.spans[0] for digit in own),
        probabilities=lines[0].probabilities,
        texts=lines[0].texts,
    )


def _text(lines: Sequence[ChosenLine]) -> str:
    return "".join(line.text for line in lines)


def _neighbors(boxes: NDArray[np.float64]) -> list[list[int]]:
    """Boxes (N, 4) that stand close together, each group from left to right."""
    x0, y0, x1, y1 = boxes.T
    heights = y1 - y0
    middles = (x0 + x1) / 2
    higher = np.maximum(heights[:, None], heights)
    across = np.maximum(x0[:, None] - x1, x0 - x1[:, None]).clip(0)
    down = np.maximum(y0[:, None] - y1, y0 - y1[:, None]).clip(0)
    near = (np.hypot(across, down) <= NEAR * higher) & (np.abs(middles[:, None] - middles) >= APART * higher)
    near &= higher <= LIKE_HEIGHT * np.minimum(heights[:, None], heights)
    groups: list[list[int]] = []
    left = set(range(len(boxes)))
    while left:
        group, grown = set[int](), {left.pop()}
        while grown:
            group |= grown
            grown = {int(j) for i in grown for j in np.flatnonzero(near[i])} - group
        left -= group
        groups.append(sorted(group, key=lambda i: float(middles[i])))
    return groups


def _tilt(boxes: NDArray[np.float64]) -> float | None:
    """Degrees by which boxes (N, 4), left to right, fall; None where they make no line, or hardly a tilted one."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    slope, level = np.polyfit(x, y, 1)
    if float(np.abs(y - (slope * x + level)).max()) > STRAYS * height:
        return None
    degrees = float(np.degrees(np.arctan(slope)))
    least = LEAST_TILT_OF_TWO if len(boxes) == 2 else LEAST_TILT
    return degrees if least <= abs(degrees) <= MOST_TILT else None
