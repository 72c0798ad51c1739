"""The report on robustness as one page with tables and curves. Nothing is measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from inkread.evaluate.charts import Axes, Bar, Series, bar_chart, line_chart
from inkread.evaluate.corruptions import CORRUPTIONS
from inkread.evaluate.report import write_report, write_whole
from inkread.evaluate.sheet import made_by, percent, sheet, table

__all__ = ["attack_rows", "corruption_rows", "proven_rows", "robustness_page", "strength_rows", "write_robustness"]

Report = Mapping[str, Any]
Rows = list[tuple[str, ...]]

_LAYOUTS = {"digits": "Single digits", "lines": "Lines", "pages": "Pages"}
_ATTACKS = ("clean", "fgsm", "pgd", "square", "strongest", "certified")


def write_robustness(report: Report, folder: Path) -> Path:
    """Write ``robustness.json`` and ``robustness.html`` into ``folder``; gives the path of the page.

    Raises
    ------
    OutputError
        If one of them cannot be written.
    """
    write_report(report, folder / "robustness.json")
    page = folder / "robustness.html"
    write_whole(robustness_page(report), page)
    return page


def corruption_rows(report: Report) -> tuple[tuple[str, ...], Rows]:
    """The columns and rows of the table of MNIST-C: a row for each kind, a column for each reader."""
    readers = report["corruptions"]
    kinds = [kind for kind in ("clean", *CORRUPTIONS, "mean") if any(kind in found for found in readers.values())]
    rows = [(kind, *(percent((found.get(kind) or {}).get("value")) for found in readers.values())) for kind in kinds]
    return ("corruption", *readers), rows


def strength_rows(report: Report, layout: str) -> tuple[tuple[str, ...], Rows]:
    """The columns and rows of the table of strengths: a row for each set, reader and kind of change."""
    rows = []
    for data, readers in report[layout].items():
        for reader, kinds in readers.items():
            clean = kinds["clean"][0]["value"] if "clean" in kinds else None
            for kind, curve in kinds.items():
                if kind != "clean":
                    # There is only one way to invert, and its strength says nothing.
                    named = [f"{one['strength']:g}: " if kind != "invert" else "" for one in curve]
                    shown = [f"{name}{percent(one['value'], 1)}" for name, one in zip(named, curve, strict=True)]
                    rows.append((data, reader, percent(clean, 1), kind, *shown, *[""] * (5 - len(shown))))
    return ("data", "reader", "clean", "change", "1", "2", "3", "4", "5"), rows


def attack_rows(report: Report) -> tuple[tuple[str, ...], Rows]:
    """The columns and rows of the table of attacks: a row for each network and ε."""
    rows = []
    for name, epsilons in report["adversarial"].items():
        for epsilon, found in epsilons.items():
            rates = [percent(found[key]["value"], 1) if key in found else "–" for key in _ATTACKS]
            rows.append((name, epsilon, *rates, _verdict(found)))
    return ("network", "ε", *_ATTACKS, ""), rows


def proven_rows(report: Report) -> tuple[tuple[str, ...], Rows]:
    """The columns and rows of the table of what is proven: a row for each network, a column for each ε."""
    networks = report["proven"]
    epsilons = sorted({epsilon for found in networks.values() for epsilon in found}, key=float)
    rows = [
        (
            name,
            str(next(iter(found.values()))["n"]),
            *(percent(found[epsilon]["value"]) if epsilon in found else "–" for epsilon in epsilons),
        )
        for name, found in networks.items()
    ]
    return ("network", "digits", *("unchanged" if float(e) == 0 else f"ε {e}" for e in epsilons)), rows


def _verdict(found: Mapping[str, Any]) -> str:
    if found["contradictions"]:
        return f"{found['contradictions']} certified digits were overcome: one of the two is wrong"
    return "gradients mislead: square overcame more than pgd" if found["masked"] else ""


def robustness_page(report: Report) -> str:
    """The report as one HTML page that fetches nothing."""
    return sheet(
        "How reading holds out",
        [made_by(report), *_corruptions(report), *_strengths(report), *_attacks(report), *_proven(report)],
    )


def _corruptions(report: Report) -> Iterator[str]:
    readers = report["corruptions"]
    if not readers:
        return
    yield "<h2>The fifteen corruptions of MNIST-C</h2>"
    yield (
        "<p>Digits of MNIST's test set, corrupted by our own program with the kinds and severities that Mu and Gilmer "
        "published (arXiv 1906.02337); what is random is drawn anew. Share read rightly.</p>"
    )
    yield table(*corruption_rows(report))
    for name, kinds in readers.items():
        yield bar_chart(
            [
                Bar(
                    name=kind.replace("_", " "),
                    value=found["value"],
                    interval=tuple(found["interval"]),
                    text=percent(found["value"]),
                )
                for kind, found in kinds.items()
                if kind != "mean" and found["value"] is not None
            ],
            title=f"{name}: read rightly, with 95 % intervals",
        )


def _strengths(report: Report) -> Iterator[str]:
    for layout, title in _LAYOUTS.items():
        if not report[layout]:
            continue
        what = "read rightly" if layout == "digits" else "read exactly"
        yield f"<h2>{title}, five strengths of each change</h2>"
        yield f"<p>Value of the change: share {what}.</p>"
        yield table(*strength_rows(report, layout))
        for data, readers in report[layout].items():
            for reader, kinds in readers.items():
                yield _curves(kinds, f"{data}, {reader}", what)


def _curves(kinds: Mapping[str, Sequence[Mapping[str, Any]]], title: str, what: str) -> str:
    clean = kinds["clean"][0]["value"] if "clean" in kinds else None
    start = [] if clean is None else [(0.0, 100 * clean)]
    series = [
        Series(name=kind, points=[*start, *((n, 100 * one["value"]) for n, one in enumerate(curve, 1))])
        for kind, curve in kinds.items()
        if kind not in ("clean", "thickness", "invert") and all(one["value"] is not None for one in curve)
    ]
    return line_chart(series, title=title, axes=Axes(x="strength, 0 is unchanged", y=f"% {what}", y_range=(0, 100)))


def _attacks(report: Report) -> Iterator[str]:
    networks = report["adversarial"]
    if not networks:
        return
    yield "<h2>Attacks</h2>"
    yield (
        "<p>Every pixel of the network's input may change by up to ε of the range from paper to ink. fgsm and pgd "
        "follow the network's gradient, square does not; <em>strongest</em> counts the digits that stand all of them, "
        "<em>certified</em> those that no attack whatever can overcome. A digit read as no digit is read wrongly. "
        "Attacks show weakness, and prove no strength: what lies between certified and strongest is not known.</p>"
    )
    yield table(*attack_rows(report))
    for name, epsilons in networks.items():
        series = [
            Series(
                name=key,
                points=[(float(epsilon), 100 * found[key]["value"]) for epsilon, found in epsilons.items()],
            )
            for key in _ATTACKS
            if all(key in found and found[key]["value"] is not None for found in epsilons.values())
        ]
        yield line_chart(series, title=name, axes=Axes(x="ε", y="% read rightly", y_range=(0, 100)))


def _proven(report: Report) -> Iterator[str]:
    if report["proven"]:
        yield "<h2>What is proven</h2>"
        yield (
            "<p>Of all digits, those that no change of any pixel by up to ε can make the network read wrongly, by "
            "interval bound propagation (arXiv 1810.12715), and by linear relaxation (arXiv 1811.00866, 2011.13824) "
            "where that leaves it open. A network that was not trained for it may hold out where nothing can be "
            "proven.</p>"
        )
        yield table(*proven_rows(report))
