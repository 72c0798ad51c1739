import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.inputs import InputLimits
from inkread.results import Document
from inkread.serve.answers import MEDIA_TYPES, Outcome, choose_media_type, render
from inkread.serve.problems import NotAcceptable


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("image/*", "image/png"),
        ("text/csv", "text/csv"),
        ("text/html, text/*;q=0.5, */*;q=0.1", "text/plain"),
        ("application/json;q=0.2, text/csv;q=0.3", "text/csv"),
        ("*/*;q=0.9, application/json;q=0", "text/plain"),
        ("TEXT/CSV ; Q=1", "text/csv"),
    ],
)
def test_the_best_liked_form_is_chosen(accept, chosen):
    assert choose_media_type(accept) == chosen


@pytest.mark.parametrize("accept", ["audio/ogg", "application/json;q=0", "text/csv;q=nan", "text/csv;q=x"])
def test_a_form_that_nobody_can_give_is_refused(accept):
    with pytest.raises(NotAcceptable, match="application/json"):
        choose_media_type(accept)


@given(st.text(max_size=200))
def test_any_header_is_chosen_from_or_refused(accept):
    with contextlib.suppress(NotAcceptable):
        assert choose_media_type(accept) in MEDIA_TYPES


def test_nothing_read_is_an_empty_text():
    blank = Outcome(name="a", content=b"", document=Document(source="a", pages=()))
    assert render([blank], "text/plain", InputLimits()).body == b""
