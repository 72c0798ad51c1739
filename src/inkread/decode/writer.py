"""The digits of a page are of one writer: a doubtful one is what resembles the page's other digits of that value.

A 7 of one writer is the 1 of another; beside ten other sevens of the first nobody takes it for a one. For each value
the mean of the page's own digits is estimated from those that are probably of it, as in probabilistic linear
discriminant analysis (Ioffe 2006, doi:10.1007/11744085_41), and a doubtful digit is weighed by how much likelier it is
around that mean than around everybody's: style-consistent classification (Sarkar and Nagy 2005,
doi:10.1109/TPAMI.2005.18). Light, blur and pen, which a page's digits have in common too, count in the same way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import ChosenLine, PageReading

__all__ = ["are_worth_comparing", "by_one_writer", "compared"]

# A digit less sure than this of what it is, if it is one, is compared with the others; the page has so many at least.
# Of digits of MNIST's writers held out, made smaller and noisy, among 8 as many are lost as gained, among 20 half as
# many.
DOUBTFUL, LEAST_DIGITS = 0.97, 20
# What the comparison counts for, and the most that it says (natural logarithm): features are not as normal as assumed.
# Chosen on composed pages, and on digits of MNIST's writers held out, made smaller and noisy.
WEIGHT, MOST = 0.1, 3.0
# With less of a value among the page's other digits, in digits, it is not there to compare with.
LEAST_SUPPORT = 0.9
# No value is less likely than this before digits are compared.
LEAST_PROBABILITY = 1e-6


def are_worth_comparing(reading: PageReading) -> bool:
    """Whether a page has digits that are doubtful, and others to compare them with."""
    probabilities = [p for line in reading.lines for p in line.probabilities]
    return len(probabilities) >= LEAST_DIGITS and bool(_doubtful(np.array(probabilities)).any())


def by_one_writer(
    reading: PageReading,
    places: NDArray[np.float32],
    means: NDArray[np.float32],
    shares: NDArray[np.float32],
) -> PageReading:
    """The reading with doubtful digits compared with all others of the page.

    Parameters
    ----------
    reading
        N digits, in the order of their lines.
    places, means, shares
        As for :func:`compared`.
    """
    before = np.array([p for line in reading.lines for p in line.probabilities])
    after = compared(before, places, means, shares)
    ends = np.cumsum([len(line.boxes) for line in reading.lines])
    parts = zip(reading.lines, np.split(after, ends[:-1]), strict=True)
    return replace(reading, lines=tuple(_as_sure(line, own) for line, own in parts))


def compared(
    probabilities: NDArray[np.float64],
    places: NDArray[np.floating[Any]],
    means: NDArray[np.floating[Any]],
    shares: NDArray[np.floating[Any]],
) -> NDArray[np.float64]:
    """The probabilities of a page's digits, those of doubtful ones weighed by how they resemble the others.

    Parameters
    ----------
    probabilities
        (N, 10): of each ink being taken for a digit, and for each of the ten.
    places
        (N, D): where each lies among digits, as :class:`inkread.recognize.writer.WriterModel` tells.
    means, shares
        (10, D) and (D,): where digits of each value lie on the average, and the share of their variance, which is 1,
        that parts pages.

    Returns
    -------
    (N, 10), of the same sums.
    """
    # What is doubtful says little about the writer.
    weights = probabilities**2 / probabilities.sum(axis=1, keepdims=True)
    evidence = _evidence(weights, places, means, shares)
    # A 5 unlike the page's other fives is no 3 for that, where there are no threes to compare it with.
    own = evidence[np.arange(len(evidence)), probabilities.argmax(axis=1)]
    is_absent = weights.sum(axis=0) - weights < LEAST_SUPPORT
    evidence = np.where(is_absent, np.minimum(evidence, np.minimum(own, 0.0)[:, None]), evidence)
    evidence = np.clip(WEIGHT * evidence, -MOST, MOST)
    heard = np.maximum(probabilities, LEAST_PROBABILITY) * np.exp(evidence)
    heard *= probabilities.sum(axis=1, keepdims=True) / heard.sum(axis=1, keepdims=True)
    return np.where(_doubtful(probabilities)[:, None], heard, probabilities)


def _doubtful(probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(probabilities.max(axis=1) < DOUBTFUL * probabilities.sum(axis=1))


def _evidence(
    weights: NDArray[np.float64],
    places: NDArray[np.floating[Any]],
    means: NDArray[np.floating[Any]],
    shares: NDArray[np.floating[Any]],
) -> NDArray[np.float64]:
    """For each digit and value, (N, 10), how much likelier it is among the page's others than among everybody's.

    A natural logarithm. A page's mean along an axis varies by its share, digits around it by the rest.

    Parameters
    ----------
    weights
        (N, 10): how surely each is of each value.
    """
    within = 1.0 - shares
    evidence = np.empty(weights.shape)
    for value, mean in enumerate(means):
        offsets, weight = places - mean, weights[:, value, None]
        # No digit speaks for itself.
        others, moved = weight.sum() - weight, (weight * offsets).sum(axis=0) - weight * offsets
        precision = 1.0 / shares + others / within
        spread = within + 1.0 / precision
        log_ratio = offsets**2 - (offsets - moved / within / precision) ** 2 / spread - np.log(spread)
        evidence[:, value] = 0.5 * log_ratio.sum(axis=1)
    return evidence


def _as_sure(line: ChosenLine, probabilities: NDArray[np.float64]) -> ChosenLine:
    """The line with other probabilities of its digits, and its whole readings as much surer or less sure."""
    before, after = (np.array([p.max() for p in some]) for some in (line.probabilities, probabilities))
    changed = replace(line, probabilities=tuple(probabilities), texts=())
    if not line.texts or changed.text != line.text:
        return changed
    (text, probability), *others = line.texts
    own = min(1.0, probability * float(np.prod(after / before)))
    share = (1.0 - own) / (1.0 - probability) if probability < 1 else 0.0
    return replace(changed, texts=((text, own), *((other, share * of_other) for other, of_other in others)))
