"""Measures `inkread batch` on pages that it composes itself: rate, workers, Ray, memory, crashes, damaged files.

    python benchmarks/batch.py [--pages N] [--memory-pages FEW MANY] [--kills N] [--skip PART …] [--check]

Pages are 1,000 × 700 pixels with 20 digits, JPEG. Composing takes longer than reading, so a tenth of them is composed,
and each is written ten times with another comment: other bytes, so that every one is read. Memory is that of smaller
pages, because growth is what is asked. Ray is started on this machine with as many workers as cores. What is skipped
keeps its earlier figures. Quiet machines only: everything else that runs is in the figures. `--quick` tries all of it
in a few minutes, without the bars.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from outcome import conclude

from inkread.data.synth import PageOptions, compose_page
from inkread.evaluate.report import machine
from inkread.models.registry import bundled_cards

PARTS = ("rate", "ray", "memory", "kills", "damaged")
TWO_AGAINST_ONE, PAGES_PER_SECOND, RAY_AGAINST_LOCAL, MEMORY_GROWTH = 1.8, 25.0, 0.7, 0.10
DAMAGED = 0.05
NAMES_A_PAGE = 10
RESULTS = Path(__file__).parent / "results" / "batch.json"
# Confidences of the same bytes may differ in the last places between machines and batch sizes of the network.
CLOSE = 1e-4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000, metavar="N", help="pages of rate, ray and damaged, 2000")
    parser.add_argument("--memory-pages", type=int, nargs=2, default=(1000, 20_000), metavar=("FEW", "MANY"))
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="runs that are killed, 10")
    parser.add_argument("--skip", nargs="*", choices=PARTS, default=[], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="few pages: to try it, not to measure")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--folder", type=Path, help="where pages and tables lie; a temporary folder if not given")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()
    if args.quick:
        args.pages, args.memory_pages, args.kills = 100, (50, 400), 3

    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        bench = Bench(Path(folder), args.pages)
        for part in PARTS:
            bench.part = part
            if part in args.skip:
                bench.rows += kept(args.output, part)
            else:
                {
                    "rate": bench.rate,
                    "ray": bench.ray,
                    "memory": lambda: bench.memory(*args.memory_pages),
                    "kills": lambda: bench.kills(args.kills),
                    "damaged": bench.damaged,
                }[part]()
    return conclude(
        {
            "benchmark": "batch",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": networks(),
            "pages": args.pages,
            "rows": bench.rows,
        },
        args.output,
        check=args.check,
    )


def kept(results: Path, part: str) -> list[dict[str, Any]]:
    """The rows of a part in the results of an earlier run with the same networks."""
    if not results.is_file():
        return []
    earlier = json.loads(results.read_text(encoding="utf-8"))
    return [row for row in earlier["rows"] if row["part"] == part] if earlier["model"] == networks() else []


def networks() -> dict[str, str]:
    return {card.task: card.name for card in bundled_cards()}


class Bench:
    """The parts of the benchmark, on pages that are composed once."""

    def __init__(self, folder: Path, pages: int) -> None:
        self.folder = folder
        self.part = PARTS[0]
        self.rows: list[dict[str, Any]] = []
        self.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._pages = pages
        self._scans: Path | None = None
        self._table: list[dict[str, Any]] | None = None

    def add(self, what: str, unit: str, value: float, bar: float | None = None, *, least: bool = True) -> None:
        met = None if bar is None else value >= bar if least else value <= bar
        self.rows.append(
            {
                "part": self.part,
                "what": what,
                "unit": unit,
                "value": value,
                "bar": bar,
                "met": met,
                "sense": f"at {'least' if least else 'most'}",
            }
        )
        side = "" if bar is None else f"  bar: at {'least' if least else 'most'} {bar:g}  {'met' if met else 'MISSED'}"
        print(f"{what:64} {value:10,.4g} {unit}{side}", flush=True)

    # -- what is read ---------------------------------------------------------------------------------------------

    @property
    def scans(self) -> Path:
        """The folder of composed pages."""
        if self._scans is None:
            self._scans = self.folder / "scans"
            write_pages(self._scans, self._pages, width=1000, height=700)
        return self._scans

    def run(self, name: str, *arguments: object, sources: Path | None = None, fails: bool = False) -> Run:
        """A whole run of the command."""
        out = self.folder / f"{name}.jsonl"
        done = Run([*COMMAND, str(sources or self.scans), "--out", str(out), *map(str, arguments)], out)
        done.wait()
        if done.returncode != (1 if fails else 0):
            raise SystemExit(f"{name} ended with {done.returncode}:\n{done.errors}")
        return done

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows of an undisturbed run."""
        if self._table is None:
            self._table = self.run("undisturbed", "--workers", self.cores).table
        return self._table

    # -- the parts ------------------------------------------------------------------------------------------------

    def rate(self) -> None:
        one = self.run("one", "--workers", 1)
        two = self.run("two", "--workers", 2)
        self._table = two.table
        if two.table != one.table:
            raise SystemExit("one worker and two gave other rows")
        self.add("two workers against one", "times", one.seconds / two.seconds, TWO_AGAINST_ONE)
        self.add("pages of 20 digits, 1,000 × 700, two workers", "pages/s", self._pages / two.seconds, PAGES_PER_SECOND)
        self.add("pages of 20 digits, 1,000 × 700, one worker", "pages/s", self._pages / one.seconds)
        self.add("a worker's time on a page", "s", one.summary["reading_seconds"] / self._pages, least=False)
        self.add(f"numbers found; {4 * self._pages:,} of five digits were composed", "numbers", one.summary["numbers"])

    def ray(self) -> None:
        local = self.run("local", "--workers", self.cores)
        ray = self.run("ray", "--engine", "ray", "--workers", self.cores)
        if not same_rows(local.table, ray.table):
            raise SystemExit("Ray gave other rows")
        what = f"Ray against local, {self.cores} cores, its start included; the same rows"
        self.add(what, "times", local.seconds / ray.seconds, RAY_AGAINST_LOCAL)

    def memory(self, few: int, many: int) -> None:
        peaks = []
        for count in (few, many):
            folder = self.folder / f"small-{count}"
            write_pages(folder, count, width=240, height=160)
            peaks.append(self.run(f"memory-{count}", "--workers", 2, sources=folder).peak)
        (few_run, few_worker), (many_run, many_worker) = peaks
        growth = (many_run + 2 * many_worker) / (few_run + 2 * few_worker) - 1
        self.add(f"memory from {few:,} to {many:,} pages, growth", "share", growth, MEMORY_GROWTH, least=False)
        self.add(f"memory of the run itself, {many:,} pages", "MB", many_run / 1e6, least=False)
        self.add("memory of a worker, pages of 240 × 160", "MB", many_worker / 1e6, least=False)
        self.add("memory of a worker, pages of 1,000 × 700", "MB", self.run("large").peak[1] / 1e6, least=False)

    def kills(self, count: int) -> None:
        folder = self.folder / "kills"
        write_pages(folder, 120, width=400, height=300)
        undisturbed = self.run("kills", sources=folder, *("--part-size", 8))  # noqa: B026
        rng = np.random.default_rng(9)
        whole = killed = 0
        while killed < count:
            out = self.folder / f"killed-{killed}.jsonl"
            command = [*COMMAND, str(folder), "--out", str(out), "--part-size", "8", "--resume"]
            run = Run(command, out)
            time.sleep(float(rng.uniform(0, undisturbed.wall)))
            if run.process.poll() is not None:  # it was quicker this time
                run.wait()
                out.unlink()
                (Path(f"{out}.job") / "job.json").unlink()
                continue
            run.process.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
            again = Run(command, out)
            again.wait()
            whole += again.returncode == 0 and again.table == undisturbed.table
        self.add(f"kill -9 at {count} random moments, then resume: every row once", "runs", whole, count)

    def damaged(self) -> None:
        folder = self.folder / "damaged"
        folder.mkdir()
        rng = np.random.default_rng(4)
        names = sorted(path.name for path in self.scans.iterdir())
        bad = set(rng.choice(names, round(DAMAGED * len(names)), replace=False).tolist())
        for place, name in enumerate(names):
            if name in bad:
                data = (self.scans / name).read_bytes()
                torn = [data[: len(data) // 3], b"", b"not a picture", rng.bytes(4000), data[:20]][place % 5]
                # Each its own bytes, so that each is read.
                (folder / name).write_bytes(torn + name.encode() if torn else torn)
            else:
                os.link(self.scans / name, folder / name)
        run = self.run("damaged", sources=folder, fails=True)
        rows = [{**row, "source": Path(row["source"]).name} for row in run.table]
        wanted = [{**row, "source": Path(row["source"]).name} for row in self.table]
        good = [row for row in rows if row["source"] not in bad]
        if good != [row for row in wanted if row["source"] not in bad]:
            raise SystemExit("good files were read otherwise beside damaged ones")
        reasons = Counter(row["problem"] for row in rows if row["source"] in bad)
        told = sum(reasons[code] for code in reasons if code in ("CorruptSource", "UnsupportedSource"))
        print(f"  {dict(reasons)}")
        share = told / len(bad)
        self.add(f"damaged files among {len(names):,} with a row and its reason, exit code 1", "share", share, 1.0)


COMMAND = (sys.executable, "-m", "inkread", "batch")


class Run:
    """A run of the command: how long it took, what it needed, what came of it."""

    def __init__(self, command: Sequence[str], out: Path) -> None:
        self.out = out
        self._began = time.perf_counter()
        # What others do with the cores of a worker is not measured here.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self._peaks: dict[int, int] = {}
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def wait(self) -> None:
        _, self.errors = self.process.communicate()
        self.wall = time.perf_counter() - self._began
        self._watching.join()

    def _watch(self) -> None:
        while self.process.poll() is None:
            for pid in (self.process.pid, *children(self.process.pid)):
                self._peaks[pid] = max(self._peaks.get(pid, 0), peak_bytes(pid))
            time.sleep(0.2)

    @property
    def returncode(self) -> int | None:
        return self.process.returncode

    @property
    def summary(self) -> dict[str, Any]:
        path = Path(f"{self.out}.job") / "summary.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    @property
    def seconds(self) -> float:
        """From the start of the process to its end."""
        return self.wall

    @property
    def table(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]

    @property
    def peak(self) -> tuple[int, int]:
        """The most bytes of the run's own process, and of its largest worker."""
        own = self._peaks.pop(self.process.pid)
        return own, max(self._peaks.values())


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def peak_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def same_rows(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Whether two tables say the same, confidences to within a hair."""

    def close(a: Any, b: Any) -> bool:
        if isinstance(a, float) and isinstance(b, float):
            return abs(a - b) <= CLOSE
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
        if isinstance(a, list) and isinstance(b, list):
            return len(a) == len(b) and all(map(close, a, b))
        return bool(a == b)

    return close(one, other)


def write_pages(folder: Path, count: int, *, width: int, height: int) -> None:
    """Composed pages of four lines of five digits, a tenth of them different to the eye."""
    folder.mkdir()
    rng = np.random.default_rng(width)
    written = 0
    while written < count:
        lines = tuple("".join(map(str, rng.integers(0, 10, 5))) for _ in range(4))
        image, _ = compose_page(rng, PageOptions(width=width, height=height, lines=lines))
        pixels = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR)
        _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
        data = encoded.tobytes()
        for _ in range(min(NAMES_A_PAGE, count - written)):
            comment = f"{written}".encode()
            segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
            (folder / f"page-{written}.jpg").write_bytes(data[:2] + segment + data[2:])
            written += 1


if __name__ == "__main__":
    sys.exit(main())
