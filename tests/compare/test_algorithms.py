"""The list of what is compared, and how one is chosen from it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inkread.compare.algorithms import ALGORITHMS, Training, chosen, ready, settings_of, train
from inkread.compare.split import Split
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption
from inkread.recognize.prepare import prepare


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    text = "0147" * 8
    inputs = prepare([draw_glyph(character, Hand(), rng, height=32) for character in text])
    targets = np.array([int(character) for character in text])
    return Split(name="four", train_inputs=inputs[:24], train_targets=targets[:24], test_inputs=inputs[24:],
                 test_targets=targets[24:])  # fmt: skip


def test_the_list_holds_every_kind():
    assert {algorithm.family for algorithm in ALGORITHMS.values()} == {
        "neighbors", "Bayes", "trees", "linear", "support vectors", "networks",
    }  # fmt: skip
    svms = [algorithm for algorithm in ALGORITHMS.values() if algorithm.name.endswith("linear-svm")]
    assert {algorithm.representation for algorithm in svms} == {"pixels", "hog", "skeleton", "contour"}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_settings_are_plain_data(name):
    assert json.loads(json.dumps(settings_of(name)))


def test_none_named_means_all_and_a_typo_is_answered():
    assert chosen([]) == tuple(ALGORITHMS.values())
    with pytest.raises(InvalidOption, match="did you mean 'rbf-svm'"):
        chosen(["rbf_svm"])


@pytest.mark.parametrize("name", ["k-nearest-neighbors", "bundled"])
def test_a_name_leads_to_an_algorithm_that_reads(name, split, tmp_path):
    algorithm = ALGORITHMS[name]
    with ready(algorithm, threads=1):
        fitted = train(algorithm, split, Training(folder=tmp_path, threads=1))
    assert (fitted.predict(split.test_inputs) == split.test_targets).mean() >= 0.75
    assert bool(fitted.notes) == (name == "bundled")
