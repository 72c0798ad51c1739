"""The authored signs and marks."""

import pytest

from inkread.data.synth.symbols import SYMBOL_FORMS


@pytest.mark.parametrize("sign", list(".,-+/*=():;#%&$€£?!÷×<>@_~"))
def test_sign_can_be_written(sign):
    assert SYMBOL_FORMS[sign]


def test_marks_are_named_by_words_that_cannot_be_text():
    named = [name for name in SYMBOL_FORMS if len(name) > 1]
    assert {"<tick>", "<arrow>", "<underline>", "<corner>", "<spiral>", "<scribble>", "<blot>"} <= set(named)
    assert all(name.startswith("<") and name.endswith(">") for name in named)


def test_no_sign_is_a_letter_or_a_digit():
    assert not any(name.isalnum() for name in SYMBOL_FORMS)


def test_every_stroke_can_be_read():
    for forms in SYMBOL_FORMS.values():
        for form in forms:
            assert all(len(curve.hold) for curve in form.curves)
