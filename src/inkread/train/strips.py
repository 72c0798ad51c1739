"""From a composed line to a strip as reading sees it: framed, on some paper, through some camera.

:func:`inkread.recognize.prepare.prepare_line` gives the network words that were found on a page, at a known height of
their digits, and whole pictures of one line, whose digits are as high as the picture lets them be. Both are made here.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.recognize.prepare import LINE_DIGIT_HEIGHT, LINE_HEIGHT

__all__ = ["Canvas", "beside_a_side", "framed", "on_paper", "soiled"]

Image = NDArray[np.float32]

# Digits on a strip are at least this high, in pixels.
LEAST_DIGIT_HEIGHT = 13.0
# Share of the strips that may have a side at their ends.
SIDE_SHARE = 0.16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """A composed line.

    Attributes
    ----------
    ink
        float32 (H, W) in [0, 1]; may still be drawn on.
    top, bottom
        Rows between which its digits lie.
    digit_height
        Height of a usual digit, in rows.
    """

    ink: Image
    top: int
    bottom: int
    digit_height: float


def framed(canvas: Canvas, rng: np.random.Generator) -> Image:
    """The strip (LINE_HEIGHT, W): the writer's slant, a tilted and bent line, cut out a little off, large or small."""
    extent = max(canvas.bottom - canvas.top, canvas.digit_height)
    if rng.random() < 0.5:
        # A word found on a page: its usual digit has its height, its middle is the strip's.
        scale = LINE_DIGIT_HEIGHT / canvas.digit_height * float(np.exp(rng.normal(0, 0.11)))
        middle = (canvas.top + canvas.bottom) / 2 + float(np.clip(rng.normal(0, 1.3), -3.5, 3.5)) / scale
        tilt = float(np.clip(rng.normal(0, 0.014), -0.04, 0.04))
    else:
        # A picture of one line: its height is the strip's, with more or less room around the digits.
        above, below = np.clip(rng.normal(0.12, 0.14, 2), -0.08, 0.7) * canvas.digit_height
        scale = LINE_HEIGHT / float(extent + above + below)
        middle = (canvas.top - above + canvas.bottom + below) / 2
        tilt = float(np.clip(rng.normal(0, 0.025), -0.08, 0.08))
    scale = max(scale, LEAST_DIGIT_HEIGHT / canvas.digit_height)
    stretch = scale * float(np.exp(rng.normal(0, 0.12)))
    shear = float(np.clip(rng.normal(0.07, 0.24), -0.5, 0.9))
    width = canvas.ink.shape[1]
    pad = abs(shear) * LINE_HEIGHT / 2 + 1
    out_width = max(12, int(width * stretch + 2 * pad))
    # From a strip's pixel to the canvas: the inverse of stretch, slant and tilt, and a smooth wobble.
    y, x = np.mgrid[0:LINE_HEIGHT, 0:out_width].astype(np.float32)
    from_middle = y - LINE_HEIGHT / 2
    source_x = (x - pad + shear * from_middle) / np.float32(stretch)
    source_y = from_middle / np.float32(scale) + np.float32(middle) - tilt * (source_x - width / 2)
    if rng.random() < 0.6:
        reach = float(rng.uniform(0.3, 1.8)) / scale
        source_x += _wobble(out_width, rng, reach)
        source_y += _wobble(out_width, rng, reach)
    out = cv2.remap(
        canvas.ink,
        source_x.astype(np.float32),
        source_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(out, np.float32)


def beside_a_side(ink: Image, rng: np.random.Generator) -> Image:
    """The strip, at times with the side of a field, a sheet or a book at one of its ends or both, and paper between."""
    if rng.random() >= SIDE_SHARE:
        return ink
    for at_left in (True, False):
        if rng.random() < 0.4:
            continue
        room = int(rng.integers(0, 8)) if rng.random() < 0.5 else int(rng.integers(8, 50))
        ink = np.pad(ink, ((0, 0), (room, 0) if at_left else (0, room)))
        height, width = ink.shape
        strength, x = float(rng.uniform(0.2, 1.0)), int(rng.integers(0, max(5, room - 3)))
        for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
            lean = int(rng.integers(-3, 4))
            one, two = (place if at_left else width - 1 - place for place in (x, x + lean))
            cv2.line(ink, (one, 0), (two, height), strength, int(rng.integers(1, 5)), cv2.LINE_AA)
            x += int(rng.integers(2, 8))
    return ink


def on_paper(ink: Image, rng: np.random.Generator) -> Image:
    """What cleaning leaves of the paper: rules, boxes, security patterns, grain; and uneven or faint ink."""
    height, width = ink.shape
    if rng.random() < 0.2:
        ink = ink * _smooth_noise((height, width), rng, float(rng.uniform(6, 40)), 0.45, 1.0)
    if rng.random() < 0.12:
        ink = ink * np.float32(rng.uniform(0.5, 0.9))
    ink = np.array(ink, np.float32)
    if rng.random() < 0.28:
        _rules(ink, rng)
    if rng.random() < 0.3:
        pattern = _pattern((height, width), rng)
        ink = np.maximum(ink, pattern) if rng.random() < 0.5 else ink + pattern
    if rng.random() < 0.15:
        grain = _smooth_noise((height, width), rng, float(rng.uniform(1.0, 3.0)), 0.0, 1.0)
        level = float(rng.uniform(0.4, 0.75))
        ink = np.maximum(ink, np.clip(grain - level, 0, 1) * float(rng.uniform(0.3, 1.1)))
    if rng.random() < 0.1:
        specks = (rng.random((height, width)) < rng.uniform(0.001, 0.012)).astype(np.float32)
        ink = np.maximum(ink, cv2.GaussianBlur(specks, (3, 3), 0.6) * 1.5)
    return np.asarray(ink, np.float32)


def soiled(ink: Image, rng: np.random.Generator) -> Image:
    """Blur, low resolution, other contrast, noise."""
    if rng.random() < 0.2:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.4, 0.95)))
    if rng.random() < 0.16:
        factor = rng.uniform(0.5, 0.85)
        small = cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        ink = cv2.resize(small, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.35:
        ink = np.power(np.clip(ink, 0, 1), np.float32(np.exp(rng.normal(0, 0.3))))
    if rng.random() < 0.2:
        ink = ink + rng.standard_normal(ink.shape, np.float32) * np.float32(rng.uniform(0.02, 0.07))
    if rng.random() < 0.04:
        ink = (ink > rng.uniform(0.25, 0.45)).astype(np.float32)
    return np.asarray(np.clip(ink, 0, 1), np.float32)


def _wobble(width: int, rng: np.random.Generator, reach: float) -> Image:
    coarse = rng.normal(0, reach, (4, max(2, width // 12))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, LINE_HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)


def _rules(ink: Image, rng: np.random.Generator) -> None:
    """Lines to write on, strokes under a number, boxes and combs."""
    height, width = ink.shape
    strength = float(rng.uniform(0.25, 1.0))
    thick = int(rng.integers(1, 3))
    if rng.random() < 0.74:
        bottom = rng.random() < 0.75
        y = int(rng.integers(height - 8, height)) if bottom else int(rng.integers(0, height))
        x0, x1 = (0, width) if rng.random() < 0.7 else np.sort(rng.integers(0, width, 2)).tolist()
        cv2.line(ink, (x0, y), (x1, y + int(rng.integers(-3, 4))), strength, thick, cv2.LINE_AA)
        if rng.random() < 0.2:
            y = int(rng.integers(0, 6))
            cv2.line(ink, (0, y), (width, y + int(rng.integers(-2, 3))), strength, thick, cv2.LINE_AA)
    else:
        top, bottom_row = int(rng.integers(0, 5)), height - int(rng.integers(1, 6))
        step = rng.uniform(0.8, 1.5) * LINE_DIGIT_HEIGHT
        for y in (top, bottom_row):
            cv2.line(ink, (0, y), (width, y), strength, 1, cv2.LINE_AA)
        x = float(rng.uniform(0, step))
        while rng.random() < 0.95 and x < width:
            cv2.line(ink, (int(x), top), (int(x), bottom_row), strength * 0.8, 1, cv2.LINE_AA)
            x += step


def _pattern(size: tuple[int, int], rng: np.random.Generator) -> Image:
    """One or two families of wavy parallel lines, as security paper has them."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    out = np.zeros(size, np.float32)
    for _ in range(1 + int(rng.random() < 0.35)):
        angle = rng.uniform(0, np.pi) if rng.random() < 0.5 else np.pi / 2 + rng.normal(0, 0.15)
        period = rng.uniform(3.0, 10)
        along = x * np.sin(angle) - y * np.cos(angle)
        across = x * np.cos(angle) + y * np.sin(angle)
        bend = rng.uniform(0, 3) * np.sin(2 * np.pi * along / rng.uniform(12, 80) + rng.uniform(0, 6))
        wave = np.sin(2 * np.pi * across / period + bend)
        out = np.maximum(out, np.clip(wave * rng.uniform(1, 3) - rng.uniform(0, 1.2), 0, 1) * rng.uniform(0.05, 0.34))
    if rng.random() < 0.4:
        out = out * _smooth_noise(size, rng, float(rng.uniform(3, 20)), 0.1, 1.0)
    return np.asarray(out, np.float32)


def _smooth_noise(size: tuple[int, int], rng: np.random.Generator, scale: float, low: float, high: float) -> Image:
    coarse = rng.uniform(low, high, (max(2, int(size[0] / scale) + 1), max(2, int(size[1] / scale) + 1)))
    return np.asarray(cv2.resize(coarse.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_LINEAR))
