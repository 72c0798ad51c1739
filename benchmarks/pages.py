"""Reads the pictures of a manifest as they are and made harder, and says what each change costs.

    python benchmarks/pages.py [MANIFEST] [--images DIR] [--output FILE] [--check]

Without a manifest, that of the set ``real`` in the folder that INKREAD_DATA names. First the files themselves are read,
then their pixels, inverted, rotated, at half and double size, compressed and under a cast shadow; a change is compared
with the unchanged pixels, picture by picture.
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
from inkread.evaluate.metrics import mcnemar, paired_bootstrap_interval
from inkread.evaluate.pages import LabeledPicture, PicturesReport, Presentation, evaluate_pictures
from inkread.evaluate.perturb import perturbation
from inkread.evaluate.report import Circumstances, machine, pictures_report
from inkread.evaluate.sources import Choice, find_pictures

CHANGES = ("invert", "rotate:20", "rotate:-20", "scale:0.5", "scale:2", "jpeg:30", "shadow")
EXACT, LINES, F1, FALSE_DIGITS, LOSS = 0.85, 0.80, 0.975, 0, 0.04
CATEGORIES = {"line": 0.90, "multiline": 0.70, "single": 0.95}
RESULTS = Path(__file__).parent / "results" / "pages.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", nargs="?", default="real")
    parser.add_argument("--images", type=Path, metavar="DIR")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pictures")
    parser.add_argument("--changes", nargs="*", default=CHANGES, metavar="NAME[:VALUE]")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    changes = [perturbation(change) for change in args.changes]
    pictures, about = find_pictures(Choice(data=args.manifest, images=args.images, limit=args.limit))
    date, where = datetime.now().astimezone(), machine()

    def run(way: Presentation) -> tuple[PicturesReport, dict[str, Any]]:
        outcome = read_all(pictures, way)
        data = {**about, "perturbation": None if way.perturb is None else str(way.perturb)}
        command = f"inkread evaluate pages {args.manifest}" + (f" --perturb {way.perturb}" if way.perturb else "")
        circumstances = Circumstances(model=outcome.models, data=data, command=command, date=date, machine=where)
        return outcome, pictures_report(outcome, circumstances, task="pages")

    files, files_report = run(Presentation())
    figures = files.figures
    rows = [
        bar("exact, files in", figures.exact.value, EXACT, "at least", f"{figures.exact.hits} of {figures.n}"),
        bar("lines, files in", figures.lines.value, LINES, "at least"),
        bar("digit F1, files in", figures.f1, F1, "at least"),
        *(
            bar(f"exact, category {name}", group.exact.value, least, "at least", f"{group.exact.hits} of {group.n}")
            for name, least in CATEGORIES.items()
            if (group := files.groups.get(name)) is not None
        ),
        bar(
            "false digits without numbers",
            figures.false_digits,
            FALSE_DIGITS,
            "at most",
            f"in {figures.empty} pictures",
        ),
        bar("errors", figures.errors, 0, "at most"),
    ]
    for row in rows:
        print(described(row))
    reports = {"files": files_report}
    base, reports["pixels"] = run(Presentation(as_array=True))
    unchanged = exact(base)
    for change in changes:
        outcome, reports[str(change)] = run(Presentation(perturb=change))
        changed = exact(outcome)
        lost = float(unchanged.mean() - changed.mean())
        interval = paired_bootstrap_interval(unchanged, changed, rng=np.random.default_rng(0))
        test = mcnemar(unchanged, changed)
        note = (
            f"{100 * changed.mean():.1f} after {100 * unchanged.mean():.1f}; 95 % of the loss "
            f"{100 * interval.low:.1f} to {100 * interval.high:.1f} points; "
            f"{test.first_only} lost, {test.second_only} won, p = {test.p_value:.3f}"
        )
        rows.append(bar(f"exact lost by {change}", lost, LOSS, "at most", note))
        print(described(rows[-1]), flush=True)
    print(f"median seconds a picture: files {files.median_seconds:.4f}, pixels {base.median_seconds:.4f}")

    return conclude(
        {
            "benchmark": "pages",
            "date": date.isoformat(timespec="seconds"),
            "machine": where,
            "rows": rows,
            "reports": reports,
        },
        args.output,
        check=args.check,
    )


def read_all(pictures: tuple[LabeledPicture, ...], way: Presentation) -> PicturesReport:
    outcome = evaluate_pictures(
        lambda source, region: inkread.read(source, layout="page", region=region), pictures, presentation=way
    )
    for one in outcome.outcomes:
        if one.error is not None:
            print(f"{one.picture.id}: {one.error}", file=sys.stderr)
    return outcome


def exact(outcome: PicturesReport) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array([one.judgement.exact for one in outcome.outcomes])


def bar(what: str, value: float | None, limit: float, sense: str, note: str = "") -> dict[str, Any]:
    # Rates are sums of whole pictures: a rounding error must not decide.
    met = value is not None and (value >= limit - 1e-9 if sense == "at least" else value <= limit + 1e-9)
    return {"what": what, "value": value, "bar": limit, "sense": sense, "met": met, "note": note}


def described(row: dict[str, Any]) -> str:
    value = "–" if row["value"] is None else f"{row['value']:.4f}"
    met = "met" if row["met"] else "MISSED"
    return f"{row['what']:32} {value:>8}  bar: {row['sense']} {row['bar']:g}  {met}  {row['note']}"


if __name__ == "__main__":
    sys.exit(main())
