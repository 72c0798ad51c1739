"""Counts the digits that are read where none stands: on composed pages of letters, drawings, print and photographs.

    python benchmarks/clutter.py [--pages N] [--first N] [--alone] [--pictures DIR] [--output FILE] [--check]

The pages are painted anew from their numbers, so that everybody measures the same ones. --alone reads without the page
network, to see what it is worth; --pictures writes every page on which digits were read, under its number.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from inkread import Reader, ReaderOptions
from inkread.data.clutter import compose_clutter
from inkread.evaluate.report import machine, write_report

FALSE_DIGITS = 0.1
# Apart from the seeds of any recipe.
SEED = 20_261
RESULTS = Path(__file__).parent / "results" / "clutter.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200, metavar="N", help="how many pages, 200")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first, 0")
    parser.add_argument("--alone", action="store_true", help="read without the page network")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="gets the pages on which digits were read")
    parser.add_argument("--check", action="store_true", help="exit with 1 where the bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    reader = Reader(ReaderOptions(look_around=not args.alone))
    digits, seconds = [], []
    for number in range(args.first, args.first + args.pages):
        pixels = compose_clutter(np.random.default_rng([SEED, number])).pixels
        began = time.perf_counter()
        document = reader.read(pixels)
        seconds.append(time.perf_counter() - began)
        text = document.text.replace("\n", " ")
        digits.append(sum(character.isdigit() for character in text))
        if digits[-1]:
            print(f"page {number}: {text}", flush=True)
            if args.pictures:
                args.pictures.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.asarray(pixels)).save(args.pictures / f"{number:04}.png")
    each = float(np.mean(digits))
    met = each <= FALSE_DIGITS
    print(
        f"false digits a page: {each:.3f}  bar: at most {FALSE_DIGITS:g}  {'met' if met else 'MISSED'}; "
        f"{sum(count > 0 for count in digits)} of {len(digits)} pages have some; "
        f"median {np.median(seconds):.4f} s a page"
    )
    write_report(
        {
            "benchmark": "clutter",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": reader.model,
            "pages": len(digits),
            "look_around": not args.alone,
            "false_digits_each": each,
            "pages_with_digits": sum(count > 0 for count in digits),
            "median_seconds": float(np.median(seconds)),
            "bar": FALSE_DIGITS,
            "met": met,
        },
        args.output,
    )
    print(f"written to {args.output}", file=sys.stderr)
    return 1 if args.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
