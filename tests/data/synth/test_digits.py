"""The authored forms of the ten digits."""

import numpy as np
import pytest

from inkread.data.synth.digits import DIGIT_FORMS
from inkread.parts import DIGITS

# What people of many countries write: each must stay among the forms.
WANTED = {
    "0": {"round", "narrow", "slashed", "open-top", "overlapping"},
    "1": {"stick", "short-flag", "long-flag", "foot", "flag-and-foot"},
    "2": {"open", "looped", "flat", "curled"},
    "3": {"round", "flat-top", "looped"},
    "4": {"open", "closed", "one-stroke", "h-like", "lightning"},
    "5": {"hat", "one-stroke", "s-like", "far-hat"},
    "6": {"straight", "curled", "big-loop"},
    "7": {"plain", "crossed", "curved", "serif"},
    "8": {"one-stroke", "two-circles", "open-top", "tilted"},
    "9": {"straight", "curved", "open", "hook"},
}


def test_every_digit_is_there():
    assert tuple(DIGIT_FORMS) == DIGITS


@pytest.mark.parametrize("digit", DIGITS)
def test_digit_has_the_forms_that_people_write(digit):
    names = [form.name for form in DIGIT_FORMS[digit]]
    assert set(names) >= WANTED[digit]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("digit", DIGITS)
def test_digit_is_about_one_high(digit):
    for form in DIGIT_FORMS[digit]:
        points = np.concatenate([curve.points for curve in form.curves])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        assert -0.1 <= top <= 0.12, form.name
        assert 0.93 <= bottom <= 1.1, form.name
        assert -0.15 <= left <= 0.2, form.name
        assert right - left <= 1.0, form.name
