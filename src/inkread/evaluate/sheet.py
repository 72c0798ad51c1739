"""The frame of a page that stands alone: its head with style, tables, and the confusion of ten digits.

What such pages show is decided by who writes them. Nothing is fetched by such a page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inkread.evaluate.charts import CHART_STYLE

__all__ = ["confusion_table", "made_by", "percent", "sheet", "table"]

_STYLE = (
    """
:root { color-scheme: light dark; --ground: #f5f6f9; --surface: #fff; --text: #1a2036; --soft: #5a6280; --line: #dfe3ee;
  --right: 36 87 214; --wrong: 194 65 12 }
@media (prefers-color-scheme: dark) { :root { --ground: #10141f; --surface: #191f2e; --text: #e9ecf6; --soft: #a5aecb;
  --line: #2c3449; --right: 120 150 255; --wrong: 255 140 90 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76em; margin: 0 auto; padding: 2em 1.2em 4em;
  color: var(--text); background: var(--ground) }
h1 { margin: 0 } h2 { margin: 2em 0 .5em } p { max-width: 60em } figure { margin: 0 }
.soft, figcaption { color: var(--soft) } .row { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start }
.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px;
  padding: 1em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25em .8em; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
table.confusion td { text-align: center; min-width: 2.2em; padding: .35em .25em } .zero { color: var(--line) }
details { margin: .4em 0 } summary { cursor: pointer } code { overflow-wrap: anywhere }
"""
    + CHART_STYLE
)


def sheet(title: str, parts: Iterable[str], *, style: str = "") -> str:
    """A whole HTML page of these parts, with further ``style`` where they need it.

    Examples
    --------
    >>> sheet("a < b", ["<p>none</p>"]).count("a &lt; b")
    2
    """
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}{style}</style></head><body><h1>{html.escape(title)}</h1>"
    )
    return "\n".join([head, *parts, "</body></html>\n"])


def made_by(report: Mapping[str, Any]) -> str:
    """How, when and on what a report was made, as a paragraph."""
    machine = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine.get("packages", {}).items() if version)
    place = f"{machine.get('processor', 'a machine')}, {machine.get('cores', '?')} cores; {versions}"
    return (
        f'<p class="soft">{html.escape(report["date"])}; {html.escape(place)}.<br>'
        f"<code>{html.escape(report['command'])}</code></p>"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls within the page where it is wider."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def confusion_table(confusion: Sequence[Sequence[int]]) -> str:
    """Counts of truth (rows) against reading (columns); mistakes are shaded among themselves."""
    most = max((n for truth, row in enumerate(confusion) for read, n in enumerate(row) if truth != read), default=0)
    rows = []
    for truth, row in enumerate(confusion):
        cells = []
        for read, count in enumerate(row):
            if not count:
                cells.append('<td class="zero">0</td>')
                continue
            right = truth == read
            share = 0.4 * count / sum(row) if right else 0.15 + 0.75 * (count / most) ** 0.5
            cells.append(
                f'<td style="background: rgb(var(--{"right" if right else "wrong"}) / {share:.2f})">{count}</td>'
            )
        rows.append(f'<tr><th scope="row">{truth}</th>{"".join(cells)}</tr>')
    head = "".join(f'<th scope="col">{read}</th>' for read in range(len(confusion)))
    return (
        f'<table class="confusion"><thead><tr><th>truth ↓ read →</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def percent(value: float | None, digits: int = 2) -> str:
    """A rate in [0, 1] in per cent; a dash of nothing.

    Examples
    --------
    >>> percent(0.98765), percent(None)
    ('98.77 %', '–')
    """
    return "–" if value is None else f"{100 * value:.{digits}f} %"
