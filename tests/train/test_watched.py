"""A small training in another process, as the page watches it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from inkread.errors import DataError, InvalidOption
from inkread.models.registry import load_card
from inkread.train.loop import Progress
from inkread.train.watched import Teller, main, train_small


@pytest.fixture
def semeion(write_semeion, tmp_path, monkeypatch):
    """A folder beside a data folder that holds one set of our own digits."""
    monkeypatch.setenv("INKREAD_DATA", str(write_semeion(tmp_path / "data", 80)))
    return tmp_path


def test_a_training_tells_its_progress_and_its_card(semeion):
    command = [sys.executable, "-m", "inkread.train.watched", "--data", "semeion", "--samples", "1024"]
    done = subprocess.run([*command, "--folder", semeion / "net"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    steps = [one for one in told if "step" in one]
    assert steps[-1]["step"] == steps[-1]["steps"]
    assert steps[-1]["figures"].keys() == {"own-1"}
    assert all(one["loss"] > 0 for one in steps)
    card = load_card(semeion / "net" / "digit.toml")
    assert told[-1] == {"card": str(semeion / "net" / "digit.toml")}
    assert card.training["parameters"] < 60_000
    assert card.training["bundled_data"] is False


def test_a_set_that_cannot_be_learned_from_is_told_in_words(semeion, capsys):
    assert main(["--data", "usps", "--samples", "10", "--folder", str(semeion / "net")]) == 1
    assert "usps" in json.loads(capsys.readouterr().out)["error"]
    with pytest.raises(InvalidOption, match="not single characters"):
        train_small("car_a", samples=10, folder=semeion / "net")
    with pytest.raises(DataError):
        train_small("mnist", samples=10, folder=semeion / "net")


def test_progress_is_told_now_and_then_and_at_every_validation(capsys):
    teller = Teller(every_s=3600)
    for step, figures in ((1, None), (2, {"own-1": 50.0}), (3, None)):
        teller(Progress(step=step, steps=3, loss=float(step), samples_per_second=10.0, figures=figures))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "step": 2, "steps": 3, "loss": 1.5, "samples_per_second": 10.0, "figures": {"own-1": 50.0},
    }  # fmt: skip
