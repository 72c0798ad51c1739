"""What algorithms see: features that know directions, stay where strokes stay, and are the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.compare.representations import REPRESENTATIONS, contour, hog, represented, skeleton, thinned
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidArray
from inkread.recognize.prepare import prepare


def digits(text: str = "0123456789", seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return prepare([draw_glyph(character, Hand(), rng, height=32) for character in text])


def bar(*, vertical: bool, thickness: int = 4) -> np.ndarray:
    ink = np.zeros((1, 28, 28), np.float32)
    ink[0, 4:24, 12 : 12 + thickness] = 1
    return ink if vertical else ink.transpose(0, 2, 1).copy()


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_features_are_finite_and_repeatable_and_differ_between_digits(name):
    inputs = digits()
    first, second = represented(inputs, name), represented(inputs, name)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)
    distances = np.abs(first[:, None] - first[None]).sum(axis=2)
    assert (distances[~np.eye(10, dtype=bool)] > 0).all()


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_no_digits_and_no_ink_give_features_without_a_number_that_is_none(name):
    width = represented(digits("1"), name).shape[1]
    assert represented(prepare([]), name).shape == (0, width)
    np.testing.assert_array_equal(represented(np.zeros((2, 1, 28, 28), np.float32), name), np.zeros((2, width)))


def test_gradients_of_a_vertical_stroke_point_sideways():
    cells = hog(bar(vertical=True)).reshape(7, 7, 9).sum(axis=(0, 1))
    turned = hog(bar(vertical=False)).reshape(7, 7, 9).sum(axis=(0, 1))
    assert cells.argmax() == 0  # the edge of an upright bar changes along x
    assert turned.argmax() in (4, 5)  # 90 degrees lie between the fifth and the sixth of nine


def test_a_skeleton_is_one_pixel_wide_and_hangs_together():
    lines = thinned(bar(vertical=True, thickness=5) > 0.5)
    assert 12 <= lines[0].sum() <= 20
    assert lines[0].sum(axis=1).max() == 1
    ring = np.hypot(*(np.mgrid[:28, :28] - 13.5))
    circle = thinned(((ring > 6) & (ring < 10))[None])[0]
    import cv2

    assert cv2.connectedComponents(circle.astype(np.uint8))[0] == 2
    assert cv2.connectedComponents((~circle).astype(np.uint8), connectivity=4)[0] == 3  # inside and outside stay apart
    assert circle.sum() < 80


def test_skeletons_of_thin_and_thick_pens_are_alike_where_pixels_are_not():
    thin, thick = bar(vertical=True, thickness=3), bar(vertical=True, thickness=7)
    centered = np.roll(thick, -2, axis=2)
    apart = np.abs(skeleton(thin) - skeleton(centered)).sum() / skeleton(thin).sum()
    pixels_apart = np.abs(thin - centered).sum() / thin.sum()
    assert apart < 0.6 < pixels_apart


def test_the_outline_of_a_square_takes_each_of_four_directions_equally_often():
    ink = np.zeros((1, 28, 28), np.float32)
    ink[0, 5:23, 5:23] = 1
    shares = contour(ink).reshape(16, 8).sum(axis=0)
    np.testing.assert_allclose(shares, [0.25, 0, 0.25, 0, 0.25, 0, 0.25, 0], atol=1e-6)


def test_a_wrong_shape_is_refused():
    with pytest.raises(InvalidArray, match=r"\(N, 1, 28, 28\)"):
        represented(np.zeros((2, 28, 28), np.float32), "hog")
