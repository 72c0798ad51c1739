"""A small training in a process of its own, for whoever watches it: progress as JSON lines on stdout.

    python -m inkread.train.watched --data mnist --samples 100000 --folder DIR

The page's lab starts it. It learns from one data set alone, without the recipe's other sources: what comes out is a
network to try, not one to keep. The last line holds the path of its card, or an error in words.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import InkreadError, InvalidOption, MissingExtra

if TYPE_CHECKING:
    from inkread.models.registry import ModelCard
    from inkread.train.loop import Progress

__all__ = ["Teller", "main", "train_small"]

# Half as wide as the bundled network: four times as fast to train.
WIDTH = 0.5
# Seconds between two lines: a curve that grows before one's eyes.
TELL_EVERY_S = 0.5


class Teller:
    """Tells where a training stands, as JSON lines: now and then, and at every validation.

    Parameters
    ----------
    every_s
        Seconds between two lines; losses of the steps between are averaged.
    """

    def __init__(self, *, every_s: float = TELL_EVERY_S) -> None:
        self._every_s = every_s
        self._last = time.monotonic()
        self._losses: list[float] = []

    def __call__(self, progress: Progress) -> None:
        self._losses.append(progress.loss)
        now = time.monotonic()
        if progress.figures is None and now - self._last < self._every_s:
            return
        tell(
            step=progress.step,
            steps=progress.steps,
            loss=round(float(np.mean(self._losses)), 5),
            samples_per_second=round(progress.samples_per_second, 1),
            figures=progress.figures,
        )
        self._last = now
        self._losses.clear()


def tell(**entries: Any) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(entries) + "\n")
    sys.stdout.flush()


def train_small(data: str, *, samples: int, folder: Path) -> ModelCard:
    """Train a small network on the digits of one data set, letters and marks in it being no digits.

    Raises
    ------
    DataError
        If the set is not there.
    InvalidOption
        If it holds no single characters.
    """
    from inkread.data.cards import card
    from inkread.data.datasets import load
    from inkread.parts import DIGITS
    from inkread.recognize.prepare import to_ink
    from inkread.train.digits import NOT_A_DIGIT_CLASS
    from inkread.train.recipes import DIGIT, train_digit

    known = card(data)
    if known.form != "images":
        raise InvalidOption(f"{data} holds {known.form}, not single characters; a digit network cannot learn from it")
    found = load(data, "train" if "train" in known.splits else "all")
    targets = np.array([int(one) if one in DIGITS else NOT_A_DIGIT_CLASS for one in found.labels.tolist()], np.int64)
    recipe = replace(DIGIT, width=WIDTH, samples=samples, polish_share=0.0)
    crops = (to_ink(list(found.images)), targets)
    return train_digit(recipe, folder=folder, extra=[crops], bundled_data=False, report=Teller())


def main(arguments: list[str] | None = None) -> int:
    """Train, and give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", required=True, metavar="NAME")
    parser.add_argument("--samples", type=int, required=True, metavar="N")
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR")
    args = parser.parse_args(arguments)
    if hasattr(os, "nice"):
        os.nice(10)  # whoever reads meanwhile goes first
    try:
        trained = train_small(args.data, samples=args.samples, folder=args.folder)
    except InkreadError as error:
        tell(error=error.message)
        return 1
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx"):
            raise
        tell(error=MissingExtra.of("train", "training").message)
        return 1
    tell(card=str(trained.path.with_suffix(".toml")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
