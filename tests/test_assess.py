"""What is wrong with a picture is measured and named, and nothing is where nothing is wrong."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from inkread.assess import assess, measure_condition
from inkread.clean import CleanOptions, clean
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.geometry import Box, PageTransform
from inkread.parts import CleanPage, DigitInk, PageImage

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (225, 225, 220), "ink_color": (30, 30, 60),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip
UPRIGHT = CleanOptions(max_skew_degrees=0)


@pytest.fixture(scope="module")
def written():
    image, truth = compose_page(
        np.random.default_rng(2), PageOptions(width=640, height=400, lines=("1250 07", "33 981"), **CLEAR)
    )
    return image.pixels, [digit.box for digit in truth.digits()]


def judged(pixels, boxes=(), *, scale=1.0, **changes):
    """The code of what is wrong with a picture whose digits, all read, stand in ``boxes`` of the unscaled picture."""
    picture = PageImage(pixels=np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8)))
    page = clean(picture, UPRIGHT)
    marks = [Box(*(scale * edge for edge in (box.x0, box.y0, box.x1, box.y1))) for box in boxes]
    digits = [ink_of(page, mark) for mark in marks]
    problem = assess(picture, page, **{"marks": marks, "digits": digits, **changes})
    return problem and problem.code


def ink_of(page, box):
    x0, y0 = int(max(0, box.x0)), int(max(0, box.y0))
    ink = np.ascontiguousarray(page.ink[y0 : int(np.ceil(box.y1)), x0 : int(np.ceil(box.x1))])
    return DigitInk(ink=ink, to_source=PageTransform.translation(x0, y0).then(page.to_source))


def test_nothing_is_wrong_with_a_clear_picture(written):
    assert judged(*written) is None


def test_nothing_is_wrong_with_light_ink_on_dark(written):
    pixels, boxes = written
    assert judged(255 - pixels, boxes) is None


@pytest.mark.parametrize("value", [0, 128, 255])
def test_nothing_is_wrong_with_blank_paper(value):
    assert judged(np.full((300, 400, 3), value)) is None


def test_a_thin_white_stroke_on_black_is_not_in_the_dark():
    pixels = np.zeros((400, 400, 3))
    pixels[100:300, 198:202] = 255
    assert judged(pixels) is None


def test_a_camera_in_the_dark_sees_nothing():
    assert judged(np.random.default_rng(0).normal(6, 4, (300, 400, 3))) == "too_dark"


def test_a_picture_out_of_focus_is_too_blurred(written):
    pixels, boxes = written
    assert judged(cv2.GaussianBlur(pixels, (0, 0), 9), boxes) == "too_blurred"
    assert judged(cv2.GaussianBlur(pixels, (0, 0), 1.5), boxes) is None


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
def test_blur_is_measured_in_heights_of_a_digit(written, sigma):
    pixels, boxes = written
    picture = PageImage(pixels=cv2.GaussianBlur(pixels, (0, 0), sigma))
    condition = measure_condition(picture, clean(picture, UPRIGHT), marks=boxes, digits=())
    height = np.median([max(box.height, box.width) for box in boxes])
    assert condition.blur * height == pytest.approx(sigma, rel=0.4)
    assert condition.mark_height == pytest.approx(np.median([box.height for box in boxes]))


def test_digits_of_a_few_pixels_are_too_small(written):
    pixels, _ = written
    small = cv2.resize(pixels, None, fx=0.09, fy=0.09, interpolation=cv2.INTER_AREA)
    assert judged(small, marks=(), digits=()) == "too_small"


def test_specks_are_not_writing_that_is_too_small():
    rng = np.random.default_rng(0)
    paper = np.full((300, 400, 3), 230.0)
    for x, y, side in zip(rng.integers(0, 390, 40), rng.integers(0, 290, 40), rng.integers(1, 4, 40), strict=True):
        paper[y : y + side, x : x + side] = 90
    assert judged(paper) is None


def test_a_picture_without_light_is_too_dark_where_nothing_was_read(written):
    pixels, boxes = written
    assert judged(pixels * 0.1, marks=boxes, digits=()) == "too_dark"
    assert judged(pixels * 0.5, marks=boxes, digits=()) is None


def test_ink_that_hardly_differs_from_paper_is_low_contrast(written):
    pixels, boxes = written
    paper = pixels.max(axis=(0, 1))
    faint = paper - (paper - pixels.astype(float)) * 0.06
    assert judged(faint, marks=boxes, digits=()) == "low_contrast"
    assert judged(faint, boxes) is None  # it was read all the same


def spotted(pixels, radius):
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot(x - 0.7 * width, y - 0.5 * height)
    light = 300 * np.exp(-((distance / radius) ** 4))
    return np.clip(pixels * 0.8 + light[..., None], 0, 255)


def test_a_spot_of_light_that_hides_some_of_the_page_is_glare(written):
    pixels, boxes = written
    assert judged(spotted(pixels, 90), boxes) == "glare"
    assert judged(pixels * 0.8, boxes) is None


def test_a_white_sheet_on_a_dark_desk_is_no_glare(written):
    desk = np.full((800, 900, 3), 70)
    pixels, boxes = written
    desk[100:500, 100:740] = np.where(pixels > 200, 255, pixels)
    moved = [Box(b.x0 + 100, b.y0 + 100, b.x1 + 100, b.y1 + 100) for b in boxes]
    assert judged(desk, moved) is None


def test_a_digit_that_runs_on_beyond_the_edge_is_cut_off(written):
    pixels, boxes = written
    y = round((boxes[0].y0 + boxes[0].y1) / 2)
    cut = pixels[y:]
    left = [Box(box.x0, max(0, box.y0 - y), box.x1, box.y1 - y) for box in boxes]
    assert judged(cut, left) == "cut_off"
    assert judged(cut, left, is_cropped=True) is None


def test_a_picture_cut_close_around_its_digits_cuts_none(written):
    pixels, boxes = written
    around = Box.union_of(boxes)
    x, y = int(around.x0) - 3, int(around.y0) - 3
    close = pixels[y : int(around.y1) + 4, x : int(around.x1) + 4]
    assert judged(close, [Box(b.x0 - x, b.y0 - y, b.x1 - x, b.y1 - y) for b in boxes]) is None


def test_a_page_that_was_set_straight_is_measured_in_its_picture(written):
    pixels, boxes = written
    picture = PageImage(pixels=cv2.GaussianBlur(pixels, (0, 0), 9))
    doubled = CleanPage(
        ink=np.zeros((2 * pixels.shape[0], 2 * pixels.shape[1]), np.float32), to_source=PageTransform.scaling(0.5)
    )
    marks = [Box(2 * b.x0, 2 * b.y0, 2 * b.x1, 2 * b.y1) for b in boxes]
    assert assess(picture, doubled, marks=marks, digits=()).code == "too_blurred"


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 2), (9, 4000)])
def test_pictures_of_any_shape_are_assessed(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3))
    judged(pixels, [Box(0, 0, shape[1], shape[0])])


def test_a_megapixel_takes_less_time_than_its_cleaning(written):
    pixels = cv2.resize(written[0], (1250, 800))
    marks = [Box(2 * b.x0, 2 * b.y0, 2 * b.x1, 2 * b.y1) for b in written[1]]
    picture = PageImage(pixels=pixels)
    page = clean(picture, UPRIGHT)
    digits = [ink_of(page, mark) for mark in marks]

    def cost(step):
        times = []
        for _ in range(5):
            start = time.process_time()
            step()
            times.append(time.process_time() - start)
        return min(times)

    assess_cost = cost(lambda: assess(picture, page, marks=marks, digits=digits))
    assert assess_cost < 0.5 * cost(lambda: clean(picture, UPRIGHT))
