"""Digits of a data set as the network sees them."""

from __future__ import annotations

import numpy as np

from inkread.data.datasets import Samples
from inkread.evaluate.prepared import prepared_digits
from inkread.recognize.prepare import prepare, to_ink


def test_characters_that_are_no_digits_are_left_out_and_the_rest_is_what_reading_sees():
    images = np.zeros((3, 9, 9), np.uint8)
    images[:, 2:7, 4] = 255
    inputs, targets = prepared_digits(Samples(images=images, labels=np.array(["4", "x", "7"]), dark_ink=False))
    np.testing.assert_array_equal(inputs, prepare(to_ink(list(images[:2]))))
    assert targets.tolist() == [4, 7]


def test_no_digit_gives_no_input():
    one = Samples(images=np.zeros((1, 9, 9), np.uint8), labels=np.array(["x"]), dark_ink=False)
    inputs, targets = prepared_digits(one)
    assert inputs.shape == (0, 1, 28, 28)
    assert targets.shape == (0,)
