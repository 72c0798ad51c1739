"""Tables on the terminal hold every cell as it is."""

from __future__ import annotations

from inkread.cli.tables import print_table


def test_every_cell_stands_in_its_row_and_nothing_is_taken_for_markup(capsys):
    print_table("[bold]figures", ("who", "right", "n"), [("a [red]b", "99.7 %", "10"), ("x" * 100, "–", "7")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["[bold]figures"]
    assert lines[1] == ["who", "right", "n"]
    assert lines[3] == ["a", "[red]b", "99.7", "%", "10"]
    assert lines[4] == ["x" * 100, "–", "7"]
