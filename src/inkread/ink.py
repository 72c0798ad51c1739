"""Pen strokes to pixels: what a ballpoint, pencil, felt pen, brush or fountain pen leaves of a stroke.

The synthesiser and the reading of pen strokes both draw here, so that a stroke looks the same to both. This room knows
no characters, no paper and no color: it gives ink in [0, 1], 1 where the pen covered the pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.geometry import Stroke

__all__ = ["PEN_KINDS", "Pen", "PenKind", "draw_strokes", "ink_margin"]

Floats = NDArray[np.float64]
Ink = NDArray[np.float32]

PenKind = Literal["digital", "ballpoint", "pencil", "felt", "marker", "brush", "fountain"]
PEN_KINDS: tuple[PenKind, ...] = ("digital", "ballpoint", "pencil", "felt", "marker", "brush", "fountain")

# How far a pen's width follows the pressure (and, without pressure, the speed): width × (1 ± response).
_RESPONSE: dict[PenKind, float] = {
    "digital": 0.0,
    "ballpoint": 0.15,
    "pencil": 0.2,
    "felt": 0.12,
    "marker": 0.0,
    "brush": 0.6,
    "fountain": 0.2,
}
# Thin side of a nib as a part of its broad side.
_NIB_RATIO: dict[PenKind, float] = {"marker": 0.25, "fountain": 0.35}
# A dot beside the width of a line: the pen is pressed and turned a little where it only touches.
_DOT_RATIO = 1.3
# Bits after the binary point of the coordinates given to OpenCV: a sixteenth of a supersampled pixel.
_SHIFT = 4
# Width of a line, in drawn pixels, at which OpenCV's steps of two pixels of width no longer show; and how many drawn
# pixels are spent on it at most.
_FINE_WIDTH = 13.0
_MOST_PIXELS = 1_200_000
_GRAIN_SIDE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What the strokes are drawn with.

    Attributes
    ----------
    width
        Width of the line in pixels (in the strokes' unit of length), above 0. 2 is a ballpoint at 40 pixels a digit.
    kind
        "digital" has one width and hard, even ink, as in a drawing program; "ballpoint", "pencil" and "felt" are
        round; "marker" is a flat tip dragged sideways; "fountain" is thin along its nib and broad across it; "brush"
        follows the pressure most and tapers.
    nib_degrees
        Direction of the long side of a marker's or fountain pen's tip, anticlockwise from the x axis; 40 is a right
        hand's usual.
    grain
        How much the paper's tooth shows in the ink, in [0, 1]: 0 is solid ink, 1 leaves many specks bare.
    density
        Darkness of the ink where it is fullest, in (0, 1].

    Raises
    ------
    InvalidOption
        If a value is outside its range.

    Examples
    --------
    >>> Pen(width=0.05).scaled(40).width
    2.0
    """

    width: float = 2.0
    kind: PenKind = "ballpoint"
    nib_degrees: float = 40.0
    grain: float = 0.0
    density: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in PEN_KINDS:
            raise InvalidOption(f"unknown pen {self.kind!r}; known are {', '.join(PEN_KINDS)}")
        if not (0 < self.width < math.inf):
            raise InvalidOption(f"a pen's width must be above 0; got {self.width}")
        if not math.isfinite(self.nib_degrees):
            raise InvalidOption(f"a pen's nib_degrees must be finite; got {self.nib_degrees}")
        if not 0 <= self.grain <= 1:
            raise InvalidOption(f"a pen's grain lies in [0, 1]; got {self.grain}")
        if not 0 < self.density <= 1:
            raise InvalidOption(f"a pen's density lies in (0, 1]; got {self.density}")

    def scaled(self, factor: float) -> Pen:
        """The same pen ``factor`` times as wide."""
        return replace(self, width=self.width * factor)


def ink_margin(pen: Pen) -> float:
    """How far ink can reach beyond the path of ``pen``, in the unit of its width.

    Examples
    --------
    >>> ink_margin(Pen(width=4.0, kind="digital"))
    2.6
    """
    return pen.width * 0.5 * max(1 + _RESPONSE[pen.kind], _DOT_RATIO)


def draw_strokes(
    strokes: Sequence[Stroke],
    *,
    size: tuple[int, int],
    pen: Pen | None = None,
    rng: np.random.Generator | None = None,
) -> Ink:
    """The ink that ``pen`` leaves of ``strokes``, float32 (height, width) in [0, 1].

    Parameters
    ----------
    strokes
        In pixels of the picture; what lies outside is cut off. No strokes give bare paper. A stroke of one point is a
        dot. The width follows the pressure where it varies, otherwise the speed where there are times.
    size
        (height, width) of the picture in pixels, each at least 1.
    pen
        A ballpoint two pixels wide when not given.
    rng
        Where the paper's tooth is taken from, for pens with grain; None takes the same place every time.

    Raises
    ------
    InvalidOption
        If the size is below 1 × 1.

    Examples
    --------
    >>> bar = Stroke(x=[2, 2], y=[0, 8])
    >>> draw_strokes([bar], size=(8, 4), pen=Pen(width=2, kind="digital"))[4].round().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    height, width = int(size[0]), int(size[1])
    if height < 1 or width < 1:
        raise InvalidOption(f"a picture to draw on needs at least 1 × 1 pixels; got {height} × {width}")
    pen = pen or Pen()
    scale = _supersampling(height, width, pen)
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    for stroke in strokes:
        _draw_stroke(canvas, stroke, pen, scale)
    if scale > 1:
        canvas = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    ink = canvas.astype(np.float32)
    ink *= np.float32(1 / 255)
    # A line thinner than one supersampled pixel cannot be drawn thinner, so it is drawn fainter.
    ink *= np.float32(pen.density * min(1.0, pen.width * scale))
    if pen.grain > 0:
        _apply_grain(ink, pen, rng)
    return ink


def _supersampling(height: int, width: int, pen: Pen) -> int:
    """How many drawn pixels make a side of a pixel: thin lines need more, large pictures can afford fewer."""
    wanted = math.ceil(_FINE_WIDTH / pen.width)
    affordable = int(math.sqrt(_MOST_PIXELS / (height * width)))
    return max(1 if pen.width >= 6 else 2, min(wanted, affordable, 8))


def _thickness(widths: Floats, line_type: int) -> NDArray[np.int32]:
    """OpenCV's thickness for lines of these widths in drawn pixels.

    Measured on lines of all directions: an even thickness t draws t + 1 pixels (t + 1.6 anti-aliased), an odd one above
    1 the same as the next even one, and 1 draws 0.9.
    """
    excess = 1.6 if line_type == cv2.LINE_AA else 1.0
    thickness = np.rint((widths - excess) / 2).astype(np.int32) * 2
    return np.asarray(np.maximum(thickness, 1))


def _draw_stroke(canvas: NDArray[np.uint8], stroke: Stroke, pen: Pen, scale: int) -> None:
    path = np.empty((len(stroke.x), 2))
    path[:, 0] = stroke.x
    path[:, 1] = stroke.y
    # Pixel edges (our convention) to pixel centers (OpenCV's), then to fixed point.
    limit = 2.0 ** (30 - _SHIFT)
    fixed = np.rint((np.clip(path * scale, -limit, limit) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    widths = _widths(stroke, path, pen) * scale
    line_type = cv2.LINE_AA if scale == 1 else cv2.LINE_8
    if len(path) == 1:
        radius = max(round((float(widths[0]) - 0.5) / 2 * (1 << _SHIFT)), 4)
        cv2.circle(canvas, fixed[0].tolist(), radius, 255, cv2.FILLED, line_type, _SHIFT)
        return
    if pen.kind == "marker":
        _sweep_nib(canvas, fixed, pen, scale, line_type)
        return
    if scale == 1 and float(np.ptp(widths)) > 1:
        _sweep_circle(canvas, fixed, widths, line_type)
        return
    thickness = _thickness((widths[1:] + widths[:-1]) / 2, line_type)
    starts = [0, *(np.flatnonzero(thickness[1:] != thickness[:-1]) + 1).tolist(), len(thickness)]
    for first, last in pairwise(starts):
        cv2.polylines(canvas, [fixed[first : last + 1]], False, 255, int(thickness[first]), line_type, _SHIFT)


def _widths(stroke: Stroke, path: Floats, pen: Pen) -> Floats:
    """The width of the line at each point, in pixels."""
    count = len(path)
    if count == 1:
        return np.full(1, pen.width * _DOT_RATIO)
    widths = np.full(count, float(pen.width))
    response = _RESPONSE[pen.kind]
    if response > 0:
        push = _push(stroke, path)
        if push is not None:
            widths *= 1 + response * push
    if pen.kind == "fountain":
        step = np.gradient(path, axis=0)
        direction = np.arctan2(-step[:, 1], step[:, 0])
        thin = _NIB_RATIO[pen.kind]
        widths *= thin + (1 - thin) * np.abs(np.sin(direction - math.radians(pen.nib_degrees)))
    return widths


def _push(stroke: Stroke, path: Floats) -> Floats | None:
    """How hard the pen is pushed, in [-1, 1], or None where the recording cannot say.

    Mice and many tablets report one constant pressure, which says nothing.
    """
    if stroke.pressure is not None and float(np.ptp(stroke.pressure)) > 1e-6:
        return np.asarray(stroke.pressure * 2 - 1)
    if stroke.t is None:
        return None
    elapsed = np.diff(stroke.t)
    if not (elapsed > 0).all():
        return None
    speed = np.hypot(*np.diff(path, axis=0).T) / elapsed
    typical = float(np.median(speed))
    if typical <= 0:
        return None
    speed = np.append(speed, speed[-1])
    kernel = np.full(3, 1 / 3)
    speed = np.convolve(np.pad(speed, 1, mode="edge"), kernel, mode="valid")
    return np.asarray(np.clip(1 - speed / typical, -1, 1))


def _sweep_circle(canvas: NDArray[np.uint8], fixed: NDArray[np.int32], widths: Floats, line_type: int) -> None:
    """Drag a tip that swells and shrinks along the path; steps of two pixels would show on large writing."""
    # Half a pixel less, as OpenCV fills the pixels that an outline touches.
    radii = np.maximum((widths - 1.0) / 2, 0.25) * (1 << _SHIFT)
    step = np.diff(fixed, axis=0).astype(np.float64)
    length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / length[:, None]
    start, end = normal * radii[:-1, None], normal * radii[1:, None]
    corners = [fixed[:-1] - start, fixed[:-1] + start, fixed[1:] + end, fixed[1:] - end]
    for area in np.rint(np.stack(corners, axis=1)).astype(np.int32):
        cv2.fillConvexPoly(canvas, area, 255, line_type, _SHIFT)
    for center, radius in zip(fixed.tolist(), np.rint(radii).astype(int).tolist(), strict=True):
        cv2.circle(canvas, center, radius, 255, cv2.FILLED, line_type, _SHIFT)


def _sweep_nib(canvas: NDArray[np.uint8], fixed: NDArray[np.int32], pen: Pen, scale: int, line_type: int) -> None:
    """Drag a flat tip along the path: the area between one place of the tip and the next, for each step."""
    breadth = pen.width * scale
    thin = int(_thickness(np.array([breadth * _NIB_RATIO["marker"]]), line_type)[0])
    half = max(breadth - thin - 1, 0) / 2 * (1 << _SHIFT)
    angle = math.radians(pen.nib_degrees)
    reach = np.rint([half * math.cos(angle), -half * math.sin(angle)]).astype(np.int32)
    areas = np.stack([fixed[:-1] - reach, fixed[:-1] + reach, fixed[1:] + reach, fixed[1:] - reach], axis=1)
    for area in areas:
        cv2.fillConvexPoly(canvas, area, 255, line_type, _SHIFT)
    # The tip's thin side: without it a stroke along the tip would vanish.
    ends = [np.stack([fixed[i] - reach, fixed[i] + reach]) for i in (0, -1)]
    cv2.polylines(canvas, [fixed - reach, fixed + reach, *ends], False, 255, thin, line_type, _SHIFT)


@lru_cache(maxsize=1)
def _paper_tooth() -> Ink:
    """The height of the paper's fibres, mean 0 and deviation 1, float32 (512, 512), repeating at its edges."""
    rng = np.random.default_rng(20_031)
    fine = rng.standard_normal((_GRAIN_SIDE, _GRAIN_SIDE)).astype(np.float32)
    tooth = cv2.GaussianBlur(fine, (0, 0), 0.8) * 2.6 + cv2.GaussianBlur(fine, (0, 0), 3.0) * 4.0
    tooth = (tooth - tooth.mean()) / tooth.std()
    tooth.flags.writeable = False
    return np.asarray(tooth, np.float32)


def _apply_grain(ink: Ink, pen: Pen, rng: np.random.Generator | None) -> None:
    """Take ink from where the paper is low; edges of the line, with less pressure, lose most."""
    height, width = ink.shape
    row, column = (0, 0) if rng is None else rng.integers(0, _GRAIN_SIDE, size=2).tolist()
    tooth = _paper_tooth()
    rows = np.arange(row, row + height) % _GRAIN_SIDE
    columns = np.arange(column, column + width) % _GRAIN_SIDE
    kept = 1 - pen.grain * (0.35 - 0.38 * tooth[rows[:, None], columns[None, :]])
    np.clip(kept, 0, 1, out=kept)
    ink *= kept
