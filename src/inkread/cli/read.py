"""``inkread read``: the numbers in pictures and documents, on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli import border, choices
from inkread.cli.album import STDIN, Album, Stdin
from inkread.cli.output import Output, output_of
from inkread.errors import InkreadError, InvalidOption, OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.cli.speech import Voice
    from inkread.parts import PageImage
    from inkread.results import Document, Page

__all__ = ["FORMATS", "progress", "read"]

FORMATS = ("text", "json", "jsonl", "csv")


def read(
    files: choices.Files,
    layout: choices.Layout = "page",
    region: choices.Region = None,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            parser=choices.one_of(FORMATS),
            metavar="[text|json|jsonl|csv]",
            help="How the numbers are written.",
        ),
    ] = "text",
    annotate: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each page with its numbers drawn over it into DIR.")
    ] = None,
    min_confidence: Annotated[
        float,
        typer.Option(
            metavar="P",
            min=0.0,
            max=1.0,
            help="Numbers less certain than P are kept, but marked: ? in text, accepted = false elsewhere.",
        ),
    ] = 0.0,
    model: choices.Model = None,
    style: Annotated[
        bool,
        typer.Option(
            "--style", help="Describe the writing too: slant, stroke width, spacing and more (json and jsonl)."
        ),
    ] = False,
    speak: Annotated[bool, typer.Option("--speak", help="Say the numbers aloud, digit by digit.")] = False,
) -> None:
    """Read the handwritten numbers in pictures and documents.

    With several files each line of text begins with the file's name. Files that fail are named on stderr, the others
    are still read, and the exit code is 1.

    \b
    Examples:
      inkread read cheque.jpg
      inkread read scans/ "more/*.png" --format csv > numbers.csv
      inkread read form.png --region 0,200,640,260 --layout line
      inkread read page.jpg --annotate drawn/ --min-confidence 0.9
      curl -s https://example.org/meter.jpg | inkread read - --format json
    """
    from inkread.inputs import describe, expand_sources
    from inkread.reader import Reader, ReaderOptions

    if style and format not in ("json", "jsonl"):
        raise InvalidOption(f"--style is written by --format json and jsonl; got {format}")
    album = Album(annotate, kind="annotated") if annotate is not None else None
    voice = _voice() if speak else None
    options = ReaderOptions(layout=layout, min_confidence=min_confidence, style=style)  # type: ignore[arg-type]
    reader = Reader(options, models=choices.models(model))

    items = [Stdin(options.limits.max_bytes) if file == STDIN else file for file in files]
    sources = list(expand_sources(items))
    many = len(files) > 1 or [name for name, _ in sources] != [describe(item) for item in items]
    output = output_of(format, sys.stdout, many=many)
    errors: list[InkreadError] = []
    numbers: list[str] = []
    try:
        with progress(sources) as tracked:
            for name, source in tracked:
                try:
                    document = border.attempt(source, partial(reader.read, region=region))
                    _write(output, name, document)
                    numbers += [number.text for number in document.numbers()]
                    if album is not None:
                        album.add(source, document, options.limits, _annotated)
                except InkreadError as error:
                    errors.append(error)
                    border.report(error, name)
                    if not isinstance(error, OutputError):
                        output.error(name, error)
                sys.stdout.flush()
    finally:
        output.close()
    if voice is not None:
        voice.say(numbers)
    if errors:
        # Where nothing was read because of what was asked for, the command line is to blame, not the pictures.
        asked_wrongly = len(errors) == len(sources) and all(isinstance(error, InvalidOption) for error in errors)
        raise typer.Exit(InvalidOption.exit_code if asked_wrongly else border.FAILED)


def _write(output: Output, name: str, document: Document) -> None:
    output.document(name, document)
    if document.problem is not None:
        border.say(f"{name}: {document.problem.message}")
        return
    for page in document.pages:
        # A page without numbers among others is no trouble; one of which some may be wrong is.
        if page.problem is not None and any(line.numbers for line in page.lines):
            place = f"{name}, page {page.index + 1}" if len(document.pages) > 1 else name
            border.say(f"{place}: {page.problem.message}")


def _annotated(image: PageImage, page: Page) -> NDArray[np.uint8]:
    from inkread.export.draw import annotate

    return annotate(image.pixels, page)


def _voice() -> Voice:
    from inkread.cli.speech import Voice

    return Voice()


@contextmanager
def progress(sources: Sequence[tuple[str, Any]]) -> Iterator[Iterable[tuple[str, Any]]]:
    """``sources`` with a progress bar on stderr, where there are many and nobody sees the numbers go by instead."""
    if len(sources) < 2 or not sys.stderr.isatty() or sys.stdout.isatty():
        yield sources
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # stdout carries the data; rich must not take it over.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        yield progress.track(sources)
