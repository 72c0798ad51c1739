"""Writers and their habits."""

import numpy as np
import pytest

from inkread.data.synth.hand import Hand, random_pen
from inkread.errors import InvalidOption
from inkread.ink import PEN_KINDS


def test_random_hands_are_within_range_and_differ():
    rng = np.random.default_rng(0)
    hands = [Hand.random(rng) for _ in range(300)]  # checked when made
    assert len({hand.seed for hand in hands}) == 300
    assert np.std([hand.slant_degrees for hand in hands]) > 5


def test_same_generator_gives_the_same_writer():
    assert Hand.random(np.random.default_rng(5)) == Hand.random(np.random.default_rng(5))


def test_every_kind_of_pen_is_held_by_somebody():
    rng = np.random.default_rng(0)
    pens = [random_pen(rng) for _ in range(400)]
    assert {pen.kind for pen in pens} == set(PEN_KINDS)
    assert all(0.02 < pen.width < 0.25 for pen in pens)


@pytest.mark.parametrize(
    "wrong",
    [
        {"slant_degrees": 80},
        {"aspect": 0},
        {"roundness": -1},
        {"jitter": 0.5},
        {"speed": 1.2},
        {"spacing": float("nan")},
        {"closure": 1},
    ],
)
def test_habit_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        Hand(**wrong)
