"""Words of letters before numbers: they are told from numbers, and what stands behind them is one."""

from dataclasses import replace

import numpy as np
import pytest

from inkread.decode.choose import ChosenLine, PageReading
from inkread.decode.labels import digits_in, leaves_ink, may_be_a_label, with_numbers_behind_labels
from inkread.geometry import Box, Quad
from inkread.parts import DIGITS, Candidate, LineCrop, LineOfCandidates, Word

HEIGHT = 22.0


def found_line(*words, heights=None):
    """A line of words of so many components each, half a height apart."""
    pieces = sum(words)
    heights = heights or [HEIGHT] * pieces
    boxes = tuple(Box(30 * i, 50 - h, 30 * i + 18, 50) for i, h in enumerate(heights))
    ends = np.cumsum(words).tolist()
    crop = LineCrop(ink=np.zeros((36, 44), np.float32), quad=Quad.of_box(Box(0, 20, 44, 56)))
    return LineOfCandidates(
        pieces=boxes,
        candidates=tuple(
            Candidate(start=i, end=i + 1, box=box, ink=np.ones((4, 4), np.float32)) for i, box in enumerate(boxes)
        ),
        digit_height=HEIGHT,
        words=tuple(
            Word(start=end - count, end=end, crop=crop, digit_height=HEIGHT, is_plain=False)
            for count, end in zip(words, ends, strict=True)
        ),
        components=tuple((i, i + 1) for i in range(pieces)),
    )


def chosen(digits):
    """A line with digits at some of its pieces, {piece: digit}."""
    return ChosenLine(
        boxes=tuple(Box(30 * i, 28, 30 * i + 18, 50) for i in digits),
        inks=tuple(np.ones((4, 4), np.float32) for _ in digits),
        spans=tuple((i, i + 1) for i in digits),
        probabilities=tuple(0.95 * np.eye(10)[digit] for digit in digits.values()),
        texts=(),
    )


def said(pieces, digits):
    """What the digit network says: that pieces are digits, {piece: (digit, probability)}, and the others none."""
    rows = np.full((pieces, len(DIGITS) + 1), 1e-6)
    rows[:, -1] = 1
    for i, (digit, probability) in digits.items():
        rows[i, digit], rows[i, -1] = probability, 1 - probability
    return np.log(rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def page_of(*lines):
    return PageReading(lines=lines, shares=tuple(0.3 for _ in lines), marks=10)


def test_a_word_of_letters_and_a_digit_before_a_number_may_be_its_name():
    line = found_line(3, 2)
    log, scores = chosen({1: 0, 3: 7, 4: 8}), said(5, {1: (0, 0.9), 3: (7, 0.99), 4: (8, 0.99)})
    name, number = line.words
    assert (digits_in(log, name), digits_in(log, number)) == ([0], [1, 2])
    assert leaves_ink(line, log, name)
    assert not leaves_ink(line, log, number)
    assert may_be_a_label(line, log, name, scores)
    assert not may_be_a_label(line, log, number, scores)
    assert not may_be_a_label(line, chosen({0: 1, 1: 0, 2: 9, 3: 7, 4: 8}), name, scores), "all of it is digits"
    assert not may_be_a_label(line, chosen({1: 0}), name, scores), "nothing is behind it"
    assert not may_be_a_label(line, chosen({1: 0, 4: 8}), name, scores), "what is behind it is no number either"
    third = found_line(1, 3, 2)
    after = chosen({0: 3, 2: 0, 4: 7, 5: 8})
    assert not may_be_a_label(third, after, third.words[1], said(6, {})), "a number is before it"
    assert may_be_a_label(third, after.only([1, 2, 3]), third.words[1], said(6, {}))
    unsure = said(5, {0: (1, 0.3), 1: (0, 0.9), 2: (9, 0.3), 3: (7, 0.99), 4: (8, 0.99)})
    assert not may_be_a_label(line, log, name, unsure), "nothing of it is plainly a letter"
    dots = found_line(3, 2, heights=[8, HEIGHT, 8, HEIGHT, HEIGHT])
    assert not may_be_a_label(dots, log, dots.words[0], scores), "beside a digit stand small marks only"
    touching = replace(line, components=line.components[1:2] + line.components[3:])
    assert not may_be_a_label(touching, log, name, scores), "what was not taken hangs together: digits may"


@pytest.mark.parametrize("digits", [{4: (5, 0.999)}, {3: (1, 0.99), 4: (2, 0.999)}])
def test_what_stands_behind_a_word_is_a_number_where_others_of_the_page_are(digits):
    first, second = found_line(4, 2), found_line(4, 1) if len(digits) == 1 else found_line(3, 2)
    scores = [said(6, {}), said(5, digits)]
    read = with_numbers_behind_labels([first, second], page_of(chosen({4: 1, 5: 8}), chosen({})), scores)
    assert read.lines[0].text == "18"
    assert read.lines[1].text == "".join(str(digit) for digit, _ in digits.values())
    assert read.lines[1].spans == tuple((i, i + 1) for i in digits)
    assert all(0.9 < p.max() < 0.95 for p in read.lines[1].probabilities), "not surer than that all of it is right"


def test_without_other_numbers_behind_words_a_digit_among_letters_is_a_letter():
    line = found_line(4, 1)
    scores = said(5, {4: (5, 0.999)})
    for other in (chosen({}), chosen({0: 3, 4: 1, 5: 8})):
        reading = page_of(other, chosen({}))
        read = with_numbers_behind_labels([found_line(4, 2), line], reading, [said(6, {}), scores])
        assert [one.text for one in read.lines] == [other.text, ""]


@pytest.mark.parametrize(
    ("line", "scores"),
    [
        (found_line(4, 1), said(5, {4: (5, 0.9)})),  # not surely a digit
        (found_line(3, 2), said(5, {4: (5, 0.999)})),  # only half of what stands there is
        (found_line(4, 1, heights=[HEIGHT] * 4 + [8]), said(5, {4: (0, 0.999)})),  # a mark
        (found_line(5), said(5, {4: (5, 0.999)})),  # the end of a word
        (replace(found_line(4, 1), components=((0, 1), (1, 2))), said(5, {4: (5, 0.999)})),  # a part of a component
    ],
)
def test_what_is_not_plainly_a_number_stays_a_letter(line, scores):
    reading = page_of(chosen({4: 1, 5: 8}), chosen({}))
    read = with_numbers_behind_labels([found_line(4, 2), line], reading, [said(6, {}), scores])
    assert read.lines[1].text == ""
