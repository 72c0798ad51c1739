"""Reads composed pages in the hands of DigiLeTs' writers: people of whom no network has learned, on our papers.

    python benchmarks/strangers.py [--pages N] [--only NAME …] [--errors DIR] [--output FILE]

Their digits and letters were recorded one by one, so that those of one number differ in size as nobody writes them;
all else (pens, papers, light, what is drawn) is the synthesiser's. It is a report, and has no bar. --errors writes a
gallery of every miss.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from circumstances import described, named_number, row
from outcome import conclude

from inkread import Reader
from inkread.data.datasets import StrokeSamples, load_strokes
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.errors import DataError
from inkread.evaluate.gallery import picture_misses, write_gallery
from inkread.evaluate.metrics import Rate
from inkread.evaluate.pages import LabeledPicture, PicturesReport, evaluate_pictures
from inkread.evaluate.report import machine
from inkread.geometry import Stroke
from inkread.parts import DIGITS

# Words as people write them before numbers, many of letters that look like digits.
WORDS = (
    *("Age", "Alter", "Anna", "Ben", "Bill", "Bonus", "Bus", "Cash", "Days", "Eva", "Fritz", "Gain", "Gas", "Gast"),
    *("Hours", "Jan", "Karl", "Kasse", "Kilo", "Klasse", "Kunde", "Lisa", "Log", "Loss", "Maria", "Max", "Name"),
    *("Netto", "Nummer", "Order", "Page", "Paul", "Points", "Preis", "Profit", "Rest", "Rolf", "Room", "Sales"),
    *("Score", "Seite", "Stock", "Summe", "Table", "Tag", "Tax", "Team", "Tisch", "Tom", "Total", "Weg", "Weight"),
    *("Wert", "Years", "Zimmer", "Zoe", "Zug"),
)
ONLY_WORDS = "words alone"
# How pages are composed, and what stands on them where the composer does not choose it.
KINDS: Mapping[str, Mapping[str, Any]] = {
    "a sheet that fills the picture": {},
    "squared paper": {"paper": "squared"},
    "a board": {"paper": "board"},
    "a sheet on a table": {"desk": True, "view": 0.6},
    "a table": {"layout": "table"},
    "combs": {"layout": "comb"},
    "one line": {"layout": "line", "height": 300},
    "one digit": {"layout": "digit", "width": 500, "height": 500},
    "words and drawings beside": {"distractors": 0.5},
    "a word before each number": {},
    ONLY_WORDS: {},
}
TEXTS: Mapping[str, Callable[[np.random.Generator], tuple[str, ...]]] = {
    "a word before each number": lambda rng: tuple(named_number(rng, WORDS) for _ in range(rng.integers(1, 6))),
    ONLY_WORDS: lambda rng: tuple(
        " ".join(str(rng.choice(WORDS)) for _ in range(rng.integers(1, 4))) for _ in range(rng.integers(1, 6))
    ),
}
# Apart from the seeds of any recipe.
SEED = 20_271
RESULTS = Path(__file__).parent / "results" / "strangers.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=120, metavar="N", help="how many pages of each, 120")
    parser.add_argument("--only", nargs="+", choices=list(KINDS), metavar="NAME", help="some of them")
    parser.add_argument("--errors", type=Path, metavar="DIR", help="gets a gallery of the misses of each")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    try:
        writers = recorded_writers(load_strokes("digilets_digits"), load_strokes("digilets_letters"))
    except DataError as error:
        print(f"strangers: {error.message}", file=sys.stderr)
        return 1
    reader = Reader()
    rows = []
    for name in args.only or KINDS:
        pictures = composed(name, writers, count=args.pages)
        report = evaluate_pictures(lambda source, region: reader.read(source, region=region), pictures)
        rows.append(without_numbers(report) if name == ONLY_WORDS else row(name, report))
        print(said_of_words(rows[-1]) if name == ONLY_WORDS else described(rows[-1]), flush=True)
        if args.errors:
            write_gallery(args.errors / name.replace(" ", "-"), [*picture_misses(report)], title=name)
    return conclude(
        {
            "benchmark": "strangers",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": reader.model,
            "pages": args.pages,
            "writers": len(writers),
            "rows": rows,
        },
        args.output,
        check=False,
    )


def recorded_writers(*sets: StrokeSamples) -> list[dict[str, list[tuple[Stroke, ...]]]]:
    """What each writer wrote, by character, in heights of that writer's usual digit; those who wrote all ten digits.

    A digit stands on the base line but for a third of how far it was written off it.
    """
    written: dict[int, dict[str, list[tuple[Stroke, ...]]]] = defaultdict(lambda: defaultdict(list))
    for samples in sets:
        if samples.writers is None or samples.complete is None:
            raise DataError("these strokes do not say who wrote them")
        for number in np.flatnonzero(samples.complete).tolist():
            written[int(samples.writers[number])][str(samples.labels[number])].append(samples.strokes[number])
    whole = [written[writer] for writer in sorted(written) if set(DIGITS) <= set(written[writer])]
    return [_in_heights_of_a_digit(characters) for characters in whole]


def _in_heights_of_a_digit(
    characters: Mapping[str, Sequence[tuple[Stroke, ...]]],
) -> dict[str, list[tuple[Stroke, ...]]]:
    ends = np.array([_top_and_bottom(strokes) for digit in DIGITS for strokes in characters[digit]])
    top, bottom = np.median(ends, axis=0).tolist()

    def placed(strokes: tuple[Stroke, ...], *, is_digit: bool) -> tuple[Stroke, ...]:
        left = min(float(stroke.x.min()) for stroke in strokes)
        rise = top + (0.7 * (_top_and_bottom(strokes)[1] - bottom) if is_digit else 0.0)
        height = bottom - top
        return tuple(
            Stroke(x=(one.x - left) / height, y=(one.y - rise) / height, t=one.t, pressure=one.pressure)
            for one in strokes
        )

    return {
        character: [placed(strokes, is_digit=character in DIGITS) for strokes in some]
        for character, some in characters.items()
    }


def _top_and_bottom(strokes: tuple[Stroke, ...]) -> tuple[float, float]:
    return min(float(one.y.min()) for one in strokes), max(float(one.y.max()) for one in strokes)


def composed(
    name: str, writers: Sequence[Mapping[str, Sequence[tuple[Stroke, ...]]]], *, count: int
) -> list[LabeledPicture]:
    """Pages of a kind, each in the hand of one of the writers."""
    pictures = []
    for number in range(count):
        rng = np.random.default_rng([SEED, number])
        hand = replace(Hand.random(rng), recorded=writers[int(rng.integers(len(writers)))])
        options = PageOptions(**KINDS[name], hand=hand)
        if name in TEXTS:
            options = replace(options, lines=TEXTS[name](rng))
        page, truth = compose_page(rng, options)
        lines = tuple(line.text for line in truth.lines() if line.text)
        pictures.append(LabeledPicture(id=f"page-{number:03}", source=np.asarray(page.pixels), lines=lines))
    return pictures


def without_numbers(report: PicturesReport) -> dict[str, Any]:
    """How many digits are read a page where none stands."""
    read = [sum(map(len, one.judgement.got)) for one in report.outcomes]
    return {
        "what": f"{ONLY_WORDS}: digits a page that are none",
        "value": float(np.mean(read)),
        "pages_right": Rate.of([not count for count in read]).to_dict(),
        "median_seconds": report.median_seconds,
        "bar": None,
        "met": None,
    }


def said_of_words(one: Mapping[str, Any]) -> str:
    pages = one["pages_right"]
    return f"{one['what']}: {one['value']:.3f}; {pages['hits']} of {pages['n']} pages have none"


if __name__ == "__main__":
    sys.exit(main())
