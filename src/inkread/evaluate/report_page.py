"""A report as a page for people: one HTML file with tables, charts and the pictures of mistakes, and nothing to fetch.

It shows what the report of :mod:`inkread.evaluate.report` says, and beside it the misses of
:mod:`inkread.evaluate.gallery`; nothing is measured here. Pictures belong to whoever made the data: a page that shows
them is no more to be published than the data are.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from inkread.evaluate.charts import Axes, Bar, Series, bar_chart, line_chart
from inkread.evaluate.gallery import GALLERY_STYLE, Miss, figure_of, read_as
from inkread.evaluate.metrics import ConfusedPair, confused_pairs
from inkread.evaluate.report import write_report, write_whole
from inkread.evaluate.sheet import confusion_table, made_by, percent, sheet, table

__all__ = ["WORST", "report_page", "write_report_folder"]

Report = Mapping[str, Any]

# The surest mistakes that a page shows: as many as one looks through.
WORST = 40
# Pairs that get pictures, and pictures of each direction.
_PAIRS, _PAIR_PICTURES = 8, 10

_STYLE = f"""
h3 {{ margin: 1.2em 0 .4em }} .row > figure {{ max-width: 520px }}
dl.figures {{ display: flex; flex-wrap: wrap; gap: .8em 2.4em; margin: 0; padding: 1em 1.2em;
  background: var(--surface); border: 1px solid var(--line); border-radius: 10px }}
dl.figures dt {{ color: var(--soft) }}
dl.figures dd {{ margin: 0; font-size: 1.5em; font-variant-numeric: tabular-nums }}
dl.figures small {{ display: block; font-size: .58em; color: var(--soft) }}
.miss td {{ border: 0; text-align: left }}
{GALLERY_STYLE}"""


def write_report_folder(
    report: Report, folder: Path, *, misses: Sequence[Miss] = (), worst: Sequence[Miss] = ()
) -> Path:
    """The path of ``report.html``, written into ``folder`` beside ``report.json``.

    Parameters
    ----------
    misses
        Of single digits, from which the confused pairs take their pictures.
    worst
        The surest mistakes, in the order in which they are shown.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    """
    write_report(report, folder / "report.json")
    page = folder / "report.html"
    write_whole(report_page(report, misses=misses, worst=worst), page)
    return page


def report_page(report: Report, *, misses: Sequence[Miss] = (), worst: Sequence[Miss] = ()) -> str:
    """The page as HTML; see :func:`write_report_folder`."""
    title = f"{_TITLES.get(report['task'], report['task'])}: {_data_name(report)}"
    parts = [
        *_head(report),
        *_digits(report),
        *_pairs(report, misses),
        *_confidence(report),
        *_groups(report),
        *_writers(report),
        *_refusal(report),
        *_errors(report),
        *_training(report),
        *_worst(report, worst),
    ]
    return sheet(title, parts, style=_STYLE)


_TITLES = {"digit": "Single digits", "lines": "Lines", "pages": "Pages"}


def _data_name(report: Report) -> str:
    data = report["data"]
    # A manifest is named by its folder: every one has the same name.
    names = (str(data["name"]).removesuffix("/manifest.jsonl"), data.get("split"), data.get("perturbation"))
    return ", ".join(str(name) for name in names if name)


def _head(report: Report) -> Iterator[str]:
    models = ", ".join(report["model"].values()) or "no model"
    yield f'<p class="soft">Read with {html.escape(models)}.</p>{made_by(report)}'
    calibration, coverage = report["calibration"], (report["curves"] or {}).get("coverage")
    accuracy = report["accuracy"]
    low, high = accuracy["interval"] or (None, None)
    what = "digits right" if report["task"] == "digit" else "read exactly"
    figures = [
        (
            what,
            percent(accuracy["value"]),
            f"{accuracy['hits']} of {accuracy['n']}; 95 % Wilson interval {percent(low)} to {percent(high)}"
            if low is not None
            else "none of these are digits",
        )
    ]
    if coverage is not None:
        figures.append(
            ("wrong when the least sure 5 % are left out", percent(coverage["error_at"]["0.95"], 3), "by confidence")
        )
    if calibration is not None:
        figures.append(
            ("calibration error", percent(calibration["expected_calibration_error"]), "expected, in 15 bins")
        )
        if (likelihood := calibration.get("negative_log_likelihood")) is not None:
            figures.append(("negative log-likelihood", f"{likelihood:.4f}", "nats a digit"))
    refusal = report["refusal"]
    if refusal is not None and refusal["others_refused"]["value"] is not None:
        figures.append(
            (
                "others refused",
                percent(refusal["others_refused"]["value"]),
                f"while {percent(refusal['digits_kept']['value'])} of the digits are kept",
            )
        )
    speed = report["speed"] or {}
    if "crops_per_second" in speed:
        figures.append(("digits a second", f"{speed['crops_per_second']:,.0f}", "in batches, on this machine"))
    if "median_seconds" in speed:
        figures.append(("median a picture", f"{1000 * speed['median_seconds']:.1f} ms", f"{speed['given']} in"))
    entries = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{value}<small>{html.escape(note)}</small></dd></div>"
        for name, value, note in figures
    )
    yield f'<dl class="figures">{entries}</dl>'


def _digits(report: Report) -> Iterator[str]:
    confusion, per_class = report["confusion"], report["per_class"]
    if not confusion or not report["accuracy"]["n"]:
        return
    absent = [name for name, one in per_class.items() if not one["support"]]
    yield "<h2>Digit by digit</h2>"
    if absent:
        yield f"<p>Not in these data: {', '.join(absent)}. What is not there has no recall, and is not counted.</p>"
    rows = [
        (
            name,
            *(percent(one[key]) for key in ("precision", "recall", "f1")),
            str(one["support"]),
        )
        for name, one in per_class.items()
    ]
    figures = table(("digit", "precision", "recall", "F1", "support"), rows)
    yield f'<div class="row">{confusion_table(confusion)}{figures}</div>'


def _pairs(report: Report, misses: Sequence[Miss]) -> Iterator[str]:
    pairs = confused_pairs(report["confusion"]) if report["confusion"] else ()
    if not pairs:
        return
    by_heading: dict[str, list[Miss]] = {}
    for heading, members in groupby(sorted(misses, key=lambda one: one.group), key=lambda one: one.group):
        by_heading[heading] = list(members)
    yield "<h2>Most confused pairs</h2>"
    yield table(
        ("pair", "mistakes", "first as second", "second as first"),
        [
            (f"{pair.first} / {pair.second}", str(pair.count), str(pair.first_as_second), str(pair.second_as_first))
            for pair in pairs[:_PAIRS]
        ],
    )
    for pair in pairs[:_PAIRS]:
        yield from _pair_pictures(pair, by_heading)


def _pair_pictures(pair: ConfusedPair, by_heading: Mapping[str, Sequence[Miss]]) -> Iterator[str]:
    for truth, reading in ((pair.first, pair.second), (pair.second, pair.first)):
        heading = read_as(truth, reading)
        members = by_heading.get(heading, ())
        if members:
            shown = "".join(figure_of(miss) for miss in members[:_PAIR_PICTURES])
            rest = f", {_PAIR_PICTURES} shown" if len(members) > _PAIR_PICTURES else ""
            yield f'<h3>{heading} ({len(members)}{rest})</h3><section class="misses">{shown}</section>'


def _confidence(report: Report) -> Iterator[str]:
    coverage, calibration = (report["curves"] or {}).get("coverage"), report["calibration"]
    if coverage is None or calibration is None:
        return
    yield "<h2>Confidence</h2>"
    yield (
        "<p>Error against coverage: when only the surest are answered, how many of those are wrong. Reliability: of "
        "what is said with a confidence, which share is right; on the dashed line confidence means what it says, and "
        "large dots hold many samples.</p>"
    )
    curve = line_chart(
        [Series(name="wrong", points=list(zip(coverage["coverage"], coverage["error"], strict=True)))],
        title="Error against coverage",
        axes=Axes(x="share answered, surest first", y="share wrong", x_range=(0, 1), y_range=(0, 0.001)),
    )
    bins = calibration["reliability"]
    most = max(one["n"] for one in bins)
    reliability = line_chart(
        [
            Series(
                name="measured",
                points=[(one["confidence"], one["accuracy"]) for one in bins],
                weights=[(one["n"] / most) ** 0.5 for one in bins],
            )
        ],
        title="Reliability",
        axes=Axes(x="confidence", y="share that is right", x_range=(0, 1), y_range=(0, 1), diagonal=True),
    )
    yield f'<div class="row">{curve}{reliability}</div>'
    yield table(
        ("least sure left out", "wrong of the rest"),
        [
            (percent(1 - float(share), 0), percent(error, 3))
            for share, error in sorted(coverage["error_at"].items(), reverse=True)
        ],
    )


def _groups(report: Report) -> Iterator[str]:
    groups = report["groups"]
    if not groups:
        return
    yield "<h2>By category</h2>"
    bars = []
    for name, group in groups.items():
        exact = group["exact"]
        if exact["value"] is not None:
            text = f"{percent(exact['value'], 1)} of {exact['n']}"
            bars.append(Bar(name=name, value=exact["value"], interval=tuple(exact["interval"]), text=text))
    yield bar_chart(bars, title="Read exactly, with 95 % intervals")
    if any("cer" in group for group in groups.values()):
        rows = [
            (
                name,
                str(group["n"]),
                percent(group["exact"]["value"], 1),
                percent(group["lines"]["value"], 1),
                percent(group["cer"], 1),
                percent(group["f1"], 1),
                f"{group['false_digits']} in {group['empty']}" if group["empty"] else "",
                str(group["errors"]),
            )
            for name, group in groups.items()
        ]
        columns = ("", "n", "exact", "lines", "character errors", "digit F1", "false digits", "failed")
        yield table(columns, rows)


def _writers(report: Report) -> Iterator[str]:
    writers = report["writers"]
    if not writers:
        return
    spread = writers["with_errors"]
    bars = [
        Bar(name=f"{errors} mistake{'' if errors == 1 else 's'}", value=count, text=f"{count} writers")
        for errors, count in enumerate(spread)
        if count
    ]
    yield "<h2>By writer</h2>"
    yield (
        f"<p>{writers['n']} writers; {spread[0] if spread else 0} of them without a mistake. Half of all mistakes are "
        f"on the hands of {writers['with_half_of_errors']}.</p>"
    )
    yield bar_chart(bars[:25], title="Writers by their mistakes")
    worst = [one for one in writers["worst"] if one["hits"] < one["n"]]
    if worst:
        yield table(
            ("writer", "n", "wrong", "right", "95 % interval"),
            [
                (
                    str(one["writer"]),
                    str(one["n"]),
                    str(one["n"] - one["hits"]),
                    percent(one["value"]),
                    f"{percent(one['interval'][0])} to {percent(one['interval'][1])}",
                )
                for one in worst
            ],
        )


def _refusal(report: Report) -> Iterator[str]:
    refusal = report["refusal"]
    if refusal is None or not refusal["by_label"]:
        return
    yield "<h2>What is no digit</h2>"
    yield (
        f"<p>Refused where the probability of being some digit is under {refusal['threshold']:.4f}: "
        f"{percent(refusal['others_refused']['value'])} of what is no digit, letters that pass for digits counted "
        f"apart; {percent(refusal['digits_kept']['value'])} of the digits stay.</p>"
    )
    rates = {**{f"{name} (pass for digits)": one for name, one in refusal["confusable_refused"].items()}}
    rates |= dict(sorted(refusal["by_label"].items(), key=lambda entry: entry[1]["value"])[:20])
    yield table(
        ("label", "n", "refused"),
        [(name or "(no character)", str(one["n"]), percent(one["value"], 1)) for name, one in rates.items()],
    )


def _errors(report: Report) -> Iterator[str]:
    if report["errors"]:
        yield "<h2>Could not be read</h2>"
        yield table(("picture", "why"), list(report["errors"].items()))


def _training(report: Report) -> Iterator[str]:
    rows = (report["curves"] or {}).get("training")
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("step", "rate", "loss")))

    def series(name: str) -> Series:
        return Series(name=name, points=[(row["step"], row[name]) for row in rows if name in row])

    loss = line_chart([series("loss")], title="Loss in training", axes=Axes(x="step", y="loss", y_range=(0, 0)))
    figures = line_chart(
        [series(name) for name in names],
        title="On data held out, per cent",
        axes=Axes(x="step", y="%", y_range=(100, 100)),
    )
    yield f'<h2>Training</h2><div class="row">{loss}{figures}</div>'


def _worst(report: Report, worst: Sequence[Miss]) -> Iterator[str]:
    if worst:
        shown = "".join(figure_of(miss) for miss in worst[:WORST])
        yield f'<h2>Worst mistakes</h2><p>The surest first.</p><section class="misses">{shown}</section>'
    elif report["accuracy"]["n"] and report["accuracy"]["hits"] == report["accuracy"]["n"]:
        yield "<h2>Worst mistakes</h2><p>None: everything was read rightly.</p>"
