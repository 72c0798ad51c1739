"""Documents with known text, for tests of what is counted about them."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from inkread.geometry import Box, Quad
from inkread.results import Digit, Document, Line, Number, Page

DocumentOf = Callable[..., Document]


@pytest.fixture
def document_of() -> DocumentOf:
    """A function from lines of text (numbers parted by spaces) to a document in which they were read."""

    def make(lines: Sequence[str], *, confidence: float = 0.9, width: int = 200, height: int = 100) -> Document:
        return Document(
            source="test",
            pages=(
                Page(
                    index=0,
                    width=width,
                    height=height,
                    lines=tuple(_line(text, confidence, 10.0 + 20 * row) for row, text in enumerate(lines)),
                ),
            ),
            model={"digit": "digit-000000"},
        )

    return make


def _line(text: str, confidence: float, top: float) -> Line:
    numbers, x = [], 5.0
    for word in text.split():
        digits = []
        for value in word:
            box = Box(x, top, x + 8, top + 14)
            digits.append(Digit(value=value, confidence=confidence, box=box, quad=Quad.of_box(box)))
            x += 10
        numbers.append(Number(digits=tuple(digits), confidence=confidence))
        x += 10
    return Line(numbers=tuple(numbers), confidence=confidence, quad=Quad.of_box(Box(5, top, x, top + 14)))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
