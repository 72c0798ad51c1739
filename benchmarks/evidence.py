"""Holds what `inkread compare` and `inkread evaluate robustness` measured against their bars.

    python benchmarks/evidence.py [--compare FILE] [--robustness FILE] [--proven FILE] [--output FILE] [--check]

Nothing is measured here: both commands take long, go on where they were stopped, and write the files that this one
reads. They are copied beside the output, as compare.json, robustness.json and robustness_proven.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from outcome import conclude

from inkread.compare.algorithms import ALGORITHMS
from inkread.evaluate.report import write_report

RESULTS = Path(__file__).parent / "results" / "evidence.json"

ACCURACY = {
    "k-nearest-neighbors": 0.965,
    "rbf-svm": 0.98,
    "random-forest": 0.965,
    "perceptron": 0.96,
    "two-layer-cnn": 0.985,
    "bundled": 0.997,
}
MINUTES = 90.0
CORRUPTED = 0.96
UNCHANGED, CERTIFIED, EPSILON = 0.97, 0.85, "0.3"

Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", type=Path, metavar="FILE", help="compare.json of full MNIST")
    parser.add_argument("--robustness", type=Path, metavar="FILE", help="robustness.json")
    parser.add_argument(
        "--proven", type=Path, metavar="FILE", help="that of digit-robust, attacked, where it is another"
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    reports: dict[str, Any] = {}
    for name in ("compare", "robustness", "proven"):
        path = getattr(args, name)
        if path is not None:
            try:
                reports[name] = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                print(f"{path} cannot be read: {error}", file=sys.stderr)
                return 1
    if not reports:
        parser.error("give --compare, --robustness or --proven")
    robustness = reports.get("robustness")
    proven = reports.get("proven", robustness)
    parts = ((_compared, reports.get("compare")), (_corrupted, robustness), (_proven, proven))
    rows = [{**row, "date": report["date"]} for rows_of, report in parts if report for row in rows_of(report)]
    for row in rows:
        shown = "–" if row["bar"] is None else f"bar: {row['sense']} {row['bar']:g}"
        verdict = {True: "met", False: "MISSED", None: ""}[row["met"]]
        print(f"{row['what']}: {row['value']:.4f}  {shown}  {verdict}")
    newest = max(reports.values(), key=lambda report: report["date"])
    about = {"benchmark": "evidence", "date": newest["date"], "machine": newest["machine"]}
    for name, report in reports.items():
        write_report(report, args.output.with_name("robustness_proven.json" if name == "proven" else f"{name}.json"))
    return conclude({**about, "rows": rows}, args.output, check=args.check)


def _row(what: str, value: float, bar: float, *, unit: str = "share", rate: Row | None = None) -> Row:
    sense = "at most" if unit == "minutes" else "at least"
    met = value <= bar if unit == "minutes" else value >= bar
    interval = rate["interval"] if rate else None
    return {"what": what, "unit": unit, "value": value, "interval": interval, "bar": bar, "sense": sense, "met": met}


def _compared(report: Row) -> Iterator[Row]:
    if report["data"] != {"name": "mnist", "train": 60_000, "test": 10_000}:
        print(f"the bars are of full MNIST, and this comparison of {report['data']}", file=sys.stderr)
        return
    found = {row["name"]: row for row in report["algorithms"]}
    for name, bar in ACCURACY.items():
        if name in found:
            accuracy = found[name]["accuracy"]
            yield _row(f"MNIST test, {name}", accuracy["value"], bar, rate=accuracy)
    if set(found) == set(ALGORITHMS):
        minutes = sum(row["seconds"] for row in found.values()) / 60
        yield _row("minutes for all algorithms", minutes, MINUTES, unit="minutes")


def _corrupted(report: Row) -> Iterator[Row]:
    for name, kinds in report["corruptions"].items():
        if "mean" in kinds and not name.startswith(("LeNet", "digit-robust")):
            yield _row(f"MNIST-C, mean of 15 kinds, {name}", kinds["mean"]["value"], CORRUPTED)


def _proven(report: Row) -> Iterator[Row]:
    for name, proven in report["proven"].items():
        if not name.startswith("digit-robust") or EPSILON not in proven:
            continue
        yield _row(f"{name}, MNIST test, unchanged", proven["0"]["value"], UNCHANGED, rate=proven["0"])
        certified = proven[EPSILON]
        yield _row(f"{name}, MNIST test, certified at {EPSILON}", certified["value"], CERTIFIED, rate=certified)
        attacks = report["adversarial"].get(name, {}).get(EPSILON)
        if attacks is not None:
            # The digits attacked are fewer than all: they are held against what is certified of themselves.
            order = attacks["certified"]["value"] <= attacks["strongest"]["value"] <= attacks["clean"]["value"]
            between = order and not attacks["contradictions"]
            yield _row(f"{name}, attacks at {EPSILON} lie between certified and unchanged", float(between), 1.0)


if __name__ == "__main__":
    sys.exit(main())
