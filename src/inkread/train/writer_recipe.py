"""The recipe of the writer model: composed pages, each of one hand, as they are read → what their digits share.

Nothing is learned by steps here: it is the covariance of the digit network's features, within pages and between them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inkread.data.synth import PageOptions, compose_page
from inkread.decode.writer import compared
from inkread.errors import InvalidOption
from inkread.models.registry import ModelCard
from inkread.nets import WriterNet, export_writer
from inkread.parts import DIGITS
from inkread.reader import Reader, ReaderOptions
from inkread.recognize.digit import DigitRecognizer
from inkread.train.cards import circumstances, write_card
from inkread.train.loop import Progress

__all__ = ["WRITER", "WriterRecipe", "train_writer"]

# What the pages look like, one after the other: a page's digits have their pen, paper and picture in common too.
CIRCUMSTANCES: tuple[Mapping[str, Any], ...] = (
    {},
    {"camera": 1.0},
    {"paper": "squared"},
    {"digit_height": 16.0},
    {"layout": "table"},
    {"contrast": 0.3, "light": 1.0},
    {"paper": "lined", "wear": 0.8},
    {"digit_height": 60.0, "camera": 0.0},
)
# A digit that was read is the true one whose box it covers by this share of both.
LEAST_OVERLAP = 0.4
# Added to the variance along every axis, as a share of the usual one, so that none of nothing but noise counts.
RIDGE = 1e-3
# The share of the variance that parts pages lies within these: no axis is a page's alone, and none tells nothing.
LEAST_SHARE, MOST_SHARE = 0.01, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterRecipe:
    """How the writer model is measured.

    Attributes
    ----------
    pages
        Composed and read, of which a fifth is held out; at least 10.
    """

    name: str = "writer"
    pages: int = 400
    seed: int = 1
    threads: int = 2

    def __post_init__(self) -> None:
        if self.pages < 10 or self.threads < 1:
            raise InvalidOption(f"at least 10 pages and one thread are needed; got {self}")


WRITER = WriterRecipe()


@dataclass(frozen=True, slots=True, eq=False)
class _Digits:
    """Digits that were read on some pages.

    Attributes
    ----------
    features
        (N, C), each the mean over the places of its crop.
    values, pages
        (N,): what each is in truth, and the number of its page.
    probabilities
        (N, 10), as they were read.
    """

    features: NDArray[np.float64]
    values: NDArray[np.int64]
    pages: NDArray[np.int64]
    probabilities: NDArray[np.float64]

    def take(self, rows: NDArray[np.bool_]) -> _Digits:
        return _Digits(self.features[rows], self.values[rows], self.pages[rows], self.probabilities[rows])


def train_writer(
    recipe: WriterRecipe,
    *,
    folder: Path,
    digit: ModelCard,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda message: None,
) -> ModelCard:
    """Compose pages, read them, measure and export.

    Parameters
    ----------
    recipe
        The settings.
    folder
        Gets ``writer.onnx`` and ``writer.toml``.
    digit
        The digit network whose features are compared.
    report, say
        Called after every page, and with a line for people at every stage.

    Raises
    ------
    InvalidOption
        If the pages that were read do not hold every digit several times.
    """
    say(f"Composing and reading {recipe.pages:,} pages")
    digits = _read_pages(recipe, digit, report)
    held = digits.pages >= recipe.pages - recipe.pages // 5
    kept = digits.take(~held)
    if np.bincount(kept.values, minlength=len(DIGITS)).min() < len(DIGITS):
        raise InvalidOption(f"{recipe.pages} pages do not hold every digit several times; give more")
    axes, means, shares = _measured(kept)
    path = folder / f"{recipe.name}.onnx"
    export_writer(WriterNet(*(torch.from_numpy(a.astype(np.float32)) for a in (axes, means, shares))), path)
    return write_card(
        path,
        task="writer",
        alphabet=DIGITS,
        calibration={"temperature": 1.0, "refusal_threshold": 0.0},
        training={
            "recipe": recipe.name,
            **circumstances(),
            "seed": recipe.seed,
            "pages": recipe.pages,
            "digits": len(kept.values),
            "digit_network": digit.name,
            "parameters": axes.size + means.size + shares.size,
        },
        figures=_figures(digits.take(held), axes, means, shares),
    )


def _read_pages(recipe: WriterRecipe, digit: ModelCard, report: Callable[[Progress], None]) -> _Digits:
    reader = Reader(ReaderOptions(threads=recipe.threads), models={"digit": digit})
    recognizer = DigitRecognizer(digit, threads=recipe.threads)
    features, values, pages, probabilities = [], [], [], []
    began = time.monotonic()
    for number in range(recipe.pages):
        options = PageOptions(**CIRCUMSTANCES[number % len(CIRCUMSTANCES)])
        picture, truth = compose_page(np.random.default_rng([recipe.seed, number, 17]), options)
        document, inks = reader.trace(picture.pixels)
        true = list(truth.digits())
        found = list(document.digits())
        if found:
            of_page = recognizer.features([ink.ink for ink in inks]).mean(axis=(2, 3))
            for one, own in zip(found, of_page, strict=True):
                overlaps = [wanted.box.iou(one.box) for wanted in true]
                best = int(np.argmax(overlaps))
                if overlaps[best] < LEAST_OVERLAP:
                    continue
                features.append(own)
                values.append(int(true[best].value))
                pages.append(number)
                probabilities.append(_by_value(one.alternatives))
        seconds = time.monotonic() - began
        report(Progress(step=number + 1, steps=recipe.pages, loss=0.0, samples_per_second=(number + 1) / seconds))
    return _Digits(np.array(features, np.float64), np.array(values), np.array(pages), np.array(probabilities))


def _by_value(alternatives: Any) -> NDArray[np.float64]:
    probabilities = np.zeros(len(DIGITS))
    for one in alternatives:
        probabilities[int(one.value)] = one.probability
    return probabilities


def _measured(digits: _Digits) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Axes (C, D) along which digits of one value vary by 1, their means (10, D), and the shares of pages (D,)."""
    means = np.array([digits.features[digits.values == value].mean(axis=0) for value in range(len(DIGITS))])
    offsets = digits.features - means[digits.values]
    covariance = offsets.T @ offsets / len(offsets)
    covariance += RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    variances, directions = np.linalg.eigh(covariance)
    axes = directions / np.sqrt(variances)
    axes /= (offsets @ axes).std(axis=0)
    return axes, means @ axes, _shares(offsets @ axes, digits)


def _shares(offsets: NDArray[np.float64], digits: _Digits) -> NDArray[np.float64]:
    """The intraclass correlation along each axis: how alike two digits of one value on one page are."""
    _, groups, counts = np.unique(digits.pages * len(DIGITS) + digits.values, return_inverse=True, return_counts=True)
    sums, squares = np.zeros((len(counts), offsets.shape[1])), np.zeros((len(counts), offsets.shape[1]))
    np.add.at(sums, groups, offsets)
    np.add.at(squares, groups, offsets**2)
    several = counts > 1
    # Of every pair within a group, each digit counts once.
    products = (sums**2 - squares)[several] / (counts[several] - 1)[:, None]
    shares = products.sum(axis=0) / counts[several].sum()
    return np.asarray(shares.clip(LEAST_SHARE, MOST_SHARE))


def _figures(
    held: _Digits, axes: NDArray[np.float64], means: NDArray[np.float64], shares: NDArray[np.float64]
) -> dict[str, Any]:
    """What comparing digits of the same page changes on pages held out."""
    probabilities = held.probabilities.copy()
    for rows in _pages(held):
        places = held.features[rows] @ axes
        probabilities[rows] = compared(held.probabilities[rows], places, means, shares)
    wrong = [int((p.argmax(axis=1) != held.values).sum()) for p in (held.probabilities, probabilities)]
    return {
        "data": f"validation: {len(np.unique(held.pages))} composed pages held out",
        "digits": len(held.values),
        "wrong_before": wrong[0],
        "wrong_after": wrong[1],
        "variance_of_pages": round(float(shares.mean()), 3),
    }


def _pages(digits: _Digits) -> Iterator[NDArray[np.bool_]]:
    return (digits.pages == page for page in np.unique(digits.pages))
