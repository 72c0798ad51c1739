"""What else is on a page: words, drawings and underlines that a reader of numbers must pass over."""

from __future__ import annotations

import math

import numpy as np

from inkread.data.synth.glyph import Glyph, write_glyph
from inkread.data.synth.hand import Hand
from inkread.data.synth.line import lay_line
from inkread.data.synth.options import PageOptions
from inkread.data.synth.plan import Plan, Row, box_of, find_free_spot, margin_of, pen_of
from inkread.data.synth.texts import WORDS
from inkread.geometry import Box, Stroke
from inkread.ink import ink_margin

__all__ = ["add_distractors"]

_DRAWINGS = (
    *("<tick>", "<cross>", "<arrow>", "<arrow>", "<scribble>", "<scribble>", "<spiral>", "<wave>", "<heart>", "<star>"),
    *("<triangle>", "<house>", "<face>", "<blot>", "<box>", "<tally>", "?", "&", "@", "€", "%", "#", "+", "="),
)


def add_distractors(plan: Plan, options: PageOptions, hand: Hand, rng: np.random.Generator) -> None:
    """Words, drawings and underlines where nothing else stands."""
    count = int(rng.poisson(6 * options.distractors)) if options.distractors else 0
    if options.layout == "nothing" and options.distractors:
        count = max(count, 1)
    within = Box(0, 0, options.width, options.height).grown(-margin_of(options) / 2)
    taken = [row.box().grown(0.3 * plan.digit_height) for row in (*plan.rows, *plan.distractors)]
    if options.layout in ("table", "comb") and (plan.printed or plan.drawn):
        paths = [*plan.printed, *(np.stack([s.x, s.y], axis=1) for s in plan.drawn)]
        taken.append(Box.around(np.concatenate(paths)).grown(4))
    for row in plan.rows if options.layout in ("line", "lines") else ():
        if rng.random() < 0.12 * options.distractors:
            box = row.box()
            x = np.linspace(box.x0, box.x1, 12)
            y = box.y1 + 0.12 * plan.digit_height + np.cumsum(rng.normal(0, 0.01, size=12)) * plan.digit_height
            if y.max() < options.height - 2:
                line = Glyph(character="<underline>", strokes=(Stroke(x=x, y=y),))
                plan.distractors.append(Row(glyphs=[line], pen=row.pen))
                taken.append(plan.distractors[-1].box())
    for _ in range(count):
        size = plan.digit_height * math.exp(rng.normal(-0.1, 0.35))
        size = max(min(size, 0.5 * within.height), 6.0)
        if rng.random() < 0.55:
            word = " ".join(str(w) for w in rng.choice(WORDS, size=int(rng.integers(1, 3))))
            glyphs = lay_line(word, hand, rng, height=size)
        else:
            drawing = str(rng.choice(_DRAWINGS))
            glyphs = [Glyph(character=drawing, strokes=write_glyph(drawing, hand, rng)).mapped(scale=size)]
        pen = pen_of(hand, size)
        box = box_of(glyphs).grown(ink_margin(pen))
        spot = find_free_spot(box.width, box.height, within, taken, rng)
        if spot is not None:
            plan.distractors.append(
                Row(glyphs=[g.mapped(dx=spot[0] - box.x0, dy=spot[1] - box.y0) for g in glyphs], pen=pen)
            )
            taken.append(plan.distractors[-1].box().grown(0.2 * size))
