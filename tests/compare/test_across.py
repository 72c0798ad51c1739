"""Carrying over: which mixes there are, that what was learned from is marked, and that a stopped run goes on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inkread.compare import across
from inkread.compare.across import AcrossOptions, across_page, across_rows, compare_across, mixes_of, present_sets
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import DataError, InvalidOption

TINY = AcrossOptions(samples=96, batch_size=16, threads=1)


@pytest.fixture
def three_sets(tmp_path, monkeypatch):
    """Small sets in the form of semeion, usps and hwd1000."""
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "data"))
    for seed, (name, side) in enumerate((("semeion", 16), ("usps", 16), ("hwd1000", 28))):
        rng = np.random.default_rng(seed)
        text = "0147" * 5
        images = np.zeros((20, side, side), np.uint8)
        for image, character in zip(images, text, strict=True):
            ink = draw_glyph(character, Hand(), rng, height=side - 6)[: side - 2, : side - 2]
            image[1 : 1 + ink.shape[0], 1 : 1 + ink.shape[1]] = np.uint8(255 * ink)
        write(tmp_path / "data" / name, name, images, np.array([int(character) for character in text]))
    return ("semeion", "usps", "hwd1000")


def write(folder, name, images, labels):
    from inkread.data.cards import CARDS

    folder.mkdir(parents=True)
    if name == "usps":
        np.savez(folder / CARDS[name].files[0], train_images=images, train_labels=labels, test_images=images[:8],
                 test_labels=labels[:8])  # fmt: skip
    elif CARDS[name].dark_ink:
        np.savez(folder / CARDS[name].files[0], images=255 - images, labels=labels)
    else:
        np.savez(folder / CARDS[name].files[0], images=images, labels=labels)


def test_mixes_are_each_alone_all_and_all_but_one():
    assert mixes_of(("a", "b", "c"))["all but b"] == ("a", "c")
    assert list(mixes_of(("a", "b"))) == ["a", "b", "all"]


def test_every_set_is_read_by_every_mix_and_a_second_run_trains_nothing(three_sets, tmp_path, monkeypatch):
    assert present_sets() == tuple(sorted(three_sets, key=across.DIGIT_SETS.index))
    said = []
    found = compare_across(three_sets, tmp_path / "out", TINY, say=said.append)
    assert list(found["rates"]) == [*mixes_of(three_sets), "bundled"]
    seen = {mix: [rate["seen"] for rate in rates.values()] for mix, rates in found["rates"].items()}
    assert seen["usps"] == [False, True, False]
    assert seen["all but usps"] == [True, False, True]
    assert seen["bundled"] == [False, False, True]
    assert found["rates"]["bundled"]["usps"]["value"] >= 0.5
    assert all(0 < rate["n"] <= 8 for rates in found["rates"].values() for rate in rates.values())
    monkeypatch.setattr(across, "_trained", None)  # calling it would fail
    assert compare_across(three_sets, tmp_path / "out", TINY) == found

    report = {**found, "machine": {}, "command": "inkread", "date": "now"}
    columns, rows = across_rows(report)
    assert columns == ("learned from", *three_sets)
    assert all(len(row) == 4 for row in rows)
    assert rows[1][2].endswith("*")
    page = across_page(json.loads(json.dumps(report)))
    assert "learned with all others" in page
    assert page.count("<table>") == 2


def test_what_cannot_be_compared_says_why(three_sets, tmp_path):
    with pytest.raises(DataError, match="at least two"):
        compare_across(("usps",), tmp_path / "one", TINY)
    with pytest.raises(InvalidOption, match="no set of single digits"):
        compare_across(("usps", "car_a"), tmp_path / "two", TINY)
    with pytest.raises(DataError, match="mnist"):
        compare_across(("usps", "mnist"), tmp_path / "three", TINY)
    with pytest.raises(InvalidOption, match="a batch has no more"):
        AcrossOptions(samples=10)
    with pytest.raises(InvalidOption, match="something else"):
        compare_across(("usps", "semeion"), tmp_path / "two", TINY)
