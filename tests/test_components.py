"""Connected components against OpenCV's own, with labels of either size, and pixels that hang together with none."""

import cv2
import numpy as np
import pytest

from inkread.components import components_of, crookedness, slenderness, stray_pixels, weighted_median


@pytest.mark.parametrize("side", [40, 700])  # of the second there are more runs of ink than two bytes count
def test_components_are_those_of_opencv(side):
    binary = (np.random.default_rng(3).random((side, side)) < 0.3).astype(np.uint8)
    labels, stats, centers = components_of(binary)
    _, wanted, wanted_stats, wanted_centers = cv2.connectedComponentsWithStats(binary, connectivity=8)
    np.testing.assert_array_equal(labels, wanted)
    np.testing.assert_array_equal(stats, wanted_stats)
    np.testing.assert_allclose(centers[1:], wanted_centers[1:])
    assert labels.dtype.itemsize == (2 if side == 40 else 4)


def test_corners_hang_together_and_bare_paper_has_the_ground_alone():
    assert len(components_of(np.eye(5, dtype=np.uint8))[1]) == 2
    _, stats, _ = components_of(np.zeros((4, 6), np.uint8))
    assert stats[:, cv2.CC_STAT_AREA].tolist() == [24]


def test_the_weighted_median_is_passed_by_half_of_the_weight():
    values, weights = np.array([30.0, 10.0, 20.0]), np.array([1.0, 1.0, 5.0])
    assert weighted_median(values, weights) == 20
    assert weighted_median(np.array([1.0, 2.0]), np.array([3.0, 1.0])) == 1


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_stray_pixels_differ_from_all_or_most_around_them(kind):
    grey = np.full((9, 12), 10, kind)
    grey[4, 3] = 200  # alone
    grey[2, 8:10] = 200  # a pair
    grey[7, 5] = 60  # not far off
    for neighbors, wanted in ((8, {(4, 3)}), (7, {(4, 3), (2, 8), (2, 9)})):
        found = stray_pixels(grey, far=100, neighbors=neighbors)
        assert {(int(y), int(x)) for y, x in np.argwhere(found)} == wanted


def test_a_straight_stroke_is_slender_however_it_leans():
    for end in ((10, 90), (50, 90), (90, 50)):
        mask = cv2.line(np.zeros((100, 100), np.uint8), (10, 10), end, 1, 5) > 0
        assert slenderness(mask) < 0.1
    assert slenderness(np.ones((40, 40), bool)) == pytest.approx(1.0)
    assert slenderness(np.ones((10, 40), bool)) == pytest.approx(0.25, abs=0.01)
    assert slenderness(np.ones((1, 2), bool)) == 1.0


def test_a_straight_stroke_is_not_crooked_however_thick():
    for thickness in (3, 9, 15):
        mask = cv2.line(np.zeros((120, 120), np.uint8), (30, 100), (80, 20), 1, thickness) > 0
        assert crookedness(mask) == pytest.approx(1.0, abs=0.05)
        hooked = cv2.line(mask.astype(np.uint8), (80, 20), (30, 30), 1, thickness) > 0
        assert crookedness(hooked) > 1.5
    assert crookedness(np.ones((1, 2), bool)) == np.inf
