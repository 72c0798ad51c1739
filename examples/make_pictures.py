"""Write the example pictures of the README, and what stands on them, with inkread's own synthesiser.

    python examples/make_pictures.py [FOLDER]

FOLDER is ``examples/pictures`` when not given. The same seeds give the same pictures every time.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.ink import Pen
from inkread.parts import PageImage
from inkread.results import Document

FOLDER = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class Example:
    """A picture to make: where to start the random numbers, and what it shows."""

    seed: int
    options: PageOptions


STEADY = {"habit": 0.03, "jitter": 0.012, "bend": 0.03, "baseline_wander": 0.02}
ON_SCREEN = {"wear": 0.0, "light": 0.0, "camera": 0.0, "view": 0.0}

EXAMPLES: dict[str, Example] = {
    # A photographed line on lined paper, in the light of a lamp.
    "lamp.jpg": Example(
        24,
        PageOptions(
            width=800,
            height=320,
            layout="line",
            lines=("4096 1250 38",),
            paper="lined",
            paper_color=(240, 236, 222),
            ink_color=(32, 52, 140),
            hand=Hand(pen=Pen(width=0.065), slant_degrees=9, seed=5, **STEADY),
            digit_height=64,
            wear=0.5,
            light=1.0,
            camera=0.3,
            view=0.4,
        ),
    ),
    # A scanned form: a box for each digit.
    "form.png": Example(
        6,
        PageOptions(
            width=760,
            height=300,
            layout="comb",
            lines=("20261120", "0714 5593"),
            ink_color=(24, 24, 30),
            paper_color=(250, 250, 248),
            hand=Hand(pen=Pen(width=0.07), slant_degrees=4, seed=21, **STEADY),
            distractors=0.5,
            **ON_SCREEN,
        ),
    ),
    # One digit, drawn white on black.
    "canvas.png": Example(
        4,
        PageOptions(
            width=280,
            height=280,
            layout="digit",
            lines=("7",),
            paper="canvas",
            paper_color=(0, 0, 0),
            ink_color=(255, 255, 255),
            hand=Hand(pen=Pen(width=0.1, kind="digital"), habit=0.03, jitter=0.02, tremor=0.006, seed=8),
            digit_height=190,
            **ON_SCREEN,
        ),
    ),
    # A table on a sheet that lies on a desk.
    "table.jpg": Example(
        11,
        PageOptions(
            width=720,
            height=540,
            layout="table",
            lines=("12 405 7", "80 316 29", "6 1999 14", "35 270 51", "48 9 663"),
            hand=Hand(pen=Pen(width=0.065, kind="felt"), slant_degrees=-3, seed=33, **STEADY),
            ink_color=(26, 26, 30),
            paper_color=(236, 234, 228),
            light=0.6,
            camera=0.25,
            view=0.5,
            desk=True,
        ),
    ),
    # Pencil on squared paper.
    "pencil.jpg": Example(
        9,
        PageOptions(
            width=640,
            height=440,
            layout="lines",
            lines=("3141 592", "65 35897", "932 3846"),
            paper="squared",
            paper_color=(246, 246, 240),
            hand=Hand(
                pen=Pen(width=0.06, kind="pencil", grain=0.45), slant_degrees=12, overshoot=0.03, seed=13, **STEADY
            ),
            contrast=0.8,
            light=0.6,
            camera=0.3,
            view=0.5,
        ),
    ),
    # A page as phones send it, with words beside the numbers.
    "phone.jpg": Example(
        16,
        PageOptions(
            width=600,
            height=760,
            layout="lines",
            lines=("Room 204", "Tel 0151 2347 88", "Total 1795"),
            hand=Hand(pen=Pen(width=0.055), slant_degrees=6, seed=2, **STEADY),
            ink_color=(36, 38, 60),
            paper_color=(226, 224, 216),
            digit_height=62,
            distractors=0.3,
            wear=0.5,
            light=0.8,
            camera=0.4,
            view=0.6,
        ),
    ),
    # An amount over a security pattern.
    "cheque.jpg": Example(
        31,
        PageOptions(
            width=640,
            height=200,
            layout="line",
            lines=("12580 00",),
            paper_color=(224, 230, 222),
            ink_color=(26, 28, 40),
            hand=Hand(pen=Pen(width=0.07, kind="fountain"), slant_degrees=14, seed=44, **STEADY),
            digit_height=68,
            security=0.7,
            wear=0.2,
            light=0.3,
            camera=0.2,
        ),
    ),
    # Chalk on a board.
    "board.jpg": Example(
        5,
        PageOptions(
            width=640,
            height=340,
            layout="lines",
            lines=("314159", "2718"),
            paper="board",
            paper_color=(34, 66, 52),
            hand=Hand(pen=Pen(width=0.085, kind="pencil", grain=0.5), slant_degrees=3, seed=62, **STEADY),
            light=0.4,
            camera=0.2,
        ),
    ),
    # Numbers anywhere on a sheet.
    "scattered.jpg": Example(
        20,
        PageOptions(
            width=600,
            height=440,
            layout="scattered",
            lines=("7", "42", "63", "1980", "5"),
            ink_color=(30, 40, 130),
            hand=Hand(pen=Pen(width=0.08, kind="felt"), slant_degrees=8, seed=74, **STEADY),
            light=0.7,
            camera=0.2,
        ),
    ),
    # A sheet without a number.
    "no-numbers.jpg": Example(
        28, PageOptions(width=560, height=360, layout="nothing", distractors=0.8, light=0.5, camera=0.2)
    ),
}


def compose(name: str) -> tuple[PageImage, Document]:
    """The picture of this name and what stands on it."""
    example = EXAMPLES[name]
    return compose_page(np.random.default_rng(example.seed), example.options)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    truth: dict[str, list[str]] = {}
    for name in EXAMPLES:
        image, document = compose(name)
        picture = Image.fromarray(np.asarray(image.pixels))
        if name.endswith(".jpg"):
            picture.save(folder / name, quality=80)
        else:
            picture.save(folder / name, optimize=True)
        truth[name] = [line.text for line in document.lines()]
        print(f"{folder / name}  {' | '.join(truth[name])}")
    (folder / "truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
