"""A photograph is found within bars and blank paper; writing on blank paper is no photograph."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean import picture_within
from inkread.data.synth import Hand, PageOptions, compose_page, draw_glyph
from inkread.reader import Reader

LINES = ("31415 926", "535 8979")


@pytest.fixture(scope="module")
def photograph():
    options = PageOptions(
        width=640, height=360, lines=LINES, hand=Hand(), paper="plain", paper_color=(190, 185, 170),
        ink_color=(40, 40, 70), wear=0, light=1, camera=0.3, view=0,
    )  # fmt: skip
    return np.asarray(compose_page(np.random.default_rng(5), options)[0].pixels)


def padded(pixels, top, right, bottom, left, color):
    return cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(color,) * 3)


@pytest.mark.parametrize("color", [0, 128, 255])
@pytest.mark.parametrize("margins", [(200, 0, 260, 0), (0, 90, 0, 130), (150, 100, 90, 120), (0, 0, 70, 0)])
@pytest.mark.parametrize("quality", [None, 75])
def test_a_photograph_is_found_within_its_margins(photograph, margins, color, quality):
    pixels = padded(photograph, *margins, color)
    if quality is not None:
        encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR))
    top, right, bottom, left = margins
    height, width = pixels.shape[:2]
    found = picture_within(pixels)
    for place, margin, edge in zip(found, (left, top, right, bottom), (0, 0, width, height), strict=True):
        inset = abs(place - edge) - margin
        assert 0 <= inset <= 6 if margin else inset == 0


def test_a_large_photograph_is_found_to_the_pixel(photograph):
    large = cv2.resize(photograph, (3300, 1900), interpolation=cv2.INTER_CUBIC)
    assert picture_within(padded(large, 301, 402, 503, 107, 255)) == (109, 303, 107 + 3298, 301 + 1898)


def test_what_has_no_margin_is_left_whole(photograph):
    blank = np.full((300, 400, 3), 255, np.uint8)
    writing, table, bar = blank.copy(), blank.copy(), blank.copy()
    cv2.putText(writing, "4711", (60, 180), cv2.FONT_HERSHEY_SIMPLEX, 3, (0, 0, 0), 8)
    for k in range(5):
        cv2.rectangle(table, (50, 50), (350, 50 + 40 * (k + 1)), (0, 0, 0), 3)
    bar[20:280, 190:210] = 10  # a one
    for pixels in (photograph, blank, writing, 255 - writing, table, bar, blank[:1], blank[:, :1]):
        assert picture_within(pixels) == (0, 0, pixels.shape[1], pixels.shape[0])


def test_several_photographs_beside_each_other_are_left_with_their_margins(photograph):
    one = padded(photograph, 90, 40, 90, 40, 255)
    for several in (np.hstack([one, one]), np.vstack([one, one, one])):
        assert picture_within(several) == (0, 0, several.shape[1], several.shape[0])


@pytest.mark.parametrize(("margins", "color"), [((260, 0, 300, 0), 0), ((220, 200, 240, 160), 255)])
def test_a_photograph_on_a_screen_and_in_a_document_reads_as_it_does_alone(photograph, margins, color):
    reader = Reader()
    alone, shown = reader.read(photograph), reader.read(padded(photograph, *margins, color))
    assert alone.text == shown.text == "\n".join(LINES)
    assert (shown.pages[0].width, shown.pages[0].height) == (
        photograph.shape[1] + margins[1] + margins[3],
        photograph.shape[0] + margins[0] + margins[2],
    )
    for wanted, found in zip(alone.digits(), shown.digits(), strict=True):
        moved = wanted.box.x0 + margins[3], wanted.box.y0 + margins[0]
        assert np.abs(np.subtract(moved, (found.box.x0, found.box.y0))).max() < 4


@pytest.mark.parametrize("scale", [8, 10])
def test_bold_digits_on_a_black_canvas_are_no_pictures_on_it(scale):
    rng, reader = np.random.default_rng(2), Reader()
    for digit in "0123456789":
        glyph = draw_glyph(digit, Hand(), rng, height=20)
        margins = [(28 - side) // 2 for side in glyph.shape]
        canvas = np.uint8(20 + 215 * np.pad(glyph, [(margin, margin) for margin in margins]))
        bold = cv2.dilate(canvas, np.ones((2, 2), np.uint8))
        assert reader.read(cv2.resize(bold, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)).text == digit
