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
    """Give a line network the weights of an exported one, which may be narrower.

    A wider network says what the narrower one does at first: what it has more of begins at random, and nothing that was
    there before hears it yet (after Chen et al. 2016, arXiv 1511.05641).

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
        If the card's network is no line network, or one that does not fit into this one.
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
            # Of both directions, one behind the other.
            _take(net.head.weight.unflatten(1, (2, -1)), head[0].T.unflatten(1, (2, -1)))
            net.head.bias.copy_(bias[0])
    except (ValueError, IndexError, StopIteration, RuntimeError) as error:
        raise InvalidOption(
            f"a training cannot start from {card.path}: it is no line network that fits into this one"
        ) from error


def _take_features(net: LineNet, convolutions: list[list[Tensor]], ink: Tensor) -> None:
    if len(convolutions) != sum(isinstance(layer, ConvBlock | nn.Conv2d) for layer in net.features):
        raise ValueError("another number of convolutions")
    net.eval()
    remaining = iter(convolutions)
    for layer in net.features:
        if isinstance(layer, ConvBlock):
            weight, bias = next(remaining)
            _take(layer.convolution.weight, weight)
            variance, mean = torch.var_mean(layer.convolution(ink), dim=(0, 2, 3), correction=0)
            layer.norm.running_mean.copy_(mean)
            layer.norm.running_var.copy_(variance)
            taken = len(bias)
            _take(layer.norm.weight, torch.sqrt(variance[:taken] + layer.norm.eps))
            _take(layer.norm.bias, mean[:taken] + bias)
        elif isinstance(layer, nn.Conv2d):
            weight, bias = next(remaining)
            _take(layer.weight, weight)
            _take(layer.bias, bias)
        ink = layer(ink)


def _take(kept: Tensor, values: Tensor) -> None:
    """Put ``values`` (outputs, inputs, ...) into a tensor that may have more of both: those outputs hear no other
    input."""
    kept[: len(values)] = 0
    kept[tuple(slice(count) for count in values.shape)] = values


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
            kept = getattr(recurrent, f"{name}_{suffix}")
            for of_kept, of_values in zip(kept.chunk(4), values.chunk(4), strict=True):
                _take(of_kept, of_values)
