"""Single characters in a writer's hand: authored shapes → pen strokes → ink.

Lines and pages are made of these in their own modules; paper and light are none of this one's business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.data.synth.digits import DIGIT_FORMS, REGIONAL_DIGIT_FORMS
from inkread.data.synth.hand import Hand
from inkread.data.synth.letters import LETTER_FORMS
from inkread.data.synth.shapes import Curve, Form
from inkread.data.synth.symbols import SYMBOL_FORMS
from inkread.errors import InvalidOption
from inkread.geometry import Box, Stroke
from inkread.ink import Pen, draw_strokes, ink_margin

__all__ = ["CHARACTERS", "CROP_MARGIN", "DIGIT_LIKE", "GLYPHS", "Glyph", "draw_glyph", "write_glyph"]

Floats = NDArray[np.float64]

# Every character that can be written, with its forms.
GLYPHS: dict[str, tuple[Form, ...]] = {**DIGIT_FORMS, **LETTER_FORMS, **SYMBOL_FORMS}
CHARACTERS: tuple[str, ...] = tuple(GLYPHS)

# Characters of which some forms, alone and out of context, are a digit's shape. Whoever teaches "not a digit" with them
# teaches a contradiction unless they are left out or given less weight.
DIGIT_LIKE: dict[str, str] = {
    **{"O": "0", "o": "0", "Q": "0", "D": "0", "°": "0", "<ring>": "0", "I": "1", "l": "1", "i": "1", "|": "1"},
    **{"/": "1", "!": "1", "'": "1", "(": "1", ")": "1", "Z": "2", "z": "2", "S": "5", "s": "5", "b": "6"},
    **{"G": "9", "g": "9", "q": "9"},
}

# Bare pixels around the ink of a crop.
CROP_MARGIN = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glyph:
    """A character in its place, in pixels of the picture that it is drawn on.

    Attributes
    ----------
    character
        What it is; a space has no strokes.
    strokes
        Its strokes.
    """

    character: str
    strokes: tuple[Stroke, ...]

    def mapped(self, *, scale: float = 1.0, slope: float = 0.0, dx: float = 0.0, dy: float = 0.0) -> Glyph:
        """The same character ``scale`` times as large, then sunk by ``slope`` a pixel to the right, then moved."""
        strokes = tuple(
            Stroke(x=s.x * scale + dx, y=(s.y + slope * s.x) * scale + dy, t=s.t, pressure=s.pressure)
            for s in self.strokes
        )
        return Glyph(character=self.character, strokes=strokes)

    @property
    def path_box(self) -> Box:
        """The smallest box around the pen's path, without the width of the pen."""
        return Box.union_of(stroke.box for stroke in self.strokes)


def write_glyph(character: str, hand: Hand, rng: np.random.Generator) -> tuple[Stroke, ...]:
    """The strokes of ``character`` in this hand, in heights of a digit, with times and pressure.

    y is 0 at the top of digits and capitals and 1 on the base line; x starts near 0. No two calls give the same
    strokes unless their ``rng`` are in the same state.

    Raises
    ------
    InvalidOption
        If the character is none of :data:`CHARACTERS`.

    Examples
    --------
    >>> seven = write_glyph("7", Hand(), np.random.default_rng(0))
    >>> 1 <= len(seven) <= 2
    True
    """
    if character not in GLYPHS:
        raise InvalidOption(f"no shape is known for {character!r}; known are {' '.join(CHARACTERS)}")
    if recorded := (hand.recorded or {}).get(character):
        return recorded[int(rng.integers(len(recorded)))]
    forms = GLYPHS[character]
    if hand.is_regional:
        forms = forms + REGIONAL_DIGIT_FORMS.get(character, ())
    form, habits = _usual_form(character, forms, hand.seed)
    if rng.random() >= hand.loyalty:
        form = forms[_pick(forms, float(rng.random()))]
        habits = _lasting_changes(form, hand.seed)
    place = _instance_map(hand, rng)
    bend = _Bend(hand.bend, rng)
    return tuple(
        _write_curve(curve, bend(curve.points + hand.habit * lasting), hand, place, rng)
        for curve, lasting in zip(form.curves, habits, strict=True)
    )


def draw_glyph(character: str, hand: Hand, rng: np.random.Generator, *, height: int) -> NDArray[np.float32]:
    """The ink of one character, float32 (h, w) in [0, 1], cut out with two bare pixels around it.

    Parameters
    ----------
    character, hand, rng
        As for :func:`write_glyph`.
    height
        Height of a digit in pixels, at least 4. Dots, dashes and letters keep their size beside the digits.

    Raises
    ------
    InvalidOption
        If the character is unknown or the height is below 4.

    Examples
    --------
    >>> draw_glyph("0", Hand(), np.random.default_rng(0), height=40).max()
    np.float32(1.0)
    """
    if not height >= 4:
        raise InvalidOption(f"a glyph is drawn at least 4 pixels high; got {height}")
    pen = hand.pen.scaled(height)
    strokes, size = _place_strokes(write_glyph(character, hand, rng), pen, float(height))
    return _cut_out(draw_strokes(strokes, size=size, pen=pen, rng=rng))


def _place_strokes(
    strokes: tuple[Stroke, ...], pen: Pen, scale: float, margin: float = CROP_MARGIN
) -> tuple[list[Stroke], tuple[int, int]]:
    """The strokes ``scale`` times as large, moved so that their ink starts at ``margin``; and the picture's size."""
    reach = margin + ink_margin(pen)
    left = min(float(s.x.min()) for s in strokes)
    top = min(float(s.y.min()) for s in strokes)
    right = max(float(s.x.max()) for s in strokes)
    bottom = max(float(s.y.max()) for s in strokes)
    dx, dy = reach - left * scale, reach - top * scale
    size = math.ceil((bottom - top) * scale + 2 * reach), math.ceil((right - left) * scale + 2 * reach)
    moved = [Stroke(x=s.x * scale + dx, y=s.y * scale + dy, t=s.t, pressure=s.pressure) for s in strokes]
    return moved, size


def _cut_out(ink: NDArray[np.float32], margin: int = CROP_MARGIN) -> NDArray[np.float32]:
    """The part of ``ink`` that is not bare, with ``margin`` pixels around it."""
    mask = (ink > 0.04).view(np.uint8)
    x, y, w, h = cv2.boundingRect(mask)
    if not w:
        return ink
    top, left = max(y - margin, 0), max(x - margin, 0)
    bottom, right = y + h + margin, x + w + margin
    crop = ink[top:bottom, left:right]
    missing = (
        max(margin - y, 0),
        max(bottom - ink.shape[0], 0),
        max(margin - x, 0),
        max(right - ink.shape[1], 0),
    )
    if any(missing):
        crop = cv2.copyMakeBorder(crop, *missing, cv2.BORDER_CONSTANT, value=0.0)
    return np.ascontiguousarray(crop)


def _pick(forms: tuple[Form, ...], at: float) -> int:
    weights = _cumulative_weights(forms)
    return min(int(np.searchsorted(weights, at * weights[-1], side="right")), len(forms) - 1)


@cache
def _cumulative_weights(forms: tuple[Form, ...]) -> Floats:
    return np.cumsum([form.weight for form in forms])


def _usual_form(character: str, forms: tuple[Form, ...], seed: int) -> tuple[Form, list[Floats]]:
    """The form that the writer with this seed uses, and the writer's lasting changes to it."""
    rng = np.random.Generator(np.random.PCG64((seed, ord(character[0]), len(character))))
    form = forms[_pick(forms, float(rng.random()))]
    return form, [_misses(len(curve.points), rng) for curve in form.curves]


def _lasting_changes(form: Form, seed: int) -> list[Floats]:
    rng = np.random.Generator(np.random.PCG64((seed, len(form.name), form.curves[0].points.size)))
    return [_misses(len(curve.points), rng) for curve in form.curves]


def _misses(count: int, rng: np.random.Generator) -> Floats:
    """How far a writer misses ``count`` control points in a row, float64 (count, 2) of deviation about 1.

    Neighbors are missed alike: the hand drifts. Independent errors would put a kink at every control point.
    """
    noise = rng.standard_normal((count + 2, 2))
    return np.asarray(0.5 * noise[:-2] + 0.7 * noise[1:-1] + 0.5 * noise[2:])


class _Bend:
    """A smooth, slow deformation of the plane around one character: two waves of random direction a coordinate."""

    __slots__ = ("_amplitude", "_phase", "_wave")

    def __init__(self, size: float, rng: np.random.Generator) -> None:
        # Waves of 0.25 to 0.8 periods a digit: slower ones only shift, faster ones are tremor.
        self._wave = rng.uniform(-5.0, 5.0, size=(2, 4))
        self._phase = rng.uniform(0, 2 * math.pi, size=4)
        self._amplitude = rng.standard_normal(4) * size

    def __call__(self, points: Floats) -> Floats:
        waves = np.sin(points @ self._wave + self._phase) * self._amplitude
        return points + waves[:, :2] + waves[:, 2:]


def _instance_map(hand: Hand, rng: np.random.Generator) -> Floats:
    """Aspect, size, turn and slant of this one character, about the middle of its base line: float64 (2, 3)."""
    a, b, c, d = rng.standard_normal(4).tolist()
    size = math.exp(hand.size_variation * a)
    wide = hand.aspect * math.exp((0.02 + hand.size_variation * 0.7) * b)
    slant = math.tan(math.radians(hand.slant_degrees + 2.5 * c))
    turn = math.radians(1.0 + 25 * hand.jitter) * d
    cos, sin = math.cos(turn), math.sin(turn)
    # x' = wide·x + slant·(1 − y), then the turn about (0.3, 1).
    shear = np.array([[wide * size, -slant * size, slant * size], [0.0, size, 1 - size], [0.0, 0.0, 1.0]])
    about = np.array([[cos, -sin, 0.3 - cos * 0.3 + sin], [sin, cos, 1 - sin * 0.3 - cos]])
    return np.asarray(about @ shear)


def _write_curve(curve: Curve, points: Floats, hand: Hand, place: Floats, rng: np.random.Generator) -> Stroke:
    count = len(points)
    points = points + hand.jitter * _misses(count, rng)
    if count > 1:
        _move_ends(curve, points, hand, rng)
    basis = curve.hold + hand.roundness * curve.bend + hand.corner_rounding * curve.corners
    path = basis @ points
    samples = len(path)
    if hand.tremor > 0 and samples > 8:
        path += hand.tremor * (_tremor_basis(samples) @ rng.standard_normal((samples // 4 + 2, 2)))
    x = path @ place[0, :2] + place[0, 2]
    y = path @ place[1, :2] + place[1, 2]
    if samples == 1:
        return Stroke(x=x, y=y, t=np.zeros(1), pressure=np.array([0.5 + 0.3 * rng.random()]))
    t, pressure = _time_and_pressure(x, y, hand, rng)
    return Stroke(x=x, y=y, t=t, pressure=pressure)


def _move_ends(curve: Curve, points: Floats, hand: Hand, rng: np.random.Generator) -> None:
    """Move ``points`` so that strokes end early or late and a loop has the writer's gap or overlap."""
    reach = float(hand.overshoot * rng.standard_normal())
    if curve.closed:
        reach += hand.closure
    for end, before, share in ((-1, -2, 1.0), (0, 1, 0.4)):
        along = points[end] - points[before]
        length = math.hypot(along[0], along[1])
        if length > 1e-6:
            # Never back past the point before it: a hook would appear.
            points[end] += along * (max(reach * share, -0.6 * length) / length)


@cache
def _tremor_basis(samples: int) -> Floats:
    """Smooth interpolation from one random value every four points to all, float64 (samples, samples // 4 + 2)."""
    knots = samples // 4 + 2
    at = np.linspace(0, knots - 1, samples)
    distance = np.abs(at[:, None] - np.arange(knots)[None, :])
    weights = np.exp(-0.5 * (distance / 0.7) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _time_and_pressure(x: Floats, y: Floats, hand: Hand, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Times in ms and pressures of a pen on this path: slow and hard in turns, light at the ends when hasty.

    Speed follows curvature to the power -1/3 (Lacquaniti, Terzuolo, Viviani 1983, doi:10.1016/0001-6918(83)90027-6).
    """
    dx, dy = np.diff(x), np.diff(y)
    length = np.sqrt(dx * dx + dy * dy) + 1e-9
    turn = np.zeros(len(x))
    turn[1:-1] = np.abs(dx[:-1] * dy[1:] - dy[:-1] * dx[1:]) / (length[:-1] * length[1:])
    curvature = turn[1:] / length
    slowness = np.cbrt(curvature + 0.6)
    pace = 260 - 170 * hand.speed  # ms for a path as long as a digit is high
    t = np.empty(len(x))
    t[0] = 0
    np.cumsum(length * slowness * pace, out=t[1:])
    along = t / t[-1]
    a, b, c = rng.standard_normal(3).tolist()
    pressure = 0.52 + 0.13 * a + 0.16 * b * (along - 0.5) + 0.1 * np.sin(along * (5 + 2 * c) + 3 * c)
    fade = 0.05 + 0.12 * hand.speed
    depth = 0.25 + 0.6 * hand.speed
    pressure -= depth * np.clip(1 - along / (0.6 * fade), 0, 1) * 0.6
    pressure -= depth * np.clip(1 - (1 - along) / fade, 0, 1)
    return t, np.clip(pressure, 0, 1)
