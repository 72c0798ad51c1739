from dataclasses import replace

import numpy as np
import pytest

from inkread.models.registry import load_card
from inkread.recognize.page import PageRecognizer
from inkread.train.page_recipe import PAGE, train_page


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_tiny_training_writes_a_network_that_maps_and_resumes(data_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(data_folder))
    recipe = replace(PAGE, pages=40, patches=16, batch_size=4, side=64, validation_patches=16, threads=1)
    steps = []
    card = train_page(recipe, folder=tmp_path, report=lambda progress: steps.append(progress.step))
    assert steps == [1, 2, 3, 4]
    assert card == load_card(tmp_path / "page.toml")
    assert {"digits_percent", "others_percent", "loss", "height_error_percent"} < set(card.figures)
    found = PageRecognizer(card).recognize(np.zeros((50, 90), np.float32), digit_height=20)
    assert np.isfinite(found.log_odds).all()

    made = sorted(path.stat().st_mtime_ns for path in (tmp_path / "pages").glob("*.npz"))
    again = []
    train_page(recipe, folder=tmp_path, report=lambda progress: again.append(progress.step))
    assert again == [], "a finished training is not repeated"
    assert made == sorted(path.stat().st_mtime_ns for path in (tmp_path / "pages").glob("*.npz"))
