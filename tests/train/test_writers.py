import numpy as np
import pytest

from inkread.train.lines import DIGIT_HEIGHT, SIGNS, WriterDigits
from inkread.train.writers import (
    assorted_writers,
    bhmsds_writers,
    fonts,
    hands,
    mnist_writers,
    number_signs,
    other_signs,
    other_words,
)


def test_hands_and_fonts_write_all_ten_digits_and_signs_are_crops_of_the_same_size():
    rng = np.random.default_rng(0)
    writers = [*hands(2, rng), *fonts(2, rng)]
    assert len(writers) == 4
    for writer in writers:
        assert len(writer.crops) == 10
        assert all(crop.max() > 120 for crops in writer.crops for crop in crops)
        assert 0.02 < writer.stroke_width < 0.5
    signs = other_signs(5, rng)
    assert signs.shape == (5, *writers[0].crops[0].shape[1:])


def test_signs_stand_where_they_do_beside_digits():
    signs = number_signs(6, np.random.default_rng(3))
    assert set(signs) == set(SIGNS)
    rises = {character: np.mean([sign.rise for sign in some]) for character, some in signs.items()}
    heights = {character: np.mean([sign.ink.shape[0] for sign in some]) for character, some in signs.items()}
    assert all(len(some) == 6 and all(sign.ink.max() > 120 for sign in some) for some in signs.values())
    assert heights["/"] > 0.8 * DIGIT_HEIGHT
    assert heights["="] < 0.7 * DIGIT_HEIGHT
    assert rises["-"] > 0.2 * DIGIT_HEIGHT
    assert rises["°"] > rises["="] > rises["("]
    leaning = [np.polyfit(*np.nonzero(sign.ink > 127), 1)[0] for sign in signs["/"]]
    assert all(slope < -0.1 for slope in leaning), "no slash stands upright"


@pytest.mark.data
def test_writers_of_data_sets_hold_one_out_of_ten_or_slices(data_folder, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(data_folder))
    kept, held = mnist_writers(60)
    assert len(held) > 40
    assert len(kept) > 350
    assert len(bhmsds_writers()) == 60
    words = other_words(30, np.random.default_rng(2))
    assert len(words) == 30
    assert all(word.dtype == np.uint8 and word.max() > 120 and word.shape[0] <= 2 * DIGIT_HEIGHT for word in words)
    assert np.median([word.shape[1] / word.shape[0] for word in words]) > 1.5
    assorted = assorted_writers(np.random.default_rng(1))
    assert len(assorted) > 100
    assert all(isinstance(writer, WriterDigits) for writer in assorted)
