"""Records hold what rows need, whatever became of the source."""

import json

import numpy as np

from inkread.batch.records import (
    COLUMNS,
    arrow_schema,
    copied_record,
    duplicate_record,
    error_of,
    error_record,
    record_of,
    rows_of,
)
from inkread.data.synth import PageOptions, compose_page
from inkread.errors import CorruptSource
from inkread.export.tables import number_rows
from inkread.results import Document, Page, Problem


def composed(name: str) -> Document:
    _, truth = compose_page(np.random.default_rng(3), PageOptions(width=300, height=200, lines=("12 405", "7")))
    blank = Page(index=1, width=20, height=10, problem=Problem("no_numbers"))
    return Document(source=name, pages=(*truth.pages, blank), seconds=0.5)


def test_rows_are_those_of_every_table_of_inkread_with_digits_and_model():
    document = composed("a.png")
    rows = list(rows_of(json.loads(json.dumps(record_of(document, seq=4))), "digit-123456"))
    for row, wanted in zip(rows, number_rows(document), strict=True):
        assert tuple(row) == COLUMNS
        for column in set(COLUMNS) & set(wanted):
            assert row[column] == wanted[column]
        assert row["model"] == "digit-123456"
    assert [row["text"] for row in rows] == ["12", "405", "7", ""]
    assert ["".join(d["value"] for d in row["digits"] or ()) for row in rows] == ["12", "405", "7", ""]
    assert rows[0]["box"] == next(document.numbers()).box.to_list()
    assert (rows[3]["page"], rows[3]["problem"], rows[3]["box"]) == (1, "no_numbers", None)
    assert rows[3]["message"] == "No handwritten numbers were found."


def test_a_source_that_failed_is_one_row_with_its_reason():
    record = error_record(CorruptSource("\0 is\ntorn"), seq=0, name="b.png", sha256="ab")
    (row,) = rows_of(record, "m")
    assert (row["source"], row["text"], row["problem"], row["message"]) == (
        "b.png",
        "",
        "CorruptSource",
        "b.png is torn",
    )
    assert error_of(record) == {"code": "CorruptSource", "message": "b.png is torn"}
    assert error_of(record_of(composed("a.png"), seq=0)) is None


def test_a_duplicate_has_the_rows_of_the_other_under_its_own_name():
    for owner in (
        record_of(composed("a.png"), seq=0, sha256="ab"),
        error_record(CorruptSource("\0 is torn"), seq=0, name="a.png", sha256="ab"),
    ):
        record = copied_record(duplicate_record(0, seq=9, name="z.png", sha256="ab"), owner)
        assert (record["seq"], record["same_as"], record["seconds"]) == (9, 0, 0.0)
        renamed = [{**row, "source": "z.png"} for row in rows_of(owner, "m")]
        for row in renamed:
            row["message"] = row["message"] and row["message"].replace("a.png", "z.png")
        assert list(rows_of(record, "m")) == renamed


def test_the_schema_takes_every_row():
    import pyarrow

    rows = [*rows_of(record_of(composed("a.png"), seq=0), "m")]
    rows += rows_of(error_record(CorruptSource("x"), seq=1, name="b"), "m")
    schema = arrow_schema()
    assert tuple(schema.names) == COLUMNS
    assert pyarrow.Table.from_pylist([dict(row) for row in rows], schema=schema).to_pylist() == [dict(r) for r in rows]
