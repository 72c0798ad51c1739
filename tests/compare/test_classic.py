"""The textbook's algorithms learn what is easy, say when they stopped early, and name what is not installed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from inkread.compare.classic import CLASSIC, Classic, fit_classic
from inkread.errors import MissingExtra

QUICK = {
    "random-forest": {"n_estimators": 20},
    "gradient-boosting": {"max_iter": 5, "max_leaf_nodes": 4, "early_stopping": False, "min_samples_leaf": 2},
}


@pytest.mark.parametrize("name", CLASSIC)
def test_each_learns_four_digits_of_one_hand(name, easy):
    inputs, targets = easy
    classic = CLASSIC[name]
    if name in QUICK:
        classic = Classic(estimator=classic.estimator, settings=QUICK[name], takes_jobs=classic.takes_jobs)
    fitted = fit_classic(classic, inputs[:48], targets[:48], seed=0, threads=1)
    predicted = fitted.predict(inputs[48:])
    assert predicted.dtype == np.int64
    assert (predicted == targets[48:]).mean() >= 0.75
    assert fitted.size_bytes > 100
    again = fit_classic(classic, inputs[:48], targets[:48], seed=0, threads=1)
    np.testing.assert_array_equal(again.predict(inputs), fitted.predict(inputs))


def test_a_training_that_was_cut_short_says_so(easy):
    inputs, targets = easy
    settings = {"max_iter": 1, "tol": 1e-9}
    short = Classic(estimator="linear_model.LogisticRegression", settings=settings)
    assert "before it converged" in fit_classic(short, inputs, targets, seed=0, threads=1).notes[0]
    assert not fit_classic(CLASSIC["decision-tree"], inputs, targets, seed=0, threads=1).notes


def test_without_scikit_learn_the_extra_is_named(easy, monkeypatch):
    inputs, targets = easy
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    with pytest.raises(MissingExtra, match=r"inkread\[evaluate\]"):
        fit_classic(CLASSIC["linear-svm"], inputs, targets, seed=0, threads=1)
