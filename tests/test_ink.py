"""Strokes to pixels: widths, places, joins, and what each pen does."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import InvalidOption
from inkread.geometry import Stroke
from inkread.ink import PEN_KINDS, Pen, draw_strokes, ink_margin


def bar(angle_degrees, *, center=(150.3, 149.6), half=100.0, points=30, **more):
    """A straight stroke through ``center``; the angle is anticlockwise from the x axis."""
    along = np.linspace(-half, half, points)
    angle = math.radians(angle_degrees)
    return Stroke(x=center[0] + along * math.cos(angle), y=center[1] - along * math.sin(angle), **more)


def measure(ink, angle_degrees, center=(150.3, 149.6), half=60.0):
    """Ink a pixel of length of a straight stroke, and how far its middle lies beside the path."""
    angle = math.radians(angle_degrees)
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]] + 0.5
    along = (x - center[0]) * math.cos(angle) - (y - center[1]) * math.sin(angle)
    beside = (x - center[0]) * math.sin(angle) + (y - center[1]) * math.cos(angle)
    inner = ink * (np.abs(along) < half)
    return inner.sum() / (2 * half), (inner * beside).sum() / inner.sum()


@pytest.mark.parametrize("kind", PEN_KINDS)
@pytest.mark.parametrize("width", [1.0, 2.0, 3.5, 8.0, 20.0, 45.0])
def test_line_is_as_wide_as_asked_and_lies_on_its_path(kind, width):
    for angle in (0, 17, 45, 90, 133):
        # Nibs are broad across the stroke when they stand at a right angle to it.
        pen = Pen(width=width, kind=kind, nib_degrees=angle + 90)
        measured, beside = measure(draw_strokes([bar(angle)], size=(300, 300), pen=pen), angle)
        # Steps of two drawn pixels: a third of a pixel on thin lines, one on the broadest.
        assert measured == pytest.approx(width, abs=max(0.55, 0.04 * width))
        # Half a drawn pixel where a picture of this size is drawn at twice its resolution.
        assert abs(beside) < 0.26


def test_thin_line_is_faint_instead_of_vanishing():
    measured, _ = measure(draw_strokes([bar(20)], size=(300, 300), pen=Pen(width=0.3, kind="digital")), 20)
    assert 0.1 < measured < 0.5


def test_half_a_pixel_of_movement_moves_the_ink_half_a_pixel():
    pen = Pen(width=3, kind="digital")
    columns = np.arange(24) + 0.5
    places = []
    for x in (10.0, 10.5):
        ink = draw_strokes([Stroke(x=[x, x], y=[0, 20])], size=(20, 24), pen=pen)
        places.append((ink * columns).sum() / ink.sum())
    assert places[0] == pytest.approx(10.0, abs=0.15)
    assert places[1] - places[0] == pytest.approx(0.5, abs=0.15)


def test_no_strokes_leave_bare_paper():
    ink = draw_strokes([], size=(5, 7))
    assert ink.shape == (5, 7)
    assert ink.dtype == np.float32
    assert not ink.any()


def test_one_point_is_a_round_dot_somewhat_wider_than_the_line():
    ink = draw_strokes([Stroke(x=[20], y=[12])], size=(24, 40), pen=Pen(width=6, kind="felt"))
    assert ink.sum() == pytest.approx(math.pi * (6 * 1.3 / 2) ** 2, rel=0.1)
    rows, columns = np.nonzero(ink > 0.5)
    assert rows.mean() + 0.5 == pytest.approx(12, abs=0.3)
    assert columns.mean() + 0.5 == pytest.approx(20, abs=0.3)


def test_sharp_corner_is_filled():
    corner = Stroke(x=[10, 40, 10], y=[10, 30, 50])
    ink = draw_strokes([corner], size=(60, 60), pen=Pen(width=8, kind="digital"))
    assert ink[30, 42] > 0.9


def test_strokes_outside_the_picture_are_cut_off():
    far = Stroke(x=[-1e9, 1e9], y=[5, 5])
    ink = draw_strokes([far, Stroke(x=[500, 600], y=[500, 600])], size=(10, 10), pen=Pen(width=2, kind="digital"))
    assert ink[5].all()
    assert not ink[9].any()


def test_pressure_widens_the_line_and_constant_pressure_says_nothing():
    pen = Pen(width=10, kind="brush")
    light, hard = np.linspace(0, 0.1, 30), np.linspace(0.9, 1, 30)
    narrow, _ = measure(draw_strokes([bar(0, pressure=light)], size=(300, 300), pen=pen), 0)
    broad, _ = measure(draw_strokes([bar(0, pressure=hard)], size=(300, 300), pen=pen), 0)
    none, _ = measure(draw_strokes([bar(0, pressure=np.zeros(30))], size=(300, 300), pen=pen), 0)
    assert narrow < 6 < 14 < broad
    assert none == pytest.approx(10, abs=0.6)


def test_fast_movement_thins_the_line_when_there_is_no_pressure():
    elapsed = np.concatenate([np.arange(15) * 30.0, 15 * 30.0 + np.arange(15) * 5.0])
    ink = draw_strokes([bar(0, t=elapsed)], size=(300, 300), pen=Pen(width=12, kind="brush"))
    slow, fast = ink[:, 70:130].sum() / 60, ink[:, 170:230].sum() / 60
    assert slow > 1.3 * fast


def test_times_that_stand_still_are_no_information():
    pen = Pen(width=10, kind="brush")
    still = draw_strokes([bar(0, t=np.zeros(30))], size=(300, 300), pen=pen)
    np.testing.assert_array_equal(still, draw_strokes([bar(0)], size=(300, 300), pen=pen))


@pytest.mark.parametrize("kind", ["marker", "fountain"])
def test_nib_is_thin_along_itself_and_broad_across(kind):
    pen = Pen(width=12, kind=kind, nib_degrees=40)
    along, _ = measure(draw_strokes([bar(40)], size=(300, 300), pen=pen), 40)
    across, _ = measure(draw_strokes([bar(130)], size=(300, 300), pen=pen), 130)
    assert along < 0.5 * across


def test_grain_leaves_specks_bare_and_depends_on_the_place_on_the_paper():
    stroke, pen = bar(30), Pen(width=14, kind="pencil", grain=0.8)
    solid = draw_strokes([stroke], size=(300, 300), pen=Pen(width=14, kind="pencil"))
    grainy = draw_strokes([stroke], size=(300, 300), pen=pen)
    assert 0.4 * solid.sum() < grainy.sum() < 0.9 * solid.sum()
    assert (grainy[solid > 0.9] < 0.2).mean() > 0.02
    np.testing.assert_array_equal(grainy, draw_strokes([stroke], size=(300, 300), pen=pen))
    elsewhere = draw_strokes([stroke], size=(300, 300), pen=pen, rng=np.random.default_rng(1))
    assert np.abs(elsewhere - grainy).max() > 0.5


def test_density_is_the_darkest_ink():
    ink = draw_strokes([bar(0)], size=(300, 300), pen=Pen(width=10, kind="digital", density=0.4))
    assert ink.max() == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize("kind", PEN_KINDS)
def test_margin_holds_all_ink(kind):
    pen = Pen(width=9, kind=kind)
    rng = np.random.default_rng(3)
    path = np.cumsum(rng.normal(0, 3, size=(60, 2)), axis=0)
    path += 60 - path.mean(axis=0)
    stroke = Stroke(x=path[:, 0], y=path[:, 1], pressure=rng.random(60))
    rows, columns = np.nonzero(draw_strokes([stroke], size=(150, 150), pen=pen) > 0.15)
    # Half a pixel for the rounding of widths, and one for the pixel itself.
    reach = ink_margin(pen) + 1.0
    assert columns.min() >= path[:, 0].min() - reach
    assert columns.max() + 1 <= path[:, 0].max() + reach
    assert rows.min() >= path[:, 1].min() - reach
    assert rows.max() + 1 <= path[:, 1].max() + reach


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(
        st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7), st.floats(0, 1e6), st.floats(0, 1)),
        min_size=1,
        max_size=8,
    ),
    kind=st.sampled_from(PEN_KINDS),
    width=st.floats(0.01, 300),
    grain=st.floats(0, 1),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_any_stroke_gives_ink_in_range(points, kind, width, grain, size):
    ink = draw_strokes([Stroke.of_points(points)], size=size, pen=Pen(width=width, kind=kind, grain=grain))
    assert ink.shape == size
    assert ink.min() >= 0
    assert ink.max() <= 1


@pytest.mark.parametrize(
    "wrong",
    [{"width": 0}, {"width": math.nan}, {"kind": "crayon"}, {"grain": 1.1}, {"density": 0}, {"nib_degrees": math.inf}],
)
def test_pen_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidOption):
        Pen(**wrong)


def test_empty_picture_is_refused():
    with pytest.raises(InvalidOption, match="1 × 1"):
        draw_strokes([], size=(0, 5))


def test_ordinary_pens_draw_a_thousand_characters_a_second():
    angle = np.linspace(0, 6, 90)
    strokes = [Stroke(x=20 + 15 * np.cos(angle), y=22 + 18 * np.sin(angle), pressure=np.abs(np.sin(angle)))]
    pen = Pen(width=2.5)
    draw_strokes(strokes, size=(44, 40), pen=pen)
    fastest = math.inf
    for _ in range(4):
        start = time.thread_time()
        for _ in range(100):
            draw_strokes(strokes, size=(44, 40), pen=pen)
        fastest = min(fastest, time.thread_time() - start)
    assert fastest < 0.1  # about 0.01 s of its own, whatever else the machine does
