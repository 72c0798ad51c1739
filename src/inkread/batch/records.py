"""What is known of one source after it was read: a record, and the rows that it gives.

A record is a plain dictionary that JSON holds as it is, because it travels between processes and lies in parts::

    {"seq": 3, "source": "b.png", "sha256": "…", "same_as": null, "seconds": 0.04, "pages": 1,
     "error": null, "rows": [[page, line, number, text, confidence, accepted, box, digits, problem], …]}

Where the bytes are another source's, ``same_as`` is that one's place, and the rows are its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from inkread.errors import InkreadError
from inkread.export.tables import number_rows
from inkread.results import PROBLEMS, SCHEMA_VERSION, Document

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "COLUMNS",
    "NAME",
    "Record",
    "arrow_schema",
    "copied_record",
    "duplicate_record",
    "error_of",
    "error_record",
    "record_of",
    "rows_of",
]

Record = dict[str, Any]

# The columns of the table. page, line and number count from 0; boxes are in pixels of the upright picture.
COLUMNS = (
    "source",
    "page",
    "line",
    "number",
    "text",
    "confidence",
    "accepted",
    "box",
    "digits",
    "problem",
    "message",
    "model",
)
# Stands in messages for the name of the source, which is put in when rows are made: a duplicate has another one.
NAME = "\0"


def record_of(document: Document, *, seq: int, sha256: str | None = None) -> Record:
    """The record of a source that was read."""
    numbers = document.numbers()
    rows = []
    for row in number_rows(document):
        digits = None
        if row["number"] is not None:
            digits = [
                {"value": d.value, "confidence": _rounded(d.confidence), "box": d.box.to_list()}
                for d in next(numbers).digits
            ]
        box = None if row["x0"] is None else [row["x0"], row["y0"], row["x1"], row["y1"]]
        cells = [row[column] for column in ("page", "line", "number", "text", "confidence", "accepted")]
        rows.append([*cells, box, digits, row["problem"]])
    record = _record(seq, document.source, sha256)
    record.update(seconds=round(document.seconds, 6), pages=len(document.pages), rows=rows)
    return record


def error_record(error: InkreadError, *, seq: int, name: str, sha256: str | None = None) -> Record:
    """The record of a source that could not be read; the name may stand in the message as :data:`NAME`."""
    record = _record(seq, name, sha256)
    record["error"] = {"code": error.code, "message": " ".join(error.message.split())}
    record["rows"] = [[None, None, None, "", None, None, None, None, error.code]]
    return record


def duplicate_record(owner: int, *, seq: int, name: str, sha256: str) -> Record:
    """The record of a source whose bytes are those of ``owner``, still without rows."""
    return {**_record(seq, name, sha256), "same_as": owner}


def copied_record(duplicate: Record, owner: Record) -> Record:
    """The duplicate with what is known of its owner."""
    known = {key: owner[key] for key in ("pages", "error", "rows")}
    return {**duplicate, **known, "seconds": 0.0}


def _record(seq: int, name: str, sha256: str | None) -> Record:
    return {
        "seq": seq,
        "source": name,
        "sha256": sha256,
        "same_as": None,
        "seconds": 0.0,
        "pages": 0,
        "error": None,
        "rows": [],
    }


def error_of(record: Record) -> dict[str, str] | None:
    """Why the source failed, as ``{"code", "message"}``, or None."""
    if record["error"] is None:
        return None
    return {"code": record["error"]["code"], "message": record["error"]["message"].replace(NAME, record["source"])}


def rows_of(record: Record, model: str) -> Iterator[Mapping[str, Any]]:
    """The rows of the table, with the keys of :data:`COLUMNS`."""
    error = error_of(record)
    for *cells, problem in record["rows"]:
        message = error["message"] if error else PROBLEMS.get(problem)
        values = (record["source"], *cells, problem, message, model)
        yield dict(zip(COLUMNS, values, strict=True))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def arrow_schema() -> pyarrow.Schema:
    """The schema of the table in Arrow and Parquet; needs the extra ``batch``.

    Examples
    --------
    >>> str(arrow_schema().field("text").type)
    'string'
    """
    import pyarrow as pa

    box = pa.list_(pa.field("element", pa.float64(), nullable=False), 4)
    digit = pa.struct(
        [
            pa.field("value", pa.string(), nullable=False),
            pa.field("confidence", pa.float64()),
            pa.field("box", box, nullable=False),
        ]
    )
    types = {
        "source": pa.string(),
        "page": pa.int32(),
        "line": pa.int32(),
        "number": pa.int32(),
        "text": pa.string(),
        "confidence": pa.float64(),
        "accepted": pa.bool_(),
        "box": box,
        "digits": pa.list_(pa.field("element", digit, nullable=False)),
        "problem": pa.string(),
        "message": pa.string(),
        "model": pa.string(),
    }
    never_null = ("source", "text", "model")
    return pa.schema(
        [pa.field(name, kind, nullable=name not in never_null) for name, kind in types.items()],
        metadata={"inkread.schema": str(SCHEMA_VERSION)},
    )
