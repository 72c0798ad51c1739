"""Rules of lined and squared paper, tables and combs taken out of a page, and the strokes that crossed them mended."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import components_of, weighted_median

__all__ = ["SPARSE_FILL", "Course", "Unruled", "remove_rules", "sides_before", "without_sides"]

Mask = NDArray[np.uint8]
Image = NDArray[np.float32]

# A rule is long against the page and thin against its length; a digit's own straight strokes are at least a
# fifteenth as thick as they are long, unless the pen is very fine.
RULE_SHARE = 0.6
# A rule is at least this many times as long as the page's digits are high; shorter ones are strokes of a 4 or a 7. A
# broken one is longer: upright strokes of digits that stand below each other may lie on one line.
RULE_HEIGHTS, BROKEN_HEIGHTS = 2.2, 2.8
# Unless there are at least so many that reach across the page, this share of it, both ways: squared paper from nearby.
SPANNING_COUNT, SPANNING_SHARE = 3, 0.95
# On it digits are at least this share as high as its squares, and their strokes no sides of boxes.
CELL_SHARE = 0.7
# Those on which digits stand are found by runs of this share of the page.
LONG_RUN = 0.25
# Shorter ones are rules too where at least three of them, this long, run side by side, as in a table.
PARALLEL_SHARE, PARALLEL_COUNT = 0.22, 3
RULE_SLENDERNESS = 22.0
# Straight runs of this many pixels are looked for first and joined to rules after, so that a rule may bend a little.
# Longer ones are looked for, up to this share of the page, where upright rules are so thick that they hold such runs.
RULE_RUN, MOST_RUN = 32, 1 / 8
# A rule that has ink along less than this share of its length is broken: its pieces are thin and on one line (pixels).
WHOLE_SHARE, BROKEN_THICKNESS, BROKEN_SPREAD = 0.82, 2.0, 1.0
# A broken rule has ink along this share of so many pixels beside most of the rules that cross it.
MEETING, MEETING_SHARE = 5, 0.6
# How near to a rule the end of a box's side lies: in pixels, and in heights of a digit, for in a small picture a one
# comes nearer than that; and how thick a side is at the most, in its lengths.
RULE_REACH, REACH_SHARE = 3, 0.1
SIDE_THICKNESS = 0.2
# How much thicker than the page's thickest rule a side may be.
SIDE_TO_RULE = 1.5
# Of a side that a digit touches: the straight runs that it is made of, and how far they reach together, in heights of
# what stands between the rules.
SIDE_RUN, SIDE_REACH = 0.3, 0.9
# Posts of a comb differ in height by this share at the most, are at least so many heights apart, and lie this near to
# even steps; ones in a row are closer and less even.
POST_HEIGHTS, POST_GAP, POST_STEPS = 0.06, 0.5, 0.15
PAIR_GAP = 0.35
# A component that covers less of its box is a frame, or a piece of a table.
SPARSE_FILL = 0.08
# Ink that is so much darker than the rule on which it lies is writing.
DARKER = 0.3
# Where the darkest fifth of what is no rule is darker than the rules by twice this, what is not by once may be part of
# one; unless the rules are nearly as dark as ink can be. The paler rules count, a quarter of all: the thick ones of a
# table may be as dark as the writing.
PALE_RULES, PALER, DARKEST, PALEST_WRITING = 0.25, 0.15, 0.8, 0.55
# What is as pale is part of a rule where it runs straight for this share of a digit's height, and at least for so many
# pixels, or where it is a piece that is smaller than this share.
PALE_RUN, LEAST_PALE_RUN, PALE_PIECE = 0.35, 6, 0.5
# How broad a piece of a broken rule is at the most, in heights of a digit, and how much darker than the rule: where
# nothing is written near it, all ink is lifted.
FRAGMENT_BREADTH, FRAGMENT_DARKER = 0.25, 0.42
# Writing keeps clear of the rules where this share of it at the most lies on one.
CROSSED_SHARE = 0.1
# Rules that were found along less than this share of the page for the most part are those of squared paper. Those this
# near to each other, in their widest gap, are pieces of one. One is missing where others are twice or three times as
# far apart as the nearest, but for this share.
FAINT_SHARE, SAME_RULE, MOST_STEPS, STEP_ERROR = 0.7, 0.2, 3, 0.12
# How far off a rule its pieces lie for each pixel beyond its end: paper bends, and short pieces do not show how.
BEND = 0.015
# A side of a line's crop has ink this strong along this share of its columns, within this share of the crop's width
# from its end; its soft edge has some along this share. What stands beside it is lower than this share of the crop and
# at least so far from it, in heights of the crop.
SIDE_INK, SPAN_SHARE, SIDE_WITHIN, SOFT_SIDE = 0.3, 0.93, 0.3, 0.25
STRONG_SIDE_INK, LOWER_THAN_SIDE, SIDE_APART = 0.5, 0.85, 0.08
# Marks beside it that are smaller than this share of the crop's height are dirt.
SIDE_SPECK = 0.22
# Rows that are looked at for it, at the most.
SIDE_ROWS = 200
# Pixels of a rule's gap that a crossing stroke is mended over: at least so many, and these more than it is thick.
BRIDGE, BRIDGE_MORE = 7, 4


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Where a rule of a page runs: upright ones have a column for every row, the others a row for every column.

    Attributes
    ----------
    start, end
        The half-open range of rows, or of columns, that it takes.
    curve
        Coefficients of the column as a polynomial of the row, or the other way round, the highest power first.
    """

    start: int
    end: int
    curve: NDArray[np.float64]

    def at(self, place: float) -> float:
        """Its column in a row, or its row in a column."""
        return float(np.polyval(self.curve, place))


@dataclass(frozen=True, slots=True, eq=False)
class Unruled:
    """A page without its rules.

    Attributes
    ----------
    rest
        uint8 (H, W) of 0 and 1: what is left.
    across, upright
        The rules that were taken out; the sides of boxes around single digits are not told.
    """

    rest: Mask
    across: tuple[Course, ...] = ()
    upright: tuple[Course, ...] = ()


def remove_rules(binary: Mask, ink: Image | None = None) -> Unruled:
    """Take ruled lines out of a binary page, and mend the strokes that crossed them.

    Parameters
    ----------
    binary
        uint8 (H, W) of 0 and 1, 1 is ink.
    ink
        (H, W) in [0, 1]: with it, strokes are kept that are darker than the rule on which they lie.

    Returns
    -------
    What is left is a new array of the same form.
    """
    height, width = binary.shape
    darkness: Image | Mask = binary if ink is None else ink
    across = _straight_rules(binary, darkness, width)
    down = _straight_rules(np.asarray(cv2.transpose(binary), np.uint8), darkness.T, height)
    across, down = _without_strokes_in_cells(across, down), _without_strokes_in_cells(down, across)
    if not (across or down):
        return Unruled(binary.copy())
    rules = _drawn(across, binary) | _drawn(down, binary.T).T
    if not rules.any():
        return Unruled(binary.copy())
    rest = binary & (1 - rules)
    typical = max(_weighted_height(rest), _weighted_height(binary, without=rules))
    straight = [*across, *down]
    across, down, cell = _longer_than_strokes(across, down, rest, darkness, typical)
    found = [*across, *down]
    if not found:
        return Unruled(binary.copy())
    if found != straight:
        rules = _drawn(across, binary) | _drawn(down, binary.T).T
        rest = binary & (1 - rules)
    if len(found) >= PARALLEL_COUNT:
        pale = float(np.quantile([rule.darkness for rule in found], PALE_RULES)) + PALER
        rest = _without_paler(rest, darkness, pale, typical)
    if typical < CELL_SHARE * cell:
        thickest = SIDE_TO_RULE * max(rule.thickness for rule in found) + 2
        darkest = max(rule.darkness for rule in found) + DARKER
        rest = _without_sides(rest, darkness, rules, thickest, darkest, typical)
        rest = _without_posts(rest, darkness, across, typical)
    if len(found) >= PARALLEL_COUNT:
        rest = _without_fragments(rest, darkness, across, down, typical)
    # Where ink goes on on both sides of a rule, the stroke crossed it: close the gap, on the rule's pixels only.
    bridge = max(BRIDGE, BRIDGE_MORE + round(float(np.median([rule.thickness for rule in found]))))
    bridged = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((bridge, 1), np.uint8))
    bridged |= cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((1, bridge), np.uint8))
    return Unruled(np.asarray(rest | (bridged & rules), np.uint8), _courses(across), _courses(down))


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    """Straight runs that lie on one line: their length, and their mask with its place.

    Attributes
    ----------
    curve
        Coefficients of y as a parabola of x on the page; of a straight line where the rule is short.
    spread, thickness
        How far the rule's middle strays from the curve, and how thick it is for the most part, in pixels.
    darkness
        Of its ink for the most part, in [0, 1].
    is_whole
        Whether it has ink along nearly all of its length.
    """

    length: int
    x0: int
    y0: int
    mask: Mask
    curve: NDArray[np.float64]
    spread: float
    thickness: float
    darkness: float
    is_whole: bool

    @classmethod
    def of(cls, mask: Mask, ink: Image | Mask, x0: int, y0: int) -> _Rule:
        """The rule among some runs: what is thicker or darker here and there is a stroke of writing, and is left."""
        height, length = mask.shape
        counts = mask.sum(axis=0)
        thickness = float(np.median(counts[counts > 0]))
        columns = np.flatnonzero((counts > 0) & (counts <= 1.5 * thickness + 1))
        rows = np.arange(height, dtype=np.float64)
        middles = rows @ mask[:, columns] / counts[columns]
        curve = np.polyfit(columns, middles, 2 if length > 200 else 1)
        spread = float(np.std(middles - np.polyval(curve, columns)))
        away = np.abs(rows[:, None] - np.polyval(curve, np.arange(length))[None])
        own = mask & (away <= thickness / 2 + 2 * spread + 1)
        darkness = float(np.median(ink[mask > 0]))
        own &= ink <= darkness + DARKER
        return cls(
            length=length,
            x0=x0,
            y0=y0,
            mask=own,
            curve=_moved(curve, x0, y0),
            spread=spread,
            thickness=thickness,
            darkness=darkness,
            is_whole=bool(np.count_nonzero(counts) >= WHOLE_SHARE * length),
        )

    def least(self, typical: float) -> float:
        """How long it is at the least, in pixels, on a page whose digits have this height."""
        return (RULE_HEIGHTS if self.is_whole else BROKEN_HEIGHTS) * typical


def _moved(curve: NDArray[np.float64], x0: float, y0: float) -> NDArray[np.float64]:
    """The coefficients of a polynomial, the highest power first, that is moved by x0 and y0: by Horner's scheme."""
    moved = curve.tolist()
    for end in range(len(moved), 1, -1):
        for k in range(1, end):
            moved[k] -= x0 * moved[k - 1]
    moved[-1] += y0
    return np.array(moved, np.float64)


def _courses(rules: list[_Rule]) -> tuple[Course, ...]:
    return tuple(Course(rule.x0, rule.x0 + rule.length, rule.curve) for rule in rules)


def _longer_than_strokes(
    across: list[_Rule], down: list[_Rule], rest: Mask, ink: Image | Mask, typical: float
) -> tuple[list[_Rule], list[_Rule], float]:
    """The rules that are not strokes of digits, and how far apart those of squared paper are from nearby, in pixels.

    What is not much longer than digits are high is a stroke of one, unless it reaches across the page among others that
    do. Where none do it is infinite.

    Parameters
    ----------
    rest
        The page without any of them.
    typical
        How high its digits are, in pixels.
    """
    height, width = rest.shape
    spanning = _spanning(across, width), _spanning(down, height)
    cell = np.inf
    if all(spanning) and sum(map(len, spanning)) >= SPANNING_COUNT:
        # Strokes of digits that lie on rules make shorter runs look thick.
        more = _long_rules(rest, ink, width), _long_rules(rest.T, ink.T, height)
        across, down = [*across, *more[0]], [*down, *more[1]]
        spanning = _spanning(across, width), _spanning(down, height)
        cell = _cell(spanning)
    across, down = (
        [rule for rule in some if rule.length >= rule.least(typical) or (cell < np.inf and rule in spans)]
        for some, spans in zip((across, down), spanning, strict=True)
    )
    return across, down, cell


def _long_rules(binary: Mask, ink: Image | Mask, extent: int) -> list[_Rule]:
    """Horizontal rules that reach across the page, of runs that are longer than strokes of digits."""
    found = _rules_of_runs(np.ascontiguousarray(binary), ink, extent, max(RULE_RUN, round(LONG_RUN * extent)))
    return _spanning(found or [], extent)


def _spanning(rules: list[_Rule], extent: int) -> list[_Rule]:
    """Those that reach across a page of such an extent."""
    return [rule for rule in rules if rule.length >= SPANNING_SHARE * extent]


def _cell(spanning: Sequence[Sequence[_Rule]]) -> float:
    """How far apart rules are for the most part, in pixels: at least two of one direction."""
    gaps = [
        gap
        for rules in spanning
        for gap in np.diff(np.sort([np.polyval(rule.curve, rule.x0 + rule.length / 2) for rule in rules]))
    ]
    return float(np.median(gaps))


def _without_strokes_in_cells(rules: list[_Rule], across: list[_Rule]) -> list[_Rule]:
    """The rules but for broken ones that do not meet those across them: fine ones below each other in a table."""
    return [rule for rule in rules if rule.is_whole or _meets(rule, across)]


def _meets(rule: _Rule, across: list[_Rule]) -> bool:
    """Whether a rule comes near to most of those that cross it."""
    at = float(np.polyval(rule.curve, rule.x0 + rule.length / 2))
    drawn = rule.mask.max(axis=0)
    met = []
    for other in across:
        place = round(float(np.polyval(other.curve, at))) - rule.x0
        if other.x0 <= at < other.x0 + other.length and 0 <= place < rule.length:
            half = round(other.thickness / 2) + 1
            sides = drawn[max(0, place - half - MEETING) : max(0, place - half)], drawn[place + half :][:MEETING]
            met.append(any(side.size and side.mean() >= MEETING_SHARE for side in sides))
    return 2 * sum(met) >= len(met)


def _drawn(rules: list[_Rule], binary: Mask) -> Mask:
    page = np.zeros_like(binary)
    for rule in rules:
        region = page[rule.y0 : rule.y0 + rule.mask.shape[0], rule.x0 : rule.x0 + rule.mask.shape[1]]
        np.maximum(region, rule.mask, out=region)
    if not rules:
        return page
    return np.asarray(cv2.dilate(page, np.ones((3, 1), np.uint8)) & binary)


def _weighted_height(binary: Mask, *, without: Mask | None = None) -> float:
    """Median height of the components, weighted by area; 0 where there are none.

    Components that lie for the most part on the pixels ``without`` do not count.
    """
    labels, stats, _ = components_of(np.ascontiguousarray(binary))
    heights, areas = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    # Open, sparse components are frames and what is left of tables.
    readable = (heights >= 8) & (areas >= SPARSE_FILL * heights * stats[1:, cv2.CC_STAT_WIDTH])
    if without is not None:
        readable &= 2 * np.bincount(labels[without > 0], minlength=len(stats))[1:] <= areas
    if not readable.any():
        return 0.0
    return weighted_median(heights[readable], areas[readable])


def _without_paler(binary: Mask, ink: Image | Mask, pale: float, typical: float) -> Mask:
    """The page without the lines of squared paper that broke: they are as pale as those found, and straight or short.

    Parameters
    ----------
    binary
        The page without rules.
    ink
        How dark it is.
    pale
        How dark the paler rules are at the most; nothing is done where the writing is no darker.
    typical
        Height of the page's usual component.
    """
    if not binary.any() or pale > PALEST_WRITING or float(np.quantile(ink[binary > 0], DARKEST)) < pale + PALER:
        return binary
    dark = ink > pale
    pale_ink = binary & ~dark
    run = max(LEAST_PALE_RUN, round(PALE_RUN * typical))
    straight = cv2.morphologyEx(pale_ink, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    straight |= cv2.morphologyEx(pale_ink, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
    rest = binary & (1 - straight)
    labels, stats, _ = components_of(rest)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    stays = (sides >= PALE_PIECE * typical) | (np.bincount(labels[dark], minlength=len(stats)) > 0)
    breadths = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    stays &= (breadths > FRAGMENT_BREADTH * typical) | (_darkness(labels, stats, ink) > pale)
    stays[0] = False
    return np.asarray(stays[labels], np.uint8)


def _without_sides(
    binary: Mask, ink: Image | Mask, rules: Mask, thickest: float, darkest: float, typical: float
) -> Mask:
    """The page without the sides of boxes: thin straight pieces that run from one rule to another.

    A digit that touches a side keeps what is its own.

    Parameters
    ----------
    binary
        The page without rules.
    ink
        How dark it is.
    rules
        The rules' pixels.
    thickest, darkest
        How thick a side may be, in pixels, and how dark.
    typical
        Height of the page's usual component.
    """
    labels, stats, _ = components_of(binary)
    darkness = _darkness(labels, stats, ink)
    count = len(stats)
    reach = round(min(RULE_REACH, max(1.0, REACH_SHARE * typical)))
    near = cv2.dilate(rules, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    gone, parts = np.zeros(count, bool), []
    for i in range(1, count):
        x0, y0, width, height, area = (int(v) for v in stats[i])
        if max(width, height) < 8 or area > SIDE_THICKNESS * max(width, height) ** 2:
            continue
        place = slice(y0, y0 + height), slice(x0, x0 + width)
        if _reaches(near[place], upright=height >= width):
            # A slanted one written from rule to rule is wider than a side is thick.
            thickness = area / max(width, height)
            gone[i] = darkness[i] <= darkest and thickness <= thickest and min(width, height) <= 2 * thickness + 2
        if not gone[i] and height >= 0.8 * width and _reaches(near[place], upright=True):
            side = _side_within(np.asarray(labels[place] == i, np.uint8), near[place])
            if side.any() and float(ink[place][side > 0].mean()) <= darkest:
                parts.append((place, side))
    rest = np.asarray(binary & ~gone[labels], np.uint8) if gone.any() else binary.copy()
    for place, side in parts:
        rest[place] &= 1 - side
    return rest


def _reaches(near: Mask, *, upright: bool) -> bool:
    """Whether both ends of a box lie near a rule."""
    return bool(near[0].any() and near[-1].any() if upright else near[:, 0].any() and near[:, -1].any())


def _side_within(mask: Mask, near: Mask) -> Mask:
    """The upright straight runs of a component that lead from one end of it to the other, and from rule to rule."""
    height = len(mask)
    straight = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((max(8, round(SIDE_RUN * height)), 1), np.uint8))
    labels, stats, _ = components_of(cv2.dilate(straight, np.ones((9, 3), np.uint8)))
    side = np.zeros_like(mask)
    for i in range(1, len(stats)):
        x0, y0, width, reach, _ = (int(v) for v in stats[i])
        place = slice(y0, y0 + reach), slice(x0, x0 + width)
        if reach >= SIDE_REACH * height and _reaches(near[place], upright=True):
            side[place] |= (labels[place] == i).astype(np.uint8)
    return side & mask


def _darkness(labels: NDArray[Any], stats: NDArray[np.int32], ink: Image | Mask) -> NDArray[np.float64]:
    """Mean ink of every component, in [0, 1]."""
    return np.bincount(labels.ravel(), weights=ink.ravel(), minlength=len(stats)) / stats[:, cv2.CC_STAT_AREA]


def _without_posts(binary: Mask, ink: Image | Mask, across: list[_Rule], typical: float) -> Mask:
    """The page without the posts of combs: thin straight pieces of one height that stand, or hang, evenly on a rule."""
    if not across:
        return binary
    labels, stats, _ = components_of(binary)
    x0, y0, widths, heights, areas = (stats[:, k].astype(np.float64) for k in range(5))
    middles, darkness = x0 + widths / 2, _darkness(labels, stats, ink)
    gone = np.zeros(len(stats), bool)
    for rule in across:
        level = np.polyval(rule.curve, middles)
        thin = (areas / np.maximum(heights, 1) <= 1.6 * rule.thickness + 1.5) & (widths <= 0.2 * heights + 2)
        alike = thin & (darkness <= rule.darkness + DARKER)
        along = alike & (heights >= 0.5 * typical) & (middles >= rule.x0 - 4) & (middles <= rule.x0 + rule.length + 4)
        reach = RULE_REACH + rule.thickness
        for ends in (y0 + heights, y0):
            posts = np.flatnonzero(along & (np.abs(ends - level) <= reach))
            if len(posts) < PARALLEL_COUNT:
                continue
            height = float(np.median(heights[posts]))
            posts = posts[np.abs(heights[posts] - height) <= POST_HEIGHTS * height + 1]
            places = np.sort(middles[posts])
            # The sides of two boxes beside each other stand together.
            starts = np.flatnonzero(np.diff(places, prepend=-np.inf) > PAIR_GAP * height)
            places = np.add.reduceat(places, starts) / np.diff(np.append(starts, len(places)))
            gaps = np.diff(places) / height
            if len(places) < PARALLEL_COUNT or np.median(gaps) < POST_GAP:
                continue
            steps = gaps / np.median(gaps)
            gone[posts] |= bool((np.abs(steps - np.maximum(1, np.rint(steps))) <= POST_STEPS).all())
    gone[0] = False
    return np.asarray(binary & ~gone[labels], np.uint8) if gone.any() else binary


def _without_fragments(binary: Mask, ink: Image | Mask, across: list[_Rule], down: list[_Rule], typical: float) -> Mask:
    """What is left of rules that were drawn faintly or broken: thin pieces that lie on the line of one found.

    Parameters
    ----------
    binary
        The page without rules.
    ink
        How dark it is: writing is darker than its rules, or may be.
    across, down
        The rules found; those of ``down`` in the coordinates of the turned page.
    typical
        Height of the page's usual component.
    """
    labels, stats, centers = components_of(binary)
    gone = np.zeros(len(stats), bool)
    darkness = _darkness(labels, stats, ink)
    widths, heights, areas = (
        stats[:, k].astype(np.float64) for k in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA)
    )
    for rules, along, length, breadth in ((across, 0, widths, heights), (down, 1, heights, widths)):
        # A digit of a fine pen has no more ink for its length than a rule, but it is broad.
        thin = (areas / length <= max(3.0, 0.16 * typical)) & (breadth <= max(4.0, FRAGMENT_BREADTH * typical))
        thin &= length <= 8 * typical
        # A rule drawn faintly is thin where it was found, and no thinner than others where it was not.
        usual = float(np.median([rule.thickness for rule in rules])) if rules else 0.0
        written = ~thin & (length >= CELL_SHARE * typical)
        written[0] = False
        is_clear = _keeps_clear(rules, stats[written], along)
        for rule in (*rules, *_missing(rules)):
            offset = np.abs(centers[:, 1 - along] - np.polyval(rule.curve, centers[:, along]))
            places = centers[:, along]
            beyond = np.maximum(0, np.maximum(rule.x0 - places, places - rule.x0 - rule.length))
            alike = areas / length <= 1.5 * max(rule.thickness, usual) + 1 + is_clear
            alike &= (darkness <= rule.darkness + FRAGMENT_DARKER) | (is_clear & (beyond == 0))
            gone |= thin & alike & (offset <= max(2.0, 0.1 * typical) + rule.spread + BEND * beyond)
    gone[0] = False
    return np.asarray(binary & ~gone[labels], np.uint8) if gone.any() else binary


def _keeps_clear(rules: list[_Rule], stats: NDArray[np.int32], along: int) -> bool:
    """Whether what is written in cells stays between the rules: then what lies on one is a piece of it, however dark.

    Parameters
    ----------
    stats
        Of the components that are written, as OpenCV tells them.
    along
        Which of their coordinates runs along the rules: 0 is x.
    """
    starts, sides = stats[:, along].astype(np.float64), stats[:, 2 + along]
    low, high = stats[:, 1 - along], stats[:, 1 - along] + stats[:, 3 - along]
    middles, crossed = starts + sides / 2, np.zeros(len(stats), bool)
    for rule in rules:
        at = np.polyval(rule.curve, middles)
        crossed |= (rule.x0 <= middles) & (middles < rule.x0 + rule.length) & (low <= at) & (at < high)
    return len(stats) >= PARALLEL_COUNT and float(crossed.mean()) <= CROSSED_SHARE


def _missing(rules: list[_Rule]) -> list[_Rule]:
    """The rules of squared paper that were not found: where others leave out a step or two, and one step beyond them.

    The columns of a table are not all as wide; but its rules, other than those of squared paper, are found whole.
    """
    if len(rules) < PARALLEL_COUNT:
        return []
    lengths = [rule.length for rule in rules]
    end = max(rule.x0 + rule.length for rule in rules)
    if float(np.median(lengths)) > FAINT_SHARE * end:
        return []
    at = np.array([np.polyval(rule.curve, end / 2) for rule in rules])
    order = np.argsort(at)
    gaps = np.diff(at[order])
    cuts = np.flatnonzero(gaps > SAME_RULE * gaps.max()) + 1
    if len(cuts) < PARALLEL_COUNT - 1:
        return []
    pieces = [[rules[i] for i in group] for group in np.split(order, cuts)]
    steps = gaps[cuts - 1] / gaps[cuts - 1].min()
    missing = []
    for place, (step, (before, after)) in enumerate(zip(steps, itertools.pairwise(pieces), strict=True)):
        count = round(float(step))
        if count > MOST_STEPS or abs(step - count) > STEP_ERROR * count:
            continue
        shares = [k / count for k in range(1, count)]
        # And the next ones beyond the outermost.
        shares += [-1 / count] * (place == 0) + [1 + 1 / count] * (place == len(steps) - 1)
        missing += [
            replace(a, curve=np.polyadd((1 - share) * a.curve, share * b.curve))
            for share in shares
            for a, b in itertools.product(before, after)
        ]
    return missing


def _straight_rules(binary: Mask, ink: Image | Mask, extent: int) -> list[_Rule]:
    """Horizontal rules: long runs, joined, that are thin and reach far."""
    run = max(12, min(RULE_RUN, extent // 12))
    rules = _rules_of_runs(binary, ink, extent, run)
    while rules is None and 2 * run <= MOST_RUN * extent:
        run *= 2
        rules = _rules_of_runs(binary, ink, extent, run)
    return rules or []


def _rules_of_runs(binary: Mask, ink: Image | Mask, extent: int, run: int) -> list[_Rule] | None:
    """Horizontal rules of such runs; None where upright rules that are thicker hold all that is long together."""
    runs = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    # Seen from above, joined runs are at most as long as their shadow: most pages end here.
    shadow = cv2.dilate(runs.max(axis=0)[None], np.ones((1, run), np.uint8))
    if _longest_run(shadow[0]) < PARALLEL_SHARE * extent:
        return []
    joined = cv2.dilate(runs, np.ones((3, run), np.uint8))
    top, bottom = _rows_of_long(joined, step=run // 2, least=PARALLEL_SHARE * extent)
    if top == bottom:
        return []
    labels, stats, _ = components_of(joined[top:bottom])
    runs, ink = runs[top:bottom], ink[top:bottom]
    length = stats[:, cv2.CC_STAT_WIDTH]
    is_long = length >= PARALLEL_SHARE * extent
    # A bent or tilted rule is higher than thick; a box of writing is higher still.
    is_low = stats[:, cv2.CC_STAT_HEIGHT] < 0.15 * length
    is_long[0] = False
    if is_long.any() and not (is_long & is_low).any():
        return None
    rules = []
    for i in np.flatnonzero(is_long & is_low):
        x0, y0, width, height = (int(v) for v in stats[i, :4])
        place = slice(y0, y0 + height), slice(x0, x0 + width)
        mask = ((labels[place] == i) & (runs[place] > 0)).astype(np.uint8)
        if 0.4 <= mask.sum() / width <= width / RULE_SLENDERNESS:
            rule = _Rule.of(mask, ink[place], x0, top + y0)
            # Strokes of digits that stand below each other are thick, and do not lie on one line.
            is_thin = rule.thickness <= BROKEN_THICKNESS and rule.spread <= BROKEN_SPREAD
            if is_thin or rule.is_whole:
                rules.append(rule)
    if len(rules) >= PARALLEL_COUNT:
        return rules
    return [rule for rule in rules if rule.length >= RULE_SHARE * extent]


def _rows_of_long(joined: Mask, *, step: int, least: float) -> tuple[int, int]:
    """From which row to which one, half open, all components lie that may be ``least`` pixels long; 0, 0 without any.

    One column in ``step`` is looked at, of runs that are longer than that: what hangs together on the page does so
    there too, and reaches no farther than one column beyond.
    """
    _, stats, _ = components_of(np.ascontiguousarray(joined[:, ::step]))
    may_be_long = (stats[:, cv2.CC_STAT_WIDTH] + 1) * step >= least
    may_be_long[0] = False
    if not may_be_long.any():
        return 0, 0
    tops = stats[may_be_long, cv2.CC_STAT_TOP]
    return int(tops.min()), int((tops + stats[may_be_long, cv2.CC_STAT_HEIGHT]).max())


def _longest_run(row: NDArray[np.uint8]) -> int:
    """Length of the longest run of ones in a row of zeros and ones."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def without_sides(ink: Image) -> Image:
    """The ink of a picture without the sides of a cell, a sheet or a book beside its number, and what lies beyond them.

    A side runs from edge to edge of the picture, upright, beside digits that do not: where what is left is nearly as
    high, a side may be a one, and nothing is taken.

    Parameters
    ----------
    ink
        float32 (H, W) in [0, 1].

    Returns
    -------
    The same array where there is no such side.
    """
    share = (ink[:: -(-len(ink) // SIDE_ROWS)] > SIDE_INK).mean(axis=0)
    left, right = _end_of_side(share), len(share) - _end_of_side(share[::-1])
    if not 0 < right - left < len(share):
        return ink
    _, stats, _ = components_of((ink[:, left:right] > STRONG_SIDE_INK).astype(np.uint8))
    marks = stats[1:][stats[1:, 2:4].max(axis=1) >= SIDE_SPECK * len(ink)]
    if not len(marks):
        return ink
    (x0, y0), (x1, y1) = marks[:, :2].min(axis=0), (marks[:, :2] + marks[:, 2:4]).max(axis=0)
    if y1 - y0 > LOWER_THAN_SIDE * len(ink):
        return ink
    gaps = ([x0] if left else []) + ([right - left - x1] if right < len(share) else [])
    if min(gaps) < SIDE_APART * len(ink):
        return ink
    bare = np.zeros_like(ink)
    bare[:, left:right] = ink[:, left:right]
    return bare


def sides_before(ink: Image, *, run: float) -> int:
    """How many columns the upright strokes take that stand before a number, where nothing of it is.

    Parameters
    ----------
    ink
        float32 (H, W): what lies before the number, from the edge of the picture.
    run
        Pixels that such a stroke runs straight down at the least.

    Returns
    -------
    The columns up to the last such stroke; 0 where there is none.
    """
    length = max(1, math.ceil(run))
    if ink.shape[0] < length or not ink.shape[1]:
        return 0
    strong = (ink > STRONG_SIDE_INK).astype(np.uint8)
    # A side that is not quite upright goes on beside itself.
    wide = cv2.dilate(strong, np.ones((1, 3), np.uint8))
    columns = np.flatnonzero(cv2.erode(wide, np.ones((length, 1), np.uint8), borderValue=0).any(axis=0))
    return int(columns[-1]) + 1 if columns.size else 0


def _end_of_side(share: NDArray[np.float64]) -> int:
    """How many columns a side at the first end of a crop takes, with what lies beyond it; 0 where there is none."""
    spans = np.flatnonzero(share[: math.ceil(SIDE_WITHIN * len(share))] >= SPAN_SHARE)
    end = int(spans[-1]) + 1 if spans.size else 0
    while 0 < end < len(share) and share[end] >= SOFT_SIDE:
        end += 1
    return end
