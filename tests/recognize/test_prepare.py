"""Crops become network input: against a plain slow loop, and by what must not matter."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidArray
from inkread.recognize.prepare import (
    INK_SIDE,
    INPUT_SIDE,
    LINE_HEIGHT,
    ink_bounds,
    isolate,
    prepare,
    prepare_digit_line,
    shown_square,
    to_ink,
)


def glyph(character="5", *, seed=0, height=40):
    return draw_glyph(character, Hand(), np.random.default_rng(seed), height=height)


def prepared_slowly(ink):
    """What prepare promises for a crop up to 64 pixels, pixel by pixel in plain Python."""
    height, width = ink.shape
    peak = max(max(row) for row in ink.tolist())
    out = [[0.0] * INPUT_SIDE for _ in range(INPUT_SIDE)]
    if peak <= 0:
        return np.array(out)
    strong = [(y, x) for y in range(height) for x in range(width) if ink[y, x] > np.float32(0.25) * peak]
    top, bottom = min(y for y, _ in strong), max(y for y, _ in strong) + 1
    left, right = min(x for _, x in strong), max(x for _, x in strong) + 1
    step = max(bottom - top, right - left) / INK_SIDE
    reach = max(step, 1.0)

    def weights(center, length, target):
        position = center + (target + 0.5 - INPUT_SIDE / 2) * step
        # Paper goes on beyond the crop, and weighs as much as ink does.
        around = range(-math.ceil(reach), length + math.ceil(reach))
        raw = {i: max(0.0, 1 - abs(position - (i + 0.5)) / reach) for i in around}
        total = max(sum(raw.values()), 1e-6)
        return {i: w / total for i, w in raw.items() if w and 0 <= i < length}

    for v in range(INPUT_SIDE):
        for u in range(INPUT_SIDE):
            out[v][u] = sum(
                wy * wx * float(ink[y, x])
                for y, wy in weights((top + bottom) / 2, height, v).items()
                for x, wx in weights((left + right) / 2, width, u).items()
            )
    highest = max(max(row) for row in out)
    return np.clip(np.array(out) / highest, 0, 1)


@pytest.mark.parametrize("height", [9, 22, 40, 56])
def test_it_is_what_a_plain_loop_gives(height):
    crops = [np.pad(glyph(c, seed=i, height=height), ((0, 3), (2, 0)))[:64, :64] for i, c in enumerate("170")]
    together = prepare(crops)
    assert together.shape == (3, 1, INPUT_SIDE, INPUT_SIDE)
    assert together.dtype == np.float32
    for crop, found in zip(crops, together, strict=True):
        np.testing.assert_allclose(found[0], prepared_slowly(crop), atol=2e-5)


def test_crops_of_all_sizes_together_are_as_each_alone():
    crops = [glyph(c, seed=i, height=h) for i, (c, h) in enumerate([("3", 12), ("8", 60), ("1", 300), ("7", 33)])]
    together = prepare(crops)
    for crop, found in zip(crops, together, strict=True):
        np.testing.assert_allclose(prepare([crop])[0], found, atol=1e-5)


def test_an_array_of_crops_is_as_a_list_of_them():
    crops = np.stack([np.pad(glyph("4", seed=i, height=30), 10)[:44, :44] for i in range(3)])
    np.testing.assert_array_equal(prepare(crops), prepare(list(crops)))
    large = np.stack([np.kron(crop, np.ones((3, 3), np.float32)) for crop in crops])
    np.testing.assert_array_equal(prepare(large), prepare(list(large)))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_paper_around_the_ink_does_not_matter(top, bottom, left, right):
    ink = glyph(height=24)
    np.testing.assert_allclose(prepare([np.pad(ink, ((top, bottom), (left, right)))]), prepare([ink]), atol=1e-5)


@pytest.mark.parametrize("strength", [0.2, 0.6])
def test_faint_ink_is_lifted_to_full(strength):
    ink = glyph()
    np.testing.assert_allclose(prepare([ink * np.float32(strength)]), prepare([ink]), atol=1e-4)


def test_the_ink_fills_its_square_and_stands_in_the_middle():
    for character in "0123456789":
        picture = prepare([glyph(character, height=50)])[0, 0]
        rows, columns = np.flatnonzero(picture.max(1) > 0.25), np.flatnonzero(picture.max(0) > 0.25)
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert abs(longer - INK_SIDE) <= 2
        assert abs((rows[0] + rows[-1] + 1) / 2 - INPUT_SIDE / 2) <= 1
        assert abs((columns[0] + columns[-1] + 1) / 2 - INPUT_SIDE / 2) <= 1
        assert picture.max() == 1


def test_the_same_digit_at_any_size_gives_nearly_the_same_input():
    shape = Hand(habit=0, jitter=0, bend=0)
    small, large = (prepare([draw_glyph("2", shape, np.random.default_rng(1), height=height)]) for height in (60, 600))
    assert np.abs(small - large).mean() < 0.02


@pytest.mark.parametrize("height", [14, 40, 150])
def test_the_square_that_is_shown_holds_the_ink_where_the_input_has_it(height):
    """Painted back through the square, the input lies over the crop that it was made of."""
    ink = np.pad(draw_glyph("4", Hand(), np.random.default_rng(3), height=height), ((3, 9), (17, 5)))
    (shown,) = prepare([ink])[:, 0]
    square = shown_square(ink)
    assert square.width == square.height
    step = square.width / INPUT_SIDE
    rows, columns = np.indices(ink.shape)

    def likeness(dx, dy):
        x = ((columns + 0.5 - square.x0) / step - 0.5 + dx).astype(np.float32)
        y = ((rows + 0.5 - square.y0) / step - 0.5 + dy).astype(np.float32)
        return np.corrcoef(cv2.remap(shown, x, y, cv2.INTER_LINEAR).ravel(), ink.ravel())[0, 1]

    there = likeness(0, 0)
    assert there > 0.8  # thin strokes are wider in the input
    assert there > max(likeness(dx, dy) for dx, dy in ((0.4, 0), (-0.4, 0), (0, 0.4), (0, -0.4)))


def test_no_ink_gives_zeros_and_no_crops_give_none():
    assert prepare([np.zeros((9, 5), np.float32), np.zeros((200, 5), np.float32)]).max() == 0
    assert prepare([]).shape == (0, 1, INPUT_SIDE, INPUT_SIDE)
    assert prepare(np.zeros((0, 9, 9), np.float32)).shape == (0, 1, INPUT_SIDE, INPUT_SIDE)


def test_bounds_hold_the_ink_and_not_its_soft_edge():
    ink = np.zeros((10, 12), np.float32)
    ink[3:6, 4:9] = 0.8
    ink[2, 4] = 0.1
    assert ink_bounds(ink) == (4, 3, 9, 6)
    assert ink_bounds(np.zeros((4, 4), np.float32)) is None
    assert ink_bounds(np.zeros((0, 4), np.float32)) is None


def as_grey(ink, *, light_on_dark=False, paper=0.9, pen=0.2):
    low, high = (pen, paper) if light_on_dark else (paper, pen)
    return (low + (high - low) * ink).astype(np.float32)


@pytest.mark.parametrize("character", list("0123456789"))
def test_either_polarity_gives_the_same_ink(character):
    padded = np.pad(glyph(character), 6)
    dark, light = to_ink([as_grey(padded), as_grey(padded, light_on_dark=True)])
    np.testing.assert_allclose(dark, light, atol=0.02)
    assert np.corrcoef(dark.ravel(), padded.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("character", list("0235689"))
def test_a_digit_stretched_to_its_box_keeps_its_polarity(character):
    tight = np.kron(glyph(character, height=20), np.ones((1, 2), np.float32))
    for light_on_dark in (False, True):
        (found,) = to_ink([as_grey(tight, light_on_dark=light_on_dark)])
        assert np.corrcoef(found.ravel(), tight.ravel())[0, 1] > 0.9


def test_bytes_floats_and_bools_agree():
    ink = (np.pad(glyph(), 5) > 0.5).astype(np.float32)
    grey = 1 - ink
    as_bytes, as_floats, as_bools, doubles = to_ink(
        [np.uint8(255 * grey), grey, grey.astype(bool), grey.astype(np.float64)]
    )
    for other in (as_floats, as_bools, doubles):
        np.testing.assert_allclose(as_bytes, other, atol=1e-6)


def test_grain_falls_to_nothing_and_pencil_rises_to_full():
    rng = np.random.default_rng(2)
    padded = np.pad(glyph(height=60), 10)
    grey = as_grey(padded, paper=0.8, pen=0.62) + rng.normal(0, 0.01, padded.shape)
    (found,) = to_ink([np.clip(grey, 0, 1)])
    assert np.median(found[padded == 0]) < 0.1
    assert np.median(found[padded > 0.95]) > 0.85


def test_crops_do_not_change_each_other_nor_the_callers_arrays():
    crops = [as_grey(np.pad(glyph(c, seed=i, height=20 + 3 * i), 4)) for i, c in enumerate("0817")]
    before = [crop.copy() for crop in crops]
    for together, crop in zip(to_ink(crops), crops, strict=True):
        np.testing.assert_array_equal(together, to_ink([crop])[0])
    for crop, copy in zip(crops, before, strict=True):
        np.testing.assert_array_equal(crop, copy)


def test_an_even_crop_has_no_ink():
    for value in (0.0, 0.5, 1.0):
        (ink,) = to_ink([np.full((8, 8), value)])
        assert ink.max() == 0
    assert to_ink([]) == []


@pytest.mark.parametrize(
    ("crop", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), r"of shape \(H, W\)"),
        (np.zeros((0, 4), np.uint8), "not empty"),
        (np.zeros((4, 4), np.int32), "uint8, bool, or float"),
        (np.full((4, 4), 255.0), r"lies in \[0, 1\]"),
        (np.full((4, 4), np.nan), "without NaN"),
        (np.full((4, 4), -0.5), r"lies in \[0, 1\]"),
    ],
)
def test_crops_that_are_none_are_refused(crop, message):
    with pytest.raises(InvalidArray, match=message):
        to_ink([np.zeros((3, 3), np.uint8), crop])


def test_neighbors_that_reach_in_are_taken_away():
    ink = np.pad(glyph("5", height=40), ((6, 6), (20, 20)))
    crowded = ink.copy()
    crowded[10:40, :5] = 1  # a piece of the digit to the left
    crowded[20:30, -4:] = 1  # and of the one to the right
    np.testing.assert_array_equal(isolate(crowded), ink)


def test_ruled_lines_along_the_crop_are_taken_away():
    ink = np.pad(glyph("3", height=40), ((6, 14), (20, 20)))
    ruled = ink.copy()
    ruled[-4:-2] = 1
    np.testing.assert_array_equal(isolate(ruled), ink)


def test_the_hat_of_a_five_and_ink_inside_stay():
    ink = np.zeros((50, 40), np.float32)
    ink[0:4, 12:34] = 1  # a hat that touches the upper edge
    ink[10:46, 10:30] = 1
    assert isolate(ink) is ink
    alone = np.pad(glyph("0"), 8)
    assert isolate(alone) is alone


@pytest.mark.parametrize(("height", "margin"), [(12, 0), (40, 7), (150, 30)])
def test_a_digit_is_as_high_on_its_strip_whatever_its_crop(height, margin):
    strip = prepare_digit_line(np.pad(glyph(height=height), margin))
    rows = np.flatnonzero((strip > 0.3).any(axis=1))
    assert strip.shape[0] == LINE_HEIGHT
    assert abs(rows[-1] + 1 - rows[0] - 20) <= 2
    assert abs((rows[0] + rows[-1] + 1) / 2 - LINE_HEIGHT / 2) <= 1.5


def test_a_bar_that_lies_across_fits_on_its_strip():
    strip = prepare_digit_line(np.pad(np.ones((6, 60), np.float32), 5))
    rows, columns = np.nonzero(strip > 0.5)
    assert len(np.unique(rows)) <= 6
    assert len(np.unique(columns)) <= 40


def test_bare_paper_gives_a_bare_strip():
    assert not prepare_digit_line(np.zeros((20, 30), np.float32)).any()
