"""Turns what arrays and decoded pictures hold into the one form that reading takes: uint8 RGB.

Depth, transparency and turn are settled here; light, paper and polarity are not (:mod:`inkread.clean` does that).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inkread.errors import InvalidArray

__all__ = ["composite", "rgb_of_array", "rgb_of_picture", "turned", "with_8_bits"]

Pixels = NDArray[np.uint8]

# Rows copied at a time: what is made of them on the way stays in a core's cache, and small beside the picture itself.
_BAND = 32
# How far beyond [0, 1] floats may lie: arithmetic in single precision overshoots by less, and 8 bits cannot show it.
_ROUNDING = 1e-3
# Depths in bits that scanners and cameras store in wider numbers.
_DEPTHS = (8, 10, 12, 14, 16, 24, 32)


def with_8_bits(values: NDArray[Any]) -> Pixels:
    """Whole numbers or light values, scaled to uint8.

    Parameters
    ----------
    values
        Any shape. Whole numbers are taken to have the smallest usual depth (8, 10, 12, 14, 16, … bits) that holds the
        largest of them, because scanners store 12 bits in 16. Floats lie in [0, 1].

    Raises
    ------
    InvalidArray
        If a value is negative, not finite, or a float above 1.

    Examples
    --------
    >>> with_8_bits(np.array([0, 2048, 4095], np.uint16)).tolist()
    [0, 128, 255]
    >>> with_8_bits(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind not in "iuf":
        raise InvalidArray(f"pixels are numbers or truth values; got the type {values.dtype}")
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "f":
        if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # written so that NaN fails too
            hint = "; divide by 255 first" if 1 < high <= 255 and low >= 0 else ""
            raise InvalidArray(f"pixels given as floats lie in [0, 1]; got {low:g} to {high:g}{hint}")
        top = 1.0
    else:
        if low < 0:
            raise InvalidArray(f"pixels given as whole numbers are not negative; got {low:g}")
        depth = next((bits for bits in _DEPTHS if high < 2**bits), 64)
        if depth == 8:
            return values.astype(np.uint8)
        top = float(2**depth - 1)
    scaled = np.empty(values.shape, np.uint8)
    for at in range(0, len(values), _BAND):
        scaled[at : at + _BAND] = np.rint(values[at : at + _BAND] * (255.0 / top))
    return scaled


def composite(rgba: Pixels) -> Pixels:
    """The picture laid on paper where it is transparent.

    Where most of the picture can be seen and it holds light and dark alike, it brings its own paper, and what is
    transparent (a margin, rounded corners) gets that paper's color. Otherwise what can be seen is ink alone, and the
    paper is white under dark ink and black under light ink.

    Parameters
    ----------
    rgba
        uint8 (H, W, 4), color not multiplied by alpha.

    Examples
    --------
    >>> white_ink = np.zeros((1, 2, 4), np.uint8); white_ink[0, 0] = 255
    >>> composite(white_ink)[0].tolist()
    [[255, 255, 255], [0, 0, 0]]
    """
    alpha = rgba[..., 3]
    color = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8)
    if int(alpha.min()) == 255:
        return color
    paper = np.array(_paper(color, alpha), dtype=np.uint16)
    for at in range(0, len(color), _BAND):
        share = alpha[at : at + _BAND, :, None].astype(np.uint16)
        mixed = color[at : at + _BAND] * share + paper * (255 - share) + np.uint16(127)  # at most 255² + 127
        color[at : at + _BAND] = (mixed + (mixed >> 8) + np.uint16(1)) >> 8  # divided by 255, exactly
    return color


def _paper(color: Pixels, alpha: Pixels) -> tuple[int, int, int]:
    seen = alpha >= 128
    coverage = float(seen.mean())
    if coverage == 0.0:
        # Nothing, or only faint traces: whatever there is, is ink.
        weights = alpha.astype(np.float64)
        if not weights.any():
            return (255, 255, 255)
        mean = float(np.average(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), weights=weights))
        return (255, 255, 255) if mean < 127.5 else (0, 0, 0)
    luma = cv2.cvtColor(color, cv2.COLOR_RGB2GRAY)[seen]
    # 40 of 255: ink alone, anti-aliased or in two colors, varies less than ink with its paper does.
    if coverage > 0.5 and float(luma.std()) > 40:
        middle = float(np.median(luma))
        near = np.abs(luma.astype(np.int16) - int(middle)) <= 8
        red, green, blue = np.median(color[seen][near], axis=0)
        return int(red), int(green), int(blue)
    return (255, 255, 255) if float(luma.mean()) < 127.5 else (0, 0, 0)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """The picture set upright, for EXIF's orientation 1 to 8.

    Examples
    --------
    >>> turned(np.array([[[1] * 3, [2] * 3]], np.uint8), 6)[..., 0].tolist()
    [[1], [2]]
    """
    if orientation == 2:
        return np.asarray(cv2.flip(pixels, 1))
    if orientation == 3:
        return np.asarray(cv2.rotate(pixels, cv2.ROTATE_180))
    if orientation == 4:
        return np.asarray(cv2.flip(pixels, 0))
    if orientation == 5:
        return np.asarray(cv2.transpose(pixels))
    if orientation == 6:
        return np.asarray(cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE))
    if orientation == 7:
        return np.asarray(cv2.flip(cv2.transpose(pixels), -1))
    if orientation == 8:
        return np.asarray(cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE))
    return pixels


def _of_grey(grey: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2RGB))


def rgb_of_array(array: NDArray[Any]) -> Pixels:
    """An array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) as uint8 RGB (H, W, 3).

    Raises
    ------
    InvalidArray
        If the shape, the type or a value cannot be a picture's.

    Examples
    --------
    >>> rgb_of_array(np.eye(2)).shape
    (2, 2, 3)
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        hint = (
            " (color comes last: move the first axis to the end)"
            if array.ndim == 3 and array.shape[0] in (1, 3, 4)
            else ""
        )
        raise InvalidArray(
            f"an array as a source has the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); got {array.shape}{hint}"
        )
    if not array.size:
        raise InvalidArray(f"an array as a source holds at least one pixel; got the shape {array.shape}")
    pixels = with_8_bits(array)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return _of_grey(pixels.reshape(pixels.shape[:2]))
    return composite(pixels) if pixels.shape[2] == 4 else np.ascontiguousarray(pixels)


def rgb_of_picture(picture: Image.Image) -> Pixels:
    """A Pillow picture of any mode as uint8 RGB (H, W, 3), not turned.

    Raises
    ------
    InvalidArray
        If its values cannot be light.
    """
    if picture.mode.startswith("I") or picture.mode == "F":
        return _of_grey(_of_deep(np.asarray(picture)))
    if picture.mode == "La":  # Pillow has no shorter way
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        return composite(_copied(picture if picture.mode == "RGBA" else picture.convert("RGBA"), 4))
    if picture.mode == "LAB":
        picture = picture.getchannel(0)
    if picture.mode in ("1", "L"):
        return _of_grey(_copied(picture if picture.mode == "L" else picture.convert("L"), 1)[..., 0])
    return _copied(picture if picture.mode == "RGB" else picture.convert("RGB"), 3)


def _of_deep(values: NDArray[Any]) -> Pixels:
    """Grey of more than 8 bits; unlike arrays, files may hold floats of any unit, so the range says which it is."""
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise InvalidArray("its pixels are not all finite numbers")
        low, high = float(values.min()), float(values.max())
        if low < 0:
            raise InvalidArray(f"its pixels are not light: the lowest is {low:g}")
        values = values / (1.0 if high <= 1 else 255.0 if high <= 255 else 65535.0 if high <= 65535 else high)
    return with_8_bits(values)


def _copied(picture: Image.Image, channels: int) -> Pixels:
    width, height = picture.size
    pixels = np.empty((height, width, channels), np.uint8)
    for top in range(0, height, _BAND):
        bottom = min(top + _BAND, height)
        pixels[top:bottom] = np.asarray(picture.crop((0, top, width, bottom))).reshape(bottom - top, width, channels)
    return pixels
