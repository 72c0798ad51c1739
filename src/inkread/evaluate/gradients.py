"""The network of a card in torch: with gradients, for attacks, and with intervals, for what can be certified.

Reading runs a network by onnxruntime, which gives no gradient. :class:`TorchNetwork` carries out the nodes of the same
ONNX file in torch, so that what is attacked and certified is what is read with, not a copy that was kept from its
training. It knows the few operations of which inkread's digit networks are made. Nothing is trained here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from inkread.errors import ModelError
from inkread.models.registry import ModelCard
from inkread.models.session import Session

__all__ = ["TorchNetwork", "certified"]

Interval = tuple[Tensor, Tensor]

# Logits that torch and onnxruntime may differ by before the two are not the same network.
_AGREEMENT = 1e-3
_AT_ONCE = 250  # digits whose bounds are computed together


class TorchNetwork(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A digit network that gives the logits of its card's classes, from its ONNX file.

    Parameters
    ----------
    dtype
        In which it computes; its inputs are to be of the same.

    Raises
    ------
    ModelError
        If it is no digit network, holds an operation that is not known here, or says something else than onnxruntime.
    """

    def __init__(self, card: ModelCard, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        if card.task != "digit":
            raise ModelError(f"only a digit network can be attacked or certified; {card.name} reads a {card.task}")
        graph = onnx.load_from_string(card.read_bytes()).graph
        self.classes = len(card.alphabet)
        self._constants = {
            one.name: torch.from_numpy(numpy_helper.to_array(one).copy()).to(dtype) for one in graph.initializer
        }
        self._nodes = _needed([_Node.of(node) for node in graph.node], "logits")
        self._dtype = dtype
        for node in self._nodes:
            if node.kind not in _OPERATIONS:
                known = ", ".join(_OPERATIONS)
                raise ModelError(f"{card.path}: the operation {node.kind} is not known; known are {known}")
        # What is made of constants alone, such as one bias that two layers share, is a constant.
        changing = []
        for node in self._nodes:
            if all(name in self._constants for name in node.inputs):
                self._constants[node.output] = _OPERATIONS[node.kind](node, self._constants)
            else:
                changing.append(node)
        self._nodes = changing
        self._check(card)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 28, 28) in [0, 1] → logits (N, classes)."""
        values: dict[str, Any] = {**self._constants, "ink": x}
        for node in self._nodes:
            values[node.output] = _OPERATIONS[node.kind](node, values)
        return values["logits"]

    def bounds(self, low: Tensor, high: Tensor) -> Interval:
        """Logits (N, classes) that no input between ``low`` and ``high`` falls below or rises above."""
        values = self._intervals(low, high)
        return values["logits"]

    def margins(self, low: Tensor, high: Tensor, targets: Tensor) -> Tensor:
        """(N, classes): no input between ``low`` and ``high`` lets the target lead a class by less than this.

        Infinite for the target itself. The last linear layer is joined with the difference of two classes before its
        interval is taken, which is tighter than the difference of two intervals (Gowal et al. 2018, section 3).
        """
        values, last = self._intervals(low, high, stop="logits"), self._nodes[-1]
        below, above = values[last.inputs[0]]
        weight, bias = self._linear(last)
        difference = weight[targets][:, None, :] - weight[None, :, :]  # (N, classes, features)
        offset = bias[targets][:, None] - bias[None, :]
        middle, radius = (above + below) / 2, (above - below) / 2
        least = torch.einsum("nkf,nf->nk", difference, middle) - torch.einsum("nkf,nf->nk", difference.abs(), radius)
        least = least + offset
        return least.scatter(1, targets[:, None], torch.inf)

    def _intervals(self, low: Tensor, high: Tensor, stop: str | None = None) -> dict[str, Interval]:
        values: dict[str, Interval] = {"ink": (low, high)}
        for node in self._nodes:
            if node.output != stop:
                values[node.output] = self._interval(node, values)
        return values

    def _interval(self, node: _Node, values: Mapping[str, Interval]) -> Interval:
        """Interval arithmetic: of a linear layer the middle and the radius, of a growing function both ends."""
        below, above = values[node.inputs[0]]
        if node.kind in ("Conv", "Gemm"):
            weight = self._constants[node.inputs[1]]
            plain = {**self._constants, node.inputs[0]: (above + below) / 2}
            spread = {**self._constants, node.inputs[1]: weight.abs(), node.inputs[0]: (above - below) / 2}
            if len(node.inputs) > 2:
                spread[node.inputs[2]] = torch.zeros_like(self._constants[node.inputs[2]])
            middle, radius = (_OPERATIONS[node.kind](node, some) for some in (plain, spread))
            return middle - radius, middle + radius
        if node.kind == "Add":
            other = values[node.inputs[1]]
            return below + other[0], above + other[1]
        low, high = ({**self._constants, node.inputs[0]: end} for end in (below, above))
        return _OPERATIONS[node.kind](node, low), _OPERATIONS[node.kind](node, high)

    def _linear(self, node: _Node) -> Interval:
        if node.kind != "Gemm":
            raise ModelError(f"margins need a network that ends in a linear layer; it ends in {node.kind}")
        weight = self._constants[node.inputs[1]]
        weight = weight if node.attributes.get("transB") else weight.T
        bias = self._constants[node.inputs[2]] if len(node.inputs) > 2 else torch.zeros(len(weight))
        return weight, bias

    def _check(self, card: ModelCard) -> None:
        ink = np.random.default_rng(0).random((8, 1, 28, 28), np.float32)
        (wanted,) = Session(card).run(["logits"], {"ink": ink})
        with torch.inference_mode():
            worst = float(np.abs(self(torch.from_numpy(ink).to(self._dtype)).numpy() - wanted).max())
        if not worst <= _AGREEMENT * max(1.0, float(np.abs(wanted).max())):
            raise ModelError(f"{card.path}: torch and onnxruntime differ by {worst:.4f} in a logit")


def certified(
    card: ModelCard, inputs: NDArray[np.float32], targets: NDArray[np.int64], *, epsilon: float
) -> NDArray[np.bool_]:
    """Whether no change of any pixel by up to ``epsilon`` can make another class the likeliest, bool (N,).

    By interval bound propagation (Gowal et al. 2018, arXiv 1810.12715): what it certifies holds whatever the attack;
    what it does not certify may hold all the same. Pixels stay in [0, 1]. In 64-bit floats, so that rounding has no
    say.
    """
    network = TorchNetwork(card, dtype=torch.float64)
    held = []
    with torch.inference_mode():
        for start in range(0, len(inputs), _AT_ONCE):
            ink = torch.from_numpy(np.asarray(inputs[start : start + _AT_ONCE], np.float64))
            wanted = torch.from_numpy(np.asarray(targets[start : start + _AT_ONCE]))
            margins = network.margins((ink - epsilon).clamp(0, 1), (ink + epsilon).clamp(0, 1), wanted)
            held.append((margins > 0).all(dim=1).numpy())
    return np.concatenate(held) if held else np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True)
class _Node:
    """One operation of the graph: what it takes, what it makes, how."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]

    @classmethod
    def of(cls, node: onnx.NodeProto) -> _Node:
        attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        return cls(node.op_type, tuple(node.input), node.output[0], attributes)


def _needed(nodes: list[_Node], output: str) -> list[_Node]:
    """The nodes that ``output`` depends on, in their order."""
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if node.output in wanted:
            wanted.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def _convolved(node: _Node, values: Mapping[str, Any]) -> Tensor:
    given = node.attributes
    padding = given.get("pads", [0, 0, 0, 0])
    if padding[:2] != padding[2:]:
        raise ModelError(f"a convolution with the padding {padding} is not known")
    bias = values[node.inputs[2]] if len(node.inputs) > 2 else None
    return nn.functional.conv2d(
        values[node.inputs[0]],
        values[node.inputs[1]],
        bias,
        stride=given.get("strides", [1, 1]),
        padding=padding[:2],
        dilation=given.get("dilations", [1, 1]),
        groups=given.get("group", 1),
    )


def _multiplied(node: _Node, values: Mapping[str, Any]) -> Tensor:
    weight = values[node.inputs[1]]
    bias = values[node.inputs[2]] if len(node.inputs) > 2 else None
    return nn.functional.linear(values[node.inputs[0]], weight if node.attributes.get("transB") else weight.T, bias)


_OPERATIONS: Mapping[str, Callable[[_Node, Mapping[str, Any]], Tensor]] = {
    "Add": lambda node, values: values[node.inputs[0]] + values[node.inputs[1]],
    "Conv": _convolved,
    "Flatten": lambda node, values: values[node.inputs[0]].flatten(node.attributes.get("axis", 1)),
    "Gemm": _multiplied,
    "Identity": lambda node, values: values[node.inputs[0]],
    "ReduceMean": lambda node, values: values[node.inputs[0]].mean(
        dim=tuple(node.attributes["axes"]), keepdim=bool(node.attributes.get("keepdims", 1))
    ),
    "Relu": lambda node, values: torch.relu(values[node.inputs[0]]),
}
