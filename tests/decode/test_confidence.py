"""The share of digits on a page: found again in simulated pages of a known share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.decode.confidence import (
    TRAINING_DIGIT_SHARE,
    estimate_digit_share,
    pooled,
    with_digit_share,
    with_lookalikes,
    with_surroundings,
)


def simulated_page(rng, *, share, count, distance=2.0):
    """Scores that a calibrated network gives to marks of which ``share`` are digits, and which of them are digits.

    One feature, normal about +d/2 for digits and -d/2 for others; Bayes' rule with the training share is the network.
    """
    digit = rng.random(count) < share
    feature = rng.normal(np.where(digit, distance / 2, -distance / 2), 1)
    log_odds = distance * feature + np.log(TRAINING_DIGIT_SHARE / (1 - TRAINING_DIGIT_SHARE))
    some_digit = 1 / (1 + np.exp(-log_odds))
    split = rng.dirichlet(np.ones(10), size=count)
    probs = np.concatenate([some_digit[:, None] * split, 1 - some_digit[:, None]], axis=1)
    return np.log(np.maximum(probs, 1e-12)).astype(np.float32), digit


def random_scores(seed, count=20):
    rng = np.random.default_rng(seed)
    return np.log(rng.dirichlet(np.full(11, 0.5), size=count) + 1e-9).astype(np.float32)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.66, 0.9])
def test_the_share_of_a_simulated_page_is_found(share):
    scores, digit = simulated_page(np.random.default_rng(3), share=share, count=4000)
    assert estimate_digit_share(scores, strength=1e-6) == pytest.approx(digit.mean(), abs=0.03)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_probabilities_are_right_again_once_the_share_is_known(share):
    scores, digit = simulated_page(np.random.default_rng(4), share=share, count=20_000)
    before = 1 - np.exp(scores[:, -1])
    after = 1 - np.exp(with_digit_share(scores, share)[:, -1])
    # Of all marks that are said to be digits with about p, a share of p is.
    for low, high in ((0.1, 0.4), (0.4, 0.7), (0.7, 0.95)):
        inside = (after > low) & (after < high)
        assert after[inside].mean() == pytest.approx(digit[inside].mean(), abs=0.05)
    assert abs(after.mean() - digit.mean()) < 0.02 < abs(before.mean() - digit.mean())


def test_without_crops_the_belief_stays():
    assert estimate_digit_share(np.zeros((0, 11), np.float32), expected=0.4) == 0.4


def test_a_strong_belief_outweighs_a_few_crops():
    scores, _ = simulated_page(np.random.default_rng(5), share=0.0, count=3)
    weak, strong = (estimate_digit_share(scores, expected=0.9, strength=s) for s in (0.01, 1000))
    assert weak < 0.5 < 0.89 < strong < 0.91


@given(st.integers(0, 10_000), st.floats(0.001, 0.999), st.integers(0, 30))
def test_a_share_stays_in_its_range(seed, expected, count):
    assert 0.01 <= estimate_digit_share(random_scores(seed, count), expected=expected) <= 0.97


@given(st.integers(0, 10_000), st.floats(0.01, 0.97))
def test_rows_still_sum_to_one_and_digits_keep_their_order(seed, share):
    scores = random_scores(seed)
    for changed in (with_digit_share(scores, share), with_lookalikes(scores)):
        assert changed.dtype == np.float32
        np.testing.assert_allclose(np.exp(changed.astype(np.float64)).sum(axis=1), 1, atol=1e-4)
    moved = with_digit_share(scores, share)
    np.testing.assert_array_equal(moved[:, :10].argmax(axis=1), scores[:, :10].argmax(axis=1))


def test_the_training_share_changes_nothing():
    scores = random_scores(0)
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    np.testing.assert_allclose(with_digit_share(scores, TRAINING_DIGIT_SHARE), scores, atol=1e-5)


def test_more_digits_on_the_page_make_each_mark_more_of_a_digit():
    scores = random_scores(1)
    some_digit = [1 - np.exp(with_digit_share(scores, share)[:, -1]) for share in (0.1, 0.5, 0.9)]
    assert (some_digit[0] < some_digit[1]).all()
    assert (some_digit[1] < some_digit[2]).all()


def test_letters_that_look_like_it_cost_a_digit_some_and_give_it_to_not_a_digit():
    sure = np.log(np.concatenate([np.eye(10) * 0.98 + 0.001, np.full((10, 1), 0.01)], axis=1)).astype(np.float32)
    after = np.exp(with_lookalikes(sure))
    lost = 0.981 - after[np.arange(10), np.arange(10)]
    assert (lost > 0).all()
    assert set(np.argsort(-lost)[:3].tolist()) == {0, 1, 5}  # O, l and S are commoner than what looks like a 4 or an 8
    assert (after[:, -1] > 0.01).all()


def test_surroundings_lower_the_digits_together_and_never_raise_them():
    scores = random_scores(2)
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    np.testing.assert_allclose(with_surroundings(scores, np.zeros(len(scores), np.float32)), scores, atol=1e-5)
    np.testing.assert_allclose(with_surroundings(scores, np.full(len(scores), 2, np.float32)), scores, atol=1e-5)
    in_a_word = with_surroundings(scores, np.full(len(scores), -2, np.float32))
    assert (in_a_word[:, -1] > scores[:, -1]).all()
    np.testing.assert_array_equal(in_a_word[:, :10].argmax(axis=1), scores[:, :10].argmax(axis=1))
    np.testing.assert_allclose(np.exp(in_a_word).sum(axis=1), 1, atol=1e-4)
    worst = with_surroundings(scores, np.full(len(scores), -1e6, np.float32))
    assert np.isfinite(worst).all()


def test_no_rows_give_no_rows():
    none = np.zeros((0, 11), np.float32)
    assert with_surroundings(none, np.zeros(0, np.float32)).shape == (0, 11)
    assert with_digit_share(none, 0.5).shape == with_lookalikes(none).shape == (0, 11)


def test_opinions_that_agree_stay_what_they_are():
    opinion = np.array([[0.7, 0.2, 0.1], [0.05, 0.05, 0.9]])
    np.testing.assert_allclose(pooled([opinion, opinion, opinion], [1, 0.5, 0.2]), opinion, atol=1e-9)


def test_the_pool_is_the_weighed_geometric_mean():
    one, two = np.array([[0.6, 0.4]]), np.array([[0.1, 0.9]])
    together = pooled([one, two], [1, 0.5])
    assert together.sum() == pytest.approx(1)
    odds = (0.6 * 0.1**0.5) / (0.4 * 0.9**0.5)
    assert together[0, 0] / together[0, 1] == pytest.approx(odds ** (1 / 1.5))


def test_nobody_can_forbid_an_answer():
    sure, forbidding = np.array([[0.999, 0.001]]), np.array([[0.0, 1.0]])
    together = pooled([sure, sure, forbidding], [1, 1, 0.2])
    assert np.isfinite(together).all()
    assert together[0, 0] > 0.9
