from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import CorruptSource, DataError
from inkread.train.own import load_own


def picture(character: str, seed: int, *, light_on_dark: bool = False) -> Image.Image:
    ink = draw_glyph(character, Hand(), np.random.default_rng(seed), height=40)
    paper = np.pad(ink, 6)
    return Image.fromarray(np.uint8(255 * (paper if light_on_dark else 1 - paper)))


@pytest.fixture
def folder(tmp_path):
    for name, characters in {"3": "333", "7": "77", "not-a-digit": "KX"}.items():
        (tmp_path / name).mkdir()
        for index, character in enumerate(characters):
            picture(character, index, light_on_dark=index == 1).save(tmp_path / name / f"{index}.png")
    return tmp_path


def test_a_folder_a_class_gives_ink_of_either_polarity(folder):
    inks, targets = load_own(folder)
    assert targets.tolist() == [3, 3, 3, 7, 7, 10, 10]
    assert all(ink.dtype == np.float32 and 0.9 <= ink.max() <= 1 for ink in inks)
    # Ink covers little of a crop: neither polarity was taken for its opposite.
    assert all(ink.mean() < 0.4 for ink in inks)


def test_a_manifest_gives_one_character_a_row(tmp_path):
    (tmp_path / "images").mkdir()
    rows = [("a", "4", ["4"]), ("b", "K", [])]
    for name, character, _ in rows:
        picture(character, 1).save(tmp_path / "images" / f"{name}.png")
    lines = [json.dumps({"id": name, "file": f"{name}.png", "lines": truth}) for name, _, truth in rows]
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for path in (tmp_path, tmp_path / "manifest.jsonl"):
        _, targets = load_own(path)
        assert targets.tolist() == [4, 10]


def test_a_folder_of_another_name_is_an_error_that_names_it(folder):
    (folder / "letters").mkdir()
    with pytest.raises(DataError, match="folders named 0 to 9 and not-a-digit; it holds letters"):
        load_own(folder)


def test_an_empty_folder_and_a_missing_path_are_errors(tmp_path):
    with pytest.raises(DataError, match="it holds no folder"):
        load_own(tmp_path)
    with pytest.raises(DataError, match="neither a manifest nor a data set"):
        load_own(tmp_path / "missing")


def test_a_damaged_picture_is_named(folder):
    (folder / "3" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    with pytest.raises(CorruptSource, match=r"bad\.png"):
        load_own(folder)
