"""How a page is held: the way that reads best is found, and said to be unclear where two ways read as well."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image

from inkread.clean import CleanOptions, clean
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import Box
from inkread.parts import PageImage
from inkread.reader import Reader, ReaderOptions
from inkread.reader.views import best_view

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (255, 255, 255), "ink_color": (0, 0, 0),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip
WHITE = (255, 255, 255)


def composed(*lines, seed=3, width=700, height=420):
    options = PageOptions(width=width, height=height, lines=lines, **CLEAR)
    return compose_page(np.random.default_rng(seed), options)[0].pixels


def rotated(pixels, degrees):
    picture = Image.fromarray(pixels).rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)
    return np.asarray(picture)


def texts(document):
    return [line.text.replace(" ", "") for line in document.lines()]


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.fixture(scope="module")
def three_lines():
    return composed("31415 926", "535 8979", "3238 46")


@pytest.mark.parametrize("degrees", [-38, -20, 20, 38])
def test_a_strongly_tilted_page_is_read_line_by_line(reader, three_lines, degrees):
    document = reader.read(rotated(three_lines, degrees))
    assert texts(document) == ["31415926", "5358979", "323846"]
    for digit in document.digits():
        (x0, y0), (x1, y1) = digit.quad.to_array()[:2]
        assert np.degrees(np.arctan2(y1 - y0, x1 - x0)) == pytest.approx(degrees, abs=2.5)


@pytest.mark.parametrize("text", ["12345", "4711", "7777"])
def test_a_number_that_is_none_upside_down_is_turned(reader, text):
    upside_down = np.ascontiguousarray(composed(text, width=500, height=200)[::-1, ::-1])
    assert texts(reader.read(upside_down)) == [text]


@pytest.mark.parametrize("degrees", [90, 110, 180, 270])
def test_a_page_on_its_side_or_head_is_read(reader, three_lines, degrees):
    assert texts(reader.read(rotated(three_lines, degrees))) == ["31415926", "5358979", "323846"]


def test_a_sheet_photographed_from_the_side_is_read(reader, three_lines):
    height, width = three_lines.shape[:2]
    corners = np.float32([(150, 90), (760, 60), (880, 520), (60, 500)])
    matrix = cv2.getPerspectiveTransform(np.float32([(0, 0), (width, 0), (width, height), (0, height)]), corners)
    lying = cv2.warpPerspective(three_lines, matrix, (960, 600), borderValue=(60, 50, 40), flags=cv2.INTER_AREA)
    document = reader.read(lying)
    assert texts(document) == ["31415926", "5358979", "323846"]
    for digit in document.digits():
        box = digit.box
        assert (lying[int(box.y0) : int(box.y1) + 1, int(box.x0) : int(box.x1) + 1].min(axis=(0, 1)) < 110).all()


def test_a_page_is_held_as_it_is_where_nothing_else_is_to_be_tried(reader, three_lines):
    lying = rotated(three_lines, 90)
    assert texts(reader.read(lying, options=ReaderOptions(try_again=False))) != ["31415926", "5358979", "323846"]


def test_numbers_that_are_numbers_upside_down_are_unclear_and_others_are_not(reader):
    turnable = reader.read(composed("9 6", "69", width=400))
    assert turnable.text
    assert {line.problem for line in turnable.lines()} == {None}
    clear = reader.read(composed("1234 57", width=500))
    assert clear.pages[0].problem is None


def line_of(digits, confidence=0.95):
    probabilities = []
    for digit in digits:
        row = np.full(10, (1 - confidence) / 9)
        row[int(digit)] = confidence
        probabilities.append(row)
    boxes = tuple(Box(20 * i, 0, 20 * i + 15, 20) for i in range(len(digits)))
    return ChosenLine(
        boxes=boxes,
        spans=tuple((i, i + 1) for i in range(len(digits))),
        probabilities=tuple(probabilities),
        inks=tuple(np.ones((20, 15), np.float32) for _ in digits),
        texts=(),
    )


def reading(digits, *, marks=None, confidence=0.95):
    lines = (line_of(digits, confidence),) if digits else ()
    return PageReading(lines=lines, shares=(1.0,) * len(lines), marks=len(digits) if marks is None else marks)


def in_lines(*texts):
    lines = tuple(line_of(text) for text in texts)
    return PageReading(lines=lines, shares=(1.0,) * len(lines), marks=sum(map(len, texts)))


class Readings:
    """Gives one prepared reading after the other, and then the last again."""

    def __init__(self, *readings):
        self.left = list(readings)
        self.pages = []
        self.likely = []

    def __call__(self, page, *, is_likely):
        self.pages.append(page)
        self.likely.append(is_likely)
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


@pytest.fixture(scope="module")
def picture():
    return PageImage(pixels=composed("1234", width=300, height=150))


view_of = partial(best_view, options=CleanOptions())


def test_a_page_that_reads_well_is_read_once(picture):
    read = Readings(reading("12345"))
    assert view_of(picture, read=read).reading.count == 5
    assert len(read.pages) == 1


def test_the_turn_of_a_page_is_tried_where_its_digits_may_be_others_so(picture):
    read = Readings(reading("6891", confidence=0.95), reading("1689", confidence=0.96))
    view = view_of(picture, read=read)
    assert len(read.pages) == 2
    np.testing.assert_array_equal(read.pages[1].ink, read.pages[0].ink[::-1, ::-1])
    assert view.is_upside_down_unclear
    assert view.page is read.pages[0]
    corner = read.pages[1].to_source.apply([(0, 0)])
    np.testing.assert_allclose(corner, [read.pages[0].ink.shape[::-1]])


def test_a_page_that_reads_worse_upside_down_is_clear(picture):
    view = view_of(picture, read=Readings(reading("6891", confidence=0.95), reading("1689", confidence=0.8)))
    assert not view.is_upside_down_unclear


@pytest.mark.parametrize("digits", ["6", "8018", "6892"])
def test_lone_digits_and_such_as_stay_themselves_or_cannot_be_turned_are_clear(picture, digits):
    read = Readings(reading(digits))
    assert not view_of(picture, read=read).is_upside_down_unclear
    assert len(read.pages) == 1


def test_a_page_upside_down_is_turned_where_clearly_more_reads_so(picture):
    read = Readings(reading("1257", marks=6, confidence=0.97), reading("712534", confidence=0.97))
    assert view_of(picture, read=read).reading.count == 6


@pytest.mark.parametrize(("quarters", "marks", "is_turned"), [(2, 10, True), (2, 14, False), (1, 14, True)])
def test_words_of_letters_are_no_numbers_upside_down(picture, quarters, marks, is_turned):
    """On a side they are hardly: a word there is a column of marks."""
    nothing, number = reading("", marks=marks), reading("5507617", marks=marks, confidence=0.97)
    held = np.rot90(clean(picture, CleanOptions()).ink, quarters)
    view = view_of(picture, read=lambda page, is_likely: number if np.array_equal(page.ink, held) else nothing)
    assert view.reading is (number if is_turned else nothing)


@pytest.mark.parametrize(
    ("upside_down", "confidence", "is_turned"),
    [("8623", 0.8, False), ("8625", 0.8, True), ("86213", 0.8, True), ("8623", 0.6, True)],
    ids=["a €", "no sign", "more than a sign", "doubtful digits"],
)
def test_a_currency_sign_is_no_digit_more(picture, upside_down, confidence, is_turned):
    before = reading("298", confidence=confidence)
    width = clean(picture, CleanOptions()).ink.shape[1]
    boxes = tuple(Box(width - 20 * k - 15, 0, width - 20 * k, 20) for k in (2, 1, 0))  # the sign stands before them
    before = replace(before, lines=(replace(before.lines[0], boxes=boxes),))
    view = view_of(picture, read=Readings(before, reading(upside_down, confidence=0.97)))
    assert (view.reading is not before) == is_turned


def test_a_lone_digit_that_does_not_read_is_turned_to_both_sides(picture):
    read = Readings(
        reading("", marks=1), reading("", marks=1), *[reading("", marks=1)] * 4, reading("7", confidence=0.98)
    )
    assert view_of(picture, read=read).reading.count == 1
    doubtful = Readings(*[reading("", marks=1)] * 6, reading("7", confidence=0.9))
    assert view_of(picture, read=doubtful).reading.count == 0


def test_lines_that_are_longer_are_kept_where_others_read_no_more(three_lines):
    """Digits in a grid make lines along its diagonals too, and dirt beside them leaves doubt."""
    tilted = PageImage(pixels=rotated(three_lines, 20))
    rows, diagonals = reading("12345678", marks=30), in_lines("1234567", "8")
    read = Readings(rows, diagonals)
    view = view_of(tilted, read=read)
    assert len(read.pages) > 2
    assert view.page is read.pages[0]
    surer = view_of(tilted, read=Readings(diagonals, rows))
    assert surer.reading is diagonals  # nothing was to be tried


def test_a_page_whose_numbers_lie_about_is_read_as_it_is_held(three_lines):
    """Numbers without a common line: a tilt that is seen all the same may cut them into pieces."""
    tilted = PageImage(pixels=rotated(three_lines, 20))
    read = Readings(in_lines("9", "19", "123", "9"), reading("", marks=12), in_lines("123", "789", "9", "4", "0"))
    first = replace(read.left[0], marks=11)
    read.left[0] = first
    view = view_of(tilted, read=read)
    assert view.reading.count == 9
    assert view.page is read.pages[2]
    np.testing.assert_array_equal(view.page.ink, clean(tilted, CleanOptions(max_skew_degrees=0)).ink)


@pytest.mark.parametrize(
    ("lines", "is_turned"), [(("100127653", "2338964719", "34581234567"), True), (("1001",) * 8, False)]
)
def test_long_numbers_are_turned_even_where_other_things_lie_around(picture, lines, is_turned):
    first, other = reading("0", marks=46), replace(in_lines(*lines), marks=60)
    view = view_of(picture, read=Readings(first, first, other, *[first] * 9))
    assert (view.reading is other) == is_turned


def test_a_page_without_numbers_stays_as_it_is(picture):
    read = Readings(reading("", marks=8), reading("1", marks=8, confidence=0.6))
    view = view_of(picture, read=read)
    assert view.page is read.pages[0]
    assert len(read.pages) > 3
    assert read.likely[0] and not any(read.likely[1:])


def test_the_other_polarity_is_tried_only_where_there_is_doubt(picture):
    dark = 128 - (255 - picture.pixels) // 4
    half = dark.shape[1] // 2
    for pixels, is_tried in ((dark, False), (np.hstack([dark[:, :half], 255 - dark[:, half:]]), True)):
        page = PageImage(pixels=np.ascontiguousarray(pixels))
        read = Readings(reading("", marks=8))
        view_of(page, read=read)
        other = clean(page, CleanOptions(), against_odds=True).ink
        assert any(np.array_equal(page.ink, other) for page in read.pages) == is_tried


@pytest.mark.parametrize(
    ("quarters", "seed", "number"),
    [(3, 8, "882949"), (3, 11, "858312"), (1, 28, "735573"), (1, 33, "224734")],
)
def test_a_single_number_on_its_side_is_read(reader, quarters, seed, number):
    """Of eights on their sides each is two noughts; others read as nothing, or seem tilted."""
    options = PageOptions(width=700, height=240, digit_height=60.0, lines=(number,))
    page, _ = compose_page(np.random.default_rng([777, seed]), options)
    assert texts(reader.read(np.rot90(page.pixels, quarters).copy())) == [number]
