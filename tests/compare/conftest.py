"""Digits that are easy to learn: four kinds, of one hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inkread.data.synth import Hand, draw_glyph
from inkread.recognize.prepare import prepare


@pytest.fixture(scope="session")
def easy() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Sixty-four prepared digits, 0, 1, 4 and 7 in turn, and their classes."""
    rng = np.random.default_rng(0)
    text = "0147" * 16
    inputs = prepare([draw_glyph(character, Hand(), rng, height=32) for character in text])
    return inputs, np.array([int(character) for character in text])
