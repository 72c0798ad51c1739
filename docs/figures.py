"""Tables of the figures in benchmarks/results, for docs/figures.md and the README. Nothing is measured here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["figures_page", "summary_table"]

Result = Mapping[str, Any]

# What each benchmark is, and its command, in the order in which they are shown.
BENCHMARKS = {
    "digits": ("Single digits, through `inkread.classify`", "python benchmarks/digits.py"),
    "writers": ("Single digits, and doubtful ones told by the others of their writer", "python benchmarks/writers.py"),
    "lines": ("Lines of digits, each picture said to be one", "python benchmarks/lines.py"),
    "pages": ("Real pictures, files in", "python benchmarks/pages.py"),
    "clutter": ("Composed pages without numbers", "python benchmarks/clutter.py"),
    "circumstances": (
        "Composed pages under many circumstances: lines read right",
        "python benchmarks/circumstances.py",
    ),
    "strangers": (
        "Composed pages in the hands of DigiLeTs' writers: lines read right",
        "python benchmarks/strangers.py",
    ),
    "against_rapidocr": ("Against RapidOCR, in one run", "python benchmarks/against_rapidocr.py"),
    "line_heads": (
        "The line network with a recurrent and with a convolutional head, trained alike for a short time",
        "python benchmarks/line_heads.py",
    ),
    "speed": ("Speed and size", "python benchmarks/speed.py"),
    "batch": ("Batches, on pages that inkread composes", "python benchmarks/batch.py"),
    "serve": ("The server, on loopback", "python benchmarks/serve.py --workers 2"),
    "page": ("The page, in Chromium", "python benchmarks/page.py"),
    "explain": ("Explaining answers, checked by deletion", "python benchmarks/explain.py"),
    "style": ("The style of writing, and whose it is", "python benchmarks/style.py"),
    "evidence": (
        "Algorithms compared, and how the networks hold out",
        "inkread compare; inkread evaluate robustness; python benchmarks/evidence.py",
    ),
}
# What became of lines that were not read right.
_MISSES = (
    "lines",
    "one digit taken for another",
    "one digit lost",
    "one digit added",
    "several faults",
    "nothing read",
)
NONE_YET = "No figures have been measured with this version yet: run the scripts in `benchmarks/`, then `make docs`."


def figures_page(results: Path) -> str:
    """Everything that was measured, with date, machine, versions and command."""
    parts = [
        "# Figures",
        "Written from the files in `benchmarks/results`, which the commands below make. Intervals are of 95 %. "
        "What is measured, and on what, is in [the benchmarks' own page](../benchmarks/README.md).",
    ]
    found = _results(results)
    if not found:
        parts.append(NONE_YET)
    for name, result in found.items():
        title, command = BENCHMARKS[name]
        parts += [f"## {title}", f"`{command}`, {_circumstances(result)}."]
        parts.append(_table(("what", "result", "bar", ""), _rows(name, result)))
        if name == "lines":
            heads = ("lines that were missed", *_MISSES, "most often taken for another")
            parts.append(_table(heads, list(_misses(result))))
        if name == "against_rapidocr":
            parts.append(
                _table(
                    ("pictures", "n", "inkread exact", "RapidOCR exact", "inkread F1", "RapidOCR F1"), _groups(result)
                )
            )
    return "\n\n".join(parts) + "\n"


def summary_table(results: Path) -> str:
    """The figures that have a bar, each with its command and date."""
    lines = [
        (what, value, bar, met, f"`{BENCHMARKS[name][1]}`", date[:10])
        for name, result in _results(results).items()
        for (what, value, bar, met), date in zip(_rows(name, result), _dates(result), strict=True)
        if bar
    ]
    return _table(("what", "result", "bar", "", "command", "date"), lines) if lines else NONE_YET


def _results(folder: Path) -> dict[str, Result]:
    paths = {name: folder / f"{name}.json" for name in BENCHMARKS}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.exists()}


def _circumstances(result: Result) -> str:
    machine = result["machine"]
    model = ", ".join(f"`{name}`" for name in result.get("model", {}).values())
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items() if version)
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    return f"{result['date'][:10]}{', model ' + model if model else ''}; {where}; {packages}"


def _rows(name: str, result: Result) -> Iterator[tuple[str, str, str, str]]:
    """What, its value, its bar and whether it is met, of every row of a benchmark."""
    if name == "against_rapidocr":
        faster = result["times_faster"]
        yield "times faster (ratio of the medians)", f"{faster['of_medians']:.1f}", f"≥ {faster['bar']:g}", _met(faster)
        return
    if name == "clutter":
        yield "false digits a page", f"{result['false_digits_each']:.3f}", f"≤ {result['bar']:g}", _met(result)
        return
    for row in result["rows"]:
        show = {
            "digits": _percent,
            "writers": _percent,
            "lines": _line_value,
            "pages": _page_value,
            "circumstances": _circumstance_value,
            "strangers": _circumstance_value,
            "speed": _speed_value,
            "batch": _batch_value,
            "serve": _batch_value,
            "page": _batch_value,
            "explain": _batch_value,
            "style": _batch_value,
            "evidence": _batch_value,
            "line_heads": _batch_value,
        }[name]
        value = "–" if row["value"] is None else show(row, row["value"])
        if row.get("interval"):
            low, high = (100 * end for end in row["interval"])
            value += f" ({low:.2f} to {high:.2f})"
        bar = "" if row["bar"] is None else f"{_sign(name, row)} {show(row, row['bar'])}"
        yield row["what"], value, bar, _met(row)


def _dates(result: Result) -> list[str]:
    """When each of :func:`_rows` was measured: the rows of a benchmark that gathers others' say it themselves."""
    return [row.get("date", result["date"]) for row in result.get("rows", [{}])]


def _met(row: Mapping[str, Any]) -> str:
    return {True: "met", False: "**missed**", None: ""}[row["met"]]


def _sign(name: str, row: Mapping[str, Any]) -> str:
    is_accuracy = name == "digits" or (name == "lines" and "interval" in row)
    least = is_accuracy or row.get("sense") == "at least" or row.get("unit", "").endswith("/s")
    return "≥" if least else "≤"


def _percent(row: Mapping[str, Any], value: float) -> str:
    return f"{100 * value:.2f} %"


def _line_value(row: Mapping[str, Any], value: float) -> str:
    return _percent(row, value) if "interval" in row else f"{value:.2f} ms"


def _circumstance_value(row: Mapping[str, Any], value: float) -> str:
    if "digits_missed" not in row:
        return f"{value:.3f}; {row['pages_right']['hits']} of {row['pages_right']['n']} pages have none"
    missed, added = (100 * row[name] for name in ("digits_missed", "digits_added"))
    return f"{100 * value:.1f} % of {row['lines']}; digits missed {missed:.1f} %, added {added:.1f} %"


def _page_value(row: Mapping[str, Any], value: float) -> str:
    if row["what"].startswith("exact lost"):
        return f"{100 * value:.1f} points"
    return f"{100 * value:.1f} %" if row["sense"] == "at least" else f"{value:g}"


def _speed_value(row: Mapping[str, Any], value: float) -> str:
    if row["unit"] == "s":
        return f"{1000 * value:,.3g} ms" if value < 1 else f"{value:.2f} s"
    if row["unit"] == "bytes":
        return f"{value / 1000:,.0f} kB"
    return f"{value:,.0f} {row['unit']}"


def _batch_value(row: Mapping[str, Any], value: float) -> str:
    if row["unit"] == "share":
        return _percent(row, value)
    if row["unit"] in ("correlation", "nats"):
        return f"{value:.2f}"
    if row["unit"] == "times":
        return f"{value:.2f} ×"
    return f"{value:.1f} pages/s" if row["unit"] == "pages/s" else _speed_value(row, value)


def _misses(result: Result) -> Iterator[tuple[str, ...]]:
    for row in result["rows"]:
        if found := row.get("misses"):
            pairs = ", ".join(f"{pair} ({count})" for pair, count in found["most often"].items())
            yield row["what"], *(str(found[kind]) for kind in _MISSES), pairs or "–"


def _groups(result: Result) -> Iterator[tuple[str, ...]]:
    def percent(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.1f} %"

    for group in result["groups"]:
        ours, theirs = group["inkread"], group["rapidocr"]
        exact = percent(ours["exact"]["value"]), percent(theirs["exact"]["value"])
        yield group["group"], str(ours["n"]), *exact, percent(ours["f1"]), percent(theirs["f1"])


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
