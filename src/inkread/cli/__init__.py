"""The command ``inkread``: one thin module a verb.

Commands parse, call and print; whatever they do can be done in Python with the same words. Everything heavy is imported
inside the commands, so that ``inkread --help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from inkread.cli import (
    accounts,
    across,
    batch,
    border,
    compare,
    data,
    evaluate,
    explain,
    models,
    read,
    robustness,
    search,
    serve,
    train,
)

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """The commands; a file where a command is expected is answered with the command that reads it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None and Path(args[0]).exists():
            ctx.fail(f"{args[0]!r} is a file, not a command. Did you mean 'inkread read {args[0]}'?")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    rich_markup_mode=None,  # plain text: examples can be copied, and rich need not be loaded
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"inkread {version('inkread')}")
        raise typer.Exit


@app.callback()
def inkread(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where an error comes from, in full.")] = False,
) -> None:
    """Read handwritten numbers in pictures and documents.

    \b
    Examples:
      inkread read cheque.jpg
      inkread read scans/ --format csv > numbers.csv
    """
    border.show_tracebacks(traceback)


app.command()(read.read)
app.command()(explain.explain)
app.command()(batch.batch)
app.command()(serve.serve)
app.command()(compare.compare)
app.add_typer(accounts.app, name="accounts")
app.add_typer(data.app, name="data")
app.add_typer(evaluate.app, name="evaluate")
evaluate.app.command()(robustness.robustness)
evaluate.app.command()(across.across)
app.add_typer(models.app, name="models")
app.add_typer(search.app, name="search")
app.add_typer(train.app, name="train")


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(border.run(lambda: app(prog_name="inkread")))
