"""One writer: the habits and the pen by which a person's writing is known.

What a hand makes of a character is in :mod:`inkread.data.synth.glyph`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from inkread.errors import InvalidOption
from inkread.geometry import Stroke
from inkread.ink import Pen, PenKind

__all__ = ["Hand", "random_pen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """The habits of one writer. Lengths are in heights of a digit.

    Attributes
    ----------
    pen
        What the writer holds; its width is in heights of a digit: 0.05 is a ballpoint.
    slant_degrees
        Lean of upright strokes to the right, in (-60, 60); most people lie between -10 and 25.
    aspect
        Width of the writing beside the authored shapes, above 0; 0.7 is narrow, 1.4 wide.
    roundness
        How far curves swing between their points: 0 is angular, 1 as authored, at most 1.5.
    corner_rounding
        How far sharp corners become curves, in [0, 1].
    habit
        Deviation of this writer's own lasting changes to the authored shapes, 0 to 0.2.
    jitter
        Deviation by which the writer misses the own shapes each time, 0 to 0.2.
    bend
        Size of the smooth bending of a whole character, different each time, 0 to 0.3.
    tremor
        Deviation of the unsteadiness along a stroke, 0 to 0.1.
    closure
        What happens where a stroke should end at its start: below 0 a gap is left, above 0 the stroke runs on; -0.5 to
        0.5.
    overshoot
        Deviation by which strokes end early or late, 0 to 0.3.
    size_variation
        Deviation of the size from character to character, 0 to 0.5.
    speed
        How fast, in [0, 1]; fast writing cuts corners and thins out at the ends of strokes.
    loyalty
        Probability that a character is written in the writer's usual form, in [0, 1].
    spacing
        Gap between the ink of neighbors in a number, -0.2 to 2; below 0 digits overlap.
    baseline_wander
        Deviation of the base line from character to character, 0 to 0.3.
    seed
        Decides on usual forms and lasting changes: the writer's identity.
    is_regional
        Whether forms that are common in some countries only are among the writer's.
    recorded
        Characters that a person has written, each a few times: one of them is written as it is, in place of a made-up
        one. Strokes in heights of a digit, as :func:`~inkread.data.synth.write_glyph` gives them. None: all is made up.
        It does not count where hands are compared.

    Examples
    --------
    >>> hand = Hand.random(np.random.default_rng(1))
    >>> 0 < hand.pen.width < 0.4
    True
    """

    pen: Pen = field(default_factory=lambda: Pen(width=0.055))
    slant_degrees: float = 0.0
    aspect: float = 1.0
    roundness: float = 1.0
    corner_rounding: float = 0.0
    habit: float = 0.0
    jitter: float = 0.0
    bend: float = 0.0
    tremor: float = 0.0
    closure: float = 0.0
    overshoot: float = 0.0
    size_variation: float = 0.0
    speed: float = 0.3
    loyalty: float = 0.9
    spacing: float = 0.18
    baseline_wander: float = 0.0
    seed: int = 0
    is_regional: bool = False
    recorded: Mapping[str, Sequence[tuple[Stroke, ...]]] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InvalidOption(f"a hand's {name} lies in [{low}, {high}]; got {value}")

    @classmethod
    def random(cls, rng: np.random.Generator) -> Hand:
        """Some writer: careful or hasty, with any pen."""
        care = float(rng.beta(1.7, 1.7))
        haste = 1 - care
        made = cls(
            pen=random_pen(rng),
            slant_degrees=float(np.clip(rng.normal(6, 12), -32, 44)),
            aspect=float(np.clip(math.exp(rng.normal(0, 0.24)), 0.5, 1.8)),
            roundness=float(np.clip(rng.normal(1.02, 0.15), 0.5, 1.35)),
            corner_rounding=float(np.clip(rng.beta(1.1, 2.2) * (0.45 + 0.75 * haste), 0, 1)),
            habit=0.014 + 0.05 * float(rng.random()),
            jitter=0.004 + 0.045 * haste * float(rng.random()),
            bend=0.01 + 0.11 * haste * float(rng.random()),
            tremor=float(0.002 + 0.012 * rng.random() ** 3),
            closure=float(np.clip(rng.normal(0.01, 0.05), -0.14, 0.2)),
            overshoot=0.01 + 0.1 * haste * float(rng.random()),
            size_variation=0.02 + 0.1 * haste * float(rng.random()),
            speed=float(np.clip(haste + rng.normal(0, 0.15), 0, 1)),
            loyalty=0.8 + 0.2 * float(rng.random()),
            spacing=float(np.clip(rng.normal(0.2, 0.1), 0.03, 0.6)),
            baseline_wander=0.005 + 0.05 * haste * float(rng.random()),
            seed=int(rng.integers(2**31)),
        )
        return replace(made, is_regional=made.seed % 2 == 1)


_RANGES: dict[str, tuple[float, float]] = {
    "slant_degrees": (-60, 60),
    "aspect": (0.2, 4),
    "roundness": (0, 1.5),
    "corner_rounding": (0, 1),
    "habit": (0, 0.2),
    "jitter": (0, 0.2),
    "bend": (0, 0.3),
    "tremor": (0, 0.1),
    "closure": (-0.5, 0.5),
    "overshoot": (0, 0.3),
    "size_variation": (0, 0.5),
    "speed": (0, 1),
    "loyalty": (0, 1),
    "spacing": (-0.2, 2),
    "baseline_wander": (0, 0.3),
}


# Pens by how often a writer holds one, and where the next kind begins on the scale from 0 to 1.
_COMMON_PENS: tuple[PenKind, ...] = ("ballpoint", "felt", "pencil", "digital", "fountain", "brush", "marker")
_COMMON_PENS_UP_TO = (0.36, 0.54, 0.69, 0.80, 0.89, 0.94)


def random_pen(rng: np.random.Generator) -> Pen:
    """Some pen, its width in heights of a digit."""
    kind = _COMMON_PENS[int(np.searchsorted(_COMMON_PENS_UP_TO, rng.random()))]
    low, high = {
        "ballpoint": (0.03, 0.1),
        "felt": (0.055, 0.18),
        "pencil": (0.035, 0.1),
        "digital": (0.03, 0.2),
        "fountain": (0.06, 0.15),
        "brush": (0.07, 0.2),
        "marker": (0.09, 0.19),
    }[kind]
    width = low * (high / low) ** float(rng.random())
    grain = {"pencil": 0.25 + 0.5 * rng.random(), "digital": 0.0, "brush": 0.3 * rng.random()}.get(kind, 0.0)
    if kind in ("ballpoint", "felt", "marker") and rng.random() < 0.3:
        grain = 0.4 * rng.random()
    nib = float(np.clip(rng.normal(42, 14), 0, 90))
    return Pen(width=width, kind=kind, nib_degrees=nib, grain=float(grain))
