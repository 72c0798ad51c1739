"""Shapes filled with one color are no digits, and digits are none of them, however bold."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread import read
from inkread.data.synth import Hand, draw_glyph

BLUE, PAPER = (30, 60, 160), 248


def shapes(*drawn):
    """A white page with ellipses of these middles and half axes, filled or, with a pen's width, drawn."""
    pixels = np.full((420, 600, 3), PAPER, np.uint8)
    for middle, axes, width in drawn:
        cv2.ellipse(pixels, middle, axes, 0, 0, 360, BLUE, width, cv2.LINE_AA)
    return pixels


@pytest.mark.parametrize("axes", [(40, 60), (60, 80), (90, 60), (100, 100)])
def test_a_disc_is_no_zero_and_a_ring_is_one(axes):
    assert read(shapes(((300, 210), axes, -1))).text == ""
    tall = (min(axes), max(axes))
    assert read(shapes(((300, 210), tall, 8))).text == "0"


def test_several_discs_are_no_number():
    document = read(shapes(((150, 150), (50, 60), -1), ((300, 150), (55, 70), -1), ((450, 160), (50, 70), -1)))
    assert document.text == ""
    assert document.problem.code == "no_numbers"


@pytest.mark.parametrize("bold", [1, 9, 15])
def test_bold_digits_stay(bold):
    hand = Hand(seed=3)
    pixels = np.full((260, 640, 3), PAPER, np.uint8)
    for place, character in enumerate("0868"):
        glyph = draw_glyph(character, hand, np.random.default_rng(place), height=130)
        glyph = cv2.dilate(glyph, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (bold, bold)))
        region = pixels[60 : 60 + glyph.shape[0], 30 + 150 * place :][:, : glyph.shape[1]]
        region[:] = region * (1 - 0.9 * np.clip(glyph, 0, 1)[..., None])
    assert read(pixels).text.replace(" ", "") == "0868"
