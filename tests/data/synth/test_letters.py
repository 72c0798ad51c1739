"""The authored letters."""

import string

import numpy as np
import pytest

from inkread.data.synth.letters import LETTER_FORMS


def test_every_letter_is_there():
    assert set(LETTER_FORMS) == set(string.ascii_letters)


@pytest.mark.parametrize("letter", string.ascii_letters)
def test_letter_stands_on_the_base_line(letter):
    for form in LETTER_FORMS[letter]:
        points = np.concatenate([curve.points for curve in form.curves])
        assert -0.05 <= points[:, 1].min() <= 0.55, form.name
        assert 0.9 <= points[:, 1].max() <= 1.42, form.name


def test_most_letters_have_several_forms():
    assert sum(len(forms) > 1 for forms in LETTER_FORMS.values()) == len(LETTER_FORMS)
