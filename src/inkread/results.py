"""What users get: Document > Page > Line > Number > Digit > Alternative, and Classification.

Results are frozen and know no algorithm. ``to_dict`` gives plain data, the body of every HTTP answer and every JSON
file; ``from_dict`` gives the same result back. Boxes and quads are in pixels of the upright source picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray, InvalidOption
from inkread.geometry import Box, Quad

__all__ = [
    "PROBLEMS",
    "SCHEMA_VERSION",
    "Alternative",
    "Classification",
    "Digit",
    "DigitStyle",
    "Document",
    "Line",
    "LineStyle",
    "Number",
    "Page",
    "Problem",
]

SCHEMA_VERSION = 1

# The closed list of problems: a code for programs, a sentence for people.
PROBLEMS: Mapping[str, str] = {
    "no_numbers": "No handwritten numbers were found.",
    "not_a_number": "There is writing here, but it does not look like a number.",
    "too_small": "The digits are too small to read; move closer or scan at a higher resolution.",
    "too_blurred": "The picture is too blurred to read; hold still and focus.",
    "low_contrast": "The ink is too faint to tell from the paper; use more light or a darker pen.",
    "too_dark": "The picture is too dark to read; use more light.",
    "glare": "Glare hides part of the picture; tilt the page away from the light.",
    "cut_off": "The writing is cut off at the edge of the picture; show all of it.",
    "upside_down_unclear": "The picture may be upside down: it reads as digits both ways.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be read, or not with certainty.

    Examples
    --------
    >>> Problem("no_numbers").message
    'No handwritten numbers were found.'
    """

    code: str

    def __post_init__(self) -> None:
        if self.code not in PROBLEMS:
            raise InvalidOption(f"unknown problem {self.code!r}; known are {', '.join(PROBLEMS)}")

    @property
    def message(self) -> str:
        """The sentence for people."""
        return PROBLEMS[self.code]

    def to_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Problem | None:
        return None if data is None else cls(data["code"])


def _check_probability(name: str, value: float | None) -> None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise InvalidArray(f"{name} lies in [0, 1]; got {value}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _problem_dict(problem: Problem | None) -> dict[str, str] | None:
    return problem.to_dict() if problem else None


def _style_dict(style: DigitStyle | LineStyle | None) -> dict[str, Any]:
    """What a style adds to a digit or a line: nothing where it was not asked for."""
    return {} if style is None else {"style": style.to_dict()}


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading and its probability in [0, 1]: of a digit one character, of a line a whole string."""

    value: str
    probability: float

    def __post_init__(self) -> None:
        _check_probability("a probability", self.probability)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """What the style of a digit and that of a line share: plain numbers, by their names."""

    def to_dict(self) -> dict[str, Any]:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value if isinstance(value, int) else _rounded(value) for name, value in values.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Self | None:
        return None if data is None else cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitStyle(_Style):
    """How a digit was written, measured from its ink.

    Lengths are in source pixels. Compare Morpho-MNIST (Castro et al. 2019, arXiv 1809.10780), whose thickness, slant,
    width and height are the stroke width, slant, width and height here; where we differ is said below.

    Attributes
    ----------
    slant_degrees
        How far the digit leans to the right from upright lines of the page, in degrees: the shear that would undo the
        mixed second moment of its convex hull (Morpho-MNIST takes that of the ink, which a pen of constant width does
        not shear with the path), less that of the same digit written upright. The form alone, such as an open or a
        closed 4, leaves 2 to 6 degrees of doubt; a line of ten digits about 1.
    stroke_width
        Width of the stroke: of the round pen that leaves this much ink with an outline of this length (Steiner's
        formula, as Morpho-MNIST's mean over a skeleton without having to find one). Below two and a half pixels a
        stroke's width cannot be told from the blur of its edges, and comes out too large.
    relative_stroke_width
        The same as a share of the digit's height.
    height, width
        Of its ink from where half of a pixel is covered; the width once the slant is undone, as of Morpho-MNIST's
        bounding parallelogram.
    aspect
        Width by height.
    roundness
        How evenly the edges of its strokes run in all directions, in [0, 1]: 1 is a circle, near 0 a single straight
        stroke. The entropy of the distribution of directions (Bulacu and Schomaker 2007, doi:10.1109/TPAMI.2007.1009)
        as a share of the most there could be. It depends on the digit too: compare like with like.
    loops
        How many spots of paper its ink closes in: 1 for most zeros, 2 for most eights.
    pieces
        How many parts of ink it has that do not hang together: 1 where it is connected.
    darkness
        How much darker its ink is than the paper around, in [0, 1] (of light ink, how much lighter): the difference of
        the two medians in the picture by the larger. None where there is no picture, as of pen strokes.
    """

    slant_degrees: float
    stroke_width: float
    relative_stroke_width: float
    height: float
    width: float
    aspect: float
    roundness: float
    loops: int
    pieces: int
    darkness: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStyle(_Style):
    """How a line was written: what its digits have in common, and how they stand beside each other.

    Attributes
    ----------
    slant_degrees
        How far upright strokes lean to the right from a right angle to the base line, in degrees: the mean of its
        digits' slants, those weighted most whose shape tells most about it.
    stroke_width, relative_stroke_width, height, width, aspect
        The medians of its digits'; see :class:`DigitStyle`.
    spacing
        Gap between the ink of neighbors in a number, the slant undone, in heights of a digit: the median; below 0 they
        overlap. None where no number has two digits.
    tilt_degrees
        How far the base line sinks to the right in the picture, in degrees clockwise: through the feet of its digits
        (slope of Theil and Sen, doi:10.1080/01621459.1968.10480934).
    wobble
        Standard deviation of the feet from the base line, in heights of a digit. None below three digits.
    roundness, loops
        The means of its digits'.
    connectedness
        Share of neighbors in a number whose ink touches, in [0, 1]. None where no number has two digits.
    darkness
        The median of its digits'.
    """

    slant_degrees: float
    stroke_width: float
    relative_stroke_width: float
    height: float
    width: float
    aspect: float
    spacing: float | None
    tilt_degrees: float
    wobble: float | None
    roundness: float
    loops: float
    connectedness: float | None
    darkness: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digit:
    """One digit as it stands on the page.

    Attributes
    ----------
    value
        The character read.
    confidence
        The calibrated probability that this digit is right, or None.
    box, quad
        Where it stands, in source pixels.
    alternatives
        All ten digits with their probabilities, likeliest first; they sum to at most 1, what is missing is the
        probability that the ink is no digit at all.
    style
        How it was written; None where that was not asked for.
    """

    value: str
    confidence: float | None
    box: Box
    quad: Quad
    alternatives: tuple[Alternative, ...] = ()
    style: DigitStyle | None = None

    def __post_init__(self) -> None:
        _check_probability("a digit's confidence", self.confidence)

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "confidence": _rounded(self.confidence),
            "box": self.box.to_list(),
            "quad": self.quad.to_list(),
            "alternatives": [{"value": a.value, "probability": _rounded(a.probability)} for a in self.alternatives],
            **_style_dict(self.style),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Digit:
        return cls(
            value=data["value"],
            confidence=data["confidence"],
            box=Box(*data["box"]),
            quad=Quad.of_array(data["quad"]),
            alternatives=tuple(Alternative(a["value"], a["probability"]) for a in data["alternatives"]),
            style=DigitStyle.from_dict(data.get("style")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Digits that belong together; a clear gap separates two numbers.

    Attributes
    ----------
    digits
        At least one.
    confidence
        The probability that the whole text is right, or None.
    accepted
        False where the confidence is under the caller's ``min_confidence``.
    marks
        Decimal marks and signs between the digits, where they were read; never part of ``text``.
    """

    digits: tuple[Digit, ...]
    confidence: float | None
    accepted: bool = True
    marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_probability("a number's confidence", self.confidence)
        if not self.digits:
            raise InvalidArray("a number holds at least one digit")

    @property
    def text(self) -> str:
        """The digits in order; leading zeros stay."""
        return "".join(digit.value for digit in self.digits)

    @property
    def box(self) -> Box:
        """The smallest box around its digits."""
        return Box.union_of(digit.box for digit in self.digits)

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "confidence": _rounded(self.confidence),
            "accepted": self.accepted,
            "box": self.box.to_list(),
            "marks": list(self.marks),
            "digits": [digit.to_dict() for digit in self.digits],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Number:
        return cls(
            digits=tuple(Digit.from_dict(d) for d in data["digits"]),
            confidence=data["confidence"],
            accepted=data["accepted"],
            marks=tuple(data["marks"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Numbers that are read one after the other, left to right.

    Attributes
    ----------
    numbers
        Empty where the line could not be read; ``problem`` then says why and ``confidence`` is None.
    confidence
        The probability that the whole text is right.
    quad
        Where the line lies, in source pixels.
    alternatives
        Up to five other whole strings, likeliest first.
    style
        How it was written; None where that was not asked for, or nothing was read.
    """

    numbers: tuple[Number, ...]
    confidence: float | None
    quad: Quad
    alternatives: tuple[Alternative, ...] = ()
    problem: Problem | None = None
    style: LineStyle | None = None

    def __post_init__(self) -> None:
        _check_probability("a line's confidence", self.confidence)
        if not self.numbers and (self.problem is None or self.confidence is not None):
            raise InvalidArray("a line without numbers has a problem and no confidence")

    @property
    def text(self) -> str:
        """The numbers, joined by one space."""
        return " ".join(number.text for number in self.numbers)

    @property
    def box(self) -> Box:
        """The smallest upright box around the line."""
        return self.quad.box

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "confidence": _rounded(self.confidence),
            "box": self.box.to_list(),
            "quad": self.quad.to_list(),
            "alternatives": [{"text": a.value, "probability": _rounded(a.probability)} for a in self.alternatives],
            "problem": _problem_dict(self.problem),
            "numbers": [number.to_dict() for number in self.numbers],
            **_style_dict(self.style),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Line:
        return cls(
            numbers=tuple(Number.from_dict(n) for n in data["numbers"]),
            confidence=data["confidence"],
            quad=Quad.of_array(data["quad"]),
            alternatives=tuple(Alternative(a["text"], a["probability"]) for a in data["alternatives"]),
            problem=Problem.from_dict(data["problem"]),
            style=LineStyle.from_dict(data.get("style")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One picture, or one page of a document.

    Attributes
    ----------
    index
        Its place in the document, from 0.
    width, height
        Size of the upright picture in pixels.
    dpi
        Dots an inch at which a PDF page was drawn, else None.
    lines
        Top to bottom.
    """

    index: int
    width: int
    height: int
    dpi: float | None = None
    lines: tuple[Line, ...] = ()
    problem: Problem | None = None

    @property
    def text(self) -> str:
        """The lines that were read, joined by newlines."""
        return "\n".join(line.text for line in self.lines if line.numbers)

    def to_dict(self) -> dict[str, Any]:
        return {
            "index": self.index,
            "width": self.width,
            "height": self.height,
            "dpi": self.dpi,
            "problem": _problem_dict(self.problem),
            "lines": [line.to_dict() for line in self.lines],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Page:
        return cls(
            index=data["index"],
            width=data["width"],
            height=data["height"],
            dpi=data["dpi"],
            lines=tuple(Line.from_dict(line) for line in data["lines"]),
            problem=Problem.from_dict(data["problem"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything read from one source.

    Attributes
    ----------
    source
        The name of the source: a path, an address, or what kind of object it was.
    model
        The models that read it, by task: ``{"digit": "digit-1a2b3c"}``.
    seconds
        Time spent on reading, opening the source included.
    """

    source: str
    pages: tuple[Page, ...]
    model: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def text(self) -> str:
        """All pages: lines by newline, the numbers of a line by one space."""
        return "\n".join(page.text for page in self.pages if page.text)

    def lines(self) -> Iterator[Line]:
        """Every line of every page, in reading order."""
        for page in self.pages:
            yield from page.lines

    def numbers(self) -> Iterator[Number]:
        """Every number of every page, in reading order."""
        for line in self.lines():
            yield from line.numbers

    def digits(self) -> Iterator[Digit]:
        """Every digit of every page, in reading order."""
        for number in self.numbers():
            yield from number.digits

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "schema": SCHEMA_VERSION,
            "source": self.source,
            "model": dict(self.model),
            "seconds": round(self.seconds, 6),
            "problem": _problem_dict(self.problem),
            "pages": [page.to_dict() for page in self.pages],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """The document that ``to_dict`` wrote.

        Raises
        ------
        InvalidOption
            If the data were written by another schema version.
        """
        if data.get("schema") != SCHEMA_VERSION:
            raise InvalidOption(f"this inkread reads documents of schema {SCHEMA_VERSION}; got {data.get('schema')!r}")
        return cls(
            source=data["source"],
            pages=tuple(Page.from_dict(page) for page in data["pages"]),
            model=dict(data["model"]),
            seconds=data["seconds"],
            problem=Problem.from_dict(data["problem"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Classification:
    """What ``classify`` says about N crops.

    Attributes
    ----------
    probabilities
        float32 (N, 10): of each digit, calibrated; a row sums to at most 1.
    not_a_digit
        float32 (N,): the probability that the crop is no digit.

    Examples
    --------
    >>> result = Classification(probabilities=np.eye(10, dtype=np.float32)[[7]], not_a_digit=np.zeros(1, np.float32))
    >>> result.digits.tolist(), result.confidence.tolist()
    ([7], [1.0])
    """

    probabilities: NDArray[np.float32]
    not_a_digit: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.not_a_digit)
        if self.probabilities.shape != (count, 10) or self.not_a_digit.ndim != 1:
            raise InvalidArray(
                f"a classification needs probabilities (N, 10) and not_a_digit (N,); "
                f"got {self.probabilities.shape} and {self.not_a_digit.shape}"
            )

    def __len__(self) -> int:
        return len(self.not_a_digit)

    @property
    def digits(self) -> NDArray[np.int64]:
        """The likeliest digit of each crop, int64 (N,), whatever ``not_a_digit`` says."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of that digit, float32 (N,)."""
        return np.asarray(self.probabilities.max(axis=1, initial=0.0))
