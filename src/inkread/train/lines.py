"""Lines for the line network to learn from: strings in one writer's digits, and what stands around them on paper.

Lines are put together in ink, at the height that :func:`inkread.recognize.prepare.prepare_line` gives: digits of one
writer with their slant, spacing and size, touching and overlapping; marks between them that are read past; rules,
boxes, patterns and neighbors behind and around them; then blur, grain and noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.recognize.prepare import LINE_DIGIT_HEIGHT, LINE_HEIGHT

__all__ = ["LineStream", "WriterDigits", "random_number"]

Crop = NDArray[np.uint8]
Image = NDArray[np.float32]

# Lines are composed a little higher than the network's strip, so that what the strip cuts off is there to be cut.
CANVAS_HEIGHT = LINE_HEIGHT + 16
# Strings are batched by length, so that little of a batch is padding.
LENGTH_CLASSES = ((1, 4), (3, 7), (6, 11), (10, 16))
LENGTH_SHARES = (0.3, 0.4, 0.2, 0.1)


@dataclass(frozen=True, slots=True, eq=False)
class WriterDigits:
    """Tight crops of one writer's digits: for each digit an array (n, side, side), n ≥ 1."""

    crops: tuple[NDArray[np.uint8], ...]

    def __post_init__(self) -> None:
        if len(self.crops) != 10 or not all(len(crops) for crops in self.crops):
            raise InvalidOption("a writer needs at least one crop of each of the ten digits")


def random_number(rng: np.random.Generator, length: int) -> str:
    """Digits as people write them: amounts that end in zeros, years, repeated digits, leading zeros, anything."""
    kind = rng.random()
    digits = "".join(str(d) for d in rng.integers(0, 10, length))
    if kind < 0.25 and length > 1:
        zeros = int(rng.integers(1, length))
        digits = digits[: length - zeros] + "0" * zeros
    elif kind < 0.33:
        digits = str(rng.integers(0, 10)) * length
    elif kind < 0.4 and length >= 4:
        digits = (str(rng.choice(["19", "20"])) + digits)[:length]
    elif kind < 0.5 and length > 2:
        at = int(rng.integers(0, length - 1))
        digits = digits[:at] + digits[at] * 2 + digits[at + 2 :]
    return digits


class LineStream:
    """Endless batches of lines.

    Parameters
    ----------
    writers
        Whose digits are written with, drawn evenly within each group.
    shares
        For each group its share of the lines.
    others
        Tight crops of letters and signs, (n, side, side), read past.
    batch_size
        Lines a batch.
    rng
        The same generator state gives the same batches.
    """

    def __init__(
        self,
        writers: Sequence[Sequence[WriterDigits]],
        shares: Sequence[float],
        others: NDArray[np.uint8],
        *,
        batch_size: int,
        rng: np.random.Generator,
    ) -> None:
        if len(writers) != len(shares) or not writers or not all(writers):
            raise InvalidOption("a line stream needs at least one group of writers, and a share for each")
        self._writers = writers
        self._shares = np.array(shares) / sum(shares)
        self._others = others
        self._batch_size = batch_size
        self._rng = rng

    def batch(self) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
        """Strips (B, 1, LINE_HEIGHT, W) in [0, 1], their true widths (B,), and their texts."""
        low, high = LENGTH_CLASSES[self._rng.choice(len(LENGTH_CLASSES), p=LENGTH_SHARES)]
        lines = [self.line(int(self._rng.integers(low, high + 1))) for _ in range(self._batch_size)]
        widths = np.array([ink.shape[1] for ink, _ in lines])
        strips = np.zeros((len(lines), 1, LINE_HEIGHT, -(-int(widths.max()) // 8) * 8), np.float32)
        for strip, (ink, _) in zip(strips, lines, strict=True):
            strip[0, :, : ink.shape[1]] = ink
        return strips, widths, [text for _, text in lines]

    def line(self, length: int) -> tuple[Image, str]:
        """One strip of ink (LINE_HEIGHT, W) and its text of ``length`` digits."""
        rng = self._rng
        group = self._writers[int(rng.choice(len(self._writers), p=self._shares))]
        writer = group[int(rng.integers(len(group)))]
        text = random_number(rng, length)
        canvas = self._written(text, writer)
        if rng.random() < 0.35:
            self._clutter(canvas)
        canvas = _slanted(canvas, rng)
        canvas = _on_paper(canvas, rng)
        return _soiled(canvas, rng), text

    def _written(self, text: str, writer: WriterDigits) -> Image:
        rng = self._rng
        size = LINE_DIGIT_HEIGHT * rng.uniform(0.82, 1.15)
        spacing = rng.choice([rng.normal(0.0, 0.06), rng.uniform(-0.12, 0.3), rng.uniform(0.2, 0.9)], p=[0.4, 0.4, 0.2])
        thickness = rng.choice([0, 1, 2, -1], p=[0.6, 0.22, 0.08, 0.1])
        size_jitter, rise_jitter = rng.uniform(0.02, 0.14), rng.uniform(0.2, 2.0)
        end_dash = rng.random() < 0.12
        marked = rng.random() < 0.3
        drift = rng.normal(0, 0.02)
        glyphs: list[tuple[int, int, Image]] = []
        x = float(rng.integers(2, 14))
        baseline = CANVAS_HEIGHT / 2 + size / 2 + rng.normal(0, 1.0)
        shapes = [(0.0, self._mark())] if rng.random() < 0.08 else []
        for at, character in enumerate(text):
            crops = writer.crops[int(character)]
            crop = crops[rng.integers(len(crops))]
            shapes.append((size * float(np.clip(rng.normal(1, size_jitter), 0.6, 1.4)), _tight(crop)))
            left = len(text) - at - 1
            if marked and left and (left % 3 == 0 or rng.random() < 0.1):
                shapes.append((0.0, self._mark()))
        if end_dash:
            shapes.extend((0.0, _dash(rng)) for _ in range(int(rng.integers(1, 3))))
        for height, shape in shapes:
            if height:
                scale = height / shape.shape[0]
                width = max(2, round(shape.shape[1] * scale))
                ink = _resized(shape, width, max(4, round(height)))
                if thickness > 0:
                    ink = cv2.dilate(ink, _CROSS, iterations=int(thickness))
                elif thickness < 0:
                    ink = np.maximum(cv2.erode(ink, _CROSS), ink * 0.4)
                top = baseline - ink.shape[0] + rng.normal(0, rise_jitter) + drift * x
            else:
                ink = shape.astype(np.float32) / np.float32(255)
                mark_middle = rng.choice([baseline - 2, baseline - size / 2])
                top = mark_middle - ink.shape[0] / 2 + drift * x
            glyphs.append((round(x), round(top), ink))
            gap = spacing * size + rng.normal(0, 0.05 * size)
            if not height:
                gap = abs(gap)
            x = max(x + 3, x + ink.shape[1] + gap)
        canvas = np.zeros((CANVAS_HEIGHT, int(x + rng.integers(4, 16))), np.float32)
        for left, top, ink in glyphs:
            _stamp(canvas, ink, left, top)
        return canvas

    def _mark(self) -> NDArray[np.uint8]:
        """A dot, comma, dash, slash or sign that is read past."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.55:
            return _dot(rng)
        if kind < 0.75:
            return _dash(rng)
        crop = _tight(self._others[rng.integers(len(self._others))])
        height = int(rng.integers(10, LINE_DIGIT_HEIGHT + 2))
        shrunk = _resized(crop, max(3, round(crop.shape[1] * height / crop.shape[0])), height)
        return np.asarray(np.clip(shrunk * 255, 0, 255), np.uint8)

    def _clutter(self, canvas: Image) -> None:
        """Rules, boxes, and pieces of the lines above and below."""
        rng = self._rng
        height, width = canvas.shape
        strength = float(rng.uniform(0.25, 1.0))
        kind = rng.random()
        if kind < 0.4:
            y = int(rng.integers(height - 18, height - 6)) if rng.random() < 0.7 else int(rng.integers(4, height - 4))
            cv2.line(
                canvas, (0, y), (width, y + int(rng.integers(-2, 3))), strength, int(rng.integers(1, 3)), cv2.LINE_AA
            )
        elif kind < 0.6:
            top, bottom = int(rng.integers(2, 9)), height - int(rng.integers(3, 10))
            step = rng.uniform(0.9, 1.5) * LINE_DIGIT_HEIGHT
            for y in (top, bottom):
                cv2.line(canvas, (0, y), (width, y), strength, 1, cv2.LINE_AA)
            x = float(rng.uniform(0, step))
            while rng.random() < 0.95 and x < width:
                cv2.line(canvas, (int(x), top), (int(x), bottom), strength * 0.8, 1, cv2.LINE_AA)
                x += step
        else:
            for _ in range(int(rng.integers(1, max(2, width // 30)))):
                group = self._writers[int(rng.choice(len(self._writers), p=self._shares))]
                writer = group[int(rng.integers(len(group)))]
                crops = writer.crops[rng.integers(10)]
                crop = _tight(crops[rng.integers(len(crops))])
                ink = _resized(
                    crop, max(2, round(crop.shape[1] * LINE_DIGIT_HEIGHT / crop.shape[0])), LINE_DIGIT_HEIGHT
                )
                above = rng.random() < 0.5
                top = int(rng.integers(-16, -9)) if above else height - int(rng.integers(7, 12))
                _stamp(canvas, ink, int(rng.integers(-5, width)), top)


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def _tight(crop: Crop) -> Crop:
    rows, columns = np.flatnonzero(crop.max(axis=1) > 60), np.flatnonzero(crop.max(axis=0) > 60)
    if not len(rows):
        return crop
    return crop[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(crop: Crop, width: int, height: int) -> Image:
    small = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _stamp(canvas: Image, ink: Image, left: int, top: int) -> None:
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(canvas.shape[0], top + ink.shape[0]), min(canvas.shape[1], left + ink.shape[1])
    if y0 < y1 and x0 < x1:
        region = canvas[y0:y1, x0:x1]
        np.maximum(region, ink[y0 - top : y1 - top, x0 - left : x1 - left], out=region)


def _dot(rng: np.random.Generator) -> NDArray[np.uint8]:
    out = np.zeros((int(rng.integers(3, 9)), int(rng.integers(3, 6))), np.uint8)
    end = (out.shape[1] // 2 - int(rng.integers(0, 2)), out.shape[0] - 2)
    cv2.line(out, (out.shape[1] // 2, 1), end, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return out


def _dash(rng: np.random.Generator) -> NDArray[np.uint8]:
    out = np.zeros((int(rng.integers(3, 9)), int(rng.integers(7, 30))), np.uint8)
    ends = rng.integers(1, max(2, out.shape[0] - 1), 2)
    cv2.line(out, (1, int(ends[0])), (out.shape[1] - 2, int(ends[1])), 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return out


def _slanted(canvas: Image, rng: np.random.Generator) -> Image:
    """The writer's slant, a tilted line, and the strip cut out a little too high, low, large or small."""
    shear = np.clip(rng.normal(0, 0.18), -0.5, 0.5)
    tilt = np.clip(rng.normal(0, 0.012), -0.04, 0.04)
    scale = np.exp(rng.normal(0, 0.07))
    stretch = scale * np.exp(rng.normal(0, 0.1))
    height, width = canvas.shape
    pad = abs(shear) * height / 2 + 2
    out_width = max(12, int(width * stretch + 2 * pad))
    middle = height / 2
    forward = np.array(
        [
            [stretch, -shear, pad + shear * middle],
            [tilt, scale, LINE_HEIGHT / 2 - scale * middle - tilt * width / 2 + np.clip(rng.normal(0, 1.3), -3.5, 3.5)],
        ]
    )
    out = cv2.warpAffine(canvas, forward, (out_width, LINE_HEIGHT), flags=cv2.INTER_LINEAR)
    return np.asarray(out, np.float32)


def _on_paper(ink: Image, rng: np.random.Generator) -> Image:
    """What cleaning leaves of the paper: patterns, grain, uneven ink."""
    height, width = ink.shape
    if rng.random() < 0.3:
        ink = ink * _smooth_noise((height, width), rng, float(rng.uniform(6, 40)), 0.35, 1.0)
    if rng.random() < 0.3:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        angle = rng.uniform(0, np.pi)
        period = rng.uniform(3.5, 11)
        wave = np.sin(
            2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period
            + rng.uniform(0, 2.5) * np.sin(2 * np.pi * x / rng.uniform(15, 60))
        )
        pattern = np.clip(wave * rng.uniform(1, 3) - rng.uniform(0, 1), 0, 1) * rng.uniform(0.1, 0.5)
        ink = np.maximum(ink, pattern) if rng.random() < 0.5 else ink + pattern
    if rng.random() < 0.2:
        specks = (rng.random((height, width)) < rng.uniform(0.001, 0.02)).astype(np.float32)
        ink = np.maximum(ink, cv2.GaussianBlur(specks, (3, 3), 0.6) * 1.5)
    return np.asarray(ink, np.float32)


def _smooth_noise(size: tuple[int, int], rng: np.random.Generator, scale: float, low: float, high: float) -> Image:
    coarse = rng.uniform(low, high, (max(2, int(size[0] / scale) + 1), max(2, int(size[1] / scale) + 1)))
    return np.asarray(cv2.resize(coarse.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_LINEAR))


def _soiled(ink: Image, rng: np.random.Generator) -> Image:
    if rng.random() < 0.3:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.4, 1.4)))
    if rng.random() < 0.2:
        factor = rng.uniform(0.4, 0.8)
        small = cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        ink = cv2.resize(small, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.35:
        ink = np.power(np.clip(ink, 0, 1), np.float32(np.exp(rng.normal(0, 0.4))))
    if rng.random() < 0.25:
        ink = ink + rng.standard_normal(ink.shape, np.float32) * np.float32(rng.uniform(0.02, 0.1))
    if rng.random() < 0.06:
        ink = (ink > rng.uniform(0.25, 0.55)).astype(np.float32)
    return np.asarray(np.clip(ink, 0, 1), np.float32)
