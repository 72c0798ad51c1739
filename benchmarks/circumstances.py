"""Reads composed pages of strange hands under many circumstances: papers, forms, a table under the sheet, bad light.

    python benchmarks/circumstances.py [--pages N] [--only NAME …] [--errors DIR] [--output FILE]

And slips with what people write beside and between digits: dates, amounts, percentages; pictures that one number fills;
and slips with what is drawn around a number, or lies beside it: circles, boxes, a comb, the wire that binds a pad.

The pages are painted anew from their numbers, so that everybody measures the same ones, and each circumstance shows the
same numbers' hands. It shows what a circumstance costs, and has no bar: the hands are as odd as the synthesiser makes
them. --errors writes a gallery of every miss for each circumstance.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from outcome import conclude

from inkread import Reader
from inkread.data.synth import PageOptions, compose_page
from inkread.evaluate.gallery import picture_misses, write_gallery
from inkread.evaluate.metrics import Rate
from inkread.evaluate.pages import LabeledPicture, PicturesReport, evaluate_pictures
from inkread.evaluate.report import machine
from inkread.geometry import Box

Pixels = NDArray[np.uint8]

CIRCUMSTANCES: Mapping[str, Mapping[str, Any]] = {
    "a sheet that fills the picture": {},
    "lined paper": {"paper": "lined"},
    "squared paper": {"paper": "squared"},
    "dotted paper": {"paper": "dotted"},
    "a board": {"paper": "board"},
    "a table": {"layout": "table"},
    "combs": {"layout": "comb"},
    "a grid": {"layout": "grid"},
    "a sheet on a table": {"desk": True},
    "a sheet on a table, held askew": {"desk": True, "view": 1.0},
    "hard light": {"light": 1.0},
    "a bad camera": {"camera": 1.0},
    "worn paper": {"wear": 1.0},
    "a security pattern": {"security": 0.5},
    "words and drawings beside": {"distractors": 0.5},
    "a quarter of the contrast": {"contrast": 0.25},
    "digits of 16 pixels": {"digit_height": 16.0},
    "half of the digits touch": {"touching": 0.5},
    "striped ground": {"paper": "canvas", "paper_color": (236, 230, 218), "ink_color": (30, 34, 70)},
    "tiled ground": {"paper": "canvas", "paper_color": (236, 230, 218), "ink_color": (30, 34, 70)},
    "black and white by a threshold": {},
    "black and white by a copier": {"paper": "canvas", "paper_color": (236, 230, 218), "ink_color": (30, 34, 70)},
}
# Words as people write them before numbers, many of letters that look like digits.
LABELS = ("Age", "Bill", "Bus", "Cash", "Gas", "Hours", "Log", "Loss", "Page", "Paul", "Room", "Score", "Table", "Zug")
# What is written on slips of one line or more, with signs beside and between the digits.
WRITTEN: Mapping[str, Callable[[np.random.Generator], str]] = {
    "dates with slashes": lambda rng: _date(rng, "/"),
    "dates with dots": lambda rng: _date(rng, "."),
    "dates with dashes": lambda rng: _date(rng, "-"),
    "times": lambda rng: f"{rng.integers(24):02}:{rng.integers(60):02}",
    "two numbers and a slash": lambda rng: f"{rng.integers(90, 190)}/{rng.integers(50, 100)}",
    "percentages": lambda rng: f"{rng.integers(1, 101)}%",
    "numbers in brackets": lambda rng: f"({rng.integers(1, 1000)})",
    "dollars": lambda rng: f"${rng.integers(1, 1000)}.{rng.integers(100):02}",
    "amounts that end in a slash and a dash": lambda rng: f"{rng.integers(10, 2000)}/-",
    "pounds": lambda rng: f"£{rng.integers(1, 1000)}",
    "euros": lambda rng: f"€{rng.integers(1, 1000)},{rng.integers(100):02}",
    "weights": lambda rng: f"{rng.integers(1, 1000)} kg",
    "sums": lambda rng: f"{rng.integers(1, 100)}+{rng.integers(1, 100)}={rng.integers(2, 200)}",
    "phone numbers": lambda rng: f"({rng.integers(100, 1000)}) {rng.integers(100, 1000)}-{rng.integers(1000, 10_000)}",
    "a word before each number": lambda rng: "\n".join(named_number(rng, LABELS) for _ in range(4)),
    "no signs": lambda rng: str(rng.integers(1000, 1_000_000)),
    "a digit that fills its picture": lambda rng: str(rng.integers(10)),
    "two digits that fill their picture": lambda rng: str(rng.integers(10, 100)),
    "a digit on squares, from nearby": lambda rng: str(rng.integers(10)),
}
# How large the slips are, and their digits.
SLIP = {"width": 700, "height": 200, "digit_height": 60.0}
FILLED = {
    "phone numbers": {"width": 700, "height": 200, "digit_height": 40.0},
    "a word before each number": {"width": 700, "height": 500, "digit_height": 50.0},
    "a digit that fills its picture": {"width": 48, "height": 56, "digit_height": 36.0},
    "two digits that fill their picture": {"width": 80, "height": 56, "digit_height": 36.0},
    "a digit on squares, from nearby": {"width": 800, "height": 600, "digit_height": 300.0, "paper": "squared"},
}
# Apart from the seeds of any recipe.
SEED = 20_263
RESULTS = Path(__file__).parent / "results" / "circumstances.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=60, metavar="N", help="how many pages of each, 60")
    parser.add_argument(
        "--only", nargs="+", choices=sorted({**CIRCUMSTANCES, **WRITTEN, **DRAWN}), metavar="NAME", help="some of them"
    )
    parser.add_argument("--errors", type=Path, metavar="DIR", help="gets a gallery of the misses of each")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    reader = Reader()
    rows = []
    for name in args.only or (*CIRCUMSTANCES, *WRITTEN, *DRAWN):
        report = evaluate_pictures(
            lambda source, region: reader.read(source, region=region), composed(name, count=args.pages)
        )
        rows.append(row(name, report))
        print(described(rows[-1]), flush=True)
        if args.errors:
            write_gallery(args.errors / name.replace(" ", "-").replace(",", ""), [*picture_misses(report)], title=name)
    return conclude(
        {
            "benchmark": "circumstances",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": reader.model,
            "pages": args.pages,
            "rows": rows,
        },
        args.output,
        check=False,
    )


def composed(name: str, *, count: int) -> tuple[LabeledPicture, ...]:
    """Pages under a circumstance; the same numbers have the same hands under all of them."""
    pictures = []
    for number in range(count):
        options = PageOptions(**{**CIRCUMSTANCES, **FILLED}.get(name, SLIP))
        if name in WRITTEN or name in DRAWN:
            write = {**WRITTEN, **DRAWN_TEXTS}.get(name, WRITTEN["no signs"])
            options = replace(options, lines=tuple(write(np.random.default_rng([SEED, number, 1])).split("\n")))
        page, truth = compose_page(np.random.default_rng([SEED, number]), options)
        pixels = np.asarray(page.pixels)
        if name in GROUNDS:
            light = GROUNDS[name](np.random.default_rng([SEED, number, 2]), *pixels.shape[:2])
            pixels = np.asarray(pixels * light[..., None], np.uint8)
        if name in BILEVEL:
            grey = BILEVEL[name](np.random.default_rng([SEED, number, 4]), cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
            pixels = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
        if name in DRAWN:
            pixels = np.pad(pixels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
            boxes = [digit.box.shifted(MARGIN, MARGIN) for digit in truth.digits()]
            pixels = DRAWN[name](np.random.default_rng([SEED, number, 3]), pixels, boxes)
        lines = tuple(line.text for line in truth.lines())
        pictures.append(LabeledPicture(id=f"page-{number:03}", source=pixels, lines=lines))
    return tuple(pictures)


def named_number(rng: np.random.Generator, names: Sequence[str]) -> str:
    """One of some words, and up to five digits behind it."""
    return f"{rng.choice(names)} {''.join(map(str, rng.integers(0, 10, rng.integers(1, 6))))}"


def _stripes(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Wide ones, darker by a sixth to a third, as of a tablecloth or in the shadow of a blind."""
    y, x = np.mgrid[:height, :width]
    angle, period = rng.uniform(0, np.pi), rng.uniform(0.06, 0.2) * height
    is_dark = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period) > 0
    return np.where(is_dark, rng.uniform(0.67, 0.83), 1.0)


def _tiles(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float64]:
    """Joints of a few pixels, darker by a fifth to two fifths, between tiles that are higher than the digits."""
    y, x = np.mgrid[:height, :width]
    pitch, joint = int(rng.uniform(0.13, 0.3) * height), int(rng.integers(3, 9))
    is_joint = np.minimum((x + rng.integers(pitch)) % pitch, (y + rng.integers(pitch)) % pitch) < joint
    return np.where(is_joint, rng.uniform(0.6, 0.8), 1.0)


# What the ground under some pages leaves of the light, for each pixel of a picture of some height and width.
GROUNDS: Mapping[str, Callable[[np.random.Generator, int, int], NDArray[np.float64]]] = {
    "striped ground": _stripes,
    "tiled ground": _tiles,
}


# Paper around a slip, in pixels, for what is drawn around its number, and around a copy.
MARGIN = 90


def _thresholded(_: np.random.Generator, grey: Pixels) -> Pixels:
    """Black where darker than the pixels around by a little: the paper's grain becomes specks."""
    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 11, 2)


def _copied(rng: np.random.Generator, grey: Pixels) -> Pixels:
    """The sheet in the dark of a copier, whose black ends in specks within the margin, on one side or more."""
    grey = np.pad(grey, MARGIN, mode="edge")
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    inside = np.stack([x, y, grey.shape[1] - x, grey.shape[0] - y])[rng.permutation(4)[: rng.integers(1, 5)]]
    tilts = rng.uniform(-0.03, 0.03, len(inside))[:, None, None] * (x + y)
    light = 1 / (1 + np.exp(-(inside + tilts - rng.uniform(0.3, 0.6) * MARGIN).min(axis=0) / 10))
    noisy = grey * light + rng.normal(0, 15, grey.shape)
    return np.where(noisy > 0.6 * np.median(grey), np.uint8(255), np.uint8(0))


# What makes black and white of a grey picture.
BILEVEL: Mapping[str, Callable[[np.random.Generator, Pixels], Pixels]] = {
    "black and white by a threshold": _thresholded,
    "black and white by a copier": _copied,
}


PENS = ((40, 40, 120), (35, 35, 35), (190, 30, 35))


def _numbered(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 10)}   {rng.integers(10, 1000)}"


def _pen(rng: np.random.Generator) -> tuple[tuple[int, int, int], int]:
    """A color, and how thick its strokes are in pixels."""
    return PENS[int(rng.integers(len(PENS)))], int(rng.integers(2, 5))


def _with_stroke(pixels: Pixels, points: ArrayLike, pen: tuple[tuple[int, int, int], int]) -> Pixels:
    """The picture with an open stroke through points (N, 2)."""
    color, thick = pen
    return cv2.polylines(pixels, [np.rint(points).astype(np.int32)], False, color, thick, cv2.LINE_AA)


def _by_hand(rng: np.random.Generator, box: Box, *, stray: float) -> NDArray[np.float64]:
    """The stroke around a box, (5, 2), whose corners lie off by so many pixels, and which ends beside its beginning."""
    return box.corners()[[0, 1, 2, 3, 0]] + rng.normal(0, stray, (5, 2))


def _circled(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A circle around a number, not quite closed or beyond its beginning."""
    around = Box.union_of(boxes)
    middle = round(around.center.x + rng.normal(0, 4)), round(around.center.y + rng.normal(0, 4))
    axes = round(0.62 * around.width + 24), round(0.62 * around.height + 24)
    color, thick = _pen(rng)
    end = int(rng.integers(340, 375))
    return cv2.ellipse(pixels, middle, axes, float(rng.normal(0, 3)), 0, end, color, thick, cv2.LINE_AA)


def _first_circled(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A circle around the first digit, the number of a question."""
    first = boxes[0]
    radius = round(rng.uniform(0.65, 0.85) * max(first.width, first.height))
    middle = round(first.center.x + rng.normal(0, 2)), round(first.center.y + rng.normal(0, 2))
    color, thick = _pen(rng)
    end = int(rng.integers(335, 375))
    return cv2.ellipse(pixels, middle, (radius, radius), float(rng.uniform(0, 360)), 0, end, color, thick, cv2.LINE_AA)


def _boxed(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A box drawn by hand around a number, not quite closed."""
    corners = _by_hand(rng, Box.union_of(boxes).grown(rng.uniform(8, 20)), stray=3)
    return _with_stroke(pixels, corners, _pen(rng))


def _in_comb(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A comb of low ticks that the digits of a number touch here and there."""
    around = Box.union_of(boxes)
    base, tick = around.y1 + 6, rng.uniform(0.25, 0.4) * around.height
    between = [(a.x1 + b.x0) / 2 for a, b in itertools.pairwise(boxes)]
    places = [around.x0 - 8, *between, around.x1 + 8]
    grey = (int(rng.integers(90, 150)),) * 3
    cv2.line(pixels, (round(places[0]), round(base)), (round(places[-1]), round(base)), grey, 2, cv2.LINE_AA)
    for x in places:
        cv2.line(pixels, (round(x), round(base)), (round(x), round(base - tick)), grey, 2, cv2.LINE_AA)
    return pixels


def _bound(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """The holes and wires of a pad along the upper edge."""
    pitch, radius = int(rng.integers(30, 46)), int(rng.integers(7, 11))
    for x in range(pitch // 2, pixels.shape[1], pitch):
        cv2.line(pixels, (x, 0), (x, 40), (110, 110, 115), 4, cv2.LINE_AA)
        cv2.circle(pixels, (x, 40), radius, (60, 60, 60), -1, cv2.LINE_AA)
    return pixels


def _cornered(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A dark table seen where a corner of the sheet ends."""
    across, down = rng.uniform(60, 150, 2)
    corner = np.array([(0, 0), (across, 0), (0, down)])
    if rng.random() < 0.5:
        corner[:, 0] = pixels.shape[1] - 1 - corner[:, 0]
    return cv2.fillPoly(pixels, [np.rint(corner).astype(np.int32)], (50, 45, 40), cv2.LINE_AA)


def _ticked(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A tick behind a number."""
    around = Box.union_of(boxes)
    size, x = rng.uniform(0.7, 1.4) * around.height, around.x1 + rng.uniform(0.3, 0.6) * around.height
    end = x + rng.uniform(0.7, 1.1) * size, around.y1 - size
    return _with_stroke(pixels, [(x, around.y1 - 0.35 * size), (x + 0.3 * size, around.y1), end], _pen(rng))


def _to_tick(rng: np.random.Generator, pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A box to be ticked before a number: empty, ticked or crossed."""
    around, pen = Box.union_of(boxes), _pen(rng)
    size = rng.uniform(0.6, 0.9) * around.height
    x0, y0 = around.x0 - size - rng.uniform(0.3, 0.6) * around.height, around.center.y - size / 2
    x1, y1 = x0 + size, y0 + size
    _with_stroke(pixels, _by_hand(rng, Box(x0, y0, x1, y1), stray=0.03 * size), pen)
    within = int(rng.integers(3))
    if within == 1:
        middle = (x0 + x1) / 2, y1 - 0.2 * size
        _with_stroke(pixels, [(x0 + 0.2 * size, y0 + 0.5 * size), middle, (x1 + 0.1 * size, y0 - 0.2 * size)], pen)
    elif within == 2:
        _with_stroke(pixels, [(x0, y0), (x1, y1)], pen)
        _with_stroke(pixels, [(x1, y0), (x0, y1)], pen)
    return pixels


# What is drawn on a slip, or how it is held: (rng, pixels, boxes of its digits) → pixels.
DRAWN: Mapping[str, Callable[[np.random.Generator, Pixels, Sequence[Box]], Pixels]] = {
    "a circle around the number": _circled,
    "a circled digit before the number": _first_circled,
    "a box around the number": _boxed,
    "a comb that digits touch": _in_comb,
    "a tick behind the number": _ticked,
    "a box to be ticked before it": _to_tick,
    "a wire along the edge": _bound,
    "a corner of the sheet": _cornered,
    "a number on its side": lambda rng, pixels, boxes: np.rot90(pixels, int(rng.choice([1, 3]))).copy(),
}


# What is written where that is not a number alone.
DRAWN_TEXTS: Mapping[str, Callable[[np.random.Generator], str]] = {"a circled digit before the number": _numbered}


def _date(rng: np.random.Generator, sign: str) -> str:
    return sign.join((f"{rng.integers(1, 32):02}", f"{rng.integers(1, 13):02}", str(rng.integers(1950, 2030))))


def row(name: str, report: PicturesReport) -> dict[str, Any]:
    """What share of the lines was read without a mistake, of the pages, and of the digits was missed, and added."""
    judged = [one.judgement for one in report.outcomes]
    lines = right = missed = added = wanted = 0
    for one in judged:
        left = list(one.got)
        lines += len(one.want)
        for line in one.want:
            if line in left:
                left.remove(line)
                right += 1
        digits, read = sum(map(len, one.want)), sum(map(len, one.got))
        wanted, missed, added = wanted + digits, missed + digits - one.hits, added + read - one.hits
    return {
        "what": name,
        "value": right / lines,
        "lines": lines,
        "pages_right": Rate.of([one.exact for one in judged]).to_dict(),
        "digits": wanted,
        "digits_missed": missed / wanted,
        "digits_added": added / wanted,
        "median_seconds": report.median_seconds,
        "bar": None,
        "met": None,
    }


def described(one: Mapping[str, Any]) -> str:
    return (
        f"{one['what']:32} lines {100 * one['value']:5.1f} %  pages {100 * one['pages_right']['value']:5.1f} %  "
        f"digits missed {100 * one['digits_missed']:4.1f} %, added {100 * one['digits_added']:4.1f} %  "
        f"{one['median_seconds']:.3f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
