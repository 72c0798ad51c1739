"""``inkread train``: a network of one's own, or the bundled one again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from inkread.cli import border, choices
from inkread.errors import MissingExtra, OutputError

if TYPE_CHECKING:
    from inkread.models.registry import ModelCard
    from inkread.train.loop import Progress

__all__ = ["app"]

_Seed = Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed of everything random.")]
_LineCount = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Lines to learn from in all; by default the recipe's.")
]
_Samples = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Crops before the polish; by default the recipe's.")
]
_Workers = Annotated[
    int, typer.Option(metavar="N", min=1, help="Processes that make what is learned from, beside the one that learns.")
]
_Threads = Annotated[int, typer.Option(metavar="N", min=1, help="Cores to learn with.")]
_Repeats = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="How often each batch is learned from: more where learning is the quicker."),
]
_Minutes = Annotated[
    float | None, typer.Option(metavar="N", min=0.1, help="End after so many minutes, however little was seen by then.")
]
_TeacherWidth = Annotated[
    float,
    typer.Option(metavar="X", min=0, help="Learn beside a network X times as wide, and from it; 0 for by itself."),
]

_Width = Annotated[
    float,
    typer.Option(metavar="X", min=0.1, help="X times as many channels and units as the bundled network has."),
]

_Start = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Start from these weights: another training's checkpoint.pt, a card, or 'bundled'. By default from none.",
    ),
]

# Seconds between two lines of progress where stderr is no terminal.
LINE_EVERY_S = 60.0

app = typer.Typer(help="Train a network: the bundled one again, or one for your own writers.", no_args_is_help=True)


@app.callback()
def train() -> None:
    """Train a network: the bundled one again, or one for your own writers."""


@app.command()
def digit(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Gets digit.onnx, its card digit.toml, curves.jsonl and the checkpoint; DIR is resumed."
        ),
    ] = Path("runs/digit"),
    data: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Learn from this too: a folder with folders 0 to 9 and not-a-digit, or a manifest. May be repeated.",
        ),
    ] = None,
    only_own: Annotated[bool, typer.Option("--only-own", help="Learn from --data alone.")] = False,
    samples: _Samples = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CARD",
            help="Learn what this network says beside the labels: a card, or 'bundled'. May be repeated.",
        ),
    ] = None,
    teacher_width: _TeacherWidth = 0.0,
    threads: _Threads = 2,
    workers: _Workers = 1,
    repeats: _Repeats = 1,
    minutes: _Minutes = None,
    seed: _Seed = None,
) -> None:
    """Train the digit network, calibrate it and write it with its card.

    Without --data it is the recipe of the bundled network, which needs the data sets marked "train" (inkread data
    list). A GPU is used where there is one. An interrupted training goes on when the same command is given again.

    \b
    Examples:
      inkread train digit
      inkread train digit --data my/digits --output runs/mine
      inkread train digit --data my/digits --only-own --samples 200000
      inkread train digit --data my/digits --teacher bundled
      inkread train digit --workers 14 --repeats 3 --teacher-width 2.5 --minutes 60   # with a GPU
      inkread read scan.png --model runs/digit/digit.toml
    """
    _learn_digits(
        "DIGIT",
        output,
        data=data or [],
        only_own=only_own,
        samples=samples,
        seed=seed,
        teachers=tuple(choices.card(None if one == "bundled" else Path(one)) for one in teacher or ()),
        teacher_width=teacher_width,
        threads=threads,
        workers=workers,
        repeats=repeats,
        minutes=minutes,
    )


@app.command()
def second(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets second.onnx, its card second.toml, curves.jsonl and the checkpoint; DIR is resumed.",
        ),
    ] = Path("runs/second"),
    samples: _Samples = None,
    threads: _Threads = 2,
    workers: _Workers = 1,
    minutes: _Minutes = None,
    seed: _Seed = None,
) -> None:
    """Train the second digit network, which is asked about the crops that the first is in doubt of.

    It learns the same as the network of `inkread train digit`, but begins with other weights and sees other crops: what
    the two get wrong is seldom the same.

    \b
    Examples:
      inkread train second
      inkread train second --samples 200000 --output runs/quick
    """
    _learn_digits("SECOND", output, samples=samples, seed=seed, threads=threads, workers=workers, minutes=minutes)


def _learn_digits(
    which: Literal["DIGIT", "SECOND"],
    output: Path,
    *,
    data: Sequence[Path] = (),
    only_own: bool = False,
    samples: int | None,
    seed: int | None,
    **means: Any,
) -> None:
    """Train one of the recipes for digits; ``means`` are further settings of it."""
    with _needs_torch():
        from inkread.train import recipes
        from inkread.train.own import load_own

    own: recipes.DigitRecipe = getattr(recipes, which)
    recipe = replace(own, samples=samples or own.samples, seed=own.seed if seed is None else seed, **means)
    extra = [load_own(path) for path in data]
    _make_folder(output)
    with _progress("crops") as report:
        card = recipes.train_digit(
            recipe, folder=output, extra=extra, bundled_data=not only_own, report=report, say=border.say
        )
    _tell(card)


@app.command()
def line(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Gets line.onnx, its card line.toml, curves.jsonl and the checkpoint; DIR is resumed."
        ),
    ] = Path("runs/line"),
    start: _Start = None,
    lines: _LineCount = None,
    width: _Width = 1.0,
    teacher_width: _TeacherWidth = 0.0,
    threads: _Threads = 2,
    workers: _Workers = 1,
    repeats: _Repeats = 1,
    minutes: _Minutes = None,
    seed: _Seed = None,
) -> None:
    """Train the line network, which reads words of digits that touch, and write it with its card.

    Its lines are composed while it learns, from the digits of MNIST's and bhmsds's writers, of synthetic hands and of
    open fonts. A GPU is used where there is one. An interrupted training goes on when the same command is given again.

    \b
    Examples:
      inkread train line
      inkread train line --lines 20000 --output runs/quick
      inkread train line --start bundled --minutes 30 --output runs/further
      inkread train line --start bundled --width 1.4 --minutes 100 --output runs/wider
      inkread train line --workers 14 --teacher-width 2 --minutes 60   # with a GPU
    """
    _learn_lines(
        "LINE",
        output,
        start=start,
        lines=lines,
        seed=seed,
        width=width,
        teacher_width=teacher_width,
        threads=threads,
        workers=workers,
        repeats=repeats,
        minutes=minutes,
    )


@app.command()
def words(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets words.onnx, its card words.toml, curves.jsonl and the checkpoint; DIR is resumed.",
        ),
    ] = Path("runs/words"),
    start: _Start = None,
    lines: _LineCount = None,
    width: _Width = 1.0,
    teacher_width: _TeacherWidth = 0.0,
    threads: _Threads = 2,
    workers: _Workers = 1,
    repeats: _Repeats = 1,
    minutes: _Minutes = None,
    seed: _Seed = None,
) -> None:
    """Train the line network that reads past words and signs, which is heard beside the other.

    As `inkread train line`, with words and signs beside and within the numbers.

    \b
    Examples:
      inkread train words
      inkread train words --lines 20000 --output runs/quick
      inkread train words --workers 14 --teacher-width 2 --minutes 60   # with a GPU
    """
    _learn_lines(
        "WORDS",
        output,
        start=start,
        lines=lines,
        seed=seed,
        width=width,
        teacher_width=teacher_width,
        threads=threads,
        workers=workers,
        repeats=repeats,
        minutes=minutes,
    )


@app.command("line-car")
def line_car(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets line-car.onnx, its card line-car.toml, curves.jsonl and the checkpoint; DIR is resumed.",
        ),
    ] = Path("runs/line-car"),
    start: _Start = None,
    lines: _LineCount = None,
    threads: _Threads = 2,
    seed: _Seed = None,
) -> None:
    """Train a line network on cheque amounts too: ORAND-CAR-2014, which may be used for research only.

    It learns from the pictures of car_a's split "train" beside composed lines, and keeps the weights that read its
    split "val" best. The network is for comparison with published figures, and not bundled.

    \b
    Examples:
      inkread train line-car --start bundled
      inkread evaluate lines car_a --split val --model runs/line-car/line-car.toml
    """
    _learn_lines("LINE_CAR", output, start=start, lines=lines, seed=seed, threads=threads)


def _learn_lines(
    which: Literal["LINE", "WORDS", "LINE_CAR"],
    output: Path,
    *,
    start: Path | None,
    lines: int | None,
    seed: int | None,
    width: float = 1.0,
    **means: Any,
) -> None:
    """Train one of the recipes for lines; ``means`` are further settings of it."""
    with _needs_torch():
        from inkread.train import line_recipe

    own: line_recipe.LineRecipe = getattr(line_recipe, which)
    recipe = replace(
        own,
        lines=lines or own.lines,
        seed=own.seed if seed is None else seed,
        width=width * own.width,
        recurrent=max(1, round(width * own.recurrent)),
        **means,
    )
    began: Path | ModelCard | None = start
    if start is not None and start.suffix != ".pt":
        task = "words" if own.words else "line"
        began = choices.card(None if str(start) == "bundled" else start, task=task)
    _make_folder(output)
    with _progress("lines") as report:
        card = line_recipe.train_line(recipe, folder=output, start=began, report=report, say=border.say)
    _tell(card)


@app.command()
def page(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets page.onnx, its card page.toml, its pages, curves.jsonl and the checkpoint; DIR is resumed.",
        ),
    ] = Path("runs/page"),
    pages: Annotated[
        int | None, typer.Option(metavar="N", min=20, help="Pages composed to learn from; by default the recipe's.")
    ] = None,
    patches: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Patches to learn from in all; by default the recipe's.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Cores to compose pages and to learn with.")
    ] = None,
    seed: _Seed = None,
) -> None:
    """Train the page network, which tells digits from letters, drawings and textures by what stands around them.

    Its pages are composed first, from synthetic hands, print, painted photographs and the data sets marked "train", and
    kept in DIR/pages; patches of them are learnt from. An interrupted training goes on when the same command is given
    again.

    \b
    Examples:
      inkread train page
      inkread train page --pages 400 --patches 20000 --output runs/quick
    """
    with _needs_torch():
        from inkread.train.page_recipe import PAGE, train_page

    recipe = replace(
        PAGE,
        pages=pages or PAGE.pages,
        patches=patches or PAGE.patches,
        threads=threads or PAGE.threads,
        seed=PAGE.seed if seed is None else seed,
    )
    _make_folder(output)
    with _progress("patches") as report:
        card = train_page(recipe, folder=output, report=report, say=border.say)
    _tell(card)


@app.command()
def writer(
    output: Annotated[Path, typer.Option(metavar="DIR", help="Gets writer.onnx and its card writer.toml.")] = Path(
        "runs/writer"
    ),
    digit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The digit network whose features are compared; by default the bundled one."),
    ] = None,
    pages: Annotated[
        int | None, typer.Option(metavar="N", min=10, help="Pages composed and read; by default the recipe's.")
    ] = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Cores to read with.")] = None,
    seed: _Seed = None,
) -> None:
    """Measure what the digits of one writer have in common, by which doubtful digits of a page are told.

    Pages of synthetic hands are composed and read; no data set is needed. It belongs to one digit network, and is to be
    measured again for another one; both are given to inkread.Reader(models={"digit": ..., "writer": ...}).

    \b
    Examples:
      inkread train writer
      inkread train writer --digit runs/mine/digit.toml --output runs/mine
    """
    with _needs_torch():
        from inkread.train.writer_recipe import WRITER, train_writer

    recipe = replace(
        WRITER,
        pages=pages or WRITER.pages,
        threads=threads or WRITER.threads,
        seed=WRITER.seed if seed is None else seed,
    )
    _make_folder(output)
    with _progress("pages") as report:
        card = train_writer(recipe, folder=output, digit=choices.card(digit), report=report, say=border.say)
    _tell(card)


@app.command("digit-robust")
def digit_robust(
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Gets digit-robust.onnx, its card digit-robust.toml, curves.jsonl and the checkpoint; DIR is resumed.",
        ),
    ] = Path("runs/digit-robust"),
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Passes over MNIST; by default the recipe's.")
    ] = None,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Cores to learn with.")] = None,
    seed: _Seed = None,
) -> None:
    """Train a digit network whose answers are proven to hold out against small changes of every pixel.

    It learns from the worst that interval bounds allow (arXiv 1810.12715), from MNIST's digits alone, and pays for its
    proofs with accuracy: for research, no better choice for reading. What is certified is in its card. An interrupted
    training goes on when the same command is given again.

    \b
    Examples:
      inkread train digit-robust --output runs/digit-robust
      inkread evaluate robustness --part attacks --model runs/digit-robust/digit-robust.toml
    """
    with _needs_torch():
        from inkread.train.robust import ROBUST, train_robust

    recipe = replace(
        ROBUST,
        epochs=epochs or ROBUST.epochs,
        threads=threads or ROBUST.threads,
        seed=ROBUST.seed if seed is None else seed,
    )
    _make_folder(output)
    with _progress("digits") as report:
        card = train_robust(recipe, folder=output, report=report, say=border.say)
    _tell(card)


@contextmanager
def _needs_torch() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name in ("torch", "onnx"):
            raise MissingExtra.of("train", "training") from error
        raise


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the network cannot be written into {output}: {error.strerror}") from error


def _tell(card: ModelCard) -> None:
    typer.echo(f"{card.path.with_suffix('.toml')}")
    for name, value in card.figures.items():
        border.say(f"{name}: {value}")


@contextmanager
def _progress(items: str) -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr where that is a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _Lines(items)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Bar(*columns, console=Console(stderr=True), redirect_stdout=False) as bar:
        task = bar.add_task("training", total=None, figures="")

        def report(progress: Progress) -> None:
            shown = f"loss {progress.loss:.4f}, {progress.samples_per_second:,.0f} {items}/s"
            bar.update(task, completed=progress.step, total=progress.steps, figures=shown)
            if progress.figures is not None:
                border.say(_line(progress, items))

        yield report


class _Lines:
    """Says how far the training is at every validation, and once a minute between."""

    def __init__(self, items: str) -> None:
        self._items = items
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.figures is not None or now - self._last >= LINE_EVERY_S:
            self._last = now
            border.say(_line(progress, self._items))


def _line(progress: Progress, items: str) -> str:
    parts = [f"step {progress.step:,} of {progress.steps:,}", f"loss {progress.loss:.4f}"]
    parts.append(f"{progress.samples_per_second:,.0f} {items}/s")
    parts += [f"{name} {value:.2f}" for name, value in (progress.figures or {}).items()]
    return ", ".join(parts)
