"""The corruptions of MNIST-C: what each does to known pictures, and that it does it again."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidArray, InvalidOption
from inkread.evaluate.corruptions import CORRUPTIONS, corrupt
from inkread.recognize.prepare import prepare

# As the authors list them, and the severities that their program makes the data set with.
PUBLISHED = {
    "shot_noise": 5, "impulse_noise": 4, "glass_blur": 1, "motion_blur": 1, "shear": 2, "scale": 3, "rotate": 2,
    "brightness": 5, "translate": 3, "stripe": 1, "fog": 5, "spatter": 4, "dotted_line": 1, "zigzag": 1,
    "canny_edges": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    return np.uint8(
        255 * prepare([draw_glyph(character, Hand(), rng, height=32) for character in "0123456789" * 2])[:, 0]
    )


def corrupted(pictures, kind, seed=0, **options):
    return corrupt(pictures, kind, rng=np.random.default_rng(seed), **options)


def test_there_are_the_fifteen_kinds_at_the_published_severities():
    assert {name: kind.published for name, kind in CORRUPTIONS.items()} == PUBLISHED


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_each_changes_every_picture_and_does_so_again(kind, digits):
    changed = corrupted(digits, kind)
    assert changed.dtype == np.uint8
    assert changed.shape == digits.shape
    assert (changed != digits).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(changed, corrupted(digits, kind))
    assert corrupted(digits[:0], kind).shape == (0, 28, 28)


@pytest.mark.parametrize("kind", [name for name, kind in CORRUPTIONS.items() if len(kind.severities) > 1])
def test_severities_grow(kind, digits):
    changes = [
        np.abs(corrupted(digits, kind, severity=level).astype(float) - digits).mean()
        for level in range(1, len(CORRUPTIONS[kind].severities) + 1)
    ]
    assert changes[-1] > changes[0]


def test_impulse_noise_strikes_the_published_share_half_white_half_black():
    grey = np.full((60, 28, 28), 100, np.uint8)
    noisy = corrupted(grey, "impulse_noise")
    assert (noisy != 100).mean() == pytest.approx(0.17, abs=0.01)
    assert (noisy == 255).mean() == pytest.approx((noisy == 0).mean(), abs=0.01)


def test_shot_noise_of_three_photons_has_the_variance_of_three_photons():
    grey = np.full((60, 28, 28), 51, np.uint8)  # a fifth of full light: 0.6 photons a pixel
    levels = np.unique(corrupted(grey, "shot_noise"))
    assert levels.tolist() == [0, 85, 170, 255]
    assert (corrupted(grey, "shot_noise") == 0).mean() == pytest.approx(np.exp(-0.6), abs=0.01)


def test_movements_keep_the_middle_and_turn_both_ways():
    dot = np.zeros((40, 28, 28), np.uint8)
    dot[:, 13:15, 13:15] = 255
    for kind in ("rotate", "shear", "scale"):
        moved = corrupted(dot, kind).astype(float)
        rows, columns = np.indices((28, 28))
        np.testing.assert_allclose((moved * rows).sum((1, 2)) / moved.sum((1, 2)), 13.5, atol=0.3)
        np.testing.assert_allclose((moved * columns).sum((1, 2)) / moved.sum((1, 2)), 13.5, atol=0.3)
    line = np.zeros((40, 28, 28), np.uint8)
    line[:, 13:15, 2:26] = 255
    left_end = corrupted(line, "rotate")[:, :, 4].argmax(axis=1)
    assert set(np.unique(left_end > 13)) == {False, True}
    # 0.4 radians over nearly ten columns
    np.testing.assert_allclose(np.abs(left_end - 13.5), np.tan(0.4) * 9.5, atol=1.5)


def test_translation_is_by_three_pixels_to_the_four_corners():
    dot = np.zeros((40, 28, 28), np.uint8)
    dot[:, 14, 14] = 255
    places = {tuple(place) for place in np.argwhere(corrupted(dot, "translate"))[:, 1:].tolist()}
    assert places == {(11, 11), (11, 17), (17, 11), (17, 17)}


def test_scaling_shrinks_by_seven_tenths():
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 4:24, 4:24] = 255
    assert (corrupted(square, "scale")[0, 14] > 127).sum() == 14


def test_brightness_lifts_black_to_half_and_stripes_invert_the_sides():
    black = np.zeros((1, 28, 28), np.uint8)
    assert np.unique(corrupted(black, "brightness")).tolist() == [128]
    striped = corrupted(black, "stripe")[0, 0]
    assert striped.tolist() == [255] * 7 + [0] * 14 + [255] * 7


def test_motion_smears_to_one_side_and_keeps_light():
    dot = np.zeros((30, 28, 28), np.uint8)
    dot[:, 14, 20] = 255
    smeared = corrupted(dot, "motion_blur").astype(float)
    columns = np.flatnonzero(smeared.sum(axis=(0, 1)))
    assert columns.max() == 20
    assert columns.min() < 14
    assert smeared.sum((1, 2)).mean() == pytest.approx(255, rel=0.05)


def test_fog_fades_ink_and_lies_on_paper(digits):
    foggy = corrupted(digits, "fog")
    assert foggy[digits == 0].mean() > 10
    assert foggy.max() <= 255
    assert foggy[digits > 200].mean() < digits[digits > 200].mean()
    nothing = corrupted(np.zeros((1, 28, 28), np.uint8), "fog")
    assert not nothing.any()  # as the authors scale by the brightest ink


def test_a_dotted_line_has_gaps_and_a_zigzag_reaches_from_side_to_side():
    black = np.zeros((20, 28, 28), np.uint8)
    columns = corrupted(black, "dotted_line").max(axis=(0, 1)) > 0
    assert columns.tolist() == [False, False, True, True] * 6 + [False, False, True, False]
    zigzag = corrupted(black, "zigzag").max(axis=(0, 1)) > 0
    assert zigzag[3:24].all()
    assert not zigzag[:2].any()


def test_edges_of_a_square_are_a_thin_ring():
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 8:20, 8:20] = 255
    edges = corrupted(square, "canny_edges")[0] > 0
    assert 36 <= edges.sum() <= 48
    assert not edges[11:17, 11:17].any()
    assert edges[14].sum() == 2


@pytest.mark.parametrize("pictures", [np.zeros((2, 20, 28), np.uint8), np.zeros((2, 28, 28), np.float32)])
def test_other_shapes_and_types_are_refused(pictures):
    with pytest.raises(InvalidArray, match="28"):
        corrupted(pictures, "fog")


def test_unknown_kinds_and_severities_are_named(digits):
    with pytest.raises(InvalidOption, match="known are shot_noise"):
        corrupted(digits, "frost")
    with pytest.raises(InvalidOption, match="1 to 5; got 6"):
        corrupted(digits, "fog", severity=6)
    with pytest.raises(InvalidOption, match="1 to 1; got 2"):
        corrupted(digits, "stripe", severity=2)
