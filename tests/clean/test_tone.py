"""Color → grey: ink that differs from its paper in color alone stands out, and nothing else changes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import inkread
from inkread.clean.tone import ink_grey
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
