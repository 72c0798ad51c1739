"""Tilt: told from the lines of writing, whatever the angle, and never from what makes no line."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean.skew import estimate_skew, plausible_skews, turned
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.geometry import PageTransform
from inkread.parts import CleanPage

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (255, 255, 255), "ink_color": (0, 0, 0),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip


def written(*lines, seed=3, width=700, height=420, **changes):
    """The ink of a page of these lines, float32 in [0, 1]."""
    options = PageOptions(**{"width": width, "height": height, "lines": lines, **CLEAR, **changes})
    image, _ = compose_page(np.random.default_rng(seed), options)
    return np.ascontiguousarray(1 - image.pixels[..., 0] / np.float32(255), np.float32)


def tilted(ink, degrees):
    """The ink turned clockwise on the screen, on a canvas that holds all of it."""
    height, width = ink.shape
    side = int(np.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return np.clip(cv2.warpAffine(ink, matrix, (side, side), flags=cv2.INTER_LINEAR), 0, 1)


@pytest.fixture(scope="module")
def three_lines():
    return written("31415 926", "535 8979", "3238 46")


@pytest.mark.parametrize("degrees", [-40, -33, -20, -11, 11, 20, 33, 40])
def test_every_tilt_of_a_page_is_told(three_lines, degrees):
    assert estimate_skew(tilted(three_lines, degrees), max_degrees=45) == pytest.approx(degrees, abs=1.5)


@pytest.mark.parametrize("degrees", [-25, 25])
def test_the_tilt_of_a_single_line_is_told(degrees):
    line = written("31415926", width=800, height=200, layout="line")
    assert estimate_skew(tilted(line, degrees), max_degrees=45) == pytest.approx(degrees, abs=3)


@pytest.mark.parametrize("degrees", [-20, 20])
def test_three_digits_make_a_line(degrees):
    three = written("123", width=400, height=200, layout="line", seed=1)
    assert estimate_skew(tilted(three, degrees), max_degrees=45) == pytest.approx(degrees, abs=5)


def test_a_tilt_beyond_the_largest_allowed_is_left(three_lines):
    assert estimate_skew(tilted(three_lines, 20), max_degrees=12) == 0


@pytest.mark.parametrize("layout", ["lines", "grid", "table", "comb"])
def test_an_upright_page_is_not_turned(layout):
    for seed in range(3):
        ink = written("1250 07", "33 981", "60714", seed=seed, layout=layout)
        assert abs(estimate_skew(ink, max_degrees=45)) <= 3


def test_scattered_numbers_are_not_turned():
    for seed in range(3):
        ink = written("12", "907", "3", "4461", "58", seed=seed, layout="scattered")
        assert abs(estimate_skew(ink, max_degrees=45)) <= 12


@pytest.mark.parametrize("digits", ["1", "7", "4"])
def test_a_lone_digit_makes_no_line(digits):
    ink = written(digits, layout="digit", width=200, height=200)
    assert estimate_skew(tilted(ink, 30), max_degrees=45) == 0
    assert plausible_skews(ink, max_degrees=45) == ()


def test_blank_paper_is_not_tilted():
    blank = np.zeros((200, 300), np.float32)
    assert estimate_skew(blank, max_degrees=45) == 0
    assert plausible_skews(blank, max_degrees=45) == ()


def test_rows_and_columns_of_a_grid_that_stands_on_its_corner_are_plausible_lines():
    ink = np.zeros((400, 400), np.float32)
    for row in range(6):
        for column in range(6):
            cv2.circle(ink, (50 + 60 * column, 50 + 60 * row), 9, 1.0, -1)
    assert plausible_skews(tilted(ink, 40), max_degrees=45)[0] == pytest.approx(40, abs=1)
    both = sorted(plausible_skews(tilted(ink, 45), max_degrees=45))
    assert both[0] == pytest.approx(-45, abs=1.5)
    assert both[-1] == pytest.approx(45, abs=1.5)


@pytest.mark.parametrize("degrees", [-30, 7.5, 45])
def test_a_turned_page_maps_back_to_where_its_ink_was(degrees):
    ink = np.zeros((300, 500), np.float32)
    places = [(60.5, 50.5), (440.5, 60.5), (250.5, 250.5)]
    for x, y in places:
        ink[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] = 1
    page = turned(CleanPage(ink=ink, to_source=PageTransform.scaling(2)), degrees)
    _, _, _, centers = cv2.connectedComponentsWithStats((page.ink > 0.5).astype(np.uint8))
    back = page.to_source.apply(centers[1:] + 0.5)
    wanted = 2 * np.array(places)
    distances = np.hypot(*(back[:, None] - wanted[None]).transpose(2, 0, 1))
    assert distances.min(axis=1).max() < 0.5
    assert sorted(distances.argmin(axis=1)) == [0, 1, 2]


def test_a_turned_page_is_cut_to_its_ink(three_lines):
    wide = tilted(three_lines, 30)
    straight = turned(CleanPage(ink=wide, to_source=PageTransform()), -30)
    assert straight.ink.size < 0.8 * three_lines.size
    assert straight.ink.sum() == pytest.approx(wide.sum(), rel=0.05)


def test_bare_paper_can_be_turned():
    page = turned(CleanPage(ink=np.zeros((40, 60), np.float32), to_source=PageTransform()), 20)
    assert page.ink.size >= 40 * 60
    assert not page.ink.any()
