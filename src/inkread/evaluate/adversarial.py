"""Attacks on the digit network's input: how few changes of brightness, spread over all pixels, make it read wrongly.

The attacks are those of the Adversarial Robustness Toolbox (extra ``evaluate``), on the prepared digits that the
network sees, each pixel moved by no more than ε. An attack shows weakness and never proves strength: beside the attacks
that follow the gradient stands one that does not, so that a network whose gradients mislead is noticed, and beside them
all what :func:`inkread.evaluate.certify.certified` proves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkread.errors import InvalidOption, MissingExtra
from inkread.evaluate.gradients import TorchNetwork
from inkread.evaluate.metrics import Rate

__all__ = ["ATTACKS", "AttackOptions", "attacked", "findings", "right"]

Floats = NDArray[np.float32]
Classes = NDArray[np.int64]

ATTACKS = ("fgsm", "pgd", "square")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackOptions:
    """How hard to attack.

    Attributes
    ----------
    steps, restarts
        Of projected gradient descent; every restart begins at another place, and attacks what still stands.
    queries
        How often the attack without gradients may ask.
    """

    steps: int = 50
    restarts: int = 10
    queries: int = 1000
    batch_size: int = 250
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.restarts, self.queries, self.batch_size) < 1:
            raise InvalidOption(f"steps, restarts, queries and batches are at least 1; got {self}")


class _Lead(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """How far the likeliest wrong class leads the right one.

    Cross-entropy has no gradient left where a network is very sure, and attacks that follow it then stand still; this
    loss has one everywhere (Carlini and Wagner 2017, doi:10.1109/SP.2017.49).
    """

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        targets = targets if targets.ndim > 1 else nn.functional.one_hot(targets.long(), logits.shape[1])
        right = (logits * targets).sum(dim=1)
        wrong = (logits - 1e9 * targets).max(dim=1).values
        return (wrong - right).mean()


def right(network: TorchNetwork, inputs: Floats, targets: Classes) -> NDArray[np.bool_]:
    """Whether each digit is read rightly by the likeliest of all classes, bool (N,)."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(inputs), 500):
            logits = network(torch.from_numpy(np.ascontiguousarray(inputs[start : start + 500])))
            found.append(logits.argmax(dim=1).numpy())
    return np.asarray(np.concatenate(found) == targets) if found else np.zeros(0, np.bool_)


def attacked(
    network: TorchNetwork,
    inputs: Floats,
    targets: Classes,
    *,
    attack: str,
    epsilon: float,
    options: AttackOptions | None = None,
) -> NDArray[np.bool_]:
    """Which digits are still read rightly after an attack of :data:`ATTACKS`, bool (N,).

    Only digits that are read rightly unchanged are attacked. ``fgsm`` is one step along the sign of the gradient
    (Goodfellow et al. 2014, arXiv 1412.6572); ``pgd`` many of them from random places (Madry et al. 2017,
    arXiv 1706.06083); ``square`` searches by random squares, without gradients (Andriushchenko et al. 2019,
    arXiv 1912.00049). The seed of NumPy's and torch's global generators, which the toolbox draws from, is set.

    Parameters
    ----------
    inputs
        float32 (N, 1, 28, 28) in [0, 1].
    epsilon
        The most that a pixel may change, above 0.

    Raises
    ------
    InvalidOption
        If there is no such attack, or ε is not above 0.
    MissingExtra
        If the toolbox is not installed.
    """
    if attack not in ATTACKS:
        raise InvalidOption(f"unknown attack {attack!r}; known are {', '.join(ATTACKS)}")
    if not 0 < epsilon <= 1:
        raise InvalidOption(f"pixels lie in [0, 1] and change by more than 0; got an epsilon of {epsilon}")
    options = options or AttackOptions()
    standing = right(network, inputs, targets)
    make = _maker(network, attack, epsilon, options)
    for restart in range(options.restarts if attack == "pgd" else 1):
        rows = np.flatnonzero(standing)
        if not len(rows):
            break
        np.random.seed(options.seed + restart)  # noqa: NPY002  (the toolbox draws from the global generator)
        torch.manual_seed(options.seed + restart)
        wanted = np.eye(network.classes, dtype=np.float32)[targets[rows]]
        changed = np.asarray(make().generate(x=inputs[rows], y=wanted), np.float32)
        # The toolbox keeps to the ball; nothing that leaves it by rounding is counted.
        changed = np.clip(changed, np.maximum(inputs[rows] - epsilon, 0), np.minimum(inputs[rows] + epsilon, 1))
        standing[rows] &= right(network, changed.astype(np.float32), targets[rows])
    return standing


def _maker(network: TorchNetwork, attack: str, epsilon: float, options: AttackOptions) -> Callable[[], Any]:
    try:
        from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescentPyTorch, SquareAttack
        from art.estimators.classification import PyTorchClassifier
    except ModuleNotFoundError as error:
        raise MissingExtra.of("evaluate", "attacking a network") from error
    estimator = PyTorchClassifier(
        model=network,
        loss=_Lead(),
        input_shape=(1, 28, 28),
        nb_classes=network.classes,
        clip_values=(0.0, 1.0),
        device_type="cpu",
    )
    size = options.batch_size
    if attack == "fgsm":
        return lambda: FastGradientMethod(estimator, eps=epsilon, batch_size=size)
    if attack == "pgd":
        return lambda: ProjectedGradientDescentPyTorch(
            estimator,
            eps=epsilon,
            eps_step=2.5
            * epsilon
            / options.steps,  # reaches the edge from anywhere, with steps to spare (Madry et al.)
            max_iter=options.steps,
            num_random_init=1,
            batch_size=size,
            verbose=False,
        )
    return lambda: SquareAttack(
        estimator, eps=epsilon, max_iter=options.queries, nb_restarts=1, batch_size=size, verbose=False
    )


def findings(standing: Mapping[str, NDArray[np.bool_]], proven: NDArray[np.bool_]) -> dict[str, Any]:
    """What attacks at one ε and what is certified there say together, ready for JSON.

    Parameters
    ----------
    standing
        For each attack, and for "clean", which digits are read rightly.
    proven
        Which digits are certified; certified digits that are read wrongly unchanged cannot be.

    Returns
    -------
    Rates for each attack; ``strongest``, digits that stand every attack; ``certified``; ``contradictions``, certified
    digits that an attack overcame, which must be none; and ``masked``: whether the attack without gradients overcame
    more than one in a hundred digits more than the one that follows them, a sign that gradients mislead (Athalye et al.
    2018, arXiv 1802.00420) and that the figures of ``pgd`` flatter.
    """
    every = np.logical_and.reduce(list(standing.values()))
    known: Sequence[str] = [name for name in ("pgd", "square") if name in standing]
    masked = None
    if len(known) == 2:
        gap = float(standing["pgd"].mean() - standing["square"].mean()) if len(every) else 0.0
        masked = gap > 0.01
    return {
        **{name: Rate.of(stands).to_dict() for name, stands in standing.items()},
        "strongest": Rate.of(every).to_dict(),
        "certified": Rate.of(proven).to_dict(),
        "contradictions": int(np.count_nonzero(proven & ~every)),
        "masked": masked,
    }
