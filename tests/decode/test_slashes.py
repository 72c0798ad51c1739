"""Slashes among digits: what they lean like, and which of them part a date."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkread.decode.choose import ChosenLine, PageReading
from inkread.decode.slashes import lean, possible_slashes, without_slashes
from inkread.geometry import Box
from inkread.parts import Candidate, LineOfCandidates

HEIGHT, STEP = 22, 26


def stroke(leaning, *, height=HEIGHT):
    """A straight stroke, three pixels wide."""
    span = round(abs(leaning) * (height - 1))
    ink = np.zeros((height, span + 3), np.float32)
    for y in range(height):
        x = round(leaning * (height - 1 - y)) + (span if leaning < 0 else 0)
        ink[y, x : x + 3] = 1
    return ink


def ring(height=HEIGHT):
    ink = np.ones((height, 14), np.float32)
    ink[3:-3, 3:-3] = 0
    return ink


def line_of(text, leans, *, gaps=(), height=HEIGHT):
    """Digits side by side: rings, and ones that lean as told; ``gaps`` are wide spaces before those places."""
    ones, x, boxes, inks = iter(leans), 0, [], []
    for place, character in enumerate(text):
        ink = stroke(next(ones), height=height) if character == "1" else ring(height)
        x += 60 if place in gaps else 0
        boxes.append(Box(x, 0, x + ink.shape[1], ink.shape[0]))
        inks.append(ink)
        x += STEP
    probabilities = np.full((len(text), 10), 0.001)
    for row, character in zip(probabilities, text, strict=True):
        row[int(character)] = 0.99
    return ChosenLine(
        boxes=tuple(boxes),
        inks=tuple(inks),
        spans=tuple((k, k + 1) for k in range(len(text))),
        probabilities=tuple(probabilities),
        texts=((text, 0.9),),
    )


def text_of(line):
    return "".join(str(p.argmax()) for p in line.probabilities)


def read(*lines, found=()):
    reading = PageReading(lines=lines, shares=(0.9,) * len(lines), marks=sum(len(line.boxes) for line in lines))
    return without_slashes(reading, found).lines


@pytest.mark.parametrize("leaning", [-0.4, 0.0, 0.3, 0.8])
def test_a_stroke_leans_as_it_was_drawn(leaning):
    assert lean(stroke(leaning)) == pytest.approx(leaning, abs=0.05)


def test_no_ink_leans_nowhere():
    assert lean(np.zeros((5, 5), np.float32)) == 0.0


def test_leaning_or_long_ones_between_digits_may_be_slashes():
    line = line_of("4151617", [0.4, 0.0, 0.1])
    assert possible_slashes(line, range(7)) == 1
    assert possible_slashes(line_of("111", [0.4, 0.4, 0.4]), range(3)) == 0


@pytest.mark.parametrize(
    ("text", "leans", "left"),
    [
        pytest.param("2510312006", (0.5, 0.5), "25032006", id="day, month and year"),
        pytest.param("2006103125", (0.5, 0.4), "20060325", id="the year first"),
        pytest.param("2110511999", (0.05, 0.5, 0.45, 0.1), "21051999", id="ones that lean less stay"),
        pytest.param("215134", (0.5, 0.5), "2534", id="a short one"),
        pytest.param("7310412014", (0.5, 0.5, 0.0), "73042014", id="a digit read wrong, but plainly slashes"),
    ],
)
def test_slashes_of_a_date_are_no_digits(text, leans, left):
    (line,) = read(line_of(text, leans))
    assert text_of(line) == left
    assert len(line.signs) == 2
    assert line.texts == ()


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        pytest.param("2510312006", (0.02, 0.05), id="upright"),
        pytest.param("2510312006", (0.5, 0.0), id="one of them"),
        pytest.param("2510312116", (0.5, 0.5, 0.45, 0.5), id="every one leans like that"),
        pytest.param("45103120", (0.25, 0.25), id="no day"),
        pytest.param("25103120063", (0.5, 0.5), id="too long"),
        pytest.param("215134", (0.2, 0.2), id="short, and they lean little"),
    ],
)
def test_other_ones_stay(text, leans):
    line = line_of(text, leans)
    assert read(line)[0] is line


@pytest.mark.parametrize(
    ("text", "leans", "left", "height"),
    [
        pytest.param("8110", (0.5, 0.0), "810", 80, id="a score"),
        pytest.param("120180", (0.05, 0.4), "12080", 80, id="two numbers"),
        pytest.param("213", (0.3,), "23", 80, id="a fraction"),
        pytest.param("25180", (0.5,), "2580", 20, id="a thick pen"),
    ],
)
def test_a_straight_slash_parts_two_short_numbers(text, leans, left, height):
    (line,) = read(line_of(text, leans, height=height))
    assert text_of(line) == left
    assert len(line.signs) == 1


@pytest.mark.parametrize(
    ("text", "leans", "height"),
    [
        pytest.param("8110", (0.1, 0.0), 80, id="it leans little"),
        pytest.param("8110", (0.5, 0.4), 80, id="another one leans nearly as far"),
        pytest.param("25180", (0.5,), 12, id="a blot"),
        pytest.param("618", (0.5,), 20, id="a thick pen, and too short numbers to tell"),
        pytest.param("20001345", (0.5,), 80, id="long numbers"),
        pytest.param("182", (0.5,), 80, id="nothing before it"),
        pytest.param("8010", (0.5,), 80, id="a percent sign"),
        pytest.param("111", (0.5, 0.0, 0.0), 80, id="nothing but ones"),
    ],
)
def test_other_ones_of_short_numbers_stay(text, leans, height):
    line = line_of(text, leans, height=height)
    assert read(line)[0] is line


def test_a_leaning_one_with_a_flag_is_no_slash():
    line = line_of("25180", (0.5,), height=80)
    flag = line.inks[2].copy()
    flag[2:8, 8:] = 1  # from its top to the left
    hooked = replace(line, inks=(*line.inks[:2], flag, *line.inks[3:]))
    assert read(hooked)[0] is hooked


def test_ones_of_other_lines_tell_how_the_hand_writes_them():
    date, other = line_of("2510312006", (0.5, 0.5)), line_of("4154", (0.5,))
    assert [text_of(line) for line in read(date, other)] == ["2510312006", "4154"]


def test_a_date_stands_apart_from_other_numbers_of_its_line():
    (line,) = read(line_of("25103120067845", (0.5, 0.5), gaps=(10,)))
    assert text_of(line) == "250320067845"


def test_a_slash_that_was_read_as_no_digit_parts_a_date_too():
    whole = line_of("2510312006", (0.5, 0.5))
    pieces = tuple(
        Candidate(start=k, end=k + 1, ink=ink, box=box)
        for k, (ink, box) in enumerate(zip(whole.inks, whole.boxes, strict=True))
    )
    found = LineOfCandidates(pieces=whole.boxes, candidates=pieces, digit_height=float(HEIGHT))
    (line,) = read(whole.only([k for k in range(10) if k != 2]), found=(found,))
    assert text_of(line) == "25032006"
    assert set(line.signs) == {whole.boxes[2], whole.boxes[5]}


DASH = (14, 3)  # width and height, in pixels


def with_dash(line, *, away=4, size=DASH, down=0.5):
    """The line as found, with a dash behind it: so far away, so large, and at such a share of its height."""
    (width, height), end = size, line.boxes[-1]
    y = end.y0 + down * end.height - height / 2
    pieces = (*line.boxes, Box(end.x1 + away, y, end.x1 + away + width, y + height))
    candidates = tuple(
        Candidate(start=k, end=k + 1, ink=ink, box=box)
        for k, (ink, box) in enumerate(zip(line.inks, line.boxes, strict=True))
    )
    return LineOfCandidates(pieces=pieces, candidates=candidates, digit_height=float(HEIGHT))


@pytest.mark.parametrize(
    ("text", "leans", "size"),
    [
        pytest.param("5001", (0.5,), DASH, id="a dash"),
        pytest.param("5001", (0.5,), (16, 12), id="two dashes"),
        pytest.param("111", (0.1, 0.0, 0.5), DASH, id="ones before it"),
        pytest.param("20251", (0.3,), DASH, id="long numbers"),
    ],
)
def test_a_slash_with_a_dash_behind_it_ends_an_amount(text, leans, size):
    line = line_of(text, leans, height=80)
    (kept,) = read(line, found=(with_dash(line, size=size),))
    assert text_of(kept) == text[:-1]
    assert kept.signs == (line.boxes[-1],)


@pytest.mark.parametrize(
    ("text", "leans", "dash"),
    [
        pytest.param("5001", (0.2,), {}, id="it leans as people's ones do"),
        pytest.param("5101", (0.4, 0.5), {}, id="another one leans nearly as far"),
        pytest.param("5001", (0.5,), {"away": 60}, id="the dash is far away"),
        pytest.param("5001", (0.5,), {"down": 0.98}, id="a point"),
        pytest.param("5001", (0.5,), {"size": (3, 3)}, id="a speck"),
        pytest.param("5001", (0.5,), {"size": (14, 50)}, id="a mark as high as a digit"),
        pytest.param("5010", (0.5,), {}, id="a digit behind it"),
        pytest.param("1", (0.5,), {}, id="nothing before it"),
    ],
)
def test_other_ones_at_the_end_stay(text, leans, dash):
    line = line_of(text, leans, height=80)
    assert read(line, found=(with_dash(line, **dash),))[0] is line
