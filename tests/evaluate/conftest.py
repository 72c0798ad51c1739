"""Documents with known text, for tests of what is counted about them, and networks that have learned nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkread.geometry import Box, Quad
from inkread.models.registry import ModelCard
from inkread.parts import DIGIT_CLASSES
from inkread.results import Digit, Document, Line, Number, Page
from inkread.train.cards import write_card

DocumentOf = Callable[..., Document]


@pytest.fixture
def card_of() -> Callable[..., ModelCard]:
    """A function that exports a digit network into a folder and writes its card."""

    def make(net: Any, folder: Path, export: Callable[..., None]) -> ModelCard:
        path = folder / "net.onnx"
        export(net, path, side=28)
        return write_card(
            path,
            task="digit",
            alphabet=DIGIT_CLASSES,
            training={},
            figures={},
            calibration={"temperature": 1.0, "refusal_threshold": 0.5},
        )

    return make


@pytest.fixture
def some_ink() -> Callable[..., np.ndarray]:
    """A function that gives prepared crops of noise, float32 (N, 1, 28, 28)."""

    def make(count: int = 4, seed: int = 3) -> np.ndarray:
        return np.random.default_rng(seed).random((count, 1, 28, 28), np.float32)

    return make


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
