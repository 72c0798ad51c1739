"""Whose digits the lines are written with: the writers of data sets, synthetic hands, and open fonts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.data import datasets
from inkread.data.clutter import random_word
from inkread.data.printed import draw_printed
from inkread.data.synth import CHARACTERS, DIGIT_LIKE, Hand, draw_glyph, write_line
from inkread.data.synth.line import draw_writing, lay_line
from inkread.errors import InvalidOption
from inkread.ink import ink_margin
from inkread.parts import DIGITS
from inkread.recognize.prepare import to_ink
from inkread.train.digits import tight_crop
from inkread.train.lines import DIGIT_HEIGHT, SIGNS, Sign, WriterDigits, tight
from inkread.train.recipes import draw_pen_digit

__all__ = [
    "assorted_writers",
    "bhmsds_writers",
    "fonts",
    "hands",
    "mnist_writers",
    "number_signs",
    "other_signs",
    "other_words",
]


def mnist_writers(validation_writers: int) -> tuple[list[WriterDigits], list[WriterDigits]]:
    mnist = datasets.load("mnist", "train")
    if mnist.writers is None:
        raise InvalidOption("the recipe holds out writers, which the QMNIST labels name: inkread data fetch qmnist")
    ids = np.unique(mnist.writers)
    held_ids = set(np.random.default_rng(0).permutation(ids)[:validation_writers].tolist())
    crops, targets = _crops(to_ink(list(mnist.images))), mnist.labels.astype(np.int64)
    kept: list[WriterDigits] = []
    held: list[WriterDigits] = []
    for writer in ids.tolist():
        made = _writer(crops, targets, mnist.writers == writer)
        if made is not None:
            (held if writer in held_ids else kept).append(made)
    return kept, held


def bhmsds_writers() -> list[WriterDigits]:
    """The set names no writers, but neighboring rows are of one hand: slices of them stand for writers."""
    return _slices(datasets.load("bhmsds", "all"), parts=60)


def assorted_writers(rng: np.random.Generator) -> list[WriterDigits]:
    """Hands of other countries and other pens: Turkish forms on paper and tablets, a telephone's pictures, a screen.

    None of these sets names its writers for each digit; slices of neighboring rows stand for them.
    """
    writers = _slices(datasets.load("hwd1000", "all"), parts=10) + _slices(
        datasets.load("phone_chars62", "train"), parts=12
    )
    # Pictures of optdigits32 are stretched to a square: their digits get a usual width again.
    for writer in _slices(datasets.load("optdigits32", "train"), parts=24):
        share = float(rng.uniform(0.5, 0.8))
        writers.append(WriterDigits(tuple(np.stack([_narrowed(c, share) for c in some]) for some in writer.crops)))
    pen = datasets.load_strokes("pendigits8", "train")
    targets = pen.labels.astype(np.int64)
    for rows in np.array_split(np.arange(len(targets)), 80):
        width = float(rng.uniform(1.8, 5.0))
        inks = [draw_pen_digit(pen.strokes[i], width) for i in rows]
        drawn = _writer(_crops(inks), targets[rows], np.ones(len(inks), bool))
        if drawn is not None:
            writers.append(drawn)
    return writers


def _narrowed(crop: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    side = crop.shape[1]
    width = max(4, round(side * share))
    out = np.zeros_like(crop)
    left = (side - width) // 2
    out[:, left : left + width] = cv2.resize(crop, (width, side), interpolation=cv2.INTER_AREA)
    return out


def _slices(samples: datasets.Samples, *, parts: int) -> list[WriterDigits]:
    """The digits of a set, parted evenly into writers that have all ten; fewer where a set is small."""
    rows = np.flatnonzero(np.isin(samples.labels, DIGITS))
    crops = _crops(to_ink([samples.images[i] for i in rows]))
    targets = samples.labels[rows].astype(np.int64)
    by_digit = [np.flatnonzero(targets == digit) for digit in range(10)]
    parts = min(parts, *(len(some) for some in by_digit))
    made = (
        _writer(
            crops,
            targets,
            np.isin(np.arange(len(rows)), np.concatenate([np.array_split(d, parts)[k] for d in by_digit])),
        )
        for k in range(parts)
    )
    return [writer for writer in made if writer is not None]


def hands(count: int, rng: np.random.Generator) -> list[WriterDigits]:
    writers = []
    for _ in range(count):
        hand = Hand.random(rng)
        inks = [draw_glyph(digit, hand, rng, height=34) for digit in DIGITS for _ in range(3)]
        targets = np.repeat(np.arange(10), 3)
        writer = _writer(_crops(inks), targets, np.ones(len(inks), bool))
        if writer is not None:
            writers.append(writer)
    return writers


def fonts(count: int, rng: np.random.Generator) -> list[WriterDigits]:
    writers = []
    for _ in range(count):
        seed = int(rng.integers(1 << 31))
        # The same generator state draws every digit in the same font.
        inks = [draw_printed(digit, np.random.default_rng(seed), height=40) for digit in DIGITS]
        writer = _writer(_crops(inks), np.arange(10), np.ones(10, bool))
        if writer is not None:
            writers.append(writer)
    return writers


def other_signs(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Letters and signs that are no digit, whatever stands beside them."""
    signs = [c for c in CHARACTERS if c not in (*DIGITS, *DIGIT_LIKE, "B") and not c.startswith("<")]
    inks = [draw_glyph(signs[i], Hand.random(rng), rng, height=32) for i in rng.integers(len(signs), size=count)]
    return np.stack([crop for crop in _crops(inks) if crop is not None])


def number_signs(count: int, rng: np.random.Generator) -> dict[str, list[Sign]]:
    """For each sign that stands beside numbers, ``count`` of it in synthetic hands."""
    signs: dict[str, list[Sign]] = {}
    for character in SIGNS:
        signs[character] = []
        for _ in range(count):
            hand = Hand.random(rng)
            if character == "/":  # upright, it would be a 1
                hand = replace(hand, slant_degrees=abs(hand.slant_degrees))
            (glyph,) = lay_line(character, hand, rng, height=DIGIT_HEIGHT)
            pen = hand.pen.scaled(DIGIT_HEIGHT)
            box = glyph.path_box.grown(ink_margin(pen) + 1)
            ink = np.zeros((round(box.height) + 1, round(box.width) + 1), np.float32)
            draw_writing(ink, [glyph.mapped(dx=-box.x0, dy=-box.y0)], pen, rng)
            crop = cv2.convertScaleAbs(ink, alpha=255)
            bare = int(np.flatnonzero(crop.max(axis=1) > 60)[-1]) if crop.max() > 60 else crop.shape[0] - 1
            signs[character].append(Sign(ink=tight(crop), rise=-(box.y0 + bare + 1)))
    return signs


def other_words(count: int, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Words as they stand beside numbers, tight crops of any width, capitals about as high as a line's digits.

    In synthetic hands, in the capitals of a telephone's pictures, and in print. Letters that are shaped like digits are
    among them: what stands in a word is a letter.
    """
    samples = datasets.load("phone_chars62", "train")
    capitals = np.flatnonzero([label.isalpha() and label.isupper() for label in samples.labels.tolist()])
    letters = [crop for crop in _crops(to_ink([samples.images[i] for i in capitals])) if crop is not None]
    words = []
    for kind in rng.choice(3, size=count, p=[0.6, 0.25, 0.15]):
        if kind == 0:
            ink, _ = write_line(random_word(rng), Hand.random(rng), rng, height=DIGIT_HEIGHT)
        elif kind == 1:
            ink = _row([letters[i] for i in rng.integers(len(letters), size=int(rng.integers(3, 8)))], rng)
        else:
            ink = draw_printed(random_word(rng), rng, height=round(1.35 * DIGIT_HEIGHT * rng.uniform(0.6, 1.0)))
        words.append(tight(cv2.convertScaleAbs(ink, alpha=255)))
    return words


def _row(crops: Sequence[NDArray[np.uint8]], rng: np.random.Generator) -> NDArray[np.float32]:
    """Crops of letters side by side, all as high as a line's digits."""
    gap = np.zeros((DIGIT_HEIGHT, int(rng.integers(1, 6))), np.uint8)
    parts: list[NDArray[np.uint8]] = []
    for crop in map(tight, crops):
        width = max(2, round(crop.shape[1] * DIGIT_HEIGHT / crop.shape[0]))
        parts += [np.asarray(cv2.resize(crop, (width, DIGIT_HEIGHT), interpolation=cv2.INTER_AREA), np.uint8), gap]
    return np.hstack(parts).astype(np.float32) / np.float32(255)


def _crops(inks: Sequence[NDArray[np.float32]]) -> list[NDArray[np.uint8] | None]:
    return [tight_crop(ink) for ink in inks]


def _writer(
    crops: Sequence[NDArray[np.uint8] | None], targets: NDArray[np.int64], rows: NDArray[np.bool_]
) -> WriterDigits | None:
    """The writer of these rows, or None where one of the digits is missing."""
    chosen = np.flatnonzero(rows)
    by_digit = [[crops[i] for i in chosen[targets[chosen] == digit]] for digit in range(10)]
    found = [[crop for crop in some if crop is not None] for some in by_digit]
    return WriterDigits(tuple(np.stack(some) for some in found)) if all(found) else None
