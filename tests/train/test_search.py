"""A whole search in small: tiny networks on written digits, interrupted, continued, and read back."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption
from inkread.nets import DigitNet
from inkread.parts import DIGITS
from inkread.train import loop, recipes, search
from inkread.train.digits import DistortionOptions
from inkread.train.recipes import DIGIT, gather_crops
from inkread.train.search import SearchOptions, Settings, ShapedNet, pareto_front, search_digit

pytest.importorskip("optuna")

# 1,024 crops in batches of 64: sixteen steps, four of which are validated.
OPTIONS = SearchOptions(trials=3, samples=1024, most_parameters=60_000, population=2, seed=3)


class OneThread(loop.FitOptions):
    def __init__(self, **values: object) -> None:
        super().__init__(**{**values, "threads": 1, "checkpoint_seconds": 0.0})


@pytest.fixture(scope="module", autouse=True)
def small_trainings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "FitOptions", OneThread)
        patch.setattr(search, "DIGIT", replace(DIGIT, batch_size=64))
        # The bundled network is too large for a test; the search begins with a small one in its place.
        patch.setattr(search, "FIRST", Settings(channels=(8, 16, 32, 32), blocks=(1, 1, 1)))
        yield


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(0)
    hands = [Hand.random(rng) for _ in range(5)]
    characters = "0147" * 20
    inks = [draw_glyph(c, hands[i % 5], rng, height=32) for i, c in enumerate(characters)]
    targets = np.array([DIGITS.index(c) for c in characters])
    return gather_crops(DIGIT, extra=[(inks, targets)], bundled_data=False)


@pytest.fixture(scope="module")
def searched(crops, tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("search"), []
    return folder, search_digit(OPTIONS, folder=folder, crops=crops, say=said.append), said


def test_the_usual_settings_are_the_bundled_network():
    usual, bundled = ShapedNet(Settings()), DigitNet()
    shapes = [one.shape for one in usual.parameters()]
    assert shapes == [one.shape for one in bundled.parameters()]
    assert Settings().distortion() == DistortionOptions()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(channels=(8, 16, 32, 40), blocks=(2, 3, 3), stem_kernel=7, kernel=5),
        Settings(channels=(12, 24, 32, 32), blocks=(1, 1, 1)),
    ],
)
def test_a_network_of_any_shape_has_the_outputs_of_the_bundled_one(settings):
    logits, features = ShapedNet(settings).eval()(torch.zeros(2, 1, 28, 28))
    assert logits.shape == (2, 11)
    assert features.shape == (2, settings.channels[-1], 7, 7)


def test_stronger_augmentation_bends_further():
    strong, usual = Settings(augmentation=2.0).distortion(), DistortionOptions()
    assert strong.rotation_degrees == 2 * usual.rotation_degrees
    assert strong.slant == 2 * usual.slant
    assert strong.elastic_share == usual.elastic_share


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=12))
def test_the_front_is_what_no_other_beats(points):
    front = [points[place] for place in pareto_front(points)]

    def beaten(one):
        return any(o != one and o[0] <= one[0] and o[1] >= one[1] for o in points)

    assert set(front) == {one for one in points if not beaten(one)}
    assert [cost for cost, _ in front] == sorted({cost for cost, _ in front})


def test_a_search_gives_its_trials_their_front_and_a_page(searched):
    folder, trials, said = searched
    assert len(trials) == 3
    assert trials[0].settings == search.FIRST
    assert trials[0].state == "complete"
    assert all(one.parameters <= OPTIONS.most_parameters for one in trials)
    assert len({(one.settings.channels, one.settings.learning_rate) for one in trials}) == 3
    finished = [one for one in trials if one.state == "complete"]
    assert all(one.accuracy == pytest.approx(np.mean(list(one.figures.values()))) for one in finished)
    assert all(max(one.curve) == 16 for one in finished)
    written = json.loads((folder / "search.json").read_text(encoding="utf-8"))
    assert len(written["trials"]) == 3
    front = [(one.parameters, one.accuracy) for one in finished]
    assert written["front"] == [finished[place].number for place in pareto_front(front)]
    assert "Accuracy against size" in (folder / "search.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["search.html", "search.json", "trials.log"]
    assert any("weights" in line for line in said)


def test_a_search_goes_on_where_it_ended_and_in_the_middle_of_a_trial(searched, crops, monkeypatch):
    folder, trials, _ = searched
    more = replace(OPTIONS, trials=4)
    real, steps = search.fit_digit, []
    monkeypatch.setattr(search, "_MARGIN", 100.0)  # nothing is ended early

    def interrupted(*given, report, **named):
        def watch(progress):
            steps.append(progress.step)
            if len(steps) == 6:
                raise KeyboardInterrupt
            report(progress)

        return real(*given, report=watch, **named)

    monkeypatch.setattr(search, "fit_digit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search_digit(more, folder=folder, crops=crops)
    found = search_digit(more, folder=folder, crops=crops)
    assert found[:3] == trials
    assert len(found) == 4
    # The trial went on from a checkpoint: no step but the one that was interrupted came twice.
    assert steps[:6] == [1, 2, 3, 4, 5, 6]
    assert steps[6] in (6, 7)
    assert min(found[-1].curve) < steps[6]
    assert not list(folder.glob("trial-*"))
    # Nothing more to do: nothing is trained.
    steps.clear()
    assert search_digit(more, folder=folder, crops=crops) == found
    assert steps == []


def test_another_search_in_the_same_folder_is_refused(searched, crops):
    folder, _, _ = searched
    with pytest.raises(InvalidOption, match="other options"):
        search_digit(replace(OPTIONS, samples=2048), folder=folder, crops=crops)


def test_the_same_seed_tries_the_same_networks(searched, crops, tmp_path, monkeypatch):
    monkeypatch.setattr(search, "fit_digit", lambda net, pool, validation, recipe, *, folder, report: written(folder))

    def written(folder):
        folder.mkdir()
        (folder / "curves.jsonl").write_text('{"step": 16, "loss": 1, "rate": 0, "own-1": 50.0}\n')

    tried = [
        [one.settings for one in search_digit(OPTIONS, folder=tmp_path / name, crops=crops)] for name in ("a", "b")
    ]
    assert tried[0] == tried[1]


def test_a_network_that_a_smaller_one_left_behind_is_ended_early(crops, tmp_path, monkeypatch):
    ended = []

    def losing(net, pool, validation, recipe, *, folder, report):
        folder.mkdir()
        accuracy = 90.0 - 10.0 * len(ended)
        ended.append(folder)
        (folder / "curves.jsonl").write_text(f'{{"step": 4, "loss": 1, "rate": 0, "own-1": {accuracy}}}\n')
        report(loop.Progress(step=4, steps=16, loss=1, samples_per_second=1, figures={"own-1": accuracy}))

    monkeypatch.setattr(search, "fit_digit", losing)
    small = Settings(channels=(8, 16, 32, 32), blocks=(1, 1, 1), kernel=3, stem_kernel=3)
    monkeypatch.setattr(search, "FIRST", small)
    trials = search_digit(replace(OPTIONS, trials=6, most_parameters=10_000_000), folder=tmp_path, crops=crops)
    assert trials[0].state == "complete"
    larger = [one for one in trials[1:] if one.parameters >= trials[0].parameters]
    assert larger
    assert {one.state for one in larger} == {"pruned"}
    assert all(one.accuracy is None for one in larger)


def test_budgets_that_nothing_fits_are_refused(crops, tmp_path):
    with pytest.raises(InvalidOption, match="10,000"):
        SearchOptions(most_parameters=100)
    with pytest.raises(InvalidOption, match="needs a trial"):
        SearchOptions(trials=0)


def test_time_that_is_over_ends_a_search_between_trials(crops, tmp_path):
    said = []
    options = replace(OPTIONS, trials=50, minutes=1e-9)
    assert search_digit(options, folder=tmp_path, crops=crops, say=said.append) == ()
    assert "time is over after 0 trials" in said[-1]
    assert json.loads((tmp_path / "search.json").read_text())["trials"] == []
