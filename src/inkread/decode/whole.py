"""A line read by the line network alone: every look at it has its say, and the digit network looks at each digit.

For pictures that are said, or seem, to hold one line: nothing is cut before it is read, so that digits that are joined,
overlap, or stand on a pattern are no harder to find than others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import components_of
from inkread.decode.choose import ChosenLine
from inkread.decode.ctc import aligned, likeliest_strings
from inkread.geometry import Box
from inkread.parts import DIGITS, Hypothesis, Scores, Word

__all__ = ["STRONG_INK", "cut_out", "frame_probabilities", "likeliest_together", "read_whole", "with_second_opinion"]

# Ink from which a pixel belongs to a digit's box, and from which one does that hangs together with such.
STRONG_INK, FAINT_INK = 0.5, 0.25
# Marks smaller than this, in heights of a digit, belong to no digit's box.
SPECK = 0.25
# Lower components are dashes, unless more than this share of their columns holds higher ones.
DASH, DASH_UNDER = 0.35, 0.3
# No stroke of a digit runs straight across for so many heights; a rule does, along this share of the line.
RULE_RUN, RULE_REACH = 1.3, 0.6
# What reaches from edge to edge across a line is a post where it is at most this wide, and a comb where it is at least
# this wide and covers at most this share of its box; widths are in heights of the crop.
POST_WIDTH, COMB_WIDTH, COMB_FILL = 0.15, 2.0, 0.25
# How far before its middle a character is said, in heights of a digit: 0.16 to 0.75 on composed lines, least for the
# narrow ones. So much later, nearly every place lies in the character's own ink.
LEAD = 0.2
# The first one is said before its ink comes: its middle is at most so far into the ink, in heights of a digit.
FIRST_REACH = 0.3
# Where no column is bare, a cut that is a pixel off the middle between two digits costs what so many pixels of ink do:
# the ends of a digit's own strokes hold as little ink as the places where two digits touch.
OFF_COST = 2.0
# Pieces of one digit are no farther apart, in heights of a digit.
APART = 0.2
# Strings that every look proposes.
PROPOSALS = 6
# How sure a network that reads past words must be of a number to leave out one character beside it, and several, and
# one stroke within it, which parts two numbers: a slash among numbers is rarer than among the lines it learned from.
SURE_OF_ONE, SURE_OF_MORE, SURE_OF_STROKE = 0.7, 0.35, 0.95
STROKES = "17"  # what a slash is read as
# Readings of a line that are kept.
KEPT = 6
# What the digit network's opinion of one digit counts for beside the line network's: where bare paper parts the digit
# from its neighbors, and where it had to be cut off them.
PARTED_WEIGHT, CUT_WEIGHT = 0.45, 0.2


def read_whole(word: Word, looks: Sequence[Scores], *, least: float = 0.0, past_words: int = 0) -> ChosenLine | None:
    """The line's digits, or None where its likeliest string has none, or is no likelier than ``least``.

    Parameters
    ----------
    word
        The line as it was found.
    looks
        What the line network says of it at one or several sizes, columns those of the word's crop.
    least
        Probability in [0, 1].
    past_words
        As for :func:`likeliest_together`.

    Returns
    -------
    One piece for the whole line. A string's probability is the mean over the looks of what each says.
    """
    texts, surest = likeliest_together(looks, past_words=past_words)
    text, probability = texts[0]
    if not text or probability <= least:
        return None
    scores = looks[surest]
    best = aligned(scores, text, float(np.log(probability)))
    boxes, inks = cut_out(word, scores, best)
    each = probability ** (1 / len(text))
    return ChosenLine(
        boxes=tuple(boxes),
        inks=tuple(inks),
        spans=((word.start, word.end),) * len(text),
        probabilities=tuple(frame_probabilities(scores, span, each) for span in best.spans),
        texts=tuple((t, min(1.0, p)) for t, p in texts),
    )


def likeliest_together(looks: Sequence[Scores], *, past_words: int = 0) -> tuple[tuple[tuple[str, float], ...], int]:
    """Strings with the mean of the probabilities that the looks give them, likeliest first, and who is surest of it.

    Parameters
    ----------
    looks
        At least one: what a network says of a line, or several of it, or one at several sizes.
    past_words
        How many of them, the last ones, are of a network that reads past words. Where it is sure of a number, readings
        that have more before or behind it, or a stroke within, count for that number: the rest were letters and signs.
    """
    proposed = [dict(likeliest_strings(scores)[:PROPOSALS]) for scores in looks]
    together: dict[str, float] = {}
    for strings in proposed:
        for string, log_prob in strings.items():
            together[string] = together.get(string, 0.0) + float(np.exp(log_prob)) / len(looks)
    if past_words:
        _leave_out_words(together, proposed[-past_words:])
    texts = sorted(together.items(), key=lambda item: -item[1])[:KEPT]
    return tuple(texts), int(np.argmax([strings.get(texts[0][0], -np.inf) for strings in proposed]))


def _leave_out_words(together: dict[str, float], proposed: Sequence[Mapping[str, float]]) -> None:
    """Count readings that have characters beside a sure number, or a stroke within it, for that number, in place."""
    means = {
        text: sum(float(np.exp(strings.get(text, -np.inf))) for strings in proposed) / len(proposed)
        for strings in proposed
        for text in strings
    }
    number, sureness = max(means.items(), key=lambda item: item[1])
    for text in list(together):
        if sureness >= _least_to_leave_out(text, number):
            together[number] += together.pop(text)


def _least_to_leave_out(text: str, number: str) -> float:
    """How sure of a number one must be to take a reading for it; infinite where that has not just something more."""
    more = len(text) - len(number)
    if not number or more <= 0:
        return math.inf
    if number in text:
        return SURE_OF_ONE if more == 1 else SURE_OF_MORE
    within = {number[:at] + stroke + number[at:] for at in range(1, len(number)) for stroke in STROKES}
    return SURE_OF_STROKE if text in within else math.inf


def with_second_opinion(line: ChosenLine, scores: NDArray[np.float32]) -> ChosenLine:
    """The line with what the digit network says of each of its digits weighed in.

    Parameters
    ----------
    line
        As :func:`read_whole` gives it.
    scores
        (n, 11): log-probabilities of ten digits and "not a digit" for each of its inks.
    """
    probabilities = []
    opinions = np.exp(scores[:, : len(DIGITS)].astype(np.float64))
    for own, other, parted in zip(line.probabilities, opinions, _parted(line.boxes), strict=True):
        weight = PARTED_WEIGHT if parted else CUT_WEIGHT
        mixed = (1 - weight) * own + weight * other
        probabilities.append(mixed / max(1.0, float(mixed.sum())))
    text = "".join(DIGITS[int(p.argmax())] for p in probabilities)
    same = bool(line.texts) and line.texts[0][0] == text
    return replace(line, probabilities=tuple(probabilities), texts=line.texts if same else ())


def _writing(ink: NDArray[np.bool_], digit_height: float) -> NDArray[np.bool_]:
    """The ink without what is no digit: what reaches from edge to edge (posts of combs, whole combs, sides of fields),
    a rule under the line, specks (dots, commas, dirt), and dashes that stand alone."""
    ink = _without_rule(_without_posts(ink), digit_height)
    labels, stats, _ = components_of(ink.astype(np.uint8))
    widths, heights = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    kept = np.maximum(widths, heights) >= SPECK * digit_height
    # The bar of a 5 that was lifted off is as low, and stands over the rest of it.
    is_low = heights < DASH * digit_height
    high = np.asarray(((~is_low)[labels] & (labels > 0)).any(axis=0))
    for i in np.flatnonzero(kept & is_low):
        left = stats[i, cv2.CC_STAT_LEFT]
        kept[i] = high[left : left + widths[i]].mean() > DASH_UNDER
    kept[0] = False
    return np.asarray(kept[labels]) if kept.any() else ink


def _strokes(ink: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where strokes are: all that hangs together with strong ink, for a stroke is fainter where the pen is light."""
    labels, stats, _ = components_of((ink > FAINT_INK).astype(np.uint8))
    kept = np.zeros(len(stats), bool)
    kept[labels[ink > STRONG_INK]] = True
    return np.asarray(kept[labels])


def _without_posts(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ink without posts, sides and whole combs; what would leave nothing is left."""
    height = len(ink)
    labels, stats, _ = components_of(ink.astype(np.uint8))
    widths, heights, areas = (stats[:, k] for k in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    is_post = widths <= POST_WIDTH * height
    is_comb = (widths >= COMB_WIDTH * height) & (areas <= COMB_FILL * widths * heights)
    kept = (heights < height) | ~(is_post | is_comb)
    kept[0] = False
    if not kept.any():
        return ink
    writing = np.asarray(kept[labels])
    # A digit that hangs together with a post keeps what is its own.
    writing[:, ink.all(axis=0)] = False
    return writing if writing.any() else ink


def _without_rule(ink: NDArray[np.bool_], digit_height: float) -> NDArray[np.bool_]:
    """The ink without straight runs across that are longer than strokes are, where they underline most of the line."""
    run = max(3, round(RULE_RUN * digit_height))
    page = ink.astype(np.uint8)
    rule = cv2.morphologyEx(page, cv2.MORPH_OPEN, np.ones((1, run), np.uint8)) > 0
    rest = ink & ~rule
    return rest if rule.any(axis=0).mean() >= RULE_REACH and rest.any() else ink


def _parting(column_ink: NDArray[np.int64], first: float, second: float) -> int:
    """Where two characters are parted: at the bare column nearest their middle, or one near it with little ink."""
    a, b = max(0, math.floor(first)), min(len(column_ink), math.ceil(second) + 1)
    if b - a < 2:
        return min(max(round((first + second) / 2), 0), len(column_ink))
    middle = (first + second) / 2
    off = np.abs(np.arange(a, b) - middle)
    cost = column_ink[a:b] + np.where(column_ink[a:b] > 0, OFF_COST * off, off / (second - first + 1.0))
    return a + int(cost.argmin())


def _run_end(column_ink: NDArray[np.int64], start: int) -> int:
    """The last of the inked columns that follow ``start`` without a bare one between."""
    bare = np.flatnonzero(column_ink[start:] == 0)
    return start + int(bare[0]) - 1 if len(bare) else len(column_ink) - 1


def _around(column_ink: NDArray[np.int64], a: int, b: int, center: float, apart: float) -> tuple[int, int]:
    """The columns of [a, b) that belong to what stands at ``center``: words and marks farther away are cut off."""
    inked = a + np.flatnonzero(column_ink[a:b])
    at = int(np.abs(inked - center).argmin())
    gaps = np.flatnonzero(np.diff(inked) > apart + 1)
    first = int(gaps[gaps < at].max(initial=-1)) + 1
    last = int(gaps[gaps >= at].min(initial=len(inked) - 1))
    return int(inked[first]), int(inked[last]) + 1


def _parted(boxes: Sequence[Box]) -> list[bool]:
    """For each digit, left to right, whether there is a gap between its ink and that of both neighbors."""
    gaps = [True, *(one.x1 < two.x0 for one, two in itertools.pairwise(boxes)), True]
    return [left and right for left, right in itertools.pairwise(gaps)]


def frame_probabilities(scores: Scores, span: tuple[int, int], whole: float) -> NDArray[np.float64]:
    """The ten digits at the frame where one of them is surest, scaled by the sureness of the word a digit."""
    rows = np.exp(scores.log_probs[span[0] : span[1], : len(DIGITS)].astype(np.float64))
    row = rows[rows.max(axis=1).argmax()]
    return np.asarray(row / max(float(row.sum()), 1e-12) * whole)


def cut_out(word: Word, scores: Scores, hypothesis: Hypothesis) -> tuple[list[Box], list[NDArray[np.float32]]]:
    """Where the characters stand on the page, and their ink, tight around it.

    A network that sees the whole line says a character where it begins. It is parted from the next between the middles
    of the two: where the paper is bare, or about halfway where there is little ink.

    Parameters
    ----------
    word, scores, hypothesis
        What was read where; the scores' columns are those of the word's crop.
    """
    strong = word.crop.ink > STRONG_INK
    strokes = _writing(_strokes(word.crop.ink), word.digit_height)
    ink = strong & strokes  # digits are parted where faint strokes alone hold them together
    height, width = ink.shape
    origin = word.crop.quad.box
    centers = np.array([float(scores.columns[a:b].mean()) for a, b in hypothesis.spans])
    centers += LEAD * word.digit_height
    column_ink = ink.sum(axis=0)
    inked = np.flatnonzero(column_ink)
    if len(inked):
        first = int(inked[0])
        reach = [first + FIRST_REACH * word.digit_height, *((first + second) / 2 for second in centers[1:2])]
        centers[0] = max(centers[0], min([*reach, _run_end(column_ink, first)]))
        centers = inked[np.abs(inked[None, :] - centers[:, None]).argmin(axis=1)].astype(np.float64)
    cuts = [_parting(column_ink, first, second) for first, second in itertools.pairwise(centers.tolist())]
    edges = [0, *cuts, width]
    boxes, inks = [], []
    for center, (low, high) in zip(centers, itertools.pairwise(edges), strict=True):
        a = min(max(low, 0), width - 1)
        b = min(max(high, a + 1), width)
        if column_ink[a:b].any():
            a, b = _around(column_ink, a, b, center, APART * word.digit_height)
        here = strokes[:, a:b] if strokes[:, a:b].any() else strong[:, a:b]
        rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
        if len(rows):
            x0, x1, y0, y1 = a + columns[0], a + columns[-1] + 1, rows[0], rows[-1] + 1
        else:
            x0, x1, y0, y1 = a, b, 0, height
        boxes.append(Box(origin.x0 + float(x0), origin.y0 + float(y0), origin.x0 + float(x1), origin.y0 + float(y1)))
        inks.append(word.crop.ink[y0:y1, x0:x1])
    return boxes, inks
