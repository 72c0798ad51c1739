"""Scores of a whole page's candidates → the digits that stand on it.

Lines are read one by one (:mod:`inkread.decode.lattice`), with what the page as a whole says weighed in: how much of it
is digits at all (:mod:`inkread.decode.confidence`), and how large they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.decode.confidence import estimate_digit_share, with_digit_share, with_lookalikes
from inkread.decode.lattice import Reading, read_lattice
from inkread.geometry import Box, PageTransform
from inkread.parts import DIGITS, LineOfCandidates

__all__ = [
    "ChosenLine",
    "PageReading",
    "choose_digits",
    "of_like_size",
    "without_edge_strokes",
    "without_hanging_letters",
    "without_lone_marks",
    "without_patterns",
    "without_pieces_of_words",
    "worth_a_look",
    "worth_reading",
]

# Share of digits among the marks of a picture that is said to be a line, or a digit.
EXPECTED_SHARE = 0.9
# What is believed of a page before looking: its share of digits, and how many marks that belief weighs; and how many
# marks the page weighs in the belief about a line, and the line in the belief about a word.
PAGE_SHARE, PAGE_STRENGTH, LINE_STRENGTH, WORD_STRENGTH = 0.7, 3.0, 3.0, 2.0
# A digit below or above these shares of the page's typical digit is dirt, or a shadow.
LEAST_SIZE, MOST_SIZE = 0.45, 4.0
# A line that is a single digit must be this sure, and a single one surer still, and higher than wide: dirt, folds,
# edges and rules stand alone, and are single strokes.
LONE_DIGIT, LONE_STROKE = 0.75, 0.9
# Digits of a line that is believed to hold less digits than this are pieces of words and drawings, unless they are as
# sure on the average as a single one must be.
WORDY_SHARE = 0.2
# Nor may its ink be less than this share as strong as that of the page's other digits, where there are so many of them:
# a fold has 0.4, pencil beside a pen 0.6 and more. Ink below the first value belongs to a stroke's soft edge.
SOFT_EDGE, LIKE_STRENGTH, OTHERS = 0.25, 0.5, 3
# A piece of a table's rule reads as a one, but is longer than the digits around it are high by this factor.
LONGEST_ONE = 1.7
# One that leans may be the side of a box, or a pen that lies there: it is longer than they are high by this factor, or,
# where it is a line by itself, shorter.
LONGEST_LEANING, SHORTEST_LONE = 2.0, 0.6
# A one narrower than this share of its height, this near to an edge of a picture (pixels), is an edge; unless it is as
# high as the digits beside it, within these shares: somebody cut closely.
THIN, EDGE_PIXELS, AS_HIGH = 0.4, 2.0, (0.75, 1.2)
# So many marks side by side are a pattern where each correlates with the next this well at one size (few of two
# digits of one hand do), their sides differ up to this factor and their distances by this share; and so is all of a
# line of which they are this share.
PATTERN, ALIKE_SHAPE, SHAPE_SIDE, ALIKE_SIZE, EVEN, MOSTLY_PATTERN = 8, 0.85, 16, 1.15, 0.1, 0.7
# So far beside the line from one side to the next, as a share of its box, lies this share of what cuts off a corner; of
# fewer pixels nothing is said.
CORNER_EDGE, MOSTLY_EDGE, CORNER_INK = 0.25, 0.9, 20
# It is as wide as this share of its height, where its end lies so far from the picture's.
CUT_END = 0.45
# A component that is a digit this surely, as it stands, is neither cut nor joined to others.
SURE_COMPONENT = 0.99
# Of the components of a page that is held rightly so many are this surely digits, and this share; looks at so few cuts
# and joints cost too little to ask.
SURE_DIGIT, SURE_DIGITS, SURE_SHARE, CHEAP_LOOKS = 0.9, 3, 0.4, 40
# Marks lower than this share of the line's digits (dots, dashes) say nothing about what the line is.
MARK_HEIGHT = 0.5

# The g of a unit (kg, mg) begins and ends by these shares of a digit's height lower than digits do; of the letter
# before it one of so many pieces is this high at least, and no farther.
HANGING, LETTER_PIECES, LETTER_HEIGHT, LETTER_GAP = (0.2, 0.12), 3, 0.5, 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChosenLine:
    """The digits of a line, left to right.

    Attributes
    ----------
    boxes
        Where they stand on the clean page.
    inks
        For each digit, float32 (h, w) in [0, 1]: its ink alone, the first pixel at the corner of its box.
    spans
        For each digit the half-open range of pieces of its line that it takes.
    probabilities
        For each digit, float64 (10,): of this ink being taken, and for each of the ten.
    texts
        Whole readings of the line with their probabilities, likeliest first. The first is that of the digits, unless
        some of them were left out since; then there is none.
    signs
        Where signs stand between the digits, on the clean page.
    dividers
        Where upright rules cross the line, x on the clean page.
    """

    boxes: tuple[Box, ...]
    inks: tuple[NDArray[np.float32], ...]
    spans: tuple[tuple[int, int], ...]
    probabilities: tuple[NDArray[np.float64], ...]
    texts: tuple[tuple[str, float], ...]
    signs: tuple[Box, ...] = ()
    dividers: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """The likeliest of ten for each digit."""
        return "".join(DIGITS[int(p.argmax())] for p in self.probabilities)

    @property
    def probability(self) -> float:
        """Of all its digits being right, as far as they do not depend on each other; 1 where there is none."""
        return float(np.prod([p.max() for p in self.probabilities]))

    def only(self, kept: Sequence[int]) -> ChosenLine:
        """The same line with some of its digits."""
        if len(kept) == len(self.boxes):
            return self
        return replace(
            self,
            boxes=tuple(self.boxes[k] for k in kept),
            inks=tuple(self.inks[k] for k in kept),
            spans=tuple(self.spans[k] for k in kept),
            probabilities=tuple(self.probabilities[k] for k in kept),
            texts=(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What the digit network makes of a page.

    Attributes
    ----------
    lines
        One for each line of candidates; some hold no digits.
    shares
        For each line, how much of it is believed to be digits, in [0, 1].
    marks
        How many marks of the size of a digit there were to read.
    mark_boxes
        Where those are on the clean page; none where anything is taken for a digit.
    percent_signs
        How many of them were set aside: what stands before one is a number, held upright.
    """

    lines: tuple[ChosenLine, ...]
    shares: tuple[float, ...]
    marks: int
    mark_boxes: tuple[Box, ...] = ()
    percent_signs: int = 0

    @property
    def certainty(self) -> float:
        """How many marks are read right, as far as one can tell: the sum of the digits' probabilities, and signs."""
        return float(sum(p.max() for line in self.lines for p in line.probabilities)) + sum(
            len(line.signs) for line in self.lines
        )

    @property
    def probability(self) -> float:
        """Of all digits being right, as far as they do not depend on each other; 0 where there is none."""
        return math.prod(line.probability for line in self.lines) if self.count else 0.0

    @property
    def count(self) -> int:
        """How many digits were chosen."""
        return sum(len(line.boxes) for line in self.lines)


def choose_digits(
    found: Sequence[LineOfCandidates],
    scores: Sequence[NDArray[np.float32]],
    *,
    least_probability: float,
    anything: bool = True,
) -> PageReading:
    """Choose among the candidates of a page.

    Parameters
    ----------
    found
        Lines of candidates.
    scores
        For each line (C, 11): log-probabilities of ten digits, then "not a digit".
    least_probability
        Digits less probable than this, in [0, 1], are left out.
    anything
        Whether anything may stand on the page; False where it is known to hold digits.
    """
    if not found:
        return PageReading(lines=(), shares=(), marks=0)
    if not anything:
        weighed = [with_digit_share(values, EXPECTED_SHARE) for values in scores]
        shares, mark_boxes = [EXPECTED_SHARE] * len(found), tuple[Box, ...]()
    else:
        scores = [with_lookalikes(values) for values in scores]
        taken = [_marks(line, values) for line, values in zip(found, scores, strict=True)]
        everything = np.concatenate([values[rows] for values, rows in zip(scores, taken, strict=True)])
        page_share = estimate_digit_share(everything, expected=PAGE_SHARE, strength=PAGE_STRENGTH)
        shares = [
            estimate_digit_share(values[rows], expected=page_share, strength=LINE_STRENGTH)
            for values, rows in zip(scores, taken, strict=True)
        ]
        weighed = [
            _with_word_shares(line, values, rows, share)
            for line, values, rows, share in zip(found, scores, taken, shares, strict=True)
        ]
        mark_boxes = tuple(line.candidates[i].box for line, rows in zip(found, taken, strict=True) for i in rows)
    lines = [_choose(line, values, least_probability) for line, values in zip(found, weighed, strict=True)]
    return PageReading(lines=tuple(lines), shares=tuple(shares), marks=len(mark_boxes), mark_boxes=mark_boxes)


def worth_reading(component_scores: Sequence[NDArray[np.float32]], *, looks: int) -> bool:
    """Whether a page, held in another way than the likeliest, may hold digits so, now that its components are known.

    Parameters
    ----------
    component_scores
        For each line (K, 11): log-probabilities of its components, as :func:`worth_a_look` takes them.
    looks
        How many cuts and joints there are to look at.
    """
    sure = [np.exp(scores[:, :-1].max(axis=1)) >= SURE_DIGIT for scores in component_scores if len(scores)]
    count, of = sum(int(line.sum()) for line in sure), sum(map(len, sure))
    return looks <= CHEAP_LOOKS or count >= max(SURE_DIGITS, SURE_SHARE * of)


def worth_a_look(line: LineOfCandidates, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which candidates of a line are worth a look, now that its components are known.

    Where every component that a candidate takes, or takes a part of, is surely a digit by itself, no cut and no joint
    reads better.

    Parameters
    ----------
    line
        With all candidates.
    scores
        For each of its components (K, 11): log-probabilities of ten digits, then "not a digit".

    Returns
    -------
    (C,): true for the components themselves too.
    """
    doubtful = np.ones(len(line.pieces), bool)
    for (start, end), values in zip(line.components, scores, strict=True):
        doubtful[start:end] = np.exp(values[:-1].max()) < SURE_COMPONENT
    own = set(line.components)
    return np.array([(c.start, c.end) in own or doubtful[c.start : c.end].any() for c in line.candidates], bool)


def _with_word_shares(
    line: LineOfCandidates, scores: NDArray[np.float32], marks: Sequence[int], share: float
) -> NDArray[np.float32]:
    """Scores that know how much of their word is digits, where the line's share is what is expected of a word."""
    if not line.words:
        return with_digit_share(scores, share)
    starts = np.array([candidate.start for candidate in line.candidates])
    weighed = np.empty_like(scores)
    for word in line.words:
        rows = np.flatnonzero((starts >= word.start) & (starts < word.end))
        own = [i for i in marks if word.start <= starts[i] < word.end]
        weighed[rows] = with_digit_share(
            scores[rows], estimate_digit_share(scores[own], expected=share, strength=WORD_STRENGTH)
        )
    return weighed


def _choose(line: LineOfCandidates, scores: NDArray[np.float32], least_probability: float) -> ChosenLine:
    reading = _read(line, scores)
    chosen = ChosenLine(
        boxes=tuple(line.candidates[i].box for i in reading.chosen),
        inks=tuple(line.candidates[i].ink for i in reading.chosen),
        spans=tuple((line.candidates[i].start, line.candidates[i].end) for i in reading.chosen),
        probabilities=tuple(reading.digit_probs),
        texts=tuple((h.text, min(1.0, float(np.exp(h.log_prob)))) for h in reading.hypotheses),
        dividers=line.dividers,
    )
    return chosen.only([k for k, p in enumerate(chosen.probabilities) if p.max() >= least_probability])


def _read(line: LineOfCandidates, scores: NDArray[np.float32]) -> Reading:
    return read_lattice(
        [(c.start, c.end) for c in line.candidates],
        scores,
        log_priors=[(c.log_prior, c.log_prior_other) for c in line.candidates],
        pieces=len(line.pieces),
    )


def _marks(line: LineOfCandidates, scores: NDArray[np.float32]) -> list[int]:
    """The candidates that the line is made of at first sight: its best way, small marks left out."""
    reading = _read(line, scores)
    return [
        i
        for i in (*reading.chosen, *reading.refused)
        if line.candidates[i].box.height >= MARK_HEIGHT * line.digit_height
    ]


def of_like_size(reading: PageReading) -> PageReading:
    """The reading without dirt and shadows: what is far smaller, or far larger, than the page's digits is none."""
    heights = np.array([box.height for line in reading.lines for box in line.boxes])
    if len(heights) < 2:
        return reading
    # The typical height is that of the digits that hold most of the page's ink.
    order = np.sort(heights)
    passed = np.cumsum(order)
    typical = float(order[np.searchsorted(passed, passed[-1] / 2)])
    lines = tuple(
        line.only([k for k in range(len(line.boxes)) if _is_like(line, k, typical, len(heights))])
        for line in reading.lines
    )
    return replace(reading, lines=lines)


def without_lone_marks(reading: PageReading) -> PageReading:
    """The reading without lines of a single digit that is none, beside digits of other lines.

    It is not a sure one, fainter than they are, or the side of a box or a pen that lies there: a one far longer than
    they are high.
    """
    others = [ink for line in reading.lines if len(line.boxes) > 1 for ink in line.inks]
    # A few are enough, evenly over the page.
    some = others[:: max(1, len(others) // 8)]
    has_others = len(others) >= OTHERS
    least = LIKE_STRENGTH * float(np.median([_strength(ink) for ink in some])) if has_others else 0.0
    heights = [box.height for line in reading.lines if len(line.boxes) > 1 for box in line.boxes]
    height = float(np.median(heights)) if has_others else 0.0

    def is_mark(line: ChosenLine) -> bool:
        if _is_doubtful_alone(line):
            return True
        return len(line.boxes) == 1 and (_strength(line.inks[0]) < least or _is_stick(line, height))

    return replace(reading, lines=tuple(line.only([]) if is_mark(line) else line for line in reading.lines))


def without_patterns(reading: PageReading) -> PageReading:
    """The reading without marks that repeat each other evenly along a line, as no hand does: holes, wires, stitches."""
    return replace(reading, lines=tuple(_without_pattern(line) for line in reading.lines))


def _without_pattern(line: ChosenLine) -> ChosenLine:
    count = len(line.boxes)
    if count < PATTERN:
        return line
    shapes = np.stack([_shape(ink) for ink in line.inks])
    sizes = np.array([(box.width, box.height) for box in line.boxes])
    pitches = np.diff([box.center.x for box in line.boxes])
    alike = (shapes[:-1] * shapes[1:]).sum(axis=1) >= ALIKE_SHAPE
    alike &= (np.abs(np.log(sizes[:-1] / sizes[1:])) <= math.log(ALIKE_SIZE)).all(axis=1)
    # A one is alike to every other.
    ones = np.array([int(p.argmax()) == 1 for p in line.probabilities])
    alike &= ~(ones[:-1] | ones[1:])
    if alike.sum() < PATTERN - 1:
        return line
    pitch = np.median(pitches[alike])
    even = alike & (np.abs(pitches - pitch) <= EVEN * pitch)
    if even.sum() < PATTERN - 1:
        return line
    repeated = np.concatenate([even, [False]]) | np.concatenate([[False], even])
    # What little else there is at the same pitch is one of them, seen worse.
    return line.only([] if repeated.sum() >= MOSTLY_PATTERN * count else np.flatnonzero(~repeated).tolist())


def _shape(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink at one size, with a mean of 0 and a length of 1: the product of two is their correlation."""
    small = cv2.resize(ink, (SHAPE_SIDE, SHAPE_SIDE), interpolation=cv2.INTER_AREA).ravel()
    centered = small - small.mean()
    return np.asarray(centered / max(float(np.linalg.norm(centered)), 1e-6), np.float32)


def without_pieces_of_words(reading: PageReading, found: Sequence[LineOfCandidates]) -> PageReading:
    """The reading without words whose digits are not sure in lines that hold hardly any."""
    lines = zip(found, reading.lines, reading.shares, strict=True)
    return replace(
        reading,
        lines=tuple(_without_doubtful_words(of, line) if share < WORDY_SHARE else line for of, line, share in lines),
    )


def _without_doubtful_words(found: LineOfCandidates, line: ChosenLine) -> ChosenLine:
    starts = [word.start for word in found.words]
    words = np.searchsorted(starts, [start for start, _ in line.spans], side="right")
    sureness = np.array([p.max() for p in line.probabilities])
    return line.only([k for k, word in enumerate(words) if sureness[words == word].mean() >= LONE_DIGIT])


def without_hanging_letters(reading: PageReading, found: Sequence[LineOfCandidates]) -> PageReading:
    """The reading without nines that are the g of a unit: they hang below the digits, close behind another letter.

    Both are kept in their line's signs.
    """
    lines = []
    for of, line in zip(found, reading.lines, strict=True):
        letters = {k: before for k in range(len(line.boxes)) if (before := _letter_before(of, line, k)) is not None}
        if letters:
            kept = line.only([k for k in range(len(line.boxes)) if k not in letters])
            signs = (box for k, before in letters.items() for box in (before, line.boxes[k]))
            line = replace(kept, signs=(*line.signs, *signs))  # noqa: PLW2901
        lines.append(line)
    return replace(reading, lines=tuple(lines))


def _letter_before(found: LineOfCandidates, line: ChosenLine, k: int) -> Box | None:
    """The letter before a digit that is a letter too, and hangs below the line; None for any other."""
    start = line.spans[k][0]
    others = [box for i, box in enumerate(line.boxes) if i != k]
    taken = {piece for span in line.spans for piece in range(*span)}
    if DIGITS[int(line.probabilities[k].argmax())] != "9" or not others:
        return None
    top, bottom = (float(np.median([getattr(box, side) for box in others])) for side in ("y0", "y1"))
    height, box = bottom - top, line.boxes[k]
    if box.y0 < top + HANGING[0] * height or box.y1 < bottom + HANGING[1] * height:
        return None
    for piece in range(start - 1, max(-1, start - 1 - LETTER_PIECES), -1):
        letter = found.pieces[piece]
        if piece in taken or box.x0 - letter.x1 > LETTER_GAP * height:
            return None
        if letter.height >= LETTER_HEIGHT * height:
            return letter
    return None


def without_edge_strokes(reading: PageReading, to_picture: PageTransform, *, size: tuple[int, int]) -> PageReading:
    """The reading without upright strokes that touch a side of the picture, beside digits of another height.

    Those in a corner of it go too, where the digits beside them stand clear of its end; and what cuts off a corner.

    A picture cut out of a form or a page shows the side of a cell, of a sheet or of a shadow at its left or right; and
    at its top or bottom a row of ends of squared paper's lines.

    Parameters
    ----------
    reading
        Boxes in pixels of the clean page.
    to_picture
        Leads from there to the picture.
    size
        Width and height of the picture, in pixels.
    """
    if reading.count < 3:
        return reading
    width, height = size

    def inside(line: ChosenLine) -> ChosenLine:
        strokes = [
            p.argmax() == 1 and b.width <= THIN * b.height for b, p in zip(line.boxes, line.probabilities, strict=True)
        ]
        boxes = [to_picture.apply_to_box(box).box for box in line.boxes]
        at_side = [box.x0 <= EDGE_PIXELS or box.x1 >= width - EDGE_PIXELS for box in boxes]
        at_end = [box.y0 <= EDGE_PIXELS or box.y1 >= height - EDGE_PIXELS for box in boxes]
        if all(strokes) and sum(at_end) > 1:
            at_side = [side or end for side, end in zip(at_side, at_end, strict=True)]
        others = [box.height for box, stroke in zip(line.boxes, strokes, strict=True) if not stroke]
        low, high = (share * float(np.median(others)) if others else 0.0 for share in AS_HIGH)
        # In a corner, where none of the others reaches the picture's end, it goes on beyond it whatever its height.
        alone_at_end = len(line.boxes) > 1 and sum(at_end) == 1
        is_edge = (
            stroke and side and (not low <= box.height <= high or (alone_at_end and end))
            for stroke, side, end, box in zip(strokes, at_side, at_end, line.boxes, strict=True)
        )
        kept = [k for k, edge in enumerate(is_edge) if not edge]
        return line.only([k for k in kept if not _cuts_off_corner(boxes[k], line.inks[k], size)])

    return replace(reading, lines=tuple(inside(line) for line in reading.lines))


def _cuts_off_corner(box: Box, ink: NDArray[np.float32], size: tuple[int, int]) -> bool:
    """Whether ink runs from one side of its picture to the next, as the edge of a sheet does, and nowhere else.

    A digit there has ink within the corner, or reaches neither side's far end.
    """
    width, height = size
    left, right = box.x0 <= EDGE_PIXELS, box.x1 >= width - EDGE_PIXELS
    # Its far end may be cut off; what leans as far as no one does goes on to there.
    room = max(EDGE_PIXELS, CUT_END * box.height if box.width >= CUT_END * box.height else 0.0)
    top, bottom = box.y0 <= room, box.y1 >= height - room
    if left == right or top == bottom:
        return False
    # The corner at the start of both axes.
    strong = ink[:: 1 if top else -1, :: 1 if left else -1] > 0.5
    rows, columns = np.nonzero(strong)
    if len(rows) < CORNER_INK:
        return False
    down, along = rows / strong.shape[0], columns / strong.shape[1]
    return bool((np.abs(down + along - 1) <= CORNER_EDGE).mean() >= MOSTLY_EDGE)


def _strength(ink: NDArray[np.float32]) -> float:
    """How dark the strokes of a digit are where they are darkest: what nine of ten pixels of its ink do not exceed."""
    stroke = np.sort(ink[ink > SOFT_EDGE])
    return float(stroke[int(0.9 * (len(stroke) - 1))]) if len(stroke) else 0.0


def _is_doubtful_alone(line: ChosenLine) -> bool:
    if len(line.boxes) != 1:
        return False
    (probabilities,), (box,) = line.probabilities, line.boxes
    if probabilities.argmax() != 1:
        return float(probabilities.max()) < LONE_DIGIT
    return float(probabilities.max()) < LONE_STROKE or box.width > box.height


def _is_stick(line: ChosenLine, height: float) -> bool:
    """Whether a line's only digit is a one far longer or shorter than the digits of others are high; 0 if unknown."""
    (probabilities,), (box,) = line.probabilities, line.boxes
    return bool(
        height and probabilities.argmax() == 1 and not SHORTEST_LONE <= _length(box) / height <= LONGEST_LEANING
    )


def _is_like(line: ChosenLine, k: int, typical: float, count: int) -> bool:
    box = line.boxes[k]
    if not LEAST_SIZE * typical <= _of_its_span(line, k).height <= MOST_SIZE * typical:
        return False
    if count > OTHERS and line.probabilities[k].argmax() == 1 and _length(box) > LONGEST_LEANING * typical:
        return False
    return count < 5 or box.height <= LONGEST_ONE * typical or box.width > 0.3 * box.height


def _of_its_span(line: ChosenLine, k: int) -> Box:
    """The box around all the digits that were read from the same pieces as a digit: their own are cut, not found."""
    return Box.union_of(box for box, span in zip(line.boxes, line.spans, strict=True) if span == line.spans[k])


def _length(box: Box) -> float:
    """From corner to corner: how long a stroke is that leans."""
    return float(np.hypot(box.width, box.height))
