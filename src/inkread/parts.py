"""What the steps of reading hand to each other: PageImage → CleanPage → LineCrop → Scores → Hypothesis.

Every part is frozen, its arrays are read-only, and it is checked when made. Parts know no algorithm; what users get is
in :mod:`inkread.results`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray
from inkread.geometry import Box, PageTransform, Quad

__all__ = [
    "BLANK",
    "DIGITS",
    "DIGIT_CLASSES",
    "NOT_A_DIGIT",
    "Candidate",
    "CleanPage",
    "DigitInk",
    "Hypothesis",
    "LineCrop",
    "LineOfCandidates",
    "PageImage",
    "Scores",
    "Word",
]

DIGITS = tuple("0123456789")
# Names of the classes that are not digits. They are longer than one character so that they can never be mistaken for
# text that was read.
NOT_A_DIGIT = "not-a-digit"
# The classes of a digit network, in their order.
DIGIT_CLASSES = (*DIGITS, NOT_A_DIGIT)
BLANK = "blank"


def _read_only(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """A contiguous read-only view; the caller's own array stays as it was."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageImage:
    """One upright picture, or one page of a document, as it was decoded.

    Attributes
    ----------
    pixels
        uint8 (H, W, 3) RGB, H and W ≥ 1.
    source
        What it is called in results.
    index
        Its place among the pages of its document, from 0.
    dpi
        Dots an inch at which a PDF page was drawn; None for pictures.
    """

    pixels: NDArray[np.uint8]
    source: str = ""
    index: int = 0
    dpi: float | None = None

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise InvalidArray(
                f"a page image is uint8 of shape (H, W, 3), not empty; got {pixels.dtype} {pixels.shape}"
            )
        object.__setattr__(self, "pixels", _read_only(pixels))

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CleanPage:
    """A page of which light, paper and polarity have been taken away.

    Attributes
    ----------
    ink
        float32 (H, W) in [0, 1]; 1 is full ink, 0 is bare paper.
    to_source
        Maps pixels of ``ink`` to pixels of the upright picture.
    is_polarity_sure
        Whether nearly all that stands out in the picture was darker than its paper, or nearly all lighter.
    """

    ink: NDArray[np.float32]
    to_source: PageTransform
    is_polarity_sure: bool = False

    def __post_init__(self) -> None:
        ink = self.ink
        if ink.dtype != np.float32 or ink.ndim != 2 or not ink.size:
            raise InvalidArray(f"clean ink is float32 of shape (H, W), not empty; got {ink.dtype} {ink.shape}")
        low, high = float(ink.min()), float(ink.max())
        if not (low >= 0 and high <= 1):  # written so that NaN fails too
            raise InvalidArray(f"clean ink lies in [0, 1]; got {low:g} to {high:g}")
        object.__setattr__(self, "ink", _read_only(ink))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineCrop:
    """One line of writing, cut out of a clean page.

    Attributes
    ----------
    ink
        float32 (h, w) in [0, 1], 1 is ink.
    quad
        Where the crop lies on the clean page.
    boxes
        Digit boxes in crop pixels where they are known, else empty.
    """

    ink: NDArray[np.float32]
    quad: Quad
    boxes: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        if self.ink.dtype != np.float32 or self.ink.ndim != 2 or not self.ink.size:
            raise InvalidArray(f"a line crop is float32 (h, w), not empty; got {self.ink.dtype} {self.ink.shape}")
        object.__setattr__(self, "ink", _read_only(self.ink))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One way to take neighboring pieces of ink for one digit.

    Attributes
    ----------
    start, end
        The half-open range of pieces of its line that it takes.
    ink
        float32 (h, w) in [0, 1]: the ink of these pieces alone.
    box
        Where they lie on the clean page.
    log_prior
        How plausible it is, from the gaps alone, that these pieces and no others are one mark: a natural logarithm,
        ≤ 0.
    log_prior_other
        Added to that where the mark is taken for no digit: a natural logarithm, ≤ 0, -inf where that makes no sense, as
        for two separate components taken together.
    """

    start: int
    end: int
    ink: NDArray[np.float32]
    box: Box
    log_prior: float = 0.0
    log_prior_other: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise InvalidArray(f"a candidate takes at least one piece; got {self.start} to {self.end}")
        if not (self.log_prior <= 0 and self.log_prior_other <= 0):
            raise InvalidArray(f"log-priors are at most 0; got {self.log_prior} and {self.log_prior_other}")
        object.__setattr__(self, "ink", _read_only(self.ink))


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Neighboring pieces of a line without a clear gap between them, to be read as a whole.

    Attributes
    ----------
    start, end
        The half-open range of pieces of its line.
    crop
        Their ink, alone, with room above and below; its quad is upright.
    digit_height
        The usual height of a full digit, in pixels of the crop.
    is_plain
        Whether nothing in it was cut and nothing could be joined: each piece can only be a mark of its own.
    """

    start: int
    end: int
    crop: LineCrop
    digit_height: float
    is_plain: bool

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise InvalidArray(f"a word takes at least one piece; got {self.start} to {self.end}")
        if not self.digit_height > 0:
            raise InvalidArray(f"a digit's height is above 0; got {self.digit_height}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfCandidates:
    """A line cut into pieces of ink, and every way of taking pieces for digits that is worth a look.

    Attributes
    ----------
    pieces
        Boxes of the pieces on the clean page, left to right.
    candidates
        Each takes some neighboring pieces; every piece is in at least one.
    digit_height
        The usual height of a full digit in this line, in pixels of the clean page.
    words
        The same pieces, parted at clear gaps; every piece is in one word.
    components
        Half-open ranges of pieces that make one component of ink, no wider than a digit may be; each is a candidate.
    dividers
        Where upright rules cross the line, x on the clean page, left to right.
    """

    pieces: tuple[Box, ...]
    candidates: tuple[Candidate, ...]
    digit_height: float
    words: tuple[Word, ...] = ()
    components: tuple[tuple[int, int], ...] = ()
    dividers: tuple[float, ...] = ()

    @property
    def box(self) -> Box:
        """The smallest box around the line."""
        return Box.union_of(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitInk:
    """The ink that was taken for one digit.

    Attributes
    ----------
    ink
        float32 (h, w) in [0, 1]: the ink of that digit alone.
    to_source
        Maps pixels of ``ink`` to pixels of the upright picture.
    """

    ink: NDArray[np.float32]
    to_source: PageTransform

    def __post_init__(self) -> None:
        if self.ink.dtype != np.float32 or self.ink.ndim != 2 or not self.ink.size:
            raise InvalidArray(f"a digit's ink is float32 (h, w), not empty; got {self.ink.dtype} {self.ink.shape}")
        object.__setattr__(self, "ink", _read_only(self.ink))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What a network says about each frame of a crop, before anybody decides on a text.

    Attributes
    ----------
    log_probs
        float32 (T, C), natural logarithms; each row sums to 1 in probability (within 1e-3).
    alphabet
        The C names of the classes: digits, :data:`NOT_A_DIGIT`, and :data:`BLANK` last where there is one.
    columns
        float32 (T,): the crop column at the centre of each frame.
    """

    log_probs: NDArray[np.float32]
    alphabet: tuple[str, ...]
    columns: NDArray[np.float32]

    def __post_init__(self) -> None:
        rows, classes = self.log_probs.shape if self.log_probs.ndim == 2 else (-1, -1)
        if classes != len(self.alphabet) or self.columns.shape != (rows,):
            raise InvalidArray(
                f"scores need log_probs (T, {len(self.alphabet)}) and columns (T,); "
                f"got {self.log_probs.shape} and {self.columns.shape}"
            )
        if rows and not np.allclose(np.exp(self.log_probs.astype(np.float64)).sum(axis=1), 1.0, atol=1e-3):
            raise InvalidArray("every row of scores must sum to 1 in probability")
        object.__setattr__(self, "log_probs", _read_only(self.log_probs))
        object.__setattr__(self, "columns", _read_only(self.columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One way to read a crop.

    Attributes
    ----------
    text
        The characters read, possibly none.
    log_prob
        Natural logarithm of the text's probability, ≤ 0 up to rounding.
    spans
        For each character the half-open range (start, end) of its frames.
    """

    text: str
    log_prob: float
    spans: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if len(self.spans) != len(self.text):
            raise InvalidArray(f"a hypothesis needs a span a character; got {len(self.spans)} for {self.text!r}")
        if not self.log_prob <= 1e-6:
            raise InvalidArray(f"a log-probability is at most 0; got {self.log_prob}")
