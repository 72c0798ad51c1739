"""The network of a card in torch, with gradients.

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
from onnx import numpy_helper
from torch import Tensor, nn

from inkread.errors import ModelError
from inkread.models.registry import ModelCard
from inkread.models.session import Session

__all__ = ["Node", "TorchNetwork"]

# Logits that torch and onnxruntime may differ by before the two are not the same network.
_AGREEMENT = 1e-3


class TorchNetwork(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A digit network that gives the logits of its card's classes, from its ONNX file.

    Parameters
    ----------
    dtype
        In which it computes; its inputs are to be of the same.

    Attributes
    ----------
    nodes
        The operations that lead from its input, "ink", to its output, "logits", in their order.
    constants
        Weights and all else that does not hang on the input, by name.
    classes
        How many it tells apart.

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
        self.constants = {
            one.name: torch.from_numpy(numpy_helper.to_array(one).copy()).to(dtype) for one in graph.initializer
        }
        self.nodes = _needed([Node.of(node) for node in graph.node], "logits")
        self._dtype = dtype
        for node in self.nodes:
            if node.kind not in _OPERATIONS:
                known = ", ".join(_OPERATIONS)
                raise ModelError(f"{card.path}: the operation {node.kind} is not known; known are {known}")
        # What is made of constants alone, such as one bias that two layers share, is a constant.
        changing = []
        for node in self.nodes:
            if all(name in self.constants for name in node.inputs):
                self.constants[node.output] = node.apply(self.constants)
            else:
                changing.append(node)
        self.nodes = changing
        self._check(card)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 28, 28) in [0, 1] → logits (N, classes)."""
        values: dict[str, Any] = {**self.constants, "ink": x}
        for node in self.nodes:
            values[node.output] = node.apply(values)
        return values["logits"]

    def _check(self, card: ModelCard) -> None:
        ink = np.random.default_rng(0).random((8, 1, 28, 28), np.float32)
        (wanted,) = Session(card).run(["logits"], {"ink": ink})
        with torch.inference_mode():
            worst = float(np.abs(self(torch.from_numpy(ink).to(self._dtype)).numpy() - wanted).max())
        if not worst <= _AGREEMENT * max(1.0, float(np.abs(wanted).max())):
            raise ModelError(f"{card.path}: torch and onnxruntime differ by {worst:.4f} in a logit")


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of the graph: what it takes, what it makes, how."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]

    @classmethod
    def of(cls, node: onnx.NodeProto) -> Node:
        attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        return cls(node.op_type, tuple(node.input), node.output[0], attributes)

    def apply(self, values: Mapping[str, Any]) -> Tensor:
        """What it makes of ``values``, among which are all that it takes, by name."""
        return _OPERATIONS[self.kind](self, values)


def _needed(nodes: list[Node], output: str) -> list[Node]:
    """The nodes that ``output`` depends on, in their order."""
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if node.output in wanted:
            wanted.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def _convolved(node: Node, values: Mapping[str, Any]) -> Tensor:
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


def _multiplied(node: Node, values: Mapping[str, Any]) -> Tensor:
    weight = values[node.inputs[1]]
    bias = values[node.inputs[2]] if len(node.inputs) > 2 else None
    return nn.functional.linear(values[node.inputs[0]], weight if node.attributes.get("transB") else weight.T, bias)


_OPERATIONS: Mapping[str, Callable[[Node, Mapping[str, Any]], Tensor]] = {
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
