"""Reads the same decoded pictures with inkread and with RapidOCR, one after the other, and compares time and figures.

    python benchmarks/against_rapidocr.py --peer-python PEERS/bin/python [MANIFEST] [--images DIR] [--output FILE]

RapidOCR lives in an environment of its own::

    python -m venv PEERS && PEERS/bin/pip install rapidocr onnxruntime

Both get pixels and both run in this one go, picture by picture in turn, so that whatever else the machine does falls on
both. Without a manifest, that of the set ``real`` in the folder that INKREAD_DATA names.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

import inkread
from inkread.evaluate.metrics import mcnemar, paired_bootstrap_interval
from inkread.evaluate.pages import (
    GroupFigures,
    LabeledPicture,
    PictureOutcome,
    PicturesReport,
    Presentation,
    handed_over,
)
from inkread.evaluate.pages import judge as judged
from inkread.evaluate.report import machine, write_report
from inkread.evaluate.sources import Choice, find_pictures
from inkread.reader import Layout

FASTER = 15
PEER = Path(__file__).parent / "peers" / "rapidocr_reader.py"
RESULTS = Path(__file__).parent / "results" / "against_rapidocr.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", nargs="?", default="real")
    parser.add_argument("--images", type=Path, metavar="DIR")
    parser.add_argument("--peer-python", required=True, metavar="FILE", help="the Python that has rapidocr")
    parser.add_argument("--split", nargs="+", metavar="NAME", help="of a data set; several are pooled")
    parser.add_argument(
        "--layout", choices=("page", "line"), default="page", help="line: each picture is one, for its recognizer too"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N pictures")
    parser.add_argument("--pictures", type=Path, metavar="FILE", help="what both read in each picture, JSON lines")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    parts = [
        find_pictures(Choice(data=args.manifest, split=split, images=args.images, limit=args.limit))
        for split in args.split or [None]
    ]
    pictures = tuple(picture for part, _ in parts for picture in part)
    about = parts[0][1] if len(parts) == 1 else {"pooled": [one for _, one in parts], "n": len(pictures)}
    ours: list[PictureOutcome] = []
    theirs: list[PictureOutcome] = []
    with peer(args.peer_python, args.layout) as (ask, version), tempfile.TemporaryDirectory() as folder:
        array = Path(folder) / "pixels.npy"
        for number, picture in enumerate([pictures[0], *pictures]):  # the first once more, to load both
            pixels, _ = handed_over(picture, Presentation(as_array=True))
            np.save(array, np.asarray(pixels))
            mine, their = read_here(picture, np.asarray(pixels), args.layout), read_there(picture, ask(str(array)))
            if number:
                ours.append(mine)
                theirs.append(their)
            print(f"\r{number} of {len(pictures)}", end="", file=sys.stderr)
    print(file=sys.stderr)

    here, there = PicturesReport(outcomes=tuple(ours)), PicturesReport(outcomes=tuple(theirs))
    ratio = there.median_seconds / here.median_seconds
    each = statistics.median(b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True))
    rows = [row(name, mine, there_figures(there, name)) for name, mine in {"all": here.figures, **here.groups}.items()]
    print(f"{'':26} {'n':>4} {'exact':>14} {'F1':>14} {'CER':>14}   (inkread, rapidocr)")
    for one in rows:
        print(described(one))
    right, other = (np.array([one.judgement.exact for one in side]) for side in (ours, theirs))
    interval = paired_bootstrap_interval(right, other, rng=np.random.default_rng(0))
    test = mcnemar(right, other)
    print(
        f"exact: {100 * (right.mean() - other.mean()):+.1f} points, 95 % {100 * interval.low:+.1f} to "
        f"{100 * interval.high:+.1f}; only inkread {test.first_only}, only rapidocr {test.second_only}, "
        f"p = {test.p_value:.2g}"
    )
    print(
        f"median seconds: inkread {here.median_seconds:.4f}, rapidocr {there.median_seconds:.4f}: {ratio:.1f} times "
        f"faster (bar {FASTER}); median of the pictures' own ratios {each:.1f}; "
        f"errors {here.figures.errors} and {there.figures.errors}"
    )
    behind = [one["group"] for one in rows if one["is_category"] and not one["ahead"]]
    if behind:
        print(f"not ahead in exactness in: {', '.join(behind)}", file=sys.stderr)
    write_report(
        {
            "benchmark": "against_rapidocr",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "peer": version,
            "model": dict(here.models),
            "data": about,
            "layout": args.layout,
            "median_seconds": {"inkread": here.median_seconds, "rapidocr": there.median_seconds},
            "times_faster": {"of_medians": ratio, "median_of_ratios": each, "bar": FASTER, "met": ratio >= FASTER},
            "exact_difference": {
                "value": float(right.mean() - other.mean()),
                "interval": interval.to_list(),
                "only_inkread": test.first_only,
                "only_rapidocr": test.second_only,
                "p_value": test.p_value,
            },
            "groups": rows,
        },
        args.output,
    )
    print(f"written to {args.output}", file=sys.stderr)
    if args.pictures is not None:
        # Not in the results: what stands in a picture belongs to whoever holds the pictures.
        both = [{"inkread": a.to_dict(), "rapidocr": b.to_dict()} for a, b in zip(ours, theirs, strict=True)]
        args.pictures.write_text("".join(json.dumps(one) + "\n" for one in both), encoding="utf-8")
    return 1 if args.check and (behind or ratio < FASTER) else 0


@contextmanager
def peer(python: str, layout: Layout) -> Iterator[tuple[Any, dict[str, str]]]:
    """The other reader in its own process: a function from the path of an array to its answer, and its version."""
    command = [python, str(PEER), *(["--line"] if layout == "line" else [])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None  # noqa: S101 - both were asked for
    assert process.stdout is not None  # noqa: S101

    def answer() -> dict[str, Any]:
        for line in process.stdout or ():
            if line.startswith("{"):  # its log may come before
                found: dict[str, Any] = json.loads(line)
                return found
        raise SystemExit(f"{python} {PEER} ended with {process.wait()}")

    def ask(path: str) -> dict[str, Any]:
        assert process.stdin is not None  # noqa: S101
        process.stdin.write(path + "\n")
        process.stdin.flush()
        return answer()

    try:
        yield ask, answer()
    finally:
        process.stdin.close()
        process.wait(timeout=60)


def read_here(picture: LabeledPicture, pixels: np.ndarray[Any, np.dtype[np.uint8]], layout: Layout) -> PictureOutcome:
    started = time.perf_counter()
    document = inkread.read(pixels, layout=layout)
    seconds = time.perf_counter() - started
    return PictureOutcome(
        picture=picture,
        judgement=judged(picture.lines, document.text.splitlines(), unordered=picture.unordered),
        document=document,
        error=None,
        seconds=seconds,
    )


def read_there(picture: LabeledPicture, answer: dict[str, Any]) -> PictureOutcome:
    return PictureOutcome(
        picture=picture,
        judgement=judged(picture.lines, answer["lines"], unordered=picture.unordered),
        document=None,
        error=None,
        seconds=answer["seconds"],
    )


def there_figures(report: PicturesReport, name: str) -> GroupFigures:
    return report.figures if name == "all" else report.groups[name]


def row(name: str, mine: GroupFigures, theirs: GroupFigures) -> dict[str, Any]:
    return {
        "group": name,
        "is_category": ":" not in name and name != "all",
        "ahead": mine.exact.hits > theirs.exact.hits,
        "inkread": mine.to_dict(),
        "rapidocr": theirs.to_dict(),
    }


def described(one: dict[str, Any]) -> str:
    def pair(read: Any) -> str:
        values = [read(one[who]) for who in ("inkread", "rapidocr")]
        return " ".join("     –" if value is None else f"{100 * value:6.1f}" for value in values)

    exact, f1, cer = pair(lambda f: f["exact"]["value"]), pair(lambda f: f["f1"]), pair(lambda f: f["cer"])
    return f"{one['group']:26} {one['inkread']['n']:4d} {exact:>14} {f1:>14} {cer:>14}"


if __name__ == "__main__":
    sys.exit(main())
