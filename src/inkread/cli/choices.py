"""Options that several commands share, and values that are parsed here: one of a few words (a typo is answered with the
nearest), a region, a model.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from inkread.models.registry import ModelCard

__all__ = ["LAYOUTS", "Files", "Layout", "Model", "Region", "models", "one_of", "region"]

LAYOUTS = ("page", "line", "digit")


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """A parser that takes one of ``words``, whatever its case.

    Examples
    --------
    >>> one_of(["text", "json"])("JSON")
    'json'
    """

    def parse(value: str) -> str:
        word = value.lower()
        if word in words:
            return word
        near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(words)}{hint}")

    return parse


def region(value: str) -> tuple[float, float, float, float]:
    """A region of the picture, from ``X0,Y0,X1,Y1`` in pixels.

    Examples
    --------
    >>> region("0,10,200,60.5")
    (0.0, 10.0, 200.0, 60.5)
    """
    try:
        x0, y0, x1, y1 = (float(edge) for edge in value.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{value!r} is not a region: give four numbers X0,Y0,X1,Y1 in pixels, such as 0,0,640,200"
        ) from None
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 <= x0 or y1 <= y0:
        raise typer.BadParameter(
            f"{value!r} is an empty region: X0,Y0 is its top left and X1,Y1 its bottom right corner"
        )
    return x0, y0, x1, y1


def models(path: Path | None) -> dict[str, ModelCard] | None:
    """The network to read with, by its task, from its ONNX file or its card; None where none is given."""
    if path is None:
        return None
    chosen = card(path)
    return {chosen.task: chosen}


def card(path: Path | None, *, task: str = "digit") -> ModelCard:
    """The card of a network, from its ONNX file or its card; of the bundled one for ``task`` where none is given."""
    from inkread.models.registry import bundled, load_card

    return bundled(task) if path is None else load_card(path.with_suffix(".toml"))


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES",
        help="Pictures, PDFs, folders, patterns in quotes, addresses (https://), or - for standard input.",
    ),
]
Layout = Annotated[
    str,
    typer.Option(
        parser=one_of(LAYOUTS),
        metavar="[page|line|digit]",
        help="What a picture shows: a page to search, one line, or one digit.",
    ),
]
Region = Annotated[
    Any, typer.Option(parser=region, metavar="X0,Y0,X1,Y1", help="Read only this part of each picture, in pixels.")
]
Model = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read with a model that you trained: its card (.toml).")
]
