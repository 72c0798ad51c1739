"""The textbook's algorithms, from scikit-learn, each on one representation of the digits.

Settings are the usual ones for prepared digits of 28 × 28 pixels in [0, 1]; none was chosen on the digits that are
judged by. scikit-learn is imported when an algorithm is trained.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.compare.representations import represented
from inkread.errors import MissingExtra

__all__ = ["CLASSIC", "Classic", "Fitted", "fit_classic", "load_estimator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained algorithm.

    Attributes
    ----------
    predict
        Network input (N, 1, 28, 28) → classes (N,) in 0…9.
    size_bytes
        What it takes to keep it: the pickled estimator, the weights of a network, an ONNX file.
    parameters
        Numbers that were learned, where that is a fixed count.
    notes
        What a reader of the figures must know, such as a training that did not converge.
    earlier_seconds, earlier_cpu_seconds
        What an interrupted training had taken before it went on.
    """

    predict: Callable[[NDArray[np.float32]], NDArray[np.int64]]
    size_bytes: int
    parameters: int | None = None
    notes: tuple[str, ...] = ()
    earlier_seconds: float = 0.0
    earlier_cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Classic:
    """An estimator of scikit-learn and what it is given.

    Attributes
    ----------
    estimator
        Module and class below ``sklearn``.
    settings
        Its arguments; ``random_state`` is added where it takes one.
    takes_jobs
        Whether it shares its work among ``n_jobs`` threads; others use the cores through their libraries, or use one.
    """

    estimator: str
    representation: str = "pixels"
    settings: Mapping[str, Any] = field(default_factory=dict)
    takes_jobs: bool = False


# Squared hinge loss in its primal form: with more digits than features it takes seconds where the dual takes minutes.
_LINEAR_SVM = {"C": 0.1, "dual": False, "tol": 1e-3}

CLASSIC: Mapping[str, Classic] = {
    "k-nearest-neighbors": Classic(
        estimator="neighbors.KNeighborsClassifier",
        settings={"n_neighbors": 3, "weights": "distance", "algorithm": "brute"},
        takes_jobs=True,
    ),
    "linear-svm": Classic(estimator="svm.LinearSVC", settings=_LINEAR_SVM),
    # 500 MB of kept kernel rows: without them, rows of support vectors are computed again and again.
    "rbf-svm": Classic(estimator="svm.SVC", settings={"C": 10.0, "gamma": 0.02, "cache_size": 500}),
    # Pixels that never vary would have no width; a tenth of the largest variance is added to all.
    "gaussian-naive-bayes": Classic(estimator="naive_bayes.GaussianNB", settings={"var_smoothing": 0.1}),
    "decision-tree": Classic(estimator="tree.DecisionTreeClassifier", settings={"min_samples_leaf": 2}),
    "random-forest": Classic(
        estimator="ensemble.RandomForestClassifier", settings={"n_estimators": 200}, takes_jobs=True
    ),
    "logistic-regression": Classic(
        estimator="linear_model.LogisticRegression", settings={"C": 0.1, "max_iter": 200, "tol": 1e-3}
    ),
    "gradient-boosting": Classic(
        estimator="ensemble.HistGradientBoostingClassifier",
        # A quarter of the pixels at each node saves time; neighbors say much the same. Without the regularization and
        # at twice the rate, boosting on all of MNIST runs away once most digits are sure, and ends at 77 %.
        settings={
            "max_iter": 100,
            "learning_rate": 0.1,
            "l2_regularization": 1.0,
            "max_features": 0.25,
            "early_stopping": False,
        },
    ),
    "hog-linear-svm": Classic(
        estimator="svm.LinearSVC", representation="hog", settings={**_LINEAR_SVM, "C": 1.0}
    ),
    "skeleton-linear-svm": Classic(estimator="svm.LinearSVC", representation="skeleton", settings=_LINEAR_SVM),
    "contour-linear-svm": Classic(
        # Shares of an outline are small numbers: a larger C says the same of them as 0.1 does of pixels.
        estimator="svm.LinearSVC", representation="contour", settings={**_LINEAR_SVM, "C": 100.0}
    ),
}  # fmt: skip


def fit_classic(
    classic: Classic, inputs: NDArray[np.float32], targets: NDArray[np.int64], *, seed: int, threads: int
) -> Fitted:
    """Train one of :data:`CLASSIC`.

    Raises
    ------
    MissingExtra
        If scikit-learn is not installed.
    """
    estimator = _estimator(classic, seed=seed, threads=threads)
    from sklearn.exceptions import ConvergenceWarning

    features = represented(inputs, classic.representation)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(features, targets)
    stopped = any(issubclass(one.category, ConvergenceWarning) for one in caught)
    for one in caught:
        if not issubclass(one.category, ConvergenceWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)

    def predict(some: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.asarray(estimator.predict(represented(some, classic.representation)), np.int64)

    notes = ("stopped at its limit of iterations before it converged",) if stopped else ()
    return Fitted(predict=predict, size_bytes=len(pickle.dumps(estimator)), notes=notes)


def load_estimator(classic: Classic) -> Any:
    """The class of the estimator, imported.

    Raises
    ------
    MissingExtra
        If scikit-learn is not installed.
    """
    module, _, name = classic.estimator.rpartition(".")
    try:
        return getattr(import_module(f"sklearn.{module}"), name)
    except ModuleNotFoundError as error:
        raise MissingExtra.of("evaluate", "comparing algorithms") from error


def _estimator(classic: Classic, *, seed: int, threads: int) -> Any:
    jobs = {"n_jobs": threads} if classic.takes_jobs else {}
    estimator = load_estimator(classic)(**classic.settings, **jobs)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    return estimator
