import json

import pytest

from inkread.errors import CorruptSource, InkreadError, SourceTooLarge
from inkread.serve import problems


def test_a_problem_holds_what_the_standard_asks_for_and_the_stable_code():
    assert problems.problem_of(CorruptSource("it ends early", source="a.png")) == {
        "type": "urn:inkread:problem:CorruptSource",
        "title": "It is of a known kind, but empty, truncated or damaged",
        "status": 422,
        "detail": "it ends early",
        "code": "CorruptSource",
        "source": "a.png",
    }


def test_an_answer_carries_the_status_the_headers_and_the_media_type():
    response = problems.problem_response(problems.Overloaded("busy", headers={"Retry-After": "1"}))
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"
    assert json.loads(response.body)["code"] == "Overloaded"
    assert problems.problem_response(SourceTooLarge("big")).status_code == 413


@pytest.mark.parametrize("name", [name for name in problems.__all__ if name[0].isupper() and name != "MEDIA_TYPE"])
def test_every_class_says_what_it_is_and_has_a_status(name):
    kind = getattr(problems, name)
    assert issubclass(kind, InkreadError)
    assert 400 <= kind.http_status < 600
    assert len(problems.problem_of(kind("x"))["title"]) > 10


@pytest.mark.parametrize(("status", "code"), [(404, "NotFound"), (405, "MethodNotAllowed"), (400, "BadRequest")])
def test_statuses_of_the_framework_become_ours(status, code):
    assert problems.problem_of_status(status, "").code == code
