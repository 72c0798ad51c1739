"""``inkread models``: what the bundled networks are, how they were trained and what they were measured to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from inkread.cli.choices import one_of

__all__ = ["app"]

FORMATS = ("text", "json")

app = typer.Typer(help="Show the bundled models and their cards.", no_args_is_help=True)

_Format = Annotated[
    str, typer.Option("--format", parser=one_of(FORMATS), metavar="[text|json]", help="How the answer is written.")
]


@app.command("list")
def list_models(format: _Format = "text") -> None:
    """List the bundled models.

    \b
    Examples:
      inkread models list
      inkread models list --format json
    """
    import json

    from inkread.models.registry import bundled_cards

    cards = bundled_cards()
    if format == "json":
        typer.echo(json.dumps([card.to_dict() for card in cards], indent=2))
        return
    for card in cards:
        typer.echo(f"{card.name}  {card.task}  {len(card.read_bytes()) / 1e3:.0f} kB  {', '.join(card.alphabet)}")


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model's name, or its task, such as digit.")],
    format: _Format = "text",
) -> None:
    """Show one model's card: its training, the figures on validation data, and what was measured on every data set.

    \b
    Examples:
      inkread models show digit
      inkread models show digit --format json
    """
    import difflib
    import json

    from inkread.errors import InvalidOption
    from inkread.models.registry import bundled_cards

    cards = {name: card for card in bundled_cards() for name in (card.task, card.name)}
    if name not in cards:
        near = difflib.get_close_matches(name, cards, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidOption(f"there is no model {name!r}; there are {', '.join(cards)}{hint}")
    data = {**cards[name].to_dict(), "measured": _measured(cards[name].name)}
    typer.echo(json.dumps(data, indent=2) if format == "json" else "\n".join(_lines(data)))


def _measured(name: str) -> dict[str, Any]:
    """The accuracy in every bundled report on what a network is for."""
    from inkread.models.registry import bundled_reports

    measured = {}
    for report in bundled_reports():
        if any(model == name and report["task"].startswith(task) for task, model in report["model"].items()):
            about = report["data"]
            data = " ".join(str(about[key]) for key in ("name", "split") if about.get(key))
            measured[data] = report["accuracy"]
    return measured


def _lines(data: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}"
            yield from _lines(value, indent + "  ")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield f"{indent}{key}: {text}"
