"""Trains the digit network many times for a short time, each time without one part of its recipe, and reads every set.

    python benchmarks/ablation.py [--only PART …] [--seeds N] [--samples N] [--minutes M] [--output FILE] [--table FILE]

Every part is left out with the same seeds, and compared with the whole recipe seed by seed; what is claimed needs three
of them. A run that was interrupted goes on when the same command is given again, in the middle of its training. Shift
and inversion are no parts: every crop is centered, and its ink told from its paper, before any network sees it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scipy import stats

from inkread.data.cards import CARDS
from inkread.data.datasets import data_folder, is_present
from inkread.evaluate.digits import evaluate_digits
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import machine, versions, write_report, write_whole
from inkread.evaluate.sources import Choice, find_crops, find_pictures
from inkread.models.registry import ModelCard
from inkread.reader import Reader
from inkread.train.recipes import DIGIT, DigitRecipe, train_digit

WHOLE = "the whole recipe"


def without(**shares: float) -> DigitRecipe:
    """The recipe without some of its distortions, in its polish too."""
    return replace(
        DIGIT,
        distortion=replace(DIGIT.distortion, **shares),
        polish_distortion=replace(DIGIT.polish_distortion, **shares),
    )


# What each part is, and the recipe without it.
PARTS: dict[str, DigitRecipe] = {
    WHOLE: DIGIT,
    "rotation": without(rotation_degrees=0.0),
    "shear": without(slant=0.0),
    "aspect": without(aspect=0.0, stretch_share=0.0),
    "thickness": without(thickness_share=0.0),
    "elastic": without(elastic_share=0.0),
    "neighbors and rules": without(neighbor_share=0.0, speck_share=0.0, rule_share=0.0),
    "blur, noise and grain": without(
        blur_share=0.0,
        low_resolution_share=0.0,
        noise_share=0.0,
        tone_share=0.0,
        grain_share=0.0,
        binary_share=0.0,
        break_share=0.0,
    ),
    "synthetic writing and print": replace(DIGIT, synthetic_digits=0, synthetic_others=0),
    "average of weights": replace(DIGIT, average_decay=0.0),
    "label smoothing": replace(DIGIT, label_smoothing=0.0),
    "polish": replace(DIGIT, polish_share=0.0),
}
DIGITS = (("mnist", "test"), ("usps", "test"), ("dida", "test"), ("phone_chars62", "test"))
PAGES = "real"
HERE = Path(__file__).parent
RESULTS = HERE / "results" / "ablation.json"
TABLE = HERE / "ablation.md"
# Fewer seeds say nothing of what a part brings.
LEAST_SEEDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="PART", choices=list(PARTS)[1:], help=", ".join(list(PARTS)[1:]))
    parser.add_argument("--seeds", type=int, default=LEAST_SEEDS, metavar="N")
    parser.add_argument("--samples", type=int, default=300_000, metavar="N", help="crops that each training sees")
    parser.add_argument("--minutes", type=float, metavar="M", help="after which no further training begins")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"), metavar="DIR", help="for checkpoints")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    parser.add_argument("--table", type=Path, default=TABLE, metavar="FILE")
    args = parser.parse_args()

    missing = [name for name in (*(name for name, _ in DIGITS), PAGES) if not is_there(name)]
    if missing:
        print(f"not in the data folder, left out: {', '.join(missing)}", file=sys.stderr)
    rows = read_rows(args.output, args.samples)
    began = time.monotonic()
    # Seed by seed, so that what is there at any moment can be compared.
    parts = [part for part in PARTS if part == WHOLE or not args.only or part in args.only]
    wanted = [(seed, part) for seed in range(1, args.seeds + 1) for part in parts]
    for seed, part in wanted:
        if any((row["seed"], row["part"]) == (seed, part) for row in rows):
            continue
        if args.minutes is not None and time.monotonic() - began > 60 * args.minutes:
            print("the time is over; the same command goes on", file=sys.stderr)
            break
        folder = args.runs / f"{list(PARTS).index(part):02d}-{seed}"
        # All see as many crops, with a polish or without.
        samples = round(args.samples / (1 + PARTS[part].polish_share))
        recipe = replace(PARTS[part], samples=samples, seed=seed)
        card = train_digit(recipe, folder=folder, say=lambda line: print(line, file=sys.stderr))
        rows.append({"part": part, "seed": seed, **measured(card, missing)})
        print(json.dumps(rows[-1]), flush=True)
        shutil.rmtree(folder)
        write(rows, args)
    write(rows, args)
    return 0


def is_there(name: str) -> bool:
    return is_present(name) if name in CARDS else (data_folder() / name / "manifest.jsonl").is_file()


def read_rows(path: Path, samples: int) -> list[dict[str, Any]]:
    """The rows of earlier runs; those of longer or shorter trainings cannot be compared with new ones."""
    if not path.is_file():
        return []
    written = json.loads(path.read_text(encoding="utf-8"))
    if written["samples"] != samples:
        known = written["samples"]
        sys.exit(f"{path} holds trainings of {known} crops: take --samples {known}, or another --output")
    return list(written["rows"])


def measured(card: ModelCard, missing: Sequence[str]) -> dict[str, float]:
    """Per cent right on every set."""
    reader = Reader(models={"digit": card})
    found = {}
    for name, split in DIGITS:
        if name not in missing:
            samples, _ = find_crops(Choice(data=name, split=split))
            accuracy = evaluate_digits(reader.classify, samples).accuracy.value
            found[name] = round(100 * (accuracy or 0.0), 3)
    if PAGES not in missing:
        pictures, _ = find_pictures(Choice(data=PAGES))
        figures = evaluate_pictures(
            lambda source, region: reader.read(source, layout="page", region=region), pictures
        ).figures
        found[f"{PAGES}, digit F1"] = round(100 * (figures.f1 or 0.0), 3)
    return found


def write(rows: Sequence[Mapping[str, Any]], args: argparse.Namespace) -> None:
    about = {
        "benchmark": "ablation",
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": {**machine(), "training": versions(("torch",))},
        "samples": args.samples,
    }
    write_report({**about, "rows": list(rows)}, args.output)
    text = f"trainings of {args.samples:,} crops, {about['date'][:10]}"
    write_whole("\n".join(page(rows, text)) + "\n", args.table)


def page(rows: Sequence[Mapping[str, Any]], about: str) -> Iterator[str]:
    """The table of what every part brings, in Markdown."""
    seeds = sorted({row["seed"] for row in rows})
    yield "# What each part of the recipe brings"
    yield ""
    yield (
        f"Points of accuracy that the digit network gains by a part, with it less without it: {about}, {len(seeds)} "
        f"seeds, by `python benchmarks/ablation.py`. In brackets the 95 % interval over seeds; **bold** where "
        f"it leaves out zero. With under {LEAST_SEEDS} seeds nothing is claimed."
    )
    yield ""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("part", "seed")))
    whole = {row["seed"]: row for row in rows if row["part"] == WHOLE}
    yield f"| part | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for part in PARTS:
        members = [row for row in rows if row["part"] == part and row["seed"] in whole]
        if members and part == WHOLE:
            cells = [f"{statistics.fmean(row[name] for row in members):.2f} %" for name in names]
            yield f"| *{WHOLE}* | {' | '.join(cells)} |"
        elif members:
            cells = [gain([whole[row["seed"]][name] - row[name] for row in members]) for name in names]
            yield f"| {part} | {' | '.join(cells)} |"


def gain(differences: Sequence[float]) -> str:
    """The mean difference in points, with its interval by Student's t where there are enough seeds.

    Examples
    --------
    >>> gain([1.0, 1.1, 0.9])
    '**+1.00** (+0.75 to +1.25)'
    >>> gain([0.5])
    '+0.50'
    """
    mean = statistics.fmean(differences)
    if len(differences) < LEAST_SEEDS:
        return f"{mean:+.2f}"
    half = stats.t.ppf(0.975, len(differences) - 1) * statistics.stdev(differences) / len(differences) ** 0.5
    shown = f"**{mean:+.2f}**" if abs(mean) > half else f"{mean:+.2f}"
    return f"{shown} ({mean - half:+.2f} to {mean + half:+.2f})"


if __name__ == "__main__":
    sys.exit(main())
