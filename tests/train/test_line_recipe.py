from dataclasses import replace

import numpy as np
import pytest

from inkread.decode.ctc import greedy
from inkread.models.registry import load_card
from inkread.recognize.line import LineRecognizer
from inkread.train import line_recipe
from inkread.train.line_recipe import LINE, WORDS, train_line


@pytest.fixture(scope="module")
def gathered():
    """Whose digits are learned from, gathered once for all trainings here: that takes longer than they do."""
    names = ("mnist_writers", "bhmsds_writers", "assorted_writers", "other_signs")
    once = {name: _kept(getattr(line_recipe, name)) for name in names}
    with pytest.MonkeyPatch.context() as patch:
        for name, function in once.items():
            patch.setattr(line_recipe, name, function)
        yield


def _kept(function):
    results = []

    def gather(*arguments):
        if not results:
            results.append(function(*arguments))
        return results[0]

    return gather


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.usefixtures("gathered")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "recipe",
    [LINE, replace(WORDS, words=25, threads=1), replace(LINE, width=1.4, teacher_width=0.2, workers=2, repeats=2)],
    ids=["line", "words", "taught"],
)
def test_a_tiny_training_writes_a_network_that_reads_and_resumes(data_folder, tmp_path, monkeypatch, recipe):
    monkeypatch.setenv("INKREAD_DATA", str(data_folder))
    recipe = replace(recipe, lines=32, batch_size=8, hands=4, validation_lines=50, recurrent=8)
    steps = []
    card = train_line(recipe, folder=tmp_path, report=lambda progress: steps.append(progress.step))
    assert steps == [1, 2, 3, 4]
    assert card == load_card(tmp_path / f"{recipe.name}.toml")
    assert card.task == recipe.name
    assert card.training["lines"] == 32
    assert card.training["device"] in ("CUDA", f"CPU, {recipe.threads} threads")
    assert ("teacher" in card.training) == bool(recipe.teacher_width)
    assert card.training.get("width", 1.0) == recipe.width
    assert set(card.figures) == {"data", "exact_percent", "loss"}
    strip = np.zeros((32, 40), np.float32)
    strip[5:27, 18:21] = 1
    (scores,) = LineRecognizer(card).recognize([strip])
    assert set(greedy(scores).text) <= set("0123456789")

    again = []
    train_line(recipe, folder=tmp_path, report=lambda progress: again.append(progress.step))
    assert again == [], "a finished training is not repeated"
