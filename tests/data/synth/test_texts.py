"""Texts made up for pages."""

import numpy as np
import pytest

from inkread.data.synth import CHARACTERS, LAYOUTS, PageOptions
from inkread.data.synth.texts import LABELS, WORDS, random_texts


@pytest.mark.parametrize("layout", LAYOUTS)
def test_made_up_texts_can_be_asked_for(layout):
    for seed in range(40):
        options = PageOptions(layout=layout, distractors=seed % 2)
        texts = random_texts(options, np.random.default_rng(seed))
        if layout == "nothing":
            assert texts == ()
            continue
        PageOptions(layout=layout, lines=texts)  # checked when made
        assert all(any(c.isdigit() for c in text) for text in texts)


def test_without_distractors_there_are_only_digits_and_spaces():
    for seed in range(60):
        texts = random_texts(PageOptions(layout="lines"), np.random.default_rng(seed))
        assert set("".join(texts)) <= set("0123456789 ")


def test_words_can_be_written_and_hold_no_digit():
    for word in WORDS + LABELS:
        assert set(word) <= set(CHARACTERS) | {" "}
        assert not any(c.isdigit() for c in word)
