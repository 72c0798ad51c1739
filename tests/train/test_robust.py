"""The recipe of a network that can be certified, in small: it learns bounds, goes on, and leaves an honest card."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import DataError, InvalidOption
from inkread.evaluate.certify import certified, interval_margins
from inkread.evaluate.gradients import TorchNetwork
from inkread.models.registry import load_card
from inkread.parts import DIGITS, NOT_A_DIGIT
from inkread.recognize.digit import DigitRecognizer
from inkread.recognize.prepare import prepare
from inkread.train.robust import ROBUST, RobustRecipe, train_robust

TINY = RobustRecipe(
    epochs=30,
    batch_size=20,
    width=0.12,
    learning_rate=5e-3,
    epsilon=0.05,
    train_epsilon=0.06,
    settle_epsilon=0.055,
    further_epochs=2,
    threads=1,
)


def four_digits(count, seed):
    rng = np.random.default_rng(seed)
    text = ("0147" * count)[:count]
    return prepare([draw_glyph(c, Hand(), rng, height=32) for c in text]), np.array([int(c) for c in text])


DATA = four_digits(80, 0), four_digits(20, 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("robust"), []
    return folder, train_robust(TINY, folder=folder, digits=DATA, say=said.append), said


def test_it_leaves_a_network_a_card_and_curves(trained):
    folder, card, said = trained
    assert load_card(folder / "digit-robust.toml") == card
    assert card.alphabet == (*DIGITS, NOT_A_DIGIT)
    assert card.refusal_threshold == 0
    assert (card.training["train_epsilon"], card.training["settle_epsilon"]) == (0.06, 0.055)
    assert "refuses nothing" in card.training["limits"]
    rows = [json.loads(row) for row in (folder / "curves.jsonl").read_text().splitlines()]
    assert len(rows) == 30
    assert {"accuracy", "certified"} <= set(rows[-1])
    assert said


def test_it_reads_and_much_of_what_it_reads_is_proven(trained):
    _, card, _ = trained
    inputs, targets = DATA[1]
    assert (DigitRecognizer(card).recognize(inputs[:, 0])[:, :10].argmax(axis=1) == targets).mean() >= 0.9
    assert card.figures["accuracy_percent"] >= 90
    assert card.figures["certified_percent"] >= 60
    assert card.figures["certified_percent"] <= card.figures["accuracy_percent"]
    assert card.figures["certified_percent"] == pytest.approx(
        100 * certified(card, inputs, targets, epsilon=0.05).mean(), abs=1e-3
    )


def test_what_it_learned_by_is_what_the_file_certifies(trained):
    """The bounds of the training and those of the exported graph are written apart, and say the same."""
    import torch

    from inkread.nets import RobustNet

    folder, card, _ = trained
    net = RobustNet(width=0.12)
    net.load_state_dict(torch.load(folder / "further" / "checkpoint.pt", weights_only=True)["average"])
    net.eval()
    inputs, targets = (torch.from_numpy(array) for array in DATA[1])
    ends = (inputs - 0.05).clamp(0, 1), (inputs + 0.05).clamp(0, 1)
    with torch.inference_mode():
        wanted = net.margins(*ends, targets)
        found = interval_margins(TorchNetwork(card), *ends, targets)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-3)


@pytest.mark.parametrize("interrupted", [5, 10])
def test_an_interrupted_training_is_finished_by_the_same_call(tmp_path, interrupted):
    short, seen = dataclasses.replace(TINY, epochs=2, further_epochs=1), []

    def stop(progress):
        seen.append(progress.step)
        if len(seen) == interrupted:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        from inkread.train import robust

        options = robust.FitOptions
        patch.setattr(robust, "FitOptions", lambda **values: options(**values, checkpoint_seconds=0.0))
        with pytest.raises(KeyboardInterrupt):
            train_robust(short, folder=tmp_path, digits=DATA, report=stop)
        steps = []
        train_robust(short, folder=tmp_path, digits=DATA, report=lambda progress: steps.append(progress.step))
    # Eight steps, and four further ones, each of them once.
    assert [*seen, *steps] == [*range(1, 9), *range(1, 5)]


def test_the_change_grows_after_the_warm_up_and_settles_above_what_is_certified():
    changes = [ROBUST.schedule(done)[0] for done in np.linspace(0, 1, 101)]
    assert changes[:4] == [0, 0, 0, 0]
    assert changes[:60] == sorted(changes[:60])
    assert changes[59] == 0.35 > changes[60] == changes[-1] > ROBUST.epsilon
    assert [ROBUST.schedule(done)[1] for done in (0, 1)] == [1, 0.5]


def test_what_cannot_be_trained_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path))
    with pytest.raises(DataError, match="mnist"):
        train_robust(TINY, folder=tmp_path)
    with pytest.raises(InvalidOption, match="validate on"):
        train_robust(TINY, folder=tmp_path, digits=(DATA[0], (DATA[1][0][:0], DATA[1][1][:0])))
    with pytest.raises(InvalidOption, match="train_epsilon"):
        RobustRecipe(epsilon=0.4, train_epsilon=0.3)
    with pytest.raises(InvalidOption, match="shares"):
        RobustRecipe(warmup_share=0.6, ramp_share=0.6)
