"""Chosen digits → the lines, numbers and digits that users get, in pixels of the source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import ChosenLine
from inkread.decode.numbers import split_numbers
from inkread.geometry import Box, PageTransform
from inkread.parts import DIGITS
from inkread.results import Alternative, Digit, DigitStyle, Line, Number
from inkread.style import measure_line

__all__ = ["compose_line"]

# Alternatives of a line that are worth showing: up to five, each at least this probable.
MAX_ALTERNATIVES = 5
LEAST_ALTERNATIVE = 0.001


def compose_line(
    line: ChosenLine,
    to_source: PageTransform,
    *,
    min_confidence: float,
    style: bool = False,
    pixels: NDArray[np.uint8] | None = None,
    in_cells: bool = False,
) -> Line:
    """The line as a result.

    Parameters
    ----------
    line
        At least one digit, boxes in pixels of the clean page.
    to_source
        Leads from there to the source picture.
    min_confidence
        Numbers less sure than this are marked as not accepted.
    style
        Whether the writing is described too.
    pixels
        uint8 (H, W, 3) RGB, the source picture, where there is one: style looks up there how dark the ink is.
    in_cells
        Whether the rules that cross the line part the cells of a table.
    """
    ranges = split_numbers(line.boxes, line.signs, line.dividers if in_cells else ())
    values = list(line.text)
    styles: Sequence[DigitStyle | None] = (None,) * len(values)
    line_style = None
    if style:
        line_style, styles = measure_line(values, line.inks, line.boxes, to_source, numbers=ranges, pixels=pixels)
    digits = [
        _digit(box, p, to_source, own) for box, p, own in zip(line.boxes, line.probabilities, styles, strict=True)
    ]
    numbers = tuple(_number(digits[r.start : r.stop], min_confidence) for r in ranges)
    sure = [number.confidence for number in numbers if number.confidence is not None]
    confidence = line.texts[0][1] if line.texts else float(np.prod(sure))
    others = [Alternative(text, probability) for text, probability in line.texts[1:] if text]
    return Line(
        numbers=numbers,
        confidence=confidence,
        quad=to_source.apply_to_box(Box.union_of(line.boxes)),
        alternatives=tuple(a for a in others if a.probability >= LEAST_ALTERNATIVE)[:MAX_ALTERNATIVES],
        style=line_style,
    )


def _digit(box: Box, probabilities: NDArray[np.float64], to_source: PageTransform, style: DigitStyle | None) -> Digit:
    order = np.argsort(-probabilities, kind="stable")
    quad = to_source.apply_to_box(box)
    # Rounding may carry a sum of ten probabilities a hair above one.
    scaled = probabilities / max(1.0, float(probabilities.sum()))
    alternatives = tuple(Alternative(DIGITS[i], float(scaled[i])) for i in order)
    first = alternatives[0]
    return Digit(
        value=first.value,
        confidence=first.probability,
        box=quad.box,
        quad=quad,
        alternatives=alternatives,
        style=style,
    )


def _number(digits: Sequence[Digit], min_confidence: float) -> Number:
    confidence = float(np.prod([digit.confidence for digit in digits if digit.confidence is not None]))
    return Number(digits=tuple(digits), confidence=confidence, accepted=confidence >= min_confidence)
