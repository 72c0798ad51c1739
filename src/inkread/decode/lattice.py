"""The best way through a line of candidates, and how probable every step of it is.

A line is a lattice: its nodes are the gaps between pieces of ink, its edges the candidates, each taken for one of ten
digits or for no digit at all. The weight of a way is the product of the probabilities of its edges. The best way is a
shortest path; the sums over all ways (forward and backward, Rabiner 1989, doi:10.1109/5.18626) give each digit its
probability with every other way of cutting the line weighed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray
from inkread.parts import DIGITS, Hypothesis

__all__ = ["Reading", "read_lattice", "text_log_probs"]

DIGIT_COUNT = len(DIGITS)
# Ways kept at each node for the alternatives of a line, and digits considered on each edge.
BEAM = 8
DIGITS_AN_EDGE = 3
UNREACHED = "every piece of a line needs a candidate of its own"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """What a line of candidates says.

    Attributes
    ----------
    hypotheses
        Ways to read it, likeliest first, texts all different; spans are ranges of pieces. The first is the answer.
    chosen
        For each character of the answer the index of its candidate.
    refused
        Indexes of the candidates on the best way that are no digits.
    digit_probs
        float64 (len(chosen), 10): the probability that this candidate is to be taken, and for this digit.
    """

    hypotheses: tuple[Hypothesis, ...]
    chosen: tuple[int, ...]
    refused: tuple[int, ...]
    digit_probs: NDArray[np.float64]


def read_lattice(
    spans: Sequence[tuple[int, int]],
    log_probs: NDArray[np.float32],
    *,
    log_priors: Sequence[tuple[float, float]],
    pieces: int,
) -> Reading:
    """Read a line.

    Parameters
    ----------
    spans
        For each of C candidates the half-open range (start, end) of the pieces it takes.
    log_probs
        (C, 11): ten digits, then "not a digit"; natural logarithms.
    log_priors
        For each candidate, how plausible it is from the gaps alone, and what is added to that where it is no digit;
        natural logarithms, ≤ 0.
    pieces
        Number of pieces; every piece must be in some candidate.

    Raises
    ------
    InvalidArray
        If the shapes differ or a piece cannot be reached.
    """
    scores = _with_priors(spans, log_probs, log_priors)
    ends: list[list[int]] = [[] for _ in range(pieces + 1)]
    starts: list[list[int]] = [[] for _ in range(pieces + 1)]
    for edge, (start, end) in enumerate(spans):
        ends[end].append(edge)
        starts[start].append(edge)
    totals = np.logaddexp.reduce(scores, axis=1) if len(spans) else np.zeros(0)
    forward = np.full(pieces + 1, -np.inf)
    forward[0] = 0.0
    for node in range(1, pieces + 1):
        ways = [forward[spans[e][0]] + totals[e] for e in ends[node]]
        forward[node] = np.logaddexp.reduce(ways) if ways else -np.inf
    backward = np.full(pieces + 1, -np.inf)
    backward[pieces] = 0.0
    for node in range(pieces - 1, -1, -1):
        ways = [backward[spans[e][1]] + totals[e] for e in starts[node]]
        backward[node] = np.logaddexp.reduce(ways) if ways else -np.inf
    total = forward[pieces]
    if not np.isfinite(total):
        raise InvalidArray(UNREACHED)

    best = _best_ways(spans, scores, ends, pieces)
    hypotheses = _hypotheses(best, spans, total)
    answer = best[0][1]
    chosen = tuple(edge for edge, digit in answer if digit < DIGIT_COUNT)
    refused = tuple(edge for edge, digit in answer if digit == DIGIT_COUNT)
    digit_probs = np.array(
        [
            np.exp(np.minimum(forward[spans[e][0]] + scores[e, :DIGIT_COUNT] + backward[spans[e][1]] - total, 0.0))
            for e in chosen
        ]
    ).reshape(-1, DIGIT_COUNT)
    return Reading(hypotheses=hypotheses, chosen=chosen, refused=refused, digit_probs=digit_probs)


def text_log_probs(
    texts: Sequence[str],
    spans: Sequence[tuple[int, int]],
    log_probs: NDArray[np.float32],
    *,
    log_priors: Sequence[tuple[float, float]],
    pieces: int,
) -> NDArray[np.float64]:
    """How probable it is that a line says each of some texts, however it is cut: natural logarithms.

    Parameters
    ----------
    texts
        Digits, all of one length.
    spans, log_probs, log_priors, pieces
        As for :func:`read_lattice`.

    Returns
    -------
    float64 (M,), -inf for a text that no way through the line reads.

    Raises
    ------
    InvalidArray
        As :func:`read_lattice`.
    """
    scores = _with_priors(spans, log_probs, log_priors)
    totals = np.logaddexp.reduce(scores, axis=1)
    digits = np.array([[DIGITS.index(character) for character in text] for text in texts], int)  # (M, n)
    count, length = digits.shape
    every = np.full(pieces + 1, -np.inf)
    every[0] = 0.0
    own = np.full((pieces + 1, count, length + 1), -np.inf)  # by node, text, and how many of its digits came before
    own[0, :, 0] = 0.0
    for edge in sorted(range(len(spans)), key=lambda edge: spans[edge][0]):
        start, end = spans[edge]
        every[end] = np.logaddexp(every[end], every[start] + totals[edge])
        np.logaddexp(own[end], own[start] + scores[edge, DIGIT_COUNT], out=own[end])
        np.logaddexp(own[end, :, 1:], own[start, :, :-1] + scores[edge, digits], out=own[end, :, 1:])
    if not np.isfinite(every[pieces]):
        raise InvalidArray(UNREACHED)
    return np.asarray(np.minimum(own[pieces, :, length] - every[pieces], 0.0))


def _with_priors(
    spans: Sequence[tuple[int, int]], log_probs: NDArray[np.float32], log_priors: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    """(C, 11): what each candidate weighs as each digit and as none, with what its gaps say."""
    if log_probs.shape != (len(spans), DIGIT_COUNT + 1) or len(log_priors) != len(spans):
        raise InvalidArray(
            f"a lattice of {len(spans)} candidates needs scores of shape ({len(spans)}, 11) and a prior each; "
            f"got {log_probs.shape} and {len(log_priors)}"
        )
    priors = np.asarray(log_priors, np.float64).reshape(-1, 2)
    scores = log_probs.astype(np.float64) + priors[:, :1]
    scores[:, DIGIT_COUNT] += priors[:, 1]
    return scores


Way = tuple[float, tuple[tuple[int, int], ...]]


def _best_ways(
    spans: Sequence[tuple[int, int]], scores: NDArray[np.float64], ends: list[list[int]], pieces: int
) -> list[Way]:
    """The likeliest ways from end to end as (log weight, edges with their class), at most :data:`BEAM`."""
    ways: list[list[Way]] = [[(0.0, ())], *([] for _ in range(pieces))]
    likely = np.argsort(-scores[:, :DIGIT_COUNT], axis=1, kind="stable")[:, :DIGITS_AN_EDGE]
    for node in range(1, pieces + 1):
        found: list[Way] = []
        for edge in ends[node]:
            steps = [*(int(d) for d in likely[edge]), DIGIT_COUNT]
            for weight, way in ways[spans[edge][0]]:
                found.extend((weight + scores[edge, step], (*way, (edge, step))) for step in steps)
        found.sort(key=lambda entry: -entry[0])
        ways[node] = found[:BEAM]
    return ways[pieces]


def _hypotheses(ways: list[Way], spans: Sequence[tuple[int, int]], total: float) -> tuple[Hypothesis, ...]:
    """Ways with the same text made one, their probabilities added."""
    texts: dict[str, tuple[float, tuple[tuple[int, int], ...]]] = {}
    for weight, way in ways:
        digits = [(edge, digit) for edge, digit in way if digit < DIGIT_COUNT]
        text = "".join(DIGITS[digit] for _, digit in digits)
        log_prob = weight - total
        if text in texts:
            texts[text] = (float(np.logaddexp(texts[text][0], log_prob)), texts[text][1])
        else:
            texts[text] = (log_prob, tuple(spans[edge] for edge, _ in digits))
    first = next(iter(texts))
    rest = sorted((t for t in texts if t != first), key=lambda t: -texts[t][0])
    return tuple(Hypothesis(text=t, log_prob=min(0.0, texts[t][0]), spans=texts[t][1]) for t in (first, *rest))
