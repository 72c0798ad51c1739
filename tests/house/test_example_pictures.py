"""The example pictures are what the program beside them makes."""

import importlib.util
import json
import sys

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="module")
def maker(repository):
    """The program ``examples/make_pictures.py`` as a module."""
    spec = importlib.util.spec_from_file_location("make_pictures", repository / "examples" / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_pictures"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_pictures"]


@pytest.fixture(scope="module")
def folder(repository):
    return repository / "examples" / "pictures"


def test_truth_and_pictures_can_be_made_again(maker, folder):
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert list(truth) == list(maker.EXAMPLES)
    for name in maker.EXAMPLES:
        image, document = maker.compose(name)
        assert [line.text for line in document.lines()] == truth[name], name
        kept = cv2.imread(str(folder / name), cv2.IMREAD_COLOR_RGB)
        assert kept.shape == image.pixels.shape, name
        # JPEG's loss; another picture differs by dozens.
        assert np.abs(kept.astype(int) - image.pixels).mean() < 4, name


def test_every_picture_has_its_truth_and_together_they_are_small(folder):
    pictures = [path for path in folder.iterdir() if path.suffix in (".jpg", ".png")]
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert {path.name for path in pictures} == set(truth)
    assert sum(path.stat().st_size for path in pictures) < 400_000


def test_program_writes_the_folder(maker, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(maker, "EXAMPLES", {"canvas.png": maker.EXAMPLES["canvas.png"]})
    maker.main(tmp_path / "new")
    assert json.loads((tmp_path / "new" / "truth.json").read_text(encoding="utf-8")) == {"canvas.png": ["7"]}
    assert (tmp_path / "new" / "canvas.png").is_file()
    assert "canvas.png" in capsys.readouterr().out
