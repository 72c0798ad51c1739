"""Boxes, quads, strokes and the maps between pictures: mostly properties over random values."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import InvalidArray, InvalidOption
from inkread.geometry import Box, PageTransform, Point, Quad, Stroke

COORDINATES = st.floats(-1e4, 1e4, allow_nan=False)


@st.composite
def boxes(draw):
    x0, y0 = draw(COORDINATES), draw(COORDINATES)
    return Box(x0, y0, x0 + draw(st.floats(0.01, 1e4)), y0 + draw(st.floats(0.01, 1e4)))


@st.composite
def transforms(draw):
    """What cleaning does to a page: scale, turn, move, see at an angle."""
    scale = PageTransform.scaling(draw(st.floats(0.1, 10)), draw(st.floats(0.1, 10)))
    turn = PageTransform.rotation(draw(st.floats(-180, 180)), Point(draw(COORDINATES), draw(COORDINATES)))
    move = PageTransform.translation(draw(COORDINATES), draw(COORDINATES))
    tilt = PageTransform(
        np.array([[1, 0, 0], [0, 1, 0], [draw(st.floats(-1e-6, 1e-6)), draw(st.floats(-1e-6, 1e-6)), 1]])
    )
    return scale.then(turn).then(move).then(tilt)


@given(boxes(), boxes())
def test_union_and_intersection_agree_with_iou(first, second):
    union, common = first.union(second), first.intersection(second)
    assert union == second.union(first) == Box.union_of([first, second])
    assert common == second.intersection(first)
    assert 0 <= first.iou(second) <= 1 + 1e-9
    if common is None:
        assert first.iou(second) == 0
    else:
        assert common.area <= min(first.area, second.area) * (1 + 1e-9)
        assert union.area >= max(first.area, second.area) * (1 - 1e-9)


@given(boxes())
def test_a_box_is_its_own_union_intersection_and_quad(box):
    assert box.union(box) == box == box.intersection(box)
    assert box.iou(box) == pytest.approx(1)
    assert Quad.of_box(box).box == box
    assert Box.around(box.corners()) == box


@given(boxes(), st.floats(0, 100), COORDINATES, COORDINATES)
def test_growing_and_shifting_can_be_undone(box, margin, dx, dy):
    back = box.grown(margin).grown(-margin)
    assert back.to_list() == pytest.approx(box.to_list(), abs=0.02)
    assert box.shifted(dx, dy).shifted(-dx, -dy).to_list() == pytest.approx(box.to_list(), abs=0.02)


def test_a_box_shrinks_to_its_middle_and_no_further():
    assert Box(0, 0, 4, 10).grown(-3) == Box(2, 3, 2, 7)


def test_boxes_that_only_touch_do_not_meet():
    assert Box(0, 0, 2, 2).intersection(Box(2, 0, 4, 2)) is None
    assert Box(0, 0, 0, 0).iou(Box(0, 0, 0, 0)) == 0


@pytest.mark.parametrize("edges", [(1, 0, 0, 1), (0, 1, 1, 0), (0, 0, float("nan"), 1), (0, 0, float("inf"), 1)])
def test_a_box_of_impossible_edges_is_refused(edges):
    with pytest.raises(InvalidOption, match="x0 <= x1 and y0 <= y1"):
        Box(*edges)


def test_a_box_around_nothing_is_refused():
    with pytest.raises(InvalidArray, match="at least one point"):
        Box.around([])


@given(transforms(), st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=5))
def test_a_transform_and_its_inverse_cancel(transform, points):
    there = transform.apply(points)
    np.testing.assert_allclose(transform.inverse().apply(there), points, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(transform.then(transform.inverse()).apply(points), points, rtol=1e-6, atol=1e-3)


@given(transforms(), transforms(), st.tuples(COORDINATES, COORDINATES))
def test_then_applies_the_left_one_first(first, second, point):
    expected = second.apply(first.apply([point]))
    np.testing.assert_allclose(first.then(second).apply([point]), expected, rtol=1e-6, atol=1e-3)


def test_rotation_is_clockwise_on_the_screen():
    # y is down, so what lies to the right of the center comes to lie under it.
    turned = PageTransform.rotation(90, Point(10, 10)).apply([(20, 10)])
    np.testing.assert_allclose(turned, [(10, 20)], atol=1e-9)


@given(transforms(), st.tuples(COORDINATES, COORDINATES))
def test_points_are_mapped_as_opencv_maps_them(transform, point):
    theirs = cv2.perspectiveTransform(np.array([[point]], np.float64), np.array(transform.matrix))[0]
    np.testing.assert_allclose(transform.apply([point]), theirs, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.eye(2), np.full((3, 3), np.nan)])
def test_a_matrix_that_cannot_be_inverted_is_refused(matrix):
    with pytest.raises(InvalidArray, match="invertible 3 × 3"):
        PageTransform(matrix)


def test_a_transform_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        PageTransform().matrix[0, 0] = 2.0


def test_a_turned_box_keeps_its_reading_direction():
    quad = PageTransform.rotation(180, Point(5, 5)).apply_to_box(Box(0, 0, 4, 2))
    np.testing.assert_allclose(quad.to_array()[0], (10, 10), atol=1e-9)  # its own top left is now at the bottom right


def test_a_quad_needs_four_points():
    with pytest.raises(InvalidArray, match=r"\(4, 2\)"):
        Quad.of_array([[0, 0], [1, 1]])
    with pytest.raises(InvalidArray, match="four points"):
        Quad((Point(0, 0),) * 3)  # type: ignore[arg-type]


def test_a_stroke_takes_two_to_four_numbers_a_point():
    plain = Stroke.of_points([(0, 0), (3, 4)])
    full = Stroke.of_points([(0, 0, 0, 0.5), (3, 4, 10, 1.0)])
    assert plain.t is None
    assert plain.pressure is None
    assert full.t.tolist() == [0, 10]
    assert full.pressure.tolist() == [0.5, 1.0]
    assert plain.box == full.box == Box(0, 0, 3, 4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": [0, 1], "y": [0]}, "one common length"),
        ({"x": [], "y": []}, "one common length"),
        ({"x": [0, float("nan")], "y": [0, 1]}, "row of finite numbers"),
        ({"x": [[0]], "y": [[0]]}, "row of finite numbers"),
        ({"x": ["a"], "y": [0]}, "must be numbers"),
        ({"x": [0], "y": [0], "pressure": [1.5]}, r"\[0, 1\]"),
    ],
)
def test_a_stroke_of_bad_values_is_refused(values, message):
    with pytest.raises(InvalidArray, match=message):
        Stroke(**values)


def test_points_of_different_lengths_make_no_stroke():
    with pytest.raises(InvalidArray, match="same two to four numbers"):
        Stroke.of_points([(0, 0), (1, 1, 1)])
    with pytest.raises(InvalidArray, match="two to four numbers"):
        Stroke.of_points([(0,)])


def test_a_stroke_does_not_share_its_arrays_with_the_caller():
    x = np.zeros(2)
    stroke = Stroke(x=x, y=x)
    x[0] = 9
    assert stroke.x.tolist() == [0, 0]
