"""Results as rows: one row a number, for spreadsheets and data frames.

Nothing is dropped: a line that could not be read, a page without numbers and a source that failed each give a row whose
text is empty and whose ``problem`` says why. Leading zeros stay in the text; a spreadsheet that takes the column for
numbers is what removes them, so import it as text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from inkread.errors import InkreadError
from inkread.geometry import Box
from inkread.results import Document, Problem

__all__ = ["COLUMNS", "Row", "error_row", "number_rows", "write_csv", "write_header"]

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]

# page, line and number count from 0, like the order in the JSON; the box is in pixels of the upright picture.
COLUMNS = ("source", "page", "line", "number", "text", "confidence", "accepted", "x0", "y0", "x1", "y1", "problem")


def number_rows(document: Document) -> Iterator[Row]:
    """A row for each number of ``document``, in reading order, and one for everything without numbers.

    Examples
    --------
    >>> blank = Document(source="blank.png", pages=(), problem=Problem("no_numbers"))
    >>> [(row["source"], row["text"], row["problem"]) for row in number_rows(blank)]
    [('blank.png', '', 'no_numbers')]
    """
    source = document.source
    for page in document.pages:
        for line_index, line in enumerate(page.lines):
            problem = line.problem or page.problem or document.problem
            for number_index, number in enumerate(line.numbers):
                yield _row(
                    source=source,
                    page=page.index,
                    line=line_index,
                    number=number_index,
                    text=number.text,
                    confidence=None if number.confidence is None else round(number.confidence, 6),
                    accepted=number.accepted,
                    box=number.box,
                    problem=problem,
                )
            if not line.numbers:
                yield _row(source=source, page=page.index, line=line_index, box=line.box, problem=problem)
        if not page.lines:
            yield _row(source=source, page=page.index, problem=page.problem or document.problem)
    if not document.pages:
        yield _row(source=source, problem=document.problem)


def error_row(error: InkreadError, source: str) -> Row:
    """The row of a source that could not be read: the error's code stands as its problem."""
    return {**dict.fromkeys(COLUMNS), "source": source, "text": "", "problem": error.code}


def _row(
    *,
    source: str,
    page: int | None = None,
    line: int | None = None,
    number: int | None = None,
    text: str = "",
    confidence: float | None = None,
    accepted: bool | None = None,
    box: Box | None = None,
    problem: Problem | None = None,
) -> Row:
    edges = box.to_list() if box else [None] * 4
    cells = (source, page, line, number, text, confidence, accepted, *edges, problem.code if problem else None)
    return dict(zip(COLUMNS, cells, strict=True))


def write_header(stream: TextIO) -> None:
    """Write the line of column names."""
    csv.writer(stream, lineterminator="\n").writerow(COLUMNS)


def write_csv(rows: Iterable[Row], stream: TextIO, *, columns: Sequence[str] = COLUMNS) -> None:
    """Write the ``columns`` of ``rows`` as CSV (RFC 4180 quoting, one newline a row) without the header.

    Text that a spreadsheet would run as a formula, such as a file named ``=1+1.png``, is led by an apostrophe.

    Examples
    --------
    >>> import sys
    >>> write_csv([error_row(InkreadError("gone"), "=1+1.png")], sys.stdout)
    '=1+1.png,,,,,,,,,,,InkreadError
    """
    plain = csv.writer(stream, lineterminator="\n")
    quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [_safe(row[column]) for column in columns]
        # The plain writer quotes only its own line end, so that a lone carriage return in a name would end the row.
        torn = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if torn else plain).writerow(cells)


# The characters that make Excel, LibreOffice and Google Sheets take a cell for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell
