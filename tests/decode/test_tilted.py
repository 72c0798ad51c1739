"""Numbers that run up or down by themselves: which are looked at once more, and what becomes of the reading."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.decode.choose import ChosenLine, PageReading
from inkread.decode.tilted import TiltedNumber, ink_of, tilted_numbers, with_second_looks
from inkread.geometry import Box

WIDTH, HEIGHT = 16, 30


def peaked(digit, probability):
    row = np.full(10, (1 - probability) / 20)
    row[int(digit)] = probability
    return row


def line_of(text, probability, *places):
    """A line with digits at places (left, top)."""
    return ChosenLine(
        boxes=tuple(Box(x, y, x + WIDTH, y + HEIGHT) for x, y in places),
        inks=tuple(np.full((HEIGHT, WIDTH), 0.5 + 0.1 * i, np.float32) for i in range(len(places))),
        spans=tuple((i, i + 1) for i in range(len(places))),
        probabilities=tuple(peaked(c, probability) for c in text),
        texts=((text, probability),),
    )


def run(degrees, count, *, x=100, y=100, step=22):
    return [(x + step * i, y + round(step * i * np.tan(np.radians(degrees)))) for i in range(count)]


def reading_of(*lines):
    shares = tuple(0.9 - 0.1 * i for i in range(len(lines)))
    return PageReading(lines=lines, shares=shares, marks=sum(len(line.boxes) for line in lines))


def texts_of(reading):
    return ["".join(str(int(p.argmax())) for p in line.probabilities) for line in reading.lines]


@pytest.mark.parametrize("degrees", [-35, -12, 7, 25])
def test_an_unsure_number_that_runs_up_or_down_is_found_with_its_tilt(degrees):
    (number,) = tilted_numbers(reading_of(line_of("189", 0.9, *run(degrees, 3))))
    assert number.members == ((0, 0), (0, 1), (0, 2))
    assert number.degrees == pytest.approx(degrees, abs=1.5)


def test_digits_of_several_lines_may_make_one_number():
    (a, b, c) = run(-30, 3)
    (number,) = tilted_numbers(reading_of(line_of("3", 0.9, c), line_of("12", 0.9, a, b)))
    assert number.members == ((1, 0), (1, 1), (0, 0))


@pytest.mark.parametrize(
    "line",
    [
        line_of("189", 0.9, *run(2, 3)),
        line_of("189", 0.995, *run(20, 3)),
        line_of("18", 0.9, *run(9, 2)),
        line_of("189", 0.9, *run(20, 3, step=60)),
        line_of("189", 0.9, (100, 100), (122, 70), (144, 100)),
        line_of("11", 0.9, (100, 100), (102, 134)),
    ],
    ids=["straight", "sure", "two digits of which one stands higher", "apart", "no line", "a column"],
)
def test_other_digits_need_no_second_look(line):
    assert tilted_numbers(reading_of(line)) == ()


def test_the_ink_of_a_number_is_its_own_and_knows_its_place():
    reading = reading_of(line_of("5", 0.9, (150, 160)), line_of("12", 0.9, *run(20, 2)))
    page = ink_of(reading, TiltedNumber(members=((1, 0), (1, 1)), degrees=20.0))
    assert page.ink.sum() == pytest.approx(WIDTH * HEIGHT * (0.5 + 0.6))
    ys, xs = np.nonzero(page.ink == np.float32(0.5))
    assert page.to_source.apply([(xs.min(), ys.min())]).tolist() == [[100, 100]]


def test_a_surer_reading_takes_the_place_of_the_old_one_and_leaves_the_rest():
    reading = reading_of(line_of("55", 0.8, (20, 100), (300, 100)), line_of("189", 0.8, *run(20, 3)))
    number = TiltedNumber(members=((1, 0), (1, 1), (1, 2)), degrees=20.0)
    straight = reading_of(line_of("", 0.9), line_of("789", 0.95, *run(0, 3)))
    found = with_second_looks(reading, [(number, straight)])
    assert texts_of(found) == ["55", "789"]
    assert found.lines[1].boxes == reading.lines[1].boxes
    assert found.shares == reading.shares


def test_three_digits_that_are_others_set_straight_may_be_a_little_less_sure():
    reading = reading_of(line_of("189", 0.98, *run(20, 3)))
    number = TiltedNumber(members=((0, 0), (0, 1), (0, 2)), degrees=20.0)
    assert texts_of(with_second_looks(reading, [(number, reading_of(line_of("789", 0.97, *run(0, 3))))])) == ["789"]
    pair = reading_of(line_of("18", 0.98, *run(20, 2)))
    number = TiltedNumber(members=((0, 0), (0, 1)), degrees=20.0)
    assert texts_of(with_second_looks(pair, [(number, reading_of(line_of("78", 0.97, *run(0, 2))))])) == ["18"]


def test_a_number_out_of_several_lines_becomes_a_line_behind_the_first():
    a, b, c = run(-30, 3)
    reading = reading_of(line_of("34", 0.8, c, (300, 60)), line_of("12", 0.8, a, b), line_of("6", 0.9, (10, 300)))
    number = TiltedNumber(members=((1, 0), (1, 1), (0, 0)), degrees=-30.0)
    found = with_second_looks(reading, [(number, reading_of(line_of("723", 0.95, *run(0, 3))))])
    assert texts_of(found) == ["4", "723", "", "6"]
    assert found.lines[1].boxes == tuple(Box(x, y, x + WIDTH, y + HEIGHT) for x, y in (a, b, c))
    assert found.shares == (0.9, 0.9, 0.8, 0.7)


@pytest.mark.parametrize(
    "other",
    [
        reading_of(line_of("789", 0.7, *run(0, 3))),
        reading_of(line_of("189", 0.8, *run(0, 3))),
        reading_of(line_of("89", 0.99, *run(0, 2))),
        reading_of(line_of("7", 0.99, (0, 0)), line_of("89", 0.99, *run(0, 2))),
        reading_of(),
    ],
    ids=["less sure", "the same and no surer", "fewer digits", "two lines", "nothing"],
)
def test_a_reading_that_is_no_better_changes_nothing(other):
    reading = reading_of(line_of("189", 0.8, *run(20, 3)))
    found = with_second_looks(reading, [(TiltedNumber(members=((0, 0), (0, 1), (0, 2)), degrees=20.0), other)])
    assert texts_of(found) == ["189"]
    assert found.lines[0].probabilities is reading.lines[0].probabilities
