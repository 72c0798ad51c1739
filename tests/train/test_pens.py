import cv2
import numpy as np
import pytest

from inkread.train.pens import written_again


def ring(thickness, *, side=40):
    crop = np.zeros((side, side), np.uint8)
    cv2.circle(crop, (side // 2, side // 2), side // 2 - 1 - thickness // 2, 255, thickness)
    return crop


def stroke_width(ink):
    """Of a ring: its area beside the length of its middle line."""
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    outer = rows[-1] - rows[0] + 1
    hole = np.sqrt(max(0.0, outer**2 - 4 * float(ink.sum()) / np.pi))
    return (outer - hole) / 2


def test_a_digit_gets_the_size_that_is_asked_for():
    crop = np.full((20, 10), 255, np.uint8)
    ink = written_again(crop, size=(13, 26), narrower=0, rng=np.random.default_rng(0), variation=0)
    assert ink.dtype == np.float32
    assert ink.min() >= 0
    assert ink.max() == 1
    assert ink.sum() == pytest.approx(13 * 26, rel=0.02)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.5), np.flatnonzero(ink.max(axis=0) > 0.5)
    assert (len(columns), len(rows)) == (13, 26)


@pytest.mark.parametrize("narrower", [1.0, 2.0, 3.0])
def test_strokes_become_narrower_by_what_is_asked_for(narrower):
    crop = ring(8)
    broad = written_again(crop, size=(30, 30), narrower=0, rng=np.random.default_rng(0), variation=0)
    fine = written_again(crop, size=(30, 30), narrower=narrower, rng=np.random.default_rng(0), variation=0)
    assert stroke_width(broad) - stroke_width(fine) == pytest.approx(narrower, abs=0.45)


def test_strokes_finer_than_that_stay_whole():
    crop = ring(2)
    fine = written_again(crop, size=(30, 30), narrower=4, rng=np.random.default_rng(0), variation=0)
    assert 0.4 < stroke_width(fine) < 1.6
    count, _ = cv2.connectedComponents((fine < 0.15).astype(np.uint8), connectivity=4)
    assert count == 3, "the ring, and paper within and around it"


def test_no_two_digits_are_alike_and_the_same_generator_gives_the_same():
    crop = ring(4)
    one, two = (written_again(crop, size=(30, 30), narrower=1, rng=np.random.default_rng(seed)) for seed in (1, 2))
    again = written_again(crop, size=(30, 30), narrower=1, rng=np.random.default_rng(1))
    assert np.array_equal(one, again)
    assert one.shape != two.shape or not np.allclose(one, two)
    for ink in (one, two):
        assert ink[[0, -1]].max() < 0.5, "nothing is cut off"
        assert ink[:, [0, -1]].max() < 0.5
