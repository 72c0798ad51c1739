"""Tells the digits of MNIST's writers one by one, and doubtful ones by the others of their writer, as on a page.

    python benchmarks/writers.py [--development] [--limit N] [--output FILE]

MNIST's test digits, whose writers QMNIST names, some hundred of each; unchanged, made smaller and noisy, and blurred
and noisy, as in a poor photograph. The accuracy by itself, and with doubtful digits compared
(``inkread.decode.writer``); there is no bar. --development takes the training digits of writers that the digit network
did not learn from.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from outcome import conclude

from inkread.data import datasets
from inkread.decode.writer import compared
from inkread.evaluate.metrics import Rate
from inkread.evaluate.report import machine
from inkread.models.registry import bundled
from inkread.parts import DIGITS
from inkread.recognize.digit import DigitRecognizer
from inkread.recognize.prepare import to_ink
from inkread.recognize.writer import WriterModel

Picture = NDArray[np.uint8]
Change = Callable[[Picture, np.random.Generator], Picture]

# So many writers were held out from the digit network's training, the first in an order of its own.
HELD_OUT = 60
SEED = 20_264
RESULTS = Path(__file__).parent / "results" / "writers.json"


def _noisy(picture: Picture, rng: np.random.Generator, deviation: float) -> Picture:
    noise = rng.normal(0, deviation, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def smaller(picture: Picture, rng: np.random.Generator) -> Picture:
    """Seen in ten by ten pixels, digits of seven, and enlarged again."""
    seen = cv2.resize(picture, (10, 10), interpolation=cv2.INTER_AREA)
    return _noisy(cv2.resize(seen, picture.shape[::-1], interpolation=cv2.INTER_CUBIC), rng, 12)


def blurred(picture: Picture, rng: np.random.Generator) -> Picture:
    return _noisy(cv2.GaussianBlur(picture, (0, 0), 2.0), rng, 25)


CHANGES: dict[str, Change] = {
    "unchanged": lambda picture, rng: picture,
    "seen in ten by ten pixels, noisy": smaller,
    "blurred, noisy": blurred,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--development", action="store_true", help="training digits of writers held out instead")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N writers")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    samples = datasets.load("mnist", "train" if args.development else "test")
    if samples.writers is None:
        parser.error("the writers of MNIST are named by QMNIST: inkread data fetch qmnist")
    writers = np.unique(samples.writers)
    if args.development:
        writers = np.random.default_rng(0).permutation(writers)[:HELD_OUT]
    samples = samples.take(np.isin(samples.writers, writers[: args.limit]))
    labels, of = samples.labels.astype(np.int64), np.asarray(samples.writers)

    cards = bundled("digit"), bundled("writer")
    recognizer, model = DigitRecognizer(cards[0], threads=2), WriterModel(cards[1], threads=2)
    rows = []
    for name, change in CHANGES.items():
        rng = np.random.default_rng(SEED)
        inks = to_ink([change(picture, rng) for picture in samples.images])
        alone = np.exp(recognizer.recognize(inks)[:, : len(DIGITS)]).astype(np.float64)
        together = alone.copy()
        for writer in np.unique(of):
            own = np.flatnonzero(of == writer)
            together[own] = compared(alone[own], *model.places(recognizer.features([inks[i] for i in own])))
        for how, probabilities in (("one by one", alone), ("with those of their writer", together)):
            right = probabilities.argmax(axis=1) == labels
            rate = Rate.of(right.tolist())
            row = {"what": f"{name}, {how}", **rate.to_dict(), "wrong": int((~right).sum()), "bar": None, "met": None}
            rows.append(row)
            print(f"{row['what']:60} {100 * (rate.value or 0):.2f} %  {row['wrong']} of {rate.count} wrong", flush=True)
    return conclude(
        {
            "benchmark": "writers",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": {card.task: card.name for card in cards},
            "data": {"name": "mnist", "split": "train, writers held out" if args.development else "test"},
            "writers": len(np.unique(of)),
            "rows": rows,
        },
        args.output,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
