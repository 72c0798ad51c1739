"""Results: text, checks, and the way to plain data and back."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import InvalidArray, InvalidOption
from inkread.geometry import Box, Quad
from inkread.results import (
    PROBLEMS,
    SCHEMA_VERSION,
    Alternative,
    Classification,
    Digit,
    DigitStyle,
    Document,
    Line,
    LineStyle,
    Number,
    Page,
    Problem,
)

# What JSON keeps: hundredths of a pixel and millionths of a probability.
PIXELS = st.integers(0, 400_000).map(lambda n: n / 100)
PROBABILITIES = st.integers(0, 1_000_000).map(lambda n: n / 1e6)
PROBLEM = st.none() | st.sampled_from(sorted(PROBLEMS)).map(Problem)


@st.composite
def quads(draw):
    x0, y0 = draw(PIXELS), draw(PIXELS)
    return Quad.of_box(Box(x0, y0, round(x0 + draw(PIXELS), 2), round(y0 + draw(PIXELS), 2)))


COUNTS = st.integers(0, 3)
MEASURES = st.integers(-1_000_000, 1_000_000).map(lambda n: n / 1e6)


def styles(kind, *, counts=(), maybe=()):
    measures = {one.name: MEASURES | st.none() if one.name in maybe else MEASURES for one in fields(kind)}
    return st.none() | st.builds(kind, **{**measures, **dict.fromkeys(counts, COUNTS)})


DIGIT_STYLES = styles(DigitStyle, counts=("loops", "pieces"), maybe=("darkness",))
LINE_STYLES = styles(LineStyle, maybe=("spacing", "wobble", "connectedness", "darkness"))


@st.composite
def digits(draw):
    quad = draw(quads())
    return Digit(
        value=draw(st.sampled_from("0123456789")),
        confidence=draw(st.none() | PROBABILITIES),
        box=quad.box,
        quad=quad,
        alternatives=tuple(
            draw(st.lists(st.builds(Alternative, st.sampled_from("0123456789"), PROBABILITIES), max_size=3))
        ),
        style=draw(DIGIT_STYLES),
    )


NUMBERS = st.builds(
    Number,
    digits=st.lists(digits(), min_size=1, max_size=3).map(tuple),
    confidence=st.none() | PROBABILITIES,
    accepted=st.booleans(),
    marks=st.lists(st.sampled_from([".", ",", "-"]), max_size=2).map(tuple),
)
LINES = st.builds(
    Line,
    numbers=st.lists(NUMBERS, min_size=1, max_size=2).map(tuple),
    confidence=st.none() | PROBABILITIES,
    quad=quads(),
    alternatives=st.lists(st.builds(Alternative, st.text("0123456789 ", max_size=5), PROBABILITIES), max_size=2).map(
        tuple
    ),
    problem=PROBLEM,
    style=LINE_STYLES,
) | st.builds(
    Line,
    numbers=st.just(()),
    confidence=st.none(),
    quad=quads(),
    problem=st.sampled_from(sorted(PROBLEMS)).map(Problem),
)
PAGES = st.builds(
    Page,
    index=st.integers(0, 99),
    width=st.integers(1, 9999),
    height=st.integers(1, 9999),
    dpi=st.none() | st.just(200.0),
    lines=st.lists(LINES, max_size=2).map(tuple),
    problem=PROBLEM,
)
DOCUMENTS = st.builds(
    Document,
    source=st.text(max_size=20),
    pages=st.lists(PAGES, max_size=2).map(tuple),
    model=st.just({"digit": "digit-1a2b3c"}),
    seconds=PROBABILITIES,
    problem=PROBLEM,
)


@settings(deadline=None, max_examples=50)
@given(DOCUMENTS)
def test_a_document_comes_back_from_its_json(document):
    data = json.loads(json.dumps(document.to_dict()))
    back = Document.from_dict(data)
    assert back == document
    assert back.to_dict() == data
    assert back.text == document.text


def digit(value, x=0.0, confidence=0.9):
    box = Box(x, 0, x + 8, 10)
    return Digit(value=value, confidence=confidence, box=box, quad=Quad.of_box(box))


def number(text, x=0.0):
    return Number(digits=tuple(digit(v, x + 10 * i) for i, v in enumerate(text)), confidence=0.8)


def line(*texts):
    numbers = tuple(number(text, 100.0 * i) for i, text in enumerate(texts))
    return Line(numbers=numbers, confidence=0.5, quad=Quad.of_box(Box(0, 0, 300, 10)))


def test_text_joins_numbers_by_spaces_lines_and_pages_by_newlines():
    unread = Line(numbers=(), confidence=None, quad=Quad.of_box(Box(0, 0, 1, 1)), problem=Problem("not_a_number"))
    pages = (
        Page(index=0, width=300, height=20, lines=(line("007", "12"), unread, line("5"))),
        Page(index=1, width=300, height=20),
        Page(index=2, width=300, height=20, lines=(line("9"),)),
    )
    document = Document(source="a.tiff", pages=pages)
    assert document.text == "007 12\n5\n9"
    assert [one.text for one in document.lines()] == ["007 12", "", "5", "9"]
    assert [one.text for one in document.numbers()] == ["007", "12", "5", "9"]
    assert "".join(one.value for one in document.digits()) == "0071259"


def test_the_keys_are_the_ones_that_are_promised():
    data = Document(source="a", pages=(Page(index=0, width=9, height=9, lines=(line("1"),)),)).to_dict()
    assert list(data) == ["schema", "source", "model", "seconds", "problem", "pages"]
    assert data["schema"] == SCHEMA_VERSION == 1
    (page,) = data["pages"]
    assert list(page) == ["index", "width", "height", "dpi", "problem", "lines"]
    (row,) = page["lines"]
    assert list(row) == ["text", "confidence", "box", "quad", "alternatives", "problem", "numbers"]
    assert list(row["numbers"][0]) == ["text", "confidence", "accepted", "box", "marks", "digits"]
    assert list(row["numbers"][0]["digits"][0]) == ["value", "confidence", "box", "quad", "alternatives"]


def test_another_schema_is_refused():
    data = Document(source="a", pages=()).to_dict()
    for schema in (0, 2, None):
        with pytest.raises(InvalidOption, match="schema 1"):
            Document.from_dict({**data, "schema": schema})


def test_emptiness_never_looks_certain():
    with pytest.raises(InvalidArray, match="at least one digit"):
        Number(digits=(), confidence=1.0)
    quad = Quad.of_box(Box(0, 0, 1, 1))
    with pytest.raises(InvalidArray, match="a problem and no confidence"):
        Line(numbers=(), confidence=None, quad=quad)
    with pytest.raises(InvalidArray, match="a problem and no confidence"):
        Line(numbers=(), confidence=1.0, quad=quad, problem=Problem("not_a_number"))


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_probabilities_lie_between_0_and_1(value):
    with pytest.raises(InvalidArray, match=r"\[0, 1\]"):
        digit("1", confidence=value)
    with pytest.raises(InvalidArray, match=r"\[0, 1\]"):
        Alternative("1", value)
    with pytest.raises(InvalidArray, match=r"\[0, 1\]"):
        Number(digits=(digit("1"),), confidence=value)
    with pytest.raises(InvalidArray, match=r"\[0, 1\]"):
        Line(numbers=(number("1"),), confidence=value, quad=Quad.of_box(Box(0, 0, 1, 1)))


def test_problems_are_a_closed_list_with_sentences_for_people():
    for code, sentence in PROBLEMS.items():
        assert Problem(code).message == sentence
        assert sentence.endswith(".")
        assert Problem.from_dict(Problem(code).to_dict()) == Problem(code)
    with pytest.raises(InvalidOption, match="tired"):
        Problem("tired")


def test_a_classification_counts_its_crops_and_checks_its_shapes():
    none = Classification(probabilities=np.zeros((0, 10), np.float32), not_a_digit=np.zeros(0, np.float32))
    assert len(none) == len(none.digits) == len(none.confidence) == 0
    one = Classification(
        probabilities=np.array([[0.1] * 9 + [0.05]], np.float32), not_a_digit=np.array([0.05], np.float32)
    )
    assert len(one) == 1
    assert one.digits.tolist() == [0]
    with pytest.raises(InvalidArray, match=r"\(N, 10\)"):
        Classification(probabilities=np.zeros((2, 11), np.float32), not_a_digit=np.zeros(2, np.float32))
