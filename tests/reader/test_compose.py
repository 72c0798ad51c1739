"""Chosen digits become results: boxes through the map, probabilities through products."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.decode.choose import ChosenLine
from inkread.geometry import Box, PageTransform, Point
from inkread.reader.compose import compose_line


def chosen(text="1250", *, gap_before=2, texts=(("1250", 0.8), ("1260", 0.1), ("", 0.05), ("125", 0.0001))):
    """Digits 20 wide and 40 high; a wide gap stands before the digit of that index."""
    boxes = tuple(Box(x, 10, x + 20, 50) for x in (25 * i + (60 if i >= gap_before else 0) for i in range(len(text))))
    probabilities = []
    for character in text:
        row = np.full(10, 0.01)
        row[int(character)] = 0.9
        probabilities.append(row)
    spans = tuple((i, i + 1) for i in range(len(text)))
    inks = tuple(np.ones((40, 20), np.float32) for _ in boxes)
    return ChosenLine(boxes=boxes, inks=inks, spans=spans, probabilities=tuple(probabilities), texts=texts)


def test_gaps_part_numbers_and_confidence_is_a_product():
    line = compose_line(chosen(), PageTransform(), min_confidence=0.0)
    assert line.text == "12 50"
    assert [number.confidence for number in line.numbers] == pytest.approx([0.81, 0.81])
    assert line.confidence == 0.8  # of the whole text, other ways to cut the line weighed in
    assert compose_line(chosen(texts=()), PageTransform(), min_confidence=0.0).confidence == pytest.approx(0.9**4)


def test_alternatives_are_whole_texts_that_are_worth_showing():
    line = compose_line(chosen(), PageTransform(), min_confidence=0.0)
    assert [(a.value, a.probability) for a in line.alternatives] == [("1260", 0.1)]
    many = (("1250", 0.5), *((str(i), 0.05) for i in range(9)))
    assert len(compose_line(chosen(texts=many), PageTransform(), min_confidence=0.0).alternatives) == 5


def test_min_confidence_marks_and_drops_nothing():
    for limit, accepted in ((0.5, True), (0.81, True), (0.82, False), (1.0, False)):
        line = compose_line(chosen(), PageTransform(), min_confidence=limit - 1e-9)
        assert line.text == "12 50"
        assert {number.accepted for number in line.numbers} == {accepted}


def test_boxes_and_quads_go_through_the_map():
    to_source = PageTransform.scaling(2).then(PageTransform.rotation(10, Point(0, 0)))
    line = compose_line(chosen(), to_source, min_confidence=0.0)
    for digit, box in zip((d for n in line.numbers for d in n.digits), chosen().boxes, strict=True):
        np.testing.assert_allclose(digit.quad.to_array(), to_source.apply(box.corners()))
        assert digit.box == digit.quad.box
    (x0, y0), (x1, y1) = line.quad.to_array()[:2]
    assert np.degrees(np.arctan2(y1 - y0, x1 - x0)) == pytest.approx(10)


def test_style_is_described_where_it_is_asked_for():
    plain = compose_line(chosen(), PageTransform(), min_confidence=0.0)
    assert plain.style is None
    assert {digit.style for number in plain.numbers for digit in number.digits} == {None}
    line = compose_line(chosen(), PageTransform.scaling(2), min_confidence=0.0, style=True)
    first = line.numbers[0].digits[0]
    assert first.style.height == pytest.approx(80)
    assert first.style.darkness is None
    # Neighbors are 5 apart and 40 high; the gap between the numbers does not count.
    assert line.style.spacing == pytest.approx(5 / 40, abs=0.06)
    white = np.full((200, 400, 3), 255, np.uint8)
    assert compose_line(chosen(), PageTransform(), min_confidence=0, style=True, pixels=white).style.darkness == 0


def test_all_ten_digits_are_alternatives_and_sum_to_one_at_most():
    sure = chosen("7", gap_before=9, texts=(("7", 1.0),))
    sure.probabilities[0][:] = 0
    sure.probabilities[0][7] = 1 + 1e-12
    (digit,) = compose_line(sure, PageTransform(), min_confidence=0.0).numbers[0].digits
    assert (digit.value, digit.confidence) == ("7", 1.0)
    assert sorted(a.value for a in digit.alternatives) == list("0123456789")
    assert sum(a.probability for a in digit.alternatives) <= 1
