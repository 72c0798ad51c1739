"""Brackets: set aside in pairs around something, and no pair of ones among digits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.find import find_candidates
from inkread.geometry import PageTransform
from inkread.parts import CleanPage

SEVEN = np.array([(100, 40), (130, 40), (110, 100)])


def drawn(*strokes, thick=4):
    """A clean page of open strokes, each given by its points (N, 2)."""
    ink = np.zeros((140, 300), np.uint8)
    for points in strokes:
        cv2.polylines(ink, [np.rint(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    page = np.asarray(ink, np.float32) / np.float32(255)
    return CleanPage(ink=page, to_source=PageTransform.translation(0, 0))


def bent(x, bend, *, height=70.0, lean=0.0, middle=70.0):
    """A stroke whose ends lie ``bend`` of its height right of its middle."""
    down = np.linspace(-1, 1, 41)
    return np.stack([x + height * (bend * down**2 - lean * down / 2), middle + down * height / 2], axis=1)


def pieces(page):
    return [box for line in find_candidates(page).lines for box in line.pieces]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(bent(75, 0.15), bent(155, -0.15), id="even"),
        pytest.param(bent(75, 0.07), bent(165, -0.3), id="uneven"),
        pytest.param(bent(60, 0.2, lean=0.3), bent(160, -0.2, lean=0.3), id="leaning"),
        pytest.param(bent(75, 0.2, height=95), bent(155, -0.2, height=85), id="high"),
    ],
)
@pytest.mark.parametrize("thick", [3, 6])
def test_a_pair_around_a_digit_is_set_aside_with_its_ink(left, right, thick):
    found = find_candidates(drawn(left, SEVEN, right, thick=thick))
    assert [len(line.pieces) for line in found.lines] == [1]
    assert found.lines[0].pieces[0].x0 == pytest.approx(98, abs=3)
    assert not found.page.ink[:, :90].any()
    assert not found.page.ink[:, 140:].any()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(bent(75, 0.02), bent(155, -0.02), id="ones"),
        pytest.param(bent(75, -0.15), bent(155, 0.15), id="turned away"),
        pytest.param(bent(75, 0.15), bent(155, 0.15), id="one way"),
        pytest.param(bent(75, 0.3), bent(155, 0.0), id="one is straight"),
        pytest.param(bent(75, 0.15), bent(155, -0.15, height=40, middle=95), id="not level"),
        pytest.param(bent(75, 0.15, height=28), bent(155, -0.15, height=28), id="low"),
    ],
)
def test_other_pairs_of_strokes_stay(left, right):
    assert sum(box.x0 < 90 or box.x0 > 140 for box in pieces(drawn(left, SEVEN, right))) == 2


def test_a_zero_in_two_halves_is_no_pair():
    assert len(pieces(drawn(bent(75, 0.25), bent(125, -0.25)))) == 2


def test_two_pairs_are_told_apart():
    apart = [bent(40, 0.2), SEVEN - (40, 0), bent(120, -0.2), bent(160, 0.2), SEVEN + (80, 0), bent(240, -0.2)]
    assert len(pieces(drawn(*apart))) == 2
