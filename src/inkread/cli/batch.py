"""``inkread batch``: many sources into one table, on this machine or on a Ray cluster."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkread.cli import border, choices
from inkread.errors import InkreadError, InvalidOption

if TYPE_CHECKING:
    from inkread.batch import Job, Progress, Summary

__all__ = ["ENGINES", "batch"]

ENGINES = ("local", "ray")
# Seconds between two lines of progress where stderr is no terminal.
LINE_EVERY_S = 30.0


def batch(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCES",
            help="Files, folders, patterns in quotes, PDFs, addresses (s3://, gs://, https://), archives "
            "(zip::scans.zip) and lists (@list.txt, @- for standard input). With --resume they may be left out.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The table: its ending says its format, .parquet, .csv or .jsonl."),
    ] = Path("results.csv"),
    layout: choices.Layout = "page",
    min_confidence: Annotated[
        float,
        typer.Option(metavar="P", min=0.0, max=1.0, help="Numbers less certain than P are marked as not accepted."),
    ] = 0.0,
    model: choices.Model = None,
    annotate: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each page with its numbers drawn over it into DIR.")
    ] = None,
    errors_to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the sources that failed, one line of JSON each.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            parser=choices.one_of(ENGINES),
            metavar="[local|ray]",
            help="Read with processes of this machine, or on Ray (extra batch).",
        ),
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Readers, a core each; by default one for every core.")
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The Ray cluster that this machine belongs to, such as auto."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run of the same job ended, or begin it.")
    ] = False,
    part_size: Annotated[
        int, typer.Option(metavar="N", min=1, help="Sources that are written at once, and read again after a crash.")
    ] = 128,
) -> None:
    """Read many pictures and documents into one table, a row a number.

    A source that fails is a row with its problem, and the exit code is 1. What is finished is kept in FILE.job: after
    Ctrl-C, a crash or a full disk, --resume goes on, and no row is lost or written twice.

    \b
    Examples:
      inkread batch scans/ "more/*.pdf" --out numbers.parquet
      inkread batch --resume --out numbers.parquet
      inkread batch zip::archive.zip @list.txt --out numbers.csv --errors-to failed.jsonl
      inkread batch s3://bucket/scans/ --out numbers.parquet --engine ray --ray-address auto
    """
    from inkread.batch import Job, Local, OnRay, begun_job, run

    if ray_address is not None and engine != "ray":
        raise InvalidOption("--ray-address needs --engine ray")
    known: dict[str, Any] = {
        "layout": layout,
        "min_confidence": min_confidence,
        "model": model,
        "annotate": annotate,
        "errors_to": errors_to,
        "part_size": part_size,
    }
    if sources:
        job = Job(sources=tuple(sources), out=str(out), **known)
    elif resume and (begun := begun_job(out)) is not None:
        job = replace(begun, out=str(out))
    else:
        why = f"there is no unfinished job at {out}" if resume else "nothing is named that could be read"
        raise InvalidOption(f"{why}; give SOURCES: files, folders, patterns, addresses or @lists")

    where = OnRay(address=ray_address, workers=workers) if engine == "ray" else Local(workers=workers)
    try:
        with _stop_on_sigterm(), _progress() as show:
            summary = run(job, engine=where, resume=resume, progress=show)
    except KeyboardInterrupt:
        _say_how_to_resume(job)
        raise
    except InkreadError as error:
        if not isinstance(error, InvalidOption):
            _say_how_to_resume(job)
        raise
    for line in _told(summary, job):
        border.say(line)
    if summary.failed:
        raise typer.Exit(border.FAILED)


def _say_how_to_resume(job: Job) -> None:
    if (job.folder / "job.json").exists():
        border.say(f"what is finished is kept; go on with: inkread batch --resume --out {shlex.quote(job.out)}")


def _told(summary: Summary, job: Job) -> Iterator[str]:
    from inkread.batch.summary import duration

    same = f" ({summary.duplicates:,} the same as others)" if summary.duplicates else ""
    before = f" ({summary.resumed:,} of them before)" if summary.resumed else ""
    yield f"{summary.sources:,} sources{same} in {duration(summary.seconds)}{before}, {summary.rate:.1f} a second"
    yield (
        f"{summary.pages:,} pages, {summary.without_numbers:,} of them without numbers; "
        f"{summary.numbers:,} numbers; {summary.rows:,} rows in {job.out}"
    )
    if summary.failed:
        listed = job.errors_to or f"the column 'problem' of {job.out}"
        yield f"{summary.failed:,} sources failed: see {listed}"


@contextmanager
def _stop_on_sigterm() -> Iterator[None]:
    """Let the polite signal of service managers and Kubernetes end a batch as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """What to call after every source: a bar where somebody watches, else a line now and then."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from inkread.batch.summary import duration

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Bar(TextColumn("reading"), *columns, console=Console(stderr=True), redirect_stdout=False) as bar:
        task = bar.add_task("reading", total=None, rate="")

        def show(progress: Progress) -> None:
            failed = f", {progress.failed:,} failed" if progress.failed else ""
            since = duration(progress.seconds)
            rate = f"{progress.rate:.1f}/s, {since}{failed}"
            bar.update(task, total=progress.sources, completed=progress.done, rate=rate)

        yield show


class _Lines:
    """Says a line of progress now and then."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        from inkread.batch.summary import duration

        now = time.monotonic()
        if now - self._said < LINE_EVERY_S or progress.done == progress.sources:
            return
        self._said = now
        left = "" if progress.seconds_left is None else f", {duration(progress.seconds_left)} left"
        failed = f", {progress.failed:,} failed" if progress.failed else ""
        border.say(f"{progress.done:,} of {progress.sources:,} sources{failed}, {progress.rate:.1f} a second{left}")
