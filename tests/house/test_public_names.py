"""The public door holds what the contract lists: no more, no less, all of it documented."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import inkread
from inkread import errors

FUNCTIONS = {"read", "read_many", "read_strokes", "classify", "explain"}
READERS = {"Reader", "ReaderOptions", "Explainer"}
RESULTS = {"Document", "Page", "Line", "Number", "Digit", "Alternative", "Classification", "Problem"}
EXPLANATIONS = {"Explanation", "DigitExplanation"}
STYLES = {"DigitStyle", "LineStyle"}
GEOMETRY = {"Box", "Quad", "Point", "Stroke"}


def test_the_names_are_those_of_the_contract():
    wanted = FUNCTIONS | READERS | RESULTS | EXPLANATIONS | STYLES | GEOMETRY | set(errors.__all__) | {"__version__"}
    assert set(inkread.__all__) == wanted
    assert len(inkread.__all__) == len(wanted)


@pytest.mark.parametrize("name", sorted(set(inkread.__all__) - {"__version__"}))
def test_every_name_is_there_and_says_what_it_is(name):
    thing = getattr(inkread, name)
    assert name in dir(inkread)
    described = inspect.getdoc(thing)
    assert described
    assert len(described.splitlines()[0]) > 10


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(inkread.__file__).read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    seen = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(inkread.__all__) - {"__version__"}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'raed'"):
        inkread.raed  # noqa: B018


def test_every_error_has_the_codes_of_the_command_and_of_http():
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert kind.exit_code in (1, 2)
        assert 400 <= kind.http_status < 600
        assert kind("what happened").to_dict() == {"code": name, "message": "what happened", "source": None}
