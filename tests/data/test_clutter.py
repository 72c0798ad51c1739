import numpy as np
import pytest

from inkread.data.clutter import blend, compose_clutter, paint_photograph, print_words, random_word
from inkread.data.synth import DIGIT_LIKE


def test_words_are_letters_and_never_all_like_digits():
    rng = np.random.default_rng(0)
    words = [random_word(rng) for _ in range(300)]
    assert all(word.isalpha() for word in words)
    assert all(any(letter not in DIGIT_LIKE for letter in word) for word in words)
    assert len(set(words)) > 150


def test_print_is_dark_and_stays_in_its_box():
    picture = np.ones((200, 300), np.float32)
    print_words(picture, (20, 30, 260, 170), np.random.default_rng(1), height=24)
    rows, columns = np.nonzero(picture < 0.6)
    assert len(rows) > 200
    assert rows.min() >= 30 and rows.max() < 170
    assert columns.min() >= 20 and columns.max() < 260


def test_what_does_not_fit_is_cut_off():
    picture = np.ones((10, 10), np.float32)
    blend(picture, np.ones((6, 6), np.float32), -3, 7, 1.0)
    assert picture[7:, :3].max() == 0 and picture.sum() == 100 - 9
    blend(picture, np.ones((6, 6), np.float32), 40, 40, 1.0)
    assert picture.sum() == 100 - 9


@pytest.mark.parametrize("seed", range(8))
def test_photographs_have_their_size_and_something_to_see(seed):
    picture = paint_photograph((120, 170), np.random.default_rng(seed))
    assert picture.shape == (120, 170) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 1
    assert picture.std() > 0.02


def test_a_long_photograph_is_painted_small_and_enlarged():
    assert paint_photograph((60, 1900), np.random.default_rng(3)).shape == (60, 1900)


def test_the_same_generator_gives_the_same_page():
    first, second = (compose_clutter(np.random.default_rng(5)).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)
