"""Where things stand on a page: rows of writing, printed or hand-drawn rules, and distractors around them.

A plan is strokes in page pixels with the pens that draw them; color, paper and light are the page's business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkread.data.synth.hand import Hand, write_glyph
from inkread.data.synth.line import Glyph, LineOptions, lay_line
from inkread.data.synth.options import PageOptions
from inkread.errors import InvalidOption
from inkread.geometry import Box, Stroke
from inkread.ink import Pen, ink_margin
from inkread.parts import DIGITS

__all__ = ["Plan", "Row", "plan_page"]

Floats = NDArray[np.float64]

# Words of several languages beside numbers. None has a letter that alone is a digit's shape at its start.
_WORDS = (
    *("Total", "Name", "Datum", "Room", "Tel", "Nr", "Raum", "page", "kg", "cm", "Rent", "Fahrt", "Menge", "Anna"),
    *("paid", "Summe", "Kunde", "Euro", "net", "tax", "Maria", "Peter", "check", "am", "Uhr", "the", "and", "Reading"),
)
_DRAWINGS = (
    *("<tick>", "<cross>", "<arrow>", "<arrow>", "<scribble>", "<scribble>", "<spiral>", "<wave>", "<heart>", "<star>"),
    *("<triangle>", "<house>", "<face>", "<blot>", "<box>", "<tally>", "?", "&", "@", "€", "%", "#", "+", "="),
)


@dataclass(slots=True, kw_only=True)
class Row:
    """One line of the truth: characters in their places, and the pen that writes them."""

    glyphs: list[Glyph]
    pen: Pen

    def box(self) -> Box:
        """The smallest box around its ink."""
        return Box.union_of(g.path_box() for g in self.glyphs if g.strokes).grown(ink_margin(self.pen))


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
            row.glyphs = _moved(row.glyphs, dx, dy)
        self.printed = [path + (dx, dy) for path in self.printed]
        self.drawn = [Stroke(x=s.x + dx, y=s.y + dy) for s in self.drawn]
        self.base_line += dy


def plan_page(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """The plan of a page with the layout and texts that ``options`` ask for, in one hand."""
    plan = _LAYOUTS[options.layout](options, hand, rng)
    _add_distractors(plan, options, hand, rng)
    return plan


def random_texts(options: PageOptions, rng: np.random.Generator) -> tuple[str, ...]:
    """Texts as people write them on such a page."""
    layout = options.layout
    if layout == "nothing":
        return ()
    if layout == "digit":
        return (str(rng.integers(10)),)
    rows = {"line": (1, 1), "lines": (2, 9), "grid": (2, 9), "table": (2, 9), "comb": (1, 4), "scattered": (3, 14)}[
        layout
    ]
    count = int(rng.integers(rows[0], rows[1] + 1))
    if layout in ("grid", "table"):
        columns = int(rng.integers(2, 9 if layout == "grid" else 6))
        longest = 1 if layout == "grid" else int(rng.integers(1, 5))
        return tuple(
            " ".join(_digits(rng, int(rng.integers(1, longest + 1))) for _ in range(columns)) for _ in range(count)
        )
    if layout == "comb":
        return tuple(_digits(rng, int(rng.integers(4, 11))) for _ in range(count))
    if layout == "scattered":
        return tuple(_digits(rng, int(rng.integers(1, 5))) for _ in range(count))
    return tuple(_random_line(options, rng) for _ in range(count))


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(DIGITS[i] for i in rng.integers(0, 10, size=count))


def _random_line(options: PageOptions, rng: np.random.Generator) -> str:
    words: list[str] = []
    if rng.random() < 0.5 * options.distractors:
        words.append(str(rng.choice(_WORDS)))
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3, 5]))):
        number = _digits(rng, int(rng.integers(1, 9)))
        if len(number) > 2 and rng.random() < 0.6 * options.distractors:
            at = int(rng.integers(1, len(number)))
            number = number[:at] + str(rng.choice([",", ".", "-", "/", ":"])) + number[at:]
        words.append(number)
    return " ".join(words)


def _margin(options: PageOptions) -> float:
    return 0.05 * min(options.width, options.height) + 2


def _pen(hand: Hand, height: float) -> Pen:
    """The hand's pen at this height; a line thinner than 0.7 pixels would be lost in any camera."""
    width = max(hand.pen.width * height, 0.7)
    return hand.pen.scaled(width / hand.pen.width)


def _scaled(glyphs: list[Glyph], factor: float) -> list[Glyph]:
    return [
        Glyph(
            character=g.character,
            strokes=tuple(Stroke(x=s.x * factor, y=s.y * factor, t=s.t, pressure=s.pressure) for s in g.strokes),
        )
        for g in glyphs
    ]


def _sloped(glyphs: list[Glyph], slope: float) -> list[Glyph]:
    return [
        Glyph(
            character=g.character,
            strokes=tuple(Stroke(x=s.x, y=s.y + slope * s.x, t=s.t, pressure=s.pressure) for s in g.strokes),
        )
        for g in glyphs
    ]


def _moved(glyphs: list[Glyph], dx: float, dy: float) -> list[Glyph]:
    return [g.moved(dx, dy) for g in glyphs]


def _box(glyphs: Sequence[Glyph]) -> Box:
    return Box.union_of(g.path_box() for g in glyphs if g.strokes)


def _times(box: Box, factor: float) -> Box:
    return Box(box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor)


def _texts(options: PageOptions, rng: np.random.Generator) -> tuple[str, ...]:
    return random_texts(options, rng) if options.lines is None else options.lines


def _line_options(options: PageOptions, rng: np.random.Generator) -> LineOptions:
    spacing = None if rng.random() < 0.7 else float(rng.uniform(0.1, 0.45))
    return LineOptions(spacing=spacing, word_gap=float(rng.uniform(0.9, 1.8)), touching=options.touching)


def _plan_lines(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """One or several lines, or one digit: as large as fits, or as asked."""
    texts = _texts(options, rng)
    margin = _margin(options)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    pitch = height / max(len(texts), 1)
    fill = rng.uniform(0.4, 0.9) if options.layout == "digit" else rng.uniform(0.36, 0.62)
    wanted = options.digit_height or min(max(pitch * fill, 4.0), 1000.0)
    choices = _line_options(options, rng)
    laid = [lay_line(text, hand, rng, height=wanted, options=choices) for text in texts]
    slope = math.tan(math.radians(rng.normal(0, 0.7)))
    laid = [_sloped(glyphs, slope + rng.normal(0, 0.004)) for glyphs in laid]
    boxes = [_box(glyphs).grown(ink_margin(_pen(hand, wanted))) for glyphs in laid]
    shrink = min(
        1.0, *(width / box.width for box in boxes), *(height / len(texts) * 1.05 / box.height for box in boxes)
    )
    plan = Plan(digit_height=wanted * shrink, rule_pitch=pitch)
    if len(texts) > 1 and pitch > 2.2 * wanted * shrink and rng.random() < 0.5:
        pitch = wanted * shrink * rng.uniform(1.5, 2.2)
    plan.rule_pitch = pitch
    top = margin + rng.random() * max(height - pitch * len(texts), 0)
    indent = rng.random() ** 2
    for i, (glyphs, full) in enumerate(zip(laid, boxes, strict=True)):
        box = _times(full, shrink)
        room = width - box.width
        x = margin - box.x0 + room * min(max(indent + rng.normal(0, 0.03), 0), 1)
        if options.layout in ("digit", "line"):
            y = margin - box.y0 + (height - box.height) * rng.beta(3, 3)
        else:
            base = top + pitch * (i + 0.5) + wanted * shrink / 2
            y = min(max(base, margin - box.y0), margin + height - box.y1)
        plan.base_line = y
        plan.rows.append(Row(glyphs=_moved(_scaled(glyphs, shrink), x, y), pen=_pen(hand, plan.digit_height)))
    return plan


def _plan_cells(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """A grid of numbers in cells, with the lines of a table or without."""
    texts = [text.split() for text in _texts(options, rng)]
    margin = _margin(options)
    columns = max(len(cells) for cells in texts)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    cell_w, cell_h = width / columns, height / len(texts)
    if options.layout == "table" and rng.random() < 0.5:
        cell_w *= rng.uniform(0.7, 1.0)
        cell_h *= rng.uniform(0.7, 1.0)
    wanted = options.digit_height or max(min(cell_h, cell_w * 1.3) * rng.uniform(0.4, 0.62), 4.0)
    choices = LineOptions(touching=options.touching)
    laid = [[lay_line(cell, hand, rng, height=wanted, options=choices) for cell in cells] for cells in texts]
    boxes = [[_box(glyphs).grown(ink_margin(_pen(hand, wanted))) for glyphs in cells] for cells in laid]
    shrink = min(1.0, *(min(cell_w * 0.86 / b.width, cell_h * 0.9 / b.height) for cells in boxes for b in cells))
    pen = _pen(hand, wanted * shrink)
    plan = Plan(digit_height=wanted * shrink, rule_pitch=cell_h)
    left = margin + (width - cell_w * columns) * rng.random()
    top = margin + (height - cell_h * len(texts)) * rng.random()
    align = float(rng.choice([0.12, 0.5, 0.5, 0.88]))
    for i, cells in enumerate(laid):
        row: list[Glyph] = []
        for j, glyphs in enumerate(cells):
            box = _times(boxes[i][j], shrink)
            free_x, free_y = cell_w - box.width, cell_h - box.height
            x = left + cell_w * j + free_x * min(max(align + rng.normal(0, 0.06), 0.04), 0.96) - box.x0
            y = top + cell_h * i + free_y * min(max(rng.normal(0.5, 0.08), 0.04), 0.96) - box.y0
            if row:
                row.append(Glyph(character=" ", strokes=()))
            row += _moved(_scaled(glyphs, shrink), x, y)
        plan.rows.append(Row(glyphs=row, pen=pen))
    if options.layout == "table":
        xs = left + cell_w * np.arange(columns + 1)
        ys = top + cell_h * np.arange(len(texts) + 1)
        _rule(plan, [np.array([(x, ys[0]), (x, ys[-1])]) for x in xs], rng)
        _rule(plan, [np.array([(xs[0], y), (xs[-1], y)]) for y in ys], rng)
    return plan


def _plan_combs(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """Form fields: a box for each digit, touching their neighbors or apart."""
    texts = _texts(options, rng)
    margin = _margin(options)
    columns = max(len(text) for text in texts)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    cell_h = height / len(texts) * rng.uniform(0.5, 0.75)
    cell_w = min(width / columns, cell_h * rng.uniform(0.75, 1.0))
    cell_h = min(cell_h, cell_w * 1.45)
    wanted = options.digit_height or max(cell_h * rng.uniform(0.55, 0.75), 4.0)
    plan = Plan(rule_pitch=height / len(texts))
    gap = 0.0 if rng.random() < 0.65 else cell_w * rng.uniform(0.08, 0.2)
    open_top = rng.random() < 0.2
    laid = [[lay_line(c, hand, rng, height=wanted) if c != " " else [] for c in text] for text in texts]
    sizes = [_box(glyphs).grown(ink_margin(_pen(hand, wanted))) for row in laid for glyphs in row if glyphs]
    # Hasty writers cross a line of the box now and then: up to a twentieth more than fits.
    shrink = min(1.0, *(min((cell_w - gap) * 1.02 / b.width, cell_h * 1.05 / b.height) for b in sizes))
    plan.digit_height = wanted * shrink
    pen = _pen(hand, plan.digit_height)
    left = margin + (width - cell_w * columns) * rng.random()
    rules: list[Floats] = []
    for i, text in enumerate(texts):
        y0 = margin + height / len(texts) * (i + 0.5) - cell_h / 2
        row: list[Glyph] = []
        for j in range(len(text)):
            x0 = left + cell_w * j
            if text[j] == " ":
                row.append(Glyph(character=" ", strokes=()))
                continue
            glyphs = _scaled(laid[i][j], shrink)
            box = _box(glyphs)
            dx, dy = rng.normal(0, 0.04, size=2) * cell_w
            place = x0 + (cell_w - gap) / 2 - box.center.x + dx, y0 + cell_h / 2 - box.center.y + dy
            row += _moved(glyphs, *place)
            x1, y1 = x0 + cell_w - gap, y0 + cell_h
            outline = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
            rules.append(np.array(outline if open_top else [*outline, (x0, y0)]))
        plan.rows.append(Row(glyphs=row, pen=pen))
    _rule(plan, rules, rng, by_hand=0.1)
    return plan


def _rule(plan: Plan, paths: list[Floats], rng: np.random.Generator, by_hand: float = 0.35) -> None:
    """Add rules, printed or drawn by hand with a little wobble."""
    if rng.random() >= by_hand:
        plan.printed += paths
        return
    for path in paths:
        for start, end in pairwise(path):
            length = math.hypot(*(end - start))
            count = max(4, int(length / 25))
            at = np.linspace(-0.01, 1.01, count)[:, None]
            wobble = np.cumsum(rng.normal(0, 0.25, size=(count, 2)), axis=0)
            points = start + (end - start) * at + wobble - wobble.mean(axis=0)
            plan.drawn.append(Stroke(x=points[:, 0], y=points[:, 1]))


def _plan_scattered(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """Numbers anywhere, none touching another; each is a line of its own."""
    texts = _texts(options, rng)
    margin = _margin(options)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    longest = max(len(text) for text in texts)
    wanted = options.digit_height or min(
        math.sqrt(width * height / len(texts) / longest) * rng.uniform(0.35, 0.6), width / longest, height * 0.6
    )
    plan = Plan(rule_pitch=wanted * 1.6)
    wanted = max(wanted, 6.0)
    while True:
        pen = _pen(hand, wanted)
        placed: list[Row] = []
        for text in texts:
            glyphs = lay_line(text, hand, rng, height=wanted, options=LineOptions(touching=options.touching))
            box = _box(glyphs).grown(ink_margin(pen))
            taken = [row.box().grown(0.35 * wanted) for row in placed]
            spot = _free_spot(box.width, box.height, Box(margin, margin, margin + width, margin + height), taken, rng)
            if spot is None:
                break
            placed.append(Row(glyphs=_moved(glyphs, spot[0] - box.x0, spot[1] - box.y0), pen=pen))
        if len(placed) == len(texts):
            break
        wanted *= 0.85
        if wanted < 6:
            raise InvalidOption(f"{len(texts)} numbers do not fit on {options.width} × {options.height} pixels")
    plan.digit_height = wanted
    plan.rows = sorted(placed, key=lambda row: row.box().center.y)
    return plan


def _free_spot(
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


def _plan_nothing(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    height = options.digit_height or options.height * rng.uniform(0.06, 0.2)
    return Plan(digit_height=height, rule_pitch=height * 1.6)


_LAYOUTS: dict[str, Callable[[PageOptions, Hand, np.random.Generator], Plan]] = {
    "digit": _plan_lines,
    "line": _plan_lines,
    "lines": _plan_lines,
    "grid": _plan_cells,
    "table": _plan_cells,
    "comb": _plan_combs,
    "scattered": _plan_scattered,
    "nothing": _plan_nothing,
}


def _add_distractors(plan: Plan, options: PageOptions, hand: Hand, rng: np.random.Generator) -> None:
    """Words, drawings and underlines where nothing else stands."""
    count = int(rng.poisson(6 * options.distractors)) if options.distractors else 0
    if options.layout == "nothing" and options.distractors:
        count = max(count, 1)
    within = Box(0, 0, options.width, options.height).grown(-_margin(options) / 2)
    taken = [row.box().grown(0.3 * plan.digit_height) for row in plan.rows]
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
            word = " ".join(str(w) for w in rng.choice(_WORDS, size=int(rng.integers(1, 3))))
            glyphs = lay_line(word, hand, rng, height=size)
        else:
            drawing = str(rng.choice(_DRAWINGS))
            glyphs = _scaled([Glyph(character=drawing, strokes=write_glyph(drawing, hand, rng))], size)
        pen = _pen(hand, size)
        box = _box(glyphs).grown(ink_margin(pen))
        spot = _free_spot(box.width, box.height, within, taken, rng)
        if spot is not None:
            plan.distractors.append(Row(glyphs=_moved(glyphs, spot[0] - box.x0, spot[1] - box.y0), pen=pen))
            taken.append(plan.distractors[-1].box().grown(0.2 * size))
