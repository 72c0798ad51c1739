"""``inkread evaluate robustness``: how reading holds out against corruptions, harder pictures, and attacks."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from inkread.cli import border, choices
from inkread.cli.tables import print_table

if TYPE_CHECKING:
    from inkread.evaluate.robustness import Parts
    from inkread.models.registry import ModelCard

__all__ = ["robustness"]

PARTS = ("corruptions", "digits", "attacks", "lines", "pages")
FORMATS = ("table", "json")


def robustness(
    part: Annotated[
        list[str] | None,
        typer.Option(
            parser=choices.one_of(PARTS),
            metavar="[corruptions|digits|attacks|lines|pages]",
            help="Only this. May be repeated; by default all for which there are data.",
        ),
    ] = None,
    data: Annotated[
        str, typer.Option(metavar="NAME", help="The set of single digits; its test part is read.")
    ] = "mnist",
    lines: Annotated[
        str | None, typer.Option(metavar="DATA", help="A set or manifest of lines, read at five strengths.")
    ] = None,
    pages: Annotated[
        str | None, typer.Option(metavar="DATA", help="A manifest of pages, read at five strengths.")
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Measure this digit network too: its card (.toml). May be repeated."),
    ] = None,
    bundled: Annotated[
        bool, typer.Option("--bundled/--no-bundled", help="Measure the bundled network beside those of --model.")
    ] = True,
    baseline: Annotated[
        bool, typer.Option("--baseline/--no-baseline", help="Train a LeNet-5 on MNIST and set it beside.")
    ] = True,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="No more than N digits, lines and pages each.")
    ] = None,
    attacked: Annotated[int, typer.Option(metavar="N", min=1, help="Digits that are attacked.")] = 1000,
    epsilon: Annotated[
        list[float] | None,
        typer.Option(metavar="E", min=0.0, max=1.0, help="Most that a pixel may change. May be repeated."),
    ] = None,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of projected gradient descent.")] = 50,
    restarts: Annotated[int, typer.Option(metavar="N", min=1, help="Its restarts.")] = 10,
    queries: Annotated[int, typer.Option(metavar="N", min=1, help="Queries of the attack without gradients.")] = 1000,
    output: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Gets robustness.html, robustness.json and all that is needed to go on."),
    ] = Path("runs/robustness"),
    format: Annotated[
        str,
        typer.Option("--format", "-f", parser=choices.one_of(FORMATS), metavar="[table|json]", help="What is printed."),
    ] = "table",
) -> None:
    """Measure how reading holds out: MNIST-C, five strengths of harder pictures, and attacks on the network.

    The fifteen corruptions are those of MNIST-C at the severities of its authors. Attacks (FGSM, PGD with restarts,
    Square) change every pixel of the network's input by up to E and need the extras "train" and "evaluate"; beside them
    stands what is proven. An interrupted run goes on when the same command is given again.

    \b
    Examples:
      inkread evaluate robustness
      inkread evaluate robustness --part corruptions --no-baseline
      inkread evaluate robustness --part pages --pages my/manifest.jsonl --output runs/pages
      inkread evaluate robustness --part attacks --no-bundled --model runs/digit-robust/digit-robust.toml
    """
    from inkread.evaluate.report import machine
    from inkread.evaluate.robustness import Parts, robustness_report
    from inkread.evaluate.robustness_page import write_robustness

    _check(part, data, lines, pages)
    wanted = set(part) if part else _wanted(data, lines, pages)
    about: dict[str, Any] = {"attacked": attacked, "steps": steps, "restarts": restarts, "queries": queries}
    digits = bool(wanted & {"corruptions", "digits", "attacks"})
    samples, named = _samples(data, limit) if digits else (None, None)
    parts = Parts(output / "parts.jsonl", {"digits": named, **about})
    cards = _cards(model or [], bundled=bundled)
    if samples is not None:
        _measure_digits(wanted, samples, parts, cards, baseline=baseline, data=data, output=output)
        if "attacks" in wanted:
            _attack(samples, parts, cards, attacked=attacked, epsilons=epsilon, options=about)
    for layout, source in (("line", lines), ("page", pages)):
        if f"{layout}s" in wanted and source is not None:
            _measure_pictures("line" if layout == "line" else "page", source, limit, parts)
    report = robustness_report(
        parts,
        about={
            "model": {name: card.task for name, card in cards.items()},
            "data": {"digits": named, "lines": lines, "pages": pages},
            "attack": about,
            "machine": machine(),
            "command": shlex.join(["inkread", *sys.argv[1:]]),
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        },
    )
    page = write_robustness(report, output)
    if format == "json":
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        _print_tables(report)
    border.say(f"report written to {page}")


def _check(part: list[str] | None, data: str, lines: str | None, pages: str | None) -> None:
    if part and "corruptions" in part and data != "mnist":
        raise typer.BadParameter(f"MNIST-C is made of mnist's digits, not of {data}'s")
    for layout, source in (("lines", lines), ("pages", pages)):
        if part and layout in part and source is None:
            raise typer.BadParameter(f"--part {layout} needs --{layout} DATA")


def _wanted(data: str, lines: str | None, pages: str | None) -> set[str]:
    there = {"corruptions": data == "mnist", "digits": True, "attacks": True, "lines": lines, "pages": pages}
    return {name for name, given in there.items() if given}


def _samples(data: str, limit: int | None) -> tuple[Any, dict[str, Any]]:
    from inkread.evaluate.robustness import fingerprint
    from inkread.evaluate.sources import Choice, find_crops

    samples, about = find_crops(Choice(data=data, limit=limit))
    samples = samples.take(samples.is_digit)
    return samples, {**about, "n": len(samples), "fingerprint": fingerprint(*samples.images, samples.labels)}


def _cards(paths: list[Path], *, bundled: bool) -> dict[str, ModelCard]:
    if not bundled and not paths:
        raise typer.BadParameter("--no-bundled leaves nothing to measure without --model")
    return {card.name: card for card in map(choices.card, (*([None] if bundled else []), *paths))}


def _measure_digits(
    wanted: set[str],
    samples: Any,
    parts: Parts,
    cards: dict[str, ModelCard],
    *,
    baseline: bool,
    data: str,
    output: Path,
) -> None:
    from inkread.evaluate.robustness import corruption_parts, digit_parts

    if not wanted & {"corruptions", "digits"}:
        return
    readers = {name: _reading(card) for name, card in cards.items()}
    if "digits" in wanted:
        digit_parts(readers, samples, parts, data=data, say=border.say)
    if "corruptions" in wanted:
        if baseline:
            border.say("training a LeNet-5 on MNIST's own pixels, or finding it")
            readers["LeNet-5"] = _baseline(output)
        corruption_parts(readers, samples, parts, say=border.say)


def _reading(card: ModelCard) -> Callable[[Any], Any]:
    from inkread.models.registry import bundled
    from inkread.reader import Reader

    # The bundled network is asked as it reads: with the second one beside it.
    reader = Reader(models=None if card == bundled("digit") else {"digit": card})
    return lambda images: reader.classify(images).digits


def _baseline(output: Path) -> Callable[[Any], Any]:
    from inkread.errors import MissingExtra

    try:
        from inkread.compare.baseline import lenet_baseline
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise MissingExtra.of("train", "training a LeNet-5 (--no-baseline leaves it out)") from error
        raise
    return lenet_baseline(output / "lenet5")


def _attack(
    samples: Any,
    parts: Parts,
    cards: dict[str, ModelCard],
    *,
    attacked: int,
    epsilons: list[float] | None,
    options: dict[str, Any],
) -> None:
    import numpy as np

    from inkread.errors import MissingExtra
    from inkread.evaluate.prepared import prepared_digits
    from inkread.evaluate.robustness import EPSILONS, attack_parts, proven_parts

    try:
        from inkread.evaluate.adversarial import AttackOptions
    except ModuleNotFoundError as error:
        if error.name in ("torch", "onnx"):
            raise MissingExtra.of("train", "attacking a network (--part leaves it out)") from error
        raise
    changes = tuple(sorted(epsilons)) if epsilons else EPSILONS
    inputs, targets = prepared_digits(samples)
    proven_parts(cards, inputs, targets, parts, epsilons=changes, say=border.say)
    spread = np.linspace(0, len(targets) - 1, min(attacked, len(targets))).round().astype(np.int64)
    attack_parts(
        cards,
        inputs[spread],
        targets[spread],
        parts,
        epsilons=changes,
        options=AttackOptions(steps=options["steps"], restarts=options["restarts"], queries=options["queries"]),
        say=border.say,
    )


def _measure_pictures(layout: Literal["line", "page"], source: str, limit: int | None, parts: Parts) -> None:
    from inkread.evaluate.robustness import picture_parts
    from inkread.evaluate.sources import Choice, find_pictures
    from inkread.reader import Reader

    pictures, about = find_pictures(Choice(data=source, limit=limit))
    reader = Reader()
    name = f"{about['name']}, {about['n']} of {about['of']}"
    picture_parts(
        lambda picture, region: reader.read(picture, layout=layout, region=region),
        pictures,
        parts,
        place=(f"{layout}s", name, " + ".join(reader.model.values())),
        say=border.say,
    )


def _print_tables(report: dict[str, Any]) -> None:
    from inkread.evaluate.robustness_page import attack_rows, corruption_rows, proven_rows, strength_rows

    tables = [("MNIST-C, read rightly", corruption_rows(report))]
    tables += [(f"{layout}, five strengths", strength_rows(report, layout)) for layout in ("digits", "lines", "pages")]
    tables += [("attacks, read rightly", attack_rows(report)), ("proven, of all digits", proven_rows(report))]
    for title, (columns, rows) in tables:
        if rows:
            print_table(title, columns, rows)
