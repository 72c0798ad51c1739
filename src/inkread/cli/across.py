"""``inkread evaluate across``: every set of digits read by networks of every mix of sets."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from inkread.cli import border, choices
from inkread.cli.tables import print_table
from inkread.errors import MissingExtra

__all__ = ["across"]

FORMATS = ("table", "json")


def across(
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME", help="A set of single digits. May be repeated; by default all that are there."
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(metavar="N", min=128, help="Crops that each network learns from in all.")
    ] = 150_000,
    threads: Annotated[int, typer.Option(metavar="N", min=1, help="Cores to learn with.")] = 2,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of everything random.")] = 0,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Gets across.html, across.json and all that is needed to go on.")
    ] = Path("runs/across"),
    format: Annotated[
        str,
        typer.Option("--format", "-f", parser=choices.one_of(FORMATS), metavar="[table|json]", help="What is printed."),
    ] = "table",
) -> None:
    """Measure how reading carries over: train on each set, on all, on all but one, and read every set with each.

    The same small network every time, equally long; the bundled network stands beside them. What a network reads of a
    set that it did not learn from is what a stranger's hand may expect. An interrupted run goes on when the same
    command is given again. Needs the extra "train".

    \b
    Examples:
      inkread evaluate across
      inkread evaluate across --set mnist --set usps --set semeion --samples 50000
    """
    try:
        from inkread.compare.across import AcrossOptions, across_page, across_rows, compare_across, present_sets
    except ModuleNotFoundError as error:
        if error.name in ("torch", "onnx"):
            raise MissingExtra.of("train", "training on every mix") from error
        raise
    from inkread.evaluate.report import machine, write_report, write_whole

    options = AcrossOptions(samples=samples, seed=seed, threads=threads)
    found = compare_across(tuple(dict.fromkeys(sets or present_sets())), output, options, say=border.say)
    report = {
        "schema": 1,
        "task": "across",
        **found,
        "machine": machine(),
        "command": shlex.join(["inkread", *sys.argv[1:]]),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    write_report(report, output / "across.json")
    write_whole(across_page(report), output / "across.html")
    if format == "json":
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        columns, rows = across_rows(report)
        print_table("digits read rightly; * marks what was learned from", columns, rows)
    border.say(f"report written to {output / 'across.html'}")
