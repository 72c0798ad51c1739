"""Where the numbers of each layout stand."""

import numpy as np
import pytest

from inkread.data.synth import Hand, PageOptions
from inkread.data.synth.layout import plan_page
from inkread.errors import InvalidOption
from inkread.geometry import Box

TEXTS = {
    "digit": ("4",),
    "line": ("12 345 6",),
    "lines": ("98 7", "654", "3 2 1", "000111"),
    "grid": ("1 2 3", "4 5 6", "7 8 9"),
    "table": ("12 3 456", "7 89 0"),
    "comb": ("2026", "0815 77"),
    "scattered": ("1", "22", "333", "4444", "55"),
}
layouts = pytest.mark.parametrize("layout", TEXTS)


def plans(layout, count=20, **more):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        options = PageOptions(layout=layout, lines=TEXTS[layout], **more)
        yield options, plan_page(options, Hand.random(rng), rng)


def text_of(row):
    return "".join(glyph.character for glyph in row.glyphs)


@layouts
def test_rows_hold_the_texts(layout):
    for _, plan in plans(layout):
        rows = [text_of(row) for row in plan.rows]
        assert (sorted(rows) if layout == "scattered" else rows) == list(TEXTS[layout])


@layouts
@pytest.mark.parametrize("size", [(1000, 700), (300, 900), (900, 160)])
def test_numbers_stand_inside_the_page(layout, size):
    for options, plan in plans(layout, 8, width=size[0], height=size[1]):
        for row in plan.rows:
            box = row.box()
            assert box.intersection(Box(0, 0, options.width, options.height)) == box


@layouts
def test_digits_are_as_high_as_asked_where_there_is_room(layout):
    for _, plan in plans(layout, 6, digit_height=24):
        assert 12 <= plan.digit_height <= 24
        heights = [g.path_box.height for row in plan.rows for g in row.glyphs if g.strokes]
        assert 0.7 * plan.digit_height < np.median(heights) < 1.4 * plan.digit_height


def test_lines_go_down_the_page():
    for _, plan in plans("lines"):
        middles = [row.box().center.y for row in plan.rows]
        assert middles == sorted(middles)


def test_scattered_numbers_are_a_clear_gap_apart():
    for _, plan in plans("scattered"):
        boxes = [row.box() for row in plan.rows]
        for i, box in enumerate(boxes):
            near = box.grown(0.75 * plan.digit_height)
            assert all(near.intersection(other) is None for other in boxes[i + 1 :])


def test_comb_has_a_box_around_each_digit():
    for _, plan in plans("comb"):
        if plan.printed:
            fields = [Box.around(path) for path in plan.printed]
            digits = [g for row in plan.rows for g in row.glyphs if g.strokes]
            assert len(fields) == len(digits)
            for glyph, field in zip(digits, fields, strict=True):
                assert field.x0 < glyph.path_box.center.x < field.x1
                assert field.y0 < glyph.path_box.center.y < field.y1


def test_table_has_rules_between_its_cells():
    for _, plan in plans("table"):
        assert len(plan.printed) == 4 + 3 or len(plan.drawn) == 4 + 3


def test_too_many_scattered_numbers_are_refused():
    options = PageOptions(width=60, height=40, layout="scattered", lines=("123456",) * 30)
    with pytest.raises(InvalidOption, match="do not fit"):
        plan_page(options, Hand(), np.random.default_rng(0))
