"""Every figure is checked against scikit-learn, SciPy or a brute-force count."""

import math
import warnings
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve

from inkread.errors import InvalidArray, InvalidOption
from inkread.evaluate.metrics import (
    Rate,
    area_under_roc,
    bootstrap_interval,
    character_edits,
    character_error_rate,
    class_figures,
    confused_pairs,
    confusion_matrix,
    coverage_curve,
    edit_distance,
    expected_calibration_error,
    mcnemar,
    multiset_f1,
    negative_log_likelihood,
    paired_bootstrap_interval,
    reliability_curve,
    threshold_keeping,
    wilson_interval,
    writer_figures,
)

digit_strings = st.text(alphabet="0123", max_size=7)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def read_digits(rng: np.random.Generator, count: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and probabilities of ten classes that are right about four times of five."""
    truth = rng.integers(0, 10, count)
    logits = rng.normal(size=(count, 10))
    logits[np.arange(count), truth] += 2.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return truth, probabilities, probabilities.argmax(axis=1)


# --- rates and intervals


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (10, 10), (1, 3), (9970, 10000), (50, 84), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_wilson_interval_equals_that_of_scipy(hits: int, count: int, level: float) -> None:
    expected = scipy_stats.binomtest(hits, count).proportion_ci(confidence_level=level, method="wilson")
    interval = wilson_interval(hits, count, level=level)
    assert interval.low == pytest.approx(expected.low, abs=1e-12)
    assert interval.high == pytest.approx(expected.high, abs=1e-12)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_rate_and_stays_within_zero_and_one(pair: tuple[int, int]) -> None:
    hits, count = pair
    interval = wilson_interval(hits, count)
    assert 0 <= interval.low <= hits / count <= interval.high <= 1


def test_interval_of_nothing_says_nothing() -> None:
    assert wilson_interval(0, 0).to_list() == [0.0, 1.0]
    assert Rate(0, 0).to_dict() == {"value": None, "interval": None, "hits": 0, "n": 0}


@pytest.mark.parametrize(("hits", "count"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(hits: int, count: int) -> None:
    with pytest.raises(InvalidOption, match="0 <= hits <= count"):
        wilson_interval(hits, count)
    with pytest.raises(InvalidOption, match="0 <= hits <= count"):
        Rate(hits, count)


def test_rate_of_flags_counts_them() -> None:
    rate = Rate.of(np.array([True, False, True, True]))
    assert (rate.hits, rate.count, rate.value) == (3, 4, 0.75)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_level_that_is_no_share_is_refused(level: float) -> None:
    with pytest.raises(InvalidOption, match="between 0 and 1"):
        wilson_interval(1, 2, level=level)


# --- confusion and classes


def test_confusion_matrix_equals_that_of_scikit_learn(rng: np.random.Generator) -> None:
    truth, _, predicted = read_digits(rng)
    expected = sklearn_metrics.confusion_matrix(truth, predicted, labels=range(10))
    np.testing.assert_array_equal(confusion_matrix(truth, predicted, classes=10), expected)


def test_confusion_matrix_of_nothing_is_all_zero() -> None:
    assert confusion_matrix([], [], classes=3).tolist() == [[0, 0, 0]] * 3


@pytest.mark.parametrize("labels", [[0, 10], [-1, 3], [0.5, 1.0], [[0, 1]]])
def test_labels_that_name_no_class_are_refused(labels: list[object]) -> None:
    with pytest.raises(InvalidArray, match="truth"):
        confusion_matrix(labels, [0, 1], classes=10)


def test_different_lengths_are_refused_and_named() -> None:
    with pytest.raises(InvalidArray, match=r"truth \(2\) and predicted \(1\)"):
        confusion_matrix([0, 1], [0], classes=2)


def test_class_figures_equal_those_of_scikit_learn(rng: np.random.Generator) -> None:
    truth, _, predicted = read_digits(rng)
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(10), zero_division=np.nan
    )
    for place, figures in enumerate(class_figures(confusion_matrix(truth, predicted, classes=10))):
        assert figures.precision == pytest.approx(precision[place])
        assert figures.recall == pytest.approx(recall[place])
        assert figures.f1 == pytest.approx(f1[place])
        assert figures.support == support[place]


def test_figures_of_a_class_that_never_occurs_are_none() -> None:
    absent, never_read = class_figures([[0, 0, 0], [0, 0, 2], [0, 0, 1]])[:2]
    assert (absent.precision, absent.recall, absent.f1, absent.support) == (None, None, None, 0)
    assert (never_read.precision, never_read.recall, never_read.f1, never_read.support) == (None, 0.0, 0.0, 2)


def test_confusion_matrix_that_is_not_square_is_refused() -> None:
    with pytest.raises(InvalidArray, match="square"):
        class_figures(np.zeros((2, 3)))


# --- calibration


def test_calibration_error_equals_a_brute_force_count(rng: np.random.Generator) -> None:
    truth, probabilities, predicted = read_digits(rng)
    confidence, correct = probabilities.max(axis=1), truth == predicted
    total = 0.0
    for place in range(15):
        inside = [index for index, value in enumerate(confidence) if place / 15 < value <= (place + 1) / 15 + 1e-15]
        if inside:
            mean = sum(confidence[i] for i in inside) / len(inside)
            right = sum(bool(correct[i]) for i in inside) / len(inside)
            total += len(inside) / len(confidence) * abs(mean - right)
    assert expected_calibration_error(confidence, correct) == pytest.approx(total, abs=1e-12)


def test_reliability_curve_equals_that_of_scikit_learn(rng: np.random.Generator) -> None:
    confidence = rng.random(400)
    correct = rng.random(400) < confidence**2
    accuracy, mean = calibration_curve(correct, confidence, n_bins=10)
    curve = reliability_curve(confidence, correct, bins=10)
    np.testing.assert_allclose([part.accuracy for part in curve], accuracy)
    np.testing.assert_allclose([part.confidence for part in curve], mean)
    assert sum(part.count for part in curve) == 400


def test_perfectly_calibrated_confidence_has_hardly_any_error(rng: np.random.Generator) -> None:
    confidence = rng.random(50_000)
    assert expected_calibration_error(confidence, rng.random(50_000) < confidence) < 0.02


def test_confidence_zero_and_one_fall_into_the_outer_bins() -> None:
    first, last = reliability_curve([0.0, 1.0], [False, True], bins=4)
    assert (first.low, first.high, last.low, last.high) == (0.0, 0.25, 0.75, 1.0)


def test_rounding_just_above_one_counts_as_one() -> None:
    assert reliability_curve(np.array([1.0000001], np.float32), [True])[0].confidence == 1.0


@pytest.mark.parametrize("confidence", [[1.2], [-0.1], [math.nan]])
def test_confidence_outside_zero_and_one_is_refused(confidence: list[float]) -> None:
    with pytest.raises(InvalidArray, match=r"\[0, 1\]"):
        reliability_curve(confidence, [True])


def test_calibration_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidArray, match="at least one sample"):
        expected_calibration_error([], [])


def test_likelihood_equals_the_log_loss_of_scikit_learn(rng: np.random.Generator) -> None:
    truth, probabilities, _ = read_digits(rng)
    expected = sklearn_metrics.log_loss(truth, probabilities, labels=range(10))
    assert negative_log_likelihood(probabilities, truth) == pytest.approx(expected)


def test_likelihood_of_a_certain_mistake_is_finite() -> None:
    assert negative_log_likelihood([[1.0, 0.0]], [1]) == pytest.approx(-math.log(1e-12))


# --- confidence against error


def test_coverage_curve_equals_a_brute_force_count_with_ties(rng: np.random.Generator) -> None:
    confidence = rng.integers(0, 12, 200) / 12  # many ties
    correct = rng.random(200) < 0.3 + 0.6 * confidence
    curve = coverage_curve(confidence, correct)
    assert curve.threshold.tolist() == sorted(set(confidence.tolist()), reverse=True)
    for coverage, error, threshold in zip(curve.coverage, curve.error, curve.threshold, strict=True):
        kept = confidence >= threshold
        assert coverage == pytest.approx(kept.mean())
        assert error == pytest.approx((~correct[kept]).mean())


def test_area_without_ties_is_the_mean_of_the_running_errors(rng: np.random.Generator) -> None:
    confidence, correct = rng.permutation(300) / 300, rng.random(300) < 0.8
    wrong = ~correct[np.argsort(-confidence)]
    assert coverage_curve(confidence, correct).area == pytest.approx(
        np.mean([wrong[: n + 1].mean() for n in range(300)])
    )


def test_area_is_smaller_when_confidence_knows_what_is_wrong() -> None:
    correct = np.array([True] * 8 + [False] * 2)
    knowing = coverage_curve(np.linspace(1, 0, 10), correct)
    fooled = coverage_curve(np.linspace(0, 1, 10), correct)
    blind = coverage_curve(np.full(10, 0.5), correct)
    assert knowing.area < blind.area < fooled.area
    assert blind.area == pytest.approx(0.2)


def test_coverage_and_error_are_read_off_the_curve() -> None:
    curve = coverage_curve([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    assert curve.coverage_at(0.0) == 0.5
    assert curve.coverage_at(0.25) == 1.0
    assert curve.error_at(0.5) == 0.0
    assert curve.error_at(0.75) == pytest.approx(1 / 3)
    assert curve.error_at(1.0) == 0.25
    assert coverage_curve([0.5], [False]).coverage_at(0.1) == 0.0


def test_curve_as_data_keeps_its_ends_and_no_more_points_than_asked(rng: np.random.Generator) -> None:
    curve = coverage_curve(rng.random(1000), rng.random(1000) < 0.9)
    data = curve.to_dict(points=11)
    assert len(data["coverage"]) == len(data["error"]) == len(data["threshold"]) == 11
    assert data["coverage"][0] == pytest.approx(0.001)
    assert data["coverage"][-1] == 1.0


@given(
    st.lists(st.integers(0, 20).map(lambda v: v / 20), min_size=1, max_size=60),
    st.sampled_from([0.5, 0.9, 0.95, 0.995, 1.0]),
)
def test_threshold_keeps_the_share_and_the_next_higher_one_would_not(scores: list[float], share: float) -> None:
    values = np.array(scores)
    threshold = threshold_keeping(values, share=share)
    assert (values >= threshold).mean() >= share - 1e-9
    higher = values[values > threshold]
    if len(higher):
        assert (values >= higher.min()).mean() < share


def test_threshold_of_no_scores_is_refused() -> None:
    with pytest.raises(InvalidArray, match="at least one score"):
        threshold_keeping([], share=0.995)
    with pytest.raises(InvalidOption, match="share"):
        threshold_keeping([0.3], share=99.5)


def test_area_under_roc_equals_that_of_scikit_learn(rng: np.random.Generator) -> None:
    positive, negative = rng.integers(3, 20, 80) / 20, rng.integers(0, 15, 120) / 20  # with ties
    expected = sklearn_metrics.roc_auc_score([1] * 80 + [0] * 120, np.concatenate([positive, negative]))
    assert area_under_roc(positive, negative) == pytest.approx(expected)
    assert area_under_roc([], negative) is None


# --- strings


def distance_by_recursion(first: str, second: str) -> int:
    @cache
    def rest(i: int, j: int) -> int:
        if i == len(first) or j == len(second):
            return len(first) - i + len(second) - j
        if first[i] == second[j]:
            return rest(i + 1, j + 1)
        return 1 + min(rest(i + 1, j), rest(i, j + 1), rest(i + 1, j + 1))

    return rest(0, 0)


@settings(max_examples=200)
@given(digit_strings, digit_strings)
def test_edit_distance_equals_a_brute_force_search(first: str, second: str) -> None:
    assert edit_distance(first, second) == edit_distance(second, first) == distance_by_recursion(first, second)


@given(digit_strings, digit_strings, digit_strings)
def test_edit_distance_obeys_the_triangle_inequality(first: str, second: str, third: str) -> None:
    assert edit_distance(first, third) <= edit_distance(first, second) + edit_distance(second, third)


@given(digit_strings, digit_strings)
def test_character_edits_are_the_fewest_and_lead_from_one_to_the_other(first: str, second: str) -> None:
    edits = character_edits(first, second)
    assert len(edits) == edit_distance(first, second)
    assert all(one != other for one, other in edits)
    kept = Counter(first) - Counter("".join(one for one, _ in edits))
    assert kept + Counter("".join(other for _, other in edits)) == Counter(second)


def test_character_error_rate_weighs_strings_by_their_length() -> None:
    assert character_error_rate(["1234", "5"], ["1234", "6"]) == pytest.approx(0.2)
    assert character_error_rate(["1"], ["1234"]) == 3.0
    assert character_error_rate([""], ["12"]) is None
    with pytest.raises(InvalidArray, match="one length"):
        character_error_rate(["1", "2"], ["1"])


@given(st.lists(st.tuples(digit_strings, digit_strings), max_size=6))
def test_multiset_f1_equals_the_harmonic_mean_of_precision_and_recall(pairs: list[tuple[str, str]]) -> None:
    truths, readings = [t for t, _ in pairs], [r for _, r in pairs]
    hits = sum(min(t.count(c), r.count(c)) for t, r in pairs for c in set(t))
    want, got = sum(map(len, truths)), sum(map(len, readings))
    result = multiset_f1(truths, readings)
    if want + got == 0:
        assert result is None
    elif hits == 0:
        assert result == 0
    else:
        precision, recall = hits / got, hits / want
        assert result == pytest.approx(2 * precision * recall / (precision + recall))


def test_multiset_f1_does_not_mind_the_order_but_the_count() -> None:
    assert multiset_f1(["123"], ["321"]) == 1.0
    assert multiset_f1(["11"], ["1"]) == pytest.approx(2 / 3)


# --- two readers on the same pictures


def test_mcnemar_equals_the_exact_binomial_test_of_scipy(rng: np.random.Generator) -> None:
    first, second = rng.random(200) < 0.8, rng.random(200) < 0.7
    result = mcnemar(first, second)
    counts = Counter(zip(first.tolist(), second.tolist(), strict=True))
    assert (result.first_only, result.second_only) == (counts[True, False], counts[False, True])
    differ = result.first_only + result.second_only
    assert result.p_value == pytest.approx(scipy_stats.binomtest(result.first_only, differ, 0.5).pvalue)


def test_mcnemar_of_equal_readers_finds_no_difference() -> None:
    assert mcnemar([1, 0, 1], [1, 0, 1]).p_value == 1.0


def test_mcnemar_of_many_differences_does_not_overflow() -> None:
    result = mcnemar([True] * 3000, [False] * 3000)
    assert 0.0 <= result.p_value < 1e-300


def test_bootstrap_interval_agrees_with_scipy(rng: np.random.Generator) -> None:
    values = rng.random(120)
    ours = bootstrap_interval(values, rng=np.random.default_rng(1))
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.004)
    assert ours.high == pytest.approx(theirs.high, abs=0.004)


def test_bootstrap_in_several_draws_makes_all_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    from inkread.evaluate import metrics

    values = np.arange(40) / 40
    whole = bootstrap_interval(values, rng=np.random.default_rng(1), resamples=1000)
    monkeypatch.setattr(metrics, "_DRAWS_AT_ONCE", 7 * 40)  # 7 does not divide 1,000
    parts = bootstrap_interval(values, rng=np.random.default_rng(1), resamples=1000)
    assert parts == whole


def test_paired_interval_is_narrower_than_one_that_forgets_the_pairs(rng: np.random.Generator) -> None:
    hard = rng.random(300)  # both readers fail on the same pictures
    first, second = hard < 0.85, hard < 0.80
    paired = paired_bootstrap_interval(first, second, rng=np.random.default_rng(3))
    shuffled = paired_bootstrap_interval(first, rng.permutation(second), rng=np.random.default_rng(3))
    assert paired.low <= first.mean() - second.mean() <= paired.high
    assert paired.high - paired.low < 0.5 * (shuffled.high - shuffled.low)


def test_bootstrap_of_nothing_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(InvalidArray, match="at least one sample"):
        bootstrap_interval([], rng=rng)
    with pytest.raises(InvalidOption, match="at least one resample"):
        bootstrap_interval([1.0], rng=rng, resamples=0)


def test_figures_warn_about_nothing(rng: np.random.Generator) -> None:
    truth, probabilities, predicted = read_digits(rng, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        class_figures(confusion_matrix(truth, predicted, classes=12))
        reliability_curve(probabilities.max(axis=1), truth == predicted)
        coverage_curve(probabilities.max(axis=1), truth == predicted)


# --- pairs and writers


def test_confused_pairs_hold_every_mistake_once(rng: np.random.Generator) -> None:
    truth, _, predicted = read_digits(rng)
    pairs = confused_pairs(confusion_matrix(truth, predicted, classes=10))
    assert sum(pair.count for pair in pairs) == int((truth != predicted).sum())
    for pair in pairs:
        assert pair.first < pair.second
        assert pair.first_as_second == int(((truth == pair.first) & (predicted == pair.second)).sum())
        assert pair.second_as_first == int(((truth == pair.second) & (predicted == pair.first)).sum())
    counts = [pair.count for pair in pairs]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 0


def test_writers_are_counted_apart_and_the_worst_come_first(rng: np.random.Generator) -> None:
    writers, right = rng.integers(0, 20, 300), rng.random(300) < 0.9
    figures = writer_figures(writers, right)
    assert figures is not None
    assert {writer: (rate.hits, rate.count) for writer, rate in figures.rates} == {
        int(writer): (int(right[writers == writer].sum()), int((writers == writer).sum()))
        for writer in np.unique(writers)
    }
    errors = figures.errors.tolist()
    assert errors == sorted(errors, reverse=True)
    half = figures.to_dict()["with_half_of_errors"]
    assert sum(errors[:half]) >= sum(errors) / 2 > sum(errors[: half - 1])


def test_writers_without_mistakes_share_nothing() -> None:
    figures = writer_figures([1, 2], [True, True])
    assert figures is not None
    assert figures.to_dict()["with_half_of_errors"] == 0
    assert figures.to_dict()["with_errors"] == [2]
    assert writer_figures([], []) is None
    with pytest.raises(InvalidArray):
        writer_figures([1], [])


def test_error_left_is_stated_where_the_least_sure_are_left_out() -> None:
    sureness = np.linspace(0, 1, 100)
    right = np.ones(100, bool)
    right[:5] = False  # the five least sure
    assert coverage_curve(sureness, right).to_dict()["error_at"] == {
        "0.99": round(4 / 99, 6),
        "0.95": 0.0,
        "0.9": 0.0,
        "0.8": 0.0,
    }
