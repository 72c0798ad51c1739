"""One line of writing: characters side by side in one hand, and where each stands.

A line knows its ink and its truth, but neither paper nor place on a page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.data.synth.glyph import CROP_MARGIN, GLYPHS, Glyph, write_glyph
from inkread.data.synth.hand import Hand
from inkread.errors import InvalidOption
from inkread.geometry import Box, PageTransform, Quad, Stroke
from inkread.ink import Pen, draw_strokes, ink_margin
from inkread.parts import DIGITS
from inkread.results import Digit, Line, Number, Problem

__all__ = ["LineOptions", "draw_writing", "lay_line", "line_of", "write_line"]

Floats = NDArray[np.float64]
Ink = NDArray[np.float32]

# Ink fainter than this share of a digit's strongest is no part of its box: the foot of an anti-aliased edge. Strokes of
# a pen finer than a pixel are faint throughout.
_BOX_INK = 0.12
# Rows by which the outlines of two neighbors are compared, from 0.3 above the digits to 0.5 below the base line.
_ROWS = 18
_TOP, _BOTTOM = -0.3, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """How the characters of a line stand beside each other.

    Attributes
    ----------
    spacing
        Gap between the ink of neighbors in heights of a digit, -0.3 to 3. None is the hand's own.
    word_gap
        Gap that a space leaves, in heights of a digit, 0.5 to 6. 0.9 is clear beside any hand's own spacing.
    touching
        Probability that a digit touches or overlaps the one before it, in [0, 1]. 0, because careful writers part them.
    """

    spacing: float | None = None
    word_gap: float = 0.9
    touching: float = 0.0

    def __post_init__(self) -> None:
        if self.spacing is not None and not -0.3 <= self.spacing <= 3:
            raise InvalidOption(f"a line's spacing lies in [-0.3, 3]; got {self.spacing}")
        if not 0.5 <= self.word_gap <= 6:
            raise InvalidOption(f"a line's word_gap lies in [0.5, 6]; got {self.word_gap}")
        if not 0 <= self.touching <= 1:
            raise InvalidOption(f"a line's touching lies in [0, 1]; got {self.touching}")


def write_line(
    text: str,
    hand: Hand,
    rng: np.random.Generator,
    *,
    height: int,
    options: LineOptions | None = None,
) -> tuple[Ink, Line]:
    """A line of writing: its ink, float32 (h, w) in [0, 1] with two bare pixels around it, and what it says and where.

    Parameters
    ----------
    text
        Characters of :data:`~inkread.data.synth.glyph.CHARACTERS` and spaces, which are clear gaps; at least one
        character. Digits are the truth; letters and marks are written and do not count.
    hand, rng
        Who writes.
    height
        Height of a digit in pixels, at least 4.
    options
        Gaps; the hand's own when not given.

    Raises
    ------
    InvalidOption
        If the text is empty, holds an unknown character, or the height is below 4.

    Examples
    --------
    >>> ink, line = write_line("12 07", Hand(), np.random.default_rng(0), height=32)
    >>> line.text, len(line.numbers), ink.dtype.name
    ('12 07', 2, 'float32')
    """
    glyphs = lay_line(text, hand, rng, height=height, options=options)
    pen = hand.pen.scaled(height)
    boxes = [glyph.path_box for glyph in glyphs if glyph.strokes]
    whole = Box.union_of(boxes).grown(ink_margin(pen) + CROP_MARGIN)
    glyphs = [glyph.mapped(dx=-whole.x0, dy=-whole.y0) for glyph in glyphs]
    ink = np.zeros((math.ceil(whole.height), math.ceil(whole.width)), np.float32)
    outlines = draw_writing(ink, glyphs, pen, rng)
    return ink, line_of(glyphs, outlines)


def lay_line(
    text: str,
    hand: Hand,
    rng: np.random.Generator,
    *,
    height: float,
    options: LineOptions | None = None,
) -> list[Glyph]:
    """The characters of a line in their places: the base line at y = 0, the first ink near x = 0, in pixels."""
    options = options or LineOptions()
    if not height >= 4:
        raise InvalidOption(f"a line is written at least 4 pixels high; got {height}")
    if not text.strip():
        raise InvalidOption("a line needs at least one character to write; got none")
    spacing = hand.spacing if options.spacing is None else options.spacing
    glyphs: list[Glyph] = []
    edge = np.full(_ROWS, -np.inf)  # how far to the right the line's ink reaches in each row
    previous, gap = "", 0.0
    for character in text:
        if character == " ":
            glyphs.append(Glyph(character=" ", strokes=()))
            gap += max(options.word_gap, spacing + 0.5) * math.exp(0.12 * rng.standard_normal())
            continue
        if character not in GLYPHS:
            raise InvalidOption(f"no shape is known for {character!r}, wanted in {text!r}")
        strokes = write_glyph(character, hand, rng)
        xs, ys = np.concatenate([s.x for s in strokes]), np.concatenate([s.y for s in strokes])
        left, right = _outline(xs, ys)
        room = spacing * math.exp(0.25 * rng.standard_normal()) if spacing > 0 else spacing
        if gap:
            dx = float(edge.max()) + gap + hand.pen.width - float(xs.min())
        elif not previous:
            dx = -float(xs.min())
        else:
            meet = character in DIGITS and previous in DIGITS and rng.random() < options.touching
            dx = _beside(
                edge, left, hand.pen.width + room, meet=-hand.pen.width * rng.uniform(0, 0.5) if meet else None
            )
        edge = np.maximum(edge, right + dx)
        dy = float(hand.baseline_wander * rng.standard_normal()) - 1
        glyphs.append(
            Glyph(
                character=character,
                strokes=tuple(
                    Stroke(x=(s.x + dx) * height, y=(s.y + dy) * height, t=s.t, pressure=s.pressure) for s in strokes
                ),
            )
        )
        previous, gap = character, 0.0
    return glyphs


def _outline(xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    """The leftmost and rightmost x in each row, float64 (18,) each; a row above or below counts too, as ink is wide."""
    row = np.clip(((ys - _TOP) * (_ROWS / (_BOTTOM - _TOP))).astype(int), 0, _ROWS - 1)
    left, right = np.full(_ROWS + 2, np.inf), np.full(_ROWS + 2, -np.inf)
    for shift in (0, 1, 2):
        np.minimum.at(left, row + shift, xs)
        np.maximum.at(right, row + shift, xs)
    return left[1:-1], right[1:-1]


def _beside(edge: Floats, left: Floats, room: float, *, meet: float | None) -> float:
    """How far to move a character so that its path comes ``room`` from the line's ink, or ``meet`` where given."""
    shared = np.isfinite(edge) & np.isfinite(left)
    start = float(left.min())
    nearest = float((edge[shared] - left[shared]).max()) if shared.any() else -math.inf
    if meet is not None and math.isfinite(nearest):
        return nearest + meet
    # Also where the outlines interlock (a 7 before a 4), the next character does not begin under the last one's middle.
    return max(nearest + room, float(edge.max()) - start - 0.25 + room)


def draw_writing(ink: Ink, glyphs: Sequence[Glyph], pen: Pen, rng: np.random.Generator) -> list[Floats | None]:
    """Draw each character onto ``ink`` (changed in place) and give the outline of its ink.

    An outline is float64 (N, 2), the corners of the pixels on the convex hull of what was drawn inside the picture; it
    is None for spaces and for what lies wholly outside.
    """
    height, width = ink.shape
    reach = ink_margin(pen) + 1
    outlines: list[Floats | None] = []
    for glyph in glyphs:
        outlines.append(None)
        if not glyph.strokes:
            continue
        box = glyph.path_box.grown(reach)
        x0, y0 = max(math.floor(box.x0), 0), max(math.floor(box.y0), 0)
        x1, y1 = min(math.ceil(box.x1), width), min(math.ceil(box.y1), height)
        if x0 >= x1 or y0 >= y1:
            continue
        own = draw_strokes(glyph.mapped(dx=-x0, dy=-y0).strokes, size=(y1 - y0, x1 - x0), pen=pen, rng=rng)
        place = ink[y0:y1, x0:x1]
        np.maximum(place, own, out=place)
        found = cv2.findNonZero((own > _BOX_INK * own.max()).view(np.uint8))
        if found is not None:
            hull = cv2.convexHull(found).reshape(-1, 2) + np.array([x0, y0])
            corners = hull[:, None, :] + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
            outlines[-1] = corners.reshape(-1, 2).astype(np.float64)
    return outlines


def line_of(glyphs: Sequence[Glyph], outlines: Sequence[Floats | None], view: PageTransform | None = None) -> Line:
    """The truth of a line: its digits where ``view`` takes them; a line without digits has a problem.

    A space or a letter ends a number; other signs between digits are its marks.
    """
    view = view or PageTransform()
    numbers: list[Number] = []
    digits: list[Digit] = []
    marks: list[str] = []
    pending: list[str] = []

    def end_number() -> None:
        if digits:
            numbers.append(Number(digits=tuple(digits), confidence=None, marks=tuple(marks)))
        digits.clear()
        marks.clear()
        pending.clear()

    written: list[Floats] = []
    for glyph, outline in zip(glyphs, outlines, strict=True):
        character = glyph.character
        if character in DIGITS and outline is not None:
            if digits:
                marks.extend(pending)
            pending.clear()
            written.append(outline)
            digits.append(
                Digit(
                    value=character,
                    confidence=None,
                    box=Box.around(view.apply(outline)),
                    quad=view.apply_to_box(Box.around(outline)),
                )
            )
        elif character == " " or character.isalpha() or len(character) > 1:
            end_number()
        else:
            pending.append(character)
    end_number()
    around = written or [outline for outline in outlines if outline is not None]
    quad = view.apply_to_box(Box.around(np.concatenate(around))) if around else Quad.of_box(Box(0, 0, 0, 0))
    problem = None if numbers else Problem("not_a_number")
    return Line(numbers=tuple(numbers), confidence=None, quad=quad, problem=problem)
