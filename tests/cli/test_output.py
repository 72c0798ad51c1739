from __future__ import annotations

import csv
import io
import json

import pytest

from inkread.cli.output import output_of
from inkread.errors import CorruptSource
from inkread.geometry import Box, Quad
from inkread.results import Digit, Document, Line, Number, Page


@pytest.fixture
def document():
    def number(text, *, accepted=True):
        box = Box(0, 0, 10, 10)
        digits = tuple(Digit(value=value, confidence=0.9, box=box, quad=Quad.of_box(box)) for value in text)
        return Number(digits=digits, confidence=0.9, accepted=accepted)

    quad = Quad.of_box(Box(0, 0, 10, 10))
    lines = (
        Line(numbers=(number("1250"), number("07", accepted=False)), confidence=0.9, quad=quad),
        Line(numbers=(number("3"),), confidence=0.9, quad=quad),
    )
    return Document(source="a.png", pages=(Page(index=0, width=20, height=20, lines=lines),))


def written(format, document, *, many, errors=()):
    stream = io.StringIO()
    output = output_of(format, stream, many=many)
    output.document("a.png", document)
    for name in errors:
        output.error(name, CorruptSource("it ends early", source=name))
    output.close()
    return stream.getvalue()


def test_text_of_one_source_is_its_lines_and_marks_what_is_not_accepted(document):
    assert written("text", document, many=False) == "1250 07?\n3\n"


def test_text_of_many_sources_tells_them_apart(document):
    assert written("text", document, many=True) == "a.png: 1250 07?\na.png: 3\n"


def test_json_of_one_source_is_its_document(document):
    assert json.loads(written("json", document, many=False)) == document.to_dict()


def test_json_of_many_sources_is_a_list_of_documents_and_errors(document):
    read, failed = json.loads(written("json", document, many=True, errors=["b.png"]))
    assert read == document.to_dict()
    assert failed == {"source": "b.png", "error": {"code": "CorruptSource", "message": "it ends early"}}


def test_json_of_no_outcome_is_still_json():
    stream = io.StringIO()
    output_of("json", stream, many=True).close()
    assert json.loads(stream.getvalue()) == []


def test_json_lines_hold_one_outcome_each(document):
    rows = [json.loads(line) for line in written("jsonl", document, many=False, errors=["b.png"]).splitlines()]
    assert [row["source"] for row in rows] == ["a.png", "b.png"]


def test_csv_has_one_header_and_a_row_for_what_failed(document):
    rows = list(csv.DictReader(io.StringIO(written("csv", document, many=True, errors=["b.png"]))))
    assert [(row["source"], row["text"], row["problem"]) for row in rows] == [
        ("a.png", "1250", ""),
        ("a.png", "07", ""),
        ("a.png", "3", ""),
        ("b.png", "", "CorruptSource"),
    ]
