"""Trains the line network with a recurrent and with a purely convolutional head, alike but for that, and compares them.

    python benchmarks/line_heads.py [--lines N] [--seeds N] [--runs DIR] [--output FILE]

Both see the same lines of the recipe of `inkread train line`, in the same order; what is compared is a short training,
not the bundled network. Each is measured alone, without what else reads a line: strips of writers held out, by the
greedy path; real cheque amounts of car_a's "val", as a reader with it reads them; its weights; and the time of a line
of ten digits on one thread. A run that was interrupted goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import lines
from outcome import conclude

from inkread import Reader, ReaderOptions
from inkread.data.datasets import is_present, load
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.metrics import Rate
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import machine, versions
from inkread.models.registry import ModelCard, load_card
from inkread.train.line_recipe import LINE, train_line

# Units of the LSTM in each direction; without any, two wide convolutions stand in its place.
HEADS = {"recurrent": LINE.recurrent, "convolutional": 0}
RESULTS = Path(__file__).parent / "results" / "line_heads.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=60_000, metavar="N", help="lines that each learns from, 60,000")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="trainings of each")
    parser.add_argument("--runs", type=Path, default=Path("runs/line-heads"), metavar="DIR", help="for checkpoints")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    rows: list[dict[str, Any]] = []
    for seed in range(1, args.seeds + 1):
        for head, recurrent in HEADS.items():
            folder = args.runs / f"{head}-{seed}"
            path = folder / "line.toml"
            if not path.is_file():
                recipe = replace(LINE, lines=args.lines, recurrent=recurrent, seed=seed)
                train_line(recipe, folder=folder, say=lambda line: print(line, file=sys.stderr))
            found = measured(f"{head} head, seed {seed}", load_card(path))
            rows += found
            for one in found:
                print(described(one), flush=True)
    return conclude(
        {
            "benchmark": "line_heads",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": {**machine(), "training": versions(("torch",))},
            "lines": args.lines,
            "rows": rows,
        },
        args.output,
        check=False,
    )


def measured(what: str, card: ModelCard) -> Sequence[dict[str, Any]]:
    rows = [
        row(f"{what}: lines of writers held out, greedy", card.figures["exact_percent"] / 100, "share"),
        row(f"{what}: loss a line there", card.figures["loss"], "nats"),
    ]
    if is_present("car_a"):
        reader = Reader(ReaderOptions(threads=2), models={"line": card})
        pictures = pictures_of(load("car_a", "val"), "car_a-val")
        done = evaluate_pictures(lambda source, region: reader.read(source, layout="line", region=region), pictures)
        exact = Rate.of([one.judgement.exact for one in done.outcomes])
        rows.append({**row(f"{what}: cheque amounts, car_a val", exact.value or 0.0, "share"), **exact.to_dict()})
    rows += [
        row(f"{what}: weights", card.training["parameters"], "weights"),
        row(f"{what}: a line of ten digits, one thread", lines.milliseconds_a_line(card) / 1000, "s"),
    ]
    return rows


def row(what: str, value: float, unit: str) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit, "bar": None, "met": None}


def described(one: dict[str, Any]) -> str:
    return f"{one['what']:72} {one['value']:,.4g} {one['unit']}"


if __name__ == "__main__":
    sys.exit(main())
