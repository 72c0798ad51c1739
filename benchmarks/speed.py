"""Measures how fast inkread is and how much memory it takes, on pictures that it makes itself.

    python benchmarks/speed.py [--photo FILE] [--repeat N] [--output FILE] [--check]

Throughput of ``classify`` in batches of 256, the time of one digit, one line and one page, the time of the import and
of the first read in a new process, and the time and the peak memory that photographs of 12 megapixels take. Whatever
depends on a fresh process runs in one. Quiet machines only: everything else that runs is in the figures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hundred_digits import hundred_digits
from outcome import conclude

import inkread
from inkread import Reader, ReaderOptions
from inkread.data.synth import Hand, PageOptions, compose_page, draw_glyph
from inkread.evaluate.report import machine
from inkread.models.registry import bundled

DIGITS_PER_SECOND = 8000
IMPORT_S, FIRST_READ_S, PEAK_MB = 0.150, 0.500, 350
HUNDRED_S = 0.250  # a photograph of 12 megapixels that shows 100 digits
BATCH = 256
RESULTS = Path(__file__).parent / "results" / "speed.json"

# The program's own clock, from before the import to after the first answer; starting Python is not ours.
IMPORT = "import time; began = time.perf_counter(); import inkread; print(time.perf_counter() - began)"
FIRST_READ = """
import sys, time
began = time.perf_counter()
import inkread
inkread.read(sys.argv[1])
print(time.perf_counter() - began)
"""
# On Linux ru_maxrss of a new process begins at what its parent held when it was started; VmHWM begins at nothing.
PEAK = """
import resource, sys
import inkread
inkread.read(sys.argv[1])
try:
    with open("/proc/self/status") as lines:
        peak = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / 1e6)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, metavar="FILE", help="a photograph of 12 megapixels instead of ours")
    parser.add_argument("--repeat", type=int, default=10, metavar="N", help="fresh processes a figure, 10")
    parser.add_argument("--batches", type=int, default=40, metavar="N", help="batches of 256 digits, 40")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []

    def add(what: str, unit: str, values: Sequence[float], bar: float | None = None, *, least: bool = False) -> None:
        """A figure is the median of its values; ``least`` says that the bar is a minimum."""
        value = statistics.median(values)
        met = None if bar is None else value >= bar if least else value <= bar
        rows.append(
            {
                "what": what,
                "unit": unit,
                "value": value,
                "best": max(values) if least else min(values),
                "worst": min(values) if least else max(values),
                "times": len(values),
                "bar": bar,
                "met": met,
            }
        )
        side = "" if bar is None else f"  bar: at {'least' if least else 'most'} {bar:g}  {'met' if met else 'MISSED'}"
        print(
            f"{what:52} {value:12,.4g} {unit:16} ({rows[-1]['best']:,.4g} to {rows[-1]['worst']:,.4g}){side}",
            flush=True,
        )

    crops = digits(rng, BATCH)
    square = np.stack([boxed(crop, 28) for crop in crops])
    add("import inkread", "s", fresh(IMPORT, (), args.repeat), IMPORT_S)
    with tempfile.TemporaryDirectory() as folder:
        page, photo = Path(folder) / "page.png", Path(folder) / "photo.jpg"
        write_picture(page, pixels_of(rng, PageOptions(width=1000, height=700, layout="lines")))
        if args.photo is not None:
            photo = args.photo
        else:
            sheet = PageOptions(width=4000, height=3000, layout="lines", digit_height=110, wear=0.3, light=0.6)
            write_picture(photo, pixels_of(rng, sheet))
        add(
            "first read in a new process, page of 0.7 megapixels",
            "s",
            fresh(FIRST_READ, (page,), args.repeat),
            FIRST_READ_S,
        )
        add("peak memory, photograph of 12 megapixels", "MB", fresh(PEAK, (photo,), 3), PEAK_MB)
        inkread.read(photo)
        add("photograph of 12 megapixels, file in", "s", timed(lambda: inkread.read(photo), 5))
        hundred = Path(folder) / "hundred.jpg"
        write_picture(hundred, hundred_digits(width=4000, height=3000))
        reader = Reader(ReaderOptions(threads=2))
        count = len(list(reader.read(hundred).digits()))
        what = f"photograph of 12 megapixels, {count} of 100 digits read"
        add(what, "s", timed(partial(reader.read, hundred), 10), HUNDRED_S)

    inkread.classify(square)
    per_second = [BATCH / seconds for seconds in timed(lambda: inkread.classify(square), args.batches)]
    add(f"classify, batches of {BATCH}, 28 × 28", "digits/s", per_second, DIGITS_PER_SECOND, least=True)
    per_second = [BATCH / seconds for seconds in timed(lambda: inkread.classify(crops), args.batches)]
    add(f"classify, batches of {BATCH}, 20 to 90 pixels high", "digits/s", per_second, least=True)
    add("classify, one digit of 28 × 28", "s", timed(lambda: inkread.classify(square[:1]), 200))
    line = pixels_of(rng, PageOptions(width=600, height=120, layout="line", lines=("12503 847",)))
    small = pixels_of(rng, PageOptions(width=1000, height=700, layout="lines"))
    large = pixels_of(rng, PageOptions(width=2000, height=1500, layout="lines"))
    add("line of 600 × 120, pixels in", "s", timed(lambda: inkread.read(line, layout="line"), 30))
    for what, pixels in (("page of 0.7 megapixels", small), ("page of 3 megapixels", large)):
        count = len(list(inkread.read(pixels).digits()))
        add(f"{what}, pixels in, {count} digits read", "s", timed(partial(inkread.read, pixels), 30))

    card = bundled("digit")
    add("digit network", "bytes", [card.path.stat().st_size], 1e6)
    return conclude(
        {
            "benchmark": "speed",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": {"digit": card.name},
            "photo": "made by inkread" if args.photo is None else args.photo.name,
            "rows": rows,
        },
        args.output,
        check=args.check,
    )


def fresh(program: str, arguments: Sequence[Path], times: int) -> list[float]:
    """What ``program`` prints, in ``times`` new processes; one more before them fills the caches of the disk."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(times + 1)]
    return [float(json.loads(run.stdout)) for run in runs[1:]]


def timed(call: Callable[[], object], times: int) -> list[float]:
    """The seconds of each of ``times`` calls."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds


def digits(rng: np.random.Generator, count: int) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Dark digits on light paper, of many hands and sizes."""
    crops = []
    for place in range(count):
        ink = draw_glyph(str(place % 10), Hand.random(rng), rng, height=int(rng.integers(20, 90)))
        crops.append((230 - 190 * ink).astype(np.uint8))
    return crops


def boxed(crop: np.ndarray[Any, np.dtype[np.uint8]], side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The crop in the middle of a square of paper, shrunk to ``side``."""
    height, width = crop.shape
    longest = max(height, width)
    top, left = (longest - height) // 2, (longest - width) // 2
    square = np.full((longest, longest), 230, np.uint8)
    square[top : top + height, left : left + width] = crop
    return np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def pixels_of(rng: np.random.Generator, options: PageOptions) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A made page, RGB."""
    image, _ = compose_page(rng, options)
    return image.pixels


def write_picture(path: Path, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 90] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)


if __name__ == "__main__":
    sys.exit(main())
