"""Where the numbers of a page stand: each layout is a function that gives a plan."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inkread.data.synth.distractors import add_distractors
from inkread.data.synth.glyph import Glyph
from inkread.data.synth.hand import Hand
from inkread.data.synth.line import LineOptions, lay_line
from inkread.data.synth.options import PageOptions
from inkread.data.synth.plan import Plan, Row, box_of, find_free_spot, margin_of, pen_of
from inkread.data.synth.texts import LABELS, random_texts
from inkread.errors import InvalidOption
from inkread.geometry import Box, Stroke
from inkread.ink import ink_margin

__all__ = ["plan_page"]

Floats = NDArray[np.float64]


def plan_page(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """The plan of a page with the layout and texts that ``options`` ask for, in one hand."""
    plan = _LAYOUTS[options.layout](options, hand, rng)
    add_distractors(plan, options, hand, rng)
    return plan


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
    margin = margin_of(options)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    pitch = height / max(len(texts), 1)
    fill = rng.uniform(0.4, 0.9) if options.layout == "digit" else rng.uniform(0.36, 0.62)
    wanted = options.digit_height or min(max(pitch * fill, 4.0), 1000.0)
    choices = _line_options(options, rng)
    laid = [lay_line(text, hand, rng, height=wanted, options=choices) for text in texts]
    slopes = math.tan(math.radians(rng.normal(0, 0.7))) + rng.normal(0, 0.004, size=len(laid))
    laid = [[glyph.mapped(slope=s) for glyph in glyphs] for glyphs, s in zip(laid, slopes.tolist(), strict=True)]
    boxes = [box_of(glyphs).grown(ink_margin(pen_of(hand, wanted))) for glyphs in laid]
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
        plan.rows.append(
            Row(glyphs=[g.mapped(scale=shrink, dx=x, dy=y) for g in glyphs], pen=pen_of(hand, plan.digit_height))
        )
    return plan


def _plan_cells(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """A grid of numbers in cells, with the lines of a table or without."""
    texts = [text.split() for text in _texts(options, rng)]
    margin = margin_of(options)
    columns = max(len(cells) for cells in texts)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    cell_w, cell_h = width / columns, height / len(texts)
    if options.layout == "table" and rng.random() < 0.5:
        cell_w *= rng.uniform(0.7, 1.0)
        cell_h *= rng.uniform(0.7, 1.0)
    wanted = options.digit_height or max(min(cell_h, cell_w * 1.3) * rng.uniform(0.4, 0.62), 4.0)
    choices = LineOptions(touching=options.touching)
    laid = [[lay_line(cell, hand, rng, height=wanted, options=choices) for cell in cells] for cells in texts]
    boxes = [[box_of(glyphs).grown(ink_margin(pen_of(hand, wanted))) for glyphs in cells] for cells in laid]
    shrink = min(1.0, *(min(cell_w * 0.86 / b.width, cell_h * 0.9 / b.height) for cells in boxes for b in cells))
    pen = pen_of(hand, wanted * shrink)
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
            row += [g.mapped(scale=shrink, dx=x, dy=y) for g in glyphs]
        plan.rows.append(Row(glyphs=row, pen=pen))
    if options.layout == "table":
        xs = left + cell_w * np.arange(columns + 1)
        ys = top + cell_h * np.arange(len(texts) + 1)
        upright = [np.array([(x, ys[0]), (x, ys[-1])]) for x in xs]
        level = [np.array([(xs[0], y), (xs[-1], y)]) for y in ys]
        _rule(plan, upright + level, rng)
    return plan


def _plan_combs(options: PageOptions, hand: Hand, rng: np.random.Generator) -> Plan:
    """Form fields: a box for each digit, touching their neighbors or apart."""
    texts = _texts(options, rng)
    margin = margin_of(options)
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
    sizes = [box_of(glyphs).grown(ink_margin(pen_of(hand, wanted))) for row in laid for glyphs in row if glyphs]
    # Hasty writers cross a line of the box now and then: up to a twentieth more than fits.
    shrink = min(1.0, *(min((cell_w - gap) * 1.02 / b.width, cell_h * 1.05 / b.height) for b in sizes))
    plan.digit_height = wanted * shrink
    pen = pen_of(hand, plan.digit_height)
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
            glyphs = [g.mapped(scale=shrink) for g in laid[i][j]]
            box = box_of(glyphs)
            dx, dy = rng.normal(0, 0.04, size=2) * cell_w
            place = x0 + (cell_w - gap) / 2 - box.center.x + dx, y0 + cell_h / 2 - box.center.y + dy
            row += [g.mapped(dx=place[0], dy=place[1]) for g in glyphs]
            x1, y1 = x0 + cell_w - gap, y0 + cell_h
            outline = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
            rules.append(np.array(outline if open_top else [*outline, (x0, y0)]))
        plan.rows.append(Row(glyphs=row, pen=pen))
        if rng.random() < options.distractors:
            plan.distractors.append(_label(left, y0 - 0.12 * cell_h, 0.38 * plan.digit_height, hand, rng))
    _rule(plan, rules, rng, by_hand=0.1)
    return plan


def _label(left: float, bottom: float, height: float, hand: Hand, rng: np.random.Generator) -> Row:
    """A word above a field that says what belongs in it."""
    height = max(height, 7.0)
    glyphs = lay_line(str(rng.choice(LABELS)), hand, rng, height=height)
    return Row(glyphs=[g.mapped(dx=left, dy=bottom) for g in glyphs], pen=pen_of(hand, height))


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
    margin = margin_of(options)
    width, height = options.width - 2 * margin, options.height - 2 * margin
    within = Box(margin, margin, margin + width, margin + height)
    longest = max(len(text) for text in texts)
    wanted = options.digit_height or min(
        math.sqrt(width * height / len(texts) / longest) * rng.uniform(0.35, 0.6), width / longest, height * 0.6
    )
    plan = Plan(rule_pitch=wanted * 1.6)
    wanted = max(wanted, 6.0)
    while True:
        pen = pen_of(hand, wanted)
        placed: list[Row] = []
        for text in texts:
            glyphs = lay_line(text, hand, rng, height=wanted, options=LineOptions(touching=options.touching))
            box = box_of(glyphs).grown(ink_margin(pen))
            taken = [row.box().grown(0.8 * wanted) for row in placed]  # a clear gap, or they would be one number
            spot = find_free_spot(box.width, box.height, within, taken, rng)
            if spot is None:
                break
            placed.append(Row(glyphs=[g.mapped(dx=spot[0] - box.x0, dy=spot[1] - box.y0) for g in glyphs], pen=pen))
        if len(placed) == len(texts):
            break
        wanted *= 0.85
        if wanted < 6:
            raise InvalidOption(f"{len(texts)} numbers do not fit on {options.width} × {options.height} pixels")
    plan.digit_height = wanted
    plan.rows = sorted(placed, key=lambda row: row.box().center.y)
    return plan


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
