"""What is certified holds for every input of the interval, and linear relaxation never says less than intervals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inkread.evaluate.certify import bounds, certified, interval_margins, relaxed_margins
from inkread.evaluate.gradients import TorchNetwork
from inkread.models.session import Session
from inkread.nets import DigitNet, RobustNet, export_digit, export_robust

TARGETS = torch.tensor([0, 3, 9, 5])


@pytest.fixture
def some_network(card_of, tmp_path):
    def make(which):
        torch.manual_seed(0)
        net, export = (DigitNet(width=0.3), export_digit) if which == "digit" else (RobustNet(width=0.2), export_robust)
        return TorchNetwork(card_of(net, tmp_path, export), dtype=torch.float64)

    return make


@pytest.fixture
def some_interval(some_ink):
    def make(change):
        middle = torch.from_numpy(some_ink()).double()
        return (middle - change).clamp(0, 1), (middle + change).clamp(0, 1)

    return make


def corners(low, high, count=30):
    for seed in range(count):
        share = torch.from_numpy(np.random.default_rng(seed).integers(0, 2, tuple(low.shape)))
        yield low + (high - low) * share


@pytest.mark.parametrize("which", ["digit", "robust"])
def test_no_input_of_an_interval_leaves_the_bounds(which, some_network, some_interval):
    network, (low, high) = some_network(which), some_interval(0.02)
    with torch.inference_mode():
        below, above = bounds(network, low, high)
        margins = interval_margins(network, low, high, TARGETS)
        assert (below <= above).all()
        plain = torch.take_along_dim(below, TARGETS[:, None], 1) - above
        others = torch.arange(11)[None] != TARGETS[:, None]
        assert (margins[others] >= plain[others] - 1e-9).all()  # joining the last layer never loosens
        for ink in corners(low, high):
            logits = network(ink)
            assert (logits >= below - 1e-9).all()
            assert (logits <= above + 1e-9).all()
            lead = torch.take_along_dim(logits, TARGETS[:, None], 1) - logits
            assert (lead >= margins - 1e-9)[others].all()


@pytest.mark.parametrize("which", ["digit", "robust"])
def test_relaxation_tightens_what_intervals_say_and_still_holds(which, some_network, some_interval):
    network, (low, high) = some_network(which), some_interval(0.02)
    rows, rivals = torch.arange(4), torch.tensor([1, 8, 4, 6])
    by_intervals = interval_margins(network, low, high, TARGETS)[rows, rivals]
    flat = relaxed_margins(network, low, high, TARGETS, rivals, steps=0)
    chosen = relaxed_margins(network, low, high, TARGETS, rivals, steps=12)
    assert (flat > by_intervals).all()
    assert (chosen >= flat).all()
    undecided = flat < 0  # the others need no better slopes
    assert undecided.any()
    assert (chosen > flat)[undecided].all()
    # Down the gradient of the lead itself, and at corners: nothing falls below the bound.
    ink = ((low + high) / 2).requires_grad_()
    for _ in range(40):
        lead = network(ink)[rows, TARGETS] - network(ink)[rows, rivals]
        assert (lead >= chosen - 1e-9).all()
        (slope,) = torch.autograd.grad(lead.sum(), ink)
        ink = torch.clamp(ink - 0.004 * slope.sign(), low, high).detach().requires_grad_()
    for corner in corners(low, high):
        logits = network(corner)
        assert (logits[rows, TARGETS] - logits[rows, rivals] >= chosen - 1e-9).all()


def test_without_an_interval_relaxation_is_the_lead_itself(some_network, some_interval):
    network, (ink, _) = some_network("robust"), some_interval(0.0)
    rivals = torch.tensor([1, 8, 4, 6])
    logits = network(ink)
    lead = logits[torch.arange(4), TARGETS] - logits[torch.arange(4), rivals]
    torch.testing.assert_close(relaxed_margins(network, ink, ink, TARGETS, rivals, steps=0), lead)


def test_without_a_change_certified_means_read_rightly(card_of, some_ink, tmp_path):
    torch.manual_seed(1)
    card = card_of(RobustNet(width=0.2), tmp_path, export_robust)
    inputs = some_ink(12)
    (logits,) = Session(card).run(["logits"], {"ink": inputs})
    targets = logits.argmax(axis=1)
    assert certified(card, inputs, targets, epsilon=0.0).all()
    assert not certified(card, inputs, (targets + 1) % 11, epsilon=0.0).any()
    shares = [certified(card, inputs, targets, epsilon=change).mean() for change in (0.0, 0.001, 0.01, 0.1, 1.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0
    assert certified(card, inputs[:0], targets[:0], epsilon=0.1).shape == (0,)


def test_relaxation_certifies_digits_that_intervals_leave_open(card_of, some_ink, tmp_path):
    torch.manual_seed(1)
    card = card_of(RobustNet(width=0.2), tmp_path, export_robust)
    inputs = some_ink(40)
    network = TorchNetwork(card, dtype=torch.float64)
    ink = torch.from_numpy(inputs).double()
    with torch.inference_mode():
        targets = network(ink).argmax(dim=1)
        low, high = (ink - 0.004).clamp(0, 1), (ink + 0.004).clamp(0, 1)
        by_intervals = (interval_margins(network, low, high, targets) > 0).all(dim=1).numpy()
    proven = certified(card, inputs, targets.numpy(), epsilon=0.004)
    assert (proven >= by_intervals).all()
    assert proven.sum() > by_intervals.sum()
