"""Search for digit networks: layers, widths, kernels, learning rate and augmentation, for accuracy and for few weights.

Networks are bred by NSGA-II (Deb et al. 2002, doi:10.1109/4235.996017), through Optuna, for two goals at once:
validation accuracy, and the number of weights. Every trial is a short training on the crops of the bundled network's
recipe; one that a finished network with no more weights has left behind at the same step is ended early. What comes out
is a list of trials and the front that none of them beats in both goals. Nothing is bundled here, and no test data are
read.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from inkread.errors import InvalidOption, MissingExtra
from inkread.evaluate.charts import Axes, Series, line_chart
from inkread.evaluate.report import write_report, write_whole
from inkread.evaluate.sheet import sheet, table
from inkread.nets import DIGIT_CLASSES
from inkread.train.digits import CropPool, DistortionOptions
from inkread.train.loop import Progress
from inkread.train.recipes import DIGIT, Validation, fit_digit, gather_crops

if TYPE_CHECKING:
    import optuna

__all__ = ["SearchOptions", "Settings", "ShapedNet", "Trial", "front_of", "pareto_front", "search_digit"]

Say = Callable[[str], None]

# A network is given up where a smaller one was better by more than runs of one network differ at that point.
_MARGIN = 0.5  # points of validation accuracy
# Draws of settings that break the budget before a trial is given up.
_DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One point of the space that is searched; the defaults are the bundled network's.

    Attributes
    ----------
    channels
        Of the convolutions at 28, 14 and 7 pixels, those at 7 pixels first and then.
    blocks
        Convolutions at 28, 14 and 7 pixels (there behind the one that halves).
    stem_kernel, kernel
        Sides of the first kernel and of all others, odd.
    augmentation
        Multiplies how far crops are turned, slanted, stretched and bent.
    """

    channels: tuple[int, int, int, int] = (16, 32, 64, 96)
    blocks: tuple[int, int, int] = (1, 2, 2)
    stem_kernel: int = 3
    kernel: int = 3
    learning_rate: float = DIGIT.learning_rate
    label_smoothing: float = DIGIT.label_smoothing
    augmentation: float = 1.0

    def distortion(self) -> DistortionOptions:
        """The recipe's distortions, made weaker or stronger."""
        usual = DistortionOptions()
        return replace(
            usual,
            rotation_degrees=usual.rotation_degrees * self.augmentation,
            slant=usual.slant * self.augmentation,
            aspect=usual.aspect * self.augmentation,
            elastic_pixels=usual.elastic_pixels * self.augmentation,
        )


# The network that everything else is measured against comes first.
FIRST = Settings()


class ShapedNet(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A digit network of any shape, with the two outputs of :class:`inkread.nets.DigitNet`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        first, second, third, fourth = settings.channels
        stem, middle, end = settings.blocks
        kernel = settings.kernel
        layers: list[nn.Module] = [_Block(1, first, settings.stem_kernel)]
        layers += [_Block(first, first, kernel) for _ in range(stem - 1)]
        layers += [_Block(first, second, kernel, stride=2)]
        layers += [_Block(second, second, kernel) for _ in range(middle - 1)]
        layers += [_Block(second, third, kernel, stride=2), _Block(third, fourth, kernel)]
        layers += [_Block(fourth, fourth, kernel) for _ in range(end - 1)]
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(fourth, DIGIT_CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, 28, 28) in [0, 1] → logits (N, 11), features (N, C, 7, 7)."""
        features = self.features(x)
        return self.head(self.dropout(features.mean(dim=(2, 3)))), features


class _Block(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """The block of :mod:`inkread.nets`, with a kernel of any odd side."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.convolution(x)))
        return x + y if self.residual else y


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How much is searched.

    Attributes
    ----------
    trials
        Networks in all, those of earlier runs in the same folder counted.
    minutes
        After which no further trial begins in this run, or None.
    samples
        Crops that a trial learns from.
    most_parameters
        Weights that a network may have.
    population
        Trials of a generation.

    Raises
    ------
    InvalidOption
        If a number is below what a search needs.
    """

    trials: int = 60
    minutes: float | None = None
    samples: int = 200_000
    most_parameters: int = 250_000
    population: int = 12
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.trials, self.samples) < 1 or self.population < 2 or (self.minutes or 1) <= 0:
            raise InvalidOption(f"a search needs a trial, a crop, a population of 2 and time; got {self}")
        if self.most_parameters < 10_000:
            raise InvalidOption(f"no network worth training has under 10,000 weights; got {self.most_parameters}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One network that was tried.

    Attributes
    ----------
    number
        Its place among all that were trained, from 0.
    accuracy
        Per cent, the mean over the validation sources; None where training ended early.
    curve
        The same by step.
    """

    number: int
    state: Literal["complete", "pruned"]
    settings: Settings
    parameters: int
    accuracy: float | None
    curve: Mapping[int, float] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "curve": {str(step): value for step, value in self.curve.items()}}


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """The places of points (cost, gain) that no other beats: none has no more cost, no less gain, and differs.

    Examples
    --------
    >>> pareto_front([(10, 90.0), (20, 95.0), (30, 94.0)])
    [0, 1]
    """
    front: list[int] = []
    best = float("-inf")
    for place in sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1])):
        if points[place][1] > best:
            front.append(place)
            best = points[place][1]
    return front


def search_digit(
    options: SearchOptions,
    *,
    folder: Path,
    crops: tuple[CropPool, Validation] | None = None,
    say: Say = lambda message: None,
) -> tuple[Trial, ...]:
    """All trials in ``folder``, after searching on until there are as many as the options say.

    The folder gets ``trials.log``, from which an interrupted search goes on (in the middle of its trial), and after
    every trial ``search.json`` and ``search.html``, the front as table and chart.

    Parameters
    ----------
    crops
        To learn from and to validate on; by default those of the bundled network's recipe.

    Raises
    ------
    MissingExtra
        If Optuna is not installed.
    DataError
        If a data set is missing.
    InvalidOption
        If nothing fits the budget, or the folder holds a search with other options.
    """
    study = _study(options, folder)
    if crops is None:
        say("Gathering crops to learn from")
        crops = gather_crops(DIGIT)
    began = time.monotonic()
    _requeue(study)
    while len(found := _trials(study)) < options.trials:
        if options.minutes is not None and time.monotonic() - began > 60 * options.minutes:
            say(f"The time is over after {len(found)} trials; the same command goes on")
            break
        _try_next(study, options, folder, crops, say)
        _write(_trials(study), options, folder)
    _write(found, options, folder)
    return found


def _study(options: SearchOptions, folder: Path) -> optuna.Study:
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ModuleNotFoundError as error:
        raise MissingExtra.of("evaluate", "searching") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder / "trials.log")))
    study = optuna.create_study(
        study_name="digit", storage=storage, directions=["maximize", "minimize"], load_if_exists=True
    )
    # Whoever goes on draws other settings than were drawn before, and the same ones each time.
    seed = options.seed + 1000 * len(study.trials)
    study.sampler = optuna.samplers.NSGAIISampler(population_size=options.population, seed=seed)
    same = {"samples": options.samples, "most_parameters": options.most_parameters, "seed": options.seed}
    known = study.user_attrs.get("options")
    if known is None:
        study.set_user_attr("options", same)
        study.enqueue_trial(_parameters_of(FIRST))
    elif known != same:
        raise InvalidOption(f"{folder} holds a search with other options ({known}); take the same, or another folder")
    return study


def _requeue(study: optuna.Study) -> None:
    """Trials that were interrupted come again, in the same folder, where their checkpoint lies."""
    import optuna

    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        if trial.params:
            home = trial.user_attrs.get("home", trial.number)
            study.enqueue_trial(trial.params, user_attrs={"home": home})


def _parameters_of(settings: Settings) -> dict[str, Any]:
    """Settings as Optuna keeps them."""
    names = ("channels_28", "channels_14", "channels_7", "channels_end")
    counts = ("blocks_28", "blocks_14", "blocks_7")
    return {
        **dict(zip(names, settings.channels, strict=True)),
        **dict(zip(counts, settings.blocks, strict=True)),
        "stem_kernel": settings.stem_kernel,
        "kernel": settings.kernel,
        "learning_rate": settings.learning_rate,
        "label_smoothing": settings.label_smoothing,
        "augmentation": settings.augmentation,
    }


def _suggested(trial: optuna.Trial) -> Settings:
    return Settings(
        channels=(
            trial.suggest_int("channels_28", 8, 32, step=4),
            trial.suggest_int("channels_14", 16, 64, step=8),
            trial.suggest_int("channels_7", 32, 96, step=8),
            trial.suggest_int("channels_end", 32, 160, step=8),
        ),
        blocks=(
            trial.suggest_int("blocks_28", 1, 2),
            trial.suggest_int("blocks_14", 1, 3),
            trial.suggest_int("blocks_7", 1, 3),
        ),
        stem_kernel=trial.suggest_categorical("stem_kernel", [3, 5, 7]),
        kernel=trial.suggest_categorical("kernel", [3, 5]),
        learning_rate=trial.suggest_float("learning_rate", 1e-3, 1e-2, log=True),
        label_smoothing=trial.suggest_float("label_smoothing", 0.0, 0.1),
        augmentation=trial.suggest_float("augmentation", 0.5, 2.0, log=True),
    )


def _try_next(
    study: optuna.Study, options: SearchOptions, folder: Path, crops: tuple[CropPool, Validation], say: Say
) -> None:
    import optuna

    trial, settings, net = _next_within(study, options)
    parameters = sum(one.numel() for one in net.parameters())
    home = folder / f"trial-{trial.user_attrs.get('home', trial.number):03d}"
    trial.set_user_attr("parameters", parameters)
    recipe = replace(
        DIGIT,
        samples=options.samples,
        learning_rate=settings.learning_rate,
        label_smoothing=settings.label_smoothing,
        distortion=settings.distortion(),
        seed=options.seed,
    )
    curve: dict[int, float] = {}
    ahead = [one.curve for one in _trials(study) if one.state == "complete" and one.parameters <= parameters]
    began = time.monotonic()

    def watch(progress: Progress) -> None:
        if progress.figures is None:
            return
        curve[progress.step] = float(np.mean(list(progress.figures.values())))
        last = progress.step == progress.steps
        if not last and any(other.get(progress.step, 0.0) > curve[progress.step] + _MARGIN for other in ahead):
            raise _LeftBehind

    number = len(_trials(study))
    say(f"Trial {number}: {parameters:,} weights, {settings}")
    try:
        torch.manual_seed(options.seed)
        fit_digit(net, *crops, recipe, folder=home, report=watch)
        state = optuna.trial.TrialState.COMPLETE
    except _LeftBehind:
        state = optuna.trial.TrialState.PRUNED
    # A run that was interrupted and went on has only seen the last of its steps.
    rows = [json.loads(row) for row in (home / "curves.jsonl").read_text(encoding="utf-8").splitlines()]
    figures = {row["step"]: {k: v for k, v in row.items() if k not in ("step", "loss", "rate")} for row in rows}
    trial.set_user_attr(
        "curve", {str(step): round(float(np.mean([*one.values()])), 4) for step, one in figures.items()}
    )
    trial.set_user_attr("figures", figures[max(figures)])
    trial.set_user_attr("seconds", round(time.monotonic() - began, 1))
    accuracy = float(np.mean([*figures[max(figures)].values()]))
    shutil.rmtree(home)
    if state == optuna.trial.TrialState.COMPLETE:
        study.tell(trial, [accuracy, float(parameters)])
        say(f"Trial {number}: {accuracy:.3f} %")
    else:
        study.tell(trial, state=state)
        say(f"Trial {number}: ended early at {accuracy:.3f} %")


def _next_within(study: optuna.Study, options: SearchOptions) -> tuple[optuna.Trial, Settings, ShapedNet]:
    """The next trial whose network keeps to the budget; those that do not are told as failed, and cost nothing."""
    import optuna

    for _ in range(_DRAWS):
        trial = study.ask()
        settings = _suggested(trial)
        torch.manual_seed(options.seed)
        net = ShapedNet(settings)
        if sum(one.numel() for one in net.parameters()) <= options.most_parameters:
            return trial, settings, net
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    raise InvalidOption(f"no network of {_DRAWS} had at most {options.most_parameters:,} weights; allow more")


class _LeftBehind(Exception):  # noqa: N818 - it ends a trial, and is no error
    """A smaller network was better at the same step."""


def _trials(study: optuna.Study) -> tuple[Trial, ...]:
    import optuna

    done = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    found = []
    for place, one in enumerate(study.get_trials(deepcopy=False, states=done)):
        values = one.params
        settings = Settings(
            channels=tuple(values[name] for name in ("channels_28", "channels_14", "channels_7", "channels_end")),
            blocks=tuple(values[name] for name in ("blocks_28", "blocks_14", "blocks_7")),
            **{name: values[name] for name in ("stem_kernel", "kernel", *_SCALARS)},
        )
        found.append(
            Trial(
                number=place,
                state="complete" if one.state == optuna.trial.TrialState.COMPLETE else "pruned",
                settings=settings,
                parameters=one.user_attrs["parameters"],
                accuracy=one.values[0] if one.values else None,
                curve={int(step): value for step, value in one.user_attrs["curve"].items()},
                figures=one.user_attrs["figures"],
                seconds=one.user_attrs["seconds"],
            )
        )
    return tuple(found)


_SCALARS = ("learning_rate", "label_smoothing", "augmentation")


def _finished(trials: Sequence[Trial]) -> list[tuple[Trial, float]]:
    return [(trial, trial.accuracy) for trial in trials if trial.accuracy is not None]


def front_of(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """The finished trials that no other beats: none has no more weights, no less accuracy, and differs in either."""
    finished = _finished(trials)
    places = pareto_front([(trial.parameters, accuracy) for trial, accuracy in finished])
    return tuple(finished[place][0] for place in places)


def _write(trials: Sequence[Trial], options: SearchOptions, folder: Path) -> None:
    front = front_of(trials)
    write_report(
        {
            "schema": 1,
            "options": asdict(options),
            "front": [trial.number for trial in front],
            "trials": [trial.to_dict() for trial in trials],
        },
        folder / "search.json",
    )
    write_whole(sheet("Search for digit networks", _page(trials, front)), folder / "search.html")


def _page(trials: Sequence[Trial], front: Sequence[Trial]) -> Iterator[str]:
    finished = _finished(trials)
    yield (
        f"<p>{len(trials)} trials, {len(trials) - len(finished)} of them ended early. The front: no other is both "
        "smaller and better.</p>"
    )
    chart = [
        Series(name="front", points=[(one.parameters, one.accuracy or 0.0) for one in front]),
        Series(
            name="trials",
            points=[(one.parameters, accuracy) for one, accuracy in finished],
            weights=[0.2] * len(finished),
        ),
    ]
    yield line_chart(chart, title="Accuracy against size", axes=Axes(x="weights", y="validation accuracy, %"))
    names = ("trial", "weights", "accuracy, %", "channels", "blocks", "kernels", "rate", "smoothing", "augmentation")
    rows = []
    for one in front:
        chosen = one.settings
        rows.append(
            (
                str(one.number),
                f"{one.parameters:,}",
                f"{one.accuracy:.3f}",
                "-".join(map(str, chosen.channels)),
                "-".join(map(str, chosen.blocks)),
                f"{chosen.stem_kernel}, {chosen.kernel}",
                f"{chosen.learning_rate:.4f}",
                f"{chosen.label_smoothing:.3f}",
                f"{chosen.augmentation:.2f}",
            )
        )
    yield table(names, rows)
