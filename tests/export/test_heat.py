"""Heat is drawn where it belongs, in its color, on pictures of any size."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.errors import InvalidArray
from inkread.export.heat import AGAINST, FOR, draw_heat
from inkread.geometry import Box, PageTransform, Point, Quad

WHITE = np.full((300, 400, 3), 255, np.uint8)
FULL = np.ones((28, 28), np.float32)


def test_what_speaks_for_is_orange_and_what_speaks_against_is_blue():
    drawn = draw_heat(WHITE, [(Quad.of_box(Box(20, 20, 140, 140)), FULL), (Quad.of_box(Box(200, 20, 320, 140)), -FULL)])
    assert drawn.shape == WHITE.shape
    assert tuple(drawn[80, 80]) == FOR
    assert tuple(drawn[80, 260]) == AGAINST
    assert tuple(drawn[200, 200]) == (255, 255, 255)


def test_a_part_of_a_map_lies_at_that_part_of_its_quad():
    heat = np.zeros((28, 28), np.float32)
    heat[4:8, 20:24] = 1  # its middle lies at (22, 6) of 28
    turn = PageTransform.rotation(30, Point(200, 150))
    quad = turn.apply_to_box(Box(130, 80, 270, 220))
    drawn = draw_heat(WHITE, [(quad, heat)]).astype(int)
    rows, columns = np.nonzero(drawn[..., 0] - drawn[..., 2] > 100)
    ((x, y),) = turn.apply([(130 + 22 * 5, 80 + 6 * 5)])
    assert columns.mean() + 0.5 == pytest.approx(x, abs=1)
    assert rows.mean() + 0.5 == pytest.approx(y, abs=1)


def test_small_pictures_are_enlarged_and_large_ones_stay():
    small = np.full((28, 28, 3), 255, np.uint8)
    assert draw_heat(small, [(Quad.of_box(Box(0, 0, 28, 28)), FULL)]).shape == (112, 112, 3)
    assert draw_heat(small, []).shape == small.shape
    wide = np.full((40, 2400, 3), 255, np.uint8)
    assert draw_heat(wide, [(Quad.of_box(Box(0, 0, 28, 28)), FULL)]).shape == wide.shape


def test_what_falls_outside_is_cut_off():
    boxes = Box(-60, -60, 60, 60), Box(500, 0, 620, 120), Box(380, 280, 500, 400)
    drawn = draw_heat(WHITE, [(Quad.of_box(box), FULL) for box in boxes])
    assert tuple(drawn[10, 10]) == tuple(drawn[290, 390]) == FOR


def test_the_picture_is_left_alone_and_shown_pale():
    picture = WHITE.copy()
    picture[100:200, 100:200] = (0, 0, 0)
    before = picture.copy()
    drawn = draw_heat(picture, [])
    np.testing.assert_array_equal(picture, before)
    assert 120 < drawn[150, 150, 0] < 160
    assert drawn[10, 10, 0] == 255


@pytest.mark.parametrize("pixels", [WHITE[..., 0], WHITE.astype(np.float32), WHITE[:0]])
def test_pictures_of_other_kinds_are_refused(pixels):
    with pytest.raises(InvalidArray, match="uint8"):
        draw_heat(pixels, [])
