"""What can be certified of a digit network: that no small change of its input makes it read another digit.

Two ways to bound what it says of all inputs between two, both proofs. Intervals are passed from layer to layer: quick,
and tight in a network that was trained for it (interval bound propagation, Gowal et al. 2018, arXiv 1810.12715). They
forget that what one layer gives hangs together; what they leave open is bounded by linear functions of the whole input
instead, of which the steepness is chosen, where there is a choice, for the highest bound (CROWN, Zhang et al. 2018,
arXiv 1811.00866; Xu et al. 2021, arXiv 2011.13824).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inkread.errors import ModelError
from inkread.evaluate.gradients import Node, TorchNetwork
from inkread.models.registry import ModelCard

__all__ = ["bounds", "certified", "interval_margins", "relaxed_margins"]

Interval = tuple[Tensor, Tensor]
# Of a linear node: what it makes of nothing, and slopes of its output → slopes of its input.
Linear = tuple[Tensor, Callable[[Tensor], Tensor]]

_AT_ONCE = 250  # digits whose bounds are computed together
# Steps of the search for slopes: few first, and the others where these rose fast enough to come above 0.
_FIRST_STEPS, _STEPS = 4, 24
_STEP = 0.25  # of a slope, which lies in [0, 1]
# Where intervals miss by more than this many times the lead of the unchanged digit, relaxation does not make up for it.
_REACH = 5


def certified(
    card: ModelCard, inputs: NDArray[np.float32], targets: NDArray[np.int64], *, epsilon: float
) -> NDArray[np.bool_]:
    """Whether no change of any pixel by up to ``epsilon`` can make another class the likeliest, bool (N,).

    By intervals, and by linear relaxation where these leave it open. What is certified holds whatever the attack; what
    is not may hold all the same. Pixels stay in [0, 1]. In 64-bit floats, so that rounding has no say.

    Parameters
    ----------
    inputs
        float32 (N, 1, 28, 28) in [0, 1].
    targets
        The right class of each, (N,).
    epsilon
        The most that a pixel may change; 0 asks what is read rightly.
    """
    network = TorchNetwork(card, dtype=torch.float64)
    held = []
    for start in range(0, len(inputs), _AT_ONCE):
        ink = torch.from_numpy(np.asarray(inputs[start : start + _AT_ONCE], np.float64))
        wanted = torch.from_numpy(np.asarray(targets[start : start + _AT_ONCE]))
        low, high = (ink - epsilon).clamp(0, 1), (ink + epsilon).clamp(0, 1)
        with torch.no_grad():
            margins = interval_margins(network, low, high, wanted)
            logits = network(ink)
        leads = torch.take_along_dim(logits, wanted[:, None], dim=1) - logits
        _raise(margins, leads, network, low, high, wanted)
        held.append((margins > 0).all(dim=1).numpy())
    return np.concatenate(held) if held else np.zeros(0, np.bool_)


def bounds(network: TorchNetwork, low: Tensor, high: Tensor) -> Interval:
    """Logits (N, classes) that no input between ``low`` and ``high`` falls below or rises above, by intervals."""
    return _intervals(network, low, high)["logits"]


def interval_margins(network: TorchNetwork, low: Tensor, high: Tensor, targets: Tensor) -> Tensor:
    """(N, classes): no input between ``low`` and ``high`` lets the target lead a class by less than this.

    Infinite for the target itself. The last linear layer is joined with the difference of two classes before its
    interval is taken, which is tighter than the difference of two intervals (Gowal et al. 2018, section 3).

    Raises
    ------
    ModelError
        If the network does not end in a linear layer.
    """
    values, last = _intervals(network, low, high, stop="logits"), network.nodes[-1]
    below, above = values[last.inputs[0]]
    weight, bias = _linear_layer(network, last)
    difference = weight[targets][:, None, :] - weight[None, :, :]  # (N, classes, features)
    offset = bias[targets][:, None] - bias[None, :]
    middle, radius = (above + below) / 2, (above - below) / 2
    least = torch.einsum("nkf,nf->nk", difference, middle) - torch.einsum("nkf,nf->nk", difference.abs(), radius)
    least = least + offset
    return least.scatter(1, targets[:, None], torch.inf)


def relaxed_margins(
    network: TorchNetwork, low: Tensor, high: Tensor, targets: Tensor, rivals: Tensor, *, steps: int = _STEPS
) -> Tensor:
    """(N,): no input between ``low`` and ``high`` lets its target lead its rival by less than this.

    Every ReLU that may be on or off is replaced by two lines between which it lies, the lead thereby by a linear
    function of the input that lies below it, of which the least is plain. The upper line is given; any through the
    origin will do as the lower one. All of them flat is never worse than the intervals; from there their slopes follow
    the gradient of the bound. Whatever the slopes, the bound holds.

    Parameters
    ----------
    steps
        Of that search; 0 leaves the lines flat.
    """
    values = _intervals(network, low, high)
    linear = {node.output: _linearized(network, node, values) for node in network.nodes if node.kind != "Relu"}
    classes = torch.eye(network.classes, dtype=low.dtype)
    lead = classes[targets] - classes[rivals]
    slopes = {
        node.output: torch.zeros_like(values[node.output][0]).requires_grad_()
        for node in network.nodes
        if node.kind == "Relu"
    }
    search = torch.optim.Adam(slopes.values(), lr=_STEP)
    best = torch.full((len(low),), -torch.inf, dtype=low.dtype)
    for step in range(steps + 1):
        least = _least(network, lead, values, linear, slopes)
        best = torch.maximum(best, least.detach())
        if step == steps or bool((best > 0).all()):
            break
        search.zero_grad()
        (-least.sum()).backward()
        search.step()
        with torch.no_grad():
            for slope in slopes.values():
                slope.clamp_(0, 1)
    return best


def _raise(margins: Tensor, leads: Tensor, network: TorchNetwork, low: Tensor, high: Tensor, targets: Tensor) -> None:
    """Raise, in place, the margins of digits that may be certified still, until one of a digit stays below 0.

    ``leads`` are those of the unchanged digits, (N, classes) as the margins are.
    """
    undecided = (margins <= 0).any(dim=1) & (margins > -_REACH * leads).all(dim=1)
    while len(asked := undecided.nonzero()[:, 0]):
        worst = margins[asked].argmin(dim=1)
        rows, rivals = asked, worst
        for steps in (_FIRST_STEPS, _STEPS):
            before = margins[rows, rivals]
            raised = relaxed_margins(network, low[rows], high[rows], targets[rows], rivals, steps=steps)
            margins[rows, rivals] = torch.maximum(before, raised)
            # What did not rise by a fifth of what is missing yet does not come above 0.
            hopeful = (raised <= 0) & (raised + 5 * (raised - before) > 0)
            rows, rivals = rows[hopeful], rivals[hopeful]
            if not len(rows):
                break
        undecided[asked] = (margins[asked, worst] > 0) & (margins[asked] <= 0).any(dim=1)


def _intervals(network: TorchNetwork, low: Tensor, high: Tensor, stop: str | None = None) -> dict[str, Interval]:
    """What each node gives, by its output's name, but for the one of the output ``stop``."""
    values: dict[str, Interval] = {"ink": (low, high)}
    for node in network.nodes:
        if node.output != stop:
            values[node.output] = _interval(network, node, values)
    return values


def _interval(network: TorchNetwork, node: Node, values: Mapping[str, Interval]) -> Interval:
    """Interval arithmetic: of a linear layer the middle and the radius, of a growing function both ends."""
    below, above = values[node.inputs[0]]
    constants = network.constants
    if node.kind in ("Conv", "Gemm"):
        weight = constants[node.inputs[1]]
        plain = {**constants, node.inputs[0]: (above + below) / 2}
        spread = {**constants, node.inputs[1]: weight.abs(), node.inputs[0]: (above - below) / 2}
        if len(node.inputs) > 2:
            spread[node.inputs[2]] = torch.zeros_like(constants[node.inputs[2]])
        middle, radius = node.apply(plain), node.apply(spread)
        return middle - radius, middle + radius
    if node.kind == "Add":
        other = values[node.inputs[1]]
        return below + other[0], above + other[1]
    return node.apply({**constants, node.inputs[0]: below}), node.apply({**constants, node.inputs[0]: above})


def _linear_layer(network: TorchNetwork, node: Node) -> tuple[Tensor, Tensor]:
    if node.kind != "Gemm":
        raise ModelError(f"margins need a network that ends in a linear layer; it ends in {node.kind}")
    weight = network.constants[node.inputs[1]]
    weight = weight if node.attributes.get("transB") else weight.T
    bias = network.constants[node.inputs[2]] if len(node.inputs) > 2 else torch.zeros(len(weight))
    return weight, bias


def _linearized(network: TorchNetwork, node: Node, values: Mapping[str, Interval]) -> Linear:
    if node.kind == "Add":
        return torch.zeros(()), lambda slope: slope
    nothing = torch.zeros_like(values[node.inputs[0]][0])
    made, pull = torch.func.vjp(lambda taken: node.apply({**network.constants, node.inputs[0]: taken}), nothing)
    return made, lambda slope: pull(slope)[0]


def _least(
    network: TorchNetwork,
    lead: Tensor,
    values: Mapping[str, Interval],
    linear: Mapping[str, Linear],
    slopes: Mapping[str, Tensor],
) -> Tensor:
    """The least of a linear function of the logits, (N,), from the last node back to the input.

    A node's output weighs with ``weights[its name]`` in what has been bounded so far; ``known`` is what does not hang
    on any of them.
    """
    weights: dict[str, Any] = {"logits": lead}
    known = torch.zeros(len(lead), dtype=lead.dtype)
    for node in reversed(network.nodes):
        weight = weights.pop(node.output)
        if node.kind == "Relu":
            below, above = values[node.inputs[0]]
            on, either = below >= 0, (below < 0) & (above > 0)
            upper = torch.where(on, 1.0, torch.where(either, above / (above - below), 0.0))
            lower = torch.where(either, slopes[node.output], on.to(lead.dtype))
            known = known - (weight.clamp(max=0) * torch.where(either, upper * below, 0.0)).flatten(1).sum(dim=1)
            taken = weight.clamp(min=0) * lower + weight.clamp(max=0) * upper
        else:
            made, pull = linear[node.output]
            known = known + (weight * made).flatten(1).sum(dim=1)
            taken = pull(weight)
        for name in node.inputs if node.kind == "Add" else node.inputs[:1]:
            weights[name] = weights.get(name, 0) + taken
    low, high = values["ink"]
    weight = weights["ink"]
    return known + (weight * (low + high) / 2 - weight.abs() * (high - low) / 2).flatten(1).sum(dim=1)
