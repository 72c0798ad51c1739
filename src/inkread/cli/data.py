"""``inkread data``: which data sets are known and here, what their cards say, and how they come here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli import border
from inkread.cli.choices import one_of

if TYPE_CHECKING:
    from inkread.data.cards import DatasetCard
    from inkread.download import Progress

__all__ = ["app"]

FORMATS = ("text", "json")

app = typer.Typer(help="List, fetch and import data sets for training and evaluation.", no_args_is_help=True)

_Format = Annotated[
    str, typer.Option("--format", parser=one_of(FORMATS), metavar="[text|json]", help="How the answer is written.")
]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set (see: inkread data list).")]


@app.command("list")
def list_datasets(format: _Format = "text") -> None:
    """List the known data sets, what they may be used for, and whether they are here.

    Data sets are looked for in the folder that INKREAD_DATA names, else in the cache folder.

    \b
    Examples:
      inkread data list
      inkread data list --format json
    """
    from inkread.data.cards import CARDS
    from inkread.data.datasets import data_folder, is_present

    if format == "json":
        typer.echo(json.dumps([_as_dict(known) for known in CARDS.values()], indent=2, ensure_ascii=False))
        return
    rows = [("NAME", "USE", "FORM", "SAMPLES", "HERE", "WHAT")]
    for known in CARDS.values():
        count = sum(split.count for split in known.splits.values())
        here = "yes" if is_present(known.name) else " or ".join(sorted(known.obtain)) or "no"
        rows.append((known.name, known.use, known.form, f"{count}", here, known.title))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, use, form, samples, here, title in rows:
        typer.echo(
            f"{name:{widths[0]}}  {use:{widths[1]}}  {form:{widths[2]}}  {samples:>{widths[3]}}  "
            f"{here:{widths[4]}}  {title}"
        )
    border.say(f"data sets are kept in {data_folder()}; INKREAD_DATA names another folder")


@app.command("show")
def show_dataset(
    name: _Name,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole set and compare it with the hashes of its card.")
    ] = False,
    format: _Format = "text",
) -> None:
    """Show a data set's card: source, licence, splits, hashes, citation.

    \b
    Examples:
      inkread data show mnist
      inkread data show usps --verify
    """
    from inkread.data import datasets
    from inkread.data.cards import card

    known = card(name)
    if verify:
        datasets.verify(name)
        border.say(f"{name} is what its card says")
    data = _as_dict(known)
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False) if format == "json" else "\n".join(_lines(data)))


@app.command("fetch")
def fetch_dataset(
    name: _Name,
    mirror: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="The address of a folder with the files, tried first; may be repeated."),
    ] = None,
) -> None:
    """Fetch a data set from its mirrors, and check it; a transfer that broke off is resumed.

    The folder it is kept in is printed. INKREAD_OFFLINE=1 forbids every connection.

    \b
    Examples:
      inkread data fetch mnist
      inkread data fetch qmnist --mirror https://mirror.example.org/qmnist
    """
    from inkread.data import importing

    with _progress() as progress:
        place = importing.fetch_dataset(name, mirrors=mirror or (), progress=progress)
    typer.echo(place)


@app.command("import")
def import_dataset(
    name: _Name,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The folder, zip archive or file that the publisher gives.")
    ],
) -> None:
    """Make a data set from the publisher's own files, and check it against its card.

    \b
    Taken are, packed or not:
      mnist, qmnist, emnist_digits  the IDX files
      optdigits32                   UCI's optdigits-orig.tra and optdigits-orig.cv
      pendigits8                    UCI's pendigits.tra and pendigits.tes
      usps                          usps.h5, zip.train and zip.test, or LIBSVM's usps and usps.t

    \b
    Examples:
      inkread data import emnist_digits gzip.zip
      inkread data import usps Downloads/usps.h5
    """
    from inkread.data import importing

    typer.echo(importing.import_dataset(name, path))


def _as_dict(known: DatasetCard) -> dict[str, Any]:
    from inkread.data.datasets import is_present

    return {
        "name": known.name,
        "title": known.title,
        "use": known.use,
        "form": known.form,
        "ink": None if known.dark_ink is None else "dark on light" if known.dark_ink else "light on dark",
        "splits": {name: {"count": split.count, "sha256": split.sha256} for name, split in known.splits.items()},
        "source": known.source or None,
        "licence": known.licence,
        "citation": known.citation or None,
        "note": known.note or None,
        "obtain": sorted(known.obtain),
        "here": is_present(known.name),
    }


def _lines(data: dict[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if key == "splits":
            for name, split in value.items():
                yield f"split {name}: {split['count']} samples, sha256 {split['sha256'] or 'not known'}"
        elif key == "obtain":
            commands = [f"inkread data {way} {data['name']}{' PATH' * (way == 'import')}" for way in value]
            yield f"obtain: {', '.join(commands) or 'by hand'}"
        elif value is not None:
            yield f"{key}: {'yes' if value is True else 'no' if value is False else value}"


@contextmanager
def _progress() -> Iterator[Callable[[str], Progress] | None]:
    """A bar for each file on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:

        def begin(file: str) -> Progress:
            task = bars.add_task(file, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield begin
