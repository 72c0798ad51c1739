"""How reading carries over from one set to another: every set of digits read by networks of every mix of sets.

The same small network is trained, equally long and with the distortions of the bundled one, on each set alone, on all
of them, and on all but one; each is judged by every set's test part. What a network reads of a set that it has not seen
is the honest figure for a stranger's hand. Sets that bundled weights may not learn from are learned from here, as their
terms allow for research; the networks are not kept for reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkread.compare.networks import SmallNetwork, classes_of
from inkread.compare.split import DIGIT_SETS, train_and_test
from inkread.data.datasets import is_present
from inkread.errors import DataError, InvalidOption
from inkread.evaluate.metrics import Rate
from inkread.evaluate.prepared import prepared_digits
from inkread.evaluate.robustness import Parts
from inkread.evaluate.sheet import made_by, percent, sheet, table
from inkread.recognize.prepare import to_ink
from inkread.train.digits import CropPool, CropStream, DistortionOptions
from inkread.train.loop import FitOptions, Progress, fit

__all__ = ["AcrossOptions", "across_page", "across_rows", "compare_across", "mixes_of", "present_sets"]

# EMNIST's digits were cut from the forms that MNIST's come from, those of its test set among them: learning from the
# one would be learning the other's test by heart.
_LEFT_OUT = ("emnist_digits",)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossOptions:
    """How each network is trained.

    Attributes
    ----------
    samples
        Distorted crops that each network sees in all, whatever it learns from.
    """

    samples: int = 150_000
    batch_size: int = 128
    learning_rate: float = 4e-3
    seed: int = 0
    threads: int = 2

    def __post_init__(self) -> None:
        if min(self.samples, self.batch_size, self.threads) < 1 or self.samples < self.batch_size:
            raise InvalidOption(
                f"samples, batch and threads are at least 1, and a batch has no more than all; got {self}"
            )


def present_sets() -> tuple[str, ...]:
    """The sets of single digits that are in the data folder."""
    return tuple(name for name in DIGIT_SETS if name not in _LEFT_OUT and is_present(name))


def mixes_of(sets: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What networks learn from, by name: each set alone, all of them, and all but one.

    Examples
    --------
    >>> list(mixes_of(["mnist", "usps", "dida"]))
    ['mnist', 'usps', 'dida', 'all', 'all but mnist', 'all but usps', 'all but dida']
    """
    alone = {name: (name,) for name in sets}
    # Of two sets, all but one is the other alone.
    without = {f"all but {name}": tuple(other for other in sets if other != name) for name in sets}
    return {**alone, "all": tuple(sets), **(without if len(sets) > 2 else {})}


def compare_across(
    sets: Sequence[str],
    folder: Path,
    options: AcrossOptions,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Say = lambda message: None,
) -> dict[str, Any]:
    """Train a network on every mix and read every set with each; the rates, ready for JSON.

    Networks that were judged before are not trained again, and one that was being trained goes on.

    Returns
    -------
    ``{"sets", "samples", "seed", "rates"}``: of each mix, and of "bundled", the rate of each set; ``seen`` in it says
    whether the network learned from that set.

    Raises
    ------
    DataError
        If there are fewer than two sets, or one is missing.
    InvalidOption
        If a set is unknown, or the folder holds another comparison.
    """
    if len(set(sets)) < 2:
        raise DataError(
            f"at least two sets of digits are needed, to carry over from one to another; got "
            f"{', '.join(sets) or 'none'} (inkread data list says which there are)"
        )
    parts = Parts(
        folder / "parts.jsonl",
        {"sets": list(sets), "samples": options.samples, "batch_size": options.batch_size, "seed": options.seed},
    )
    mixes = mixes_of(sets)
    missing = {mix for mix in ("bundled", *mixes) if (mix,) not in parts}
    held: dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}
    crops: dict[str, tuple[list[NDArray[np.float32]], NDArray[np.int64]]] = {}
    for name in sets if missing else ():
        say(f"preparing {name}")
        train, test = train_and_test(name)
        digits = train.take(train.is_digit)
        crops[name] = to_ink(list(digits.images)), digits.labels.astype(np.int64)
        held[name] = prepared_digits(test)
    parts.take(("bundled",), lambda: _judged(_bundled(), held))
    for number, (mix, names) in enumerate(mixes.items(), 1):
        head = f"{number} of {len(mixes)}, {mix}"
        if mix in missing:
            say(f"{head}: training")
            net = _trained({name: crops[name] for name in names}, folder / mix.replace(" ", "-"), options, report)
            parts.take((mix,), partial(_judged, partial(classes_of, net), held))
        found = dict(parts)[(mix,)]
        say(f"{head}: " + ", ".join(f"{name} {percent(found[name]['value'])}" for name in sets))
    kept = dict(parts)
    learned = {**mixes, "bundled": _learned_by_bundled(sets)}
    return {
        "sets": list(sets),
        "samples": options.samples,
        "seed": options.seed,
        "rates": {
            mix: {name: {**kept[(mix,)][name], "seen": name in learned[mix]} for name in sets}
            for mix in (*mixes, "bundled")
        },
    }


def across_rows(report: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The columns and rows of the table: a row for each mix, a column for each set; * marks what was learned from."""
    rows = [
        (mix, *(f"{percent(rate['value'], 1)}{' *' if rate['seen'] else ''}" for rate in rates.values()))
        for mix, rates in report["rates"].items()
    ]
    return ("learned from", *report["sets"]), rows


def across_page(report: Mapping[str, Any]) -> str:
    """The table as one page that fetches nothing."""
    columns, rows = across_rows(report)
    lost = [
        (
            name,
            percent(report["rates"]["all"][name]["value"], 1),
            percent(report["rates"][f"all but {name}"][name]["value"], 1),
        )
        for name in report["sets"]
        if f"all but {name}" in report["rates"]
    ]
    return sheet(
        "How reading carries over between sets of digits",
        [
            made_by(report),
            f"<p>The same small network, trained on {report['samples']:,} distorted crops of each mix (seed "
            f"{report['seed']}, one run each), and judged by every set's test digits. * marks sets that it learned "
            "from; without the mark the hand is a stranger's.</p>",
            table(columns, rows),
            "<h2>What a set of its own brings</h2>",
            table(("set", "learned with it", "learned with all others"), lost),
        ],
    )


def _trained(
    crops: Mapping[str, tuple[list[NDArray[np.float32]], NDArray[np.int64]]],
    folder: Path,
    options: AcrossOptions,
    report: Callable[[Progress], None],
) -> nn.Module:
    torch.manual_seed(options.seed)
    pool = CropPool()
    for name, (inks, targets) in crops.items():
        pool.add(name, inks, targets, weight=1.0)
    steps = options.samples // options.batch_size

    def batches(start: int, worker: int) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng([options.seed, start])
        # Ten digits are all that these networks know: nothing is composed that is none.
        distortion = DistortionOptions(composed_share=0.0)
        for inputs, targets in CropStream(pool, batch_size=options.batch_size, rng=rng, options=distortion):
            yield torch.from_numpy(inputs), torch.from_numpy(targets)

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        device = next(model.parameters()).device
        return nn.functional.cross_entropy(model(batch[0].to(device)).float(), batch[1].to(device))

    return fit(
        SmallNetwork(),
        batches,
        loss=loss,
        validate=lambda model: {},  # what is judged by is not looked at before the end
        options=FitOptions(
            steps=steps,
            learning_rate=options.learning_rate,
            average_decay=0.995,
            validate_every=max(1, steps // 4),
            threads=options.threads,
            seed=options.seed,
        ),
        folder=folder,
        report=report,
    )


def _judged(
    read: Callable[[NDArray[np.float32]], NDArray[np.int64]],
    held: Mapping[str, tuple[NDArray[np.float32], NDArray[np.int64]]],
) -> dict[str, Any]:
    return {name: Rate.of(read(inputs) == targets).to_dict() for name, (inputs, targets) in held.items()}


def _bundled() -> Callable[[NDArray[np.float32]], NDArray[np.int64]]:
    from inkread.models.registry import bundled
    from inkread.models.session import Session

    session = Session(bundled("digit"))

    def read(inputs: NDArray[np.float32]) -> NDArray[np.int64]:
        parts = [session.run(["logits"], {"ink": inputs[i : i + 256]})[0] for i in range(0, len(inputs), 256)]
        return np.asarray(np.concatenate(parts)[:, :10].argmax(axis=1), np.int64)

    return read


def _learned_by_bundled(sets: Sequence[str]) -> tuple[str, ...]:
    """The sets that the bundled network learned from, by its card."""
    from inkread.models.registry import bundled

    sources = bundled("digit").training.get("sources", {})
    return tuple(name for name in sets if any(source == name or source.startswith(f"{name}-") for source in sources))
