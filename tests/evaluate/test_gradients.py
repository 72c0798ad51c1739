"""The network of a card in torch: it says what onnxruntime says."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from inkread.errors import ModelError
from inkread.evaluate.gradients import TorchNetwork
from inkread.models.registry import bundled
from inkread.models.session import Session
from inkread.nets import DigitNet, RobustNet, export_digit, export_robust
from inkread.train.cards import write_card


@pytest.mark.parametrize("which", ["bundled", "digit", "robust"])
def test_torch_says_what_onnxruntime_says_and_has_gradients(which, tmp_path, card_of, some_ink):
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


def test_networks_that_are_not_known_are_refused(tmp_path, card_of):
    with pytest.raises(ModelError, match="reads a line"):
        TorchNetwork(bundled("line"))
    card = card_of(RobustNet(width=0.2), tmp_path, export_robust)
    model = onnx.load(card.path)
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Sigmoid"
    onnx.save(model, card.path)
    other = write_card(card.path, task="digit", alphabet=card.alphabet, training={}, figures={},
                       calibration={"temperature": 1.0, "refusal_threshold": 0.5})  # fmt: skip
    with pytest.raises(ModelError, match="Sigmoid is not known"):
        TorchNetwork(other)
