"""Color → grey, so that the ink stands out of its paper: by brightness, or by the one color in which it does far more.

Ink may be as bright as its paper and differ in color alone, as red on green or orange on white: in brightness it is
faint, or not to be seen at all.
"""

from __future__ import annotations

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["at_most", "ink_grey", "one_of"]

Picture = TypeVar("Picture", NDArray[np.uint8], NDArray[np.float32])

# Long side of the small picture on which the colors are compared.
SMALL_SIDE = 160
# The share of its short side over which paper is averaged, far more than a stroke is wide.
PAPER_SHARE = 1 / 3
# Ink must stand out of the paper so many times more in one color than in brightness for that color to be taken: black,
# blue, red and green pens on white and on brown paper reach 1.5, orange ones 2.3, and red on a green of like
# brightness 6.
FAR_MORE = 2.0


def ink_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey picture in which ink stands out: brightness, or red, green or blue alone.

    Parameters
    ----------
    pixels
        RGB, uint8 (H, W, 3).

    Returns
    -------
    uint8 (H, W).
    """
    small = _small(pixels)
    colors = _strength(small)
    best = int(colors.argmax())
    if colors[best] > FAR_MORE * _strength(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))[0]:
        return np.asarray(cv2.extractChannel(pixels, best), np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at about :data:`SMALL_SIDE`; of a large one some rows and columns are looked at only."""
    step = max(1, max(pixels.shape[:2]) // (2 * SMALL_SIDE))
    return at_most(pixels[::step, ::step], SMALL_SIDE)


def at_most(picture: Picture, side: int) -> Picture:
    """A picture shrunk until its long side is no longer than ``side`` pixels: by halves first, as that is quick.

    Parameters
    ----------
    picture
        uint8 or float32, (H, W) or (H, W, C). A last odd row or column is left out of its halves.
    """
    while max(picture.shape[:2]) >= 2 * side:
        picture = one_of(2, picture)
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cast(Picture, cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def one_of(factor: int, picture: Picture) -> Picture:
    """A picture of the means of ``factor`` by ``factor`` pixels; a rest of rows and columns is left out."""
    height, width = (max(1, side // factor) for side in picture.shape[:2])
    whole = picture[: height * factor, : width * factor]
    return cast(Picture, cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))


def _strength(small: NDArray[np.uint8]) -> NDArray[np.float64]:
    """For each channel how far what is rare stands out of its surroundings: in the third power, ink decides."""
    window = max(3, round(min(small.shape[:2]) * PAPER_SHARE))
    values = small.astype(np.float32)
    away = cv2.absdiff(values, cv2.blur(values, (window, window)))
    channels = small.shape[2] if small.ndim == 3 else 1
    return np.cbrt(cv2.mean(cv2.pow(away, 3))[:channels])
