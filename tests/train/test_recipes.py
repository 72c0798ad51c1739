"""A whole training in small: from crops to a network, its card and its curves, interrupted and continued."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption
from inkread.models.registry import bundled, load_card
from inkread.models.session import Session
from inkread.parts import DIGITS, NOT_A_DIGIT
from inkread.reader import Reader
from inkread.recognize.digit import DigitRecognizer
from inkread.train import loop, recipes
from inkread.train.digits import NOT_A_DIGIT_CLASS
from inkread.train.recipes import DIGIT, LOOKALIKES, DigitRecipe, train_digit

TINY = DigitRecipe(name="tiny", samples=720, batch_size=24, width=0.3, learning_rate=0.01, polish_share=0.0)


class OneThread(loop.FitOptions):
    """Options of a small training: more threads would wait for each other, and every step is kept."""

    def __init__(self, **values: object) -> None:
        super().__init__(**{**values, "threads": 1, "checkpoint_seconds": 0.0})


@pytest.fixture(scope="module", autouse=True)
def small_trainings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "FitOptions", OneThread)
        yield


def own(characters="0147" * 30 + "KXMW" * 10, seed=0):
    rng = np.random.default_rng(seed)
    hands = [Hand.random(rng) for _ in range(5)]
    inks = [draw_glyph(c, hands[i % 5], rng, height=32) for i, c in enumerate(characters)]
    return inks, np.array([int(c) if c in DIGITS else NOT_A_DIGIT_CLASS for c in characters])


def train(folder, *, recipe=TINY, crops=None, **changes):
    return train_digit(recipe, folder=folder, extra=[crops or own()], bundled_data=False, **changes)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder, said, steps = tmp_path_factory.mktemp("trained"), [], []
    card = train(folder, say=said.append, report=lambda progress: steps.append(progress.step))
    return folder, card, said, steps


def test_a_network_learns_beside_a_wider_one(tmp_path, trained):
    recipe = replace(TINY, teacher_width=0.6, polish_share=0.5, workers=2, repeats=2)
    card = train(tmp_path, recipe=recipe)
    assert card.training["teacher"] == "a network 0.6 times as wide"
    assert (card.training["samples"], card.training["polish_samples"]) == (720, 360)
    assert card.training["parameters"] == trained[1].training["parameters"], "what is kept is no wider for it"
    rows = [json.loads(row) for row in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_teachers_of_two_kinds_are_refused(tmp_path, trained):
    recipe = replace(TINY, teacher_width=0.6, teachers=(trained[1],))
    with pytest.raises(InvalidOption, match="not from both"):
        train(tmp_path, recipe=recipe)


def test_it_leaves_a_network_a_card_and_curves(trained):
    folder, card, said, steps = trained
    assert {path.name for path in folder.iterdir()} == {"checkpoint.pt", "curves.jsonl", "tiny.onnx", "tiny.toml"}
    assert steps == list(range(1, 31))
    assert load_card(folder / "tiny.toml") == card
    assert card.name == f"tiny-{card.sha256[:6]}"
    assert card.task == "digit"
    assert card.alphabet == (*DIGITS, NOT_A_DIGIT)
    assert 0.3 <= card.temperature <= 3
    assert 0 <= card.refusal_threshold <= 1
    assert card.training["seed"] == TINY.seed
    assert card.training["own_data"] is True
    assert card.training["bundled_data"] is False
    assert "144 crops" in card.training["sources"]["own-1"]
    assert 0 <= card.figures["accuracy_percent"]["own-1"] <= 100
    rows = [json.loads(row) for row in (folder / "curves.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 30
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert said


def test_the_network_is_read_with(trained):
    folder, card, _, _ = trained
    inks, _ = own(seed=1)
    scores = DigitRecognizer(card).recognize(inks[:40])
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-4)
    document = Reader(models={"digit": folder / "tiny.toml"}).read(np.uint8(255 * (1 - np.pad(inks[1], 20))))
    assert document.model["digit"] == card.name
    logits, features = Session(card).run(["logits", "features"], {"ink": np.zeros((1, 1, 28, 28), np.float32)})
    assert logits.shape == (1, 11)
    assert features.shape[0] == 1


def test_a_second_network_is_written_in_sixteen_bits_and_heard_beside_the_first(tmp_path, trained):
    _, first, _, _ = trained
    card = train(tmp_path, recipe=replace(TINY, name="second", task="second", half=True, seed=7))
    assert (card.task, card.name) == ("second", f"second-{card.sha256[:6]}")
    assert card.path.stat().st_size < 0.75 * first.path.stat().st_size  # of so small a network, half is names
    inks, _ = own(seed=1)
    alone, both = (DigitRecognizer(first, second=second).recognize(inks[:40]) for second in (None, card))
    assert np.abs(alone - both).max() > 0.01
    assert Reader(models={"digit": first, "second": card}).model["second"] == card.name


def test_an_interrupted_training_is_finished_by_the_same_call(tmp_path):
    def stop(progress):
        if progress.step == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, report=stop)
    steps = []
    card = train(tmp_path, report=lambda progress: steps.append(progress.step))
    assert steps[-1] == 30
    assert steps[0] == 13
    assert card.read_bytes()


def test_a_polish_follows_and_is_continued_like_the_rest(tmp_path):
    polished = dataclasses.replace(TINY, polish_share=0.4)

    def stop(progress):
        if progress.steps == 12 and progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, recipe=polished, report=stop)
    assert (tmp_path / "polish" / "checkpoint.pt").exists()
    assert not (tmp_path / "tiny.onnx").exists()
    steps = []
    card = train(tmp_path, recipe=polished, report=lambda progress: steps.append((progress.step, progress.steps)))
    assert steps == [(step, 12) for step in range(6, 13)]
    assert card.training["polish_samples"] == 288


def test_a_teacher_hands_on_what_no_label_says(tmp_path):
    """Of crops all labelled 0 a network learns to tell four digits apart from one that does."""
    crops, classes = own("0147" * 60)
    blind = (crops, np.zeros_like(classes))
    taught = dataclasses.replace(TINY, samples=4800, teachers=(bundled("digit"),), teacher_share=1.0)
    card = train(tmp_path / "taught", recipe=taught, crops=blind)
    assert card.training["teachers"] == [bundled("digit").name]
    fresh, truth = own("0147" * 25, seed=2)
    said = DigitRecognizer(card).recognize(fresh)[:, :10].argmax(axis=1)
    assert (said == truth).mean() > 0.7
    alone = train(tmp_path / "alone", recipe=dataclasses.replace(TINY, samples=1200), crops=blind)
    assert set(DigitRecognizer(alone).recognize(fresh)[:, :10].argmax(axis=1)) == {0}


def test_a_teacher_of_other_classes_is_refused(tmp_path):
    with pytest.raises(InvalidOption, match="a teacher is a digit network"):
        train(tmp_path, recipe=dataclasses.replace(TINY, teachers=(bundled("line"),)))


def test_a_checkpoint_of_another_recipe_is_refused(trained):
    folder = trained[0]
    with pytest.raises(InvalidOption, match="other options"):
        train(folder, recipe=dataclasses.replace(TINY, samples=2400))
    with pytest.raises(InvalidOption, match="another network"):
        train(folder, recipe=dataclasses.replace(TINY, width=0.6))


def test_nothing_to_learn_from_is_an_error(tmp_path):
    with pytest.raises(InvalidOption, match="nothing to learn from"):
        train_digit(TINY, folder=tmp_path, bundled_data=False)


@pytest.mark.parametrize("characters", ["0123", "KXMW" * 4 + "00"], ids=["four crops", "no digit held out"])
def test_too_few_digits_to_validate_are_named_before_any_training(tmp_path, characters):
    with pytest.raises(InvalidOption, match="validate"):
        train(tmp_path, crops=own(characters))
    assert not (tmp_path / "checkpoint.pt").exists()


def test_what_looks_like_a_digit_is_not_taught_as_a_letter():
    assert {"O", "l", "I", "S", "Z"} <= LOOKALIKES
    assert not LOOKALIKES & set(DIGITS)
    assert DIGIT.name == "digit"
