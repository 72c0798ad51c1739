"""The table is the same in every format, whole or not there."""

import csv
import json

import pytest

from inkread.batch import Job
from inkread.batch.folder import JobFolder
from inkread.batch.output import check_output, write_output
from inkread.batch.records import COLUMNS, arrow_schema, error_record, record_of
from inkread.errors import CorruptSource, OutputError
from inkread.geometry import Box, Quad
from inkread.results import Digit, Document, Line, Number, Page


@pytest.fixture
def folder(tmp_path):
    """Two parts: a page with the number 07, a torn file, and a name that no text encoding has."""
    made = JobFolder(tmp_path / "job")
    box = Box(1, 2, 3.5, 4)
    quad = Quad.of_box(box)
    digits = tuple(Digit(value=value, confidence=0.9, box=box, quad=quad) for value in "07")
    line = Line(numbers=(Number(digits=digits, confidence=0.81),), confidence=0.81, quad=quad)
    page = Page(index=0, width=9, height=9, lines=(line,))
    made.write_part(0, [record_of(Document(source="=a.png", pages=(page,), seconds=0.25), seq=0)])
    torn = error_record(CorruptSource("\0 is torn"), seq=1, name="b,\r.png")
    made.write_part(1, [torn, error_record(CorruptSource("torn"), seq=2, name="c\udcff.png")])
    return made


def job(tmp_path, name, **options):
    return Job(sources=("x",), out=str(tmp_path / name), **options)


def test_parquet_has_the_documented_schema_and_every_row(folder, tmp_path):
    import pyarrow.parquet

    summary = write_output(job(tmp_path, "n.parquet"), folder, range(2), "digit-1")
    table = pyarrow.parquet.read_table(tmp_path / "n.parquet")
    assert table.schema.equals(arrow_schema(), check_metadata=True)
    rows = table.to_pylist()
    assert [row["source"] for row in rows] == ["=a.png", "b,\r.png", "c\\xff.png"]
    assert rows[0]["text"] == "07"
    assert rows[0]["box"] == [1.0, 2.0, 3.5, 4.0]
    assert [digit["value"] for digit in rows[0]["digits"]] == ["0", "7"]
    assert rows[1]["message"] == "b,\r.png is torn"
    counts = (summary.sources, summary.failed, summary.pages, summary.numbers, summary.rows, summary.without_numbers)
    assert counts == (3, 2, 1, 1, 3, 0)
    assert (summary.reading_seconds, summary.model) == (0.25, "digit-1")


def test_json_lines_and_csv_say_the_same(folder, tmp_path):
    write_output(job(tmp_path, "n.jsonl"), folder, range(2), "digit-1")
    lines = [json.loads(line) for line in (tmp_path / "n.jsonl").read_bytes().splitlines()]
    assert [tuple(line) for line in lines] == [COLUMNS] * 3
    assert lines[2]["source"] == "c\udcff.png"
    write_output(job(tmp_path, "n.csv"), folder, range(2), "digit-1")
    with (tmp_path / "n.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    # What a spreadsheet would run as a formula is led by an apostrophe.
    assert [row["source"] for row in rows] == ["'=a.png", *(line["source"] for line in lines[1:])]
    assert [row["text"] for row in rows] == ["07", "", ""]
    assert [rows[0][edge] for edge in ("x0", "y0", "x1", "y1")] == ["1.0", "2.0", "3.5", "4.0"]
    assert json.loads(rows[0]["digits"]) == lines[0]["digits"]


def test_errors_have_a_file_of_their_own(folder, tmp_path):
    write_output(job(tmp_path, "n.csv", errors_to=tmp_path / "e.jsonl"), folder, range(2), "m")
    errors = [json.loads(line) for line in (tmp_path / "e.jsonl").read_bytes().splitlines()]
    assert errors[0] == {"source": "b,\r.png", "error": {"code": "CorruptSource", "message": "b,\r.png is torn"}}
    assert len(errors) == 2


def test_many_rows_are_written_in_stretches(tmp_path):
    import pyarrow.parquet

    folder = JobFolder(tmp_path / "job")
    folder.write_part(0, [error_record(CorruptSource("x"), seq=seq, name=f"{seq}") for seq in range(5000)])
    write_output(job(tmp_path, "n.parquet"), folder, [0], "m")
    written = pyarrow.parquet.ParquetFile(tmp_path / "n.parquet")
    assert (written.metadata.num_rows, written.metadata.num_row_groups) == (5000, 2)


def test_an_old_table_stays_where_the_new_one_cannot_be_made(folder, tmp_path):
    (tmp_path / "n.csv").write_text("old", encoding="utf-8")
    with pytest.raises(OutputError):
        write_output(job(tmp_path, "n.csv"), folder, range(3), "m")
    assert (tmp_path / "n.csv").read_text(encoding="utf-8") == "old"


def test_what_cannot_be_written_is_known_before_anything_is_read(tmp_path):
    check_output(job(tmp_path, "n.parquet"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(job(tmp_path, "nowhere/n.csv"))
