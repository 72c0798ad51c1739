from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import CorruptSource
from inkread.export.tables import COLUMNS, error_row, number_rows, write_csv, write_header
from inkread.results import Document, Problem


def test_every_number_is_a_row_in_reading_order(document):
    rows = [row for row in number_rows(document) if row["text"]]
    assert [(row["page"], row["line"], row["number"], row["text"], row["accepted"]) for row in rows] == [
        (0, 0, 0, "1250", True),
        (0, 0, 1, "07", True),
        (0, 1, 0, "333", False),
    ]
    assert rows[0]["confidence"] == 0.98
    assert [rows[0][edge] for edge in ("x0", "y0", "x1", "y1")] == [10.0, 10.0, 102.0, 50.0]


def test_what_has_no_numbers_is_a_row_with_its_problem(document):
    rows = [row for row in number_rows(document) if not row["text"]]
    assert [(row["page"], row["line"], row["problem"]) for row in rows] == [
        (0, 2, "not_a_number"),
        (1, None, "no_numbers"),
    ]
    assert all(row["confidence"] is None and row["accepted"] is None for row in rows)


def test_document_without_pages_is_one_row():
    rows = list(number_rows(Document(source="x.pdf", pages=(), problem=Problem("no_numbers"))))
    assert len(rows) == 1
    assert rows[0]["problem"] == "no_numbers"


def test_every_row_has_every_column_in_order(document):
    rows = [*number_rows(document), error_row(CorruptSource("damaged"), "a.png")]
    assert all(tuple(row) == COLUMNS for row in rows)


def test_error_row_holds_the_error_code():
    row = error_row(CorruptSource("the picture ends early"), "a.png")
    assert (row["source"], row["text"], row["problem"]) == ("a.png", "", "CorruptSource")


def test_csv_is_read_back_by_another_reader(document):
    stream = io.StringIO()
    write_header(stream)
    write_csv(number_rows(document), stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert [row["text"] for row in rows] == ["1250", "07", "333", "", ""]
    assert [row["accepted"] for row in rows] == ["true", "true", "false", "", ""]
    assert float(rows[1]["confidence"]) == 0.85


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1.png", "-1.png", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_name_that_a_spreadsheet_would_run_is_disarmed(name):
    stream = io.StringIO()
    write_csv(number_rows(Document(source=name, pages=())), stream)
    (row,) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert row[0] == "'" + name


@given(st.text(alphabet="=+-@\t\r\n'\",; aZ0é\N{SNOWMAN}", max_size=12))
def test_any_name_survives_and_no_cell_starts_a_formula(name):
    stream = io.StringIO(newline="")
    write_csv([error_row(CorruptSource("damaged"), name)], stream)
    (row,) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert row[0].removeprefix("'") == name.removeprefix("'") or row[0] == "'" + name
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
