"""Checks by deletion that the ink which is said to have made an answer did, and how long explaining a page takes.

    python benchmarks/explain.py [--limit N] [--output FILE] [--check]

Each digit of the MNIST test set is explained, and the fifth of its ink with the most evidence for the answer is taken
out of the network's input; beside it, as much ink at random pixels, as much of the coldest ink, and as much in one
patch around a random pixel. Times are of the processor, on one core: what explaining a page of 100 digits costs beyond
reading it. ``--development`` uses the training digits instead.
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
from inkread.evaluate.metrics import Rate
from inkread.evaluate.report import machine
from inkread.explainer import CLASSES, Explainer
from inkread.models.registry import DIGIT_TASKS, bundled
from inkread.reader import Reader, ReaderOptions
from inkread.recognize.digit import DigitRecognizer

Floats = NDArray[np.float32]

SHARE = 0.2  # of the ink that is taken away
RANDOM_DRAWS = 5  # whose mean stands for random ink
BATCH = 256
AGAINST_RANDOM, PAGE_S = 0.90, 0.100
RESULTS = Path(__file__).parent / "results" / "explain.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, metavar="N", help="N digits, spread evenly; else all")
    parser.add_argument("--repeat", type=int, default=20, metavar="N", help="times that the page is read, 20")
    parser.add_argument("--development", action="store_true", help="use the training digits")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    explainer = Explainer(Reader(ReaderOptions(layout="digit", threads=1)))
    images = load("mnist", "train" if args.development else "test").images
    if args.limit:
        images = images[np.linspace(0, len(images) - 1, args.limit).astype(int)]
    rows = [*deletion(explainer, images), page_time(args.repeat)]
    for row in rows:
        bar = "" if row["bar"] is None else f"  bar {row['bar']:g}  {'met' if row['met'] else 'MISSED'}"
        print(f"{row['what']:72} {row['value']:.4g} {row['unit']}{bar}")
    return conclude(
        {
            "benchmark": "explain",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": {task: bundled(task).name for task in DIGIT_TASKS},
            "data": {"name": "mnist", "split": "train" if args.development else "test", "n": len(images)},
            "rows": rows,
        },
        args.output,
        check=args.check,
    )


def deletion(explainer: Explainer, images: Any) -> list[dict[str, Any]]:
    explained = [one for image in images for one in explainer.explain(image).digits]
    inputs = np.stack([one.ink for one in explained])[:, None]
    evidence = np.stack([one.evidence.ravel() for one in explained])
    answer = np.array([CLASSES.index(one.value) for one in explained])
    digit, second = map(bundled, DIGIT_TASKS)
    recognizer, flat = DigitRecognizer(digit, second=second), inputs.reshape(len(inputs), -1)

    def probability(ranking: NDArray[Any] | None) -> NDArray[np.float64]:
        """Of the answer, without the ink that ranks highest."""
        left = inputs if ranking is None else without(inputs, np.where(flat > 0, ranking, -np.inf))
        parts = [recognizer.recognize_prepared(left[k : k + BATCH]) for k in range(0, len(left), BATCH)]
        scores = np.concatenate(parts)
        return np.exp(scores[np.arange(len(left)), answer].astype(np.float64))

    rng = np.random.default_rng(0)
    whole, hottest, coldest = probability(None), probability(evidence), probability(-evidence)
    random = np.mean([probability(rng.random(flat.shape)) for _ in range(RANDOM_DRAWS)], axis=0)
    patch = np.mean([probability(-distances(flat, rng)) for _ in range(RANDOM_DRAWS)], axis=0)
    rows = []
    for name, other, bar in (("random ink", random, AGAINST_RANDOM), ("the coldest ink", coldest, None),
                             ("a patch at random", patch, None)):  # fmt: skip
        found = Rate.of(hottest < other)
        met = None if bar is None or found.value is None else found.value >= bar
        what = f"digits that lose more by their hottest fifth of ink than by {name}"
        rows.append({"what": what, "unit": "share", **found.to_dict(), "bar": bar, "sense": "at least", "met": met})
    for name, left in (("hottest ink", hottest), ("random ink", random), ("coldest ink", coldest), ("patch", patch)):
        rows.append(
            {"what": f"mean loss of probability by a fifth of ink, {name}", "unit": "share",
             "value": float((whole - left).mean()), "bar": None, "met": None}
        )  # fmt: skip
    return rows


def without(inputs: Floats, ranking: NDArray[Any]) -> Floats:
    """The inputs without the pixels that rank highest, up to a share of their ink."""
    flat = inputs.reshape(len(inputs), -1)
    order = np.argsort(-ranking, axis=1, kind="stable")
    ordered = np.take_along_axis(flat, order, axis=1)
    before = ordered.cumsum(axis=1) - ordered
    kept = np.where(before < SHARE * flat.sum(axis=1, keepdims=True), 0, ordered)
    out = np.empty_like(flat)
    np.put_along_axis(out, order, kept, axis=1)
    return out.reshape(inputs.shape)


def distances(flat: Floats, rng: np.random.Generator) -> NDArray[np.float64]:
    """The squared distance of each pixel from one that is drawn by its ink."""
    side = int(flat.shape[1] ** 0.5)
    cumulative = flat.cumsum(axis=1)
    drawn = (cumulative < cumulative[:, -1:] * rng.random((len(flat), 1))).sum(axis=1)
    y, x = np.divmod(np.arange(side * side), side)
    return np.asarray((y - (drawn // side)[:, None]) ** 2 + (x - (drawn % side)[:, None]) ** 2, np.float64)


def page_time(repeat: int) -> dict[str, Any]:
    """What explaining a page of 100 digits costs beyond reading it."""
    pixels, reader = hundred_digits(), Reader(ReaderOptions(threads=1))
    explainer = Explainer(reader)
    return cost_row(
        "heat",
        lambda: reader.read(pixels),
        lambda: explainer.explain(pixels),
        digits=len(explainer.explain(pixels).digits),
        repeat=repeat,
        bar=PAGE_S,
    )


if __name__ == "__main__":
    sys.exit(main())
