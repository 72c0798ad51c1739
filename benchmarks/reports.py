"""Writes the reports of the bundled networks that the package holds.

    python benchmarks/reports.py [--digit-curves FILE] [--line-curves FILE] [--only NAME …] [--output DIR]

They are what /v1/report, the performance page and `inkread models show` tell. To be run again after every change of a
bundled network, with the curves.jsonl of its training; the curves of a network that stays the same are kept. A set that
is not in the folder named by INKREAD_DATA keeps its old report while that is of the same networks, and loses it
otherwise. Reports hold figures and curves, and no picture.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import inkread
from inkread.errors import DataError
from inkread.evaluate.digits import evaluate_digits
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import (
    Circumstances,
    digits_report,
    machine,
    pictures_report,
    read_curves,
    training_curves,
    write_whole,
)
from inkread.evaluate.sources import Choice, find_crops, find_pictures
from inkread.models import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one report is about; ``limit`` bounds what takes long, ``trained`` is whose training it tells."""

    task: Literal["digit", "lines", "pages"]
    data: str
    split: str | None = None
    limit: int | None = None
    trained: str = ""


# In the order in which they are shown. Of MNIST, optdigits32 and phone_chars62 the part held out from training is read;
# all others have never been trained on.
SUBJECTS = (
    Subject(task="digit", data="mnist", split="test", trained="digit"),
    Subject(task="digit", data="usps", split="test", trained="second"),
    Subject(task="digit", data="optdigits32", split="test"),
    Subject(task="digit", data="phone_chars62", split="test"),
    Subject(task="digit", data="semeion", split="all"),
    Subject(task="digit", data="dida", split="test"),
    Subject(task="digit", data="choice62", split="all"),
    Subject(task="lines", data="car_a", split="test", trained="line"),
    Subject(task="lines", data="mgr_rowid", split="test", limit=600, trained="words"),
    Subject(task="pages", data="real", trained="page"),
)
REPORTS = Path(registry.__file__).parent / "reports"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # The writer model is measured, and not learned by steps.
    cards = {card.task: card for card in registry.bundled_cards() if card.task != "writer"}
    for task, card in cards.items():
        parser.add_argument(
            f"--{task}-curves", type=Path, metavar="FILE", help=f"curves.jsonl of the training of {card.name}"
        )
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[one.data for one in SUBJECTS])
    parser.add_argument("--output", type=Path, default=REPORTS, metavar="DIR")
    args = parser.parse_args()

    curves: dict[str, list[dict[str, float]]] = {}
    for task, card in cards.items():
        given = getattr(args, f"{task}_curves")
        # Read before anything is measured: a wrong path shall not cost an hour.
        curves[task] = read_curves(given) if given else training_curves(card)
        if not curves[task]:
            print(f"no curves of the training of {card.name} are known: --{task}-curves", file=sys.stderr)
    model = dict(inkread.Reader().model)
    total, missing = 0, 0
    for place, subject in enumerate(SUBJECTS, 1):
        path = args.output / f"{place:02d}-{subject.task}-{subject.data}.json"
        if args.only and subject.data not in args.only:
            continue
        try:
            report = measured(subject, model, curves.get(subject.trained, []))
        except DataError as error:
            missing += 1
            print(f"{subject.data}: {error.message}", file=sys.stderr)
            if not is_of(path, model):
                path.unlink(missing_ok=True)
            continue
        text = laid_out(report)
        write_whole(text, path)
        total += len(text)
        accuracy = report["accuracy"]
        print(f"{subject.task:6} {subject.data:14} {accuracy['hits']} of {accuracy['n']}  {path.name}", flush=True)
    print(f"{total:,} bytes written into {args.output}", file=sys.stderr)
    return 1 if missing else 0


def measured(subject: Subject, model: dict[str, str], training: list[dict[str, float]]) -> dict[str, Any]:
    """The report on one subject, read with the bundled networks."""
    choice = Choice(data=subject.data, split=subject.split, limit=subject.limit)
    words = ["inkread evaluate", subject.task, subject.data]
    words += ["--split", subject.split] if subject.split else []
    words += ["--limit", str(subject.limit)] if subject.limit else []

    def circumstances(about: dict[str, Any]) -> Circumstances:
        return Circumstances(
            model={
                task: name for task, name in model.items() if subject.task != "digit" or task in registry.DIGIT_TASKS
            },
            data=about,
            command=" ".join(words),
            date=datetime.now().astimezone(),
            machine=machine(),
            training=training,
            trained=model.get(subject.trained, ""),
        )

    if subject.task == "digit":
        samples, about = find_crops(choice)
        threshold = registry.bundled("digit").refusal_threshold
        return digits_report(
            evaluate_digits(inkread.classify, samples, refusal_threshold=threshold), circumstances(about)
        )
    pictures, about = find_pictures(choice)
    layout: Literal["line", "page"] = "line" if subject.task == "lines" else "page"
    outcomes = evaluate_pictures(lambda source, region: inkread.read(source, layout=layout, region=region), pictures)
    return pictures_report(outcomes, circumstances(about), task=subject.task)


def is_of(path: Path, model: dict[str, str]) -> bool:
    """Whether there is a report, and its networks are these."""
    return path.is_file() and json.loads(path.read_text(encoding="utf-8"))["model"].items() <= model.items()


def laid_out(report: dict[str, Any]) -> str:
    """JSON with one line an entry: short, and a change shows where it is."""
    entries: Sequence[str] = [
        f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'), allow_nan=False)}"
        for key, value in report.items()
    ]
    return "{\n" + ",\n".join(entries) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
