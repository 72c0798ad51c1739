"""The recipe of the line network: lines put together from writers' digits → ONNX, card and curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkread.models.registry import ModelCard
from inkread.nets import LINE_STEP, LineNet, export_line
from inkread.parts import BLANK, DIGITS
from inkread.recognize.prepare import LINE_HEIGHT, prepare_line
from inkread.train.cards import circumstances, write_card
from inkread.train.exported import start_from_card
from inkread.train.lines import Beside, LineStream, WriterDigits
from inkread.train.loop import FitOptions, Progress, Taught, fit, spent, start_from
from inkread.train.pictures import LinePictures, clean_lines
from inkread.train.writers import (
    assorted_writers,
    bhmsds_writers,
    fonts,
    hands,
    mnist_writers,
    number_signs,
    other_signs,
    other_words,
)

__all__ = ["LINE", "LINE_CAR", "WORDS", "LineRecipe", "train_line"]

Batch = tuple[Tensor, Tensor, Tensor, Tensor, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecipe:
    """How the line network is trained.

    Attributes
    ----------
    lines
        Lines seen in all.
    width
        Multiplies the channels of every convolution.
    recurrent
        Units of the LSTM in each direction; 0 for the purely convolutional head.
    validation_writers
        Of MNIST's training writers, held out, the same ones as for the digit network.
    hands
        Synthetic writers.
    words
        Words to draw those from that stand beside numbers; with any, signs stand beside and within numbers too.
    pictures, pictures_share
        A data set of real lines, whose split "train" is learned from beside the composed ones, and its share; on its
        split "val" the weights are chosen. Empty for the bundled network.
    gentle
        Share of the composed lines that paper and camera do nothing to.
    teacher_width
        Learns beside a network of so many times the channels, and from what that one says of the same lines; 0 for by
        itself.
    teacher_share
        Weight of what that one says against the texts.
    threads
        Cores that one training learns with; two trainings beside each other, with one each, see more in all.
    workers, repeats, minutes
        Processes that compose lines; how often each is learned from; when the training is to end at the latest.
    half
        Whether the weights are kept in 16 bits.
    """

    name: str = "line"
    lines: int = 1_000_000
    batch_size: int = 48
    width: float = 1.0
    recurrent: int = 96
    validation_writers: int = 60
    validation_lines: int = 600
    hands: int = 2000
    learning_rate: float = 2e-3
    seed: int = 1
    words: int = 0
    pictures: str = ""
    pictures_share: float = 0.0
    gentle: float = 0.0
    teacher_width: float = 0.0
    teacher_share: float = 0.5
    threads: int = 2
    workers: int = 1
    repeats: int = 1
    minutes: float | None = None
    half: bool = False


LINE = LineRecipe(gentle=0.35)
# Heard beside the other: alone it takes leaning ones for slashes.
WORDS = LineRecipe(name="words", words=3000, gentle=0.45, half=True)
# Cheque amounts: not bundled, for their pictures may be used for research only.
LINE_CAR = LineRecipe(name="line-car", lines=200_000, learning_rate=1e-3, pictures="car_a", pictures_share=0.5)
# Of each sign there is one for so many words.
WORDS_A_SIGN = 25
# Shares of the lines by whose digits they are written with.
GROUP_SHARES = {"mnist": 0.34, "bhmsds": 0.09, "assorted": 0.12, "written": 0.39, "printed": 0.06}


def train_line(
    recipe: LineRecipe,
    *,
    folder: Path,
    start: Path | ModelCard | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda message: None,
) -> ModelCard:
    """Train, calibrate and export a line network.

    Parameters
    ----------
    recipe
        The settings.
    folder
        Gets ``checkpoint.pt``, ``curves.jsonl``, ``line.onnx`` and ``line.toml``. A checkpoint there is continued.
    start
        Whose weights this training starts from: the averaged ones of another one's checkpoint, or an exported network,
        which may be narrower.
    report, say
        Called after every step, and with a line for people at every stage.

    Raises
    ------
    DataError
        If a data set is missing.
    InvalidOption
        If ``start`` is no such network, or no checkpoint of one.
    """
    torch.manual_seed(recipe.seed)
    say("Gathering writers to learn from")
    rng = np.random.default_rng([recipe.seed, 5])
    kept, held = mnist_writers(recipe.validation_writers)
    groups = {
        "mnist": kept,
        "bhmsds": bhmsds_writers(),
        "assorted": assorted_writers(rng),
        "written": hands(recipe.hands, rng),
        "printed": fonts(60, rng),
    }
    beside = Beside(others=other_signs(2000, rng))
    if recipe.words:
        signs = number_signs(-(-recipe.words // WORDS_A_SIGN), rng)
        beside = replace(beside, words=other_words(recipe.words, rng), signs=signs)
    for name, writers in groups.items():
        say(f"  {name}: {len(writers)} writers, {100 * GROUP_SHARES[name]:.0f} % of the lines")
    shares = [GROUP_SHARES[name] for name in groups]
    validation, validated_on = _validation(held, beside, recipe), "lines in the digits of MNIST writers held out"
    pictures = LinePictures(recipe.pictures, "train") if recipe.pictures else None
    if recipe.pictures:
        validation, validated_on = _picture_validation(recipe), f"{recipe.pictures}, split val"
        say(f"  {recipe.pictures}: {len(pictures or ())} pictures, {100 * recipe.pictures_share:.0f} % of all lines")

    net = LineNet(recurrent=recipe.recurrent, width=recipe.width).to(memory_format=torch.channels_last)
    if isinstance(start, ModelCard):
        start_from_card(net, start, validation[0][0])
    elif start is not None:
        start_from(net, start)
    learner: nn.Module = net
    if recipe.teacher_width:
        times = recipe.teacher_width
        wider = LineNet(recurrent=round(recipe.recurrent * times), width=recipe.width * times)
        learner = Taught(net, wider.to(memory_format=torch.channels_last))
    steps = max(1, recipe.lines // recipe.batch_size)
    options = FitOptions(
        steps=steps,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
        validate_every=max(1, min(500, steps // 4)),
        average_decay=0.999,
        weight_decay=1e-3,
        threads=recipe.threads,
        workers=recipe.workers,
        repeats=recipe.repeats,
        seconds=60 * recipe.minutes if recipe.minutes else None,
    )

    def batches(step: int, worker: int) -> Iterator[Batch]:
        stream = LineStream(
            list(groups.values()),
            shares,
            beside,
            batch_size=recipe.batch_size,
            rng=np.random.default_rng([recipe.seed, step, worker]),
            pictures=pictures,
            pictures_share=recipe.pictures_share,
            gentle=recipe.gentle,
        )
        while True:
            yield _as_tensors(*stream.batch())

    best: dict[str, Any] = {"exact_percent": -1.0}

    def validate(model: nn.Module) -> dict[str, float]:
        figures = _figures(model, validation)
        if recipe.pictures and figures["exact_percent"] > best["exact_percent"]:
            best.update(figures, weights={name: value.cpu().clone() for name, value in model.state_dict().items()})
        return figures

    say(f"Training {steps:,} steps of {recipe.batch_size} lines")
    trained = fit(
        learner,
        batches,
        loss=lambda model, batch: _loss(model, batch, recipe.teacher_share),
        validate=validate,
        options=options,
        folder=folder,
        report=report,
    )
    if isinstance(trained, Taught):
        trained = trained.student
    if not isinstance(trained, LineNet):
        raise TypeError(f"expected a LineNet; got {type(trained).__name__}")
    if "weights" in best:
        trained.load_state_dict(best["weights"])
    say("Calibrating and exporting")
    temperature = _temperature(trained, validation)
    path = folder / f"{recipe.name}.onnx"
    export_line(trained, path, height=LINE_HEIGHT, half=recipe.half)
    return write_card(
        path,
        task="words" if recipe.words else "line",
        alphabet=(*DIGITS, BLANK),
        calibration={"temperature": temperature, "refusal_threshold": 0.0},
        training={
            "recipe": recipe.name,
            **circumstances(),
            "seed": recipe.seed,
            "lines": spent(folder).steps * recipe.batch_size,
            "batch_size": recipe.batch_size,
            **({"width": recipe.width} if recipe.width != 1 else {}),
            "recurrent": recipe.recurrent,
            "parameters": sum(p.numel() for p in trained.parameters()),
            "writers": {name: len(writers) for name, writers in groups.items()},
            **({"pictures": recipe.pictures} if recipe.pictures else {}),
            **({"teacher": f"a network {recipe.teacher_width:g} times as wide"} if recipe.teacher_width else {}),
            **({"started_from": _told(start)} if start is not None else {}),
        },
        figures={"data": f"validation: {validated_on}", **_figures(trained, validation)},
    )


def _told(start: Path | ModelCard) -> str:
    return f"the weights of {start.name}" if isinstance(start, ModelCard) else "the weights of another training"


def _as_tensors(strips: NDArray[np.float32], widths: NDArray[np.int64], texts: list[str]) -> Batch:
    targets = torch.tensor([int(c) for text in texts for c in text], dtype=torch.long)
    lengths = torch.tensor([len(text) for text in texts], dtype=torch.long)
    frames = torch.from_numpy(-(-widths // LINE_STEP)).clamp(max=strips.shape[3] // LINE_STEP)
    return torch.from_numpy(strips), frames, targets, lengths, texts


def _loss(model: nn.Module, batch: Batch, teacher_share: float = 0.0) -> Tensor:
    """Of the texts; beside a teacher also of what it says of each frame, and its own."""
    strips, frames, targets, lengths, _ = batch
    device = next(model.parameters()).device
    strips, targets = strips.to(device, memory_format=torch.channels_last), targets.to(device)
    if not isinstance(model, Taught):
        return _of_texts(model(strips), frames, targets, lengths)
    told, said = model.teacher(strips).float(), model.student(strips).float()
    of_texts = _of_texts(said, frames, targets, lengths)
    of_teacher = _of_frames(said, told.detach(), frames, lengths)
    return (1 - teacher_share) * of_texts + teacher_share * of_teacher + _of_texts(told, frames, targets, lengths)


def _of_texts(log_probs: Tensor, frames: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    """Connectionist temporal classification, a digit of the text."""
    return nn.functional.ctc_loss(log_probs.float(), targets, frames, lengths, blank=len(DIGITS), zero_infinity=True)


def _of_frames(said: Tensor, told: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
    """How far what is ``said`` of frames, log-probabilities (T, N, 11), is from what was ``told``, a digit of the
    text."""
    apart = (told.exp() * (told - said)).sum(dim=2)  # (T, N)
    inside = torch.arange(len(said))[:, None] < frames[None, :]
    a_line = (apart * inside.to(apart.device)).sum(dim=0)
    return (a_line / lengths.clamp(min=1).to(apart.device)).mean()


def _validation(held: list[WriterDigits], beside: Beside, recipe: LineRecipe) -> list[Batch]:
    stream = LineStream([held], [1.0], beside, batch_size=50, rng=np.random.default_rng(6))
    return [_as_tensors(*stream.batch()) for _ in range(max(1, recipe.validation_lines // 50))]


def _picture_validation(recipe: LineRecipe) -> list[Batch]:
    """The split "val", each picture as a strip of its own, framed as reading frames it."""
    batches = []
    for word, text in clean_lines(recipe.pictures, "val"):
        strip = prepare_line(word.crop.ink, digit_height=word.digit_height)
        padded = np.zeros((1, 1, LINE_HEIGHT, -(-(strip.shape[1] + 16) // 8) * 8), np.float32)
        padded[0, 0, :, 8 : 8 + strip.shape[1]] = strip
        batches.append(_as_tensors(padded, np.array([padded.shape[3]]), [text]))
    return batches


def _log_probs(net: nn.Module, validation: list[Batch]) -> list[Tensor]:
    device = next(net.parameters()).device
    with torch.inference_mode():
        return [net(b[0].to(device, memory_format=torch.channels_last)).float().cpu() for b in validation]


def _figures(net: nn.Module, validation: list[Batch]) -> dict[str, float]:
    """Lines read exactly by the greedy path, in per cent, and the loss a line."""
    right, total, losses = 0, 0, []
    for log_probs, (_, frames, targets, lengths, texts) in zip(_log_probs(net, validation), validation, strict=True):
        best = log_probs.argmax(dim=2).T.tolist()
        for row, count, text in zip(best, frames.tolist(), texts, strict=True):
            right += _collapsed(row[:count]) == text
            total += 1
        losses.append(float(nn.functional.ctc_loss(log_probs, targets, frames, lengths, blank=len(DIGITS))))
    return {"exact_percent": round(100 * right / total, 2), "loss": round(float(np.mean(losses)), 4)}


def _collapsed(row: list[int]) -> str:
    return "".join(str(c) for c, before in zip(row, [-1, *row], strict=False) if c not in (before, len(DIGITS)))


def _temperature(net: nn.Module, validation: list[Batch]) -> float:
    """The divisor of the frames' logits that makes the validation texts likeliest."""
    log_probs = _log_probs(net, validation)

    def loss(temperature: float) -> float:
        values = [
            float(
                nn.functional.ctc_loss(
                    torch.log_softmax(scores / temperature, dim=2),
                    targets,
                    frames,
                    lengths,
                    blank=len(DIGITS),
                    reduction="sum",
                )
            )
            for scores, (_, frames, targets, lengths, _) in zip(log_probs, validation, strict=True)
        ]
        return sum(values)

    grid = np.exp(np.linspace(np.log(0.5), np.log(2.5), 33))
    return round(float(min(grid, key=loss)), 4)
