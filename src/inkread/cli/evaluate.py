"""``inkread evaluate``: how well digits, lines and pages are read, as a table, a JSON report or a page of misses.

The figures are made in :mod:`inkread.evaluate`; here they are only asked for and printed.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from inkread.cli import border, choices
from inkread.errors import InvalidOption

if TYPE_CHECKING:
    from inkread.evaluate.digits import DigitsReport
    from inkread.evaluate.gallery import Miss
    from inkread.evaluate.metrics import Rate
    from inkread.evaluate.pages import GroupFigures, PicturesReport
    from inkread.evaluate.perturb import Perturbation
    from inkread.evaluate.report import Circumstances
    from inkread.evaluate.sources import Choice
    from inkread.models.registry import ModelCard
    from inkread.reader import Reader

__all__ = ["app"]

FORMATS = ("table", "json")

app = typer.Typer(help="Measure how well digits, lines and pages are read.", no_args_is_help=True)


def _perturbation(value: str) -> Perturbation:
    from inkread.evaluate.perturb import perturbation

    try:
        return perturbation(value)
    except InvalidOption as error:
        raise typer.BadParameter(error.message) from None


_Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A data set (see: inkread data list), a manifest of JSON lines, or a folder that holds one.",
    ),
]
_Split = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The part of the data set: train, val, test or all. By default test where there is one."
    ),
]
_Images = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The pictures of a manifest; by default the folder images beside it.")
]
_Perturb = Annotated[
    Any,
    typer.Option(
        parser=_perturbation,
        metavar="NAME[:VALUE]",
        help="Change pictures first: invert, rotate:DEGREES, scale:FACTOR, jpeg:QUALITY, shadow:SHARE, blur:SIGMA, "
        "noise:SHARE, contrast:FACTOR, thickness:PIXELS, hide:SHARE.",
    ),
]
_Model = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read with your own trained model: its card (.toml).")
]
_Limit = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="No more than N pictures: the first of a manifest, or N spread evenly over a data set."
    ),
]
_Format = Annotated[
    str,
    typer.Option("--format", "-f", parser=choices.one_of(FORMATS), metavar="[table|json]", help="What is printed."),
]
_Report = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write report.html, one page with charts and the worst mistakes, and report.json into DIR; a name that "
        "ends in .json gets the JSON alone.",
    ),
]
_Errors = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Write index.html with every picture that was read wrongly, and contact sheets, into DIR."
    ),
]


@app.command()
def digit(
    data: _Data,
    split: _Split = None,
    images: _Images = None,
    perturb: _Perturb = None,
    model: _Model = None,
    refusal_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="P", min=0.0, max=1.0, help="Refuse below this P(some digit); by default the model's own."
        ),
    ] = None,
    limit: _Limit = None,
    format: _Format = "table",
    report: _Report = None,
    errors: _Errors = None,
) -> None:
    """Measure the reading of single digits, and the refusal of all that is none.

    \b
    Examples:
      inkread evaluate digit mnist --split test
      inkread evaluate digit phone_chars62 --errors misses/
      inkread evaluate digit usps --split test --format json > usps.json
    """
    from inkread.evaluate.digits import evaluate_digits
    from inkread.evaluate.gallery import digit_misses
    from inkread.evaluate.report import digits_report
    from inkread.evaluate.report_page import WORST
    from inkread.evaluate.sources import Choice, find_crops, perturbed

    samples, about = find_crops(Choice(data=data, split=split, images=images, limit=limit))
    if perturb is not None:
        samples = perturbed(samples, perturb)
    reader = _reader(model)
    threshold = _refusal_threshold(model) if refusal_threshold is None else refusal_threshold
    with _progress(len(samples)) as step:
        outcome = evaluate_digits(reader.classify, samples, refusal_threshold=threshold, on_batch=step)
    written = digits_report(outcome, _circumstances(reader, about, perturb, card=_card(model, "digit")))
    if report is not None:
        crops = samples.images
        _write_report(
            written,
            report,
            lambda: (list(digit_misses(outcome, crops)), list(digit_misses(outcome, crops, surest=WORST))),
        )
    _show(written, lambda: _print_digits(outcome, about), format=format)
    if errors is not None:
        _write_gallery(errors, list(digit_misses(outcome, samples.images)), f"digits of {about['name']}")


@app.command()
def lines(
    data: _Data,
    split: _Split = None,
    images: _Images = None,
    perturb: _Perturb = None,
    model: _Model = None,
    limit: _Limit = None,
    format: _Format = "table",
    report: _Report = None,
    errors: _Errors = None,
) -> None:
    """Measure the reading of pictures that show one line of digits each.

    \b
    Examples:
      inkread evaluate lines car_a --split val
      inkread evaluate lines my/manifest.jsonl --images my/crops --errors misses/
    """
    from inkread.evaluate.sources import Choice

    choice = Choice(data=data, split=split, images=images, limit=limit)
    _evaluate_pictures("line", choice, perturb, model, format=format, report=report, errors=errors)


@app.command()
def pages(
    data: _Data,
    split: _Split = None,
    images: _Images = None,
    perturb: _Perturb = None,
    model: _Model = None,
    limit: _Limit = None,
    format: _Format = "table",
    report: _Report = None,
    errors: _Errors = None,
) -> None:
    """Measure the reading of whole pictures: what is found, what is read, what is made up.

    \b
    Examples:
      inkread evaluate pages my/manifest.jsonl --images my/photographs
      inkread evaluate pages my/manifest.jsonl --perturb rotate:7 --report rotated/
      inkread evaluate pages my/manifest.jsonl --errors misses/
    """
    from inkread.evaluate.sources import Choice

    choice = Choice(data=data, split=split, images=images, limit=limit)
    _evaluate_pictures("page", choice, perturb, model, format=format, report=report, errors=errors)


def _evaluate_pictures(
    layout: Literal["line", "page"],
    choice: Choice,
    perturb: Perturbation | None,
    model: Path | None,
    *,
    format: str,
    report: Path | None,
    errors: Path | None,
) -> None:
    from inkread.evaluate.gallery import picture_misses
    from inkread.evaluate.pages import Presentation, evaluate_pictures
    from inkread.evaluate.report import pictures_report
    from inkread.evaluate.report_page import WORST
    from inkread.evaluate.sources import find_pictures

    pictures, about = find_pictures(choice)
    reader = _reader(model)
    with _progress(len(pictures)) as step:
        outcomes = evaluate_pictures(
            lambda source, region: reader.read(source, layout=layout, region=region),
            pictures,
            presentation=Presentation(perturb=perturb),
            on_outcome=lambda _: step(1),
        )
    task = f"{layout}s"
    card = _card(model, "line") if layout == "line" else None
    written = pictures_report(outcomes, _circumstances(reader, about, perturb, card=card), task=task)
    if report is not None:
        _write_report(written, report, lambda: ([], list(picture_misses(outcomes, surest=WORST))))
    _show(written, lambda: _print_pictures(outcomes, about), format=format)
    if errors is not None:
        _write_gallery(errors, list(picture_misses(outcomes)), f"{task} of {about['name']}", outcomes)
    failed = outcomes.figures.errors
    for outcome in outcomes.outcomes:
        if outcome.error is not None:
            border.say(f"{outcome.picture.id}: {outcome.error}")
    if failed:
        raise typer.Exit(border.FAILED)


# -- what reads -------------------------------------------------------------------------------------------------------


def _reader(model: Path | None) -> Reader:
    from inkread.reader import Reader

    return Reader(models=choices.models(model))


def _refusal_threshold(model: Path | None) -> float:
    return choices.card(model).refusal_threshold


def _card(model: Path | None, task: str) -> ModelCard | None:
    """The card of the network for ``task``; None if the one that was given is for another."""
    card = choices.card(model, task=task)
    return card if card.task == task else None


def _circumstances(
    reader: Reader, about: dict[str, Any], perturb: Perturbation | None, *, card: ModelCard | None
) -> Circumstances:
    from inkread.evaluate.report import Circumstances, machine, training_curves

    return Circumstances(
        model=reader.model,
        data={**about, "perturbation": None if perturb is None else str(perturb)},
        command=shlex.join(["inkread", *sys.argv[1:]]),
        date=datetime.now().astimezone(),
        machine=machine(),
        training=training_curves(card) if card else [],
        trained=card.name if card else "",
    )


# -- what is said -----------------------------------------------------------------------------------------------------


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where that is a terminal, else silence."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda count: bar.advance(task, count)


def _write_report(written: dict[str, Any], place: Path, pictures: Callable[[], tuple[list[Miss], list[Miss]]]) -> None:
    """The JSON alone, or the page with the pictures of misses and of the worst of them beside it."""
    from inkread.evaluate.report import write_report
    from inkread.evaluate.report_page import write_report_folder

    if place.suffix == ".json":
        write_report(written, place)
        return
    misses, worst = pictures()
    page = write_report_folder(written, place, misses=misses, worst=worst)
    border.say(f"report written to {page}")


def _show(written: dict[str, Any], show: Callable[[], None], *, format: str) -> None:
    if format == "json":
        typer.echo(json.dumps(written, indent=1, ensure_ascii=False))
    else:
        show()


def _write_gallery(folder: Path, misses: list[Miss], title: str, outcomes: PicturesReport | None = None) -> None:
    from inkread.errors import OutputError
    from inkread.evaluate.gallery import write_gallery

    index = write_gallery(folder, misses, title=f"{len(misses)} misses: {title}")
    if outcomes is not None:
        rows = "".join(json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in outcomes.outcomes)
        try:
            (folder / "outcomes.jsonl").write_text(rows, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{folder / 'outcomes.jsonl'} cannot be written: {error.strerror or error}") from error
    border.say(f"{len(misses)} misses shown in {index}")


def _table(title: str, columns: list[str]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    return table


def _print(*parts: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=120)  # a pipe has no width that a table must fit
    for part in parts:
        console.print(part)


def _percent(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}"


def _rate(rate: Rate) -> str:
    if not rate.count:
        return "none"
    interval = rate.interval
    return (
        f"{_percent(rate.value)} % ({_percent(interval.low)} to {_percent(interval.high)}; {rate.hits} of {rate.count})"
    )


def _name(about: dict[str, Any]) -> str:
    return about["name"] if about["split"] is None else f"{about['name']} {about['split']}"


def _print_digits(outcome: DigitsReport, about: dict[str, Any]) -> None:
    from inkread.evaluate.metrics import coverage_curve, expected_calibration_error

    lines: list[Any] = [f"{_name(about)}: {len(outcome.labels)} crops, {outcome.crops_per_second:,.0f} a second"]
    if outcome.accuracy.count:
        lines.append(f"accuracy  {_rate(outcome.accuracy)}")
        curve = coverage_curve(outcome.confidence, outcome.correct)
        lines.append(
            f"calibration error  {_percent(expected_calibration_error(outcome.confidence, outcome.correct))} %; "
            f"area under error against coverage  {curve.area:.5f}"
        )
        table = _table("digit by digit, %", ["digit", "n", "precision", "recall", "F1", "most often read as"])
        for value, figures in enumerate(outcome.per_class):
            row = outcome.confusion[value].copy()
            row[value] = 0
            other = f"{int(row.argmax())} ({int(row.max())}×)" if row.any() else ""
            table.add_row(
                str(value),
                str(figures.support),
                _percent(figures.precision),
                _percent(figures.recall),
                _percent(figures.f1),
                other,
            )
        lines.append(table)
    refusal = outcome.refusal
    if refusal is not None:
        lines.append(f"refused where P(some digit) < {refusal.threshold:.4f}")
        lines.append(f"digits kept  {_rate(refusal.digits_kept)}")
        if refusal.by_label:
            lines.append(f"others refused  {_rate(refusal.others_refused)}, without those that pass for digits:")
            lines.extend(f"  {pair}  {_rate(rate)}" for pair, rate in refusal.confusable_refused.items())
    _print(*lines)


def _print_pictures(outcomes: PicturesReport, about: dict[str, Any]) -> None:
    from inkread.evaluate.lines import answered
    from inkread.evaluate.metrics import coverage_curve, expected_calibration_error

    columns = ["", "n", "exact", "lines", "CER", "F1", "false digits", "errors"]
    table = _table(f"{_name(about)}, %", columns)
    figures = {"all": outcomes.figures, **outcomes.groups}
    for name, group in figures.items():
        table.add_row(name, *_group_row(group))
    exact = outcomes.figures.exact
    lines = [
        table,
        f"exact  {_rate(exact)}",
        f"seconds a picture  median {outcomes.median_seconds:.4f}, mean {outcomes.mean_seconds:.4f}",
    ]
    confidence, right = answered(outcomes.outcomes)
    if len(right):
        lines.append(
            f"confidence of {len(right)} that were read  calibration error "
            f"{_percent(expected_calibration_error(confidence, right))} %; "
            f"area under error against coverage  {coverage_curve(confidence, right).area:.5f}"
        )
    _print(*lines)


def _group_row(group: GroupFigures) -> tuple[str, ...]:
    false = "" if group.false_digits_each is None else f"{group.false_digits} in {group.empty}"
    return (
        str(group.n),
        _percent(group.exact.value, 1),
        _percent(group.lines.value, 1),
        _percent(group.cer, 1),
        _percent(group.f1, 1),
        false,
        str(group.errors),
    )
