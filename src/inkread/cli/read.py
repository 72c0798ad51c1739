"""``inkread read``: the numbers in pictures and documents, on stdout."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli import border, choices
from inkread.cli.output import Output, output_of
from inkread.errors import InkreadError, InvalidOption, OutputError

if TYPE_CHECKING:
    from inkread.cli.speech import Voice
    from inkread.inputs import InputLimits
    from inkread.reader import Reader
    from inkread.results import Document

__all__ = ["FORMATS", "LAYOUTS", "read"]

LAYOUTS = ("page", "line", "digit")
FORMATS = ("text", "json", "jsonl", "csv")
STDIN = "-"


def read(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES",
            help="Pictures, PDFs, folders, patterns in quotes, addresses (https://), or - for standard input.",
        ),
    ],
    layout: Annotated[
        str,
        typer.Option(
            parser=choices.one_of(LAYOUTS),
            metavar="[page|line|digit]",
            help="What a picture shows: a page to search, one line, or one digit.",
        ),
    ] = "page",
    region: Annotated[
        Any,
        typer.Option(
            parser=choices.region, metavar="X0,Y0,X1,Y1", help="Read only this part of each picture, in pixels."
        ),
    ] = None,
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
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read with a model that you trained: its card (.toml).")
    ] = None,
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

    album = _Album(annotate) if annotate is not None else None
    voice = _voice() if speak else None
    options = ReaderOptions(layout=layout, min_confidence=min_confidence)  # type: ignore[arg-type]
    reader = Reader(options, models=choices.models(model))

    items = [_Stdin(options.limits.max_bytes) if file == STDIN else file for file in files]
    sources = list(expand_sources(items))
    many = len(files) > 1 or [name for name, _ in sources] != [describe(item) for item in items]
    output = output_of(format, sys.stdout, many=many)
    errors: list[InkreadError] = []
    numbers: list[str] = []
    try:
        with _progress(sources) as tracked:
            for name, source in tracked:
                try:
                    document = _read(reader, source, region)
                    _write(output, name, document)
                    numbers += [number.text for number in document.numbers()]
                    if album is not None:
                        album.add(source, document, options.limits)
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


def _read(reader: Reader, source: Any, region: tuple[float, float, float, float] | None) -> Document:
    """The document of one source; whatever goes wrong, even inside inkread, is an error of this source alone."""
    if isinstance(source, InkreadError):
        raise source
    try:
        return reader.read(source, region=region)
    except InkreadError:
        raise
    except Exception as error:
        raise border.unexpected(error) from error


def _write(output: Output, name: str, document: Document) -> None:
    output.document(name, document)
    if document.problem is not None:
        border.say(f"{name}: {document.problem.message}")


class _Stdin(io.BytesIO):
    """Standard input, read when it is first asked for and kept, so that it can be drawn after it was read."""

    name = "<stdin>"

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes
        self._is_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self._is_read:
            self._is_read = True
            super().write(sys.stdin.buffer.read(self._max_bytes + 1))
            self.seek(0)
        return super().read(size)


class _Album:
    """The folder of annotated pictures: made and tried at once, so that nothing is read in vain."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except FileExistsError as error:
            raise OutputError(
                f"annotated pictures cannot be written into {folder}: it is a file, not a folder"
            ) from error
        except OSError as error:
            raise OutputError(f"annotated pictures cannot be written into {folder}: {error.strerror}") from error

    def add(self, source: Any, document: Document, limits: InputLimits) -> None:
        """Draw every page of ``document`` into the folder."""
        from PIL import Image

        from inkread.export.draw import annotate
        from inkread.inputs import open_source

        if isinstance(source, _Stdin):
            source.seek(0)
        for image, page in zip(open_source(source, limits=limits), document.pages, strict=True):
            path = self._folder / self._name(document.source, page.index if len(document.pages) > 1 else None)
            drawn = Image.fromarray(annotate(image.pixels, page))
            try:
                drawn.save(path, format="PNG")
            except OSError as error:
                raise OutputError(f"{path} cannot be written: {error.strerror}", source=document.source) from error

    def _name(self, source: str, page_index: int | None) -> str:
        """A file name that tells the source and was not given before."""
        last = re.split(r"[/\\]", source.rstrip("/\\"))[-1]
        stem = re.sub(r"[<>:\"|?*\x00-\x1f]", "", Path(last).stem) or "picture"
        if page_index is not None:
            stem += f"-page{page_index + 1}"
        name, count = f"{stem}-annotated.png", 1
        while name in self._names:
            count += 1
            name = f"{stem}-annotated-{count}.png"
        self._names.add(name)
        return name


def _voice() -> Voice:
    from inkread.cli.speech import Voice

    return Voice()


@contextmanager
def _progress(sources: Sequence[tuple[str, Any]]) -> Iterator[Iterable[tuple[str, Any]]]:
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
