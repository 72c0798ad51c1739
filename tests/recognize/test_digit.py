"""The recognizer: probabilities, batches, calibration, and that a made digit is what it says."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import ModelError
from inkread.models.registry import bundled
from inkread.parts import DIGITS, NOT_A_DIGIT
from inkread.recognize.digit import BATCH, DOUBTFUL, DigitRecognizer, log_softmax


@pytest.fixture(scope="module")
def recognizer():
    return DigitRecognizer(bundled("digit"))


def digits(count, *, seed=0):
    rng = np.random.default_rng(seed)
    hands = [Hand.random(rng) for _ in range(12)]
    labels = np.arange(count) % 10
    inks = [draw_glyph(DIGITS[k], hands[i % 12], rng, height=int(rng.integers(24, 60))) for i, k in enumerate(labels)]
    return inks, labels


def test_log_softmax_sums_to_one_and_knows_no_overflow():
    logits = np.array([[1e4, 0, -1e4], [0, 0, 0], [1, 2, 3]], np.float32)
    found = log_softmax(logits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.exp(found.astype(np.float64)).sum(axis=1), 1, atol=1e-6)
    plain = np.exp(logits[2].astype(np.float64)) / np.exp(logits[2].astype(np.float64)).sum()
    np.testing.assert_allclose(np.exp(found[2]), plain, rtol=1e-6)


def test_a_batch_is_as_each_crop_alone(recognizer):
    inks, _ = digits(BATCH + 20)
    together = recognizer.recognize(inks)
    assert together.shape == (BATCH + 20, 11)
    np.testing.assert_allclose(np.exp(together.astype(np.float64)).sum(axis=1), 1, atol=1e-4)
    for i in (0, 1, BATCH - 1, BATCH, BATCH + 19):
        np.testing.assert_allclose(np.exp(recognizer.recognize([inks[i]])[0]), np.exp(together[i]), atol=1e-4)


def test_no_crops_give_no_rows(recognizer):
    assert recognizer.recognize([]).shape == (0, 11)


def test_temperature_softens_and_keeps_the_order(recognizer):
    inks, _ = digits(40)
    soft = DigitRecognizer(dataclasses.replace(recognizer.card, temperature=recognizer.card.temperature * 4))
    before, after = recognizer.recognize(inks), soft.recognize(inks)
    np.testing.assert_array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert (after.max(axis=1) <= before.max(axis=1) + 1e-6).all()


def test_maps_of_the_classes_add_up_to_their_scores(recognizer):
    inks, _ = digits(BATCH + 7)
    scores, maps = recognizer.activate(inks)
    np.testing.assert_allclose(scores, recognizer.recognize(inks), atol=1e-4)
    assert maps.shape == (BATCH + 7, 11, 7, 7)
    # What is left of a score's difference to class 0 is one constant a class, whatever the digit.
    left = (scores - scores[:, :1]) - (maps.sum(axis=(2, 3)) - maps[:, :1].sum(axis=(2, 3)))
    np.testing.assert_allclose(left, np.broadcast_to(left[:1], left.shape), atol=1e-2)


def test_no_crops_give_no_maps(recognizer):
    scores, maps = recognizer.activate([])
    assert scores.shape == (0, 11)
    assert maps.shape == (0, 11, 7, 7)


def test_a_network_without_the_weights_of_its_last_layer_says_so(recognizer, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(recognizer.card.path)
    del model.graph.output[-1]
    path = tmp_path / "digit.onnx"
    onnx.save(model, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    old = DigitRecognizer(dataclasses.replace(recognizer.card, path=path, sha256=digest))
    with pytest.raises(ModelError, match="train it again"):
        old.activate(digits(1)[0])


def test_digits_of_other_hands_are_recognized(recognizer):
    inks, labels = digits(300, seed=1)
    right = recognizer.recognize(inks)[:, :10].argmax(axis=1) == labels
    assert right.mean() >= 0.97


def test_letters_and_marks_are_refused(recognizer):
    rng = np.random.default_rng(2)
    hand = Hand()
    inks = [draw_glyph(character, hand, rng, height=40) for character in "AEFHKMNRWXkmwx" for _ in range(4)]
    is_digit = 1 - np.exp(recognizer.recognize(inks)[:, 10])
    assert (is_digit < 0.5).mean() >= 0.85


def test_the_alphabet_of_the_card_names_every_class(recognizer):
    assert recognizer.card.alphabet == (*DIGITS, NOT_A_DIGIT)


@pytest.fixture
def heard(recognizer):
    """The network with another one beside it: the same, calibrated otherwise."""
    second = dataclasses.replace(recognizer.card, temperature=recognizer.card.temperature * 4)
    return DigitRecognizer(recognizer.card, second=second), DigitRecognizer(second)


@pytest.mark.parametrize("activated", [False, True])
def test_a_second_network_is_heard_on_doubtful_crops_alone(recognizer, heard, activated):
    inks, _ = digits(BATCH + 60, seed=3)
    both, second = heard

    def scores_of(one):
        return one.activate(inks)[0] if activated else one.recognize(inks)

    first, other, found = scores_of(recognizer), scores_of(second), scores_of(both)
    doubtful = np.exp(first.max(axis=1)) < DOUBTFUL
    assert 5 <= doubtful.sum() <= len(inks) - 60
    np.testing.assert_array_equal(found[~doubtful], first[~doubtful])
    np.testing.assert_array_equal(both.recognize(inks, alone=True), recognizer.recognize(inks))
    # Logarithms of probabilities are logits but for a constant of each row.
    wanted = log_softmax((first[doubtful] + other[doubtful]) / 2)
    np.testing.assert_allclose(np.exp(found[doubtful]), np.exp(wanted), atol=1e-4)
    assert np.abs(np.exp(found[doubtful]) - np.exp(first[doubtful])).max() > 0.1


def test_the_maps_of_both_networks_add_up_to_their_common_scores(heard):
    inks, _ = digits(40, seed=3)
    both, _ = heard
    scores, maps = both.activate(inks)
    first, *_ = DigitRecognizer(both.card).activate(inks)
    doubtful = np.exp(first.max(axis=1)) < DOUBTFUL
    assert doubtful.sum() >= 5
    left = (scores - scores[:, :1]) - (maps.sum(axis=(2, 3)) - maps[:, :1].sum(axis=(2, 3)))
    np.testing.assert_allclose(left[doubtful], np.broadcast_to(left[doubtful][:1], left[doubtful].shape), atol=1e-2)


def test_a_second_network_of_other_classes_is_refused(recognizer):
    second = dataclasses.replace(recognizer.card, alphabet=recognizer.card.alphabet[:10])
    with pytest.raises(ModelError, match="other classes"):
        DigitRecognizer(recognizer.card, second=second)
