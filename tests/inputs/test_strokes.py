import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import InkreadError, InvalidArray, SourceTooLarge
from inkread.geometry import Stroke
from inkread.inputs.strokes import as_strokes, draw_page

SEVEN = [[(0, 0), (30, 0), (12, 50)], [(6, 25), (26, 25)]]


def scaled(strokes, factor, dx=0.0, dy=0.0):
    return [[(x * factor + dx, y * factor + dy) for x, y in stroke] for stroke in strokes]


def test_points_arrays_and_strokes_are_the_same():
    rows = [(0, 0, 0, 0.5), (4, 8, 20, 0.6)]
    for one in (rows, np.array(rows), Stroke.of_points(rows), iter(rows)):
        (stroke,) = as_strokes([list(one) if not isinstance(one, Stroke | np.ndarray) else one])
        assert stroke.y.tolist() == [0, 8] and stroke.t is not None and stroke.pressure is not None


def test_a_single_stroke_may_come_alone():
    stroke = Stroke(x=[1, 2], y=[3, 4])
    assert as_strokes(stroke) == (stroke,)


@pytest.mark.parametrize(
    ("strokes", "what"),
    [
        (5, "sequence of strokes"),
        ([[1, 2]], "single point"),
        ([[(1,), (2,)]], "shape"),
        ([[(1, 2), (3,)]], "two to four numbers"),
        ([[("a", "b")]], "two to four numbers"),
        ([[(1, 2, 3, 4, 5)]], "shape"),
        ([[(0, float("nan"))]], "finite"),
        ([[(0, 0, 0, 2)]], "pressure"),
    ],
)
def test_what_is_no_stroke_is_refused(strokes, what):
    with pytest.raises(InvalidArray, match=what):
        as_strokes(strokes)


def test_lifted_pens_are_left_out():
    assert len(as_strokes([[], [(0, 0)], np.zeros((0, 2))])) == 1


def test_too_many_points_are_refused():
    with pytest.raises(SourceTooLarge, match="points"):
        as_strokes([np.zeros((600_000, 2))] * 2)


@pytest.mark.parametrize("factor", [0.01, 1, 300])
def test_the_unit_of_the_strokes_does_not_matter(factor):
    page = draw_page(scaled(SEVEN, factor, dx=-7 * factor, dy=1000 * factor))
    assert np.abs(page.ink - draw_page(SEVEN).ink).mean() < 0.002


@pytest.mark.parametrize("factor", [0.01, 1, 300])
def test_the_way_back_leads_to_the_strokes(factor):
    strokes = scaled(SEVEN, factor, dx=5 * factor, dy=-80 * factor)
    page = draw_page(strokes)
    rows, columns = np.nonzero(page.ink > 0.5)
    found = page.to_source.apply(np.stack([columns + 0.5, rows + 0.5], axis=1))
    points = np.array([point for stroke in strokes for point in stroke])
    # Ink reaches half a pen's width beyond the path.
    assert np.abs(found.min(axis=0) - points.min(axis=0)).max() < 3 * factor
    assert np.abs(found.max(axis=0) - points.max(axis=0)).max() < 3 * factor


def test_bars_and_dots_do_not_change_the_size_of_the_writing():
    line = [stroke for at in range(0, 400, 50) for stroke in scaled(SEVEN, 1, dx=at)] + [[(420, 50)]]
    with_bars, without = draw_page(line), draw_page(line[::2])
    assert with_bars.ink.shape[0] == without.ink.shape[0]


def test_bare_paper_surrounds_the_writing():
    ink = draw_page(SEVEN).ink
    assert not ink[:20].any() and not ink[-20:].any() and not ink[:, :20].any() and not ink[:, -20:].any()


def test_no_strokes_are_a_blank_page():
    assert not draw_page([]).ink.any()
    assert not draw_page([[]]).ink.any()


def test_writing_too_far_from_itself_is_refused():
    with pytest.raises(InvalidArray, match="units high"):
        draw_page([[(-1.7e308, 0), (1.7e308, 4)]])


@pytest.mark.parametrize("far", [1e6, 1e278])
def test_strokes_far_apart_are_refused(far):
    with pytest.raises(InvalidArray, match="apart"):
        draw_page([*SEVEN, [(far, 0), (far, 40)]])


def test_a_dot_is_a_dot():
    assert 0 < draw_page([[(5, 5)]]).ink.sum() < 200


def test_a_minus_sign_is_not_blown_up():
    assert max(draw_page([[(0, 0), (40, 1)]]).ink.shape) < 200


def test_a_very_long_line_is_drawn_smaller():
    line = [stroke for at in range(0, 400_000, 400) for stroke in scaled(SEVEN, 1, dx=at)]
    page = draw_page(line)
    assert page.ink.size <= 17_000_000
    assert page.ink.any()


@pytest.mark.parametrize("factor", [1e-7, 1e9, 1e306])
def test_writing_that_cannot_be_told_apart_is_refused(factor):
    with pytest.raises(InvalidArray, match="units high"):
        draw_page(scaled(SEVEN, factor))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 2), max_size=4), max_size=4))
def test_any_points_are_drawn_or_refused(strokes):
    try:
        page = draw_page(strokes)
    except InkreadError:
        return
    assert page.ink.size <= 17_000_000
