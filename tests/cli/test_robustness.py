"""The command over a small set of our own making."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from inkread.cli import app
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import DataError, InkreadError
from inkread.nets import DigitNet, export_digit
from inkread.parts import DIGIT_CLASSES
from inkread.recognize.prepare import INPUT_SIDE, prepare
from inkread.train.cards import write_card


@pytest.fixture
def run(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    place = tmp_path / "data" / "semeion"
    place.mkdir(parents=True)
    inputs = prepare([draw_glyph(character, Hand(), rng, height=32) for character in "0123456789"])
    np.savez(place / "semeion.npz", images=np.uint8(255 * inputs[:, 0]), labels=np.arange(10))
    lines = tmp_path / "lines"
    (lines / "images").mkdir(parents=True)
    cv2.imwrite(str(lines / "images" / "a.png"), np.pad(np.uint8(255 - 255 * inputs[7, 0]), 20, constant_values=255))
    (lines / "manifest.jsonl").write_text(json.dumps({"id": "a", "file": "a.png", "lines": ["7"]}))
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "data"))

    def invoke(*words):
        arguments = ["evaluate", "robustness", *map(str, words)]
        monkeypatch.setattr("sys.argv", ["inkread", *arguments])
        return CliRunner().invoke(app, arguments)

    return invoke


def test_a_report_is_printed_written_and_gone_on_with(run, tmp_path):
    words = ("--data", "semeion", "--lines", tmp_path / "lines", "--epsilon", "0.3", "--steps", 2, "--restarts", 1,
             "--queries", 5, "--output", tmp_path / "out")  # fmt: skip
    result = run(*words, "--format", "json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert json.loads((tmp_path / "out" / "robustness.json").read_text()) == report
    assert (tmp_path / "out" / "robustness.html").exists()
    assert not report["corruptions"]
    assert set(report["digits"]) == {"semeion"}
    assert len(report["lines"]) == 1
    (network,) = report["adversarial"].values()
    assert list(network) == ["0.3"]
    assert report["data"]["digits"]["n"] == 10
    more = run(*words)
    assert more.exit_code == 0
    assert more.stderr.count("measured before") == more.stderr.count(" %")
    assert "attacks, read rightly" in more.stdout


def test_ones_own_network_is_measured_alone(run, tmp_path):
    export_digit(DigitNet(width=0.5), tmp_path / "own.onnx", side=INPUT_SIDE)
    calibration = {"temperature": 1.0, "refusal_threshold": 0.5}
    card = write_card(
        tmp_path / "own.onnx", task="digit", alphabet=DIGIT_CLASSES, calibration=calibration, training={}, figures={}
    )
    words = ("--part", "digits", "--data", "semeion", "--no-bundled", "--output", tmp_path / "out", "--format", "json")
    result = run(*words, "--model", tmp_path / "own.toml")
    assert result.exit_code == 0, result.stderr
    assert list(json.loads(result.stdout)["model"]) == [card.name]
    nothing = run(*words)
    assert nothing.exit_code == 2
    assert "--no-bundled" in nothing.stderr


def test_wrong_use_is_named(run, tmp_path):
    result = run("--part", "corruptions", "--data", "semeion")
    assert result.exit_code == 2
    assert "MNIST-C is made of mnist" in " ".join(result.stderr.split())
    assert run("--part", "pages").exit_code == 2
    assert run("--part", "noise").exit_code == 2
    assert isinstance(run("--output", tmp_path / "x").exception, DataError)
    assert isinstance(
        run("--data", "semeion", "--model", "none.toml", "--output", tmp_path / "y").exception, InkreadError
    )
