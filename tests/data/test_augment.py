"""Paper, light and camera: pure functions of a picture, a generator and a strength."""

import numpy as np
import pytest

from inkread.data import augment
from inkread.errors import InvalidArray, InvalidOption

EFFECTS = [
    augment.add_crease,
    augment.add_grain,
    augment.add_noise,
    augment.add_security_pattern,
    augment.add_shadow,
    augment.add_show_through,
    augment.add_stain,
    augment.add_texture,
    augment.add_uneven_light,
    augment.add_vignette,
    augment.blur,
    augment.capture,
    augment.compress,
    augment.light,
]
effects = pytest.mark.parametrize("effect", EFFECTS, ids=lambda f: f.__name__)


@pytest.fixture
def picture():
    """A sheet with some bars of ink, float32 (90, 130, 3)."""
    sheet = np.full((90, 130, 3), (0.9, 0.88, 0.8), np.float32)
    sheet[20:70, 30:36] = (0.1, 0.15, 0.5)
    sheet[40:45, 60:110] = 0.1
    return sheet


@effects
def test_strength_zero_changes_nothing_and_gives_a_new_picture(effect, picture):
    result = effect(picture, np.random.default_rng(0), 0.0)
    np.testing.assert_array_equal(result, picture)
    assert not np.shares_memory(result, picture)


@effects
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_result_is_a_picture_in_range_and_the_given_one_is_untouched(effect, strength, picture):
    before = picture.copy()
    for seed in range(8):
        result = effect(picture, np.random.default_rng(seed), strength)
        assert result.dtype == np.float32
        assert result.shape == picture.shape
        assert np.isfinite(result).all()
        assert result.min() >= 0
        assert result.max() <= 1
    np.testing.assert_array_equal(picture, before)


@effects
def test_same_generator_gives_the_same_picture(effect, picture):
    first, second = (effect(picture, np.random.default_rng(7), 0.8) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@effects
def test_full_strength_shows_and_half_strength_shows_less(effect, picture):
    change = [
        np.mean([np.abs(effect(picture, np.random.default_rng(s), strength) - picture).mean() for s in range(30)])
        for strength in (0.3, 1.0)
    ]
    assert 0 < change[0] < change[1]


@effects
def test_smallest_picture_is_taken(effect):
    for shape in [(1, 1, 3), (1, 40, 3), (33, 1, 3)]:
        for seed in range(4):
            assert effect(np.full(shape, 0.5, np.float32), np.random.default_rng(seed), 1.0).shape == shape


@effects
def test_wrong_strength_is_refused(effect, picture):
    for strength in (-0.1, 1.5, float("nan")):
        with pytest.raises(InvalidOption):
            effect(picture, np.random.default_rng(0), strength)


@effects
def test_wrong_picture_is_refused(effect):
    with pytest.raises(InvalidArray):
        effect(np.zeros((4, 4, 3), np.uint8), np.random.default_rng(0), 0.5)


def test_ink_stays_darker_than_paper_under_any_light(picture):
    for seed in range(40):
        lit = augment.light(picture, np.random.default_rng(seed), 1.0)
        assert lit[30:60, 32:34].mean() < 0.7 * lit[30:60, 20:26].mean()


def test_color_channels_keep_their_order_through_a_file():
    red = np.zeros((32, 32, 3), np.float32)
    red[:, :, 0] = 1
    channels = augment.compress(red, np.random.default_rng(0), 1.0).mean(axis=(0, 1))
    assert channels[0] > 0.9
    assert channels[1:].max() < 0.1


def test_warp_moves_ink_where_the_view_says():
    sheet = np.ones((120, 160, 3), np.float32)
    sheet[50:54, 70:74] = 0
    for seed in range(10):
        view = augment.random_view((120, 160), np.random.default_rng(seed), 1.0)
        dark = 1 - augment.warp(sheet, view)[:, :, 0]
        y, x = np.mgrid[:120, :160] + 0.5
        seen = np.array([(dark * x).sum(), (dark * y).sum()]) / dark.sum()
        np.testing.assert_allclose(seen, view.apply([(72, 52)])[0], atol=0.25)


def test_warp_fills_with_the_background_and_takes_a_size():
    from inkread.geometry import PageTransform

    sheet = np.ones((20, 20, 3), np.float32)
    moved = augment.warp(sheet, PageTransform.translation(10, 0), size=(20, 40), background=(0.2, 0.3, 0.4))
    np.testing.assert_allclose(moved[5, 2], (0.2, 0.3, 0.4), atol=1e-6)
    np.testing.assert_allclose(moved[5, 20], 1)
    assert moved.shape == (20, 40, 3)


def test_view_of_strength_zero_is_the_page_itself():
    view = augment.random_view((70, 100), np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(view.apply([(3, 4), (90, 60)]), [(3, 4), (90, 60)], atol=1e-6)
