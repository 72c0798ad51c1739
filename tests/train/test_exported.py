import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from inkread.errors import InvalidOption
from inkread.models.registry import bundled
from inkread.models.session import Session
from inkread.nets import LineNet, halve_weights
from inkread.train.exported import start_from_card


@pytest.mark.parametrize("task", ["line", "words"])
@pytest.mark.parametrize(("more_units", "width"), [(0, 1.0), (24, 1.4)])
def test_a_network_that_starts_from_a_card_says_what_the_exported_one_says(task, more_units, width):
    card, ink = bundled(task), np.random.default_rng(3).random((24, 1, 32, 96), np.float32)
    net = LineNet(recurrent=card.training["recurrent"] + more_units, width=width)
    start_from_card(net, card, torch.from_numpy(ink))
    (wanted,) = Session(card).run(["log_probs"], {"ink": ink})
    with torch.inference_mode():
        assert np.allclose(net.eval()(torch.from_numpy(ink)).numpy(), wanted, atol=1e-3)
        # And in training, when the strips themselves are what is normalized by.
        net.train().dropout.eval()
        assert np.allclose(net(torch.from_numpy(ink)).numpy(), wanted, atol=1e-3)


def test_what_a_wider_network_has_more_of_learns_too():
    card, ink = bundled("line"), torch.rand(24, 1, 32, 96)
    net = LineNet(recurrent=card.training["recurrent"] + 8, width=1.4)
    start_from_card(net, card, ink)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        net(ink)[:, :, 3].mean().backward()
        optimizer.step()
    assert all(value.grad.abs().sum() > 0 for value in net.parameters())
    gates = net.recurrent.weight_hh_l0.unflatten(0, (4, -1))
    assert gates[:, : card.training["recurrent"], card.training["recurrent"] :].abs().min() > 0


def test_a_network_starts_from_weights_in_sixteen_bits(tmp_path):
    path = tmp_path / "small.onnx"
    path.write_bytes(bundled("line").read_bytes())
    halve_weights(path)
    card = replace(bundled("line"), path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    ink = torch.from_numpy(np.random.default_rng(3).random((24, 1, 32, 96), np.float32))
    net = LineNet(recurrent=card.training["recurrent"])
    start_from_card(net, card, ink)
    (wanted,) = Session(card).run(["log_probs"], {"ink": ink.numpy()})
    with torch.inference_mode():
        assert np.allclose(net.eval()(ink).numpy(), wanted, atol=1e-3)


@pytest.mark.parametrize(("task", "recurrent"), [("digit", 96), ("line", 40), ("line", 0)])
def test_a_card_of_another_network_is_nothing_to_start_from(task, recurrent):
    with pytest.raises(InvalidOption, match="cannot start from"):
        start_from_card(LineNet(recurrent=recurrent), bundled(task), torch.rand(2, 1, 32, 64))
