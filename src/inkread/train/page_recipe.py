"""The recipe of the page network: a pool of composed pages → ONNX, card and curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkread.models.registry import ModelCard
from inkread.nets import PageNet, export_page
from inkread.recognize.page import LEAST_INK, MAP_STEP, mean_over_ink
from inkread.train.cards import circumstances, write_card
from inkread.train.loop import FitOptions, Progress, fit
from inkread.train.pages import SHARD, PatchStream, make_pool, read_pool

__all__ = ["PAGE", "PageRecipe", "train_page"]

Batch = tuple[Tensor, Tensor]

# What a cell's error in height counts beside its error in kind.
HEIGHT_SHARE = 0.3
# A patch with less written cells than this counts for less.
FULL_CELLS = 30
# Components of a validation patch that are judged are at least this high or wide (pixels), and belong to digits with
# more than the one share of their ink, or less than the other.
LEAST_COMPONENT, MOSTLY, HARDLY = 6, 0.7, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecipe:
    """How the page network is trained.

    Attributes
    ----------
    pages
        Composed, of which a tenth is held out.
    patches
        Seen in all.
    side
        Of a patch, in pixels: ten digits as high as most pages are read.
    threads
        Threads to learn with, and processes that compose pages.
    """

    name: str = "page"
    pages: int = 4_000
    patches: int = 320_000
    batch_size: int = 16
    side: int = 160
    validation_patches: int = 320
    learning_rate: float = 3e-3
    threads: int = 2
    seed: int = 1


PAGE = PageRecipe()


def train_page(
    recipe: PageRecipe,
    *,
    folder: Path,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda message: None,
) -> ModelCard:
    """Compose pages, train, calibrate and export a page network.

    Parameters
    ----------
    recipe
        The settings.
    folder
        Gets the pool ``pages``, ``checkpoint.pt``, ``curves.jsonl``, ``page.onnx`` and ``page.toml``. What is there is
        continued.
    report, say
        Called after every step, and with a line for people at every stage.

    Raises
    ------
    DataError
        If a data set is missing.
    """
    torch.manual_seed(recipe.seed)
    pool = folder / "pages"
    say(f"Composing {recipe.pages:,} pages")
    make_pool(pool, pages=recipe.pages, seed=recipe.seed, processes=recipe.threads, report=_every_tenth(say))
    files = -(-recipe.pages // SHARD)
    held = max(1, files // 10)
    kept_pages = read_pool(pool, files=slice(0, max(1, files - held)))
    held_pages = read_pool(pool, files=slice(files - held, files))
    validation = PatchStream(
        held_pages, batch_size=recipe.validation_patches, side=recipe.side, rng=np.random.default_rng(8)
    ).batch()

    steps = max(1, recipe.patches // recipe.batch_size)
    options = FitOptions(
        steps=steps,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
        validate_every=max(1, min(400, steps // 4)),
        average_decay=0.998,
        weight_decay=1e-3,
        threads=recipe.threads,
    )

    def batches(start: int, worker: int) -> Iterator[Batch]:
        rng = np.random.default_rng([recipe.seed, start, worker])
        stream = PatchStream(kept_pages, batch_size=recipe.batch_size, side=recipe.side, rng=rng)
        while True:
            ink, targets = stream.batch()
            yield torch.from_numpy(ink), torch.from_numpy(targets)

    say(f"Training {steps:,} steps of {recipe.batch_size} patches")
    trained = fit(
        PageNet().to(memory_format=torch.channels_last),
        batches,
        loss=_loss,
        validate=lambda model: _figures(_judged(model, *validation)),
        options=options,
        folder=folder,
        report=report,
    )
    if not isinstance(trained, PageNet):
        raise TypeError(f"expected a PageNet; got {type(trained).__name__}")
    say("Calibrating and exporting")
    judged = _judged(trained, *validation)
    path = folder / f"{recipe.name}.onnx"
    export_page(trained, path)
    return write_card(
        path,
        task="page",
        alphabet=("log-odds of digits", "log height of digits"),
        calibration={"temperature": _temperature(judged), "refusal_threshold": 0.0},
        training={
            "recipe": recipe.name,
            **circumstances(),
            "seed": recipe.seed,
            "pages": recipe.pages,
            "patches": recipe.patches,
            "batch_size": recipe.batch_size,
            "parameters": sum(p.numel() for p in trained.parameters()),
        },
        figures={"data": f"validation: {len(held_pages)} composed pages held out", **_figures(judged)},
    )


def _every_tenth(say: Callable[[str], None]) -> Callable[[int, int], None]:
    def report(done: int, of: int) -> None:
        if done % max(1, of // 10) == 0:
            say(f"  {done * SHARD:,} of {of * SHARD:,} pages")

    return report


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy over written cells, each patch as much as another, and the error of the logarithm of heights."""
    device = next(model.parameters()).device
    ink, targets = (part.to(device) for part in batch)
    found = model(ink.contiguous(memory_format=torch.channels_last)).float()
    is_digit, written, log_height = targets.unbind(1)
    error = nn.functional.binary_cross_entropy_with_logits(found[:, 0], is_digit, reduction="none")
    count = written.sum(dim=(1, 2)).clamp(min=FULL_CELLS)
    kind = ((error * written).sum(dim=(1, 2)) / count).mean()
    on_digits = is_digit * written
    height = nn.functional.smooth_l1_loss(found[:, 1], log_height, reduction="none", beta=0.2)
    return kind + HEIGHT_SHARE * (height * on_digits).sum() / on_digits.sum().clamp(min=FULL_CELLS)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Components of validation patches: their logit, whether they are digits, and the error of their log height."""

    logits: NDArray[np.float64]
    is_digit: NDArray[np.bool_]
    height_errors: NDArray[np.float64]


def _judged(net: nn.Module, inks: NDArray[np.float32], targets: NDArray[np.float32]) -> _Judged:
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = [
            net(torch.from_numpy(inks[i : i + 16]).to(device)).float().cpu().numpy() for i in range(0, len(inks), 16)
        ]
    logits, is_digit, errors = [], [], []
    for (ink,), (logit, log_height), (digit, _, wanted) in zip(inks, np.concatenate(parts), targets, strict=True):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((ink > LEAST_INK).astype(np.uint8), connectivity=8)
        for i in range(1, count):
            x, y, width, height = (int(v) for v in stats[i, :4])
            if max(width, height) < LEAST_COMPONENT:
                continue
            own = np.asarray(
                ink[y : y + height, x : x + width] * (labels[y : y + height, x : x + width] == i), np.float32
            )
            share = mean_over_ink(digit, own, corner=(x, y), cell=MAP_STEP)
            if HARDLY < share < MOSTLY:
                continue
            logits.append(mean_over_ink(logit, own, corner=(x, y), cell=MAP_STEP))
            is_digit.append(share >= MOSTLY)
            if share >= MOSTLY:
                errors.append(
                    mean_over_ink(log_height, own, corner=(x, y), cell=MAP_STEP)
                    - mean_over_ink(wanted, own, corner=(x, y), cell=MAP_STEP) / share
                )
    return _Judged(np.array(logits), np.array(is_digit, bool), np.array(errors))


def _figures(judged: _Judged) -> dict[str, float]:
    """Components told rightly, in per cent; the loss a component; the usual error of a digit's height, in per cent."""
    digits, others = judged.logits[judged.is_digit], judged.logits[~judged.is_digit]
    return {
        "digits_percent": round(100 * float((digits > 0).mean()), 2) if len(digits) else 0.0,
        "others_percent": round(100 * float((others < 0).mean()), 2) if len(others) else 0.0,
        "loss": round(_cross_entropy(judged, 1.0), 4),
        "height_error_percent": round(100 * float(np.median(np.abs(judged.height_errors))), 1)
        if len(judged.height_errors)
        else 0.0,
    }


def _cross_entropy(judged: _Judged, temperature: float) -> float:
    signed = np.where(judged.is_digit, judged.logits, -judged.logits) / temperature
    return float(np.logaddexp(0, -signed).mean()) if len(signed) else 0.0


def _temperature(judged: _Judged) -> float:
    """The divisor of the logits that makes the kinds of the validation components likeliest."""
    grid = np.exp(np.linspace(np.log(0.3), np.log(3.0), 93))
    return round(float(min(grid, key=lambda temperature: _cross_entropy(judged, temperature))), 4)
