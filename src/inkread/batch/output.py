"""Writes the finished parts as one table: Parquet, CSV or JSON lines; and the errors beside it.

The table appears whole under its name, or not at all. Memory holds a few thousand rows, however many there are.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from inkread.batch.folder import JobFolder, replaced
from inkread.batch.job import Job
from inkread.batch.records import COLUMNS, Record, arrow_schema, error_of, rows_of
from inkread.batch.summary import Summary
from inkread.errors import MissingExtra
from inkread.export.tables import write_csv

__all__ = ["check_output", "write_output"]

Row = Mapping[str, Any]

# Rows a row group of Parquet and a stretch of the others: large enough to compress, a few MB in memory.
_ROWS_AT_ONCE = 4096
# A spreadsheet has no lists: the box is four columns, the digits are JSON.
CSV_COLUMNS = tuple(column for name in COLUMNS for column in (("x0", "y0", "x1", "y1") if name == "box" else (name,)))


def check_output(job: Job) -> None:
    """See that the table could be written, before anything is read for it.

    Raises
    ------
    MissingExtra
        If its format needs a package that is not installed.
    OutputError
        If the folder is not there, or may not be written.
    """
    if job.format == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise MissingExtra.of("batch", "writing Parquet") from error
    for path in (job.out, job.errors_to):
        if path is not None and not Path(path).exists():
            with replaced(Path(path)):
                pass
            Path(path).unlink()


def write_output(job: Job, folder: JobFolder, parts: Iterable[int], model: str) -> Summary:
    """Write the table and the errors of finished parts, and count what is in them.

    Raises
    ------
    OutputError
        If a part cannot be read, or a file cannot be written.
    """
    parts = list(parts)
    count = _Count()
    with replaced(Path(job.out)) as file:
        rows = (row for record in count.passing(_records(folder, parts)) for row in rows_of(record, model))
        {"parquet": _write_parquet, "csv": _write_csv, "jsonl": _write_jsonl}[job.format](rows, file)
    if job.errors_to is not None:
        with replaced(Path(job.errors_to)) as file:
            for record in _records(folder, parts):
                if (error := error_of(record)) is not None:
                    file.write(json.dumps({"source": record["source"], "error": error}).encode("ascii") + b"\n")
    return count.summary(model)


def _records(folder: JobFolder, parts: Iterable[int]) -> Iterator[Record]:
    for part in parts:
        yield from folder.read_part(part)


class _Count:
    """Counts records on their way."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(
            ("sources", "failed", "duplicates", "pages", "numbers", "rows", "without_numbers"), 0
        )
        self._reading_seconds = 0.0

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        counts = self._counts
        for record in records:
            # page, line, number, …: a row without a number is a page's, a line's or a source's problem.
            pages_with_numbers = {row[0] for row in record["rows"] if row[2] is not None}
            counts["sources"] += 1
            counts["failed"] += record["error"] is not None
            counts["duplicates"] += record["same_as"] is not None
            counts["pages"] += record["pages"]
            counts["numbers"] += sum(row[2] is not None for row in record["rows"])
            counts["rows"] += len(record["rows"])
            counts["without_numbers"] += record["pages"] - len(pages_with_numbers)
            self._reading_seconds += record["seconds"]
            yield record

    def summary(self, model: str) -> Summary:
        return Summary(**self._counts, reading_seconds=round(self._reading_seconds, 3), model=model)


def _stretches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while stretch := list(islice(rows, _ROWS_AT_ONCE)):
        yield stretch


def _write_parquet(rows: Iterator[Row], file: BinaryIO) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = arrow_schema()
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for stretch in _stretches(rows):
            columns = {name: [_storable(row[name]) for row in stretch] for name in COLUMNS}
            writer.write_table(pyarrow.table(columns, schema=schema), row_group_size=_ROWS_AT_ONCE)


def _storable(value: Any) -> Any:
    """The value as Arrow can hold it: a file name that is not Unicode has its strange bytes as ``\\xff``."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return value


def _write_jsonl(rows: Iterator[Row], file: BinaryIO) -> None:
    for stretch in _stretches(rows):
        file.writelines(json.dumps(dict(row)).encode("ascii") + b"\n" for row in stretch)


def _write_csv(rows: Iterator[Row], file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="", write_through=True)
    try:
        text.write(",".join(CSV_COLUMNS) + "\n")
        write_csv(map(_flat, rows), text, columns=CSV_COLUMNS)
    finally:
        text.detach()


def _flat(row: Row) -> dict[str, Any]:
    edges = dict(zip(("x0", "y0", "x1", "y1"), row["box"] or [None] * 4, strict=True))
    digits = None if row["digits"] is None else json.dumps(row["digits"], separators=(",", ":"))
    return {**row, **edges, "digits": digits}
