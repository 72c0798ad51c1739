"""Writes a comparison down: as JSON, as a table for spreadsheets, and as one page with charts.

Nothing is measured here; everything is taken from what :mod:`inkread.compare.running` gives as plain data.
"""

from __future__ import annotations

import csv
import html
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inkread.evaluate.charts import Axes, Bar, Series, bar_chart, line_chart
from inkread.evaluate.report import write_report, write_whole
from inkread.evaluate.sheet import confusion_table, made_by, percent, sheet, table

__all__ = ["COLUMNS", "as_csv", "comparison_page", "table_rows", "write_comparison"]

Report = Mapping[str, Any]

COLUMNS = (
    "algorithm",
    "accuracy",
    "95 % interval",
    "macro F1",
    "training",
    "one digit",
    "in batches",
    "size",
    "memory",
)


def write_comparison(report: Report, folder: Path) -> Path:
    """Write ``compare.json``, ``compare.csv`` and ``index.html`` into ``folder``; gives the path of the page.

    Raises
    ------
    OutputError
        If one of them cannot be written.
    """
    write_report(report, folder / "compare.json")
    write_whole(as_csv(report), folder / "compare.csv")
    page = folder / "index.html"
    write_whole(comparison_page(report), page)
    return page


def table_rows(report: Report) -> list[tuple[str, ...]]:
    """A row of :data:`COLUMNS` for each algorithm, the most accurate first."""
    ordered = sorted(report["algorithms"], key=lambda row: -row["accuracy"]["value"])
    return [
        (
            row["title"],
            percent(row["accuracy"]["value"]),
            " to ".join(percent(edge) for edge in row["accuracy"]["interval"]),
            percent(row["macro_f1"]),
            _duration(row["training_seconds"]),
            _microseconds(row["seconds_a_digit"]),
            _microseconds(row["seconds_a_digit_in_batches"]),
            _bytes(row["size_bytes"]),
            _bytes(row["peak_memory_bytes"]),
        )
        for row in ordered
    ]


def as_csv(report: Report) -> str:
    """The figures with a line for each algorithm, for spreadsheets; the F1 of each digit in a column of its own."""
    out = io.StringIO()
    digits = [str(digit) for digit in range(10)]
    plain = (
        "name", "title", "family", "representation", "macro_f1", "training_seconds", "training_cpu_seconds",
        "seconds_a_digit", "seconds_a_digit_in_batches", "size_bytes", "parameters", "peak_memory_bytes",
    )  # fmt: skip
    head = ("accuracy", "accuracy_low", "accuracy_high", "n", *plain, *(f"f1_{digit}" for digit in digits), "notes")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["data", *head])
    for row in report["algorithms"]:
        accuracy = row["accuracy"]
        writer.writerow(
            [
                report["data"]["name"],
                accuracy["value"],
                *accuracy["interval"],
                accuracy["n"],
                *(row[name] for name in plain),
                *(row["per_class"][digit]["f1"] for digit in digits),
                "; ".join(row["notes"]),
            ]
        )
    return out.getvalue()


def comparison_page(report: Report) -> str:
    """The comparison as one HTML page that fetches nothing."""
    data, rows = report["data"], sorted(report["algorithms"], key=lambda row: -row["accuracy"]["value"])
    title = f"Ways to read a digit: {data['name']}"
    parts = [
        made_by(report),
        f"<p>{data['train']:,} digits learned from, {data['test']:,} judged by, all prepared as inkread prepares them "
        f"before its own network. Seed {report['seed']}; cores an algorithm may use: {report['threads']}. Times are of "
        "reading prepared digits; what representing them takes counts, preparing them does not.</p>",
        *(f"<p>{html.escape(name)} is missing: {html.escape(why)}</p>" for name, why in report["failures"].items()),
    ]
    absent = sorted({digit for row in rows for digit in row["absent"]})
    if absent:
        parts.append(f"<p>Not among the digits to judge by: {', '.join(map(str, absent))}. They have no F1.</p>")
    parts += [
        "<h2>All of them</h2>",
        table(COLUMNS, table_rows(report)),
        "<h2>Errors</h2>",
        bar_chart(
            [
                Bar(
                    name=row["title"],
                    value=1 - row["accuracy"]["value"],
                    interval=(1 - row["accuracy"]["interval"][1], 1 - row["accuracy"]["interval"][0]),
                    text=percent(1 - row["accuracy"]["value"]),
                )
                for row in rows
            ],
            title="Share read wrongly, with 95 % intervals",
        ),
        "<h2>What accuracy costs</h2>",
        '<div class="row">',
        _cost_chart(rows, "seconds_a_digit_in_batches", 1e6, "log₁₀ of microseconds a digit, in batches"),
        _cost_chart(rows, "training_seconds", 1.0, "log₁₀ of seconds of training"),
        "</div>",
        "<h2>F1 of each digit</h2>",
        table(
            ("algorithm", *map(str, range(10))),
            [(row["title"], *(percent(row["per_class"][str(d)]["f1"], 1) for d in range(10))) for row in rows],
        ),
        "<h2>What is confused with what</h2>",
        *(
            f"<details><summary>{html.escape(row['title'])}</summary>{confusion_table(row['confusion'])}</details>"
            for row in rows
        ),
        "<h2>Settings</h2>",
        table(
            ("algorithm", "representation", "settings", "notes"),
            [
                (
                    row["title"],
                    row["representation"],
                    ", ".join(f"{name} {value}" for name, value in row["settings"].items()),
                    "; ".join(row["notes"]),
                )
                for row in rows
            ],
        ),
    ]
    return sheet(title, parts)


def _cost_chart(rows: Sequence[Mapping[str, Any]], key: str, factor: float, x: str) -> str:
    """A dot for each algorithm, one color a family."""
    families = dict.fromkeys(row["family"] for row in rows)
    series = []
    for family in families:
        points = [
            (math.log10(row[key] * factor), 100 * row["accuracy"]["value"])
            for row in rows
            if row["family"] == family and row[key]
        ]
        if points:
            series.append(Series(name=family, points=points, weights=[0.3] * len(points)))
    return line_chart(series, title=f"Accuracy against {x}", axes=Axes(x=x, y="accuracy, %"))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds:.1f} s"


def _microseconds(seconds: float) -> str:
    return f"{1e3 * seconds:.1f} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.1f} µs"


def _bytes(count: int | None) -> str:
    if count is None:
        return "–"
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
