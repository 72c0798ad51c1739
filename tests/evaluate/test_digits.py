"""Counting is tested with classifications whose answers are known, and with a real classifier of templates."""

import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.errors import InvalidOption
from inkread.evaluate.digits import BATCH, CONFUSABLE, DigitsReport, evaluate_digits
from inkread.results import Classification


def answers(*rows: tuple[int, float, float]) -> Classification:
    """A classification of (digit, its probability, P(not a digit)); the other digits share what is left."""
    probabilities = np.zeros((len(rows), 10), np.float32)
    for place, (digit, probability, not_a_digit) in enumerate(rows):
        probabilities[place] = (1 - probability - not_a_digit) / 9
        probabilities[place, digit] = probability
    return Classification(
        probabilities=probabilities, not_a_digit=np.array([not_a_digit for *_, not_a_digit in rows], np.float32)
    )


def report_on(labels: list[str], classification: Classification, threshold: float | None = None) -> DigitsReport:
    return DigitsReport(
        labels=np.array(labels), classification=classification, refusal_threshold=threshold, seconds=0.5
    )


def test_accuracy_is_that_of_the_digits_whatever_is_refused() -> None:
    report = report_on(
        ["3", "3", "7", "A"],
        answers((3, 0.9, 0.05), (3, 0.2, 0.7), (1, 0.8, 0.0), (4, 0.9, 0.0)),
        threshold=0.5,
    )
    assert (report.accuracy.hits, report.accuracy.count) == (2, 3)
    assert report.confusion[3, 3] == 2
    assert report.confusion[7, 1] == 1
    assert report.confusion.sum() == 3
    assert report.per_class[3].support == 2
    assert report.crops_per_second == 8


def test_confusable_letters_are_counted_apart() -> None:
    labels = ["0", "O", "o", "A", "B", "l", "plus", "S"]
    kept, refused = (0, 0.9, 0.05), (0, 0.1, 0.9)
    report = report_on(labels, answers(kept, kept, refused, refused, kept, kept, refused, refused), threshold=0.5)
    refusal = report.refusal
    assert refusal is not None
    assert (refusal.digits_kept.hits, refusal.digits_kept.count) == (1, 1)
    assert (refusal.others_refused.hits, refusal.others_refused.count) == (2, 3)  # A, B, plus
    assert {name: (rate.hits, rate.count) for name, rate in refusal.confusable_refused.items()} == {
        "O/0": (1, 2),
        "l/I/1": (0, 1),
        "S/5": (1, 1),
    }
    assert refusal.by_label["B"].value == 0.0
    assert "0" not in refusal.by_label
    assert refusal.area_under_roc == pytest.approx((1 + 1 + 0.5) / 3)  # B ties with the digit


def test_every_confusable_letter_belongs_to_one_pair() -> None:
    letters = "".join(CONFUSABLE.values())
    assert len(letters) == len(set(letters))
    assert sorted(letters) == sorted("OolIiSsZzgqb")


def test_score_at_the_threshold_is_kept() -> None:
    classification = answers((5, 0.5, 0.5), (5, 0.49, 0.51))
    refusal = report_on(["5", "5"], classification, threshold=0.5).refusal
    assert refusal is not None
    assert refusal.digits_kept.hits == 1


def test_nothing_is_refused_without_a_threshold() -> None:
    report = report_on(["5", "A"], answers((5, 0.01, 0.95), (4, 0.9, 0.05)))
    assert report.refusal is None
    assert report.misses.tolist() == []


def test_misses_are_wrong_and_refused_digits_and_accepted_letters_surest_first() -> None:
    report = report_on(
        ["1", "2", "3", "A", "B"],
        answers((1, 0.99, 0.0), (7, 0.7, 0.0), (3, 0.3, 0.6), (4, 0.9, 0.1), (8, 0.2, 0.7)),
        threshold=0.5,
    )
    assert report.misses.tolist() == [3, 1, 2]


class Templates:
    """The nearest of ten mean pictures: a real classifier, of a kind simple enough to check by hand."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.means = np.stack([images[labels == str(digit)].mean(axis=0).ravel() for digit in range(10)])
        self.sizes: list[int] = []

    def __call__(self, crops: np.ndarray) -> Classification:
        self.sizes.append(len(crops))
        flat = np.asarray(crops, np.float64).reshape(len(crops), -1)
        distance = ((flat[:, None] - self.means[None]) ** 2).mean(axis=2) / 300
        weight = np.exp(-distance + distance.min(axis=1, keepdims=True))
        probabilities = weight / weight.sum(axis=1, keepdims=True)
        far = 1 / (1 + np.exp(10 - distance.min(axis=1)))
        return Classification(
            probabilities=(probabilities * (1 - far)[:, None]).astype(np.float32), not_a_digit=far.astype(np.float32)
        )


@pytest.fixture
def crops(rng: np.random.Generator) -> Samples:
    """Noisy copies of ten random pictures, the digits, and of an eleventh, which is none."""
    kinds = rng.integers(0, 255, (11, 12, 12))
    labels = rng.integers(0, 11, 700)
    images = np.clip(kinds[labels] + rng.normal(0, 30, (700, 12, 12)), 0, 255).astype(np.uint8)
    return Samples(images=images, labels=np.array([*"0123456789", "x"])[labels], dark_ink=False)


def test_samples_are_classified_in_batches_and_reported_in_their_order(crops: Samples) -> None:
    classify = Templates(np.asarray(crops.images), crops.labels)
    done: list[int] = []
    report = evaluate_digits(classify, crops, refusal_threshold=0.5, on_batch=done.append)
    assert classify.sizes == [1, BATCH, BATCH, 700 - 2 * BATCH]  # one to load the network
    assert done == classify.sizes[1:]
    assert len(report.classification) == 700
    whole = classify(np.asarray(crops.images))
    np.testing.assert_allclose(report.classification.probabilities, whole.probabilities, atol=1e-6)
    assert report.accuracy.value == 1.0
    assert report.refusal is not None
    assert report.refusal.others_refused.value == 1.0
    assert report.refusal.others_refused.count == (crops.labels == "x").sum()


def test_crops_of_different_sizes_are_handed_over_as_they_are(crops: Samples) -> None:
    sizes: list[tuple[int, ...]] = []

    def classify(part):
        sizes.extend(crop.shape for crop in part)
        return answers(*[(0, 0.9, 0.0)] * len(part))

    mixed = Samples(
        images=(np.zeros((5, 9), np.uint8), np.zeros((30, 4), np.uint8)), labels=np.array(["0", "1"]), dark_ink=True
    )
    report = evaluate_digits(classify, mixed)
    assert sizes == [(5, 9), (5, 9), (30, 4)]
    assert report.accuracy.hits == 1


def test_data_without_digits_have_no_accuracy() -> None:
    report = report_on(["A", "B"], answers((1, 0.2, 0.7), (1, 0.9, 0.0)), threshold=0.5)
    assert report.accuracy.value is None
    assert report.refusal is not None
    assert report.refusal.area_under_roc is None
    assert report.refusal.others_refused.value == 0.5


def test_nothing_to_classify_and_impossible_thresholds_are_refused(crops: Samples) -> None:
    classify = Templates(np.asarray(crops.images), crops.labels)
    with pytest.raises(InvalidOption, match="no picture"):
        evaluate_digits(classify, crops.take(np.arange(0)))
    with pytest.raises(InvalidOption, match="threshold"):
        evaluate_digits(classify, crops, refusal_threshold=99.5)
