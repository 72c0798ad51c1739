"""Measuring: what a row says, that a stopped run goes on, and that one failure takes nothing with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from inkread.compare import running
from inkread.compare.algorithms import chosen
from inkread.compare.running import Options, compare
from inkread.compare.split import Split
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InkreadError, InvalidOption, OutputError
from inkread.recognize.prepare import prepare


def four_digits(seed=0, name="four"):
    rng = np.random.default_rng(seed)
    text = "0147" * 8
    inputs = prepare([draw_glyph(character, Hand(), rng, height=32) for character in text])
    targets = np.array([int(character) for character in text])
    return Split(name=name, train_inputs=inputs[:24], train_targets=targets[:24], test_inputs=inputs[24:],
                 test_targets=targets[24:])  # fmt: skip


def options(folder, **changes):
    return Options(folder=folder, threads=1, **{"isolated": False, **changes})


def test_a_row_says_how_well_how_fast_and_how_large(tmp_path):
    comparison = compare(four_digits(), chosen(["linear-svm", "bundled"]), options(tmp_path))
    svm, bundled = comparison.rows
    assert svm["accuracy"]["n"] == 8
    assert svm["accuracy"]["interval"][0] < svm["accuracy"]["value"] <= 1
    assert svm["absent"] == [2, 3, 5, 6, 8, 9]
    assert svm["per_class"]["2"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert 0 <= svm["macro_f1"] <= 1
    assert np.array(svm["confusion"]).sum() == 8
    assert svm["seconds"] > svm["training_seconds"] > 0
    assert bundled["training_seconds"] is None
    for row in (svm, bundled):
        assert row["seconds_a_digit"] > 0
        assert row["seconds_a_digit_in_batches"] > 0
        assert row["size_bytes"] > 1000
    written = comparison.to_dict(command="inkread compare", date=datetime(2026, 11, 20, tzinfo=UTC))
    assert json.loads(json.dumps(written))["data"] == {"name": "four", "train": 24, "test": 8}
    assert written["machine"]["packages"]["scikit-learn"]


def test_what_was_measured_is_not_measured_again(tmp_path, monkeypatch):
    said = []
    first = compare(four_digits(), chosen(["decision-tree"]), options(tmp_path))
    monkeypatch.setattr(running, "measure", None)  # calling it would fail
    again = compare(four_digits(), chosen(["decision-tree"]), options(tmp_path), say=said.append)
    assert again.rows == first.rows
    assert "measured before" in said[0]


def test_half_a_result_is_measured_anew(tmp_path):
    compare(four_digits(), chosen(["decision-tree"]), options(tmp_path))
    path = tmp_path / "results" / "decision-tree.json"
    path.write_text(path.read_text()[:40])
    assert compare(four_digits(), chosen(["decision-tree"]), options(tmp_path)).rows[0]["accuracy"]["n"] == 8


def test_a_folder_of_other_digits_is_refused(tmp_path):
    compare(four_digits(), chosen(["decision-tree"]), options(tmp_path))
    with pytest.raises(InvalidOption, match="other digits"):
        compare(four_digits(seed=1), chosen(["decision-tree"]), options(tmp_path))
    with pytest.raises(InvalidOption, match="seed 3"):
        compare(four_digits(), chosen(["decision-tree"]), options(tmp_path, seed=3))


def test_one_that_fails_is_named_and_the_others_are_measured(tmp_path, monkeypatch):
    measured = running.measure

    def fail_one(algorithm, split, training):
        if algorithm.name == "linear-svm":
            raise InkreadError("no memory left")
        return measured(algorithm, split, training)

    monkeypatch.setattr(running, "measure", fail_one)
    comparison = compare(four_digits(), chosen(["linear-svm", "decision-tree"]), options(tmp_path))
    assert dict(comparison.failures) == {"linear-svm": "no memory left"}
    assert [row["name"] for row in comparison.rows] == ["decision-tree"]


@pytest.mark.slow
def test_each_runs_in_a_process_of_its_own_whose_memory_is_measured(tmp_path):
    comparison = compare(four_digits(), chosen(["decision-tree", "lenet5"]), options(tmp_path, isolated=True))
    assert not comparison.failures
    tree, network = comparison.rows
    assert tree["peak_memory_bytes"] > 30e6
    assert network["parameters"] == 61_706
    assert (tmp_path / "networks" / "lenet5" / "curves.jsonl").exists()


@pytest.mark.slow
def test_a_stopped_comparison_leaves_no_process_behind_and_goes_on(tmp_path, monkeypatch):
    """Interrupted while a network trains: its process ends, and the one that makes its batches with it."""
    import multiprocessing

    connection = type(multiprocessing.Pipe()[0])
    monkeypatch.setattr(connection, "recv", lambda self: interrupted_when_training(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        compare(four_digits(), chosen(["perceptron"]), options(tmp_path, isolated=True))
    assert not multiprocessing.active_children()
    monkeypatch.undo()
    comparison = compare(four_digits(), chosen(["perceptron"]), options(tmp_path))
    assert [row["name"] for row in comparison.rows] == ["perceptron"]


def interrupted_when_training(folder):
    import time

    for _ in range(600):
        if (folder / "networks" / "perceptron" / "curves.jsonl").exists():
            break
        time.sleep(0.1)
    raise KeyboardInterrupt


def test_wrong_options_and_a_folder_that_is_a_file_are_named(tmp_path):
    with pytest.raises(InvalidOption, match="threads"):
        Options(folder=tmp_path, threads=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be kept"):
        compare(four_digits(), chosen(["decision-tree"]), options(tmp_path / "file"))
