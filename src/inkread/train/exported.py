"""Back from an exported line network to one that learns: so that a training can start from the bundled weights."""

from __future__ import annotations

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from inkread.errors import InvalidOption
from inkread.models.registry import ModelCard
from inkread.nets import ConvBlock, LineNet

__all__ = ["start_from_card"]


def start_from_card(net: LineNet, card: ModelCard, ink: Tensor) -> None:
    """Give a line network the weights of an exported one.

    An exported convolution holds the normalization behind it. Here the two are parted again, by what the convolution
    makes of some strips, so that the network says what the exported one says and learns as one that was normalized all
    along.

    Parameters
    ----------
    ink
        Strips (N, 1, H, W) as they are learned from, some dozens.

    Raises
    ------
    InvalidOption
        If the card's network is no line network of this size.
    """
    graph = onnx.load_from_string(card.read_bytes()).graph
    constants = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
    for node in graph.node:  # weights that are kept in 16 bits
        if node.op_type == "Cast" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]].float()

    def weights_of(kind: str) -> list[list[Tensor]]:
        """For each node of a kind the constants that it takes."""
        nodes = (node for node in graph.node if node.op_type == kind)
        return [[constants[name] for name in node.input if name in constants] for node in nodes]

    try:
        convolutions, (gates,), (head,) = weights_of("Conv"), weights_of("LSTM"), weights_of("MatMul")
        bias = next(taken for taken in weights_of("Add") if taken and taken[0].dim() == 1)
        with torch.no_grad():
            _take_features(net, convolutions, ink)
            _take_recurrent(net.recurrent, gates)
            net.head.weight.copy_(head[0].T)
            net.head.bias.copy_(bias[0])
    except (ValueError, IndexError, StopIteration, RuntimeError) as error:
        raise InvalidOption(f"a training cannot start from {card.path}: it is no line network of this size") from error


def _take_features(net: LineNet, convolutions: list[list[Tensor]], ink: Tensor) -> None:
    if len(convolutions) != sum(isinstance(layer, ConvBlock | nn.Conv2d) for layer in net.features):
        raise ValueError("another number of convolutions")
    net.eval()
    remaining = iter(convolutions)
    for layer in net.features:
        if isinstance(layer, ConvBlock):
            weight, bias = next(remaining)
            layer.convolution.weight.copy_(weight)
            variance, mean = torch.var_mean(layer.convolution(ink), dim=(0, 2, 3), correction=0)
            layer.norm.running_mean.copy_(mean)
            layer.norm.running_var.copy_(variance)
            layer.norm.weight.copy_(torch.sqrt(variance + layer.norm.eps))
            layer.norm.bias.copy_(mean + bias)
        elif isinstance(layer, nn.Conv2d):
            weight, bias = next(remaining)
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        ink = layer(ink)


def _take_recurrent(recurrent: nn.Module, gates: list[Tensor]) -> None:
    """ONNX has the gates of an LSTM in the order input, output, forget, cell; torch input, forget, cell, output."""

    def ordered(weights: Tensor) -> Tensor:
        i, o, f, c = weights.chunk(4)
        return torch.cat([i, f, c, o])

    if not isinstance(recurrent, nn.LSTM):
        raise ValueError("no recurrent head")
    of_input, of_state, biases = gates[:3]
    for direction, suffix in enumerate(("l0", "l0_reverse")):
        taken: dict[str, Tensor] = {
            "weight_ih": ordered(of_input[direction]),
            "weight_hh": ordered(of_state[direction]),
            "bias_ih": ordered(biases[direction].chunk(2)[0]),
            "bias_hh": ordered(biases[direction].chunk(2)[1]),
        }
        for name, values in taken.items():
            getattr(recurrent, f"{name}_{suffix}").copy_(values)
