"""A table photographed from the side is seen from above; one that was not, and what is no table, is left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean import CleanOptions, clean
from inkread.clean.grid import find_grid, seen_from_above
from inkread.data.synth import Hand, PageOptions, compose_page, write_line
from inkread.geometry import PageTransform
from inkread.parts import CleanPage, PageImage
from inkread.reader import Reader

ROWS = ("4711", "3082", "5969", "1026")
CELL, MARGIN = 90, 60
SIDE = 4 * CELL + 2 * MARGIN
RULES = range(MARGIN, SIDE - MARGIN + 1, CELL)
VIEWS = {
    "from the right": ((30, 60), (450, 20), (470, 460), (20, 400)),
    "from below": ((70, 40), (400, 50), (470, 440), (10, 450)),
    "sheared": ((90, 20), (470, 20), (390, 460), (10, 460)),
}


def table():
    ink = np.zeros((SIDE, SIDE), np.float32)
    rng = np.random.default_rng(2)
    for row, text in enumerate(ROWS):
        for column, digit in enumerate(text):
            written, _ = write_line(digit, Hand(seed=4), rng, height=52)
            height, width = written.shape
            y, x = (MARGIN + k * CELL + (CELL - side) // 2 for k, side in ((row, height), (column, width)))
            ink[y : y + height, x : x + width] = np.maximum(ink[y : y + height, x : x + width], written)
    for place in RULES:
        ink[place - 1 : place + 2, MARGIN : SIDE - MARGIN] = ink[MARGIN : SIDE - MARGIN, place - 1 : place + 2] = 1
    return ink


def photographed(ink, corners):
    """The ink with its corners at these places, and the map that put it there."""
    square = np.float32([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)])
    matrix = cv2.getPerspectiveTransform(square, np.float32(corners))
    return cv2.warpPerspective(ink, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA), PageTransform(matrix)


@pytest.mark.parametrize("view", VIEWS)
def test_rules_of_a_table_cross_at_right_angles_when_seen_from_above(view):
    ink, to_photograph = photographed(table(), VIEWS[view])
    corners = find_grid(ink)
    assert corners is not None
    page = seen_from_above(CleanPage(ink=ink, to_source=PageTransform.scaling(1)), corners)
    to_page = to_photograph.then(page.to_source.inverse())
    for place in RULES:
        ends = to_page.apply([(MARGIN, place), (SIDE - MARGIN, place), (place, MARGIN), (place, SIDE - MARGIN)])
        off_across, off_down = abs(ends[0, 1] - ends[1, 1]), abs(ends[2, 0] - ends[3, 0])
        assert max(off_across, off_down) < 0.03 * SIDE


@pytest.mark.parametrize("view", VIEWS)
def test_a_table_photographed_from_the_side_is_read(view):
    ink, to_photograph = photographed(table(), VIEWS[view])
    pixels = np.repeat((235 - 190 * ink).astype(np.uint8)[..., None], 3, axis=2)
    document = Reader().read(pixels)
    assert [line.text.replace(" ", "") for line in document.lines()] == list(ROWS)
    for k, digit in enumerate(document.digits()):
        row, column = divmod(k, 4)
        middle = MARGIN + (column + 0.5) * CELL, MARGIN + (row + 0.5) * CELL
        ((x, y),) = to_photograph.apply([middle])
        assert digit.box.x0 - 12 < x < digit.box.x1 + 12
        assert digit.box.y0 - 12 < y < digit.box.y1 + 12


def test_what_was_not_photographed_from_the_side_is_left_alone():
    lines = ("31415 926", "535 8979", "3238 46")
    options = PageOptions(width=640, height=480, lines=lines, hand=Hand(), wear=0, light=0, camera=0, view=0)
    writing = clean(compose_page(np.random.default_rng(3), options)[0]).ink
    digit = write_line("7", Hand(seed=4), np.random.default_rng(1), height=300)[0]
    lines_alone = np.zeros((400, 400), np.float32)
    for k in range(9):  # a fan of ruled lines, without columns
        cv2.line(lines_alone, (0, 40 * k + 20), (399, 44 * k), 1.0, 2)
    for ink in (table(), writing, digit, lines_alone, np.zeros((50, 60), np.float32)):
        assert find_grid(ink) is None


def test_clean_sees_a_table_from_above_unless_it_is_told_not_to():
    ink, _ = photographed(table(), VIEWS["sheared"])
    picture = PageImage(pixels=np.repeat((235 - 190 * ink).astype(np.uint8)[..., None], 3, axis=2))
    assert find_grid(clean(picture).ink) is None
    assert find_grid(clean(picture, CleanOptions(straighten_sheet=False)).ink) is not None
