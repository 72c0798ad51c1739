"""The command over a small set of our own making."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from inkread.cli import app
from inkread.errors import DataError, InvalidOption


@pytest.fixture
def run(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    place = tmp_path / "data" / "semeion"
    place.mkdir(parents=True)
    labels = np.arange(100) % 10
    images = np.zeros((100, 16, 16), np.uint8)
    for image, label in zip(images, labels, strict=True):  # bars, longer and further right digit by digit
        image[3 : 5 + label, 2 + label : 4 + label] = 255
        image[2:4, 2:12] = rng.integers(200, 255, (2, 10))
    np.savez(place / "semeion.npz", images=images, labels=labels)
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "data"))

    def invoke(*words):
        arguments = ["compare", "--data", "semeion", "--threads", "1", *map(str, words)]
        monkeypatch.setattr("sys.argv", ["inkread", *arguments])
        return CliRunner().invoke(app, arguments)

    return invoke


@pytest.mark.slow
def test_a_comparison_is_printed_written_and_gone_on_with(run, tmp_path):
    folder = tmp_path / "out"
    result = run("--only", "gaussian-naive-bayes", "--output", folder, "--format", "json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["data"] == {"name": "semeion", "train": 80, "test": 20}
    assert report["algorithms"][0]["peak_memory_bytes"] > 1e7
    assert {"index.html", "compare.json", "compare.csv"} <= {path.name for path in folder.iterdir()}
    more = run("--only", "gaussian-naive-bayes", "--output", folder)
    assert "measured before" in more.stderr
    assert "Gaussian naive Bayes" in more.stdout


def test_wrong_use_is_named(run, tmp_path):
    assert isinstance(run("--only", "svm").exception, InvalidOption)
    assert isinstance(run("--data", "mnist", "--output", tmp_path / "x").exception, DataError)
    assert run("--train-size", "1").exit_code == 2
    assert run("--format", "jsn").exit_code == 2
