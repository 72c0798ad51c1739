"""Printed characters: what is asked for, at the size that was asked for, from open fonts or Pillow's own."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.data.printed import draw_printed, draw_printed_words, open_fonts
from inkread.errors import InvalidOption


def drawn(text, *, seed=0, height=40, fonts=()):
    return draw_printed(text, np.random.default_rng(seed), height=height, fonts=fonts)


def test_ink_is_cropped_with_a_margin():
    ink = drawn("4")
    assert ink.dtype == np.float32
    assert 0 == ink.min() < ink.max() == 1
    assert ink[:1].max() == ink[-1:].max() == ink[:, :1].max() == ink[:, -1:].max() == 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert max(rows[0], columns[0], ink.shape[0] - 1 - rows[-1], ink.shape[1] - 1 - columns[-1]) <= 4


def test_words_of_a_line_stand_in_their_boxes():
    words = ["Total", "4906", "gy"]
    ink, boxes = draw_printed_words(words, np.random.default_rng(0), height=40, fonts=())
    np.testing.assert_array_equal(ink, drawn("Total 4906 gy"))
    left = ink.copy()
    for word, (x0, y0, x1, y1) in zip(words, boxes.round().astype(int), strict=True):
        alone = drawn(word)
        assert left[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1].sum() == pytest.approx(alone.sum(), rel=0.03)
        left[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] = 0
    assert left.sum() == 0


@pytest.mark.parametrize("words", [[], ["7", ""]])
def test_a_line_needs_words(words):
    with pytest.raises(InvalidOption):
        draw_printed_words(words, np.random.default_rng(0), height=40)


@pytest.mark.parametrize("height", [6, 20, 80])
def test_capitals_and_digits_are_about_seven_tenths_of_the_height(height):
    ink = drawn("H", height=height)
    assert np.ptp(np.flatnonzero(ink.max(axis=1) > 0.4)) + 1 == pytest.approx(0.7 * height, abs=0.1 * height + 1.5)


def test_digits_differ_and_the_same_seed_gives_the_same():
    pictures = {character: drawn(character) for character in "0123456789"}
    assert len({picture.tobytes() for picture in pictures.values()}) == 10
    np.testing.assert_array_equal(pictures["7"], drawn("7"))


def test_installed_fonts_are_files_in_order_and_each_draws_a_digit():
    fonts = open_fonts()
    assert [font.name for font in fonts] == sorted(font.name for font in fonts)
    for font in fonts:
        assert font.is_file()
        assert drawn("8", fonts=[font]).max() > 0.9


@pytest.mark.parametrize(("text", "height"), [("", 40), ("4", 5)])
def test_nothing_to_print_and_too_small_are_refused(text, height):
    with pytest.raises(InvalidOption, match="a text and a height of at least 6"):
        drawn(text, height=height)
