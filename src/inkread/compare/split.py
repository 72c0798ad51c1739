"""The digits that all algorithms learn from and are judged on, prepared once, as reading prepares them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.data.cards import CARDS
from inkread.data.datasets import Samples, load
from inkread.errors import InvalidOption, OutputError
from inkread.evaluate.prepared import prepared_digits

__all__ = ["DIGIT_SETS", "Split", "kept_split", "prepared_split", "train_and_test"]

# Of a set that its publisher did not split, the part that is tested on.
_TEST_SHARE = 0.2
_NAMES = ("train_inputs", "train_targets", "test_inputs", "test_targets")

# The sets of single digits, in the order in which tables show them.
DIGIT_SETS = tuple(
    name
    for name, card in CARDS.items()
    if card.form == "images" and name not in ("mdas_symbols", "omniglot_small")  # which hold no digit
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Digits to learn from, and digits to judge by.

    Attributes
    ----------
    name
        The data set.
    train_inputs, test_inputs
        float32 (N, 1, 28, 28), as :func:`inkread.recognize.prepare.prepare` gives them.
    train_targets, test_targets
        int64 (N,) in 0…9.
    """

    name: str
    train_inputs: NDArray[np.float32]
    train_targets: NDArray[np.int64]
    test_inputs: NDArray[np.float32]
    test_targets: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.train_targets) or not len(self.test_targets):
            raise InvalidOption(
                f"a comparison needs digits to learn from and digits to judge by; {self.name} has "
                f"{len(self.train_targets)} and {len(self.test_targets)}"
            )
        if len(np.unique(self.train_targets)) < 2:
            raise InvalidOption(f"the digits of {self.name} to learn from are all of one class")

    @property
    def fingerprint(self) -> str:
        """SHA-256 over inputs and targets: two splits with the same one are the same."""
        digest = hashlib.sha256()
        for array in (self.train_inputs, self.train_targets, self.test_inputs, self.test_targets):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def train_and_test(name: str) -> tuple[Samples, Samples]:
    """The samples of a set to learn from and those to judge by, digits and others.

    Where the publisher did not split a set, a fifth is judged by: the hands of a fifth of the writers where writers are
    known, a fifth of the samples otherwise, always the same.

    Raises
    ------
    DataError
        If the set is not there.
    InvalidOption
        If there is no such set of single digits.
    """
    if name not in DIGIT_SETS:
        raise InvalidOption(f"{name!r} is no set of single digits; there are {', '.join(DIGIT_SETS)}")
    if "test" in CARDS[name].splits:
        return load(name, "train"), load(name, "test")
    samples = load(name, "all")
    rng = np.random.default_rng(0)
    if samples.writers is not None and len(hands := np.unique(samples.writers)) >= 5:
        held = np.isin(samples.writers, rng.permutation(hands)[: round(len(hands) * _TEST_SHARE)])
    else:
        held = np.zeros(len(samples), np.bool_)
        held[rng.permutation(len(samples))[: round(len(samples) * _TEST_SHARE)]] = True
    return samples.take(~held), samples.take(held)


def prepared_split(name: str, *, train_size: int | None = None, seed: int = 0) -> Split:
    """The split of a data set, prepared.

    Parameters
    ----------
    train_size
        Learn from no more than so many digits, drawn with ``seed``; the digits to judge by stay the same.

    Raises
    ------
    DataError
        If the set is not there.
    InvalidOption
        If there is no such set, or there is nothing to learn from or to judge by.
    """
    if train_size is not None and train_size < 2:
        raise InvalidOption(f"at least two digits are needed to learn from; got a training size of {train_size}")
    train, test = train_and_test(name)
    train = train.take(train.is_digit)
    if train_size is not None and train_size < len(train):
        chosen = np.random.default_rng(seed).permutation(len(train))[:train_size]
        train = train.take(np.sort(chosen))
    inputs, targets = prepared_digits(train)
    test_inputs, test_targets = prepared_digits(test)
    return Split(
        name=name, train_inputs=inputs, train_targets=targets, test_inputs=test_inputs, test_targets=test_targets
    )


def kept_split(split: Split | None, folder: Path, *, name: str = "") -> Split:
    """Keep a split in ``folder``, or, where None is given, the split that was kept there.

    Processes share it: what is kept is mapped into memory, not read.
    """
    paths = [folder / f"{part}.npy" for part in _NAMES]
    if split is not None:
        arrays: tuple[NDArray[Any], ...] = (
            split.train_inputs,
            split.train_targets,
            split.test_inputs,
            split.test_targets,
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, array in zip(paths, arrays, strict=True):
                np.save(path, array)
        except OSError as error:
            raise OutputError(f"the digits cannot be kept in {folder}: {error.strerror or error}") from error
        return split
    train_inputs, train_targets, test_inputs, test_targets = (np.load(path, mmap_mode="r") for path in paths)
    return Split(
        name=name,
        train_inputs=train_inputs,
        train_targets=np.asarray(train_targets),
        test_inputs=test_inputs,
        test_targets=np.asarray(test_targets),
    )
