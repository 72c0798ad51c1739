"""Printed characters from open fonts: digits that a machine made, and letters that are no digits.

Fonts come from installed font packages (entry points ``fonts_ttf`` and ``fonts_otf``, as the font packages of PyPI
declare them; the extra ``train`` installs a handful under the SIL Open Font License), and from Pillow's own.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inkread.errors import InvalidOption

__all__ = ["draw_printed", "draw_printed_words", "open_fonts"]


@cache
def open_fonts() -> tuple[Path, ...]:
    """The files of every installed open font, sorted by name; empty where no font package is installed."""
    found: set[Path] = set()
    for group in ("fonts_ttf", "fonts_otf"):
        for entry in importlib.metadata.entry_points(group=group):
            found.update(Path(file) for file in entry.load().values())
    return tuple(sorted(found, key=lambda path: path.name))


def draw_printed(
    text: str, rng: np.random.Generator, *, height: int, fonts: Sequence[Path] | None = None
) -> NDArray[np.float32]:
    """Draw a text in a font drawn at random.

    Parameters
    ----------
    text
        What to print, not empty.
    height
        Size of the font in pixels; capital letters are about 0.7 of it high. At least 6.
    fonts
        Files to draw from; the installed ones when not given, Pillow's own where none is.

    Returns
    -------
    float32 (h, w) in [0, 1], 1 is ink, cropped to the ink with a margin of 2 pixels.

    Raises
    ------
    InvalidOption
        If the text is empty or the height below 6.
    """
    return draw_printed_words([text], rng, height=height, fonts=fonts)[0]


def draw_printed_words(
    words: Sequence[str], rng: np.random.Generator, *, height: int, fonts: Sequence[Path] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw a line of words as :func:`draw_printed` does, and tell where each of them stands.

    Returns
    -------
    The ink, float32 (h, w), and the box of each word in its pixels, float32 (N, 4): x0, y0, x1, y1.

    Raises
    ------
    InvalidOption
        If there is no word, one is empty, or the height below 6.
    """
    if not words or not all(words) or height < 6:
        raise InvalidOption(f"printing needs a text and a height of at least 6 pixels; got {words!r} and {height}")
    files = open_fonts() if fonts is None else tuple(fonts)
    font = _font(files[rng.integers(len(files))] if files else None, height)
    text = " ".join(words)
    x0, y0, x1, y1 = (round(v) for v in font.getbbox(text))
    canvas = Image.new("L", (max(1, x1 - x0) + 4, max(1, y1 - y0) + 4), 0)
    ImageDraw.Draw(canvas).text((2 - x0, 2 - y0), text, fill=255, font=font)
    begins = [font.getlength(" ".join([*words[:i], ""])) for i in range(len(words))]
    corner = np.array([2 - x0, 2 - y0, 2 - x0, 2 - y0], np.float32)
    boxes = np.array([font.getbbox(word) for word in words], np.float32) + corner
    boxes[:, ::2] += np.array(begins, np.float32)[:, None]
    return np.asarray(canvas, np.float32) / np.float32(255), boxes


@cache
def _font(file: Path | None, height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height) if file is None else ImageFont.truetype(str(file), height)
