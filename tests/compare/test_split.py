"""Splits of data sets: what is learned from is never judged by, and a kept split is the same split."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.compare.split import DIGIT_SETS, Split, kept_split, prepared_split, train_and_test
from inkread.errors import DataError, InvalidOption, OutputError


def semeion(folder, count=60):
    """A small set of the form of Semeion's, whose publisher did not split it."""
    rng = np.random.default_rng(0)
    place = folder / "semeion"
    place.mkdir()
    images = (rng.random((count, 16, 16)) > 0.6).astype(np.uint8) * 255
    np.savez(place / "semeion.npz", images=images, labels=np.arange(count) % 10)


@pytest.fixture
def set_of_sixty(tmp_path, monkeypatch):
    from inkread.data.cards import CARDS

    monkeypatch.setenv("INKREAD_DATA", str(tmp_path))
    semeion(tmp_path)
    assert (tmp_path / "semeion" / CARDS["semeion"].files[0]).exists()


def test_a_set_without_splits_is_parted_the_same_way_every_time(set_of_sixty):
    (train, test), (again, _) = train_and_test("semeion"), train_and_test("semeion")
    assert (len(train), len(test)) == (48, 12)
    np.testing.assert_array_equal(train.images, again.images)
    kept = {image.tobytes() for image in train.images}
    assert not kept & {image.tobytes() for image in test.images}


def test_fewer_digits_to_learn_from_leave_those_to_judge_by_alone(set_of_sixty):
    whole, part = prepared_split("semeion"), prepared_split("semeion", train_size=20, seed=1)
    assert (len(whole.train_targets), len(part.train_targets)) == (48, 20)
    np.testing.assert_array_equal(whole.test_inputs, part.test_inputs)
    assert whole.fingerprint != part.fingerprint
    assert part.fingerprint == prepared_split("semeion", train_size=20, seed=1).fingerprint
    assert part.fingerprint != prepared_split("semeion", train_size=20, seed=2).fingerprint


def test_a_kept_split_is_the_same_and_is_mapped(tmp_path):
    rng = np.random.default_rng(0)
    split = Split(
        name="some",
        train_inputs=rng.random((6, 1, 28, 28), np.float32),
        train_targets=np.arange(6),
        test_inputs=rng.random((3, 1, 28, 28), np.float32),
        test_targets=np.arange(3),
    )
    kept_split(split, tmp_path)
    found = kept_split(None, tmp_path, name="some")
    assert found.fingerprint == split.fingerprint
    assert isinstance(found.train_inputs, np.memmap)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be kept"):
        kept_split(split, tmp_path / "file")


def test_what_cannot_be_split_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path))
    with pytest.raises(DataError, match="inkread data fetch mnist"):
        prepared_split("mnist")
    with pytest.raises(InvalidOption, match="there are mnist"):
        prepared_split("car_a")
    with pytest.raises(InvalidOption, match="at least two"):
        prepared_split("mnist", train_size=1)
    empty = np.zeros((0, 1, 28, 28), np.float32)
    one = np.zeros((2, 1, 28, 28), np.float32)
    with pytest.raises(InvalidOption, match="0 and 2"):
        Split(name="x", train_inputs=empty, train_targets=np.zeros(0, np.int64), test_inputs=one,
              test_targets=np.zeros(2, np.int64))  # fmt: skip
    with pytest.raises(InvalidOption, match="one class"):
        Split(name="x", train_inputs=one, train_targets=np.zeros(2, np.int64), test_inputs=one,
              test_targets=np.zeros(2, np.int64))  # fmt: skip


def test_the_sets_hold_single_digits():
    assert {"mnist", "usps", "optdigits32", "semeion", "dida"} <= set(DIGIT_SETS)
    assert not {"qmnist", "car_a", "mdas_symbols", "pendigits8"} & set(DIGIT_SETS)
