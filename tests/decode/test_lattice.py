"""The lattice against the plainest other way: walk every path, and add up."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest

from inkread.decode.lattice import BEAM, read_lattice, text_log_probs
from inkread.errors import InvalidArray

OTHER = 10


def random_lattice(rng, pieces, *, longest=3, forbidden=0.3):
    """Spans, log-probabilities and log-priors of a line whose every piece has a candidate of its own."""
    spans, priors = [], []
    for start in range(pieces):
        for end in range(start + 1, min(pieces, start + longest) + 1):
            if end - start == 1 or rng.random() < 0.7:
                spans.append((start, end))
                other = -np.inf if end - start > 1 and rng.random() < forbidden else -float(rng.exponential())
                priors.append((-float(rng.exponential()), other))
    order = rng.permutation(len(spans))  # the order of the candidates must not matter
    log_probs = np.log(rng.dirichlet(np.full(11, 0.4), size=len(spans)) + 1e-9)
    log_probs -= np.logaddexp.reduce(log_probs, axis=1, keepdims=True)
    return [spans[i] for i in order], log_probs.astype(np.float32), [priors[i] for i in order]


def brute_force(spans, log_probs, log_priors, pieces):
    """Every way as (weight, edges, digits or OTHER of each), by walking all paths and all classes."""

    def walk(node):
        if node == pieces:
            yield ()
        for edge, (start, end) in enumerate(spans):
            if start == node:
                for rest in walk(end):
                    yield (edge, *rest)

    ways = []
    for path in walk(0):
        for classes in itertools.product(range(11), repeat=len(path)):
            weight = 0.0
            for edge, kind in zip(path, classes, strict=True):
                weight += float(log_probs[edge, kind]) + log_priors[edge][0]
                weight += log_priors[edge][1] if kind == OTHER else 0.0
            ways.append((math.exp(weight), path, classes))
    return ways


@pytest.mark.parametrize("seed", range(12))
def test_the_answer_and_its_probabilities_are_those_of_walking_every_path(seed):
    rng = np.random.default_rng(seed)
    pieces = int(rng.integers(1, 4))
    spans, log_probs, priors = random_lattice(rng, pieces)
    reading = read_lattice(spans, log_probs, log_priors=priors, pieces=pieces)
    ways = brute_force(spans, log_probs, priors, pieces)
    total = sum(weight for weight, _, _ in ways)

    _, path, classes = max(ways)
    best = list(zip(path, classes, strict=True))
    assert reading.chosen == tuple(edge for edge, kind in best if kind != OTHER)
    assert reading.refused == tuple(edge for edge, kind in best if kind == OTHER)
    assert reading.hypotheses[0].text == "".join(str(kind) for _, kind in best if kind != OTHER)
    assert reading.hypotheses[0].spans == tuple(spans[edge] for edge in reading.chosen)

    marginal = np.zeros((len(spans), 10))
    by_text: dict[str, float] = defaultdict(float)
    for weight, path, classes in ways:
        by_text["".join(str(kind) for kind in classes if kind != OTHER)] += weight / total
        for edge, kind in zip(path, classes, strict=True):
            if kind != OTHER:
                marginal[edge, kind] += weight / total
    np.testing.assert_allclose(
        reading.digit_probs, marginal[list(reading.chosen)].reshape(-1, 10), rtol=1e-6, atol=1e-9
    )

    # A text's probability adds up the ways that were kept: never more than all of them, and all but a rest.
    for hypothesis in reading.hypotheses:
        assert math.exp(hypothesis.log_prob) <= by_text[hypothesis.text] + 1e-9
    assert len(reading.hypotheses) <= BEAM


@pytest.mark.parametrize("seed", range(6))
def test_a_text_is_as_probable_as_all_ways_that_read_it(seed):
    rng = np.random.default_rng(seed)
    pieces = int(rng.integers(2, 4))
    spans, log_probs, priors = random_lattice(rng, pieces)
    by_text: dict[str, float] = defaultdict(float)
    for weight, _, classes in brute_force(spans, log_probs, priors, pieces):
        by_text["".join(str(kind) for kind in classes if kind != OTHER)] += weight
    total = sum(by_text.values())
    for length in (1, 2):
        texts = [text for text in by_text if len(text) == length]
        said = text_log_probs(texts, spans, log_probs, log_priors=priors, pieces=pieces)
        np.testing.assert_allclose(np.exp(said), [by_text[text] / total for text in texts], rtol=1e-6)
    longer = "1" * (pieces + 1)
    assert text_log_probs([longer], spans, log_probs, log_priors=priors, pieces=pieces).tolist() == [-np.inf]


def test_texts_differ_and_come_likeliest_first():
    spans, log_probs, priors = random_lattice(np.random.default_rng(5), 6)
    reading = read_lattice(spans, log_probs, log_priors=priors, pieces=6)
    texts = [hypothesis.text for hypothesis in reading.hypotheses]
    assert len(set(texts)) == len(texts)
    rest = [hypothesis.log_prob for hypothesis in reading.hypotheses[1:]]
    assert rest == sorted(rest, reverse=True)
    assert sum(math.exp(hypothesis.log_prob) for hypothesis in reading.hypotheses) <= 1 + 1e-9


def sure_of(kind):
    row = np.full(11, math.log(0.001), np.float32)
    row[kind] = math.log(0.99)
    return row


def test_two_pieces_are_one_digit_where_the_network_says_so():
    spans = [(0, 1), (1, 2), (0, 2)]
    log_probs = np.stack([sure_of(OTHER), sure_of(OTHER), sure_of(5)])
    reading = read_lattice(spans, log_probs, log_priors=[(-0.7, -1.0)] * 2 + [(-0.7, -np.inf)], pieces=2)
    assert reading.hypotheses[0].text == "5"
    assert reading.chosen == (2,)
    # With a prior that says the pieces are apart, the same scores are two marks that are no digits.
    reading = read_lattice(spans, log_probs, log_priors=[(0.0, 0.0)] * 2 + [(-9.0, -np.inf)], pieces=2)
    assert reading.hypotheses[0].text == ""
    assert reading.refused == (0, 1)
    assert reading.digit_probs.shape == (0, 10)


def test_a_sure_line_is_sure():
    digits = [3, 1, 4, 1, 5]
    log_probs = np.stack([sure_of(digit) for digit in digits])
    spans = [(i, i + 1) for i in range(5)]
    reading = read_lattice(spans, log_probs, log_priors=[(0.0, 0.0)] * 5, pieces=5)
    assert reading.hypotheses[0].text == "31415"
    assert math.exp(reading.hypotheses[0].log_prob) == pytest.approx(0.99**5, rel=0.02)
    np.testing.assert_allclose(reading.digit_probs.max(axis=1), 0.99, rtol=0.02)


def test_hundreds_of_pieces_do_not_underflow():
    rng = np.random.default_rng(1)
    spans, log_probs, priors = random_lattice(rng, 400)
    reading = read_lattice(spans, log_probs, log_priors=[(p - 30, o) for p, o in priors], pieces=400)
    assert np.isfinite(reading.digit_probs).all()
    assert np.isfinite(reading.hypotheses[0].log_prob)
    assert (reading.digit_probs.sum(axis=1) <= 1 + 1e-6).all()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidArray, match=r"\(1, 11\)"):
        read_lattice([(0, 1)], np.zeros((1, 10), np.float32), log_priors=[(0, 0)], pieces=1)
    with pytest.raises(InvalidArray, match="a prior each"):
        read_lattice([(0, 1)], np.zeros((1, 11), np.float32), log_priors=[], pieces=1)


def test_a_piece_without_a_candidate_is_an_error():
    with pytest.raises(InvalidArray, match="every piece"):
        read_lattice([(0, 1)], np.zeros((1, 11), np.float32), log_priors=[(0, 0)], pieces=2)
    with pytest.raises(InvalidArray, match="every piece"):
        text_log_probs(["1"], [(0, 1)], np.zeros((1, 11), np.float32), log_priors=[(0, 0)], pieces=2)
