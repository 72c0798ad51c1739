"""Runs ``classify`` over crops of single characters: how many digits are right, and how many others are refused.

Accuracy, confusion and calibration are those of the digits alone, by the likeliest of the ten, whatever the probability
that the crop is no digit. Refusal is counted apart: a crop is refused where P(some digit) = 1 − P(not a digit) is under
a threshold, which comes from the model's card or from the caller and is never fitted here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.data.datasets import Samples
from inkread.errors import InvalidOption
from inkread.evaluate.metrics import (
    ClassFigures,
    Rate,
    WriterFigures,
    area_under_roc,
    class_figures,
    confusion_matrix,
    writer_figures,
)
from inkread.results import Classification

__all__ = ["BATCH", "CONFUSABLE", "Classify", "DigitsReport", "RefusalFigures", "evaluate_digits"]

Classify = Callable[[Sequence[NDArray[np.uint8]] | NDArray[np.uint8]], Classification]

# Crops handed over at once: what a page with a few hundred digits makes of one call, and the size that throughput is
# stated for.
BATCH = 256

# Letters that many hands write exactly as a digit: refusing them would refuse digits, so they are counted apart.
CONFUSABLE: Mapping[str, str] = MappingProxyType(
    {"O/0": "Oo", "l/I/1": "lIi", "S/5": "Ss", "Z/2": "Zz", "g/q/9": "gq", "b/6": "b"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFigures:
    """What a threshold on P(some digit) keeps and refuses.

    Attributes
    ----------
    digits_kept
        Digits that reach the threshold, right or wrong.
    others_refused
        Crops of anything but digits under it, the letters of :data:`CONFUSABLE` left out.
    confusable_refused
        The same for each pair of :data:`CONFUSABLE` that occurs.
    by_label
        The same for every label that is no digit.
    area_under_roc
        The probability that a digit scores above one of ``others``, whatever the threshold.
    """

    threshold: float
    digits_kept: Rate
    others_refused: Rate
    confusable_refused: Mapping[str, Rate]
    by_label: Mapping[str, Rate]
    area_under_roc: float | None

    def to_dict(self) -> dict[str, Any]:
        area = self.area_under_roc
        return {
            "threshold": round(self.threshold, 6),
            "digits_kept": self.digits_kept.to_dict(),
            "others_refused": self.others_refused.to_dict(),
            "confusable_refused": {name: rate.to_dict() for name, rate in self.confusable_refused.items()},
            "by_label": {name: rate.to_dict() for name, rate in self.by_label.items()},
            "area_under_roc": None if area is None else round(area, 6),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitsReport:
    """What ``classify`` said about every crop.

    Attributes
    ----------
    labels
        N true labels.
    classification
        Of the N crops, in their order.
    refusal_threshold
        The least P(some digit) of a crop that is not refused, or None: then nothing is counted as refused.
    seconds
        Wall time of all calls together.
    writers, series
        int64 (N,): the writer and the form series of each crop, or None where the data do not say.
    """

    labels: NDArray[np.str_]
    classification: Classification
    refusal_threshold: float | None
    seconds: float
    writers: NDArray[np.int64] | None = None
    series: NDArray[np.int64] | None = None

    @property
    def is_digit(self) -> NDArray[np.bool_]:
        """bool (N,): whether the true label is a digit."""
        return np.isin(self.labels, list("0123456789"))

    @property
    def truth(self) -> NDArray[np.int64]:
        """int64 (D,): the labels of the digits."""
        return self.labels[self.is_digit].astype(np.int64)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """int64 (D,): what was read in the digits."""
        return self.classification.digits[self.is_digit]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """bool (D,): whether each digit was read rightly."""
        return np.asarray(self.truth == self.predicted)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """float32 (D,): the confidence of each digit."""
        return self.classification.confidence[self.is_digit]

    @property
    def accuracy(self) -> Rate:
        """Digits read rightly, refused or not."""
        return Rate.of(self.correct)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """int64 (10, 10): the row is the truth."""
        return confusion_matrix(self.truth, self.predicted, classes=10)

    @property
    def per_class(self) -> tuple[ClassFigures, ...]:
        """The figures of the ten digits."""
        return class_figures(self.confusion)

    @property
    def by_writer(self) -> WriterFigures | None:
        """The digits of each writer, or None where writers are not known."""
        return None if self.writers is None else writer_figures(self.writers[self.is_digit], self.correct)

    @property
    def by_series(self) -> Mapping[int, Rate]:
        """The digits of each form series read rightly; empty where series are not known."""
        if self.series is None:
            return {}
        series = self.series[self.is_digit]
        return {int(one): Rate.of(self.correct[series == one]) for one in np.unique(series)}

    @property
    def scores(self) -> NDArray[np.float64]:
        """float64 (N,): P(some digit) of every crop."""
        return 1.0 - self.classification.not_a_digit.astype(np.float64)

    @property
    def crops_per_second(self) -> float:
        return len(self.labels) / self.seconds

    @property
    def refusal(self) -> RefusalFigures | None:
        """What the threshold does, or None where there is none."""
        if self.refusal_threshold is None:
            return None
        refused = self.scores < self.refusal_threshold
        digit = self.is_digit
        confusable = np.isin(self.labels, list("".join(CONFUSABLE.values())))
        others = ~digit & ~confusable
        pairs = {name: np.isin(self.labels, list(letters)) for name, letters in CONFUSABLE.items()}
        return RefusalFigures(
            threshold=self.refusal_threshold,
            digits_kept=Rate.of(~refused[digit]),
            others_refused=Rate.of(refused[others]),
            confusable_refused={name: Rate.of(refused[mask]) for name, mask in pairs.items() if mask.any()},
            by_label={
                str(name): Rate.of(refused[self.labels == name]) for name in np.unique(self.labels[~digit]).tolist()
            },
            area_under_roc=area_under_roc(self.scores[digit], self.scores[others]),
        )

    @property
    def misses(self) -> NDArray[np.int64]:
        """The places of digits read wrongly or refused and of others not refused, the surest mistakes first."""
        digit, scores = self.is_digit, self.scores
        wrong = np.zeros(len(self.labels), dtype=np.bool_)
        wrong[np.flatnonzero(digit)[~self.correct]] = True
        if self.refusal_threshold is not None:
            wrong |= np.where(digit, scores < self.refusal_threshold, scores >= self.refusal_threshold)
        places = np.flatnonzero(wrong)
        return places[np.argsort(-self.classification.confidence[places], kind="stable")]


def evaluate_digits(
    classify: Classify,
    samples: Samples,
    *,
    refusal_threshold: float | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> DigitsReport:
    """The report on ``samples``, classified in batches of :data:`BATCH`.

    Parameters
    ----------
    refusal_threshold
        See :class:`DigitsReport`; in [0, 1].
    on_batch
        Called with the number of crops of each batch done, for progress.

    Raises
    ------
    InvalidOption
        If there is no sample, or the threshold is no probability.
    """
    if not len(samples):
        raise InvalidOption("there is no picture to evaluate; check the data set, the split and the limit")
    if refusal_threshold is not None and not 0 <= refusal_threshold <= 1:
        raise InvalidOption(f"a refusal threshold lies in [0, 1]; got {refusal_threshold}")
    # The first call loads the network; that is not classifying.
    classify(samples.images[:1])
    answers: list[Classification] = []
    seconds = 0.0
    for start in range(0, len(samples), BATCH):
        crops = samples.images[start : start + BATCH]
        began = time.perf_counter()
        answer = classify(crops)
        seconds += time.perf_counter() - began
        answers.append(answer)
        if on_batch:
            on_batch(len(crops))
    return DigitsReport(
        labels=samples.labels,
        classification=Classification(
            probabilities=np.concatenate([answer.probabilities for answer in answers]),
            not_a_digit=np.concatenate([answer.not_a_digit for answer in answers]),
        ),
        refusal_threshold=refusal_threshold,
        seconds=seconds,
        writers=samples.writers,
        series=samples.series,
    )
