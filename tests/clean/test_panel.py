"""Dark panels with light writing are turned into paper; thick strokes, boxes and sheets of paper are left."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean import CleanOptions, clean
from inkread.clean.panel import find_panels, with_panels_turned
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.parts import PageImage
from inkread.reader import Reader


def board(line="31415", *, width=300, height=160, seed=5):
    """Chalk on slate, RGB."""
    options = PageOptions(
        width=width, height=height, lines=(line,), hand=Hand(), paper="plain", paper_color=(45, 50, 48),
        ink_color=(230, 230, 225), wear=0, light=0.3, camera=0.2, view=0,
    )  # fmt: skip
    return np.asarray(compose_page(np.random.default_rng(seed), options)[0].pixels)


def on_wall(pixels, *, left=90, top=70, right=60, bottom=110, wall=205):
    whole = cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(wall,) * 3)
    noise = np.random.default_rng(1).normal(0, 3, whole.shape)
    return np.clip(whole + noise, 0, 255).astype(np.uint8)


def grey(pixels):
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


def test_a_board_on_a_wall_is_found_to_its_corners():
    (corners,) = find_panels(grey(on_wall(board())))
    found = corners[np.lexsort((corners[:, 0], corners.sum(axis=1)))]
    np.testing.assert_allclose(found[[0, -1]], [(90, 70), (389, 229)], atol=2)


def test_a_board_photographed_from_the_side_is_found():
    picture = on_wall(board())
    seen = np.array([(0, 0), (450, 20), (450, 320), (0, 340)], np.float32)
    whole = np.array([(0, 0), (450, 0), (450, 340), (0, 340)], np.float32)
    view = cv2.getPerspectiveTransform(whole, seen)
    picture = cv2.warpPerspective(picture, view, (450, 340), borderMode=cv2.BORDER_REPLICATE)
    assert len(find_panels(grey(picture))) == 1


@pytest.mark.parametrize("degrees", [-70, -45, -20, 10, 30, 45, 80])
def test_a_board_that_leans_is_cleaned_too(degrees):
    picture = on_wall(board("31", width=180, height=180), left=130, top=130, right=130, bottom=130)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    leaning = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    assert len(find_panels(grey(leaning))) == 1
    page = clean(PageImage(pixels=leaning), CleanOptions(max_skew_degrees=0))
    # Its writing is ink, and its ground is not.
    assert 0.003 < float((page.ink > 0.5).mean()) < 0.05


def test_a_turned_panel_is_paper_like_that_around_it_and_its_writing_dark():
    picture = grey(on_wall(board()))
    turned = with_panels_turned(picture, find_panels(picture), rim=2)
    inside = turned[80:220, 100:380]
    assert abs(int(np.median(inside)) - 205) < 6
    assert inside.max() - np.median(inside) < 40  # nothing light is left
    assert (inside < 100).mean() > 0.01
    outside = np.ones(picture.shape, bool)
    outside[60:240, 80:400] = False
    np.testing.assert_array_equal(turned[outside], picture[outside])


@pytest.mark.parametrize("wall", [205, 255])
def test_numbers_on_boards_and_in_dark_squares_are_read(wall):
    reader = Reader()
    assert reader.read(on_wall(board(), wall=wall)).text == "31415"
    squares = [on_wall(board(d, width=90, height=100), left=12, top=60, right=12, bottom=60, wall=wall) for d in "478"]
    assert reader.read(np.hstack(squares)).text.replace(" ", "") == "478"


def blank(value=235):
    return np.full((300, 420), value, np.uint8)


def thick_one():
    picture = blank()
    picture[10:290, 190:225] = 20
    picture[10:22, 190:206] = 235  # a notch at its end
    return picture


def square_zero():
    picture = blank()
    cv2.rectangle(picture, (140, 60), (270, 240), 20, 40)
    return picture


def box():
    picture = blank()
    cv2.rectangle(picture, (40, 60), (380, 240), 20, 8)
    cv2.putText(picture, "4711", (90, 190), cv2.FONT_HERSHEY_SIMPLEX, 3, 20, 8)
    return picture


def sheet_on_table():
    picture = blank(70)
    picture[40:260, 60:360] = 230
    cv2.putText(picture, "4711", (90, 190), cv2.FONT_HERSHEY_SIMPLEX, 3, 20, 8)
    return picture


def sheet_on_table_on_light_floor():
    picture = blank()
    picture[20:280, 30:390] = 70
    picture[60:240, 80:340] = 230
    return picture


def photograph():
    picture = blank()
    rough = cv2.GaussianBlur(np.random.default_rng(2).normal(0, 1, (200, 240)), (0, 0), 6)
    picture[50:250, 90:330] = np.clip(70 + 35 * rough / rough.std(), 0, 255)
    picture[120:124, 95:325] = 230
    return picture


def dark_table():
    picture = np.full((300, 420), 30, np.uint8)
    for k in range(6):
        picture[58 * k : 58 * k + 4] = picture[:, 80 * k : 80 * k + 4] = 235
    for row in range(5):
        for column in range(5):
            cv2.putText(picture, "4", (80 * column + 28, 58 * row + 46), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 235, 3)
    return cv2.copyMakeBorder(picture, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=235)


def blot():
    picture = blank()
    picture[80:220, 120:300] = 20
    return picture


@pytest.mark.parametrize(
    "drawn",
    [blank, thick_one, square_zero, box, sheet_on_table, sheet_on_table_on_light_floor, photograph, dark_table, blot],
)
def test_what_holds_no_light_writing_is_no_panel(drawn):
    assert find_panels(drawn()) == ()


def test_a_page_that_is_dark_itself_and_tiny_pictures_have_no_panels():
    assert find_panels(grey(board())) == ()
    assert find_panels(np.zeros((12, 400), np.uint8)) == ()


def test_a_panel_at_the_border_of_the_picture_is_turned():
    picture = grey(on_wall(board(), left=0, top=0))
    (corners,) = find_panels(picture)
    turned = with_panels_turned(picture, (corners,), rim=2)
    assert abs(int(np.median(turned[5:150, 5:290])) - 205) < 6
