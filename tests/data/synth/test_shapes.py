"""The curve through authored control points."""

import numpy as np
import pytest

from inkread.data.synth.shapes import Curve, Form, curve_through
from inkread.errors import InvalidOption


def path(curve, *, roundness=1.0, cut=0.0):
    return (curve.hold + roundness * curve.bend + cut * curve.corners) @ curve.points


def turns(points):
    step = np.diff(points, axis=0)
    angle = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    return np.abs(np.diff(angle))


def test_curve_passes_through_its_control_points():
    curve = Curve.of_text("0,0 40,10 60,50 20,100")
    for roundness in (0.0, 1.0):
        for point in curve.points:
            assert np.hypot(*(path(curve, roundness=roundness) - point).T).min() < 1e-9


def test_no_roundness_goes_straight_from_point_to_point():
    drawn = path(Curve.of_text("0,0 100,0 100,100"), roundness=0.0)
    assert (np.minimum(np.abs(drawn[:, 1]), np.abs(drawn[:, 0] - 1)) < 1e-9).all()


def test_path_turns_sharply_only_at_marked_corners():
    smooth, sharp = (turns(path(Curve.of_text(text))) for text in ("0,0 50,2 52,50", "0,0 50,2! 52,50"))
    assert smooth.max() < 0.5 < 1.2 < sharp.max()


def test_cut_corners_turn_smoothly():
    curve = Curve.of_text("0,0 50,2! 52,50")
    np.testing.assert_allclose(path(curve, cut=1.0), path(Curve.of_text("0,0 50,2 52,50")), atol=1e-12)


def test_two_points_are_a_straight_line():
    drawn = path(Curve.of_text("0,0 30,90"))
    np.testing.assert_allclose(drawn[:, 0] * 3, drawn[:, 1], atol=1e-12)


def test_points_are_dense_enough_for_large_writing():
    drawn = path(Curve.of_text("30,0 0,50 30,100 60,50 31,1"))
    assert np.hypot(*np.diff(drawn, axis=0).T).max() < 0.05


def test_closed_stroke_is_known_as_such():
    assert Curve.of_text("30,0 0,50 30,100 60,50 31,1").closed
    assert not Curve.of_text("30,0 0,50 30,100 60,50 50,10").closed
    assert not Curve.of_text("30,0 31,1").closed


def test_one_point_is_a_dot():
    curve = Curve.of_text("5,98")
    np.testing.assert_allclose(path(curve), [[0.05, 0.98]])


@pytest.mark.parametrize("text", ["", "5", "5,6,7", "a,b", "1,2 3"])
def test_text_that_is_no_stroke_is_refused(text):
    with pytest.raises(InvalidOption, match="written"):
        Curve.of_text(text)


def test_form_without_strokes_or_weight_is_refused():
    with pytest.raises(InvalidOption):
        Form("empty", 1)
    with pytest.raises(InvalidOption):
        Form("never", 0, "0,0 1,1")


def test_a_curve_passes_through_its_points_without_corners():
    points = np.array([(0.0, 0.0), (3.0, 4.0), (7.0, 4.0), (8.0, 0.0)])
    curve = curve_through(points, parts=6)
    assert curve.shape == (19, 2)
    np.testing.assert_allclose(curve[::6], points, atol=1e-9)
    steps = np.diff(curve, axis=0)
    turns = np.degrees(np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))))
    assert turns.max() < 30
