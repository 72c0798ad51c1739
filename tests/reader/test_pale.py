"""Pieces of pale rules are no ones, and ones stay, beside others and by themselves, however faint."""

from __future__ import annotations

import numpy as np
import pytest

from inkread import read
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import Box, PageTransform
from inkread.parts import CleanPage
from inkread.reader.pale import without_pale_strokes

PAPER = 240


def page_of(*strokes):
    """A picture and clean page of upright strokes of these greys, all of them full ink, and their boxes."""
    pixels, ink, boxes = np.full((120, 60 * len(strokes), 3), PAPER, np.uint8), np.zeros((120, 60 * len(strokes))), []
    for place, grey in enumerate(strokes):
        x = 60 * place + 25
        pixels[20:100, x : x + 10], ink[20:100, x : x + 10] = grey, 1
        boxes.append(Box(x, 20, x + 10, 100))
    return pixels, CleanPage(ink=ink.astype(np.float32), to_source=PageTransform.translation(0, 0)), boxes


def told(text, greys, *, inverted=False):
    pixels, page, boxes = page_of(*greys)
    pixels = 255 - pixels if inverted else pixels
    probabilities = [np.eye(10)[int(digit)] for digit in text]
    line = ChosenLine(
        boxes=tuple(boxes),
        inks=tuple(np.ones((80, 10), np.float32) for _ in text),
        spans=tuple((k, k + 1) for k in range(len(text))),
        probabilities=tuple(probabilities),
        texts=((text, 1.0),),
    )
    reading = PageReading(lines=(line,), shares=(1.0,), marks=len(text))
    return "".join(one.text for one in without_pale_strokes(reading, page, pixels).lines)


@pytest.mark.parametrize(
    ("text", "greys", "left"),
    [
        ("714", (30, 190, 30), "74"),  # a rule's piece among digits in pen
        ("714", (30, 100, 30), "714"),  # a pen that was pressed less
        ("714", (190, 190, 190), "714"),  # a pencil
        ("784", (30, 190, 30), "784"),  # no stroke
        ("111", (30, 190, 30), "111"),  # nothing tells which is writing
    ],
)
def test_ones_that_are_far_paler_than_the_other_digits_go(text, greys, left):
    assert told(text, greys) == left


def test_chalk_that_is_pressed_less_stays_on_a_board_that_is_dark():
    assert told("714", (30, 80, 30), inverted=True) == "714"
    assert told("714", (30, 215, 30), inverted=True) == "74"


@pytest.mark.parametrize("grey", [60, 150, 200])
def test_ones_in_one_pen_stay(grey):
    options = PageOptions(
        width=700, height=300, lines=("4171", "1160"), hand=Hand(), ink_color=(grey,) * 3, paper_color=(PAPER,) * 3,
        paper="canvas", wear=0, light=0.3, camera=0.2, view=0,
    )  # fmt: skip
    page, _ = compose_page(np.random.default_rng(4), options)
    assert read(page.pixels).text.split() == ["4171", "1160"]
