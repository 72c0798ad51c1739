"""Clear gaps part numbers, whatever the size and the spacing of the writing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.decode.numbers import are_cells, split_numbers
from inkread.geometry import Box


def written(text, *, height=40.0, width=24.0, gap=6.0, space=40.0):
    """Boxes of the digits of a text, and the numbers that its spaces part."""
    boxes, x = [], 10.0
    for character in text:
        if character == " ":
            x += space
        else:
            boxes.append(Box(x, 0, x + width, height))
            x += width + gap
    return boxes


def texts(boxes, text):
    digits = text.replace(" ", "")
    return " ".join(digits[part.start : part.stop] for part in split_numbers(boxes))


@pytest.mark.parametrize("text", ["7", "12", "1250 07", "3141 59265 35", "12 34 56 78", "007"])
def test_spaces_part_numbers(text):
    assert texts(written(text), text) == text


@pytest.mark.parametrize("gap", [0.0, 6.0, 20.0, 34.0])
def test_evenly_spaced_digits_are_one_number(gap):
    assert texts(written("123456", gap=gap), "123456") == "123456"


@pytest.mark.parametrize("scale", [0.3, 1.0, 20.0])
def test_size_does_not_matter(scale):
    boxes = [Box(b.x0 * scale, b.y0 * scale, b.x1 * scale, b.y1 * scale) for b in written("12 405 7")]
    assert texts(boxes, "12 405 7") == "12 405 7"


def test_digits_that_overlap_belong_together():
    assert split_numbers([Box(0, 0, 20, 40), Box(15, 0, 35, 40)]) == [range(0, 2)]


def test_nothing_is_no_number():
    assert split_numbers([]) == []


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(1, 40), st.floats(10, 50)), min_size=1, max_size=12))
def test_every_digit_is_in_just_one_number(rows):
    boxes, x = [], 0.0
    for gap, width, height in rows:
        boxes.append(Box(x + gap, 0, x + gap + width, height))
        x += gap + width
    parts = split_numbers(boxes)
    assert [i for part in parts for i in part] == list(range(len(boxes)))
    assert all(len(part) for part in parts)


@pytest.mark.parametrize(("gap", "numbers"), [(6.0, 1), (10.0, 1), (13.0, 2), (40.0, 2)])
def test_the_only_gap_of_a_line_parts_numbers_by_the_height_of_its_digits(gap, numbers):
    assert len(split_numbers([Box(0, 0, 6, 10), Box(6 + gap, 0, 12 + gap, 10)])) == numbers


def test_signs_part_numbers():
    boxes = [Box(10 * k, 0, 10 * k + 8, 12) for k in range(6)]
    assert split_numbers(boxes) == [range(6)]
    assert split_numbers(boxes, [Box(18, 0, 20, 12), Box(38, 0, 40, 12)]) == [range(2), range(2, 4), range(4, 6)]


def cells(text, *, width=42.0):
    """Boxes of the digits of a text, narrowly written, each number in a cell so wide; and the rules between cells."""
    boxes, numbers = [], text.split(" ")
    for k, number in enumerate(numbers):
        boxes += [Box(k * width + 4 + 12 * i, 0, k * width + 14 + 12 * i, 20) for i in range(len(number))]
    return boxes, tuple(k * width for k in range(len(numbers) + 1))


def test_rules_between_cells_part_numbers_however_narrow_the_gap():
    boxes, rules = cells("27 311 0 411")
    parted = [range(2), range(2, 5), range(5, 6), range(6, 9)]
    assert split_numbers(boxes, dividers=rules) == parted != split_numbers(boxes)


def test_cells_hold_numbers_and_no_rule_crosses_a_digit():
    table = [cells("27 3 0 411"), cells("8 16 250 9")]
    assert are_cells(table)
    assert not are_cells([(boxes, ()) for boxes, _ in table])  # no rules
    assert not are_cells([cells("2 7 3 0"), cells("4 1 1 8")])  # a comb: a digit a cell
    squared = [(boxes, tuple(range(0, 180, 9))) for boxes, _ in table]
    assert not are_cells(squared)
    assert not are_cells([cells("27 3")])  # two cells say nothing
    assert not are_cells([])
