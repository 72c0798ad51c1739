"""Doubtful digits are what resembles the page's other digits of that value; nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.decode.choose import ChosenLine, PageReading
from inkread.decode.writer import are_worth_comparing, by_one_writer, compared
from inkread.geometry import Box

AXES = 60
# Values lie on axes of their own; what a writer does lies on others.
MEANS = np.zeros((10, AXES), np.float32)
MEANS[np.arange(10), np.arange(10)] = 3.0
SHARES = np.full(AXES, 0.5, np.float32)
MANNER = np.concatenate([np.zeros(10), np.full(AXES - 10, 0.7)])


def sure(*values, confidence=0.99):
    rows = np.full((len(values), 10), (1 - confidence) / 9)
    rows[np.arange(len(values)), list(values)] = confidence
    return rows


def doubtful(first, second, *, probability=0.55):
    row = np.full((1, 10), 0.0)
    row[0, first], row[0, second] = probability, 0.95 - probability
    return row


def a_seven_like_a_one(*, others=(7, 7, 7, 7, 1, 1, 1), own=7):
    """Digits of a page whose sevens are written in a manner of their own, and one more that was taken for a one."""
    probabilities = np.concatenate([sure(*others), doubtful(1, 7)])
    places = MEANS[[*others, own]].astype(np.float64)
    places[[value == 7 for value in (*others, own)]] += MANNER
    places[-1, :10] = (MEANS[1, :10] + MEANS[7, :10]) / 2
    return probabilities, places


def test_what_resembles_the_sevens_of_the_page_is_one():
    probabilities, places = a_seven_like_a_one()
    after = compared(probabilities, places, MEANS, SHARES)
    assert after[-1].argmax() == 7
    # A one in the manner of the page's ones stays one.
    probabilities, places = a_seven_like_a_one(own=1)
    assert compared(probabilities, places, MEANS, SHARES)[-1].argmax() == 1


def test_sure_digits_stay_and_sums_are_kept():
    probabilities, places = a_seven_like_a_one()
    after = compared(probabilities, places, MEANS, SHARES)
    np.testing.assert_array_equal(after[:-1], probabilities[:-1])
    np.testing.assert_allclose(after.sum(axis=1), probabilities.sum(axis=1))
    assert (after >= 0).all()


def test_the_order_of_the_digits_does_not_matter():
    probabilities, places = a_seven_like_a_one()
    order = np.random.default_rng(0).permutation(len(places))
    after = compared(probabilities, places, MEANS, SHARES)
    np.testing.assert_allclose(compared(probabilities[order], places[order], MEANS, SHARES), after[order])


def test_a_value_that_the_page_has_not_gains_nothing():
    """A five unlike all others is still a five where there are no threes."""
    probabilities = np.concatenate([sure(*[5] * 9), doubtful(5, 3)])
    places = MEANS[[5] * 10].astype(np.float64)
    places[-1] += 3 * MANNER
    after = compared(probabilities, places, MEANS, SHARES)
    np.testing.assert_allclose(after[-1, 5] / after[-1, 3], probabilities[-1, 5] / probabilities[-1, 3])


def line(probabilities, *, texts=()):
    count = len(probabilities)
    return ChosenLine(
        boxes=tuple(Box(20 * i, 0, 20 * i + 15, 20) for i in range(count)),
        inks=(np.ones((20, 15), np.float32),) * count,
        spans=tuple((i, i + 1) for i in range(count)),
        probabilities=tuple(probabilities),
        texts=texts,
    )


def page(*lines):
    return PageReading(lines=lines, shares=(1.0,) * len(lines), marks=sum(len(one.boxes) for one in lines))


def test_digits_of_all_lines_are_compared_and_readings_follow():
    probabilities, places = a_seven_like_a_one()
    reading = page(line(probabilities[:5]), line([]), line(probabilities[5:], texts=(("111", 0.5), ("117", 0.4))))
    after = by_one_writer(reading, places, MEANS, SHARES)
    assert [one.text for one in after.lines] == ["77771", "", "117"]
    assert after.lines[2].texts == ()  # it was of other digits
    assert [len(one.probabilities) for one in after.lines] == [5, 0, 3]


@pytest.mark.parametrize("own", [1, 7])
def test_the_whole_line_is_as_much_surer_as_its_digits(own):
    probabilities, places = a_seven_like_a_one(own=own)
    probabilities[-1] = doubtful(own, 8 - own, probability=0.6)
    text = f"11{own}"
    before = line(probabilities[5:], texts=((text, 0.5), ("911", 0.3), ("711", 0.1)))
    after = by_one_writer(page(line(probabilities[:5]), before), places, MEANS, SHARES).lines[1]
    gain = after.probabilities[-1].max() / before.probabilities[-1].max()
    assert gain > 1.2
    assert after.texts[0] == (text, pytest.approx(0.5 * gain))
    assert after.texts[1][1] / after.texts[2][1] == pytest.approx(3)
    assert sum(p for _, p in after.texts[1:]) == pytest.approx(0.4 * (1 - 0.5 * gain) / 0.5)


def test_few_digits_and_sure_ones_are_not_compared():
    assert not are_worth_comparing(page())
    assert not are_worth_comparing(page(line([])))
    twenty = [*range(10), *range(10)]
    assert not are_worth_comparing(page(line(np.concatenate([sure(1, 1), doubtful(1, 7)]))))
    assert not are_worth_comparing(page(line(sure(*twenty, confidence=0.995))))
    assert are_worth_comparing(page(line(sure(*twenty[1:])), line(doubtful(1, 7))))
