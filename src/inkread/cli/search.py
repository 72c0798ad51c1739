"""``inkread search``: better digit networks, looked for under a budget of weights, trials and minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkread.cli import border
from inkread.errors import MissingExtra, OutputError

__all__ = ["app"]

app = typer.Typer(help="Search for better networks under a budget.", no_args_is_help=True)


@app.callback()
def search() -> None:
    """Search for better networks under a budget."""


@app.command()
def digit(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Gets search.json, search.html and the log of all trials; a search there goes on."
        ),
    ] = Path("runs/search"),
    trials: Annotated[
        int, typer.Option(metavar="N", min=1, help="Networks to try, those of earlier runs in DIR counted.")
    ] = 60,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", min=0, help="After which no further trial begins; no limit by default.")
    ] = None,
    samples: Annotated[int, typer.Option(metavar="N", min=1, help="Crops that each network learns from.")] = 200_000,
    parameters: Annotated[int, typer.Option(metavar="N", min=10_000, help="Weights a network may have.")] = 250_000,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of everything random.")] = 1,
) -> None:
    """Search for digit networks that are right more often, or as often with fewer weights.

    Layers, widths, kernels, learning rate, label smoothing and augmentation are bred by an evolutionary search. Each
    network learns for a short time from the data sets marked "train" (inkread data list); one that a smaller network
    has left behind ends early. An interrupted search goes on when the same command is given again. Needs the extras
    "evaluate" and "train".

    \b
    Examples:
      inkread search digit --minutes 120
      inkread search digit --trials 20 --parameters 100000 --output runs/small
    """
    try:
        from inkread.train.search import SearchOptions, front_of, search_digit
    except ModuleNotFoundError as error:
        if error.name in ("torch", "onnx"):
            raise MissingExtra.of("train", "training") from error
        raise

    options = SearchOptions(
        trials=trials, minutes=minutes or None, samples=samples, most_parameters=parameters, seed=seed
    )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the search cannot be written into {output}: {error.strerror}") from error
    found = search_digit(options, folder=output, say=border.say)
    typer.echo(f"{'trial':>5}  {'weights':>9}  {'accuracy':>8}")
    for trial in front_of(found):
        typer.echo(f"{trial.number:5}  {trial.parameters:9,}  {trial.accuracy:7.3f} %")
    border.say(f"{len(found)} trials, shown in {output / 'search.html'}")
