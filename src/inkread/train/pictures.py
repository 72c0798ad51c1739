"""Real pictures of lines to learn from: cleaned once as reading cleans them, then framed and soiled anew each time."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean import CleanOptions, clean
from inkread.data import datasets
from inkread.errors import InvalidOption
from inkread.find import as_one_line
from inkread.parts import PageImage, Word
from inkread.train.strips import Canvas, framed, soiled

__all__ = ["LinePictures", "clean_lines"]

# Height of a digit on a picture's canvas.
DIGIT_HEIGHT = 26
# Bare columns at both ends of a canvas.
MARGIN = 6


def clean_lines(name: str, split: str) -> Iterator[tuple[Word, str]]:
    """The pictures of a data set, each taken for one line as reading takes it, and their texts; bare ones are left out.

    Raises
    ------
    DataError
        If the set is missing.
    InvalidOption
        If a label is no string of digits.
    """
    samples = datasets.load(name, split)
    # Tight crops: nothing in them says how a page is tilted.
    options = CleanOptions(max_skew_degrees=0)
    for image, label in zip(samples.images, samples.labels.tolist(), strict=True):
        if not label.isdigit():
            raise InvalidOption(f"{name} holds the label {label!r}, which is no string of digits")
        pixels = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
        word = as_one_line(clean(PageImage(pixels=np.ascontiguousarray(pixels)), options))
        if word is not None:
            yield word, label


class LinePictures:
    """The lines of a data set, by its own split.

    Parameters
    ----------
    name, split
        A data set whose labels are strings of digits.

    Raises
    ------
    DataError
        If the set is missing.
    InvalidOption
        If it holds no lines of digits.
    """

    def __init__(self, name: str, split: str) -> None:
        self._canvases: list[Canvas] = []
        self._texts: list[str] = []
        for word, label in clean_lines(name, split):
            scale = DIGIT_HEIGHT / word.digit_height
            size = max(8, round(word.crop.ink.shape[1] * scale)), max(8, round(word.crop.ink.shape[0] * scale))
            ink = cv2.resize(word.crop.ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            ink = cv2.copyMakeBorder(ink, 0, 0, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=0.0)
            top = (ink.shape[0] - DIGIT_HEIGHT) // 2
            canvas = Canvas(ink=ink, top=top, bottom=top + DIGIT_HEIGHT, digit_height=float(DIGIT_HEIGHT))
            self._canvases.append(canvas)
            self._texts.append(label)
        if not self._texts:
            raise InvalidOption(f"{name} has no line with ink in its split {split!r}")

    def __len__(self) -> int:
        return len(self._texts)

    def line(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], str]:
        """One of the lines as a strip (LINE_HEIGHT, W), framed and soiled at random, and its text."""
        at = int(rng.integers(len(self)))
        return soiled(framed(self._canvases[at], rng), rng), self._texts[at]
