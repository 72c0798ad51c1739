"""How the command writes what was read: text, JSON, JSON lines, CSV; one small class a format.

A source that failed has its place in every format but text, where a program that reads the output would take the
message for numbers; it is on stderr in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from inkread.errors import InkreadError
    from inkread.results import Document, Line

__all__ = ["CsvOutput", "JsonLinesOutput", "JsonOutput", "Output", "TextOutput", "output_of"]


class Output(Protocol):
    """Takes the outcome of each source, in order, and then ``close``, even where reading was interrupted."""

    def document(self, name: str, document: Document) -> None: ...

    def error(self, name: str, error: InkreadError) -> None: ...

    def close(self) -> None: ...


def output_of(format: str, stream: TextIO, *, many: bool) -> Output:
    """The output of a format's name; ``many`` says that lines of several sources must be told apart."""
    if format == "json":
        return JsonOutput(stream, many=many)
    if format == "jsonl":
        return JsonLinesOutput(stream)
    if format == "csv":
        return CsvOutput(stream)
    return TextOutput(stream, many=many)


class TextOutput:
    """A line of numbers a line of writing; with many sources, led by the name as grep does."""

    def __init__(self, stream: TextIO, *, many: bool) -> None:
        self._stream = stream
        self._many = many

    def document(self, name: str, document: Document) -> None:
        for line in document.lines():
            if line.numbers:
                self._stream.write(f"{name}: {_text(line)}\n" if self._many else f"{_text(line)}\n")

    def error(self, name: str, error: InkreadError) -> None:
        pass

    def close(self) -> None:
        pass


def _text(line: Line) -> str:
    return " ".join(number.text if number.accepted else f"{number.text}?" for number in line.numbers)


class JsonOutput:
    """One document; of many sources, a list of documents and errors."""

    def __init__(self, stream: TextIO, *, many: bool) -> None:
        self._stream = stream
        self._many = many
        self._begun = False
        if many:
            stream.write("[")

    def document(self, name: str, document: Document) -> None:
        from inkread.export.markup import to_json

        self._write(to_json(document))

    def error(self, name: str, error: InkreadError) -> None:
        from inkread.export.markup import error_json

        self._write(error_json(error, name))

    def close(self) -> None:
        if self._many:
            self._stream.write("\n]\n" if self._begun else "]\n")

    def _write(self, text: str) -> None:
        if self._many:
            self._stream.write(",\n" if self._begun else "\n")
            self._stream.write(text)
        else:
            self._stream.write(f"{text}\n")
        self._begun = True


class JsonLinesOutput:
    """A line of JSON a source: its document, or its error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def document(self, name: str, document: Document) -> None:
        from inkread.export.markup import to_json

        self._stream.write(f"{to_json(document, indent=None)}\n")

    def error(self, name: str, error: InkreadError) -> None:
        from inkread.export.markup import error_json

        self._stream.write(f"{error_json(error, name, indent=None)}\n")

    def close(self) -> None:
        pass


class CsvOutput:
    """The columns of :mod:`inkread.export.tables`, a row a number."""

    def __init__(self, stream: TextIO) -> None:
        from inkread.export.tables import write_header

        self._stream = stream
        write_header(stream)

    def document(self, name: str, document: Document) -> None:
        from inkread.export.tables import number_rows, write_csv

        write_csv(number_rows(document), self._stream)

    def error(self, name: str, error: InkreadError) -> None:
        from inkread.export.tables import error_row, write_csv

        write_csv([error_row(error, name)], self._stream)

    def close(self) -> None:
        pass
