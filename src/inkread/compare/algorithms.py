"""The list of all that are compared, each under one name, and how each is trained.

The bundled network is among them: it was trained on more than the split that the others see, which its row says.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.compare.classic import CLASSIC, Fitted, fit_classic, load_estimator
from inkread.compare.split import Split
from inkread.errors import InvalidOption, MissingExtra

if TYPE_CHECKING:
    from inkread.train.loop import Progress

__all__ = ["ALGORITHMS", "Algorithm", "Training", "chosen", "ready", "settings_of", "train"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """One way to read a digit.

    Attributes
    ----------
    title
        For people.
    family
        What kind it is: the tables are grouped by it.
    representation
        What it sees of the digits, see :mod:`inkread.compare.representations`.
    """

    name: str
    title: str
    family: str
    representation: str = "pixels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How all are trained.

    Attributes
    ----------
    folder
        Where networks keep their checkpoints.
    threads
        Cores that one algorithm may use.
    report
        Called after every step of a network.
    """

    folder: Path
    seed: int = 0
    threads: int = 2
    report: Callable[[Progress], None] = lambda progress: None


_ROWS = (
    ("k-nearest-neighbors", "k-nearest neighbors (k = 3)", "neighbors"),
    ("gaussian-naive-bayes", "Gaussian naive Bayes", "Bayes"),
    ("decision-tree", "decision tree", "trees"),
    ("random-forest", "random forest (200 trees)", "trees"),
    ("gradient-boosting", "gradient boosting", "trees"),
    ("logistic-regression", "logistic regression", "linear"),
    ("linear-svm", "linear SVM on pixels", "support vectors"),
    ("hog-linear-svm", "linear SVM on HOG", "support vectors"),
    ("skeleton-linear-svm", "linear SVM on the skeleton", "support vectors"),
    ("contour-linear-svm", "linear SVM on the outline", "support vectors"),
    ("rbf-svm", "SVM with a radial kernel", "support vectors"),
    ("perceptron", "perceptron, 100 hidden units", "networks"),
    ("lenet5", "LeNet-5", "networks"),
    ("two-layer-cnn", "CNN of 64 and 32 filters", "networks"),
    ("cnn-bilstm", "CNN and bidirectional LSTM", "networks"),
    ("ensemble", "ensemble of five small CNNs", "networks"),
    ("bundled", "inkread's bundled network", "networks"),
)

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        name: Algorithm(
            name=name,
            title=title,
            family=family,
            representation=CLASSIC[name].representation if name in CLASSIC else "pixels",
        )
        for name, title, family in _ROWS
    }
)


def chosen(names: Sequence[str]) -> tuple[Algorithm, ...]:
    """The algorithms of these names, in the order of the list; all of them where none is named.

    Raises
    ------
    InvalidOption
        If there is none of such a name.

    Examples
    --------
    >>> [algorithm.name for algorithm in chosen(["lenet5", "linear-svm"])]
    ['linear-svm', 'lenet5']
    """
    for name in names:
        if name not in ALGORITHMS:
            near = difflib.get_close_matches(name, ALGORITHMS, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InvalidOption(f"there is no algorithm {name!r}; there are {', '.join(ALGORITHMS)}{hint}")
    return tuple(algorithm for name, algorithm in ALGORITHMS.items() if not names or name in names)


def settings_of(name: str) -> dict[str, Any]:
    """What an algorithm was trained with, as plain data for reports."""
    if name in CLASSIC:
        return {"estimator": f"sklearn.{CLASSIC[name].estimator}", **CLASSIC[name].settings}
    if name == "bundled":
        from inkread.models.registry import DIGIT_TASKS, bundled

        names = " and ".join(bundled(task).name for task in DIGIT_TASKS)
        return {"model": names, "trained": "beforehand, on more than this split, with distortions"}
    networks = _networks()
    return {key: value for key, value in asdict(networks[name]).items() if key != "make"}


@contextmanager
def ready(algorithm: Algorithm, *, threads: int) -> Iterator[None]:
    """Have imported what the algorithm needs, which is no training, and keep its libraries to so many threads.

    Raises
    ------
    MissingExtra
        If scikit-learn or torch is needed and not installed.
    """
    if algorithm.name in CLASSIC:
        load_estimator(CLASSIC[algorithm.name])
        from threadpoolctl import threadpool_limits

        with threadpool_limits(threads):
            yield
        return
    if algorithm.name != "bundled":
        _networks()
    yield


def train(algorithm: Algorithm, split: Split, training: Training) -> Fitted:
    """Train ``algorithm`` on the split's digits to learn from; the bundled network is only loaded.

    Raises
    ------
    MissingExtra
        If scikit-learn or torch is needed and not installed.
    """
    if algorithm.name == "bundled":
        return _bundled(training.threads)
    inputs, targets = split.train_inputs, split.train_targets
    if algorithm.name in CLASSIC:
        classic = CLASSIC[algorithm.name]
        return fit_classic(classic, inputs, targets, seed=training.seed, threads=training.threads)
    networks = _networks()
    from inkread.compare.networks import fit_network

    return fit_network(
        networks[algorithm.name],
        inputs,
        targets,
        folder=training.folder / algorithm.name,
        seed=training.seed,
        threads=training.threads,
        report=training.report,
    )


def _networks() -> Mapping[str, Any]:
    try:
        from inkread.compare.networks import NETWORKS
    except ModuleNotFoundError as error:
        if error.name in ("torch", "onnx"):
            raise MissingExtra.of("train", "training a network") from error
        raise
    return NETWORKS


def _bundled(threads: int) -> Fitted:
    from inkread.models.registry import DIGIT_TASKS, bundled
    from inkread.recognize.digit import DigitRecognizer

    cards = [bundled(task) for task in DIGIT_TASKS]
    recognizer = DigitRecognizer(cards[0], second=cards[1], threads=threads)

    def predict(inputs: NDArray[np.float32]) -> NDArray[np.int64]:
        scores = recognizer.recognize_prepared(np.ascontiguousarray(inputs))
        return np.asarray(scores[:, :10].argmax(axis=1), np.int64)

    return Fitted(
        predict=predict,
        size_bytes=sum(len(card.read_bytes()) for card in cards),
        parameters=sum(int(card.training["parameters"]) for card in cards),
        notes=("trained beforehand, on more than this split",),
    )
