"""The network of a card in torch: it says what onnxruntime says, and its intervals hold every input between."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from inkread.errors import ModelError
from inkread.evaluate.gradients import TorchNetwork, certified
from inkread.models.registry import bundled
from inkread.models.session import Session
from inkread.nets import DigitNet, RobustNet, export_digit, export_robust
from inkread.train.cards import write_card

ALPHABET = (*"0123456789", "not-a-digit")


def card_of(net, folder, export):
    torch.manual_seed(0)
    path = folder / "net.onnx"
    export(net, path, side=28)
    return write_card(path, task="digit", alphabet=ALPHABET, training={}, figures={},
                      calibration={"temperature": 1.0, "refusal_threshold": 0.5})  # fmt: skip


def some_ink(count=4, seed=3):
    return np.random.default_rng(seed).random((count, 1, 28, 28), np.float32)


@pytest.mark.parametrize("which", ["bundled", "digit", "robust"])
def test_torch_says_what_onnxruntime_says_and_has_gradients(which, tmp_path):
    torch.manual_seed(0)
    card = {
        "bundled": lambda: bundled("digit"),
        "digit": lambda: card_of(DigitNet(width=0.4), tmp_path, export_digit),
        "robust": lambda: card_of(RobustNet(width=0.2), tmp_path, export_robust),
    }[which]()
    network = TorchNetwork(card)
    ink = torch.from_numpy(some_ink()).requires_grad_()
    logits = network(ink)
    (wanted,) = Session(card).run(["logits"], {"ink": some_ink()})
    np.testing.assert_allclose(logits.detach().numpy(), wanted, atol=1e-3)
    logits.sum().backward()
    assert ink.grad.abs().sum() > 0


@pytest.mark.parametrize("which", ["digit", "robust"])
def test_no_input_of_an_interval_leaves_the_bounds(which, tmp_path):
    torch.manual_seed(0)
    net, export = (DigitNet(width=0.3), export_digit) if which == "digit" else (RobustNet(width=0.2), export_robust)
    network = TorchNetwork(card_of(net, tmp_path, export), dtype=torch.float64)
    middle = torch.from_numpy(some_ink()).double()
    low, high = (middle - 0.02).clamp(0, 1), (middle + 0.02).clamp(0, 1)
    targets = torch.tensor([0, 3, 9, 5])
    with torch.inference_mode():
        below, above = network.bounds(low, high)
        margins = network.margins(low, high, targets)
        assert (below <= above).all()
        plain = torch.take_along_dim(below, targets[:, None], 1) - above
        others = torch.arange(11)[None] != targets[:, None]
        assert (margins[others] >= plain[others] - 1e-9).all()  # joining the last layer never loosens
        for seed in range(30):
            share = torch.from_numpy(np.random.default_rng(seed).integers(0, 2, (4, 1, 28, 28)))
            logits = network(low + (high - low) * share)
            assert (logits >= below - 1e-9).all()
            assert (logits <= above + 1e-9).all()
            lead = torch.take_along_dim(logits, targets[:, None], 1) - logits
            assert (lead >= margins - 1e-9)[others].all()


def test_without_a_change_certified_means_read_rightly(tmp_path):
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


def test_networks_that_are_not_known_are_refused(tmp_path):
    with pytest.raises(ModelError, match="reads a line"):
        TorchNetwork(bundled("line"))
    card = card_of(RobustNet(width=0.2), tmp_path, export_robust)
    model = onnx.load(card.path)
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Sigmoid"
    onnx.save(model, card.path)
    other = write_card(card.path, task="digit", alphabet=ALPHABET, training={}, figures={},
                       calibration={"temperature": 1.0, "refusal_threshold": 0.5})  # fmt: skip
    with pytest.raises(ModelError, match="Sigmoid is not known"):
        TorchNetwork(other)
