"""Named, frozen settings, each of which leads from data to an ONNX file, its card and its curves.

``inkread train digit`` runs :func:`train_digit` with :data:`DIGIT`, ``inkread train second`` with :data:`SECOND`; the
results of these are what the package bundles.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inkread.data import datasets
from inkread.data.printed import draw_printed
from inkread.data.synth import CHARACTERS, Hand, draw_glyph
from inkread.data.synth.shapes import curve_through
from inkread.errors import InvalidOption
from inkread.evaluate.metrics import expected_calibration_error
from inkread.ink import Pen, draw_strokes
from inkread.models.registry import ModelCard
from inkread.nets import DigitNet, export_digit
from inkread.parts import DIGIT_CLASSES, DIGITS
from inkread.recognize.digit import DigitRecognizer
from inkread.recognize.prepare import INPUT_SIDE, prepare, to_ink
from inkread.train.cards import circumstances, write_card
from inkread.train.digits import NOT_A_DIGIT_CLASS, CropPool, CropStream, DistortionOptions
from inkread.train.loop import FitOptions, Progress, Taught, fit, spent

__all__ = [
    "DIGIT",
    "SECOND",
    "DigitRecipe",
    "Validation",
    "draw_pen_digit",
    "fit_digit",
    "gather_crops",
    "train_digit",
    "validated",
]

Inks = list[NDArray[np.float32]]

# Letters and marks that are written as a digit is: nobody can tell them apart by their shape, so they are neither
# learnt as digits nor as anything else.
LOOKALIKES = frozenset("OoIl|!/\\,'°SsZzgqb") | {"slash", "<box>", "<ring>", "<spiral>", "<corner>"}


# What crops go through in the last part of a training. Neighbors and rules stay: no pen is gentle to them.
GENTLE = DistortionOptions(
    rotation_degrees=5.5,
    slant=0.13,
    aspect=0.09,
    stretch_share=0.05,
    elastic_pixels=0.8,
    elastic_share=0.5,
    thickness_share=0.3,
    blur_share=0.12,
    low_resolution_share=0.08,
    noise_share=0.1,
    grain_share=0.05,
    break_share=0.03,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitRecipe:
    """How the digit network is trained.

    Attributes
    ----------
    task
        What the network is for: "digit", or "second", which is asked where that one is in doubt.
    samples
        Distorted crops seen in all.
    batch_size
        Crops a step.
    validation_writers
        Of MNIST's training writers, held out to choose and to calibrate.
    synthetic_digits, synthetic_others
        Crops that the synthesiser writes for the pool; 0 leaves them, and printed characters of the kind, out.
    average_decay
        Of the moving average of the weights that is kept; 0 keeps the last weights.
    teachers
        Cards of digit networks whose mean answer is learned beside the labels: what several networks, or a larger one,
        know of a crop that its label does not say (Hinton et al. 2015, arXiv 1503.02531).
    teacher_width
        Learns beside a network of so many times the channels too, and from what that one says of the same crops; 0 for
        by itself. Not beside ``teachers``.
    teacher_share
        Weight of what the teachers say against the labels.
    polish_share
        Crops seen after that, as a share of ``samples``, with gentler distortion and a lower rate: the network settles
        on ink as it is, having learnt what it may become. 0 leaves this out.
    polish_weights
        What the weights of some sources are multiplied with then.
    threads
        Cores that one training learns with; two trainings beside each other, with one each, see more in all.
    workers, repeats, minutes
        Processes that bend crops; how often each is learned from; when the training is to end at the latest.
    half
        Whether the weights are kept in 16 bits.
    """

    name: str = "digit"
    task: str = "digit"
    samples: int = 5_000_000
    batch_size: int = 256
    width: float = 1.0
    validation_writers: int = 60
    synthetic_digits: int = 24_000
    synthetic_others: int = 16_000
    label_smoothing: float = 0.02
    learning_rate: float = 3e-3
    average_decay: float = 0.9995
    teachers: tuple[ModelCard, ...] = ()
    teacher_width: float = 0.0
    teacher_share: float = 0.6
    threads: int = 2
    workers: int = 1
    repeats: int = 1
    minutes: float | None = None
    half: bool = False
    seed: int = 1
    distortion: DistortionOptions = field(default_factory=DistortionOptions)
    polish_share: float = 0.4
    polish_learning_rate: float = 1e-3
    polish_distortion: DistortionOptions = GENTLE
    polish_weights: Mapping[str, float] = field(
        default_factory=lambda: {"mnist": 1.6, "pendigits": 0.3, "written-others": 1.4, "phone_chars62-others": 1.3}
    )


DIGIT = DigitRecipe()
# Asked where the other is in doubt: wider, as it is seldom asked, it learns the same from another beginning and in
# another order.
SECOND = DigitRecipe(name="second", task="second", width=1.5, seed=13, half=True)


@dataclass(slots=True)
class Validation:
    """Held-out crops as network input, by source."""

    inputs: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    targets: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, name: str, inks: Inks, targets: NDArray[np.int64]) -> None:
        self.inputs[name] = prepare(inks)
        self.targets[name] = targets

    def joined(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        return np.concatenate(list(self.inputs.values())), np.concatenate(list(self.targets.values()))


def train_digit(
    recipe: DigitRecipe,
    *,
    folder: Path,
    extra: Sequence[tuple[Inks, NDArray[np.int64]]] = (),
    bundled_data: bool = True,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda message: None,
) -> ModelCard:
    """Train, calibrate and export a digit network.

    Parameters
    ----------
    recipe
        The settings.
    folder
        Gets ``checkpoint.pt``, ``curves.jsonl``, ``digit.onnx`` and ``digit.toml``. A checkpoint there is continued.
    extra
        One's own crops of ink and their classes (0…9, 10 for "not a digit"); a tenth of each is held out.
    bundled_data
        Whether the sets marked *train* and the synthesiser are learned from too.
    report, say
        Called after every step, and with a line for people at every stage.

    Returns
    -------
    The card of the new network.

    Raises
    ------
    DataError
        If a data set is missing.
    InvalidOption
        If there is nothing to learn from or to validate on, a teacher is no digit network or there are teachers of both
        kinds, or the folder holds another training.
    """
    if recipe.teacher_width and recipe.teachers:
        raise InvalidOption("a network learns from others' cards or beside a wider one, not from both")
    torch.manual_seed(recipe.seed)
    say("Gathering crops to learn from")
    pool, validation = gather_crops(recipe, extra=extra, bundled_data=bundled_data)
    for name, (count, share) in pool.shares().items():
        say(f"  {name}: {count:,} crops, {100 * share:.1f} % of a batch")

    net: nn.Module = DigitNet(width=recipe.width)
    if recipe.teacher_width:
        net = Taught(net, DigitNet(width=recipe.teacher_width))
    minutes = recipe.minutes / (1 + recipe.polish_share) if recipe.minutes else None
    trained = fit_digit(net, pool, validation, replace(recipe, minutes=minutes), folder=folder, report=report, say=say)
    if recipe.polish_share:
        polish = replace(
            recipe,
            minutes=recipe.polish_share * minutes if minutes else None,
            samples=round(recipe.polish_share * recipe.samples),
            learning_rate=recipe.polish_learning_rate,
            distortion=recipe.polish_distortion,
            seed=recipe.seed + 1,
        )
        weighed = pool.weighed(recipe.polish_weights)
        trained = fit_digit(trained, weighed, validation, polish, folder=folder / "polish", report=report, say=say)
    if isinstance(trained, Taught):
        trained = trained.student
    if not isinstance(trained, DigitNet):
        raise TypeError(f"expected a DigitNet; got {type(trained).__name__}")
    say("Calibrating and exporting")
    return _finish(trained, validation, pool, recipe, folder, own=bool(extra), bundled=bundled_data)


def fit_digit(
    net: nn.Module,
    pool: CropPool,
    validation: Validation,
    recipe: DigitRecipe,
    *,
    folder: Path,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda message: None,
) -> nn.Module:
    """Train a network of logits and features on a pool, and give its average; see :func:`inkread.train.loop.fit`."""
    for card in recipe.teachers:
        if card.task != "digit" or card.alphabet != DIGIT_CLASSES:
            raise InvalidOption(f"a teacher is a digit network of the same classes; {card.name} is none")
    options = FitOptions(
        steps=max(1, recipe.samples // recipe.batch_size),
        learning_rate=recipe.learning_rate,
        average_decay=recipe.average_decay,
        seed=recipe.seed,
        validate_every=max(1, min(1000, recipe.samples // recipe.batch_size // 4)),
        threads=recipe.threads,
        workers=recipe.workers,
        repeats=recipe.repeats,
        seconds=60 * recipe.minutes if recipe.minutes else None,
    )

    def batches(start: int, worker: int) -> Iterator[tuple[torch.Tensor, ...]]:
        rng = np.random.default_rng([recipe.seed, start, worker])
        # Loaded here, in the process that makes the batches: sessions do not outlive a fork.
        teachers = [DigitRecognizer(card) for card in recipe.teachers]
        for inputs, targets in CropStream(pool, batch_size=recipe.batch_size, rng=rng, options=recipe.distortion):
            said = [np.exp(teacher.recognize_prepared(inputs)) for teacher in teachers]
            arrays = (inputs, targets, np.mean(said, axis=0)) if said else (inputs, targets)
            yield tuple(torch.from_numpy(array) for array in arrays)

    def loss(model: nn.Module, batch: tuple[torch.Tensor, ...]) -> torch.Tensor:
        device = next(model.parameters()).device
        inputs, targets = batch[0].to(device, memory_format=torch.channels_last), batch[1].to(device)
        logits = model(inputs)[0].float()
        of_labels = nn.functional.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
        told, of_teacher_itself = batch[2].to(device) if len(batch) > 2 else None, 0.0
        if isinstance(model, Taught):
            wider = model.teacher(inputs)[0].float()
            of_teacher_itself = nn.functional.cross_entropy(wider, targets, label_smoothing=recipe.label_smoothing)
            told = wider.detach().softmax(dim=1)
        if told is None:
            return of_labels
        of_teachers = nn.functional.cross_entropy(logits, told)
        return (1 - recipe.teacher_share) * of_labels + recipe.teacher_share * of_teachers + of_teacher_itself

    def validate(model: nn.Module) -> dict[str, float]:
        return validated(model, validation)

    say(f"Training {options.steps:,} steps of {recipe.batch_size} crops")
    net = net.to(memory_format=torch.channels_last)
    return fit(net, batches, loss=loss, validate=validate, options=options, folder=folder, report=report)


def gather_crops(
    recipe: DigitRecipe, *, extra: Sequence[tuple[Inks, NDArray[np.int64]]] = (), bundled_data: bool = True
) -> tuple[CropPool, Validation]:
    """The crops to learn from and those held out; see :func:`train_digit`, which learns from them.

    Raises
    ------
    DataError
        If a data set is missing.
    InvalidOption
        If there is nothing to learn from or to validate on.
    """
    pool, validation = CropPool(), Validation()
    if bundled_data:
        _add_train_sets(pool, validation, recipe)
        _add_synthetic(pool, validation, recipe)
    for number, (inks, targets) in enumerate(extra):
        _add_split(pool, validation, f"own-{number + 1}", inks, targets, weight=0.3 if bundled_data else 1.0)
    if not len(pool):
        raise InvalidOption("there is nothing to learn from: give --data, or keep the bundled sets")
    if not any((targets < NOT_A_DIGIT_CLASS).any() for targets in validation.targets.values()):
        raise InvalidOption(
            "a tenth of the crops is held out to validate on, and no digit is among it: give more digits"
        )
    return pool, validation


def _classes(labels: NDArray[np.str_]) -> NDArray[np.int64]:
    """0…9 for digits, :data:`NOT_A_DIGIT_CLASS` for other characters, -1 for lookalikes."""
    return np.array(
        [int(c) if c in DIGITS else -1 if c in LOOKALIKES else NOT_A_DIGIT_CLASS for c in labels.tolist()], np.int64
    )


def _inks_of(samples: datasets.Samples) -> Inks:
    return to_ink(list(samples.images))


def _add_train_sets(pool: CropPool, validation: Validation, recipe: DigitRecipe) -> None:
    mnist = datasets.load("mnist", "train")
    if mnist.writers is None:
        raise InvalidOption(
            "the recipe holds out writers of MNIST, whom QMNIST's labels name: inkread data fetch qmnist"
        )
    writers = np.unique(mnist.writers)
    held = np.isin(mnist.writers, np.random.default_rng(0).permutation(writers)[: recipe.validation_writers])
    inks, targets = _inks_of(mnist), mnist.labels.astype(np.int64)
    pool.add("mnist", [inks[i] for i in np.flatnonzero(~held)], targets[~held], weight=0.40)
    validation.add("mnist", [inks[i] for i in np.flatnonzero(held)], targets[held])

    for name, split, digits, others in (
        ("bhmsds", "all", 0.07, 0.025),
        ("hwd1000", "all", 0.03, 0.0),
        ("phone_chars62", "train", 0.035, 0.055),
        ("optdigits32", "train", 0.04, 0.0),
        ("mdas_symbols", "train", 0.0, 0.015),
    ):
        samples = datasets.load(name, split)
        inks, classes = _inks_of(samples), _classes(samples.labels)
        for part, chosen, weight in (
            ("digits", (classes >= 0) & (classes < NOT_A_DIGIT_CLASS), digits),
            ("others", classes == NOT_A_DIGIT_CLASS, others),
        ):
            if weight:
                rows = np.flatnonzero(chosen)
                _add_split(pool, validation, f"{name}-{part}", [inks[i] for i in rows], classes[rows], weight=weight)

    omniglot = datasets.load("omniglot_small", "all")
    # By drawer, as the others are by writer.
    drawers = np.zeros(len(omniglot.labels), np.int64) if omniglot.writers is None else omniglot.writers
    rows = np.flatnonzero((drawers > 2) & ~np.isin(omniglot.labels, OMNIGLOT_LOOKALIKES))
    inks = _inks_of(omniglot)
    pool.add("omniglot", [inks[i] for i in rows], np.full(len(rows), NOT_A_DIGIT_CLASS), weight=0.03)

    pen = datasets.load_strokes("pendigits8", "train")
    rng = np.random.default_rng(2)
    drawn = [draw_pen_digit(strokes, float(rng.uniform(1.8, 5.0))) for strokes in pen.strokes]
    _add_split(pool, validation, "pendigits", drawn, pen.labels.astype(np.int64), weight=0.03)


# Characters of other alphabets that are written as a digit is.
OMNIGLOT_LOOKALIKES = (
    *(f"Latin/character{n:02}" for n in (2, 7, 9, 12, 15, 17, 19, 26)),
    *(f"Early_Aramaic/character{n:02}" for n in (2, 3, 4, 14, 17, 20)),
    *(f"Tagalog/character{n:02}" for n in (3, 16)),
    *(f"Korean/character{n:02}" for n in (21, 33)),
    *(f"Greek/character{n:02}" for n in (4, 6, 15)),
    "Japanese_(katakana)/character02",
    "Balinese/character05",
)


def draw_pen_digit(strokes: Sequence[Any], width: float) -> NDArray[np.float32]:
    """A digit of pendigits8, its eight points made round again and drawn 34 pixels high with a pen of this width."""
    (stroke,) = strokes
    points = np.stack([stroke.x, stroke.y], axis=1)
    points = (points - points.min(axis=0)) / max(np.ptp(points, axis=0).max(), 1e-6) * 34 + 7
    smooth = curve_through(points, parts=6)
    rounded = type(stroke)(x=smooth[:, 0], y=smooth[:, 1])
    return draw_strokes((rounded,), size=(48, 48), pen=Pen(width=width, kind="ballpoint"))


def _add_synthetic(pool: CropPool, validation: Validation, recipe: DigitRecipe) -> None:
    rng = np.random.default_rng([recipe.seed, 3])
    if recipe.synthetic_digits:
        digits, targets = _written(DIGITS, recipe.synthetic_digits, rng)
        _add_split(pool, validation, "written-digits", digits, targets, weight=0.14)
    if recipe.synthetic_others:
        others = tuple(c for c in CHARACTERS if c not in DIGITS and c not in LOOKALIKES)
        inks, targets = _written(others, recipe.synthetic_others, rng)
        _add_split(pool, validation, "written-others", inks, targets, weight=0.075)
    if recipe.synthetic_digits:
        inks, targets = _printed(DIGITS, 3000, rng)
        _add_split(pool, validation, "printed-digits", inks, targets, weight=0.04)
    if recipe.synthetic_others:
        letters = tuple(
            c for c in string.ascii_uppercase + string.ascii_lowercase + "+-*=#%&$€?@()<>:;" if c not in LOOKALIKES
        )
        inks, targets = _printed(letters, 6000, rng)
        _add_split(pool, validation, "printed-others", inks, targets, weight=0.03)


def _written(characters: Sequence[str], count: int, rng: np.random.Generator) -> tuple[Inks, NDArray[np.int64]]:
    chosen = [characters[i] for i in rng.integers(len(characters), size=count)]
    hands = [Hand.random(rng) for _ in range(max(1, count // 12))]
    inks = [
        draw_glyph(character, hands[i % len(hands)], rng, height=int(rng.integers(26, 44)))
        for i, character in enumerate(chosen)
    ]
    return inks, _classes(np.array(chosen))


def _printed(characters: Sequence[str], count: int, rng: np.random.Generator) -> tuple[Inks, NDArray[np.int64]]:
    chosen = [characters[i] for i in rng.integers(len(characters), size=count)]
    return [draw_printed(c, rng, height=int(rng.integers(30, 56))) for c in chosen], _classes(np.array(chosen))


def _add_split(
    pool: CropPool, validation: Validation, name: str, inks: Inks, targets: NDArray[np.int64], *, weight: float
) -> None:
    """Learn from nine tenths, validate on the rest."""
    order = np.random.default_rng(4).permutation(len(inks))
    held, kept = order[: len(order) // 10], order[len(order) // 10 :]
    pool.add(name, [inks[i] for i in kept], targets[kept], weight=weight)
    if len(held):
        validation.add(name, [inks[i] for i in held], targets[held])


def _logits(net: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = [
            net(torch.from_numpy(inputs[i : i + 512]).to(device, memory_format=torch.channels_last))[0].float().cpu()
            for i in range(0, len(inputs), 512)
        ]
    return np.asarray(torch.cat(parts).numpy(), np.float32)


def validated(net: nn.Module, validation: Validation) -> dict[str, float]:
    """Accuracy in per cent by source; of digits the likeliest digit counts, of others that they are refused."""
    figures = {}
    for name, inputs in validation.inputs.items():
        targets, logits = validation.targets[name], _logits(net, inputs)
        digit = targets < NOT_A_DIGIT_CLASS
        right = np.where(digit, logits[:, :10].argmax(axis=1) == targets, logits.argmax(axis=1) == targets)
        figures[name] = round(100 * float(right.mean()), 3)
    return figures


def _temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The divisor of the logits that makes the targets likeliest (Guo et al. 2017, arXiv 1706.04599)."""
    scores, wanted = torch.from_numpy(logits).double(), torch.from_numpy(targets)
    grid = np.exp(np.linspace(np.log(0.3), np.log(3.0), 231))
    losses = [float(nn.functional.cross_entropy(scores / t, wanted)) for t in grid]
    return round(float(grid[int(np.argmin(losses))]), 4)


def _finish(
    net: nn.Module,
    validation: Validation,
    pool: CropPool,
    recipe: DigitRecipe,
    folder: Path,
    *,
    own: bool,
    bundled: bool,
) -> ModelCard:
    inputs, targets = validation.joined()
    logits = _logits(net, inputs)
    temperature = _temperature(logits, targets)
    probabilities = torch.softmax(torch.from_numpy(logits / temperature), dim=1).numpy()
    is_digit = targets < NOT_A_DIGIT_CLASS
    some_digit = 1 - probabilities[:, NOT_A_DIGIT_CLASS]
    threshold = float(np.quantile(some_digit[is_digit], 0.005))
    kept = probabilities[is_digit, :NOT_A_DIGIT_CLASS]
    refused = round(100 * float((some_digit[~is_digit] < threshold).mean()), 2) if not is_digit.all() else None
    figures: dict[str, Any] = {
        "data": "validation: writers and crops held out from training",
        "accuracy_percent": validated(net, validation),
        "refused_percent": refused,
        "expected_calibration_error": round(
            float(expected_calibration_error(kept.max(axis=1), kept.argmax(axis=1) == targets[is_digit])), 5
        ),
    }
    net.cpu()
    path = folder / f"{recipe.name}.onnx"
    export_digit(net, path, side=INPUT_SIDE, half=recipe.half)
    shares = pool.shares().items()
    training = {
        "recipe": recipe.name,
        **circumstances(),
        "seed": recipe.seed,
        "samples": spent(folder).steps * recipe.batch_size,
        "polish_samples": spent(folder / "polish").steps * recipe.batch_size,
        "batch_size": recipe.batch_size,
        "teachers": [card.name for card in recipe.teachers],
        **({"teacher": f"a network {recipe.teacher_width:g} times as wide"} if recipe.teacher_width else {}),
        "own_data": own,
        "bundled_data": bundled,
        "parameters": sum(p.numel() for p in net.parameters()),
        "sources": {name: f"{count} crops, {100 * share:.1f} % of a batch" for name, (count, share) in shares},
    }
    written = write_card(
        path,
        task=recipe.task,
        alphabet=DIGIT_CLASSES,
        calibration={"temperature": temperature, "refusal_threshold": round(threshold, 6)},
        training=training,
        figures={key: value for key, value in figures.items() if value is not None},
    )
    _check_export(written, net, inputs[:256])
    return written


def _check_export(card: ModelCard, net: nn.Module, inputs: NDArray[np.float32]) -> None:
    """What onnxruntime says must be what torch says."""
    from inkread.models.session import Session

    (found,) = Session(card).run(["logits"], {"ink": inputs})
    wanted = _logits(net, inputs)
    worst = float(np.abs(found - wanted).max())
    if worst > 1e-2:
        raise InvalidOption(f"the exported network differs from the trained one by {worst:.4f} in a logit")
