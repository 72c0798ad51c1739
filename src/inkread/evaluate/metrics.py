"""Figures of merit: arrays and strings in, numbers out.

Everything here is pure and needs NumPy alone; it reads no picture, runs no model and writes no file. Rates lie in
[0, 1]. A rate of nothing (no samples, no such class) is ``None`` or is refused, never a number that looks measured.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.errors import InvalidArray, InvalidOption

__all__ = [
    "CalibrationBin",
    "ClassFigures",
    "ConfusedPair",
    "CoverageCurve",
    "Interval",
    "McNemar",
    "Rate",
    "WriterFigures",
    "area_under_roc",
    "bootstrap_interval",
    "character_edits",
    "character_error_rate",
    "class_figures",
    "confused_pairs",
    "confusion_matrix",
    "coverage_curve",
    "edit_distance",
    "expected_calibration_error",
    "mcnemar",
    "multiset_f1",
    "negative_log_likelihood",
    "paired_bootstrap_interval",
    "reliability_curve",
    "threshold_keeping",
    "wilson_interval",
    "writer_figures",
]

# Probabilities are clipped here before their logarithm is taken, so that one certain mistake costs 27.6 nats and not
# infinity; it lies below anything that float32 log-probabilities of a calibrated network reach.
SMALLEST_PROBABILITY = 1e-12
# Enough that the ends of a 95 % interval move by less than a tenth of its width from seed to seed.
RESAMPLES = 10_000
# Bounds the memory of a bootstrap to about 32 MB whatever the number of samples.
_DRAWS_AT_ONCE = 4_000_000
# What is left is stated when one in a hundred, in twenty, in ten, in five is left to a person.
_SHARES_ANSWERED = (0.99, 0.95, 0.9, 0.8)


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, both ends included."""

    low: float
    high: float

    def to_list(self) -> list[float]:
        """``[low, high]``, rounded to six decimals."""
        return [round(self.low, 6), round(self.high, 6)]


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many.

    Examples
    --------
    >>> Rate(9, 10).value
    0.9
    >>> Rate(0, 0).value is None
    True
    """

    hits: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.count:
            raise InvalidOption(f"a rate has 0 <= hits <= count; got {self.hits} of {self.count}")

    @classmethod
    def of(cls, correct: ArrayLike) -> Rate:
        """The rate of true values in ``correct``, any shape."""
        flags = np.asarray(correct, dtype=bool)
        return cls(int(np.count_nonzero(flags)), int(flags.size))

    @property
    def value(self) -> float | None:
        """hits / count, or None of nothing."""
        return self.hits / self.count if self.count else None

    @property
    def interval(self) -> Interval:
        """Its 95 % Wilson interval."""
        return wilson_interval(self.hits, self.count)

    def to_dict(self) -> dict[str, object]:
        """``{"value", "interval", "hits", "n"}``; value and interval are None of nothing."""
        value = self.value
        return {
            "value": None if value is None else round(value, 6),
            "interval": self.interval.to_list() if self.count else None,
            "hits": self.hits,
            "n": self.count,
        }


def wilson_interval(hits: int, count: int, *, level: float = 0.95) -> Interval:
    """The Wilson score interval of a proportion; of nothing it is [0, 1].

    Wilson, "Probable Inference", JASA 22 (1927), doi:10.1080/01621459.1927.10502953; without continuity correction.

    Examples
    --------
    >>> wilson_interval(9970, 10000).to_list()
    [0.995721, 0.997898]
    """
    if not 0 <= hits <= count:
        raise InvalidOption(f"an interval needs 0 <= hits <= count; got {hits} of {count}")
    if count == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + _checked_level(level)) / 2)
    share = hits / count
    scale = 1 + z * z / count
    center = (share + z * z / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    # The ends are exact at the ends; rounding alone would leave 1e-17 there.
    return Interval(
        0.0 if hits == 0 else max(0.0, center - half),
        1.0 if hits == count else min(1.0, center + half),
    )


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, *, classes: int) -> NDArray[np.int64]:
    """Counts, int64 (classes, classes): the row is the truth, the column is what was read.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1], [0, 1, 0], classes=2).tolist()
    [[1, 0], [1, 1]]
    """
    rows, columns = _labels("truth", truth, classes), _labels("predicted", predicted, classes)
    _check_lengths(truth=len(rows), predicted=len(columns))
    return np.bincount(rows * classes + columns, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Precision, recall and F1 of one class, and how many samples truly are of it (``support``).

    Precision is None where the class was never read, recall where it never occurs, F1 where neither happens.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int

    def to_dict(self) -> dict[str, float | int | None]:
        return {
            "precision": _rounded(self.precision),
            "recall": _rounded(self.recall),
            "f1": _rounded(self.f1),
            "support": self.support,
        }


def class_figures(confusion: ArrayLike) -> tuple[ClassFigures, ...]:
    """The figures of every class of a confusion matrix (row: truth).

    Examples
    --------
    >>> class_figures([[1, 0], [1, 2]])[0]
    ClassFigures(precision=0.5, recall=1.0, f1=0.6666666666666666, support=1)
    """
    matrix = np.asarray(confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InvalidArray(f"a confusion matrix is square; got shape {matrix.shape}")
    figures = []
    for index in range(len(matrix)):
        hits, support, read = int(matrix[index, index]), int(matrix[index].sum()), int(matrix[:, index].sum())
        figures.append(
            ClassFigures(
                precision=hits / read if read else None,
                recall=hits / support if support else None,
                f1=2 * hits / (support + read) if support + read else None,
                support=support,
            )
        )
    return tuple(figures)


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Two classes, and how often each was read as the other; ``first`` < ``second``."""

    first: int
    second: int
    first_as_second: int
    second_as_first: int

    @property
    def count(self) -> int:
        """Mistakes in both directions."""
        return self.first_as_second + self.second_as_first


def confused_pairs(confusion: ArrayLike) -> tuple[ConfusedPair, ...]:
    """The pairs of classes that were taken for each other, the most often confused first.

    Examples
    --------
    >>> confused_pairs([[5, 1, 0], [2, 5, 0], [0, 0, 5]])
    (ConfusedPair(first=0, second=1, first_as_second=1, second_as_first=2),)
    """
    matrix = np.asarray(confusion)
    pairs = [
        ConfusedPair(first, second, int(matrix[first, second]), int(matrix[second, first]))
        for first in range(len(matrix))
        for second in range(first + 1, len(matrix))
    ]
    return tuple(sorted((pair for pair in pairs if pair.count), key=lambda pair: -pair.count))


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterFigures:
    """How errors are spread over writers.

    Attributes
    ----------
    rates
        What was read rightly of each writer, by the writer's number, the most errors first.
    """

    rates: tuple[tuple[int, Rate], ...]

    @property
    def errors(self) -> NDArray[np.int64]:
        """int64 (writers,): the errors of each, falling."""
        return np.array([rate.count - rate.hits for _, rate in self.rates], dtype=np.int64)

    def to_dict(self, *, worst: int = 10) -> dict[str, Any]:
        """Plain data: how many writers there are, how many have 0, 1, 2, … errors, and the ``worst`` of them."""
        errors = self.errors
        half = math.ceil(errors.sum() / 2)
        return {
            "n": len(self.rates),
            "with_errors": np.bincount(errors).tolist(),
            # The fewest writers who have half of all errors between them: how unevenly reading fails.
            "with_half_of_errors": int(np.searchsorted(np.cumsum(errors), half) + 1) if half else 0,
            "worst": [{"writer": writer, **rate.to_dict()} for writer, rate in self.rates[:worst]],
        }


def writer_figures(writers: ArrayLike, correct: ArrayLike) -> WriterFigures | None:
    """What was read rightly of each writer's samples; None of nothing.

    Examples
    --------
    >>> writer_figures([4, 4, 9], [1, 0, 1]).rates
    ((4, Rate(hits=1, count=2)), (9, Rate(hits=1, count=1)))
    """
    hands, right = np.asarray(writers).ravel(), np.asarray(correct, dtype=bool).ravel()
    _check_lengths(writers=len(hands), correct=len(right))
    if not len(hands):
        return None
    names, places = np.unique(hands, return_inverse=True)
    counts, hits = np.bincount(places), np.bincount(places, weights=right).astype(int)
    rates = [(int(name), Rate(int(hit), int(count))) for name, hit, count in zip(names, hits, counts, strict=True)]
    return WriterFigures(rates=tuple(sorted(rates, key=lambda one: one[1].hits - one[1].count)))


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The samples whose confidence lies in (low, high]: how many, their mean confidence, the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    def to_dict(self) -> dict[str, float | int]:
        return {
            "low": round(self.low, 6),
            "high": round(self.high, 6),
            "n": self.count,
            "confidence": round(self.confidence, 6),
            "accuracy": round(self.accuracy, 6),
        }


def reliability_curve(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> tuple[CalibrationBin, ...]:
    """Confidence against accuracy in ``bins`` equally wide bins over [0, 1]; empty bins are left out.

    Examples
    --------
    >>> [(b.count, b.accuracy) for b in reliability_curve([0.9, 0.95, 0.1], [1, 0, 0], bins=2)]
    [(1, 0.0), (2, 0.5)]
    """
    if bins < 1:
        raise InvalidOption(f"a reliability curve needs at least one bin; got {bins}")
    sureness, right = _confidence_pair(confidence, correct)
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.clip(np.searchsorted(edges, sureness, side="left") - 1, 0, bins - 1)
    curve = []
    for place in range(bins):
        inside = places == place
        count = int(inside.sum())
        if count:
            curve.append(
                CalibrationBin(
                    low=float(edges[place]),
                    high=float(edges[place + 1]),
                    count=count,
                    confidence=float(sureness[inside].mean()),
                    accuracy=float(right[inside].mean()),
                )
            )
    return tuple(curve)


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> float:
    """The mean distance between confidence and accuracy over equally wide bins, weighted by their samples.

    Guo et al., "On Calibration of Modern Neural Networks", arXiv:1706.04599. Needs at least one sample.

    Examples
    --------
    >>> expected_calibration_error([1.0, 1.0, 1.0, 1.0], [1, 1, 1, 0])
    0.25
    """
    curve = reliability_curve(confidence, correct, bins=bins)
    if not curve:
        raise InvalidArray("a calibration error needs at least one sample; got none")
    total = sum(part.count for part in curve)
    return sum(part.count * abs(part.confidence - part.accuracy) for part in curve) / total


def negative_log_likelihood(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """The mean of −ln p of the true class, in nats; ``probabilities`` (N, C) are clipped at 1e-12. N ≥ 1.

    Examples
    --------
    >>> round(negative_log_likelihood([[0.5, 0.5], [1.0, 0.0]], [0, 0]), 4)
    0.3466
    """
    table = np.asarray(probabilities, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise InvalidArray(f"a likelihood needs probabilities (N, C), not empty; got shape {table.shape}")
    labels = _labels("truth", truth, table.shape[1])
    _check_lengths(probabilities=len(table), truth=len(labels))
    chosen = table[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, None)).mean())


@dataclass(frozen=True, slots=True, eq=False)
class CoverageCurve:
    """What error is left when only the most confident samples are answered.

    Attributes
    ----------
    coverage
        float64 (K,), growing: the share of samples whose confidence is at least ``threshold``.
    error
        float64 (K,): the share of wrong answers among those.
    threshold
        float64 (K,), falling: samples of equal confidence stand or fall together.
    """

    coverage: NDArray[np.float64]
    error: NDArray[np.float64]
    threshold: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The mean error over all coverages (area under the risk-coverage curve); 0 is perfect.

        Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", arXiv:1705.08500.
        """
        return float((np.diff(self.coverage, prepend=0.0) * self.error).sum())

    def coverage_at(self, error: float) -> float:
        """The largest coverage whose error is at most ``error``; 0 where there is none."""
        kept = self.coverage[self.error <= error]
        return float(kept.max()) if len(kept) else 0.0

    def error_at(self, coverage: float) -> float:
        """The error of the smallest part that covers at least ``coverage``."""
        place = int(np.searchsorted(self.coverage, coverage - 1e-12))
        return float(self.error[min(place, len(self.error) - 1)])

    def to_dict(self, *, points: int = 101) -> dict[str, object]:
        """Plain data: the area, and at most ``points`` points spread evenly over the curve."""
        keep = np.unique(np.linspace(0, len(self.coverage) - 1, min(points, len(self.coverage))).round().astype(int))
        return {
            "area": round(self.area, 8),
            "error_at": {str(share): round(self.error_at(share), 6) for share in _SHARES_ANSWERED},
            "coverage": [round(float(v), 6) for v in self.coverage[keep]],
            "error": [round(float(v), 6) for v in self.error[keep]],
            "threshold": [round(float(v), 6) for v in self.threshold[keep]],
        }


def coverage_curve(confidence: ArrayLike, correct: ArrayLike) -> CoverageCurve:
    """Error against coverage, one point for each different confidence. Needs at least one sample.

    Examples
    --------
    >>> curve = coverage_curve([0.9, 0.8, 0.3, 0.2], [1, 1, 0, 1])
    >>> curve.coverage.tolist(), [round(e, 3) for e in curve.error.tolist()]
    ([0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.333, 0.25])
    """
    sureness, right = _confidence_pair(confidence, correct)
    if not len(sureness):
        raise InvalidArray("a coverage curve needs at least one sample; got none")
    order = np.argsort(-sureness, kind="stable")
    ordered = sureness[order]
    wrong = np.cumsum(~right[order])
    last = np.flatnonzero(np.append(np.diff(ordered) != 0, True))
    answered = last + 1
    return CoverageCurve(coverage=answered / len(ordered), error=wrong[last] / answered, threshold=ordered[last])


def threshold_keeping(scores: ArrayLike, *, share: float) -> float:
    """The largest threshold that at least ``share`` of the scores reach (score ≥ threshold). Needs a score.

    Examples
    --------
    >>> threshold_keeping([0.1, 0.5, 0.7, 0.9], share=0.75)
    0.5
    """
    values = np.sort(np.asarray(scores, dtype=np.float64).ravel())
    if not len(values) or not np.isfinite(values).all():
        raise InvalidArray(f"a threshold needs at least one score, all finite; got {len(values)}")
    if not 0 < share <= 1:
        raise InvalidOption(f"the share to keep lies in (0, 1]; got {share}")
    dropped = math.floor(len(values) * (1 - share) + 1e-9)
    return float(values[min(dropped, len(values) - 1)])


def area_under_roc(positive: ArrayLike, negative: ArrayLike) -> float | None:
    """The probability that a positive scores above a negative (ties count half), or None where one side is empty.

    Examples
    --------
    >>> area_under_roc([0.9, 0.8], [0.8, 0.1])
    0.875
    """
    high, low = (np.asarray(side, dtype=np.float64).ravel() for side in (positive, negative))
    if not len(high) or not len(low):
        return None
    low = np.sort(low)
    below, not_above = np.searchsorted(low, high, side="left"), np.searchsorted(low, high, side="right")
    return float((below + not_above).sum() / 2 / (len(high) * len(low)))


def edit_distance(first: str, second: str) -> int:
    """The fewest insertions, deletions and substitutions of one character that turn one string into the other.

    Levenshtein's distance by dynamic programming (Wagner and Fischer, doi:10.1145/321796.321811).

    Examples
    --------
    >>> edit_distance("1250", "125")
    1
    """
    if len(first) < len(second):
        first, second = second, first
    row = list(range(len(second) + 1))
    for above, left in enumerate(first, 1):
        diagonal, row[0] = row[0], above
        for column, right in enumerate(second, 1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (left != right)),
            )
    return row[-1]


def character_edits(truth: str, reading: str) -> tuple[tuple[str, str], ...]:
    """The fewest edits that turn a truth into its reading: (what was true, what was read), either empty.

    Of several shortest ways the one that keeps and takes characters for others from the end, before it adds or loses
    any. As many as :func:`edit_distance` says.

    Examples
    --------
    >>> character_edits("1250", "1950"), character_edits("147", "47"), character_edits("3", "31")
    ((('2', '9'),), (('1', ''),), (('', '1'),))
    """
    rows = [list(range(len(reading) + 1))]
    for above, left in enumerate(truth, 1):
        row = [above]
        for column, right in enumerate(reading, 1):
            row.append(min(rows[-1][column] + 1, row[-1] + 1, rows[-1][column - 1] + (left != right)))
        rows.append(row)
    edits, i, j = [], len(truth), len(reading)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (truth[i - 1] != reading[j - 1]):
            i, j = i - 1, j - 1
            if truth[i] != reading[j]:
                edits.append((truth[i], reading[j]))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            edits.append((truth[i], ""))
        else:
            j -= 1
            edits.append(("", reading[j]))
    return tuple(reversed(edits))


def character_error_rate(truths: Sequence[str], readings: Sequence[str]) -> float | None:
    """All edit distances together over all true characters; may pass 1. None where the truth has no character.

    Examples
    --------
    >>> character_error_rate(["123", "4"], ["124", "4"])
    0.25
    """
    _check_lengths(truths=len(truths), readings=len(readings))
    length = sum(map(len, truths))
    return sum(map(edit_distance, truths, readings)) / length if length else None


def multiset_f1(truths: Sequence[str], readings: Sequence[str]) -> float | None:
    """F1 of the characters of each string as a multiset, counted over all strings; None where there is no character.

    Examples
    --------
    >>> round(multiset_f1(["123"], ["1323"]), 4)
    0.8571
    """
    _check_lengths(truths=len(truths), readings=len(readings))
    hits = sum((Counter(t) & Counter(r)).total() for t, r in zip(truths, readings, strict=True))
    total = sum(map(len, truths)) + sum(map(len, readings))
    return 2 * hits / total if total else None


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two readers on the same pictures: what only one of them reads right, and the exact two-sided p-value."""

    first_only: int
    second_only: int
    p_value: float


def mcnemar(first: ArrayLike, second: ArrayLike) -> McNemar:
    """McNemar's exact test on two rows of right (true) and wrong (false), sample by sample.

    McNemar, Psychometrika 12 (1947), doi:10.1007/BF02295996, in its exact binomial form. Without a sample on which the
    two differ the p-value is 1.

    Examples
    --------
    >>> mcnemar([1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0])
    McNemar(first_only=5, second_only=0, p_value=0.0625)
    """
    one, two = (np.asarray(side, dtype=bool).ravel() for side in (first, second))
    _check_lengths(first=len(one), second=len(two))
    first_only, second_only = int((one & ~two).sum()), int((two & ~one).sum())
    differ, fewer = first_only + second_only, min(first_only, second_only)
    tail = sum(math.comb(differ, k) for k in range(fewer + 1))
    # Whole numbers up to the last division: 2.0 ** differ would overflow beyond 1,023 differing samples.
    p_value = min(1.0, 2 * tail / 2**differ) if differ else 1.0
    return McNemar(first_only, second_only, p_value)


def bootstrap_interval(
    values: ArrayLike, *, rng: np.random.Generator, level: float = 0.95, resamples: int = RESAMPLES
) -> Interval:
    """The percentile bootstrap interval of the mean of ``values`` (N ≥ 1).

    Efron, "Bootstrap Methods", Annals of Statistics 7 (1979), doi:10.1214/aos/1176344552.
    """
    sample = np.asarray(values, dtype=np.float64).ravel()
    if not len(sample):
        raise InvalidArray("a bootstrap needs at least one sample; got none")
    if resamples < 1:
        raise InvalidOption(f"a bootstrap needs at least one resample; got {resamples}")
    tail = (1 - _checked_level(level)) / 2
    at_once = max(1, _DRAWS_AT_ONCE // len(sample))
    means = np.concatenate(
        [
            sample[rng.integers(0, len(sample), (min(at_once, resamples - start), len(sample)))].mean(axis=1)
            for start in range(0, resamples, at_once)
        ]
    )
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def paired_bootstrap_interval(
    first: ArrayLike,
    second: ArrayLike,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval:
    """The bootstrap interval of mean(first) − mean(second), measured on the same samples in the same order."""
    one, two = (np.asarray(side, dtype=np.float64).ravel() for side in (first, second))
    _check_lengths(first=len(one), second=len(two))
    return bootstrap_interval(one - two, rng=rng, level=level, resamples=resamples)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _checked_level(level: float) -> float:
    if not 0 < level < 1:
        raise InvalidOption(f"a confidence level lies between 0 and 1; got {level}")
    return level


def _check_lengths(**lengths: int) -> None:
    if len(set(lengths.values())) != 1:
        raise InvalidArray("one length is needed for " + " and ".join(f"{k} ({v})" for k, v in lengths.items()))


def _labels(name: str, labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    array = np.asarray(labels)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InvalidArray(f"{name} is a row of whole numbers; got {array.dtype} of shape {array.shape}")
    if array.min() < 0 or array.max() >= classes:
        raise InvalidArray(f"{name} names classes 0 to {classes - 1}; got {array.min()} to {array.max()}")
    return array.astype(np.int64)


def _confidence_pair(confidence: ArrayLike, correct: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    sureness = np.asarray(confidence, dtype=np.float64).ravel()
    right = np.asarray(correct, dtype=bool).ravel()
    _check_lengths(confidence=len(sureness), correct=len(right))
    if len(sureness) and not (sureness.min() >= 0 and sureness.max() <= 1 + 1e-6):  # written so that NaN fails too
        raise InvalidArray(f"confidence lies in [0, 1]; got {sureness.min():g} to {sureness.max():g}")
    return np.minimum(sureness, 1.0), right
