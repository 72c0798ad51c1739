"""The fifteen corruptions of MNIST-C, for digits of 28 × 28 pixels, at the severities that its authors published.

Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision", arXiv 1906.02337. Written anew after the
paper and the parameters of its published program, in whose terms each kind has up to five severities, of which the data
set is made with one: :data:`CORRUPTIONS` holds them all and says which. What the authors drew at random is drawn here
from another generator, so that single pictures differ from theirs and the kinds and their strengths do not.

Pictures are uint8 (N, 28, 28), light ink on dark paper, as in MNIST; N are worked on side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray, InvalidOption

__all__ = ["CORRUPTIONS", "Corruption", "corrupt"]

Pictures = NDArray[np.uint8]
Ink = NDArray[np.float32]  # (N, 28, 28) in [0, 1]

SIDE = 28
_MIDDLE = (SIDE - 1) / 2
# Side of the fractal that fog is cut from; the least and the greatest value of the whole fractal set its scale.
_FOG_SIDE = 256
# Fractals made at once: bounds their memory to about 60 MB.
_FOGS = 100
# Distance from a line, in pixels, at which its darkness has faded to nothing is a little below this.
_LINE_REACH = 2.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """One kind: what it does, the parameters of its severities, and the severity that MNIST-C is made with.

    Attributes
    ----------
    apply
        Ink (N, 28, 28) in [0, 1], one entry of ``severities``, and the generator → corrupted ink, any range.
    severities
        From the mildest; one entry where the authors published no levels.
    published
        Counted from 1.
    """

    apply: Callable[[Ink, Any, np.random.Generator], NDArray[Any]]
    severities: tuple[Any, ...]
    published: int = 1


def corrupt(pictures: Pictures, kind: str, *, rng: np.random.Generator, severity: int | None = None) -> Pictures:
    """The pictures after one kind of corruption.

    Parameters
    ----------
    pictures
        uint8 (N, 28, 28), light ink on dark.
    kind
        A name of :data:`CORRUPTIONS`.
    severity
        From 1; by default the one that MNIST-C is made with.

    Raises
    ------
    InvalidArray
        If the pictures are of another type or shape.
    InvalidOption
        If there is no such kind or severity.

    Examples
    --------
    >>> black = np.zeros((2, 28, 28), np.uint8)
    >>> corrupt(black, "stripe", rng=np.random.default_rng(0))[0, 0, [0, 6, 7, 20, 21]].tolist()
    [255, 255, 0, 0, 255]
    """
    if pictures.dtype != np.uint8 or pictures.ndim != 3 or pictures.shape[1:] != (SIDE, SIDE):
        raise InvalidArray(
            f"MNIST-C corrupts uint8 pictures of shape (N, {SIDE}, {SIDE}); got {pictures.dtype} {pictures.shape}"
        )
    known = CORRUPTIONS.get(kind)
    if known is None:
        raise InvalidOption(f"unknown corruption {kind!r}; known are {', '.join(CORRUPTIONS)}")
    level = known.published if severity is None else severity
    if not 1 <= level <= len(known.severities):
        raise InvalidOption(f"{kind} has the severities 1 to {len(known.severities)}; got {level}")
    if not len(pictures):
        return pictures.copy()
    ink = pictures.astype(np.float32) / np.float32(255)
    changed = known.apply(ink, known.severities[level - 1], rng)
    return np.asarray(np.round(np.clip(changed, 0, 1) * 255), np.uint8)


# -- noise ------------------------------------------------------------------------------------------------------------


def _shot_noise(ink: Ink, photons: float, rng: np.random.Generator) -> NDArray[Any]:
    return rng.poisson(ink * photons) / photons


def _impulse_noise(ink: Ink, share: float, rng: np.random.Generator) -> NDArray[Any]:
    struck, salt = rng.random(ink.shape) < share, rng.random(ink.shape) < 0.5
    return np.where(struck, salt, ink)


# -- blur -------------------------------------------------------------------------------------------------------------


def _blurred(ink: Ink, sigma: float) -> Ink:
    """A Gaussian that reaches four deviations, the edge pixels continued."""
    side = 2 * int(4 * sigma + 0.5) + 1
    return np.stack([cv2.GaussianBlur(one, (side, side), sigma, borderType=cv2.BORDER_REPLICATE) for one in ink])


def _glass_blur(ink: Ink, how: tuple[float, int, int], rng: np.random.Generator) -> NDArray[Any]:
    """Blurred, pixels exchanged with near ones as through rough glass, and blurred again."""
    sigma, reach, times = how
    glass = np.floor(_blurred(ink, sigma) * 255) / 255
    everyone = np.arange(len(ink))
    for _ in range(times):
        for row in range(SIDE - reach, reach, -1):
            for column in range(SIDE - reach, reach, -1):
                moved = rng.random(len(ink)) < 0.5
                down, across = rng.integers(-reach, reach, (2, len(ink)))
                other = everyone[moved], row + down[moved], column + across[moved]
                here = everyone[moved], row, column
                glass[here], glass[other] = glass[other], glass[here]
    return _blurred(glass.astype(np.float32), sigma)


def _motion_blur(ink: Ink, how: tuple[float, float], rng: np.random.Generator) -> NDArray[Any]:
    """Smeared to one side at an angle of up to 45 degrees, by half a Gaussian, as ImageMagick's motion blur does."""
    radius, sigma = how
    width = 2 * math.ceil(radius) + 1
    kernel = np.exp(-(np.arange(width) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    angles = np.radians(rng.uniform(-45, 45, len(ink)))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    everyone = np.arange(len(ink))[:, None, None]
    out = np.zeros(ink.shape, np.float64)
    for place, weight in enumerate(kernel):
        # Whole pixels, rounded half down; what lies outside is the nearest pixel of the edge.
        across = np.ceil(place * np.cos(angles) - 0.5).astype(np.int64)[:, None, None]
        down = np.ceil(place * np.sin(angles) - 0.5).astype(np.int64)[:, None, None]
        out += weight * ink[everyone, np.clip(rows + down, 0, SIDE - 1), np.clip(columns + across, 0, SIDE - 1)]
    return out


# -- movement ---------------------------------------------------------------------------------------------------------


def _warped(ink: Ink, matrices: NDArray[np.float64]) -> Ink:
    """Each picture taken from where its matrix (2, 2) leads, about the middle; outside is paper."""
    middle = np.array([_MIDDLE, _MIDDLE])
    moved = [
        cv2.warpAffine(
            one,
            np.column_stack([matrix, middle - matrix @ middle]),
            (SIDE, SIDE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        for one, matrix in zip(ink, matrices, strict=True)
    ]
    return np.asarray(moved, np.float32)


def _signs(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], count)


def _shear(ink: Ink, radians: float, rng: np.random.Generator) -> NDArray[Any]:
    angles = radians * _signs(rng, len(ink))
    ones, zeros = np.ones_like(angles), np.zeros_like(angles)
    return _warped(ink, np.array([[ones, -np.sin(angles)], [zeros, np.cos(angles)]]).transpose(2, 0, 1))


def _scale(ink: Ink, factor: float, rng: np.random.Generator) -> NDArray[Any]:
    return _warped(ink, np.repeat(np.eye(2)[None] / factor, len(ink), axis=0))


def _rotate(ink: Ink, radians: float, rng: np.random.Generator) -> NDArray[Any]:
    angles = radians * _signs(rng, len(ink))
    cosine, sine = np.cos(angles), np.sin(angles)
    return _warped(ink, np.array([[cosine, -sine], [sine, cosine]]).transpose(2, 0, 1))


def _translate(ink: Ink, pixels: int, rng: np.random.Generator) -> NDArray[Any]:
    padded = np.pad(ink, ((0, 0), (pixels, pixels), (pixels, pixels)))
    down, across = (pixels * _signs(rng, len(ink)).astype(np.int64) + pixels for _ in range(2))
    return np.stack([one[y : y + SIDE, x : x + SIDE] for one, y, x in zip(padded, down, across, strict=True)])


# -- light and dirt ---------------------------------------------------------------------------------------------------


def _brightness(ink: Ink, more: float, rng: np.random.Generator) -> NDArray[Any]:
    return ink + more


def _stripe(ink: Ink, nothing: None, rng: np.random.Generator) -> NDArray[Any]:
    striped = ink.copy()
    striped[:, :, :7] = 1 - ink[:, :, :7]
    striped[:, :, 21:] = 1 - ink[:, :, 21:]
    return striped


def _fog(ink: Ink, how: tuple[float, float], rng: np.random.Generator) -> NDArray[Any]:
    strength, decay = how
    fog = np.concatenate(
        [_plasma(min(_FOGS, len(ink) - start), decay, rng) for start in range(0, len(ink), _FOGS)]
    )  # (N, 28, 28)
    most = ink.max(axis=(1, 2), keepdims=True)
    return np.asarray((ink + strength * fog) * most / (most + strength))


def _plasma(count: int, decay: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Corners of ``count`` fractals in [0, 1], made by displacing middles (diamonds and squares)."""
    heights = np.zeros((count, _FOG_SIDE, _FOG_SIDE), np.float32)
    step, wibble = _FOG_SIDE, 100.0

    def displaced(sums: NDArray[np.float32]) -> NDArray[np.float32]:
        return sums / 4 + np.float32(wibble * wibble) * rng.uniform(-1, 1, sums.shape).astype(np.float32)

    while step >= 2:
        half = step // 2
        corners = heights[:, ::step, ::step]
        beside = corners + np.roll(corners, -1, axis=1)
        heights[:, half::step, half::step] = displaced(beside + np.roll(beside, -1, axis=2))
        middles = heights[:, half::step, half::step]
        around = middles + np.roll(middles, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        heights[:, ::step, half::step] = displaced(around)
        around = middles + np.roll(middles, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        heights[:, half::step, ::step] = displaced(around)
        step //= 2
        wibble /= decay
    heights -= heights.min(axis=(1, 2), keepdims=True)
    heights /= heights.max(axis=(1, 2), keepdims=True)
    return heights[:, :SIDE, :SIDE].copy()


def _spatter(ink: Ink, how: tuple[float, float, float, float, float], rng: np.random.Generator) -> NDArray[Any]:
    """Drops of mud, a quarter as light as ink, over the digit."""
    mean, deviation, sigma, level, edge = how
    liquid = _blurred(rng.normal(mean, deviation, ink.shape).astype(np.float32), sigma)
    mud = _blurred((liquid > level).astype(np.float32), edge)
    mud[mud < 0.8] = 0
    return ink * (1 - mud) + mud * np.float32(63 / 255)


def _line(start: tuple[float, float], end: tuple[float, float]) -> NDArray[np.float64]:
    """A soft line from column and row to column and row, as ink."""
    (column0, row0), (column1, row1) = start, end
    if column0 == column1:
        return np.zeros((SIDE, SIDE))
    columns, rows = np.arange(SIDE)[None, :], np.arange(SIDE)[:, None]
    slope = (row1 - row0) / (column1 - column0)
    distance = np.clip(np.abs(rows - (slope * (columns - column0) + row0)), 0, _LINE_REACH - 1e-10)
    ink = np.clip(np.log(1 - distance / _LINE_REACH) + 1, 0, 1)
    ink[:, : math.floor(column0)] = 0
    ink[:, math.ceil(column1) :] = 0
    return np.asarray(ink)


def _dotted_line(ink: Ink, nothing: None, rng: np.random.Generator) -> NDArray[Any]:
    added = np.stack([_line((0, first), (27, last)) for first, last in rng.integers(0, 27, (len(ink), 2))])
    for column in range(0, SIDE, 4):
        added[:, :, column : column + 2] = 0
    return ink + added


def _zigzag(ink: Ink, nothing: None, rng: np.random.Generator) -> NDArray[Any]:
    out = ink.astype(np.float64)
    for one in out:
        first = int(rng.integers(0, 27))
        corners = _zigzag_corners(first, first + int(rng.integers(-5, 5)))
        for start, end in pairwise(corners):
            np.clip(one + _line(start, end), 0, 1, out=one)
    return out


def _zigzag_corners(first: int, last: int) -> list[tuple[float, float]]:
    """Columns and rows of a zigzag of two pixels up and down, from column 2 to column 25."""
    left, right, half = 2, 25, 2.0
    angle = math.atan((last - first) / (right - left))
    length = (right - left) / math.cos(angle)
    count = int((length - half) // (2 * half)) + 1
    flat = [(0.0, 0.0), *(((2 * place + 1) * half, (-1) ** place * half) for place in range(count))]
    rest = length - 2 * half * (length // (2 * half))
    if rest:
        flat.append((length, flat[-1][1] / (2 * rest)))
    cosine, sine = math.cos(angle), math.sin(angle)
    return [(cosine * x - sine * y + left, sine * x + cosine * y + first) for x, y in flat]


# -- edges ------------------------------------------------------------------------------------------------------------


def _canny_edges(ink: Ink, how: tuple[float, float, float], rng: np.random.Generator) -> NDArray[Any]:
    """The edges alone (Canny 1986, doi:10.1109/TPAMI.1986.4767851), one pixel wide.

    OpenCV's own detector neither smooths nor compares between pixels, and would keep other edges than the authors'.
    """
    sigma, low, high = how
    return np.stack([_edges(one, sigma, low, high) for one in ink])


def _edges(ink: Ink, sigma: float, low: float, high: float) -> NDArray[np.bool_]:
    side = 2 * int(4 * sigma + 0.5) + 1
    smooth = cv2.GaussianBlur(ink, (side, side), sigma, borderType=cv2.BORDER_CONSTANT).astype(np.float64)
    # Near the edge less than a whole Gaussian lies on the picture.
    smooth /= cv2.GaussianBlur(np.ones_like(ink), (side, side), sigma, borderType=cv2.BORDER_CONSTANT) + 1e-12
    across = cv2.Sobel(smooth, cv2.CV_64F, 1, 0, borderType=cv2.BORDER_REFLECT)
    down = cv2.Sobel(smooth, cv2.CV_64F, 0, 1, borderType=cv2.BORDER_REFLECT)
    strength = np.hypot(across, down)
    crest = _is_crest(strength, across, down) & (strength >= low)
    crest[[0, -1], :] = crest[:, [0, -1]] = False
    count, labels = cv2.connectedComponents(crest.astype(np.uint8), connectivity=8)
    strong = np.zeros(count, np.bool_)
    strong[labels[crest & (strength >= high)]] = True
    strong[0] = False
    return np.asarray(strong[labels])


def _is_crest(strength: NDArray[np.float64], across: NDArray[np.float64], down: NDArray[np.float64]) -> Any:
    """Where the strength is no less than on both sides along the gradient, read between the pixels there."""
    padded = np.pad(strength, 1)

    def at(step_down: NDArray[np.int64], step_across: NDArray[np.int64]) -> NDArray[np.float64]:
        rows, columns = np.mgrid[1 : SIDE + 1, 1 : SIDE + 1]
        return np.asarray(padded[rows + step_down, columns + step_across])

    steep = np.abs(down) >= np.abs(across)
    larger, smaller = np.maximum(np.abs(down), np.abs(across)), np.minimum(np.abs(down), np.abs(across))
    share = np.divide(smaller, larger, out=np.zeros_like(larger), where=larger > 0)
    y, x = np.where(down >= 0, 1, -1), np.where(across >= 0, 1, -1)
    straight = np.where(steep, y, 0), np.where(steep, 0, x)
    ahead = at(y, x) * share + at(*straight) * (1 - share)
    behind = at(-y, -x) * share + at(-straight[0], -straight[1]) * (1 - share)
    return (strength >= ahead) & (strength >= behind) & (larger > 0)


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "shot_noise": Corruption(apply=_shot_noise, severities=(60.0, 25.0, 12.0, 5.0, 3.0), published=5),
        "impulse_noise": Corruption(apply=_impulse_noise, severities=(0.03, 0.06, 0.09, 0.17, 0.27), published=4),
        "glass_blur": Corruption(
            apply=_glass_blur, severities=((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
        ),
        "motion_blur": Corruption(
            apply=_motion_blur, severities=((10.0, 3.0), (15.0, 5.0), (15.0, 8.0), (15.0, 12.0), (20.0, 15.0))
        ),
        "shear": Corruption(apply=_shear, severities=(0.2, 0.4, 0.6, 0.8, 1.0), published=2),
        "scale": Corruption(apply=_scale, severities=(0.9, 0.8, 0.7, 0.6, 0.5), published=3),
        "rotate": Corruption(apply=_rotate, severities=(0.2, 0.4, 0.6, 0.8, 1.0), published=2),
        "brightness": Corruption(apply=_brightness, severities=(0.1, 0.2, 0.3, 0.4, 0.5), published=5),
        "translate": Corruption(apply=_translate, severities=(1, 2, 3, 4, 5), published=3),
        "stripe": Corruption(apply=_stripe, severities=(None,)),
        "fog": Corruption(
            apply=_fog, severities=((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4)), published=5
        ),
        "spatter": Corruption(
            apply=_spatter,
            severities=(
                (0.65, 0.3, 4.0, 0.69, 0.6),
                (0.65, 0.3, 3.0, 0.68, 0.6),
                (0.65, 0.3, 2.0, 0.68, 0.5),
                (0.65, 0.3, 1.0, 0.65, 1.5),
                (0.67, 0.4, 1.0, 0.65, 1.5),
            ),
            published=4,
        ),
        "dotted_line": Corruption(apply=_dotted_line, severities=(None,)),
        "zigzag": Corruption(apply=_zigzag, severities=(None,)),
        "canny_edges": Corruption(apply=_canny_edges, severities=((1.0, 0.1, 0.2),)),
    }
)
