"""Attacks keep to what they may change, find what is weak, and never overcome what is proven."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption, MissingExtra
from inkread.evaluate import adversarial
from inkread.evaluate.adversarial import ATTACKS, AttackOptions, attacked, findings, right
from inkread.evaluate.gradients import TorchNetwork
from inkread.models.registry import bundled
from inkread.recognize.prepare import prepare

QUICK = AttackOptions(steps=8, restarts=2, queries=40)


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    text = "0123456789"
    return prepare([draw_glyph(character, Hand(), rng, height=32) for character in text]), np.arange(10)


@pytest.fixture(scope="module")
def network():
    return TorchNetwork(bundled("digit"))


def test_attacks_that_may_change_more_overcome_more(network, digits):
    inputs, targets = digits
    clean = right(network, inputs, targets)
    assert clean.mean() >= 0.9
    left = {}
    for attack in ATTACKS:
        left[attack] = [
            attacked(network, inputs, targets, attack=attack, epsilon=change, options=QUICK) for change in (0.005, 0.4)
        ]
        assert not (left[attack][0] & ~clean).any()
        assert left[attack][0].sum() >= left[attack][1].sum()
    assert left["pgd"][1].mean() <= 0.1
    np.testing.assert_array_equal(
        left["square"][1], attacked(network, inputs, targets, attack="square", epsilon=0.4, options=QUICK)
    )


def test_no_pixel_changes_more_than_was_allowed(network, digits, monkeypatch):
    inputs, targets = digits
    seen = []

    def watch(model, changed, truth):
        seen.append(changed)
        return right(model, changed, truth)

    monkeypatch.setattr(adversarial, "right", watch)
    attacked(network, inputs, targets, attack="pgd", epsilon=0.1, options=AttackOptions(steps=4, restarts=1))
    original, changed = seen[0], seen[1]
    assert len(changed)
    assert changed.min() >= 0
    assert changed.max() <= 1
    nearest = np.abs(changed[:, None] - original[None]).max(axis=(2, 3, 4)).min(axis=1)
    assert nearest.max() <= 0.1 + 1e-6
    assert nearest.min() > 0.05


def test_the_loss_has_a_gradient_where_cross_entropy_has_none_left():
    logits = torch.tensor([[400.0, 0.0, -1.0]], requires_grad=True)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0])).backward()
    assert not logits.grad.any()
    logits.grad = None
    adversarial._Lead()(logits, torch.tensor([[1.0, 0.0, 0.0]])).backward()
    assert logits.grad.tolist() == [[-1, 1, 0]]


def test_findings_tell_masking_and_contradictions():
    yes, no = np.ones(100, bool), np.zeros(100, bool)
    some = np.arange(100) < 40
    honest = findings({"clean": yes, "pgd": no, "square": some}, proven=no)
    assert (honest["masked"], honest["contradictions"], honest["strongest"]["value"]) == (False, 0, 0)
    masking = findings({"clean": yes, "pgd": yes, "square": some}, proven=some)
    assert (masking["masked"], masking["contradictions"], masking["strongest"]["hits"]) == (True, 0, 40)
    assert findings({"clean": yes, "pgd": some}, proven=yes)["contradictions"] == 60
    assert findings({"clean": yes, "fgsm": some}, proven=no)["masked"] is None


def test_wrong_use_and_a_missing_toolbox_are_named(network, digits, monkeypatch):
    inputs, targets = digits
    with pytest.raises(InvalidOption, match="known are fgsm"):
        attacked(network, inputs, targets, attack="deepfool", epsilon=0.1)
    with pytest.raises(InvalidOption, match="epsilon of 0"):
        attacked(network, inputs, targets, attack="pgd", epsilon=0)
    with pytest.raises(InvalidOption, match="at least 1"):
        AttackOptions(restarts=0)
    monkeypatch.setitem(sys.modules, "art.attacks.evasion", None)
    with pytest.raises(MissingExtra, match=r"inkread\[evaluate\]"):
        attacked(network, inputs, targets, attack="pgd", epsilon=0.1)


def test_no_digits_stand_nothing(network, digits):
    inputs, targets = digits
    assert attacked(network, inputs[:0], targets[:0], attack="fgsm", epsilon=0.1).shape == (0,)
