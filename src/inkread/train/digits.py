"""Crops for the digit network to learn from: digits of many hands, and what is not a digit.

A :class:`CropPool` holds tight ink crops of every source with its share of a batch. :class:`CropStream` draws batches
from it: it bends, thickens, soils and breaks the ink, puts neighbors beside it, and hands the result to
:func:`inkread.recognize.prepare.prepare`, so that the network sees in training what it will see when reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.recognize.prepare import INPUT_SIDE, ink_bounds, prepare

__all__ = ["NOT_A_DIGIT_CLASS", "CropPool", "CropStream", "DistortionOptions", "bent", "tight_crop"]

NOT_A_DIGIT_CLASS = 10
# Side of the square that crops are kept and bent in, and of the ink within: a little finer than the network's input
# (22 pixels of ink), so that bending costs no detail, with room to turn the corners.
CANVAS_SIDE = 48
CANVAS_INK = 30

Crop = NDArray[np.uint8]
Image = NDArray[np.float32]


def tight_crop(ink: Image) -> Crop | None:
    """Give the ink, scaled with its aspect kept to :data:`CANVAS_INK` in the middle of the canvas, or None if empty."""
    bounds = ink_bounds(ink)
    if bounds is None:
        return None
    x0, y0, x1, y1 = bounds
    part = ink[y0:y1, x0:x1]
    scale = CANVAS_INK / max(part.shape)
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    part = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    top, left = (CANVAS_SIDE - size[1]) // 2, (CANVAS_SIDE - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = part
    return np.asarray(np.clip(canvas * 255, 0, 255), np.uint8)


@dataclass(slots=True)
class CropPool:
    """Crops by source, each source with its weight in a batch.

    Sources are added with :meth:`add`; a source's crops are drawn evenly.
    """

    names: list[str] = field(default_factory=list)
    crops: list[NDArray[np.uint8]] = field(default_factory=list)
    targets: list[NDArray[np.int64]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(
        self, name: str, inks: Sequence[Image], targets: Sequence[int] | NDArray[np.int64], *, weight: float
    ) -> None:
        """Add a source. Crops without any ink are left out; a source that has none left is an error."""
        pairs = zip(inks, targets, strict=True)
        kept = [(crop, target) for ink, target in pairs if (crop := tight_crop(ink)) is not None]
        if not kept:
            raise InvalidOption(f"the source {name!r} holds no ink to learn from")
        self.names.append(name)
        self.crops.append(np.stack([crop for crop, _ in kept]))
        self.targets.append(np.array([target for _, target in kept], np.int64))
        self.weights.append(weight)

    def weighed(self, factors: Mapping[str, float]) -> CropPool:
        """The same crops with some sources' weights multiplied; names that the pool lacks are passed over."""
        weights = [weight * factors.get(name, 1.0) for name, weight in zip(self.names, self.weights, strict=True)]
        return CropPool(names=self.names, crops=self.crops, targets=self.targets, weights=weights)

    def __len__(self) -> int:
        return sum(len(crops) for crops in self.crops)

    def shares(self) -> dict[str, tuple[int, float]]:
        """For each source: its number of crops and its share of a batch."""
        total = sum(self.weights)
        rows = zip(self.names, self.crops, self.weights, strict=True)
        return {name: (len(crops), weight / total) for name, crops, weight in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class DistortionOptions:
    """How much crops are bent and soiled. Every ``…_share`` is the share of crops that it happens to, in [0, 1].

    The defaults were chosen by eye: what comes out should still be read without doubt by a person.
    """

    rotation_degrees: float = 7.0  # standard deviation; writers turn digits by about 5°, pages by a few more
    slant: float = 0.14  # standard deviation of the shear x/y
    aspect: float = 0.12  # standard deviation of log(width / height)
    stretch_share: float = 0.07  # pulled to a square, as forms and old data sets do
    elastic_pixels: float = 1.1  # standard deviation of the smooth displacement on the canvas
    elastic_share: float = 0.6
    thickness_share: float = 0.4
    neighbor_share: float = 0.24  # a piece of the next digit at one edge, or at both
    speck_share: float = 0.06  # a dot or a comma near the digit
    rule_share: float = 0.12  # a piece of a ruled line, a box or an underline
    blur_share: float = 0.2
    low_resolution_share: float = 0.12
    noise_share: float = 0.15
    tone_share: float = 0.3
    grain_share: float = 0.08
    binary_share: float = 0.08
    break_share: float = 0.05
    # Off in the recipe: with them a network of the same size reads far more of MNIST-C's digits, and takes more of what
    # stands on photographs for digits.
    outline_share: float = 0.0  # the edges of the strokes alone, as hollow letters and edge filters leave them
    zigzag_share: float = 0.0  # a line scribbled across
    impulse_share: float = 0.0  # single pixels of full ink or bare paper, in all of a small picture
    stripe_share: float = 0.0  # bands at two sides of a small picture in the other polarity, or what is between them
    composed_share: float = 0.10  # crops that are not digits and are made here: pairs, pieces, blots, rules, textures


class CropStream:
    """Endless batches for training.

    Parameters
    ----------
    pool
        Where crops come from; at least one source with digits.
    batch_size
        Crops a batch.
    rng
        The same generator state gives the same batches.
    """

    def __init__(
        self, pool: CropPool, *, batch_size: int, rng: np.random.Generator, options: DistortionOptions | None = None
    ) -> None:
        self._pool = pool
        self._batch_size = batch_size
        self._rng = rng
        self._options = options or DistortionOptions()
        weights = np.array(pool.weights)
        self._shares = weights / weights.sum()
        self._digit_sources = [i for i, targets in enumerate(pool.targets) if (targets < NOT_A_DIGIT_CLASS).any()]
        if not self._digit_sources:
            raise InvalidOption("a pool to learn from needs at least one source with digits")

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Yield inputs (B, 1, 28, 28) and targets (B,) in 0…10 without end."""
        while True:
            yield self.batch()

    def batch(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """One batch: inputs (B, 1, 28, 28), targets (B,) in 0…10."""
        inks = np.empty((self._batch_size, CANVAS_SIDE, CANVAS_SIDE), np.float32)
        targets = np.empty(self._batch_size, np.int64)
        sources = self._rng.choice(len(self._shares), self._batch_size, p=self._shares)
        for i, source in enumerate(sources):
            if self._rng.random() < self._options.composed_share:
                inks[i], targets[i] = self._compose(), NOT_A_DIGIT_CLASS
            else:
                k = self._rng.integers(len(self._pool.crops[source]))
                targets[i] = self._pool.targets[source][k]
                inks[i] = self._distort(self._pool.crops[source][k], whole=targets[i] < NOT_A_DIGIT_CLASS)
        return prepare(inks), targets

    def _digit(self) -> Crop:
        source = self._digit_sources[self._rng.integers(len(self._digit_sources))]
        crops: Crop = self._pool.crops[source]
        return np.asarray(crops[self._rng.integers(len(crops))])

    def _distort(self, crop: Crop, *, whole: bool) -> Image:
        options, rng = self._options, self._rng
        ink = bent(crop, options, rng)
        if rng.random() < options.thickness_share:
            ink = _thickened(ink, rng)
        if whole and rng.random() < options.neighbor_share:
            ink = _beside_neighbor(ink, self._digit(), rng)
            if rng.random() < 0.3:
                ink = _beside_neighbor(ink, self._digit(), rng)
        if whole and rng.random() < options.speck_share:
            ink = _specked(ink, rng)
        if whole and rng.random() < options.rule_share:
            ink = _ruled(ink, rng)
        return _soiled(ink, options, rng)

    def _compose(self) -> Image:
        rng = self._rng
        kind = rng.choice(["pair", "piece", "blot", "rules", "texture"], p=[0.38, 0.16, 0.12, 0.14, 0.2])
        if kind == "pair":
            ink = _pair(self._digit(), self._digit(), rng)
        elif kind == "piece":
            ink = _piece(self._digit(), rng)
        elif kind == "blot":
            ink = _blot(rng)
        elif kind == "rules":
            ink = _rules(rng)
        else:
            ink = _texture(rng)
        return _soiled(ink, self._options, rng)


def bent(crop: Crop, options: DistortionOptions, rng: np.random.Generator) -> Image:
    """Turn, slant, stretch and smoothly bend a crop of :func:`tight_crop` in one resampling; float32 in [0, 1]."""
    angle = min(max(rng.normal(0, options.rotation_degrees), -20), 20) * math.pi / 180
    shear = min(max(rng.normal(0, options.slant), -0.6), 0.6)
    wide = math.exp(rng.normal(0, options.aspect) / 2)
    if rng.random() < options.stretch_share:
        columns, rows = np.flatnonzero(crop.max(0) > 60), np.flatnonzero(crop.max(1) > 60)
        if len(columns) and len(rows):
            wide = math.sqrt(min(max((rows[-1] - rows[0] + 1) / (columns[-1] - columns[0] + 1), 0.5), 4.0))
    c, s = math.cos(angle), math.sin(angle)
    # Rotation times stretch and shear.
    xx, xy, yx, yy = c * wide, -c * shear - s / wide, s * wide, c / wide - s * shear
    # Keep the result on the canvas: a stretched or turned digit shrinks rather than loses its ends.
    reach = max(abs(xx) + abs(xy), abs(yx) + abs(yy)) * CANVAS_INK / 2
    scale = min(1.0, (CANVAS_SIDE / 2 - 2) / reach)
    area = scale * (xx * yy - xy * yx)
    ax, ay, bx, by = yy / area, -xy / area, -yx / area, xx / area  # the inverse
    middle = (CANVAS_SIDE - 1) / 2
    matrix = np.array([[ax, ay, middle * (1 - ax - ay)], [bx, by, middle * (1 - bx - by)]], np.float32)
    if rng.random() >= options.elastic_share:
        warped = cv2.warpAffine(crop, matrix, (CANVAS_SIDE, CANVAS_SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    else:
        knots = rng.normal(0, options.elastic_pixels * rng.uniform(0.5, 1.5), (2, 5, 5)).astype(np.float32)
        side = CANVAS_SIDE, CANVAS_SIDE
        (ax, ay, ux), (bx, by, uy) = matrix
        x = cv2.resize(knots[0], side, interpolation=cv2.INTER_CUBIC) + (ax * _ALONG + (ay * _DOWN + ux))
        y = cv2.resize(knots[1], side, interpolation=cv2.INTER_CUBIC) + (bx * _ALONG + (by * _DOWN + uy))
        warped = cv2.remap(crop, x, y, cv2.INTER_LINEAR)
    return np.asarray(warped, np.float32) / np.float32(255)


_ALONG = np.arange(CANVAS_SIDE, dtype=np.float32)[None, :]
_DOWN = np.arange(CANVAS_SIDE, dtype=np.float32)[:, None]
_KERNEL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def _thickened(ink: Image, rng: np.random.Generator) -> Image:
    """A thicker or thinner pen; a stroke is never thinned until it breaks off altogether."""
    if rng.random() < 0.6:
        changed = cv2.dilate(ink, _KERNEL, iterations=int(rng.integers(1, 4)))
    else:
        changed = cv2.erode(ink, _KERNEL)
        if changed.max() < 0.5 or changed.sum() < 0.25 * ink.sum():
            return ink
    share = np.float32(rng.uniform(0.4, 1.0))
    return np.asarray(ink * (1 - share) + changed * share, np.float32)


def _as_ink(crop: Crop) -> Image:
    return crop.astype(np.float32) / np.float32(255)


def _columns(ink: Image) -> tuple[int, int]:
    occupied = np.flatnonzero(ink.max(axis=0) > 0.25)
    return (int(occupied[0]), int(occupied[-1]) + 1) if len(occupied) else (0, ink.shape[1])


def _beside_neighbor(ink: Image, neighbor: Crop, rng: np.random.Generator) -> Image:
    """A slice of another digit left or right of this one, as a cut leaves it behind."""
    other = _as_ink(neighbor)
    left, right = _columns(ink)
    a, b = _columns(other)
    piece = max(2, round((b - a) * rng.uniform(0.1, 0.45)))
    gap = int(rng.integers(-2, 4))
    down = int(rng.integers(-5, 6))
    out = ink.copy()
    if rng.random() < 0.5:
        start = max(0, left - gap - piece)
        width = max(0, left - gap) - start
        part = other[:, b - width : b]
    else:
        start = min(CANVAS_SIDE, right + gap)
        width = min(CANVAS_SIDE, start + piece) - start
        part = other[:, a : a + width]
    if width > 0:
        region = out[:, start : start + width]
        np.maximum(region, np.roll(part, down, axis=0), out=region)
    return out


def _specked(ink: Image, rng: np.random.Generator) -> Image:
    """A dot, a comma or dirt beside or under the digit."""
    out = ink.copy()
    left, right = _columns(ink)
    x = left - rng.integers(2, 8) if rng.random() < 0.4 else right + rng.integers(1, 7)
    y = int(rng.integers(8, 42))
    end = int(x + rng.integers(-3, 2)), int(y + rng.integers(0, 5))
    cv2.line(out, (int(x), y), end, float(rng.uniform(0.5, 1.0)), int(rng.integers(1, 5)), cv2.LINE_AA)
    return out


def _ruled(ink: Image, rng: np.random.Generator) -> Image:
    """A ruled line through, under or beside the digit."""
    out = ink.copy()
    strength = float(rng.uniform(0.3, 0.9))
    thickness = int(rng.integers(1, 3))
    if rng.random() < 0.65:
        y = int(rng.choice([rng.integers(4, 44), rng.integers(36, 44)]))
        cv2.line(out, (0, y), (CANVAS_SIDE, y + int(rng.integers(-3, 4))), strength, thickness, cv2.LINE_AA)
        left, right = _columns(ink)
        out[:, : max(0, left - 3)] = 0
        out[:, min(CANVAS_SIDE, right + 3) :] = 0
    else:
        left, right = _columns(ink)
        x = left - int(rng.integers(1, 4)) if rng.random() < 0.5 else right + int(rng.integers(0, 3))
        if rng.random() < 0.5:  # the side of a column or a box, longer than the digit is high
            cv2.line(out, (x, 4), (x + int(rng.integers(-2, 3)), 44), strength, thickness, cv2.LINE_AA)
        else:
            length = int(rng.integers(8, 26))
            top = int(rng.integers(6, 42 - length))
            cv2.line(out, (x, top), (x, top + length), strength, thickness, cv2.LINE_AA)
    return np.maximum(out, ink)


def _outlined(ink: Image, rng: np.random.Generator) -> Image:
    """The edges of the strokes, one or two pixels thick."""
    strokes = (ink > 0.4).astype(np.float32)
    edges = strokes - cv2.erode(strokes, _KERNEL) if rng.random() < 0.5 else cv2.dilate(strokes, _KERNEL) - strokes
    if rng.random() < 0.6:
        edges = cv2.dilate(edges, np.ones((2, 2), np.uint8))
    return np.asarray(edges, np.float32)


def _zigzagged(ink: Image, rng: np.random.Generator) -> Image:
    """A line that goes up and down across the crop."""
    count = int(rng.integers(4, 11))
    x = np.linspace(rng.integers(0, 12), rng.integers(36, CANVAS_SIDE), count) + rng.normal(0, 1, count)
    y = CANVAS_SIDE / 2 + rng.normal(0, 6) + rng.uniform(2, 12) * np.where(np.arange(count) % 2, 1, -1)
    points = np.stack([x, y + rng.normal(0, 1.5, count)], axis=1)
    turn = cv2.getRotationMatrix2D((CANVAS_SIDE / 2, CANVAS_SIDE / 2), float(rng.normal(0, 25)), 1.0)
    points = np.rint(points @ turn[:, :2].T + turn[:, 2]).astype(np.int32)
    out = ink.copy()
    cv2.polylines(out, [points], False, float(rng.uniform(0.5, 1.0)), int(rng.integers(1, 4)), cv2.LINE_AA)
    return np.maximum(out, ink)


def _small_picture(rng: np.random.Generator) -> tuple[slice, int]:
    """Where the square of a small picture around the ink lies, across and down, and its side."""
    side = int(rng.integers(36, 47))
    start = (CANVAS_SIDE - side) // 2
    return slice(start, start + side), side


def _with_impulses(ink: Image, rng: np.random.Generator) -> Image:
    """Pixels of a small picture that are full ink or bare paper whatever was there."""
    place, side = _small_picture(rng)
    coarse = cv2.resize(rng.random((INPUT_SIDE, INPUT_SIDE), np.float32), (side, side), interpolation=cv2.INTER_NEAREST)
    amount = rng.uniform(0.03, 0.3)
    out = ink.copy()
    region = out[place, place]
    region[coarse < amount / 2] = 1.0
    region[coarse > 1 - amount / 2] = 0.0
    return out


def _striped(ink: Image, rng: np.random.Generator) -> Image:
    """Bands in the other polarity; which of the two is ink and which paper nobody knows then."""
    place, side = _small_picture(rng)
    reversed_ = np.zeros((side, side), bool)
    reversed_[:, : round(side * rng.uniform(0.15, 0.33))] = True
    reversed_[:, side - round(side * rng.uniform(0.15, 0.33)) :] = True
    if rng.random() < 0.25:
        reversed_ = reversed_.T
    if rng.random() < 0.5:
        reversed_ = ~reversed_
    out = ink.copy()
    out[place, place] = np.where(reversed_, 1 - ink[place, place], ink[place, place])
    return out


def _soiled(ink: Image, options: DistortionOptions, rng: np.random.Generator) -> Image:
    """Blur, noise, tone, grain, breaks: what pen, paper and camera do to ink."""
    if rng.random() < options.outline_share:
        ink = _outlined(ink, rng)
    if rng.random() < options.zigzag_share:
        ink = _zigzagged(ink, rng)
    if rng.random() < options.break_share:
        angle = rng.uniform(0, np.pi)
        x, y = rng.uniform(16, 32, 2)
        dx, dy = 30 * np.cos(angle), 30 * np.sin(angle)
        ink = ink.copy()
        cv2.line(ink, (int(x - dx), int(y - dy)), (int(x + dx), int(y + dy)), 0.0, int(rng.integers(1, 3)))
    if rng.random() < options.grain_share:
        grain = cv2.GaussianBlur(rng.random(ink.shape, np.float32), (0, 0), float(rng.uniform(0.5, 1.0)))
        ink = ink * np.clip((grain - 0.5) * rng.uniform(2, 8) + rng.uniform(0.5, 0.9), 0, 1)
    if rng.random() < options.blur_share:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.random() < options.low_resolution_share:
        side = int(rng.integers(13, 26))
        small = cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA)
        ink = cv2.resize(small, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_LINEAR)
    if rng.random() < options.tone_share:
        ink = np.power(np.clip(ink, 0, 1), np.float32(np.exp(rng.normal(0, 0.45))))
    if rng.random() < options.noise_share:
        ink = ink + rng.standard_normal(ink.shape, np.float32) * np.float32(rng.uniform(0.02, 0.12))
    if rng.random() < options.binary_share:
        ink = (ink > rng.uniform(0.25, 0.6)).astype(np.float32)
    if rng.random() < options.impulse_share:
        ink = _with_impulses(ink, rng)
    if rng.random() < options.stripe_share:
        ink = _striped(ink, rng)
    return np.asarray(np.clip(ink, 0, 1, dtype=np.float32))


def _pair(first: Crop, second: Crop, rng: np.random.Generator) -> Image:
    """Two digits side by side, close enough to be taken for one crop."""
    parts = []
    for crop in (first, second):
        ink = _as_ink(crop)
        a, b = _columns(ink)
        parts.append(ink[:, a:b])
    overlap = int(rng.integers(-4, 5))
    width = parts[0].shape[1] + parts[1].shape[1] - overlap
    canvas = np.zeros((CANVAS_SIDE, max(width, parts[0].shape[1], parts[1].shape[1])), np.float32)
    canvas[:, : parts[0].shape[1]] = parts[0]
    right = canvas[:, -parts[1].shape[1] :]
    np.maximum(right, np.roll(parts[1], int(rng.integers(-6, 7)), axis=0), out=right)
    scale = min(1.0, (CANVAS_SIDE - 6) / canvas.shape[1])
    size = max(1, round(canvas.shape[1] * scale)), max(1, round(CANVAS_SIDE * scale))
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    return _centered(small)


def _centered(part: Image) -> Image:
    out = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    top, left = (CANVAS_SIDE - part.shape[0]) // 2, (CANVAS_SIDE - part.shape[1]) // 2
    out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


def _piece(crop: Crop, rng: np.random.Generator) -> Image:
    """A slice of a digit. Narrow slices only: half an 8 is a 0, and the lower part of a 9 a 1."""
    ink = _as_ink(crop)
    a, b = _columns(ink)
    if b - a < 12:  # a slice of a one is a one: give its dot-like end instead
        rows = np.flatnonzero(ink.max(axis=1) > 0.25)
        keep = max(3, (b - a))
        out = np.zeros_like(ink)
        out[rows[0] : rows[0] + keep] = ink[rows[0] : rows[0] + keep]
        return out
    width = max(4, round((b - a) * rng.uniform(0.2, 0.4)))
    out = np.zeros_like(ink)
    start = a if rng.random() < 0.5 else b - width
    out[:, start : start + width] = ink[:, start : start + width]
    rows = np.flatnonzero(out.max(axis=1) > 0.25)
    if len(rows) and rows[-1] - rows[0] > 2.5 * width:  # too like a one: keep its upper half
        out[(rows[0] + rows[-1]) // 2 :] = 0
    return out


def _blot(rng: np.random.Generator) -> Image:
    out = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.5:
            axes = int(rng.integers(3, 16)), int(rng.integers(3, 16))
            center = int(rng.integers(16, 32)), int(rng.integers(16, 32))
            cv2.ellipse(out, center, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
        else:
            points = rng.integers(8, 40, (int(rng.integers(3, 7)), 2)).astype(np.int32)
            cv2.fillPoly(out, [points], 1.0, cv2.LINE_AA)
    return out


def _rules(rng: np.random.Generator) -> Image:
    """Dashes, corners, crossings and grids: what forms and ruled paper leave behind. A lone upright bar is a one."""
    out = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    thickness = int(rng.integers(1, 5))
    horizontals = int(rng.integers(1, 4))
    for _ in range(horizontals):
        y = int(rng.integers(8, 40))
        cv2.line(
            out,
            (int(rng.integers(0, 14)), y),
            (int(rng.integers(30, 48)), y + int(rng.integers(-2, 3))),
            1.0,
            thickness,
            cv2.LINE_AA,
        )
    for _ in range(int(rng.integers(0, 3))):
        x = int(rng.integers(4, 44))
        cv2.line(
            out,
            (x, int(rng.integers(0, 16))),
            (x + int(rng.integers(-2, 3)), int(rng.integers(28, 48))),
            1.0,
            thickness,
            cv2.LINE_AA,
        )
    return out


def _texture(rng: np.random.Generator) -> Image:
    """Smoothed noise, cut at a level: foliage, roofs, cloth, grain."""
    noise = rng.standard_normal((CANVAS_SIDE, CANVAS_SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(1.2, 5)), sigmaY=float(rng.uniform(1.2, 5)))
    level = float(np.quantile(smooth, rng.uniform(0.6, 0.9)))
    soft = np.clip((smooth - level) / (smooth.std() * rng.uniform(0.1, 0.6)), 0, 1)
    return np.asarray(soft * _window(rng), np.float32)


def _window(rng: np.random.Generator) -> Image:
    out = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.float32)
    half_width, half_height = rng.integers(7, 20), rng.integers(10, 20)
    middle = CANVAS_SIDE // 2
    out[middle - half_height : middle + half_height, middle - half_width : middle + half_width] = 1
    return out
