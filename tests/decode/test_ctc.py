import itertools

import numpy as np
import pytest

from inkread.decode.ctc import align, greedy, prefix_beam, single_characters
from inkread.errors import InvalidOption
from inkread.parts import BLANK, Scores


def scores_of(log_probs, alphabet=("0", "1", BLANK)):
    log_probs = np.asarray(log_probs, np.float32)
    return Scores(log_probs=log_probs, alphabet=alphabet, columns=np.arange(len(log_probs), dtype=np.float32))


def random_scores(rng, frames, classes=3):
    logits = rng.normal(0, 2, (frames, classes))
    alphabet = (*"0123456789"[: classes - 1], BLANK)
    return scores_of(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), alphabet)


def brute_force(scores):
    """Every way through the frames, added up by the string it stands for."""
    blank = len(scores.alphabet) - 1
    totals = {}
    for way in itertools.product(range(blank + 1), repeat=len(scores.log_probs)):
        collapsed = [c for c, _ in itertools.groupby(way) if c != blank]
        text = "".join(scores.alphabet[c] for c in collapsed)
        weight = float(sum(scores.log_probs[t, c] for t, c in enumerate(way)))
        totals[text] = np.logaddexp(totals.get(text, -np.inf), weight)
    return totals


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_every_string_with_its_true_probability(seed):
    scores = random_scores(np.random.default_rng(seed), frames=5)
    truth = brute_force(scores)
    found = {h.text: h.log_prob for h in prefix_beam(scores, width=1000, classes=2, margin=np.inf)}
    assert found.keys() == truth.keys()
    for text, log_prob in found.items():
        assert log_prob == pytest.approx(truth[text], abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_a_narrow_beam_agrees_with_all_ways_on_the_best_string_of_clear_frames(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1, (7, 3))
    logits[np.arange(7), rng.integers(0, 3, 7)] += 5
    scores = scores_of(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    truth = brute_force(scores)
    assert prefix_beam(scores, width=4)[0].text == max(truth, key=truth.get)


def test_hypotheses_come_likeliest_first_and_never_sum_above_one():
    found = prefix_beam(random_scores(np.random.default_rng(3), frames=9, classes=6), width=6)
    log_probs = [h.log_prob for h in found]
    assert log_probs == sorted(log_probs, reverse=True)
    assert np.exp(log_probs).sum() <= 1 + 1e-6


def test_a_blank_between_keeps_a_repeated_digit():
    sure, rest = np.log(0.98), np.log(0.01)
    rows = [[rest, sure, rest], [rest, rest, sure], [rest, sure, rest]]
    assert greedy(scores_of(rows)).text == "11"
    assert prefix_beam(scores_of(rows))[0].text == "11"
    assert greedy(scores_of([rows[0], rows[2]])).text == "1"


def test_characters_are_aligned_with_their_own_frames():
    sure, rest = np.log(0.98), np.log(0.01)
    zero, one, blank = [sure, rest, rest], [rest, sure, rest], [rest, rest, sure]
    scores = scores_of([blank, zero, zero, blank, one, blank])
    assert greedy(scores).spans == ((1, 3), (4, 5))
    assert align(scores, (0, 1)) == ((1, 3), (4, 5))
    assert align(scores, ()) == ()


def test_no_frames_read_as_nothing():
    empty = scores_of(np.zeros((0, 3)))
    assert greedy(empty).text == ""
    assert [h.text for h in prefix_beam(empty)] == [""]


def test_scores_without_a_blank_and_impossible_beams_are_refused():
    with pytest.raises(InvalidOption, match="no blank"):
        greedy(scores_of(np.log([[0.5, 0.5]]), ("0", "1")))
    with pytest.raises(InvalidOption, match="at least 1"):
        prefix_beam(random_scores(np.random.default_rng(0), 2), width=0)


@pytest.mark.parametrize("frames", [1, 2, 6])
def test_one_character_alone_is_as_likely_as_all_ways_to_it_together(frames):
    scores = random_scores(np.random.default_rng(frames), frames, classes=4)
    totals = brute_force(scores)
    np.testing.assert_allclose(single_characters(scores), [totals[c] for c in "012"], atol=1e-5)
