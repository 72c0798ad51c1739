"""The tree of errors: its shape, its codes, and that it survives a worker process."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

import inkread
from inkread import errors
from inkread.errors import InkreadError, InvalidArray, InvalidOption, MissingExtra, OutputError, SourceNotFound

CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_is_ours_and_knows_its_codes(kind):
    error = kind("what happened", source="a.png")
    assert isinstance(error, InkreadError)
    assert error.exit_code in (1, 2)
    assert 400 <= error.http_status < 600
    assert error.code == kind.__name__
    assert str(error) == error.message == "what happened"
    assert error.to_dict() == {"code": kind.__name__, "message": "what happened", "source": "a.png"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling(kind):
    back = pickle.loads(pickle.dumps(kind("what happened", source="a.png")))  # noqa: S301 (our own bytes)
    assert type(back) is kind
    assert back.to_dict() == kind("what happened", source="a.png").to_dict()


def test_only_wrong_options_are_usage_errors():
    assert [kind.__name__ for kind in CLASSES if kind.exit_code == 2] == ["InvalidOption"]


def test_errors_can_be_caught_as_the_builtin_they_are():
    for kind, builtin in (
        (InvalidOption, ValueError),
        (InvalidArray, ValueError),
        (SourceNotFound, FileNotFoundError),
        (MissingExtra, ImportError),
        (OutputError, OSError),
    ):
        assert issubclass(kind, builtin)


def test_a_missing_extra_holds_the_line_that_installs_it():
    assert (
        str(MissingExtra.of("pdf", "reading a PDF"))
        == "reading a PDF needs the extra 'pdf': pip install 'inkread[pdf]'"
    )


def test_the_drawn_tree_is_the_real_one():
    """The module's docstring draws every class under its parent."""
    stack: list[tuple[int, str]] = []
    drawn = {}
    for line in inspect.getdoc(errors).splitlines():
        row = re.match(r"^([ │├└─]*)([A-Z]\w+)(?=\s|$)", line)
        if not row or row[2] not in errors.__all__:
            continue
        depth = len(row[1])
        while stack and stack[-1][0] >= depth:
            stack.pop()
        drawn[row[2]] = stack[-1][1] if stack else None
        stack.append((depth, row[2]))
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES}
    assert drawn == {**real, "InkreadError": None}


def test_every_error_is_at_the_public_door():
    for name in errors.__all__:
        assert getattr(inkread, name) is getattr(errors, name)
