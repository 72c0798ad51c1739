"""``inkread compare``: how algorithms of the textbook, networks and the bundled network read the same digits."""

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

__all__ = ["compare"]

FORMATS = ("table", "json", "csv")


def compare(
    data: Annotated[
        str, typer.Option(metavar="NAME", help="A set of single digits, such as mnist, usps or optdigits32.")
    ] = "mnist",
    train_size: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Learn from no more than N digits; by default from all.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this algorithm. May be repeated.")
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets index.html, compare.json, compare.csv and all that is needed to go on; DIR is resumed.",
        ),
    ] = Path("runs/compare"),
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of everything random.")] = 0,
    threads: Annotated[int, typer.Option(metavar="N", min=1, help="Cores that one algorithm may use.")] = 2,
    format: Annotated[
        str,
        typer.Option(
            "--format", "-f", parser=choices.one_of(FORMATS), metavar="[table|json|csv]", help="What is printed."
        ),
    ] = "table",
) -> None:
    """Train and measure many algorithms on the same digits, and set them side by side.

    k-nearest neighbors, naive Bayes, trees, forests, boosting, logistic regression, support vectors on four
    representations, a perceptron, four kinds of networks, and the bundled one. An interrupted run goes on when the same
    command is given again: what was measured is kept. Needs the extras "evaluate" and "train".

    \b
    Examples:
      inkread compare
      inkread compare --data usps --output runs/usps
      inkread compare --train-size 5000 --only lenet5 --only rbf-svm --output runs/small
    """
    from inkread.compare.algorithms import chosen
    from inkread.compare.outputs import COLUMNS, as_csv, table_rows, write_comparison
    from inkread.compare.running import Options
    from inkread.compare.running import compare as run
    from inkread.compare.split import prepared_split

    algorithms = chosen(only or [])
    border.say(f"preparing the digits of {data}")
    split = prepared_split(data, train_size=train_size, seed=seed)
    comparison = run(split, algorithms, Options(folder=output, seed=seed, threads=threads), say=border.say)
    report = comparison.to_dict(command=shlex.join(["inkread", *sys.argv[1:]]), date=datetime.now().astimezone())
    page = write_comparison(report, output)
    if format == "json":
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    elif format == "csv":
        typer.echo(as_csv(report), nl=False)
    else:
        sizes = report["data"]
        title = f"{sizes['name']}: {sizes['train']:,} digits learned from, {sizes['test']:,} judged by"
        print_table(title, COLUMNS, table_rows(report))
    border.say(f"comparison written to {page}")
    if comparison.failures:
        raise typer.Exit(border.FAILED)
