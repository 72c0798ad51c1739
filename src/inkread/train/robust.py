"""The recipe of a digit network that can be certified: no small change of its input makes it read another digit.

``inkread train digit-robust`` runs :func:`train_robust`. The network learns from the worst that the bounds of its own
intervals allow (interval bound propagation, Gowal et al. 2018, arXiv 1810.12715), so that what it holds out against is
proven and does not hang on how strong an attack was. In the end what can be proven is found more exactly
(:mod:`inkread.evaluate.certify`); the curves show what intervals prove. It pays with accuracy, knows the digits of
MNIST alone, and refuses nothing: it is not bundled, and is no better choice for reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkread.data import datasets
from inkread.errors import InvalidOption
from inkread.evaluate.certify import certified
from inkread.evaluate.metrics import negative_log_likelihood
from inkread.evaluate.prepared import prepared_digits
from inkread.models.registry import ModelCard
from inkread.nets import RobustNet, export_robust
from inkread.parts import DIGIT_CLASSES
from inkread.recognize.prepare import INPUT_SIDE
from inkread.train.cards import circumstances, write_card
from inkread.train.loop import FitOptions, Progress, fit

__all__ = ["ROBUST", "RobustRecipe", "train_robust"]

Digits = tuple[NDArray[np.float32], NDArray[np.int64]]
Batch = tuple[Tensor, Tensor, float]  # inputs, targets, share of the training that is done


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustRecipe:
    """How the network is trained.

    Batch and rate are about those of the authors.

    Attributes
    ----------
    epsilon
        The change of a pixel, of the range of 1, against which it is to be certified.
    train_epsilon
        The change that it is trained against for most of the time; a little more than is asked for, as the authors do.
    settle_epsilon
        The change in the end: little more than is asked for costs less of what is read right.
    warmup_share, ramp_share, settle_share
        Of the training: the first learns as always, the second lets the change grow from nothing, the last learns
        against ``settle_epsilon``.
    clean_share
        Weight, in the end, of what is read unchanged against the worst that the bounds allow.
    further_epochs, further_learning_rate
        After that it learns on from the average of its weights, against ``settle_epsilon``, at a lower rate that falls
        to nothing again. 0 leaves this out.
    """

    name: str = "digit-robust"
    epochs: int = 42
    batch_size: int = 128
    width: float = 1.0
    learning_rate: float = 1e-3
    epsilon: float = 0.3
    train_epsilon: float = 0.35
    settle_epsilon: float = 0.305
    warmup_share: float = 0.04
    ramp_share: float = 0.3
    settle_share: float = 0.4
    clean_share: float = 0.5
    further_epochs: int = 16
    further_learning_rate: float = 5e-4
    validation_writers: int = 60
    seed: int = 1
    threads: int = 2

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.threads < 1 or self.further_epochs < 0:
            raise InvalidOption(f"epochs, the batch and threads are at least 1, further_epochs at least 0; got {self}")
        if not 0 < self.epsilon <= min(self.train_epsilon, self.settle_epsilon) <= 1:
            raise InvalidOption(f"0 < epsilon <= train_epsilon and settle_epsilon <= 1; got {self}")
        if not (0 <= self.clean_share <= 1 and self.warmup_share + self.ramp_share + self.settle_share <= 1):
            raise InvalidOption(f"shares lie in [0, 1] and those of the training within it; got {self}")

    def schedule(self, done: float) -> tuple[float, float]:
        """The change of a pixel and the weight of what is read unchanged, where ``done`` of the training is over.

        Examples
        --------
        >>> ROBUST.schedule(0.0), ROBUST.schedule(1.0)
        ((0.0, 1.0), (0.305, 0.5))
        """
        grown = min(1.0, max(0.0, (done - self.warmup_share) / max(self.ramp_share, 1e-9)))
        most = self.settle_epsilon if done >= 1 - self.settle_share else self.train_epsilon
        return most * grown, 1 - (1 - self.clean_share) * grown


ROBUST = RobustRecipe()


def train_robust(
    recipe: RobustRecipe,
    *,
    folder: Path,
    digits: tuple[Digits, Digits] | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda message: None,
) -> ModelCard:
    """Train, certify and export the network.

    Parameters
    ----------
    folder
        Gets ``checkpoint.pt``, ``curves.jsonl``, ``digit-robust.onnx`` and ``digit-robust.toml``, and a folder
        ``further`` with the first two of what it learned further. A checkpoint there is continued.
    digits
        Prepared digits to learn from and digits to validate on, each inputs (N, 1, 28, 28) and targets (N,); those of
        MNIST's training set, whole writers held out, when not given.

    Raises
    ------
    DataError
        If MNIST is missing.
    InvalidOption
        If there is nothing to learn from or to validate on, or the folder holds another training.
    """
    torch.manual_seed(recipe.seed)
    say("Preparing the digits")
    (inputs, targets), held = digits or _mnist(recipe)
    if not len(targets) or not len(held[1]):
        raise InvalidOption(f"digits to learn from and to validate on are needed; got {len(targets)}, {len(held[1])}")
    net = RobustNet(width=recipe.width).to(memory_format=torch.channels_last)
    size = min(recipe.batch_size, len(targets))
    rounds = len(targets) // size

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        device = next(model.parameters()).device
        ink, wanted = batch[0].to(device), batch[1].to(device)
        epsilon, clean_share = recipe.schedule(batch[2])
        # Bounds are sums of thousands of terms: eight bits of precision would not bound anything.
        with torch.autocast(device.type, enabled=False):
            if clean_share == 1:
                return nn.functional.cross_entropy(model(ink)[0], wanted)
            logits, margins = model.logits_and_margins(ink, epsilon, wanted)
            value = nn.functional.cross_entropy(logits, wanted)
            # The logits of the worst case: 0 for the digit, and for the others how far they may lead it.
            worst = (-margins).masked_fill(margins == torch.inf, 0)
            return clean_share * value + (1 - clean_share) * nn.functional.cross_entropy(worst, wanted)

    def learn(model: nn.Module, first: int, epochs: int, learning_rate: float, where: Path) -> nn.Module:
        """Learn for some epochs, of which the first is the ``first`` of the whole training."""
        options = FitOptions(
            steps=epochs * rounds,
            learning_rate=learning_rate,
            weight_decay=0.0,
            average_decay=0.999,
            validate_every=max(1, rounds),
            threads=recipe.threads,
            seed=recipe.seed,
        )

        def batches(start: int, worker: int) -> Iterator[Batch]:
            for step in range(start, options.steps):
                epoch, place = divmod(step, rounds)
                # Each pass in an order of its own, which a resumed training finds again.
                order = np.random.default_rng([recipe.seed, first + epoch]).permutation(len(targets))
                rows = order[place * size :][:size]
                done = min(1.0, (first + step / rounds) / recipe.epochs)
                yield torch.from_numpy(inputs[rows]), torch.from_numpy(targets[rows]), done

        most = recipe.settle_epsilon if first else recipe.train_epsilon
        say(f"Training {options.steps:,} steps of {size} digits against changes of up to {most}")
        return fit(
            model,
            batches,
            loss=loss,
            validate=lambda model: _figures(model, held, recipe.epsilon),
            options=options,
            folder=where,
            report=report,
        )

    trained = learn(net, 0, recipe.epochs, recipe.learning_rate, folder)
    if recipe.further_epochs:
        rate = recipe.further_learning_rate
        trained = learn(trained, recipe.epochs, recipe.further_epochs, rate, folder / "further")
    if not isinstance(trained, RobustNet):
        raise TypeError(f"expected a RobustNet; got {type(trained).__name__}")
    say("Calibrating, exporting and certifying")
    return _finish(trained, held, len(targets), recipe, folder)


def _mnist(recipe: RobustRecipe) -> tuple[Digits, Digits]:
    samples = datasets.load("mnist", "train")
    if samples.writers is None:
        raise InvalidOption(
            "the recipe holds out writers of MNIST, whom QMNIST's labels name: inkread data fetch qmnist"
        )
    writers = np.random.default_rng(0).permutation(np.unique(samples.writers))
    held = np.isin(samples.writers, writers[: recipe.validation_writers])
    return prepared_digits(samples.take(~held)), prepared_digits(samples.take(held))


def _logits(net: RobustNet, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = [net(torch.from_numpy(inputs[i : i + 500]).to(device))[0].cpu() for i in range(0, len(inputs), 500)]
    return np.asarray(torch.cat(parts).numpy(), np.float32)


def _figures(model: Any, held: Digits, epsilon: float) -> dict[str, float]:
    """Of the digits held out, in per cent: read rightly, and proven by intervals to be whatever the change."""
    device = next(model.parameters()).device
    ink, wanted = (torch.from_numpy(array).to(device) for array in held)
    proven = 0
    with torch.inference_mode():
        for some, truth in zip(ink.split(500), wanted.split(500), strict=True):
            margins = model.margins((some - epsilon).clamp(0, 1), (some + epsilon).clamp(0, 1), truth)
            proven += int((margins > 0).all(dim=1).sum())
    right = float((_logits(model, held[0]).argmax(axis=1) == held[1]).mean())
    return {"accuracy": round(100 * right, 3), "certified": round(100 * proven / len(held[1]), 3)}


def _temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The divisor of the logits that makes the targets likeliest (Guo et al. 2017, arXiv 1706.04599)."""

    def loss(divisor: float) -> float:
        scores = torch.softmax(torch.from_numpy(logits).double() / divisor, dim=1)
        return negative_log_likelihood(scores.numpy(), targets)

    return round(float(min(np.exp(np.linspace(np.log(0.05), np.log(3.0), 231)), key=loss)), 4)


def _finish(net: RobustNet, held: Digits, count: int, recipe: RobustRecipe, folder: Path) -> ModelCard:
    path = folder / f"{recipe.name}.onnx"
    export_robust(net, path, side=INPUT_SIDE)
    training = {
        "recipe": recipe.name,
        **circumstances(),
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "further_epochs": recipe.further_epochs,
        "batch_size": recipe.batch_size,
        "method": "interval bound propagation (arXiv 1810.12715)",
        "train_epsilon": recipe.train_epsilon,
        "settle_epsilon": recipe.settle_epsilon,
        "parameters": sum(p.numel() for p in net.parameters()),
        "sources": {"mnist": f"{count} digits, without distortions"},
        "limits": "knows the ten digits alone and refuses nothing; not bundled",
    }
    card: dict[str, Any] = {
        "task": "digit",
        "alphabet": DIGIT_CLASSES,
        "calibration": {"temperature": _temperature(_logits(net, held[0]), held[1]), "refusal_threshold": 0.0},
        "training": training,
    }
    # What is certified is the file, by what reads it; so a card is needed before its figures are known.
    written = write_card(path, **card, figures={})
    proven = certified(written, held[0], held[1], epsilon=recipe.epsilon)
    figures = {
        "data": "validation: writers held out from training",
        "accuracy_percent": _figures(net, held, recipe.epsilon)["accuracy"],
        "certified_percent": round(100 * float(proven.mean()), 3),
        "epsilon": recipe.epsilon,
    }
    return write_card(path, **card, figures=figures)
