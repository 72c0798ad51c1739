"""Measures how long describing the writing of a page takes, and how far its quantities belong to their writers.

    python benchmarks/style.py [--writers N] [--digits N] [--output FILE] [--check]

Time is of the processor, on one core: what reading a page of 100 digits with style costs beyond reading it without.
For the writers, digits of the MNIST training set with their writers of QMNIST (Yadav and Bottou 2019, arXiv
1905.10498): the mean of each digit class is taken away, and the intraclass correlation ICC(1) (Shrout and Fleiss 1979,
doi:10.1037/0033-2909.86.2.420) says what share of what is left is the writer's; ICC(1, k) says it of the mean over k
digits of one writer. The pictures of that set were scaled to one height, so that no absolute length is compared.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from hundred_digits import cost_row, hundred_digits
from numpy.typing import NDArray
from outcome import conclude

from inkread.data.datasets import load
from inkread.evaluate.report import machine
from inkread.geometry import Box, PageTransform
from inkread.models.registry import bundled
from inkread.reader import Reader, ReaderOptions
from inkread.recognize.prepare import to_ink
from inkread.style import measure_digits

PAGE_S = 0.050
QUANTITIES = ("slant_degrees", "relative_stroke_width", "aspect", "roundness", "loops", "pieces")
RESULTS = Path(__file__).parent / "results" / "style.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=200, metavar="N", help="writers compared, 200")
    parser.add_argument("--digits", type=int, default=50, metavar="N", help="digits of each, 50")
    parser.add_argument("--repeat", type=int, default=20, metavar="N", help="times that the page is read, 20")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    rows = [page_time(args.repeat), *writers(args.writers, args.digits)]
    for row in rows:
        bar = "" if row["bar"] is None else f"  bar {row['bar']:g}  {'met' if row['met'] else 'MISSED'}"
        print(f"{row['what']:72} {row['value']:.4g} {row['unit']}{bar}")
    return conclude(
        {
            "benchmark": "style",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": {"digit": bundled("digit").name},
            "rows": rows,
        },
        args.output,
        check=args.check,
    )


def writers(count: int, digits: int) -> list[dict[str, Any]]:
    """The share of each quantity's variance that is the writer's."""
    samples = load("mnist", "train")
    if samples.writers is None:
        sys.exit("the QMNIST labels are needed beside MNIST: inkread data list")
    names, counts = np.unique(samples.writers, return_counts=True)
    chosen = names[counts >= digits][:count]
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.choice(np.flatnonzero(samples.writers == one), digits, replace=False) for one in chosen])
    labels = [str(label) for label in samples.labels[rows]]
    inks = to_ink(samples.images[rows])
    boxes = [Box(0, 0, ink.shape[1], ink.shape[0]) for ink in inks]
    styles = measure_digits(labels, inks, boxes, PageTransform())
    found = []
    for name in QUANTITIES:
        values = np.array([getattr(style, name) for style in styles], np.float64)
        for label in set(labels):
            own = np.array(labels) == label
            values[own] -= values[own].mean()
        single, mean = intraclass(values.reshape(len(chosen), digits))
        for what, value in (("one digit", single), (f"the mean of {digits}", mean)):
            found.append(
                {"what": f"{name} of {len(chosen)} writers, correlation within a writer, {what}",
                 "unit": "correlation", "value": value, "bar": None, "met": None}
            )  # fmt: skip
    return found


def intraclass(values: NDArray[np.float64]) -> tuple[float, float]:
    """ICC(1) and ICC(1, k) of values (groups, k)."""
    groups, size = values.shape
    between = size * float(values.mean(axis=1).var(ddof=1))
    within = float(((values - values.mean(axis=1, keepdims=True)) ** 2).sum()) / (groups * (size - 1))
    return (between - within) / (between + (size - 1) * within), (between - within) / between


def page_time(repeat: int) -> dict[str, Any]:
    """What style costs on a page of 100 digits."""
    pixels, reader = hundred_digits(), Reader(ReaderOptions(threads=1))
    described = ReaderOptions(threads=1, style=True)
    return cost_row(
        "style",
        lambda: reader.read(pixels),
        lambda: reader.read(pixels, options=described),
        digits=len(list(reader.read(pixels).digits())),
        repeat=repeat,
        bar=PAGE_S,
    )


if __name__ == "__main__":
    sys.exit(main())
