"""`inkread train digit` on a handful of our own characters: a network in seconds, which the reader then uses."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest
from PIL import Image

from inkread.data.synth import Hand, draw_glyph


@pytest.fixture
def own(tmp_path):
    rng = np.random.default_rng(3)
    for digit in "0123456789":
        (tmp_path / "own" / digit).mkdir(parents=True)
        for index in range(4):
            ink = np.pad(draw_glyph(digit, Hand.random(rng), rng, height=32), 4)
            Image.fromarray(np.uint8(255 * (1 - ink))).save(tmp_path / "own" / digit / f"{index}.png")
    return tmp_path / "own"


@pytest.mark.slow
def test_a_network_is_trained_read_with_and_resumed(inkread, own, picture, tmp_path):
    command = ["train", "digit", "--data", own, "--only-own", "--samples", "1024", "--seed", "5", "--output", "net"]
    done = inkread(*command)
    assert (done.returncode, done.stdout) == (0, "net/digit.toml\n"), done.stderr
    card = tomllib.loads((tmp_path / "net" / "digit.toml").read_text(encoding="utf-8"))
    assert card["training"]["own_data"] is True
    assert card["training"]["seed"] == 5
    assert (tmp_path / "net" / "curves.jsonl").read_text(encoding="utf-8").strip()
    assert "step 4 of 4" in done.stderr

    read = inkread("read", picture, "--model", "net/digit.toml", "--format", "json")
    assert json.loads(read.stdout)["model"]["digit"] == card["name"]

    other = inkread(*command[:-4], "--seed", "6", "--output", "net")
    assert other.returncode == 2
    assert "net" in other.stderr


@pytest.mark.slow
def test_what_a_writers_digits_share_is_measured_without_data(inkread, tmp_path):
    done = inkread("train", "writer", "--pages", "10", "--seed", "5", "--output", "net")
    assert (done.returncode, done.stdout) == (0, "net/writer.toml\n"), done.stderr
    card = tomllib.loads((tmp_path / "net" / "writer.toml").read_text(encoding="utf-8"))
    assert (card["task"], card["training"]["pages"]) == ("writer", 10)
    assert "wrong_after" in done.stderr


def test_nothing_to_learn_from_is_a_usage_error(inkread):
    done = inkread("train", "digit", "--only-own")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--data" in done.stderr


def test_own_data_that_is_not_there_is_one_clear_line(inkread):
    done = inkread("train", "digit", "--data", "nowhere", "--output", "net")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_extra_is_named_with_its_install_line(inkread, tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "torch.py").write_text("raise ModuleNotFoundError('hidden', name='torch')", encoding="utf-8")
    done = inkread("train", "digit", env={"PYTHONPATH": str(tmp_path / "hidden")})
    assert done.returncode == 1
    assert done.stderr == "inkread: training needs the extra 'train': pip install 'inkread[train]'\n"


@pytest.mark.parametrize("command", [("digit-robust", "--epochs", "1"), ("second", "--samples", "1000")])
def test_recipes_that_need_data_name_it(inkread, tmp_path, command):
    (tmp_path / "none").mkdir()
    done = inkread("train", *command, "--output", "net", env={"INKREAD_DATA": str(tmp_path / "none")})
    assert (done.returncode, done.stdout) == (1, "")
    assert "inkread data fetch mnist" in done.stderr
