"""What a made page can be asked to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from inkread.data.synth.hand import Hand
from inkread.errors import InvalidOption

__all__ = ["LAYOUTS", "PAPERS", "Layout", "PageOptions", "Paper"]

Layout = Literal["digit", "line", "lines", "grid", "scattered", "table", "comb", "nothing"]
Paper = Literal["plain", "lined", "squared", "dotted", "board", "canvas"]
Color = tuple[int, int, int]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
PAPERS: tuple[Paper, ...] = get_args(Paper)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """What a page shows, what it is written on, and how it is seen.

    Attributes
    ----------
    width, height
        Size of the picture in pixels, 24 to 8000. 1000 × 700, a small photograph: large enough for a page of digits,
        made in well under a tenth of a second.
    layout
        "digit" is one digit, "line" one line, "lines" several; "grid" rows of numbers apart, "table" the same between
        rules, "comb" a box for each digit, "scattered" numbers anywhere; "nothing" has no number. "lines", because it
        is what most people photograph.
    lines
        The texts, top to bottom; spaces are clear gaps (or the next cell), letters and marks are written and are no
        truth. None makes some up.
    hand
        Who writes. None is somebody.
    digit_height
        Height of a digit in pixels, 12 to 1000; less where the texts do not fit. None fills the page sensibly.
    touching
        Probability that a digit touches the one before it, in [0, 1]. 0: most do not.
    paper
        "plain"; "lined", "squared" and "dotted" are printed so; "board" is dark with chalk; "canvas" is a drawing
        program's even color without any light. "plain", the commonest.
    paper_color, ink_color
        RGB, each 0 to 255. None chooses what is usual for the paper and the pen.
    contrast
        How far the ink stands out of the paper, above 0.05 up to 1 (as the colors are). 1, a fresh pen.
    security
        Strength of a security pattern behind the writing, in [0, 1]. 0: most paper has none.
    wear
        Strength of fibers, dust, creases, stains and show-through, in [0, 1]. 0.3, a sheet from a pile.
    distractors
        How much else is on the page (words, drawings, underlines, marks in numbers), in [0, 1]. 0: numbers only.
    light
        How uneven the light is (fall-off, shadow, vignette), in [0, 1]. 0.5, a room.
    camera
        Strength of blur, noise and JPEG, in [0, 1]. 0.4, a phone held well.
    view
        Strength of rotation and perspective, in [0, 1]; at 1 up to 7 degrees. 0.2, a careful hand.
    desk
        Whether the sheet lies on a table that is seen around it. False: most people fill the frame.
    """

    width: int = 1000
    height: int = 700
    layout: Layout = "lines"
    lines: tuple[str, ...] | None = None
    hand: Hand | None = None
    digit_height: float | None = None
    touching: float = 0.0
    paper: Paper = "plain"
    paper_color: Color | None = None
    ink_color: Color | None = None
    contrast: float = 1.0
    security: float = 0.0
    wear: float = 0.3
    distractors: float = 0.0
    light: float = 0.5
    camera: float = 0.4
    view: float = 0.2
    desk: bool = False

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            side = getattr(self, name)
            if not 24 <= side <= 8000:
                raise InvalidOption(f"a page's {name} lies between 24 and 8000 pixels; got {side}")
        if self.layout not in LAYOUTS:
            raise InvalidOption(f"unknown layout {self.layout!r}; known are {', '.join(LAYOUTS)}")
        if self.paper not in PAPERS:
            raise InvalidOption(f"unknown paper {self.paper!r}; known are {', '.join(PAPERS)}")
        if self.digit_height is not None and not 12 <= self.digit_height <= 1000:
            raise InvalidOption(f"a page's digit_height lies between 12 and 1000 pixels; got {self.digit_height}")
        if not 0.05 < self.contrast <= 1:
            raise InvalidOption(f"a page's contrast lies above 0.05 and up to 1; got {self.contrast}")
        for name in ("touching", "security", "wear", "distractors", "light", "camera", "view"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise InvalidOption(f"a page's {name} lies in [0, 1]; got {value}")
        for name in ("paper_color", "ink_color"):
            color = getattr(self, name)
            if color is not None and (len(color) != 3 or not all(0 <= v <= 255 for v in color)):
                raise InvalidOption(f"a page's {name} is (red, green, blue), each 0 to 255; got {color}")
        self._check_lines()

    def _check_lines(self) -> None:
        if self.lines is None:
            return
        if not all(line.strip() for line in self.lines):
            raise InvalidOption(f"every line of a page needs at least one character; got {self.lines}")
        if self.layout == "nothing" and self.lines:
            raise InvalidOption(f"a page with the layout 'nothing' has no lines; got {self.lines}")
        if self.layout != "nothing" and not self.lines:
            raise InvalidOption(
                f"a page with the layout {self.layout!r} needs lines; leave them out to have some made up"
            )
        if self.layout in ("digit", "line") and len(self.lines) != 1:
            raise InvalidOption(f"the layout {self.layout!r} takes one line; got {len(self.lines)}")

    @classmethod
    def random(cls, rng: np.random.Generator) -> PageOptions:
        """Some page as strangers send them: any layout, paper, light and camera."""
        layout = LAYOUTS[int(rng.choice(len(LAYOUTS), p=[0.16, 0.2, 0.26, 0.1, 0.08, 0.08, 0.06, 0.06]))]
        paper = PAPERS[int(rng.choice(len(PAPERS), p=[0.4, 0.16, 0.16, 0.04, 0.06, 0.18]))]
        if layout == "digit":
            width = height = int(rng.integers(64, 800))
        elif layout == "line":
            width = int(rng.integers(240, 1400))
            height = int(width * rng.uniform(0.15, 0.6))
        else:
            width = int(rng.integers(500, 1400))
            height = int(width * rng.uniform(0.55, 1.45))
        on_screen = paper == "canvas"
        return cls(
            width=width,
            height=height,
            layout=layout,
            touching=float(rng.uniform(0.1, 0.7)) if rng.random() < 0.15 else 0.0,
            paper=paper,
            contrast=float(rng.uniform(0.25, 1)) if rng.random() < 0.35 and not on_screen else 1.0,
            security=float(rng.uniform(0.2, 1)) if rng.random() < 0.08 and not on_screen else 0.0,
            wear=0.0 if on_screen else float(rng.beta(1.2, 2.5)),
            distractors=float(rng.random()) if rng.random() < 0.5 or layout == "nothing" else 0.0,
            light=0.0 if on_screen else float(rng.beta(1.5, 1.5)),
            camera=float(rng.beta(1.2, 1.8)) * (0.3 if on_screen else 1.0),
            view=0.0 if on_screen else float(rng.beta(1, 2)),
            desk=bool(rng.random() < 0.08 and not on_screen),
        )
