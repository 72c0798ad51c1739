"""Makes a picture harder in a known way: inverted, rotated, scaled, compressed, shadowed, blurred, noisy, paler, with a
thicker or thinner pen, partly hidden.

Every function takes RGB pixels, uint8 (H, W, 3), and gives new ones; none changes what a person would read in the
picture before its value goes to an extreme, and all give the same pixels for the same picture, so that a figure can be
repeated. Variety for training is made elsewhere, by :mod:`inkread.data.augment`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray, InvalidOption

__all__ = [
    "PERTURBATIONS",
    "STRENGTHS",
    "Perturbation",
    "add_noise",
    "blur",
    "cast_shadow",
    "compress",
    "hide",
    "invert",
    "lower_contrast",
    "perturbation",
    "rotate",
    "scale",
    "thicken",
]

Pixels = NDArray[np.uint8]

# Side of the small copy from which the paper around a rotated picture is continued: coarse enough that single strokes
# vanish in its median, fine enough to follow a shadow.
_PAPER_SIDE = 48
# Width of a shadow's soft edge as a share of the picture's diagonal: that of a hand held a little above the desk.
_SHADOW_EDGE = 0.06
# Bands that hide a picture lie this share of its shorter side apart, within these pixels: on a crop of one digit three
# of them, on a page one for about each digit.
_BAND_SHARE, _BAND_LEAST, _BAND_MOST = 0.1, 8, 48
# Thickness changes in quarters of a pixel.
_FINER = 4


def invert(pixels: Pixels) -> Pixels:
    """The negative.

    Examples
    --------
    >>> invert(np.full((1, 1, 3), 250, np.uint8)).tolist()
    [[[5, 5, 5]]]
    """
    return np.asarray(255 - _checked(pixels), dtype=np.uint8)


def rotate(pixels: Pixels, degrees: float) -> Pixels:
    """The picture turned clockwise, on a canvas large enough to lose nothing.

    The corners show the paper continued, smoothly and without ink, as a camera held askew would: a corner filled with
    black or mirrored writing would be another test.

    Examples
    --------
    >>> rotate(np.zeros((2, 4, 3), np.uint8), 90).shape
    (4, 2, 3)
    """
    height, width = _checked(pixels).shape[:2]
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    # Rounded before ceil, as the sine of 180° is 1e-16 and must not cost a row.
    new_width = math.ceil(round(width * abs(cosine) + height * abs(sine), 6))
    new_height = math.ceil(round(width * abs(sine) + height * abs(cosine), 6))
    # Pixel centers, as OpenCV counts: the middle of n pixels is at (n − 1) / 2.
    x, y, new_x, new_y = (width - 1) / 2, (height - 1) / 2, (new_width - 1) / 2, (new_height - 1) / 2
    matrix = np.array(
        [
            [cosine, -sine, new_x - cosine * x + sine * y],
            [sine, cosine, new_y - sine * x - cosine * y],
        ]
    )
    size = (new_width, new_height)
    turned = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    paper = cv2.warpAffine(_paper(pixels), matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    share = (inside.astype(np.float32) / 255)[..., None]
    return np.asarray(np.round(turned * share + paper * (1 - share)), dtype=np.uint8)


def scale(pixels: Pixels, factor: float) -> Pixels:
    """The picture enlarged (cubic) or made smaller (mean over areas) by ``factor``; at least one pixel stays.

    Examples
    --------
    >>> scale(np.zeros((6, 8, 3), np.uint8), 0.5).shape
    (3, 4, 3)
    """
    height, width = _checked(pixels).shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), dtype=np.uint8)


def compress(pixels: Pixels, quality: float) -> Pixels:
    """The picture after JPEG compression at ``quality`` (1 to 100).

    Examples
    --------
    >>> compress(np.full((8, 8, 3), 128, np.uint8), 50).shape
    (8, 8, 3)
    """
    bgr = cv2.cvtColor(_checked(pixels), cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def cast_shadow(pixels: Pixels, strength: float) -> Pixels:
    """The picture with the soft-edged shadow of something above it, over its lower right half.

    ``strength`` in [0, 1] is the share of the light that is lost in the shadow.

    Examples
    --------
    >>> shadowed = cast_shadow(np.full((90, 90, 3), 200, np.uint8), 0.5)
    >>> int(shadowed[0, 0, 0]), int(shadowed[-1, -1, 0])
    (200, 100)
    """
    height, width = _checked(pixels).shape[:2]
    row, column = np.mgrid[0:height, 0:width].astype(np.float32)
    # Signed distance from a line through the middle, 25° off the picture's diagonal, so that it crosses lines of text.
    angle = math.atan2(height, width) - math.radians(25)
    distance = (column - width / 2) * math.sin(angle) + (row - height / 2) * math.cos(angle)
    edge = max(1.0, _SHADOW_EDGE * math.hypot(height, width))
    # 1 + tanh rises like the penumbra of a lamp that is not a point.
    light = 1 - strength * (1 + np.tanh(2 * distance / edge)) / 2
    return np.asarray(np.round(pixels * light[..., None]), dtype=np.uint8)


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """The picture out of focus: a Gaussian of ``sigma`` pixels.

    Examples
    --------
    >>> blur(np.full((5, 5, 3), 90, np.uint8), 1.5)[2, 2].tolist()
    [90, 90, 90]
    """
    return np.asarray(cv2.GaussianBlur(_checked(pixels), (0, 0), sigma), dtype=np.uint8)


def add_noise(pixels: Pixels, deviation: float) -> Pixels:
    """The picture with Gaussian noise, the same for all channels, of ``deviation`` as a share of the full range.

    Always drawn from the same seed.

    Examples
    --------
    >>> noisy = add_noise(np.full((40, 40, 3), 128, np.uint8), 0.1)
    >>> round(float(noisy[..., 0].std()) / 255, 2)
    0.1
    """
    height, width = _checked(pixels).shape[:2]
    noise = np.random.default_rng(0).standard_normal((height, width, 1), np.float32) * np.float32(255 * deviation)
    return np.asarray(np.clip(np.round(pixels + noise), 0, 255), dtype=np.uint8)


def lower_contrast(pixels: Pixels, factor: float) -> Pixels:
    """The picture with every difference from its paper multiplied by ``factor``; paper is the median of each channel.

    Examples
    --------
    >>> lower_contrast(np.array([[[200] * 3, [200] * 3, [0] * 3]], np.uint8), 0.25)[0, :, 0].tolist()
    [200, 200, 150]
    """
    paper = np.median(_checked(pixels), axis=(0, 1))
    return np.asarray(np.clip(np.round(paper + (pixels - paper) * factor), 0, 255), dtype=np.uint8)


def thicken(pixels: Pixels, radius: float) -> Pixels:
    """The picture written with a pen that is thicker by ``radius`` pixels on each side of a stroke; thinner below 0.

    What is ink is told by the paper, the median: whatever reaches farther from it.

    Examples
    --------
    >>> pen = np.full((20, 20, 3), 250, np.uint8)
    >>> pen[:, 9:11] = 0
    >>> int((thicken(pen, 2)[10, :, 0] < 125).sum())
    6
    """
    grey = cv2.cvtColor(_checked(pixels), cv2.COLOR_RGB2GRAY)
    paper = float(np.median(grey))
    ink_is_dark = paper - float(grey.min()) >= float(grey.max()) - paper
    steps = round(abs(radius) * _FINER)
    if not steps:
        return pixels.copy()
    fine = cv2.resize(pixels, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_LINEAR)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * steps + 1, 2 * steps + 1))
    change = cv2.erode if ink_is_dark == (radius > 0) else cv2.dilate
    size = pixels.shape[1], pixels.shape[0]
    return np.asarray(cv2.resize(change(fine, kernel), size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def hide(pixels: Pixels, share: float) -> Pixels:
    """The picture with ``share`` of it hidden behind slanting bands of the paper's color.

    Examples
    --------
    >>> hidden = hide(np.zeros((100, 100, 3), np.uint8) + np.array([0, 0, 255], np.uint8), 0.3)
    >>> hidden.shape
    (100, 100, 3)
    """
    height, width = _checked(pixels).shape[:2]
    period = min(max(_BAND_SHARE * min(height, width), _BAND_LEAST), _BAND_MOST)
    row, column = np.mgrid[0:height, 0:width]
    hidden = np.mod(row + column, period * math.sqrt(2)) < share * period * math.sqrt(2)
    out = pixels.copy()
    out[hidden] = np.median(pixels, axis=(0, 1))
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way to make a picture harder: what its value means, and the values that make sense."""

    apply: Callable[[Pixels, float], Pixels]
    value: str
    low: float
    high: float
    default: float | None = None


PERTURBATIONS: Mapping[str, Kind] = MappingProxyType(
    {
        "invert": Kind(apply=lambda pixels, _: invert(pixels), value="nothing", low=0, high=0, default=0),
        "rotate": Kind(apply=rotate, value="degrees clockwise", low=-180, high=180),
        "scale": Kind(apply=scale, value="factor", low=0.05, high=8),
        "jpeg": Kind(apply=compress, value="quality", low=1, high=100),
        "shadow": Kind(apply=cast_shadow, value="share of the light lost", low=0, high=1, default=0.5),
        "blur": Kind(apply=blur, value="sigma in pixels", low=0.1, high=50),
        "noise": Kind(apply=add_noise, value="deviation as a share of the full range", low=0, high=1),
        "contrast": Kind(apply=lower_contrast, value="factor", low=0, high=1),
        "thickness": Kind(apply=thicken, value="pixels on each side of a stroke", low=-20, high=20),
        "hide": Kind(apply=hide, value="share hidden", low=0, high=1),
    }
)

# Five strengths of each kind, from mild to hard, for crops of one digit of about 28 pixels, and for lines and pages
# with digits of about 30 to 60 pixels. There is only one way to invert.
STRENGTHS: Mapping[str, Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "digit": MappingProxyType(
            {
                "blur": (0.5, 1.0, 1.5, 2.0, 2.5),
                "noise": (0.05, 0.1, 0.2, 0.3, 0.4),
                "contrast": (0.8, 0.6, 0.4, 0.2, 0.1),
                "rotate": (5.0, 10.0, 20.0, 30.0, 40.0),
                "scale": (0.8, 0.6, 0.5, 0.4, 0.3),
                "thickness": (-0.75, -0.5, 0.5, 1.0, 1.5),
                "hide": (0.1, 0.2, 0.3, 0.4, 0.5),
                "invert": (0.0,),
            }
        ),
        "picture": MappingProxyType(
            {
                "blur": (1.0, 2.0, 3.0, 4.0, 6.0),
                "noise": (0.02, 0.05, 0.1, 0.15, 0.2),
                "contrast": (0.7, 0.5, 0.3, 0.2, 0.1),
                "rotate": (2.0, 5.0, 10.0, 15.0, 20.0),
                "scale": (0.75, 0.5, 0.35, 0.25, 0.15),
                "thickness": (-1.0, 1.0, 2.0, 3.0, 4.0),
                "hide": (0.05, 0.1, 0.2, 0.3, 0.4),
                "invert": (0.0,),
            }
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A named perturbation with its value; calling it changes pixels."""

    name: str
    value: float

    def __post_init__(self) -> None:
        if self.name not in PERTURBATIONS:
            raise InvalidOption(f"unknown perturbation {self.name!r}; known are {', '.join(PERTURBATIONS)}")
        kind = PERTURBATIONS[self.name]
        if not kind.low <= self.value <= kind.high:
            raise InvalidOption(
                f"{self.name} takes {kind.value} from {kind.low:g} to {kind.high:g}; got {self.value:g}"
            )

    def __call__(self, pixels: Pixels) -> Pixels:
        return PERTURBATIONS[self.name].apply(pixels, self.value)

    def __str__(self) -> str:
        return self.name if self.name == "invert" else f"{self.name}:{self.value:g}"


def perturbation(text: str) -> Perturbation:
    """The perturbation that ``text`` names: ``"invert"``, ``"rotate:-7"``, ``"scale:0.5"``, ``"jpeg:30"``, ….

    Raises
    ------
    InvalidOption
        If there is no such perturbation, or its value is missing or out of range.

    Examples
    --------
    >>> perturbation("rotate:7")(np.zeros((100, 100, 3), np.uint8)).shape
    (112, 112, 3)
    """
    name, colon, value = text.strip().partition(":")
    kind = PERTURBATIONS.get(name)
    if kind is None:
        raise InvalidOption(f"unknown perturbation {name!r}; known are {', '.join(PERTURBATIONS)}")
    if not colon:
        if kind.default is None:
            raise InvalidOption(f"{name} needs {kind.value}, such as {name}:{kind.high / 2:g}; got {text!r}")
        return Perturbation(name, kind.default)
    if name == "invert":
        raise InvalidOption(f"invert takes no value; got {text!r}")
    try:
        return Perturbation(name, float(value))
    except ValueError as error:
        if isinstance(error, InvalidOption):
            raise
        raise InvalidOption(f"{name} needs {kind.value} as a number; got {value!r}") from error


def _paper(pixels: Pixels) -> Pixels:
    """The picture without its strokes, at its own size: what its paper looks like from far away."""
    height, width = pixels.shape[:2]
    factor = min(1.0, _PAPER_SIDE / max(height, width))
    small = cv2.resize(
        pixels, (max(1, round(width * factor)), max(1, round(height * factor))), interpolation=cv2.INTER_AREA
    )
    kernel = min(9, min(small.shape[:2]) | 1)
    return np.asarray(
        cv2.resize(cv2.medianBlur(small, kernel), (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
    )


def _checked(pixels: Pixels) -> Pixels:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise InvalidArray(f"pixels are uint8 of shape (H, W, 3), not empty; got {pixels.dtype} {pixels.shape}")
    return pixels
