"""Networks to compare with: small ones of the textbook, trained by the same loop as the bundled one.

They see the same prepared digits as every other algorithm, without distortions, and know the ten digits alone. All are
trained by :func:`inkread.train.loop.fit`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inkread.compare.classic import Fitted
from inkread.nets import DigitNet
from inkread.train.loop import FitOptions, Progress, fit, spent

__all__ = ["NETWORKS", "Network", "SmallNetwork", "classes_of", "fit_network", "recurrent_network", "two_layer_network"]

CLASSES = 10
_AT_ONCE = 500  # digits a forward pass when many are read: bounds the memory of the widest network to 100 MB


def perceptron() -> nn.Module:
    """784 inputs, one hidden layer of 100 logistic units, ten outputs: 79,510 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Sigmoid(), nn.Linear(100, CLASSES))


def lenet5() -> nn.Module:
    """LeNet-5 with hyperbolic tangents and averaging: 61,706 parameters.

    LeCun et al. 1998, doi:10.1109/5.726791; with all maps connected, and a linear layer for its Gaussian outputs.
    """
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),  # (N, 6, 14, 14)
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),  # (N, 16, 5, 5)
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, CLASSES),
    )  # fmt: skip


def two_layer_network() -> nn.Module:
    """Two convolutions of 64 and 32 filters and one linear layer.

    Examples
    --------
    >>> sum(p.numel() for p in two_layer_network().parameters())
    203434
    """
    return nn.Sequential(
        nn.Conv2d(1, 64, 3), nn.ReLU(),  # (N, 64, 26, 26)
        nn.Conv2d(64, 32, 3), nn.ReLU(),  # (N, 32, 24, 24)
        nn.Flatten(), nn.Linear(32 * 24 * 24, CLASSES),
    )  # fmt: skip


class RecurrentNetwork(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """Convolutions, then a bidirectional LSTM that walks over the digit from left to right and back."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 24, 14, 14)
            nn.Conv2d(24, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 48, 7, 7)
        )  # fmt: skip
        self.recurrent = nn.LSTM(48 * 7, 64, bidirectional=True, batch_first=True)
        self.head = nn.Linear(128, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        columns = self.features(x).permute(0, 3, 1, 2).flatten(2)  # (N, 7, 336)
        sequence, _ = self.recurrent(columns)
        return self.head(sequence.mean(dim=1))


def recurrent_network() -> nn.Module:
    """The network of convolutions and a bidirectional LSTM."""
    return RecurrentNetwork()


class SmallNetwork(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """The bundled network's architecture at half its width, giving ten logits alone."""

    def __init__(self) -> None:
        super().__init__()
        self.net = DigitNet(width=0.5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.net(x)[0]
        return logits[:, :CLASSES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How a network is made and trained.

    Attributes
    ----------
    make
        An untrained network: (N, 1, 28, 28) → logits (N, 10).
    epochs
        How often every digit is seen.
    l2
        λ of λ / (2 N) · Σ w² over the weights (biases apart), N digits to learn from, added to the loss.
    members
        Networks that are trained from different beginnings; their probabilities are averaged.
    """

    make: Callable[[], nn.Module]
    epochs: int
    batch_size: int = 128
    learning_rate: float = 2e-3
    l2: float = 0.0
    members: int = 1


NETWORKS: Mapping[str, Network] = {
    # 70 iterations over all digits.
    "perceptron": Network(make=perceptron, epochs=70, batch_size=500, l2=0.1),
    "lenet5": Network(make=lenet5, epochs=12),
    "two-layer-cnn": Network(make=two_layer_network, epochs=5, learning_rate=1e-3),
    "cnn-bilstm": Network(make=recurrent_network, epochs=6),
    "ensemble": Network(make=SmallNetwork, epochs=6, learning_rate=4e-3, members=5),
}


def fit_network(
    network: Network,
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
    *,
    folder: Path,
    seed: int,
    threads: int,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Fitted:
    """Train one of :data:`NETWORKS`, going on from a checkpoint in ``folder``."""
    members, earlier = [], []
    for number in range(network.members):
        place = folder if network.members == 1 else folder / f"member-{number + 1}"
        earlier.append(spent(place))
        members.append(
            _trained(network, inputs, targets, folder=place, seed=seed + number, threads=threads, report=report)
        )

    def predict(some: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.asarray(_probabilities(members, some).argmax(axis=1), np.int64)

    kept = io.BytesIO()
    torch.save([member.state_dict() for member in members], kept)
    parameters = sum(p.numel() for member in members for p in member.parameters())
    return Fitted(
        predict=predict,
        size_bytes=kept.tell(),
        parameters=parameters,
        earlier_seconds=sum(one.seconds for one in earlier),
        earlier_cpu_seconds=sum(one.cpu_seconds for one in earlier),
    )


def classes_of(net: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.int64]:
    """The likeliest class of each of N digits, (N,) in 0…9."""
    return np.asarray(_probabilities([net], inputs).argmax(axis=1), np.int64)


def _trained(
    network: Network,
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
    *,
    folder: Path,
    seed: int,
    threads: int,
    report: Callable[[Progress], None],
) -> nn.Module:
    torch.manual_seed(seed)
    net = network.make()
    count = len(targets)
    size = min(network.batch_size, count)
    steps = max(1, network.epochs * count // size)
    options = FitOptions(
        steps=steps,
        learning_rate=network.learning_rate,
        weight_decay=0.0,
        # The average reaches over the last tenth of an epoch or so, however short the training.
        average_decay=min(0.999, max(0.0, 1 - 10 / max(1, count // size))),
        validate_every=max(1, steps // network.epochs),
        threads=threads,
        seed=seed,
    )
    weights = [parameter for parameter in net.parameters() if parameter.ndim > 1] if network.l2 else []
    # A sample of what is learned from, for the curves: what is judged by is not looked at before the end.
    look = np.sort(np.random.default_rng(seed).permutation(count)[:1000])

    def batches(start: int, worker: int) -> Iterator[tuple[Tensor, Tensor]]:
        step = start
        while True:
            # Each pass in an order of its own, which a resumed training finds again.
            epoch, place = divmod(step, max(1, count // size))
            order = np.random.default_rng([seed, epoch]).permutation(count)
            rows = np.sort(order[place * size : place * size + size])
            yield torch.from_numpy(np.asarray(inputs[rows])), torch.from_numpy(targets[rows])
            step += 1

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        device = next(model.parameters()).device
        value = nn.functional.cross_entropy(model(batch[0].to(device)).float(), batch[1].to(device))
        penalty = sum((weight.float() ** 2).sum() for weight in weights)
        return value + network.l2 / (2 * count) * penalty if weights else value

    def validate(model: nn.Module) -> dict[str, float]:
        found = _probabilities([model], np.asarray(inputs[look])).argmax(axis=1)
        return {"learned_percent": round(100 * float((found == targets[look]).mean()), 2)}

    return fit(net, batches, loss=loss, validate=validate, options=options, folder=folder, report=report)


def _probabilities(members: list[nn.Module], inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = []
    with torch.inference_mode():
        for start in range(0, len(inputs), _AT_ONCE):
            batch = torch.from_numpy(np.array(inputs[start : start + _AT_ONCE]))
            said = [torch.softmax(m(batch.to(next(m.parameters()).device)).float(), dim=1).cpu() for m in members]
            parts.append(torch.stack(said).mean(dim=0).numpy())
    return np.concatenate(parts)
