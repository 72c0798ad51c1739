"""Robustness is measured in parts that are kept, over readers that are known to fail where they should."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption, OutputError
from inkread.evaluate.adversarial import AttackOptions
from inkread.evaluate.corruptions import CORRUPTIONS
from inkread.evaluate.pages import LabeledPicture
from inkread.evaluate.perturb import STRENGTHS
from inkread.evaluate.robustness import (
    Parts,
    attack_parts,
    corruption_parts,
    digit_parts,
    fingerprint,
    picture_parts,
    proven_parts,
    robustness_report,
)
from inkread.models.registry import bundled
from inkread.reader import Reader
from inkread.recognize.prepare import prepare


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    text = "0123456789"
    inputs = prepare([draw_glyph(character, Hand(), rng, height=32) for character in text])
    return Samples(images=np.uint8(255 * inputs[:, 0]), labels=np.array(list(text)), dark_ink=False)


def brightest_row(images):
    """A reader that is right of one digit alone: it says 7 of everything."""
    return np.full(len(images), 7)


def parts_in(folder, **about):
    return Parts(folder / "parts.jsonl", {"digits": "some", **about})


def test_every_kind_is_measured_for_every_reader_and_never_twice(samples, tmp_path):
    calls = []

    def read(images):
        calls.append(len(images))
        return Reader().classify(images).digits

    readers = {"inkread": read, "seven": brightest_row}
    corruption_parts(readers, samples, parts_in(tmp_path))
    assert len(calls) == 16
    said = []
    again = parts_in(tmp_path)
    corruption_parts(readers, samples, again, say=said.append)
    assert len(calls) == 16
    assert all("measured before" in line for line in said)
    report = robustness_report(again, about={})
    assert set(report["corruptions"]["inkread"]) == {"clean", *CORRUPTIONS, "mean"}
    assert report["corruptions"]["seven"]["mean"]["value"] == 0.1
    assert report["corruptions"]["inkread"]["clean"]["value"] >= 0.9
    assert report["corruptions"]["inkread"]["mean"]["value"] < report["corruptions"]["inkread"]["clean"]["value"]


def test_a_run_that_was_stopped_goes_on_with_the_same_corruptions(samples, tmp_path):
    seen = {}

    def stop_at_fog(images):
        if len(seen) == 4:
            raise KeyboardInterrupt
        seen[len(seen)] = images.copy()
        return brightest_row(images)

    with pytest.raises(KeyboardInterrupt):
        corruption_parts({"seven": stop_at_fog}, samples, parts_in(tmp_path))
    whole = []
    corruption_parts({"other": lambda images: (whole.append(images.copy()), brightest_row(images))[1]}, samples,
                     parts_in(tmp_path / "new"))  # fmt: skip
    for number, images in seen.items():
        np.testing.assert_array_equal(images, whole[number])
    rest = []
    corruption_parts({"seven": lambda images: (rest.append(1), brightest_row(images))[1]}, samples, parts_in(tmp_path))
    assert len(rest) == 12


def test_half_a_line_of_a_killed_run_is_measured_again(samples, tmp_path):
    digit_parts({"seven": brightest_row}, samples, parts_in(tmp_path), data="some")
    path = tmp_path / "parts.jsonl"
    text = path.read_text().rstrip()
    path.write_text(text[:-30])
    fewer = len(list(parts_in(tmp_path)))
    digit_parts({"seven": brightest_row}, samples, parts_in(tmp_path), data="some")
    assert len(list(parts_in(tmp_path))) == fewer + 1


def test_digits_are_read_at_every_strength_and_curves_are_in_order(samples, tmp_path):
    parts = parts_in(tmp_path)
    digit_parts({"inkread": lambda images: Reader().classify(images).digits}, samples, parts, data="some")
    kinds = robustness_report(parts, about={})["digits"]["some"]["inkread"]
    assert set(kinds) == {"clean", *STRENGTHS["digit"]}
    assert [one["strength"] for one in kinds["blur"]] == list(STRENGTHS["digit"]["blur"])
    assert kinds["invert"][0]["value"] >= 0.9
    assert kinds["rotate"][0]["value"] >= kinds["rotate"][-1]["value"]


def test_pictures_are_read_at_every_strength(tmp_path):
    page = np.full((80, 160), 240, np.uint8)
    ink = draw_glyph("7", Hand(), np.random.default_rng(0), height=40)
    page[20 : 20 + ink.shape[0], 50 : 50 + ink.shape[1]] -= np.uint8(200 * ink)
    pictures = [LabeledPicture(id="one", source=page, lines=("7",))]
    reader, parts = Reader(), parts_in(tmp_path)
    picture_parts(
        lambda source, region: reader.read(source, layout="line", region=region),
        pictures,
        parts,
        place=("lines", "one", "inkread"),
    )
    kinds = robustness_report(parts, about={})["lines"]["one"]["inkread"]
    assert kinds["clean"][0]["value"] == 1
    assert kinds["blur"][0]["value"] == 1
    assert len(kinds["noise"]) == 5
    assert kinds["clean"][0]["f1"] == 1


def test_attacks_are_kept_one_by_one_and_told_together(samples, tmp_path):
    inputs, targets = prepare(samples.images.astype(np.float32) / 255), samples.labels.astype(np.int64)
    quick = AttackOptions(steps=4, restarts=1, queries=10)
    said, parts = [], parts_in(tmp_path)
    cards = {"inkread": bundled("digit")}
    attack_parts(cards, inputs, targets, parts, epsilons=[0.3], options=quick, say=said.append)
    assert len(said) == 4
    found = robustness_report(parts, about={})["adversarial"]["inkread"]["0.3"]
    assert found["strongest"]["value"] <= found["pgd"]["value"] <= found["clean"]["value"]
    assert (found["certified"]["hits"], found["contradictions"]) == (0, 0)
    said.clear()
    attack_parts(cards, inputs, targets, parts_in(tmp_path), epsilons=[0.3], options=quick, say=said.append)
    assert all("measured before" in line for line in said)


def test_what_is_proven_is_counted_over_all_digits(samples, tmp_path):
    inputs, targets = prepare(samples.images.astype(np.float32) / 255), samples.labels.astype(np.int64)
    parts, said = parts_in(tmp_path), []
    proven_parts({"inkread": bundled("digit")}, inputs, targets, parts, epsilons=[0.3], say=said.append)
    found = robustness_report(parts, about={})["proven"]["inkread"]
    assert found["0"]["value"] >= 0.9
    assert (found["0.3"]["hits"], found["0.3"]["n"]) == (0, 10)
    assert len(said) == 2


def test_measurements_of_something_else_are_refused(tmp_path):
    parts_in(tmp_path)
    with pytest.raises(InvalidOption, match="something else"):
        parts_in(tmp_path, seed=2)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be kept"):
        parts_in(tmp_path / "file")


def test_mnist_c_is_made_of_light_digits_of_its_size(samples, tmp_path):
    dark = Samples(images=samples.images, labels=samples.labels, dark_ink=True)
    with pytest.raises(InvalidOption, match="28 × 28"):
        corruption_parts({}, dark, parts_in(tmp_path))
    small = Samples(images=samples.images[:, :16, :16], labels=samples.labels, dark_ink=False)
    with pytest.raises(InvalidOption, match="28 × 28"):
        corruption_parts({}, small, parts_in(tmp_path))


def test_data_are_known_again_by_their_pixels():
    first = np.zeros((2, 3), np.uint8)
    assert fingerprint(first) == fingerprint(first.copy())
    assert fingerprint(first) != fingerprint(first + 1)
    assert json.dumps(fingerprint(first))
