"""The writer model is measured on composed pages, and tells digits of its pages better apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inkread.data.synth import PageOptions, compose_page
from inkread.errors import InvalidOption
from inkread.models.registry import bundled, load_card
from inkread.reader import Reader
from inkread.train.writer_recipe import WRITER, train_writer


@pytest.mark.slow
def test_a_few_pages_give_a_model_that_reads(tmp_path):
    recipe = replace(WRITER, pages=16, seed=3)
    steps = []
    digit = bundled("digit")
    card = train_writer(recipe, folder=tmp_path, digit=digit, report=lambda progress: steps.append(progress.step))
    assert steps == list(range(1, 17))
    assert card == load_card(tmp_path / "writer.toml")
    assert card.training["digit_network"] == digit.name
    assert card.training["digits"] > 300
    assert 0.1 < card.figures["variance_of_pages"] < 0.9
    assert card.figures["wrong_after"] <= card.figures["wrong_before"] + 1
    (tmp_path / "again").mkdir()
    again = train_writer(recipe, folder=tmp_path / "again", digit=digit)
    assert again.sha256 == card.sha256, "the same seed measures the same"
    page, truth = compose_page(np.random.default_rng(8), PageOptions(width=500, height=300, lines=("405 12", "773 90")))
    reader = Reader(models={"digit": digit, "writer": card})
    assert reader.model["writer"] == card.name
    assert reader.read(page.pixels).text == truth.text


def test_too_few_pages_are_refused():
    with pytest.raises(InvalidOption, match="at least 10 pages"):
        replace(WRITER, pages=9)
