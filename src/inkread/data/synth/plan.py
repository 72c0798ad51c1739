"""What is to be drawn on a page and where: rows of writing, distractors and rules.

A plan is strokes in page pixels with the pens that draw them; color, paper and light are the page's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inkread.data.synth.glyph import Glyph
from inkread.data.synth.hand import Hand
from inkread.data.synth.options import PageOptions
from inkread.geometry import Box, Stroke
from inkread.ink import Pen, ink_margin

__all__ = ["Plan", "Row", "box_of", "find_free_spot", "margin_of", "pen_of"]

Floats = NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class Row:
    """One line of the truth: characters in their places, and the pen that writes them."""

    glyphs: list[Glyph]
    pen: Pen

    def box(self) -> Box:
        """The smallest box around its ink."""
        return Box.union_of(g.path_box for g in self.glyphs if g.strokes).grown(ink_margin(self.pen))


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to be drawn on a page.

    Attributes
    ----------
    rows
        The lines of the truth, top to bottom.
    distractors
        Writing and drawings that are no truth.
    printed
        Paths of printed rules, each float64 (N, 2).
    drawn
        Strokes of rules that were drawn by hand.
    digit_height
        Height of the digits in pixels.
    rule_pitch
        Distance of the lines of writing, in pixels: that of lined paper, or a multiple.
    base_line
        y of one line of writing's foot.
    """

    rows: list[Row] = field(default_factory=list)
    distractors: list[Row] = field(default_factory=list)
    printed: list[Floats] = field(default_factory=list)
    drawn: list[Stroke] = field(default_factory=list)
    digit_height: float = 40.0
    rule_pitch: float = 40.0
    base_line: float = 0.0

    def move(self, dx: float, dy: float) -> None:
        """Move everything by (dx, dy) pixels."""
        for row in (*self.rows, *self.distractors):
            row.glyphs = [glyph.mapped(dx=dx, dy=dy) for glyph in row.glyphs]
        self.printed = [path + (dx, dy) for path in self.printed]
        self.drawn = [Stroke(x=s.x + dx, y=s.y + dy) for s in self.drawn]
        self.base_line += dy


def margin_of(options: PageOptions) -> float:
    """What stays free along the edges of a page, in pixels."""
    return 0.05 * min(options.width, options.height) + 2


def pen_of(hand: Hand, height: float) -> Pen:
    """The hand's pen at this height; a line thinner than 0.7 pixels would be lost in any camera."""
    width = max(hand.pen.width * height, 0.7)
    return hand.pen.scaled(width / hand.pen.width)


def box_of(glyphs: Sequence[Glyph]) -> Box:
    """The smallest box around the paths of all of them."""
    return Box.union_of(g.path_box for g in glyphs if g.strokes)


def find_free_spot(
    width: float, height: float, within: Box, taken: list[Box], rng: np.random.Generator
) -> tuple[float, float] | None:
    """A place (x, y) for the top left of something of this size that meets nothing taken, or None after 40 tries."""
    if width > within.width or height > within.height:
        return None
    for u, v in rng.random((40, 2)).tolist():
        x, y = within.x0 + u * (within.width - width), within.y0 + v * (within.height - height)
        spot = Box(x, y, x + width, y + height)
        if all(spot.intersection(box) is None for box in taken):
            return x, y
    return None
