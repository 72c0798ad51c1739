"""Networks to compare with: their sizes, what they learn, and that an interrupted training goes on."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from inkread.compare.networks import NETWORKS, fit_network
from inkread.train.loop import spent


@pytest.mark.parametrize(
    ("name", "parameters"), [("perceptron", 79_510), ("lenet5", 61_706), ("two-layer-cnn", 203_434)]
)
def test_networks_of_the_textbook_have_the_size_they_are_known_for(name, parameters):
    assert sum(p.numel() for p in NETWORKS[name].make().parameters()) == parameters


@pytest.mark.parametrize("name", NETWORKS)
def test_each_gives_ten_logits_a_digit(name):
    with torch.inference_mode():
        assert NETWORKS[name].make().eval()(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_the_perceptron_has_the_settings_of_the_textbook():
    network = NETWORKS["perceptron"]
    assert (network.epochs, network.l2, network.members) == (70, 0.1, 1)
    assert NETWORKS["ensemble"].members == 5


@pytest.mark.parametrize("name", ["perceptron", "lenet5", "cnn-bilstm"])
def test_each_learns_four_digits_of_one_hand(name, easy, tmp_path):
    inputs, targets = easy
    quick = dataclasses.replace(NETWORKS[name], epochs=25, batch_size=16, learning_rate=5e-3)
    fitted = fit_network(quick, inputs[:48], targets[:48], folder=tmp_path, seed=0, threads=1)
    assert (fitted.predict(inputs[48:]) == targets[48:]).mean() >= 0.75
    assert fitted.size_bytes > 4 * fitted.parameters
    rows = [json.loads(row) for row in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_an_ensemble_is_trained_in_folders_of_its_own_and_goes_on(easy, tmp_path):
    inputs, targets = easy
    small = dataclasses.replace(NETWORKS["ensemble"], epochs=1, batch_size=16, members=2)

    def stop(progress):
        if (tmp_path / "member-2").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_network(small, inputs, targets, folder=tmp_path, seed=0, threads=1, report=stop)
    steps = []
    fitted = fit_network(
        small, inputs, targets, folder=tmp_path, seed=0, threads=1, report=lambda progress: steps.append(progress.step)
    )
    assert steps == [1, 2, 3, 4]  # the first member was finished
    assert fitted.earlier_seconds == spent(tmp_path / "member-1").seconds > 0
    whole = fit_network(small, inputs, targets, folder=tmp_path / "again", seed=0, threads=1)
    np.testing.assert_array_equal(fitted.predict(inputs), whole.predict(inputs))


def test_weight_is_kept_small_by_the_penalty(easy, tmp_path):
    inputs, targets = easy
    sizes = []
    for number, l2 in enumerate((0.0, 50.0)):
        network = dataclasses.replace(NETWORKS["perceptron"], epochs=20, batch_size=16, l2=l2)
        fitted = fit_network(network, inputs, targets, folder=tmp_path / str(number), seed=0, threads=1)
        state = torch.load(tmp_path / str(number) / "checkpoint.pt", weights_only=True)["average"]
        sizes.append(float(state["1.weight"].square().sum()))
        assert fitted.parameters == 79_510
    assert sizes[1] < 0.7 * sizes[0]
