from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import InvalidArray
from inkread.export.draw import GREEN, GREY, ORANGE, RED, annotate
from inkread.geometry import Box, Quad
from inkread.results import Line, Page, Problem

PAPER = 250


def paper(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), PAPER, np.uint8)


def page_of(number, width: int, height: int) -> Page:
    line = Line(numbers=(number,), confidence=number.confidence, quad=Quad.of_box(number.box))
    return Page(index=0, width=width, height=height, lines=(line,))


def count(pixels: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((np.abs(pixels.astype(int) - color).max(axis=2) < 12).sum())


@pytest.mark.parametrize(
    ("confidence", "color"), [(0.99, GREEN), (0.95, GREEN), (0.85, ORANGE), (0.3, RED), (None, GREY)]
)
def test_color_tells_the_confidence(number, confidence, color):
    drawn = annotate(paper(600, 400), page_of(number("42", x=200, y=200, confidence=confidence), 600, 400))
    assert count(drawn, color) > 200
    assert sum(count(drawn, other) for other in {GREEN, ORANGE, RED, GREY} - {color}) == 0


def test_not_accepted_number_is_drawn_hollow_and_dashed(number):
    drawn = {
        accepted: annotate(paper(600, 400), page_of(number("42", x=200, y=200, accepted=accepted), 600, 400))
        for accepted in (True, False)
    }
    left = int(number("42", x=200, y=200).box.x0) - 2  # the column of the first digit's left outline
    outline = {
        accepted: np.mean(pixels[205:235, left - 1 : left + 2].min(axis=(1, 2)) < PAPER - 60)
        for accepted, pixels in drawn.items()
    }
    assert outline[True] == 1.0
    assert 0.2 < outline[False] < 0.8
    assert count(drawn[False], GREEN) < count(drawn[True], GREEN) / 2


def test_line_that_could_not_be_read_is_outlined_in_grey():
    line = Line(numbers=(), confidence=None, quad=Quad.of_box(Box(50, 100, 350, 160)), problem=Problem("not_a_number"))
    drawn = annotate(paper(400, 300), Page(index=0, width=400, height=300, lines=(line,)))
    assert count(drawn, GREY) > 200


def test_page_without_numbers_says_so():
    blank = Page(index=0, width=400, height=300, problem=Problem("no_numbers"))
    assert count(annotate(paper(400, 300), blank), GREY) > 100
    silent = Page(index=0, width=400, height=300)
    assert (annotate(paper(400, 300), silent) == PAPER).all()


@pytest.mark.parametrize("height", [12, 30, 120, 1000])
def test_digits_of_any_height_get_a_label_that_fits(number, height):
    width, tall = 3 * height, 2 * height
    drawn = annotate(paper(width, tall), page_of(number("7", x=height, y=height / 2, height=height), width, tall))
    assert drawn.dtype == np.uint8
    assert max(drawn.shape[:2]) >= 320
    assert count(drawn, GREEN) > 300


def test_label_does_not_cover_the_ink(number):
    """On a tight crop there is no room: the picture grows, the digits stay in sight."""
    pixels = paper(100, 44)
    pixels[2:42, 2:98] = (200, 0, 200)
    drawn = annotate(pixels, page_of(number("1234", x=2, y=2, height=40), 100, 44))
    scale = 3.2  # 100 pixels are enlarged to 320
    # The outlines of the four digits take a sixth of the ink; a label over it would take another quarter.
    assert count(drawn, (200, 0, 200)) > 0.75 * 96 * 40 * scale**2


def test_labels_of_neighbors_do_not_hide_each_other(number):
    numbers = [number("88", x=20 + 100 * column, y=60 + 80 * row) for row in range(4) for column in range(6)]
    lines = tuple(Line(numbers=(n,), confidence=n.confidence, quad=Quad.of_box(n.box)) for n in numbers)
    one = annotate(paper(640, 400), page_of(numbers[0], 640, 400))
    drawn = annotate(paper(640, 400), Page(index=0, width=640, height=400, lines=lines))
    assert count(drawn, GREEN) == pytest.approx(24 * count(one, GREEN), rel=0.02)


def test_the_callers_picture_stays_as_it_was(number):
    pixels = paper(600, 400)
    annotate(pixels, page_of(number("42", x=200, y=200), 600, 400))
    assert (pixels == PAPER).all()


@pytest.mark.parametrize(
    "pixels", [np.zeros((10, 20, 3), np.uint8), np.zeros((20, 10), np.uint8), np.zeros((20, 10, 3))]
)
def test_a_picture_of_another_size_or_type_is_refused(pixels):
    with pytest.raises(InvalidArray, match="shape"):
        annotate(pixels, Page(index=0, width=10, height=20))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 10_000), (10_000, 1)])
def test_extreme_shapes_are_drawn(width, height):
    page = Page(index=0, width=width, height=height, problem=Problem("no_numbers"))
    assert annotate(paper(width, height), page).shape[2] == 3


def test_label_keeps_off_writing_that_was_not_read(number):
    pixels = paper(600, 400)
    pixels[140:196:3, 180:300] = (200, 0, 200)  # right above the number, where its label would stand
    drawn = annotate(pixels, page_of(number("42", x=200, y=200), 600, 400))
    assert count(drawn, (200, 0, 200)) == count(pixels, (200, 0, 200))
