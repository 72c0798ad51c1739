"""Tables of figures on the terminal: the first column to the left, all others to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["print_table"]

# Where stdout is a pipe there is no width that a table must fit; no line is broken.
PIPE_WIDTH = 200


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of text under their columns.

    Examples
    --------
    >>> print_table("digits", ("who", "right"), [("inkread", "99.7 %")])  # doctest: +ELLIPSIS
    digits...
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=PIPE_WIDTH)
    console.print(table)
