"""Color → grey: ink that differs from its paper in color alone stands out, and nothing else changes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import inkread
from inkread.clean.tone import at_most, ink_grey, one_of
from inkread.data.synth import Hand, PageOptions, compose_page


def page(ink, paper, **changes):
    colors = {"paper_color": paper, "ink_color": ink}
    still = {"wear": 0, "light": 0, "camera": 0.2, "view": 0}
    options = PageOptions(
        width=500, height=260, lines=("3141 59", "2718 28"), hand=Hand(), **{**colors, **still, **changes}
    )
    return compose_page(np.random.default_rng(0), options)[0].pixels


def brightness(color):
    return int(cv2.cvtColor(np.uint8([[color]]), cv2.COLOR_RGB2GRAY)[0, 0])


@pytest.mark.parametrize(
    ("ink", "paper"),
    [((200, 60, 60), (70, 130, 70)), ((70, 130, 70), (200, 60, 60)), ((60, 110, 255), (200, 95, 60))],
    ids=["red on green", "green on red", "blue on brown"],
)
def test_ink_as_bright_as_its_paper_is_read_by_its_color(ink, paper):
    assert abs(brightness(ink) - brightness(paper)) < 12
    assert inkread.read(page(ink, paper)).text == "3141 59\n2718 28"


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((20, 20, 20), (250, 250, 250)),
        ((40, 60, 170), (250, 248, 240)),
        ((200, 30, 40), (250, 250, 248)),
        ((40, 35, 30), (180, 140, 95)),
        ((240, 240, 235), (30, 60, 45)),
    ],
    ids=["black", "blue pen", "red pen", "on brown paper", "chalk"],
)
def test_usual_ink_is_seen_by_its_brightness(ink, paper):
    pixels = page(ink, paper)
    np.testing.assert_array_equal(ink_grey(pixels), cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (3, 2000)])
def test_any_size_has_a_grey(shape):
    pixels = np.random.default_rng(1).integers(0, 255, (*shape, 3), np.uint8)
    assert ink_grey(pixels).shape == shape


def test_one_of_two_is_the_mean_of_four_pixels_and_leaves_an_odd_rest_out():
    picture = np.arange(35, dtype=np.float32).reshape(5, 7)
    halves = one_of(2, picture)
    assert halves.tolist() == picture[:4, :6].reshape(2, 2, 3, 2).mean(axis=(1, 3)).tolist()


@pytest.mark.parametrize("shape", [(1200, 900), (601, 37), (1, 5000), (480, 480, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_picture_is_shrunk_to_a_side_and_keeps_its_light(shape, kind):
    picture = (np.random.default_rng(0).random(shape) * 200).astype(kind)
    small = at_most(picture, 160)
    assert max(small.shape[:2]) == 160
    assert small.dtype == kind
    assert small.shape[2:] == shape[2:]
    assert abs(float(small.mean()) - float(picture.mean())) < 2


def test_a_small_picture_is_left_as_it_is():
    picture = np.zeros((160, 20), np.uint8)
    assert at_most(picture, 160) is picture
