"""Reads every data set of single characters with ``inkread.classify`` and compares each figure with its bar.

Some of each set's digits are read as pictures too, as ``inkread read --layout digit`` reads a file.

    python benchmarks/digits.py [--only mnist usps …] [--limit N] [--output FILE]

The sets lie in the folder that INKREAD_DATA names. Nothing is tuned here: the network, its temperature and its refusal
threshold are those of the model card. ``--development`` reads the training parts instead of the test parts, to try the
script without touching what it is meant to measure.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from outcome import conclude

import inkread
from inkread.data.datasets import Samples, is_present
from inkread.evaluate.digits import DigitsReport, evaluate_digits
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.metrics import Rate
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import Circumstances, digits_report, machine
from inkread.evaluate.sources import Choice, find_crops
from inkread.models.registry import DIGIT_TASKS, bundled

# Set, split, and the least accuracy wanted, with the one hoped for.
DIGITS: tuple[tuple[str, str, float | None, float | None], ...] = (
    ("mnist", "test", 0.9970, 0.9980),
    ("usps", "test", 0.93, 0.96),
    ("dida", "test", 0.90, None),
    ("semeion", "all", 0.95, None),
    ("choice62", "all", None, None),
    ("phone_chars62", "test", 0.97, None),
    ("optdigits32", "test", 0.98, None),
)
# The least share of letters refused, those that pass for digits left out.
LETTERS = 0.85
LETTER_SETS = ("phone_chars62", "choice62")
# Digits of a set that are read as pictures.
PICTURES = 1000
RESULTS = Path(__file__).parent / "results" / "digits.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these sets")
    parser.add_argument("--limit", type=int, metavar="N", help="N crops of each set, spread evenly")
    parser.add_argument("--development", action="store_true", help="read the training parts where there are any")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    known = [name for name, *_ in DIGITS]
    unknown = set(args.only or ()) - set(known)
    if unknown:
        parser.error(f"no bar for {', '.join(sorted(unknown))}; there are bars for {', '.join(known)}")
    card = bundled("digit")
    model = {task: bundled(task).name for task in DIGIT_TASKS}
    date, where = datetime.now().astimezone(), machine()
    rows: list[dict[str, Any]] = []
    reports: dict[str, Any] = {}
    outcomes: dict[str, DigitsReport] = {}
    for name, split, bar, stretch in DIGITS:
        if args.only and name not in args.only:
            continue
        if not is_present(name):
            print(f"{name}: not in the data folder, left out", file=sys.stderr)
            rows.append({"what": f"{name} digits", "value": None, "bar": bar, "met": None})
            continue
        part = "train" if args.development and split == "test" else split
        if args.development and part == "all":
            print(f"{name}: has no training part, left out", file=sys.stderr)
            continue
        samples, about = find_crops(Choice(data=name, split=part, limit=args.limit))
        outcome = evaluate_digits(inkread.classify, samples, refusal_threshold=card.refusal_threshold)
        outcomes[name] = outcome
        command = f"inkread evaluate digit {name} --split {part}"
        reports[name] = digits_report(
            outcome, Circumstances(model=model, data=about, command=command, date=date, machine=where)
        )
        rows.append(row(f"{name} {part}, digits", outcome.accuracy, bar, stretch))
        print(described(rows[-1]), flush=True)
        rows.append(row(f"{name} {part}, digits as pictures", as_pictures(samples)))
        print(described(rows[-1]), flush=True)

    for name in LETTER_SETS:
        refusal = outcomes[name].refusal if name in outcomes else None
        if refusal is None:
            continue
        rows.append(row(f"{name}, letters refused", refusal.others_refused, LETTERS))
        print(described(rows[-1]))
        for pair, rate in refusal.confusable_refused.items():
            rows.append(row(f"{name}, {pair} refused", rate))
            print(described(rows[-1]))
        rows.append(row(f"{name}, digits kept at the threshold", refusal.digits_kept))
        print(described(rows[-1]))

    return conclude(
        {
            "benchmark": "digits",
            "date": date.isoformat(timespec="seconds"),
            "machine": where,
            "model": model,
            "refusal_threshold": card.refusal_threshold,
            "development": args.development,
            "limit": args.limit,
            "rows": rows,
            "reports": reports,
        },
        args.output,
        check=args.check,
    )


def as_pictures(samples: Samples) -> Rate:
    """How many of at most ``PICTURES`` digits, spread evenly, are read right with ``layout="digit"``."""
    digits = np.flatnonzero([label.isdigit() for label in samples.labels.tolist()])
    chosen = samples.take(digits[np.linspace(0, len(digits) - 1, min(PICTURES, len(digits))).astype(int)])
    done = evaluate_pictures(
        lambda source, region: inkread.read(source, layout="digit", region=region), pictures_of(chosen, "digit")
    )
    return done.figures.exact


def row(what: str, rate: Rate, bar: float | None = None, stretch: float | None = None) -> dict[str, Any]:
    value = rate.value
    return {
        "what": what,
        **rate.to_dict(),
        "bar": bar,
        "stretch": stretch,
        "met": None if bar is None or value is None else value >= bar,
    }


def described(one: dict[str, Any]) -> str:
    if one["value"] is None:
        return f"{one['what']:44} nothing to count"
    low, high = one["interval"]
    bar = "" if one["bar"] is None else f"  bar {100 * one['bar']:.2f}  {'met' if one['met'] else 'MISSED'}"
    return (
        f"{one['what']:44} {100 * one['value']:6.2f} % ({100 * low:.2f} to {100 * high:.2f}; "
        f"{one['hits']} of {one['n']}){bar}"
    )


if __name__ == "__main__":
    sys.exit(main())
