import dataclasses

import cv2
import numpy as np
import pytest

from inkread.decode.choose import (
    choose_digits,
    of_like_size,
    without_edge_strokes,
    without_hanging_letters,
    without_lone_marks,
    without_patterns,
    without_pieces_of_words,
    worth_a_look,
    worth_reading,
)
from inkread.geometry import Box, PageTransform, Quad
from inkread.parts import Candidate, LineCrop, LineOfCandidates, Word

DOT = np.ones((2, 2), np.float32)


def line_of(boxes, *, height=20.0, words=None):
    """One candidate a box; words are ranges of boxes, by default one word."""
    boxes = [Box(*box) for box in boxes]
    candidates = tuple(Candidate(start=i, end=i + 1, ink=DOT, box=box) for i, box in enumerate(boxes))
    made = []
    for start, end in words or [(0, len(boxes))]:
        crop = LineCrop(ink=DOT, quad=Quad.of_box(Box.union_of(boxes[start:end])))
        made.append(Word(start=start, end=end, crop=crop, digit_height=height, is_plain=True))
    return LineOfCandidates(pieces=tuple(boxes), candidates=candidates, digit_height=height, words=tuple(made))


def row(*, digit=None, sure=0.99):
    """Log-probabilities of a sure digit, or of a sure letter."""
    probabilities = np.full(11, (1 - sure) / 10)
    probabilities[10 if digit is None else digit] = sure
    return np.log(probabilities).astype(np.float32)


def spread(count, *, y=0.0, height=20.0, width=12.0, step=15.0, x=0.0):
    return [(x + step * i, y, x + step * i + width, y + height) for i in range(count)]


def text_of(reading):
    return ["".join(str(int(p.argmax())) for p in line.probabilities) for line in reading.lines]


def choose(lines, scores, **options):
    return choose_digits(lines, [np.stack(rows) for rows in scores], least_probability=0.4, **options)


def test_sure_digits_are_chosen_in_their_order():
    reading = choose([line_of(spread(3))], [[row(digit=4), row(digit=7), row(digit=3)]])
    assert text_of(reading) == ["473"]
    assert reading.marks == 3
    assert reading.count == 3
    assert reading.certainty > 2.8


def test_what_takes_sure_components_alone_is_not_worth_a_look():
    # Three components, the second of two pieces; candidates are the components, its halves, and joints of neighbors.
    spans = [(0, 1), (1, 3), (3, 4), (1, 2), (2, 3), (0, 3), (2, 4)]
    boxes = [Box(*box) for box in spread(4)]
    line = LineOfCandidates(
        pieces=tuple(boxes),
        candidates=tuple(Candidate(start=a, end=b, ink=DOT, box=boxes[a]) for a, b in spans),
        digit_height=20.0,
        components=((0, 1), (1, 3), (3, 4)),
    )
    sure, letter, unsure = row(digit=3, sure=0.995), row(), row(digit=3, sure=0.9)
    assert worth_a_look(line, np.stack([sure, sure, sure])).tolist() == [True] * 3 + [False] * 4
    assert worth_a_look(line, np.stack([sure, sure, unsure])).tolist() == [True] * 3 + [False] * 3 + [True]
    assert worth_a_look(line, np.stack([letter, sure, sure])).tolist() == [True] * 3 + [False, False, True, False]
    assert worth_a_look(line, np.stack([sure, unsure, sure])).all()


@pytest.mark.parametrize(
    ("digits", "letters", "looks", "wanted"),
    [
        (9, 1, 300, True),
        (3, 0, 300, True),
        (2, 0, 300, False),
        (2, 0, 20, True),
        (3, 12, 300, False),
        (0, 0, 300, False),
    ],
)
def test_a_page_in_an_unlikely_view_is_read_where_components_are_digits(digits, letters, looks, wanted):
    lines = [np.stack([row(digit=7)] * digits) if digits else np.empty((0, 11), np.float32)]
    lines += [np.stack([row()] * letters)] if letters else []
    assert worth_reading(lines, looks=looks) == wanted
    assert worth_reading([], looks=looks) == (looks == 20)


def test_letters_that_look_like_digits_are_refused_among_letters():
    letters = [row() for _ in range(8)]
    rows = [*letters, row(digit=5, sure=0.97), row(digit=0, sure=0.97)]
    assert text_of(choose([line_of(spread(10))], [rows])) == [""]


def test_the_same_marks_are_read_among_digits():
    digits = [row(digit=4), row(digit=7), row(digit=3), row(digit=4)]
    rows = [*digits, row(digit=5, sure=0.97), row(digit=0, sure=0.97)]
    assert text_of(choose([line_of(spread(6))], [rows])) == ["473450"]


def test_a_number_beside_a_word_is_read_and_the_word_is_not():
    boxes = [*spread(5), *spread(4, x=140)]
    rows = [row(), row(), row(digit=1, sure=0.9), row(), row(digit=5, sure=0.9)]
    rows += [row(digit=7), row(digit=3), row(digit=4), row(digit=1)]
    reading = choose([line_of(boxes, words=[(0, 5), (5, 9)])], [rows])
    assert text_of(reading) == ["7341"]


def test_a_picture_said_to_be_a_line_is_taken_at_its_word():
    rows = [row(digit=5, sure=0.7), row(digit=0, sure=0.7)]
    assert text_of(choose([line_of(spread(2))], [rows], anything=False)) == ["50"]


def test_what_is_far_smaller_than_the_pages_digits_is_dirt():
    lines = [line_of(spread(4, height=40)), line_of([(0, 80, 4, 87)], height=7.0)]
    reading = choose(lines, [[row(digit=3)] * 4, [row(digit=8)]])
    assert text_of(reading) == ["3333", "8"]
    assert text_of(of_like_size(reading)) == ["3333", ""]


def test_a_digit_cut_out_of_a_word_that_was_read_as_a_whole_is_as_high_as_the_word():
    reading = choose([line_of([*spread(4, height=40), (60, 30, 72, 40)])], [[row(digit=3)] * 5])
    assert text_of(of_like_size(reading)) == ["3333"]
    (line,) = reading.lines
    whole = dataclasses.replace(line, spans=((0, 3),) * 3 + ((3, 5),) * 2)
    assert text_of(of_like_size(dataclasses.replace(reading, lines=(whole,)))) == ["33333"]


def test_a_long_thin_stroke_among_many_digits_is_a_rule():
    rule = (200, 0, 204, 40)
    lines = [line_of(spread(6, height=20)), line_of([rule], height=40.0)]
    reading = of_like_size(choose(lines, [[row(digit=3)] * 6, [row(digit=1, sure=0.999)]]))
    assert text_of(reading) == ["333333", ""]


@pytest.mark.parametrize(("digit", "sure", "kept"), [(4, 0.6, False), (4, 0.97, True), (1, 0.6, False)])
def test_a_digit_that_stands_alone_must_be_sure(digit, sure, kept):
    reading = without_lone_marks(choose([line_of(spread(1))], [[row(digit=digit, sure=sure)]]))
    assert bool(text_of(reading)[0]) == kept


@pytest.mark.parametrize(("digit", "width", "kept"), [(1, 20, True), (1, 34, False), (7, 34, True)])
def test_a_stroke_that_leans_more_than_it_stands_is_no_lone_one(digit, width, kept):
    alone = line_of([(10, 50, 10 + width, 80)], height=30.0)
    reading = without_lone_marks(choose([alone], [[row(digit=digit, sure=0.9999)]]))
    assert bool(text_of(reading)[0]) == kept


@pytest.mark.parametrize(
    ("digit", "length", "kept"), [(1, 10, False), (1, 16, True), (1, 38, True), (1, 46, False), (7, 46, True)]
)
def test_a_pen_and_the_side_of_a_box_are_no_lone_ones_beside_other_digits(digit, length, kept):
    side = length / np.sqrt(2)
    lines = [line_of(spread(4, height=20)), line_of([(0, 60, side - 1, 60 + side)], height=side)]
    reading = without_lone_marks(choose(lines, [[row(digit=3)] * 4, [row(digit=digit)]]))
    assert text_of(reading) == ["3333", str(digit) if kept else ""]


def test_a_pen_in_the_line_of_digits_is_none_of_them():
    boxes = [*spread(4, height=20), (120, 0, 160, 40)]
    rows = [row(digit=3)] * 4
    assert text_of(of_like_size(choose([line_of(boxes)], [[*rows, row(digit=1)]]))) == ["3333"]
    assert text_of(of_like_size(choose([line_of(boxes)], [[*rows, row(digit=7)]]))) == ["33337"]


@pytest.mark.parametrize(("strength", "kept"), [(0.4, False), (0.6, True)])
def test_a_fold_that_reads_as_a_digit_is_fainter_than_the_digits_of_the_page(strength, kept):
    written = choose([line_of(spread(4)), line_of(spread(1, y=60))], [[row(digit=3)] * 4, [row(digit=1)]])
    fold = dataclasses.replace(written.lines[1], inks=(strength * DOT,))
    reading = without_lone_marks(dataclasses.replace(written, lines=(written.lines[0], fold)))
    assert text_of(reading) == ["3333", "1" if kept else ""]


def marks_of(*shapes, steps=None, digit=6):
    """A page whose one line has these inks side by side, all of them read as one digit."""
    steps = steps or [15.0] * len(shapes)
    boxes = [(x, 0, x + 12, 20) for x in np.cumsum([0.0, *steps[1:]])]
    reading = choose([line_of(boxes)], [[row(digit=digit)] * len(shapes)])
    (line,) = reading.lines
    return dataclasses.replace(reading, lines=(dataclasses.replace(line, inks=tuple(shapes)),))


def some_shapes(count, *, noise):
    rng = np.random.default_rng(0)
    first = rng.random((20, 12), np.float32)
    return [np.clip(first + noise * rng.standard_normal((20, 12), np.float32), 0, 1) for _ in range(count)]


def test_marks_that_repeat_each_other_evenly_are_a_pattern():
    assert text_of(without_patterns(marks_of(*some_shapes(12, noise=0.1)))) == [""]
    # What is seen worse among them is one of them; a number beside them is none.
    other = some_shapes(3, noise=9.0)
    assert text_of(without_patterns(marks_of(*some_shapes(12, noise=0.1), other[0]))) == [""]
    assert text_of(without_patterns(marks_of(*some_shapes(8, noise=0.1), *other, *other))) == ["666666"]


def test_digits_of_one_hand_are_no_pattern():
    assert text_of(without_patterns(marks_of(*some_shapes(7, noise=0.1)))) == ["6" * 7]
    assert text_of(without_patterns(marks_of(*some_shapes(12, noise=0.6)))) == ["6" * 12]
    assert text_of(without_patterns(marks_of(*some_shapes(12, noise=0.1), digit=1))) == ["1" * 12]
    uneven = [15.0, 13.0, 18.0] * 4
    assert text_of(without_patterns(marks_of(*some_shapes(12, noise=0.1), steps=uneven))) == ["6" * 12]


@pytest.mark.parametrize(("share", "sure", "kept"), [(0.05, 0.6, ""), (0.05, 0.99, "24"), (0.6, 0.6, "24")])
def test_digits_of_a_line_of_words_must_be_sure(share, sure, kept):
    found = line_of(spread(2))
    read = choose([found], [[row(digit=2, sure=sure), row(digit=4, sure=sure)]])
    probabilities = tuple(np.eye(10)[digit] * sure for digit in (2, 4))
    line = dataclasses.replace(read.lines[0], probabilities=probabilities)
    reading = dataclasses.replace(read, lines=(line,), shares=(share,))
    assert text_of(without_pieces_of_words(reading, [found])) == [kept]


def test_a_sure_number_stays_in_a_line_of_words_without_the_unsure_digits_of_others():
    found = line_of(spread(5), words=[(0, 2), (2, 4), (4, 5)])
    read = choose([found], [[row(digit=digit) for digit in (2, 4, 6, 8, 9)]])
    sureness = (0.6, 0.5, 0.9, 0.8, 0.7)
    probabilities = tuple(np.eye(10)[digit] * sure for digit, sure in zip((2, 4, 6, 8, 9), sureness, strict=True))
    reading = dataclasses.replace(
        read, lines=(dataclasses.replace(read.lines[0], probabilities=probabilities),), shares=(0.1,)
    )
    assert text_of(without_pieces_of_words(reading, [found])) == ["68"]


@pytest.mark.parametrize(
    ("lower", "letter", "kept"),
    [(8, True, "18"), (0, True, "189"), (8, False, "1879")],
    ids=["a g behind a k", "a nine as high as the others", "a nine that hangs behind no letter"],
)
def test_the_g_of_a_unit_hangs_below_the_digits(lower, letter, kept):
    boxes = [*spread(3), (45.0, lower, 57.0, 20.0 + lower)]
    found = line_of(boxes)
    other = row(digit=None) if letter else row(digit=7)
    reading = choose([found], [[row(digit=1), row(digit=8), other, row(digit=9)]])
    read = without_hanging_letters(reading, [found])
    assert text_of(read) == [kept]
    assert len(read.lines[0].signs) == (2 if kept == "18" else 0)


def strokes_and_digits(strokes, digits):
    """A line of upright strokes that read as ones, over a line of twos."""
    lines = [line_of(strokes), line_of(digits)]
    return choose(lines, [[row(digit=1)] * len(strokes), [row(digit=2)] * len(digits)])


@pytest.mark.parametrize(
    ("strokes", "kept"),
    [
        pytest.param([(40 * i, 0, 40 * i + 4, 14) for i in range(1, 5)], "", id="ends of lines, at the top"),
        pytest.param([(40 * i, 6, 40 * i + 4, 20) for i in range(1, 5)], "1111", id="ones under it"),
        pytest.param([(40, 0, 44, 14)], "1", id="one that is cut off"),
        pytest.param([(0, 6, 4, 20), (50, 6, 54, 20)], "1", id="a side, at the left"),
    ],
)
def test_strokes_at_the_edges_of_a_picture_are_no_ones(strokes, kept):
    reading = strokes_and_digits(strokes, spread(4, y=100.0, x=50.0))
    inside = without_edge_strokes(reading, PageTransform(), size=(300, 200))
    assert text_of(inside) == [kept, "2222"]


@pytest.mark.parametrize(
    ("stroke", "kept"),
    [
        pytest.param((0, 100, 4, 140), "1222", id="as high as the digits: cut closely"),
        pytest.param((0, 85, 4, 155), "222", id="the side of a cell"),
        pytest.param((0, 120, 4, 140), "222", id="a corner of one"),
    ],
)
def test_a_one_at_the_side_of_its_picture_is_as_high_as_the_digits_beside_it(stroke, kept):
    digits = [(30 + 40 * i, 100, 55 + 40 * i, 140) for i in range(3)]
    reading = choose([line_of([stroke, *digits])], [[row(digit=1), *[row(digit=2)] * 3]])
    assert text_of(without_edge_strokes(reading, PageTransform(), size=(300, 200))) == [kept]


@pytest.mark.parametrize(("height", "kept"), [(146, "222"), (140, "1222"), (200, "1222")])
def test_a_stroke_in_the_corner_of_its_picture_is_none_of_digits_that_stand_clear_of_its_end(height, kept):
    boxes = [(0, 106, 4, min(146, height)), *((30 + 40 * i, 100, 55 + 40 * i, 140) for i in range(3))]
    reading = choose([line_of(boxes)], [[row(digit=1), *[row(digit=2)] * 3]])
    assert text_of(without_edge_strokes(reading, PageTransform(), size=(300, height))) == [kept]


EDGE = np.zeros((60, 40), np.uint8)
cv2.line(EDGE, (0, 59), (39, 0), 255, 5)
EDGE = EDGE.astype(np.float32) / np.float32(255)


@pytest.mark.parametrize(
    ("place", "ink", "kept"),
    [
        pytest.param((0, 0), EDGE, False, id="top left"),
        pytest.param((260, 140), EDGE, False, id="bottom right"),
        pytest.param((260, 0), EDGE[:, ::-1], False, id="top right"),
        pytest.param((0, 140), EDGE[::-1], False, id="bottom left"),
        pytest.param((0, 20), EDGE, False, id="its end cut off"),
        pytest.param((0, 0), EDGE[:, ::-1], True, id="through the corner"),
        pytest.param((0, 70), EDGE, True, id="at a side alone"),
        pytest.param((20, 0), EDGE, True, id="at an end alone"),
        pytest.param((0, 0), np.maximum(EDGE, EDGE[::-1]), True, id="ink within the corner"),
    ],
)
def test_what_cuts_off_a_corner_of_its_picture_is_the_edge_of_a_sheet(place, ink, kept):
    x, y = place
    reading = choose(
        [line_of([(x, y, x + 40, y + 60)]), line_of(spread(4, x=100.0, y=90.0))], [[row(digit=7)], [row(digit=2)] * 4]
    )
    edge = dataclasses.replace(reading.lines[0], inks=(np.ascontiguousarray(ink),))
    reading = dataclasses.replace(reading, lines=(edge, reading.lines[1]))
    inside = without_edge_strokes(reading, PageTransform(), size=(300, 200))
    assert text_of(inside) == ["7" if kept else "", "2222"]


def test_the_marks_of_a_page_are_known_with_their_places():
    boxes = spread(3)
    reading = choose([line_of(boxes)], [[row(digit=4), row(), row(digit=3)]])
    assert sorted(box.x0 for box in reading.mark_boxes) == [box[0] for box in boxes]


def test_an_empty_page_reads_as_nothing():
    reading = choose_digits([], [], least_probability=0.4)
    assert reading.lines == ()
    assert reading.marks == reading.count == 0
    assert of_like_size(without_lone_marks(reading)) == reading
