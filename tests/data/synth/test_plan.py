"""Plans and free places."""

import numpy as np

from inkread.data.synth import Hand, PageOptions
from inkread.data.synth.glyph import Glyph
from inkread.data.synth.plan import Plan, Row, find_free_spot, margin_of, pen_of
from inkread.geometry import Box, Stroke
from inkread.ink import Pen


def test_free_spot_meets_nothing_and_stays_within():
    within, taken = Box(10, 10, 200, 100), [Box(0, 0, 120, 60), Box(150, 40, 200, 100)]
    for seed in range(50):
        spot = find_free_spot(25, 30, within, taken, np.random.default_rng(seed))
        assert spot is not None
        box = Box(spot[0], spot[1], spot[0] + 25, spot[1] + 30)
        assert box.intersection(within) == box
        assert all(box.intersection(other) is None for other in taken)


def test_no_spot_where_nothing_fits():
    rng = np.random.default_rng(0)
    assert find_free_spot(300, 5, Box(0, 0, 200, 100), [], rng) is None
    assert find_free_spot(20, 20, Box(0, 0, 200, 100), [Box(0, 0, 200, 100)], rng) is None


def test_plan_moves_as_a_whole():
    glyph = Glyph(character="1", strokes=(Stroke(x=[1, 2], y=[3, 4]),))
    plan = Plan(
        rows=[Row(glyphs=[glyph], pen=Pen())],
        distractors=[Row(glyphs=[glyph], pen=Pen())],
        printed=[np.array([(0.0, 0.0), (5.0, 5.0)])],
        drawn=[Stroke(x=[7], y=[8])],
        base_line=9,
    )
    plan.move(10, 20)
    assert plan.rows[0].glyphs[0].path_box == Box(11, 23, 12, 24)
    assert plan.distractors[0].glyphs[0].path_box == Box(11, 23, 12, 24)
    assert plan.printed[0].tolist() == [[10, 20], [15, 25]]
    assert (plan.drawn[0].x[0], plan.drawn[0].y[0], plan.base_line) == (17, 28, 29)


def test_row_box_holds_the_width_of_the_pen():
    glyph = Glyph(character="1", strokes=(Stroke(x=[10, 10], y=[0, 20]),))
    box = Row(glyphs=[glyph], pen=Pen(width=4, kind="digital")).box()
    assert box.x0 <= 8
    assert box.x1 >= 12


def test_pen_grows_with_the_writing_and_never_vanishes():
    hand = Hand(pen=Pen(width=0.05))
    assert pen_of(hand, 100).width == 5
    assert pen_of(hand, 4).width == 0.7


def test_margin_grows_with_the_page():
    assert margin_of(PageOptions(width=100, height=100)) < margin_of(PageOptions(width=1000, height=1000)) < 100
