"""What strangers' pictures hold beside numbers: print, writing, photographs of things, and pages of nothing else.

Words are printed in open fonts and written in our own strokes; photographs are painted from noise, shapes and lines, so
that a reader of numbers meets their edges and textures. Nothing here is taken from any data set, and nothing is a
digit; numbers are composed in :mod:`inkread.data.synth`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.data.printed import draw_printed
from inkread.data.synth import DIGIT_LIKE, PageOptions, compose_page
from inkread.data.synth.texts import WORDS
from inkread.parts import PageImage

__all__ = ["blend", "compose_clutter", "paint_photograph", "print_words", "random_word"]

Grey = NDArray[np.float32]

_CONSONANTS, _VOWELS = "bcdfghklmnprstvwz", "aeiou"
# Largest side of what is painted: photographs are enlarged from it, as no lens shows more.
_PAINTED_SIDE = 900


def random_word(rng: np.random.Generator) -> str:
    """A word of small letters, with a capital, or all in capitals; never one that could be read as a number.

    Examples
    --------
    >>> random_word(np.random.default_rng(0)).isalpha()
    True
    """
    while True:
        if rng.random() < 0.3:
            word = str(rng.choice(WORDS))
        else:
            sounds = (_CONSONANTS, _VOWELS) if rng.random() < 0.7 else (_VOWELS, _CONSONANTS)
            word = "".join(
                str(rng.choice(list(sounds[i % 2 if rng.random() < 0.85 else int(rng.integers(2))])))
                for i in range(int(rng.integers(2, 11)))
            )
        style = rng.random()
        word = word.upper() if style < 0.2 else word.capitalize() if style < 0.5 else word
        if any(letter not in DIGIT_LIKE for letter in word):
            return word


def print_words(picture: Grey, box: tuple[int, int, int, int], rng: np.random.Generator, *, height: int) -> None:
    """Fill a box of the picture with lines of printed words, in place.

    Parameters
    ----------
    picture
        float32 (H, W) in [0, 1]: light paper, on which the words are dark.
    box
        (x0, y0, x1, y1) in pixels of the picture.
    height
        Size of the font in pixels, at least 6.
    """
    x0, y0, x1, y1 = box
    seed, darkness = int(rng.integers(1 << 31)), float(rng.uniform(0.5, 1.0))
    pitch = max(height + 2, round(height * rng.uniform(1.05, 1.8)))
    count = max(1, round((x1 - x0) / (3.2 * height)))
    for top in range(y0, y1 - pitch, pitch):
        words = [random_word(rng) for _ in range(count if rng.random() < 0.8 else int(rng.integers(1, count + 1)))]
        # The same generator state draws every line in the same font.
        ink = draw_printed(" ".join([words[0].capitalize(), *words[1:]]), np.random.default_rng(seed), height=height)
        blend(picture, ink[:, : x1 - x0], x0, top, darkness)


def blend(picture: Grey, ink: Grey, left: int, top: int, darkness: float) -> None:
    """Lay dark ink, its top left at (left, top), over a light picture, in place; what does not fit is cut off."""
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(picture.shape[0], top + ink.shape[0]), min(picture.shape[1], left + ink.shape[1])
    if y0 < y1 and x0 < x1:
        part = picture[y0:y1, x0:x1]
        part *= 1 - np.float32(darkness) * ink[y0 - top : y1 - top, x0 - left : x1 - left]


def paint_photograph(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    """A grey picture of some thing or texture: foliage, cloth, bricks, pebbles, grass, furniture.

    Parameters
    ----------
    size
        (height, width) in pixels.

    Returns
    -------
    float32 (H, W) in [0, 1].

    Examples
    --------
    >>> paint_photograph((40, 60), np.random.default_rng(0)).shape
    (40, 60)
    """
    scale = min(1.0, _PAINTED_SIDE / max(size))
    small = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    paint = (_foliage, _cloth, _bricks, _pebbles, _grass, _furniture)[int(rng.integers(6))]
    picture = paint(small, rng)
    if rng.random() < 0.35:  # things before a background
        other = _furniture(small, rng) if rng.random() < 0.5 else _foliage(small, rng)
        mask = cv2.GaussianBlur((_octaves(small, rng, 3, 0.4) > 0).astype(np.float32), (0, 0), 1.0)
        picture = picture + mask * (other - picture)
    picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 1.6)))
    if small != tuple(size):
        picture = cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    picture = picture + rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(0, 0.03))
    low, contrast = rng.uniform(0, 0.4), rng.uniform(0.3, 1.0)
    return np.asarray(np.clip(low + contrast * (picture - 0.3), 0, 1), np.float32)


def compose_clutter(rng: np.random.Generator) -> PageImage:
    """A picture of writing, print, drawings or things, without any number.

    Examples
    --------
    >>> compose_clutter(np.random.default_rng(0)).pixels.dtype.name
    'uint8'
    """
    kind = rng.random()
    width = int(rng.integers(300, 1300))
    height = int(width * rng.uniform(0.5, 1.4))
    if kind < 0.3:  # drawings and a few words
        return compose_page(rng, _page_options(rng, width, height, distractors=float(rng.uniform(0.4, 1))))[0]
    if kind < 0.5:  # a page of handwriting
        lines = tuple(
            " ".join(random_word(rng) for _ in range(int(rng.integers(1, 6)))) for _ in range(int(rng.integers(1, 9)))
        )
        return compose_page(rng, _page_options(rng, width, height, lines=lines))[0]
    if kind < 0.75:
        return _as_image(_printed_page((height, width), rng))
    return _as_image(paint_photograph((height, width), rng))


def _page_options(
    rng: np.random.Generator, width: int, height: int, *, lines: tuple[str, ...] | None = None, distractors: float = 0.0
) -> PageOptions:
    usual = PageOptions.random(rng)
    return PageOptions(
        width=width,
        height=height,
        layout="nothing" if lines is None else "lines",
        lines=lines,
        distractors=distractors,
        paper=usual.paper,
        contrast=usual.contrast,
        wear=usual.wear,
        light=usual.light,
        camera=usual.camera,
        view=usual.view,
        desk=rng.random() < 0.25 and usual.paper != "canvas",
    )


def _printed_page(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    height, width = size
    picture = np.full(size, rng.uniform(0.7, 1.0), np.float32)
    top = round(0.04 * height)
    while top < 0.92 * height:
        font = int(np.clip(height * math.exp(rng.uniform(math.log(0.02), math.log(0.12))), 9, 120))
        bottom = min(round(0.97 * height), top + round(font * rng.uniform(2.2, 12)))
        left = round(width * rng.uniform(0.02, 0.2))
        print_words(picture, (left, top, round(width * rng.uniform(0.6, 0.98)), bottom), rng, height=font)
        if rng.random() < 0.3:
            y = bottom - 2
            cv2.line(picture, (left, y), (round(width * rng.uniform(0.5, 1)), y), float(rng.uniform(0, 0.5)), 2)
        top = bottom + round(font * rng.uniform(0.3, 1.5))
    if rng.random() < 0.3:  # with a figure
        side = (round(height * rng.uniform(0.15, 0.4)), round(width * rng.uniform(0.15, 0.4)))
        y, x = int(rng.integers(0, height - side[0])), int(rng.integers(0, width - side[1]))
        picture[y : y + side[0], x : x + side[1]] = paint_photograph(side, rng)
    picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.0)))
    grain = rng.standard_normal(size, np.float32) * np.float32(rng.uniform(0, 0.02))
    return np.asarray(np.clip(picture + grain, 0, 1), np.float32)


def _as_image(grey: Grey) -> PageImage:
    return PageImage(pixels=np.repeat(cv2.convertScaleAbs(grey, alpha=255)[:, :, None], 3, axis=2), source="synthetic")


def _octaves(size: tuple[int, int], rng: np.random.Generator, first: int, fall: float) -> Grey:
    """Noise of zero mean in octaves from ``first`` hills a side, each ``fall`` times as strong as the one before."""
    total = np.zeros(size, np.float32)
    strength, cells = 1.0, first
    while cells < max(size) / 3:
        coarse = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
        total += np.float32(strength) * cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        strength, cells = strength * fall, cells * 2
    return total


def _foliage(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    noise = _octaves(size, rng, int(rng.integers(2, 12)), float(rng.uniform(0.5, 1.1)))
    return np.asarray(0.5 + 0.5 * np.tanh(noise * np.float32(rng.uniform(0.5, 3))), np.float32)


def _cloth(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    bend = _octaves(size, rng, 2, 0.4) * np.float32(rng.uniform(0, 12))
    picture = np.full(size, 0.5, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        angle, period = rng.uniform(0, math.pi), rng.uniform(6, 60)
        wave = np.sin((x * math.cos(angle) + y * math.sin(angle) + bend) * np.float32(2 * math.pi / period))
        picture += np.float32(0.3) * np.tanh(wave * np.float32(rng.uniform(0.5, 5)))
    return picture


def _bricks(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    picture = np.full(size, rng.uniform(0.6, 0.9), np.float32)
    high = int(rng.integers(12, 90))
    wide, gap = round(high * rng.uniform(0.8, 3)), int(rng.integers(1, 6))
    for row, y in enumerate(range(-high, size[0], high)):
        for x in range(-wide - (row % 2) * wide // 2, size[1], wide):
            shade = float(rng.uniform(0.2, 0.6))
            cv2.rectangle(picture, (x + gap, y + gap), (x + wide - gap, y + high - gap), shade, cv2.FILLED)
    return np.asarray(picture + 0.06 * _octaves(size, rng, 16, 0.8), np.float32)


def _pebbles(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    picture = np.full(size, rng.uniform(0.1, 0.9), np.float32)
    usual = float(rng.uniform(6, 60))
    for _ in range(int(min(1500, 1.5 * size[0] * size[1] / usual**2))):
        center = int(rng.integers(size[1])), int(rng.integers(size[0]))
        axes = tuple(max(2, round(usual * math.exp(rng.normal(-0.5, 0.4)))) for _ in range(2))
        shade, turn = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0, 180))
        cv2.ellipse(picture, center, axes, turn, 0, 360, shade, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(picture, center, axes, turn, 0, 360, shade * 0.5, 1, cv2.LINE_AA)
    return picture


def _grass(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    """Hair, wires, twigs and scratches: bent lines."""
    picture = np.full(size, rng.uniform(0.2, 0.9), np.float32)
    direction, spread = rng.uniform(0, math.pi), rng.uniform(0.1, 1.5)
    length = rng.uniform(0.05, 0.5) * max(size)
    for _ in range(int(rng.integers(20, 500))):
        start = rng.uniform(0, 1, 2) * size[::-1]
        angle = direction + rng.normal(0, spread)
        t = np.linspace(0, 1, 8)[:, None]
        bend = rng.normal(0, 0.25) * length
        along, beside = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
        points = start + t * length * along + (t * (1 - t)) * 4 * bend * beside
        shade, width = float(rng.uniform(0, 1)), int(rng.integers(1, 5))
        cv2.polylines(picture, [points.round().astype(np.int32)], False, shade, width, cv2.LINE_AA)
    return picture


def _furniture(size: tuple[int, int], rng: np.random.Generator) -> Grey:
    """Large even surfaces with straight and round edges: tables, screens, cups, hands."""
    picture = np.full(size, rng.uniform(0.2, 0.9), np.float32)
    for _ in range(int(rng.integers(3, 25))):
        center = rng.uniform(0, 1, 2) * size[::-1]
        reach = rng.uniform(0.04, 0.5) * max(size)
        shade = float(rng.uniform(0, 1))
        if rng.random() < 0.4:
            axes = (max(2, round(reach)), max(2, round(reach * rng.uniform(0.3, 1))))
            middle = (round(float(center[0])), round(float(center[1])))
            width = cv2.FILLED if rng.random() < 0.6 else int(rng.integers(2, 12))
            cv2.ellipse(picture, middle, axes, float(rng.uniform(0, 180)), 0, 360, shade, width, cv2.LINE_AA)
        else:
            angles = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(3, 6))))
            points = center + reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            cv2.fillPoly(picture, [points.round().astype(np.int32)], shade, cv2.LINE_AA)
    return np.asarray(picture + 0.12 * _octaves(size, rng, 2, 0.5), np.float32)
