"""``inkread explain``: which ink made the answer, as odds, as data and as heat maps over the picture."""

from __future__ import annotations

import json
import math
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli import border, choices
from inkread.cli.album import STDIN, Album, Stdin
from inkread.cli.read import progress
from inkread.errors import InkreadError, InvalidOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from inkread.explainer import DigitExplanation, Explanation
    from inkread.parts import PageImage
    from inkread.results import Page

__all__ = ["CLASSES", "FORMATS", "explain"]

# Those of inkread.explainer, which is not loaded for the help.
CLASSES = (*"0123456789", "not-a-digit")
FORMATS = ("text", "jsonl")
# Odds above it are not worth telling apart.
MOST_ODDS = 1_000_000


def explain(
    files: choices.Files,
    value: Annotated[
        str | None,
        typer.Option(
            "--for",
            parser=choices.one_of(CLASSES),
            metavar="DIGIT",
            help="Explain every digit as this one (0 to 9, not-a-digit), whatever was read.",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            parser=choices.one_of(CLASSES),
            metavar="DIGIT",
            help="Hold it against this one: what spoke for the one and not for the other.",
        ),
    ] = None,
    layout: choices.Layout = "page",
    region: choices.Region = None,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            parser=choices.one_of(FORMATS),
            metavar="[text|jsonl]",
            help="Odds as text, or a line of JSON a source with the heat of every digit.",
        ),
    ] = "text",
    heat: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each page with the heat of its digits drawn over it into DIR."),
    ] = None,
    model: choices.Model = None,
) -> None:
    """Show which ink made the answer.

    Each digit that was read gets a line: how likely the digit network, by the digit's ink alone, holds it to be what it
    was read as. In the pictures, ink that spoke for it is orange, ink that spoke against it is blue.

    \b
    Examples:
      inkread explain cheque.jpg --heat drawn/
      inkread explain cheque.jpg --for 1 --against 7 --heat drawn/
      inkread explain seven.png --layout digit --format jsonl
    """
    from inkread.explainer import Explainer
    from inkread.inputs import describe, expand_sources
    from inkread.reader import Reader, ReaderOptions

    if value is not None and value == against:
        raise InvalidOption(f"--for and --against are both {value}; hold a digit against another one")
    album = Album(heat, kind="heat") if heat is not None else None
    options = ReaderOptions(layout=layout)  # type: ignore[arg-type]
    explainer = Explainer(Reader(options, models=choices.models(model)))
    work = partial(explainer.explain, value=value, against=against, region=region)
    items = [Stdin(options.limits.max_bytes) if file == STDIN else file for file in files]
    sources = list(expand_sources(items))
    many = len(files) > 1 or [name for name, _ in sources] != [describe(item) for item in items]
    failed = False
    with progress(sources) as tracked:
        for name, source in tracked:
            try:
                explanation = border.attempt(source, work)
                if format == "jsonl":
                    sys.stdout.write(f"{json.dumps(explanation.to_dict())}\n")
                else:
                    sys.stdout.writelines(f"{name}: {row}\n" if many else f"{row}\n" for row in _rows(explanation))
                if explanation.document.problem is not None:
                    border.say(f"{name}: {explanation.document.problem.message}")
                if album is not None:
                    album.add(source, explanation.document, options.limits, partial(_heated, explanation.digits))
            except InkreadError as error:
                failed = True
                border.report(error, name)
            sys.stdout.flush()
    if failed:
        raise typer.Exit(border.FAILED)


def _rows(explanation: Explanation) -> Iterator[str]:
    for one in explanation.digits:
        against = f"against {one.against}" if one.against is not None else "against all else"
        yield f"{one.digit.value}  {_odds(one.log_odds)} for {one.value} {against}"


def _odds(log_odds: float) -> str:
    """The odds in words, such as ``540 to 1``; below even as ``1 to 540``.

    Examples
    --------
    >>> _odds(0.0), _odds(math.log(2.5)), _odds(-math.log(4000)), _odds(90)
    ('1 to 1', '2.5 to 1', '1 to 4,000', 'over 1,000,000 to 1')
    """
    if abs(log_odds) >= math.log(MOST_ODDS):
        return f"over {MOST_ODDS:,} to 1" if log_odds > 0 else f"1 to over {MOST_ODDS:,}"
    odds = math.exp(abs(log_odds))
    number = f"{odds:.2g}" if odds < 10 else f"{float(f'{odds:.2g}'):,.0f}"
    return f"{number} to 1" if log_odds >= 0 else f"1 to {number}"


def _heated(digits: tuple[DigitExplanation, ...], image: PageImage, page: Page) -> NDArray[np.uint8]:
    from inkread.export.heat import draw_heat

    return draw_heat(image.pixels, [(one.quad, one.heat) for one in digits if one.page == page.index])
