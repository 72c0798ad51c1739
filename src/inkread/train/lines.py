"""Lines for the line network to learn from: strings in one writer's digits, and the marks that stand around them.

Lines are put together in ink: digits of one writer with their slant, spacing and size, touching, joined and
overlapping, and signs between them that are read past. How such a line is framed, and what paper and camera do to it,
is in :mod:`inkread.train.strips`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.recognize.prepare import LINE_HEIGHT
from inkread.train.pictures import LinePictures
from inkread.train.strips import Canvas, beside_a_side, framed, on_paper, soiled

__all__ = [
    "DIGIT_HEIGHT",
    "SIGNS",
    "Beside",
    "LineStream",
    "Sign",
    "WriterDigits",
    "random_date",
    "random_number",
    "tight",
]

Crop = NDArray[np.uint8]
Image = NDArray[np.float32]

# Lines are composed at this height of a digit, in the middle of a canvas with room for tails, tilt and neighbors.
DIGIT_HEIGHT = 26
CANVAS_HEIGHT = 80
# Strokes that are at least this broad, in canvas pixels, are not made broader.
BROAD_STROKE = 3.5
# Strings are batched by length, so that little of a batch is padding.
LENGTH_CLASSES = ((1, 4), (3, 7), (6, 11), (10, 20))
LENGTH_SHARES = (0.26, 0.44, 0.2, 0.1)
# Signs that stand before numbers, behind them and within them, and all of them.
BEFORE, AFTER, WITHIN = "$€£(#<>~+-", "%$€£)=°*", "/:-+=×÷*"
SIGNS = "".join(dict.fromkeys(BEFORE + AFTER + WITHIN))
# Shares of the lines that have such signs before, behind and within their number, and whose first digits are bracketed.
BEFORE_SHARE, AFTER_SHARE, WITHIN_SHARE, BRACKET_SHARE = 0.1, 0.14, 0.12, 0.02
# Shares of the lines that are a date, and two numbers with a slash between them; what parts a date, and how often.
DATE_SHARE, FRACTION_SHARE = 0.025, 0.02
DATE_SIGNS = {"/": 0.7, "-": 0.2, ".": 0.1}
# Where so many digits are asked for, at least and at most, there may be a date instead.
DATE_LENGTHS = 5, 8
# Shares of the lines that have words beside their number, and that hold words alone.
WORDS_SHARE, WORDS_ALONE_SHARE = 0.2, 0.03
# Share of ones in the numbers that have more of them.
ONES_SHARE = 0.4
# Batches made together, of one class and sorted by width.
BATCHES_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class WriterDigits:
    """Tight crops of one writer's digits: for each digit an array (n, side, side), n ≥ 1."""

    crops: tuple[NDArray[np.uint8], ...]

    def __post_init__(self) -> None:
        if len(self.crops) != 10 or not all(len(crops) for crops in self.crops):
            raise InvalidOption("a writer needs at least one crop of each of the ten digits")

    @cached_property
    def stroke_width(self) -> float:
        """Width of the strokes, as a share of a digit's height: twice the area of the ink beside its outline."""
        tights = [tight(crops[0]) for crops in self.crops]
        return float(np.median([_stroke_width(crop) / crop.shape[0] for crop in tights]))


@dataclass(frozen=True, slots=True, eq=False)
class Sign:
    """A sign as it stands beside digits that are ``DIGIT_HEIGHT`` high.

    Attributes
    ----------
    ink
        uint8 (h, w), tight.
    rise
        Rows from the base line up to its foot; below 0 it reaches under the line.
    """

    ink: Crop
    rise: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """What stands in lines beside digits, and is read past.

    Attributes
    ----------
    others
        Tight crops of letters and signs, uint8 (n, side, side).
    words
        Crops of words, capitals about as high as digits; lines have none beside them where there is none.
    signs
        For each of :data:`SIGNS` some of it; lines have none where there is none.
    """

    others: NDArray[np.uint8]
    words: Sequence[Crop] = ()
    signs: Mapping[str, Sequence[Sign]] = field(default_factory=dict)


def random_number(rng: np.random.Generator, length: int) -> str:
    """Digits as people write them: amounts that end in zeros, years, repeated digits, leading zeros, anything."""
    kind = rng.random()
    digits = "".join(str(d) for d in rng.integers(0, 10, length))
    if kind < 0.25 and length > 1:
        zeros = int(rng.integers(1, length))
        digits = digits[: length - zeros] + "0" * zeros
    elif kind < 0.3:
        digits = str(rng.integers(0, 10)) * length
    elif kind < 0.37 and length >= 4:
        digits = (str(rng.choice(["19", "20"])) + digits)[:length]
    elif kind < 0.5 and length > 2:
        at = int(rng.integers(0, length - 1))
        digits = digits[:at] + digits[at] * 2 + digits[at + 2 :]
    elif kind < 0.62:
        # Ones are what is most often taken for something else: for slashes, brackets and the sides of fields.
        digits = "".join("1" if rng.random() < ONES_SHARE else d for d in digits)
    return digits


def random_date(rng: np.random.Generator) -> tuple[str, ...]:
    """The three numbers of a date, in one of the orders that people write them in."""
    day, month, year = int(rng.integers(1, 32)), int(rng.integers(1, 13)), int(rng.integers(1900, 2040))
    padded = rng.random() < 0.6
    one, two = (f"{value:02d}" if padded else str(value) for value in rng.permutation([day, month]).tolist())
    years = str(year) if rng.random() < 0.6 else f"{year % 100:02d}"
    return (str(year), one, two) if rng.random() < 0.15 else (one, two, years)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """How one line is written."""

    size: float  # height of a digit, in canvas pixels
    aspect: float
    spacing: float  # gap between digits, in heights of a digit; below 0 they overlap
    overlap: float  # instead of that, the most by which they overlap, as a share of the narrower one; 0 for never
    mixed: bool  # whether every digit is some other writer's
    thickness: int  # rounds of dilation, -1 of erosion
    join: float  # probability that a digit is joined to the next by a stroke
    size_jitter: float
    rise_jitter: float  # canvas pixels
    drift: float  # rise of the base line a pixel
    small_zeros: float  # size of the zeros that end the number, beside other digits
    zeros_rise: float  # share of the room over such zeros by which they are raised
    separator: str  # between groups: "", ".", ",", "'", " ", or a sign
    group: int  # digits a group

    @classmethod
    def random(cls, rng: np.random.Generator) -> _Style:
        kind = rng.random()
        if kind < 0.4:
            spacing = rng.normal(0.0, 0.06)
        elif kind < 0.8:
            spacing = rng.uniform(-0.14, 0.3)
        else:
            spacing = rng.uniform(0.2, 1.0)
        separator = str(
            rng.choice(["", ".", ",", "'", " ", "/", ":", "-"], p=[0.56, 0.18, 0.09, 0.03, 0.1, 0.005, 0.015, 0.02])
        )
        return cls(
            size=DIGIT_HEIGHT * float(rng.uniform(0.9, 1.1)),
            aspect=float(np.exp(rng.normal(0.05, 0.18))),
            spacing=float(spacing),
            overlap=float(rng.uniform(0.05, 0.32)) if rng.random() < 0.13 else 0.0,
            mixed=bool(rng.random() < 0.08),
            thickness=int(rng.choice([0, 1, 2, -1], p=[0.66, 0.22, 0.05, 0.07])),
            join=float(rng.uniform(0.3, 0.95)) if rng.random() < 0.22 else 0.03,
            size_jitter=float(rng.uniform(0.02, 0.16)),
            rise_jitter=float(rng.uniform(0.2, 2.6)),
            drift=float(rng.normal(0, 0.02)),
            small_zeros=float(rng.uniform(0.45, 0.85)) if rng.random() < 0.2 else 1.0,
            zeros_rise=float(rng.random()) if rng.random() < 0.4 else 0.0,
            separator=separator,
            group=int(rng.choice([1, 2, 3, 4], p=[0.15, 0.6, 0.1, 0.15])) if separator in tuple(WITHIN) else 3,
        )


class LineStream:
    """Endless batches of lines.

    Parameters
    ----------
    writers
        Whose digits are written with, drawn evenly within each group.
    shares
        For each group its share of the lines.
    beside
        What else stands in the lines.
    batch_size
        Lines a batch.
    rng
        The same generator state gives the same batches.
    pictures, pictures_share
        Real lines among the composed ones, and their share.
    gentle
        Share of the composed lines that are as cleaning leaves plain paper under an even light.
    """

    def __init__(
        self,
        writers: Sequence[Sequence[WriterDigits]],
        shares: Sequence[float],
        beside: Beside,
        *,
        batch_size: int,
        rng: np.random.Generator,
        pictures: LinePictures | None = None,
        pictures_share: float = 0.0,
        gentle: float = 0.0,
    ) -> None:
        if len(writers) != len(shares) or not writers or not all(writers):
            raise InvalidOption("a line stream needs at least one group of writers, and a share for each")
        self._writers = writers
        self._shares = np.cumsum(shares) / sum(shares)
        self._others = beside.others
        self._signs = {character: sorted(signs, key=_sign_stroke) for character, signs in beside.signs.items()}
        self._sign_strokes = {
            character: np.array([_sign_stroke(sign) for sign in signs]) for character, signs in self._signs.items()
        }
        self._words = sorted(beside.words, key=_stroke_width)
        self._word_strokes = np.array([_stroke_width(word) for word in self._words])
        self._batch_size = batch_size
        self._rng = rng
        self._pictures = pictures
        self._pictures_share = pictures_share if pictures is not None else 0.0
        self._gentle = gentle
        self._ready: list[list[tuple[Image, str]]] = []

    def batch(self) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
        """Strips (B, 1, LINE_HEIGHT, W) in [0, 1], their true widths (B,), and their texts."""
        if not self._ready:
            self._fill()
        lines = self._ready.pop()
        widths = np.array([ink.shape[1] for ink, _ in lines])
        strips = np.zeros((len(lines), 1, LINE_HEIGHT, -(-int(widths.max()) // 8) * 8), np.float32)
        for strip, (ink, _) in zip(strips, lines, strict=True):
            strip[0, :, : ink.shape[1]] = ink
        return strips, widths, [text for _, text in lines]

    def _fill(self) -> None:
        """Make some batches of like length and of like width, in random order: little of them is padding."""
        low, high = LENGTH_CLASSES[self._rng.choice(len(LENGTH_CLASSES), p=LENGTH_SHARES)]
        count = BATCHES_AT_ONCE * self._batch_size
        lines = [self._picture() or self.line(int(self._rng.integers(low, high + 1))) for _ in range(count)]
        lines.sort(key=lambda line: line[0].shape[1])
        batches = [lines[i : i + self._batch_size] for i in range(0, count, self._batch_size)]
        self._ready = [batches[i] for i in self._rng.permutation(len(batches))]

    def _picture(self) -> tuple[Image, str] | None:
        if self._pictures is None or self._rng.random() >= self._pictures_share:
            return None
        return self._pictures.line(self._rng)

    def line(self, length: int) -> tuple[Image, str]:
        """One strip of ink (LINE_HEIGHT, W) and its text of ``length`` digits, at times of none: words alone."""
        rng = self._rng
        parts = self._parts(length)
        if self._words and rng.random() < WORDS_ALONE_SHARE:
            parts = ()
        text = "".join(parts)
        canvas = self._written(parts, self._writer())
        if self._gentle and rng.random() < self._gentle:
            return framed(canvas, rng), text
        if rng.random() < 0.25:
            self._neighbors(canvas)
        strip = framed(canvas, rng)
        return soiled(on_paper(beside_a_side(strip, rng), rng), rng), text

    def _parts(self, length: int) -> tuple[str, ...]:
        """A number; or, where there are signs to part them, the two of a fraction, or those of a date."""
        rng = self._rng
        kind = rng.random() if self._signs else 1.0
        if kind < DATE_SHARE and DATE_LENGTHS[0] <= length <= DATE_LENGTHS[1]:
            return random_date(rng)
        number = random_number(rng, length)
        if DATE_SHARE <= kind < DATE_SHARE + FRACTION_SHARE and length > 1:
            at = int(rng.integers(1, length))
            return number[:at], number[at:]
        return (number,)

    def _writer(self) -> WriterDigits:
        group = self._writers[int(np.searchsorted(self._shares, self._rng.random()))]
        return group[int(self._rng.integers(len(group)))]

    def _written(self, parts: Sequence[str], writer: WriterDigits) -> Canvas:
        rng = self._rng
        style = _Style.random(rng)
        if style.thickness > 0 and writer.stroke_width * style.size > BROAD_STROKE:
            style = replace(style, thickness=0)  # broader still, and nobody could read it
        stroke = float(np.clip(writer.stroke_width * style.size + style.thickness, 1, 7))
        shapes = self._beside_words(self._shapes(parts, writer, style, stroke) if parts else [], style, stroke)
        baseline = CANVAS_HEIGHT / 2 + style.size / 2
        x = float(rng.integers(3, 9))
        placed: list[tuple[int, int, Image, bool]] = []
        for place, (ink, is_digit, rise) in enumerate(shapes):
            if not ink.size:  # a gap
                x += float(rng.uniform(0.2, 0.7)) * style.size
                continue
            top = baseline - rise - ink.shape[0] + rng.normal(0, style.rise_jitter) + style.drift * x
            placed.append((round(x), round(top), ink, is_digit))
            gap = style.spacing * style.size + rng.normal(0, 0.05 * style.size)
            if style.overlap:
                following = shapes[place + 1][0].shape[1] if place + 1 < len(shapes) else 0
                gap = -float(rng.uniform(0, style.overlap)) * min(ink.shape[1], following)
            if not is_digit:
                gap = abs(gap)
            x = max(x + 3, x + ink.shape[1] + gap)
        ink = np.zeros((CANVAS_HEIGHT, int(x + rng.integers(4, 12))), np.float32)
        for left, top, glyph, _ in placed:
            _stamp(ink, glyph, left, top)
        for one, two in itertools.pairwise(placed):
            if one[3] and two[3] and rng.random() < style.join:
                _join(ink, one, two, stroke, rng)
        digits = [(top, top + glyph.shape[0]) for _, top, glyph, is_digit in placed if is_digit or not parts]
        return Canvas(ink=ink, top=min(t for t, _ in digits), bottom=max(b for _, b in digits), digit_height=style.size)

    def _beside_words(
        self, shapes: list[tuple[Image, bool, float]], style: _Style, stroke: float
    ) -> list[tuple[Image, bool, float]]:
        """What stands in the line, at times with words on one side or both."""
        rng = self._rng
        if not self._words or (shapes and rng.random() >= WORDS_SHARE):
            return shapes
        kind = rng.random()
        before = [self._word(style, stroke), _GAP] if kind < 0.58 or not shapes else []
        after = [_GAP, self._word(style, stroke)] if kind >= 0.42 else []
        return [*before, *shapes, *after]

    def _word(self, style: _Style, stroke: float) -> tuple[Image, bool, float]:
        """A word, for the most part in a pen that is about as broad as the digits'."""
        rng = self._rng
        crop = self._words[_alike(self._word_strokes, stroke, 0.7, rng)]
        scale = style.size / DIGIT_HEIGHT * float(rng.uniform(0.6, 1.15))
        ink = _resized(crop, max(4, round(crop.shape[1] * scale)), max(4, round(crop.shape[0] * scale)))
        return ink, False, style.size * float(rng.uniform(-0.3, 0.2))

    def _shapes(
        self, parts: Sequence[str], writer: WriterDigits, style: _Style, stroke: float
    ) -> list[tuple[Image, bool, float]]:
        """What stands in the line, left to right: ink, whether it is a digit, and its rise over the base line."""
        rng = self._rng
        text = "".join(parts)
        breaks = set(itertools.accumulate(map(len, parts[:-1])))
        parting = str(rng.choice(list(DATE_SIGNS), p=list(DATE_SIGNS.values()))) if len(parts) > 2 else "/"
        shapes: list[tuple[Image, bool, float]] = []
        if rng.random() < 0.08:
            shapes.append(self._sign(style, stroke))
        bracketed = int(rng.integers(1, 5)) if self._signs and rng.random() < BRACKET_SHARE else 0
        if bracketed:
            shapes.append(self._number_sign("(", style, stroke))
        elif self._signs and rng.random() < BEFORE_SHARE:
            shapes.append(self._number_sign(BEFORE, style, stroke))
        ending_zeros = len(text) - len(text.rstrip("0"))
        decimals = 2 if len(text) > 2 and rng.random() < 0.08 else 0
        marked = rng.random() < WITHIN_SHARE
        for at, character in enumerate(text):
            left = len(text) - at
            small = style.small_zeros if left <= ending_zeros < len(text) else 1.0
            ink = self._digit(self._writer() if style.mixed else writer, character, style, small)
            shapes.append((ink, True, style.size * (1 - small) * style.zeros_rise))
            if at + 1 == bracketed:
                shapes.append(self._number_sign(")", style, stroke))
            left -= 1 + decimals
            if breaks:
                if at + 1 in breaks:
                    shapes.append(self._parting(parting, style, stroke))
            elif left == 0 and decimals:
                shapes.append((_dot(rng, stroke), False, 0.0))
            elif left > 0 and left % style.group == 0 and style.separator:
                is_sign = style.separator in tuple(WITHIN) and self._signs
                shapes.append(
                    self._number_sign(style.separator, style, stroke)
                    if is_sign
                    else _separator(style.separator, style, stroke, rng)
                )
            elif left > 0 and marked and rng.random() < 0.2:
                shapes.append(self._sign(style, stroke))
        if self._signs and rng.random() < AFTER_SHARE:
            shapes.append(self._number_sign(AFTER, style, stroke))
        elif rng.random() < 0.3:
            shapes.extend(self._ending(style, stroke))
        return shapes

    def _digit(self, writer: WriterDigits, character: str, style: _Style, small: float) -> Image:
        rng = self._rng
        crops = writer.crops[int(character)]
        crop = tight(crops[rng.integers(len(crops))])
        height = style.size * small * float(np.clip(rng.normal(1, style.size_jitter), 0.6, 1.45))
        width = crop.shape[1] * height / crop.shape[0] * style.aspect
        ink = _resized(crop, max(2, round(width)), max(5, round(height)))
        if style.thickness > 0:
            return np.asarray(cv2.dilate(ink, _CROSS, iterations=style.thickness), np.float32)
        if style.thickness < 0:
            return np.asarray(np.maximum(cv2.erode(ink, _CROSS), ink * np.float32(0.6)), np.float32)
        return ink

    def _parting(self, character: str, style: _Style, stroke: float) -> tuple[Image, bool, float]:
        if character == ".":
            return _dot(self._rng, stroke), False, 0.0
        return self._number_sign(character, style, stroke)

    def _number_sign(self, characters: str, style: _Style, stroke: float) -> tuple[Image, bool, float]:
        """One of these signs, as high as it stands beside digits, for the most part in a pen about as broad as theirs;
        strokes between digits are higher, or they would be ones."""
        rng = self._rng
        character = characters[int(rng.integers(len(characters)))]
        sign = self._signs[character][_alike(self._sign_strokes[character], stroke, 0.85, rng)]
        low, high = (1.05, 1.5) if character == "/" else (0.8, 1.15)
        scale = style.size / DIGIT_HEIGHT * float(rng.uniform(low, high))
        ink = _resized(sign.ink, max(2, round(sign.ink.shape[1] * scale)), max(2, round(sign.ink.shape[0] * scale)))
        rise = sign.rise * scale - (0.4 * (scale - 1) * sign.ink.shape[0] if character == "/" else 0.0)
        return ink, False, rise

    def _sign(self, style: _Style, stroke: float) -> tuple[Image, bool, float]:
        """A dot, comma, dash, letter or sign that is read past."""
        rng = self._rng
        if self._signs and rng.random() < 0.5:
            return self._number_sign(WITHIN, style, stroke)
        kind = rng.random()
        if kind < 0.3:
            return _dot(rng, stroke), False, 0.0
        if kind < 0.6:
            return _dash(rng, stroke), False, style.size * float(rng.uniform(0.25, 0.6))
        crop = tight(self._others[rng.integers(len(self._others))])
        height = int(rng.integers(10, DIGIT_HEIGHT + 3))
        return _resized(crop, max(3, round(crop.shape[1] * height / crop.shape[0])), height), False, 0.0

    def _ending(self, style: _Style, stroke: float) -> list[tuple[Image, bool, float]]:
        """What ends an amount, so that nobody adds to it: a dot, dashes, both, two bars; or a cross: it is done."""
        rng = self._rng
        if rng.random() < 0.2:
            cross = (_cross(rng, stroke), False, style.size * float(rng.uniform(-0.3, 0.4)))
            return [_GAP, cross] if rng.random() < 0.4 else [cross]
        kind = rng.random()
        rise = style.size * float(rng.uniform(0.15, 0.7))
        dash = (_dash(rng, stroke), False, rise)
        if kind < 0.3:
            return [(_dot(rng, stroke), False, 0.0)]
        if kind < 0.6:
            return [dash]
        if kind < 0.75:
            return [(_dot(rng, stroke), False, 0.0), dash]
        if kind < 0.85:
            ink = dash[0]
            gap = int(rng.integers(2, 7))
            both = np.zeros((2 * ink.shape[0] + gap, ink.shape[1]), np.float32)
            both[: ink.shape[0]] = ink
            both[ink.shape[0] + gap :] = ink
            return [(both, False, rise * 0.6)]
        if kind < 0.9:
            return [dash, (_dash(rng, stroke), False, rise)]
        return [self._sign(style, stroke)]

    def _neighbors(self, canvas: Canvas) -> None:
        """Pieces of the lines above and below."""
        rng = self._rng
        width = canvas.ink.shape[1]
        for _ in range(int(rng.integers(1, max(2, width // 26)))):
            crops = self._writer().crops[rng.integers(10)]
            crop = tight(crops[rng.integers(len(crops))])
            ink = _resized(crop, max(2, round(crop.shape[1] * DIGIT_HEIGHT / crop.shape[0])), DIGIT_HEIGHT)
            space = int(rng.integers(2, 10))
            top = canvas.top - space - ink.shape[0] if rng.random() < 0.5 else canvas.bottom + space
            _stamp(canvas.ink, ink, int(rng.integers(-5, width)), int(top))


# Bare paper between words and groups of digits, as wide as chance will have it.
_GAP = (np.zeros((0, 0), np.float32), False, 0.0)
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def tight(crop: Crop) -> Crop:
    """A crop, uint8, without the bare rows and columns around its ink."""
    rows, columns = np.flatnonzero(crop.max(axis=1) > 60), np.flatnonzero(crop.max(axis=0) > 60)
    if not len(rows):
        return crop
    return crop[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _alike(strokes: NDArray[np.float64], stroke: float, share: float, rng: np.random.Generator) -> int:
    """A place among strokes in order of width: with probability ``share`` one about as wide as ``stroke``."""
    count = len(strokes)
    at = int(rng.integers(count))
    if rng.random() < share:
        near = int(np.searchsorted(strokes, stroke))
        at = min(max(near + round(float(rng.normal(0, 0.06)) * count), 0), count - 1)
    return at


def _sign_stroke(sign: Sign) -> float:
    return _stroke_width(sign.ink)


def _stroke_width(crop: Crop) -> float:
    """Width of the strokes in a crop, in pixels: twice the area of the ink beside its outline."""
    mask = (np.pad(crop, 1) > 127).astype(np.uint8)
    outline = int(mask.sum()) - int(cv2.erode(mask, _CROSS).sum())
    return 2 * int(mask.sum()) / max(1, outline)


def _resized(crop: Crop, width: int, height: int) -> Image:
    small = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _stamp(canvas: Image, ink: Image, left: int, top: int) -> None:
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(canvas.shape[0], top + ink.shape[0]), min(canvas.shape[1], left + ink.shape[1])
    if y0 < y1 and x0 < x1:
        region = canvas[y0:y1, x0:x1]
        np.maximum(region, ink[y0 - top : y1 - top, x0 - left : x1 - left], out=region)


def _join(
    canvas: Image,
    one: tuple[int, int, Image, bool],
    two: tuple[int, int, Image, bool],
    stroke: float,
    rng: np.random.Generator,
) -> None:
    """The stroke of a pen that is not lifted between two digits: from where one ends to where the next begins."""
    left, top, ink, _ = one
    half = ink.shape[0] // 2 if rng.random() < 0.6 else 0
    columns = np.flatnonzero((ink[half:] > 0.5).any(axis=0))
    if not len(columns):
        return
    x0 = columns[-1]
    y0 = half + int(ink[half:, x0].argmax())
    start = np.array([left + x0, top + y0], np.float64)
    left, top, ink, _ = two
    columns = np.flatnonzero((ink > 0.5).any(axis=0))
    if not len(columns):
        return
    x1 = columns[0]
    end = np.array([left + x1, top + int(ink[:, x1].argmax())], np.float64)
    if np.abs(end - start).max() > 1.6 * DIGIT_HEIGHT:
        return
    bow = (start + end) / 2 + np.array([0.0, rng.uniform(-0.15, 0.45) * DIGIT_HEIGHT])
    t = np.linspace(0, 1, 7)[:, None]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * bow + t**2 * end
    width = max(1, round(stroke * float(rng.uniform(0.5, 1.0))))
    cv2.polylines(
        canvas, [np.round(points * 8).astype(np.int32)], False, float(rng.uniform(0.6, 1)), width, cv2.LINE_AA, 3
    )


def _dot(rng: np.random.Generator, stroke: float) -> Image:
    size = np.maximum(2, np.round(stroke * rng.uniform(0.7, 1.6, 2))).astype(int)
    out = np.zeros((int(size[0]) + 2 + int(rng.integers(0, 5)), int(size[1]) + 2), np.float32)
    end = (max(0, out.shape[1] // 2 - int(rng.integers(0, 3))), out.shape[0] - 2)
    cv2.line(out, (out.shape[1] // 2, 1), end, 1.0, max(1, int(size.min())), cv2.LINE_AA)
    return out


def _dash(rng: np.random.Generator, stroke: float) -> Image:
    thick = max(1, round(stroke * float(rng.uniform(0.6, 1.2))))
    out = np.zeros((thick + int(rng.integers(2, 8)), int(rng.integers(7, 34))), np.float32)
    ends = rng.integers(thick // 2, out.shape[0] - thick // 2, 2)
    cv2.line(out, (1, int(ends[0])), (out.shape[1] - 2, int(ends[1])), 1.0, thick, cv2.LINE_AA)
    return out


def _cross(rng: np.random.Generator, stroke: float) -> Image:
    """Two strokes that cross, upright or lying, the first often longer."""
    size = int(rng.integers(8, DIGIT_HEIGHT + 3))
    out = np.zeros((size + 4, size + 4), np.float32)
    middle = (size + 4) / 2 + rng.normal(0, 0.06 * size, 2)
    turn = float(rng.choice([np.pi / 2, np.pi / 4])) + float(rng.normal(0, 0.18))
    for angle, length in ((turn, 0.5), (turn + np.pi / 2 + float(rng.normal(0, 0.2)), float(rng.uniform(0.25, 0.5)))):
        reach = length * size * np.array([np.cos(angle), -np.sin(angle)])
        ends = np.round(8 * np.stack([middle - reach, middle + reach])).astype(np.int32)
        cv2.polylines(out, [ends], False, 1.0, max(1, round(stroke * float(rng.uniform(0.5, 1)))), cv2.LINE_AA, 3)
    return out


def _separator(character: str, style: _Style, stroke: float, rng: np.random.Generator) -> tuple[Image, bool, float]:
    """What parts groups of three digits; an empty array stands for a gap."""
    if character == " " or character in WITHIN:  # a sign that there is no ink of leaves its gap
        return _GAP
    dot = _dot(rng, stroke)
    if character == ".":
        return dot, False, style.size * float(rng.choice([0.0, rng.uniform(0, 0.4)], p=[0.8, 0.2]))
    tail = _dot(rng, stroke)
    comma = np.zeros((dot.shape[0] + tail.shape[0] - 2, max(dot.shape[1], tail.shape[1]) + 2), np.float32)
    _stamp(comma, dot, 2, 0)
    _stamp(comma, tail, 0, dot.shape[0] - 3)
    return comma, False, -0.2 * style.size if character == "," else 0.85 * style.size
