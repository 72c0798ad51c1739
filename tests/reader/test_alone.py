"""What fills its picture is read as one number; a mark on a blank page is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph, write_line
from inkread.reader import Reader, ReaderOptions


@pytest.fixture(scope="module")
def reader():
    return Reader()


def crop(ink, height, margin=3):
    """Dark on light, cut out closely, as it comes from a form."""
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(2, round(ink.shape[1] * height / ink.shape[0]))
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    return np.uint8(np.clip(235 - 190 * np.pad(small, margin), 0, 255))


def text(document):
    return document.text.replace("\n", "").replace(" ", "")


def test_single_digits_that_fill_their_pictures_are_read(reader):
    rng = np.random.default_rng(1)
    wanted = [str(i % 10) for i in range(200)]
    pictures = [crop(draw_glyph(digit, Hand.random(rng), rng, height=40), 20) for digit in wanted]

    def right(options=None):
        found = [text(reader.read(picture, options=options)) for picture in pictures]
        return sum(a == b for a, b in zip(found, wanted, strict=True))

    found, before = right(), right(ReaderOptions(try_again=False))
    assert found >= 190
    assert found >= before + 5


def test_a_line_of_one_digit_that_reads_as_none_is_looked_at_as_a_digit(reader):
    rng = np.random.default_rng(1)
    pictures = [crop(draw_glyph(str(i % 10), Hand.random(rng), rng, height=40), 14, margin=2) for i in range(200)]

    def unread(**options):
        line = ReaderOptions(layout="line", **options)
        return sum(not text(reader.read(picture, options=line)) for picture in pictures)

    assert unread() == 0 < unread(try_again=False)


def test_a_mark_on_a_blank_page_is_no_number(reader):
    page = np.full((600, 500), 240, np.uint8)
    stroke = crop(np.ones((20, 3), np.float32), 20, margin=0)
    page[300:320, 200 : 200 + stroke.shape[1]] = stroke
    assert text(reader.read(page)) == ""


@pytest.mark.parametrize("word", ["Name", "Datum", "Kaffee"])
def test_words_that_fill_their_pictures_are_no_numbers(reader, word):
    inks = [write_line(word, Hand(), np.random.default_rng(seed), height=40)[0] for seed in (1, 3, 5, 10, 12)]
    assert [text(reader.read(crop(ink, 40, margin=6))) for ink in inks] == [""] * 5


def test_a_blank_crop_holds_nothing(reader):
    document = reader.read(np.full((28, 28), 200, np.uint8))
    assert text(document) == ""
    assert document.problem.code == "no_numbers"


def test_bold_digits_cut_out_closely_are_not_taken_for_their_paper(reader):
    rng = np.random.default_rng(6)
    right = 0
    for digit in "0123456789" * 4:
        glyph = np.pad(draw_glyph(digit, Hand.random(rng), rng, height=60), 6)
        bold = cv2.dilate(glyph, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
        right += text(reader.read(crop(bold, 66, margin=1))) == digit
    assert right >= 36


def shrunk(digit, hand, rng, *, side=16):
    """A digit stretched to a square of few pixels, light on dark, without paper around: as old data sets keep them."""
    ink = draw_glyph(digit, hand, rng, height=40)
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.uint8(255 * cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA))


def test_a_digit_of_few_pixels_without_paper_is_read_as_classify_does(reader):
    rng = np.random.default_rng(8)
    wanted = [digit for digit in "023456789" for _ in range(12)]
    pictures = [shrunk(digit, Hand.random(rng), rng) for digit in wanted]
    classified = reader.classify(pictures)
    sure = classified.probabilities.max(axis=1) > 0.95
    found = [text(reader.read(picture, layout="digit")) for picture in pictures]
    assert sure.sum() > 60
    # Where the picture is surely read as it is cleaned, it is not looked at as a crop.
    assert np.mean([found[i] == str(classified.digits[i]) for i in np.flatnonzero(sure)]) >= 0.95
    assert sum(a == b for a, b in zip(found, wanted, strict=True)) >= 0.9 * len(wanted)


def test_a_digit_read_as_a_crop_is_placed_on_its_picture(reader):
    ink = shrunk("5", Hand(), np.random.default_rng(3), side=64)
    picture = np.zeros((300, 260), np.uint8)
    picture[40:280, 30:230] = cv2.resize(ink, (200, 240), interpolation=cv2.INTER_LINEAR)
    (digit,) = reader.read(picture, layout="digit").digits()
    assert digit.value == "5"
    assert np.allclose(digit.box.to_list(), [30, 40, 230, 280], atol=8)


def test_bare_noisy_paper_is_hardly_ever_a_digit(reader):
    rng = np.random.default_rng(0)
    papers = [np.uint8(np.clip(205 + rng.normal(0, 6, (60, 50)), 0, 255)) for _ in range(60)]
    assert sum(text(reader.read(paper, layout="digit")) != "" for paper in papers) <= 2
