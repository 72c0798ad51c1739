"""How far to believe a network whose page is not like its training data.

The digit network learnt from crops of which two thirds were digits. On a page of words hardly any is, on a form nearly
all are. :func:`estimate_digit_share` finds a page's own share from its scores, and :func:`with_digit_share` gives the
probabilities that go with it (Saerens, Latinne and Decaestecker 2002, doi:10.1162/089976602753284446).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TRAINING_DIGIT_SHARE",
    "estimate_digit_share",
    "pooled",
    "with_digit_share",
    "with_lookalikes",
    "with_surroundings",
]

# Share of digits among the crops that the bundled network was trained and calibrated on.
TRAINING_DIGIT_SHARE = 0.66
# A share is never believed to be nothing or all: some evidence must be able to overturn it.
LOWEST_SHARE, HIGHEST_SHARE = 0.01, 0.97
# What the page network's log-odds count for against a digit, and the most that they say; chosen on composed pages. For
# a digit they count nothing: on photographs without numbers, what the network took for digits was then read as such.
SURROUNDINGS_WEIGHT, MOST_SURROUNDINGS = 2.5, 6.0
# Steps of the estimate, and the change below which it has settled.
STEPS, SETTLED = 30, 1e-4
# No answer is less likely to anybody whose opinion is pooled with others.
LEAST_OPINION = 1e-4
# How often a mark of the shape of each digit is a letter where letters are as frequent as digits. Letters written as
# a digit is (O o, I l |, Z z, S s, b, T, B, g q) are left out of training, so the network cannot say it; the values
# are rounded from the share of such letters in English words, and erring here costs only confidence.
LOOKALIKE_SHARE = (0.2, 0.2, 0.06, 0.02, 0.02, 0.2, 0.06, 0.02, 0.03, 0.06)


def pooled(opinions: Sequence[NDArray[np.float64]], weights: Sequence[float]) -> NDArray[np.float64]:
    """What several say together of the same crops: a logarithmic opinion pool.

    Genest and Zidek 1986, doi:10.1214/ss/1177013825. One that has an answer for next to impossible counts for more than
    in a mean; so that none can forbid it, every answer is given at least ``LEAST_OPINION``.

    Parameters
    ----------
    opinions
        Arrays (N, classes) of probabilities.
    weights
        What each counts for, above 0.

    Returns
    -------
    Probabilities (N, classes), whose rows sum to 1.
    """
    logs = sum(
        weight * np.log(np.maximum(opinion, LEAST_OPINION)) for opinion, weight in zip(opinions, weights, strict=True)
    )
    raised = np.exp((logs - np.max(logs, axis=-1, keepdims=True)) / sum(weights))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def with_lookalikes(log_probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The log-probabilities with some of each digit's given to the letters that look like it; rows still sum to 1.

    Parameters
    ----------
    log_probs
        (N, 11), "not a digit" last.
    """
    probs = np.exp(log_probs.astype(np.float64))
    taken = probs[:, :-1] * np.array(LOOKALIKE_SHARE)
    probs[:, :-1] -= taken
    probs[:, -1] += taken.sum(axis=1)
    return np.log(np.maximum(probs, 1e-12)).astype(np.float32)


def estimate_digit_share(log_probs: NDArray[np.float32], *, expected: float = 0.5, strength: float = 2.0) -> float:
    """The share of digits among crops, by expectation maximization.

    Parameters
    ----------
    log_probs
        (N, 11) of crops of which each is one character or mark, "not a digit" last.
    expected, strength
        What is believed before looking, in (0, 1), and how many crops that belief weighs (> 0).

    Returns
    -------
    A share in [0.01, 0.97]; ``expected`` where there are no crops.
    """
    share = expected
    if not len(log_probs):
        return float(np.clip(share, LOWEST_SHARE, HIGHEST_SHARE))
    other = np.exp(log_probs[:, -1].astype(np.float64)) / (1 - TRAINING_DIGIT_SHARE)
    digit = np.clip(1 - np.exp(log_probs[:, -1].astype(np.float64)), 1e-12, None) / TRAINING_DIGIT_SHARE
    for _ in range(STEPS):
        before = share
        posterior = share * digit / (share * digit + (1 - share) * other)
        share = (float(posterior.sum()) + strength * expected) / (len(posterior) + strength)
        share = min(max(share, LOWEST_SHARE), HIGHEST_SHARE)
        if abs(share - before) < SETTLED:
            break
    return share


def with_digit_share(log_probs: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """The log-probabilities that go with another share of digits; rows still sum to 1.

    Parameters
    ----------
    log_probs
        (N, 11), "not a digit" last.
    share
        In (0, 1).
    """
    moved = log_probs.astype(np.float64)
    moved[:, :-1] += np.log(share / TRAINING_DIGIT_SHARE)
    moved[:, -1] += np.log((1 - share) / (1 - TRAINING_DIGIT_SHARE))
    moved -= np.logaddexp.reduce(moved, axis=1, keepdims=True) if len(moved) else 0.0
    return moved.astype(np.float32)


def with_surroundings(log_probs: NDArray[np.float32], log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The log-probabilities with what the page around each crop says against its being a digit; rows still sum to 1.

    Parameters
    ----------
    log_probs
        (N, 11), "not a digit" last.
    log_odds
        (N,): natural logarithms of the odds that each is a digit, by the page network.
    """
    moved = log_probs.astype(np.float64)
    evidence = SURROUNDINGS_WEIGHT * np.clip(log_odds, -MOST_SURROUNDINGS, 0.0)
    moved[:, :-1] += evidence[:, None]
    moved -= np.logaddexp.reduce(moved, axis=1, keepdims=True) if len(moved) else 0.0
    return moved.astype(np.float32)
