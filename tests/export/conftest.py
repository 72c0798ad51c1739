"""Hand-made results, as the exporters get them from a reader."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inkread.geometry import Box, Quad
from inkread.results import Alternative, Digit, Document, Line, Number, Page, Problem

MakeNumber = Callable[..., Number]


def make_number(
    text: str,
    *,
    x: float = 10,
    y: float = 10,
    height: float = 40,
    confidence: float | None = 0.98,
    accepted: bool = True,
) -> Number:
    """A number whose digits stand side by side, each half as wide as high."""
    digits = []
    for index, value in enumerate(text):
        box = Box(x + index * height * 0.6, y, x + index * height * 0.6 + height / 2, y + height)
        digits.append(
            Digit(
                value=value,
                confidence=confidence,
                box=box,
                quad=Quad.of_box(box),
                alternatives=(Alternative(value, 0.9), Alternative("5", 0.05)),
            )
        )
    return Number(digits=tuple(digits), confidence=confidence, accepted=accepted)


def make_line(*numbers: Number, alternatives: tuple[Alternative, ...] = ()) -> Line:
    box = Box.union_of(number.box for number in numbers)
    return Line(numbers=numbers, confidence=0.9, quad=Quad.of_box(box), alternatives=alternatives)


def make_unread_line(code: str, box: Box) -> Line:
    return Line(numbers=(), confidence=None, quad=Quad.of_box(box), problem=Problem(code))


@pytest.fixture
def number() -> MakeNumber:
    return make_number


@pytest.fixture
def document() -> Document:
    """Two pages: three numbers, one of them not accepted, and a line that could not be read; then a page of nothing."""
    first = Page(
        index=0,
        width=400,
        height=300,
        lines=(
            make_line(make_number("1250"), make_number("07", x=200, confidence=0.85)),
            make_line(
                make_number("333", y=100, confidence=0.42, accepted=False), alternatives=(Alternative("338", 0.2),)
            ),
            make_unread_line("not_a_number", Box(20, 200, 120, 240)),
        ),
    )
    second = Page(index=1, width=200, height=100, dpi=200.0, problem=Problem("no_numbers"))
    return Document(source="cheque.pdf", pages=(first, second), model={"digit": "digit-1a2b3c"}, seconds=0.5)
