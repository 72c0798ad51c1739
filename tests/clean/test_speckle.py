"""Salt and pepper go, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

import inkread
from inkread.clean.speckle import without_speckles
from inkread.data.synth import PageOptions, compose_page


def speckled(grey: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed).random(grey.shape[:2])
    changed = grey.copy()
    changed[chance < share / 2] = 0
    changed[chance > 1 - share / 2] = 255
    return changed


def page(seed: int = 0) -> np.ndarray:
    image, _ = compose_page(np.random.default_rng(seed), PageOptions(width=700, height=400, digit_height=50))
    return image.pixels


@pytest.mark.parametrize("share", [0.03, 0.08, 0.15])
def test_stray_pixels_are_taken_away(share):
    plain = page()[..., 1]
    cleaned = without_speckles(speckled(plain, share))
    before = np.abs(speckled(plain, share).astype(int) - plain).mean()
    assert np.abs(cleaned.astype(int) - plain).mean() < 0.25 * before


def test_pictures_without_them_are_left_as_they_are():
    rng = np.random.default_rng(1)
    grainy = np.uint8(np.clip(page()[..., 1] + rng.normal(0, 12, (400, 700)), 0, 255))
    lines = np.full((90, 90), 255, np.uint8)
    lines[10:80, 20] = lines[40, 10:80] = 0
    for grey in (page()[..., 1], grainy, lines, np.zeros((40, 40), np.uint8), np.eye(2, dtype=np.uint8)):
        assert without_speckles(grey) is grey


def test_a_speckled_page_is_read_as_without_speckles():
    plain = page(3)
    wanted = inkread.read(plain).text
    assert sum(character.isdigit() for character in wanted) >= 4
    assert inkread.read(speckled(plain, 0.06)).text == wanted
