"""Black and white alone: specks are smoothed, and black ground is none of the ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import inkread
from inkread.clean.bilevel import is_bilevel, smoothed_specks, without_black_ground
from inkread.data.synth import PageOptions, compose_page


def grey_page() -> np.ndarray:
    """Digits on bare paper, with a camera's noise, and a margin."""
    options = PageOptions(
        width=700, height=400, digit_height=50, paper="canvas", paper_color=(236, 230, 218), ink_color=(30, 34, 70)
    )
    image, _ = compose_page(np.random.default_rng(8), options)
    grey = np.pad(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), 90, mode="edge")
    return np.uint8(np.clip(grey + np.random.default_rng(1).normal(0, 3, grey.shape), 0, 255))


def black_and_white(grey: np.ndarray) -> np.ndarray:
    return cv2.threshold(grey, 128, 255, cv2.THRESH_BINARY)[1]


def with_specks(grey: np.ndarray) -> np.ndarray:
    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 11, 2)


def with_dark_corner(picture: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return np.where(x + y < 160, 0, picture).astype(np.uint8)


def compressed(picture: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_GRAYSCALE)


def test_black_and_white_is_told_from_grey():
    assert is_bilevel(black_and_white(grey_page()))
    assert is_bilevel(compressed(black_and_white(grey_page())))
    assert not is_bilevel(grey_page())
    for shade in (0, 255):
        assert not is_bilevel(np.full((40, 50), shade, np.uint8))
    assert not is_bilevel(np.zeros((1, 1), np.uint8))


def test_specks_become_a_light_grey_and_strokes_stay_darker():
    grey = grey_page()
    noisy = with_specks(grey)
    smoothed = smoothed_specks(noisy)
    is_stroke = cv2.erode(np.uint8(black_and_white(grey) == 0), np.ones((2, 2), np.uint8)) > 0
    is_paper = cv2.dilate(np.uint8(black_and_white(grey) == 0), np.ones((15, 15), np.uint8)) == 0
    assert noisy[is_paper].std() > 2 * smoothed[is_paper].std()
    assert smoothed[is_stroke].mean() < smoothed[is_paper].mean() - 2 * smoothed[is_paper].std()


def test_without_specks_nothing_is_smoothed():
    for picture in (black_and_white(grey_page()), np.uint8([[0, 255]]), np.full((9, 9), 255, np.uint8)):
        assert smoothed_specks(picture) is picture


def test_salt_and_pepper_are_no_specks_of_a_threshold():
    chance, salted = np.random.default_rng(2).random(grey_page().shape), black_and_white(grey_page())
    salted[chance < 0.02], salted[chance > 0.98] = 0, 255
    assert is_bilevel(salted)
    assert smoothed_specks(salted) is salted


def test_black_ground_in_a_corner_goes_and_writing_stays():
    page = black_and_white(grey_page())
    bare = without_black_ground(with_dark_corner(page), with_dark_corner(page))
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    assert (bare[x + y < 160] == 255).all()
    assert (bare[x + y > 170] == page[x + y > 170]).all()


@pytest.mark.parametrize("thick", [3, 9, 40])
def test_a_stroke_that_fills_its_picture_is_no_ground(thick):
    picture = np.full((200, 160), 255, np.uint8)
    cv2.line(picture, (80, 0), (80, 199), 0, thick)
    cv2.line(picture, (10, 10), (150, 190), 0, min(thick, 9))
    assert without_black_ground(picture, picture) is picture


@pytest.mark.parametrize("thick", [4, 8, 14])
@pytest.mark.parametrize("beside", [0, 1, 4])
def test_a_digit_that_reaches_into_the_corner_is_no_ground(thick, beside):
    picture = np.full((100, 70 * (beside + 1)), 255, np.uint8)
    for left in range(0, picture.shape[1], 70):
        cv2.polylines(picture, [np.array([(left, 0), (left + 60, 0), (left + 20, 99)])], False, 0, 2 * thick)
    picture[50:52, 8:10] = 0
    assert without_black_ground(picture, picture) is picture


@pytest.mark.parametrize("spoiled", [with_specks, lambda grey: with_dark_corner(black_and_white(grey))])
@pytest.mark.parametrize("is_inverted", [False, True])
def test_a_page_is_read_in_black_and_white_as_in_grey(spoiled, is_inverted):
    grey = grey_page()
    wanted = inkread.read(grey).text
    assert sum(character.isdigit() for character in wanted) >= 4
    picture = spoiled(grey)
    assert inkread.read(255 - picture if is_inverted else picture).text == wanted
