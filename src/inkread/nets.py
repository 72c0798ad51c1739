"""The torch networks: made, trained and exported here; reading never imports this room.

The digit network ends in global average pooling and one linear layer, so that class activation needs no gradient
(Zhou et al. 2016, arXiv 1512.04150).
"""

from __future__ import annotations

import copy
import math
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_linear_bn_eval

__all__ = [
    "DIGIT_CLASSES",
    "LINE_CLASSES",
    "LINE_STEP",
    "PAGE_STEP",
    "DigitNet",
    "LineNet",
    "PageNet",
    "RobustNet",
    "export_digit",
    "export_line",
    "export_page",
    "export_robust",
    "halve_weights",
]

DIGIT_CLASSES = 11  # ten digits and "not a digit"
LINE_CLASSES = 11  # ten digits and the blank
LINE_STEP = 2  # columns of a strip a frame
PAGE_STEP = 4  # pixels a cell of the map
LEAST_HALVED = 256  # entries of a tensor from which 16 bits save anything
FRAMES_A_FEATURE = 2  # frames that the line network's head says of one column of features


class ConvBlock(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """Convolution, batch normalization, ReLU; a residual sum where shape allows it."""

    def __init__(self, inputs: int, outputs: int, *, stride: int | tuple[int, int] = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.convolution(x)))
        return x + y if self.residual else y


class DigitNet(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A crop of one digit → logits of eleven classes, and the features behind them.

    About 10 million multiplications a digit and 0.2 million weights: chosen so that two cores classify more than
    8,000 digits a second from less than a megabyte.

    Parameters
    ----------
    width
        Multiplies every layer's channels; 1 is the bundled size.
    dropout
        Share of pooled features dropped in training, in [0, 1).
    """

    def __init__(self, *, width: float = 1.0, dropout: float = 0.1) -> None:
        super().__init__()
        c16, c32, c64, c96 = (max(8, round(c * width)) for c in (16, 32, 64, 96))
        self.features = nn.Sequential(
            ConvBlock(1, c16),  # (N, 16, 28, 28)
            ConvBlock(c16, c32, stride=2),  # (N, 32, 14, 14)
            ConvBlock(c32, c32),
            ConvBlock(c32, c64, stride=2),  # (N, 64, 7, 7)
            ConvBlock(c64, c96),
            ConvBlock(c96, c96),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(c96, DIGIT_CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, 28, 28) in [0, 1] → logits (N, 11), features (N, C, 7, 7)."""
        features = self.features(x)
        return self.head(self.dropout(features.mean(dim=(2, 3)))), features


class LineNet(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A strip of a line → log-probabilities of ten digits and the blank, frame by frame.

    Convolution, a bidirectional LSTM, and connectionist temporal classification (Shi et al. 2015, arXiv 1507.05717;
    Graves et al. 2006, doi:10.1145/1143844.1143891). Marks that are no digits are blank: they are read past.

    Features stand four columns apart, but the head says two frames of each: two thin digits that stand side by side
    need a blank between them, and a frame of two columns leaves room for it at next to no cost.

    Parameters
    ----------
    recurrent
        Units of the LSTM in each direction; 0 puts two wide convolutions in its place.
    width
        Multiplies the channels of every convolution, to the nearest multiple of 16: processors take these fastest.
    """

    def __init__(self, *, recurrent: int = 80, dropout: float = 0.1, width: float = 1.0) -> None:
        super().__init__()
        c16, c48, c80, c112 = (16 * max(1, round(c * width / 16)) for c in (16, 48, 80, 112))
        self.features = nn.Sequential(
            ConvBlock(1, c16),  # (N, 16, 32, W)
            ConvBlock(c16, c48, stride=2),  # (N, 48, 16, W/2)
            ConvBlock(c48, c80, stride=2),  # (N, 80, 8, W/4)
            ConvBlock(c80, c80),
            ConvBlock(c80, c80),
            ConvBlock(c80, c112, stride=(2, 1)),  # (N, 112, 4, W/4)
            nn.Conv2d(c112, c112, (4, 1)),  # (N, 112, 1, W/4)
            nn.ReLU(),
        )
        self.recurrent: nn.Module
        if recurrent:
            self.recurrent = nn.LSTM(c112, recurrent, bidirectional=True)
            width = 2 * recurrent
        else:
            self.recurrent = nn.Sequential(
                nn.Conv1d(c112, 160, 5, padding=2), nn.ReLU(), nn.Conv1d(160, 160, 5, padding=2), nn.ReLU()
            )
            width = 160
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, FRAMES_A_FEATURE * LINE_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 32, W) in [0, 1], W a multiple of 4 → log-probabilities (W / 2, N, 11), the blank last."""
        features = self.features(x).squeeze(2)  # (N, 112, W / 4)
        if isinstance(self.recurrent, nn.LSTM):
            sequence, _ = self.recurrent(features.permute(2, 0, 1))  # (W / 4, N, 192)
        else:
            sequence = self.recurrent(features).permute(2, 0, 1)
        logits = self.head(self.dropout(sequence)).float()  # (W / 4, N, 22)
        frames = logits.unflatten(2, (FRAMES_A_FEATURE, LINE_CLASSES)).transpose(1, 2).flatten(0, 1)
        return torch.log_softmax(frames, dim=2)


class PageNet(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """Clean ink of any size → for each 4 × 4 pixels whether their ink is a digit's, and how high digits are there.

    A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597) with sums for joins: what stands beside a mark, up to
    some hundred pixels away, tells a 0 in a number from an O in a word.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(ConvBlock(1, 12, stride=2), ConvBlock(12, 20, stride=2), ConvBlock(20, 20))
        self.down8 = nn.Sequential(ConvBlock(20, 28, stride=2), ConvBlock(28, 28))
        self.down16 = nn.Sequential(ConvBlock(28, 40, stride=2), ConvBlock(40, 40))
        self.down32 = ConvBlock(40, 40, stride=2)
        self.up16, self.up8, self.up4 = nn.Conv2d(40, 40, 1), nn.Conv2d(40, 28, 1), nn.Conv2d(28, 20, 1)
        self.join16, self.join8, self.join4 = ConvBlock(40, 40), ConvBlock(28, 28), ConvBlock(20, 20)
        self.head = nn.Conv2d(20, 2, 1)
        # Most pages are read with digits of 18 pixels: what is learnt is how far they are from it.
        nn.init.constant_(self.head.bias[1:], 2.9)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1], H and W multiples of 32 → (N, 2, H / 4, W / 4): logit, logarithm of height."""
        c4 = self.stem(x)  # (N, 20, H/4, W/4)
        c8 = self.down8(c4)
        c16 = self.down16(c8)
        c16 = self.join16(c16 + _doubled(self.up16(self.down32(c16))))
        c8 = self.join8(c8 + _doubled(self.up8(c16)))
        c4 = self.join4(c4 + _doubled(self.up4(c8)))
        return self.head(c4)


class WriterNet(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """Features of a digit → where it lies along axes on which digits of one value vary by 1, independently.

    No network that learns: what was measured of digits of many pages.

    Parameters
    ----------
    axes
        (C, D): what each channel counts for along each axis.
    means
        (10, D): where digits of each value lie on the average.
    shares
        (D,): the share of their variance along each axis that parts pages.
    """

    def __init__(self, axes: Tensor, means: Tensor, shares: Tensor) -> None:
        super().__init__()
        self.register_buffer("axes", axes)
        self.register_buffer("means", means)
        self.register_buffer("shares", shares)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, C, 7, 7) → (N, D), and what was measured of all digits."""
        # A buffer that is an output itself would lose its name.
        return features.mean(dim=(2, 3)) @ self.axes, self.means.clone(), self.shares.clone()


class RobustNet(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A digit network whose answers can be certified: convolutions and linear layers alone, so that bounds stay tight.

    Three convolutions and a hidden layer, about as in Gowal et al. 2018, arXiv 1810.12715; some 7 million
    multiplications a digit. They begin with weights under which intervals neither grow nor shrink from layer to layer,
    and are normalized by what the unchanged digits of a batch give, as in Shi et al. 2021, arXiv 2103.17268: without
    either, bounds through so many layers are too wide to learn from. Before them two soft thresholds part ink from
    paper, pixel by pixel: a change of black or white that crosses neither ends there, before the bounds of sixteen
    pixels add up in the first convolution.

    Parameters
    ----------
    width
        Multiplies the channels of every layer.
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        c32, c64, c128, c256 = (max(4, round(c * width)) for c in (32, 64, 128, 256))
        self.features = nn.Sequential(
            *_soft_thresholds((0.3, 0.45), (0.55, 0.7)),  # (N, 2, 28, 28)
            *_normed(nn.Conv2d(2, c32, 4, stride=2, padding=1, bias=False)),  # (N, 32, 14, 14)
            *_normed(nn.Conv2d(c32, c64, 4, stride=2, padding=1, bias=False)),  # (N, 64, 7, 7)
            *_normed(nn.Conv2d(c64, c128, 3, padding=1, bias=False)),  # (N, 128, 7, 7)
        )
        self.hidden = nn.Sequential(nn.Flatten(), *_normed(nn.Linear(c128 * 49, c256, bias=False)))
        self.head = nn.Linear(c256, DIGIT_CLASSES)
        for layer in (*self.features, *self.hidden):
            # What parts ink from paper has its weights already.
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is None:
                fan_in = layer.weight[0].numel()
                nn.init.normal_(layer.weight, std=math.sqrt(2 * math.pi) / fan_in)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, 28, 28) in [0, 1] → logits (N, 11), features (N, C, 7, 7)."""
        features = self.features(x)
        return self.head(self.hidden(features)), features

    def margins(self, low: Tensor, high: Tensor, targets: Tensor) -> Tensor:
        """(N, 11): by no less than this does the target lead a class, whatever the input between ``low`` and ``high``.

        Infinite for the target itself. By interval bound propagation; the last layer is joined with the difference of
        two classes first, which is tighter than the difference of two intervals.
        """
        return self._bounded((low + high) / 2, (low + high) / 2, (high - low) / 2, targets)[1]

    def logits_and_margins(self, x: Tensor, epsilon: float, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of ``x`` (N, 11), and margins of all that no pixel of it is changed by more than ``epsilon`` for."""
        low, high = (x - epsilon).clamp(0, 1), (x + epsilon).clamp(0, 1)
        return self._bounded(x, (low + high) / 2, (high - low) / 2, targets)

    def _bounded(self, x: Tensor, middle: Tensor, radius: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """An input, and an interval by its middle and radius, through all layers."""
        for layer in (*self.features, *self.hidden):
            if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
                # The statistics are those of ``x``, whatever the interval holds.
                scale, shift = _normalization(layer, x)
                middle, radius = middle * scale + shift, radius * scale.abs()
            elif isinstance(layer, nn.Conv2d):
                radius = nn.functional.conv2d(
                    radius, layer.weight.abs(), None, layer.stride, layer.padding, groups=layer.groups
                )
                middle = layer(middle)
            elif isinstance(layer, nn.Linear):
                middle, radius = layer(middle), nn.functional.linear(radius, layer.weight.abs())
            elif isinstance(layer, nn.Flatten):
                middle, radius = layer(middle), layer(radius)
            else:
                above, below = layer(middle + radius), layer(middle - radius)
                middle, radius = (above + below) / 2, (above - below) / 2
            x = layer(x)
        difference = self.head.weight[targets][:, None, :] - self.head.weight[None]  # (N, 11, hidden)
        least = (difference @ middle[:, :, None] - difference.abs() @ radius[:, :, None]).squeeze(2)
        least = least + self.head.bias[targets][:, None] - self.head.bias[None]
        return self.head(x), least.scatter(1, targets[:, None], torch.inf)


def _soft_thresholds(*slopes: tuple[float, float]) -> tuple[nn.Module, ...]:
    """Layers that part ink from paper, pixel by pixel: (N, 1, H, W) → (N, C, H, W), a channel for each slope.

    Of a slope (low, high), pixels below ``low`` become 0, those above ``high`` 1, and those between lie on a line. No
    sum is taken, so that intervals stay as tight as they can be: most of a change of dark ink or white paper ends here.
    """
    count = len(slopes)
    low, high = torch.tensor(slopes).T
    first, *others = (nn.Conv2d(inputs, count, 1, groups=inputs) for inputs in (1, count, count))
    with torch.no_grad():
        first.weight.copy_((1 / (high - low)).view(count, 1, 1, 1))
        first.bias.copy_(-low / (high - low))
    # Twice what is left of 1: what was above 1 is 1 then.
    for layer in others:
        nn.init.constant_(layer.weight, -1.0)
        nn.init.constant_(layer.bias, 1.0)
    return tuple(one for layer in (first, *others) for one in (layer, nn.ReLU()))


def _normed(layer: nn.Conv2d | nn.Linear) -> tuple[nn.Module, ...]:
    """The layer, batch normalization, ReLU."""
    two_axes = isinstance(layer, nn.Conv2d)
    norm = nn.BatchNorm2d(layer.out_channels) if two_axes else nn.BatchNorm1d(layer.out_features)
    return layer, norm, nn.ReLU()


def _normalization(norm: nn.BatchNorm2d | nn.BatchNorm1d, x: Tensor) -> tuple[Tensor, Tensor]:
    """What batch normalization multiplies and adds, channel by channel, of a batch ``x`` in training."""
    axes = [axis for axis in range(x.dim()) if axis != 1]
    if norm.training:
        variance, mean = torch.var_mean(x, dim=axes, correction=0)
    else:
        variance, mean = norm.running_var, norm.running_mean
    scale = norm.weight / torch.sqrt(variance + norm.eps)
    shape = [-1 if axis == 1 else 1 for axis in range(x.dim())]
    return scale.view(shape), (norm.bias - mean * scale).view(shape)


def _doubled(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


def export_page(net: PageNet, path: Path) -> None:
    """Write the network as ONNX: input ``ink`` (N, 1, H, W), output ``map`` (N, 2, H / 4, W / 4)."""
    axes = {"ink": {0: "n", 2: "h", 3: "w"}, "map": {0: "n", 2: "rows", 3: "columns"}}
    _export(net, path, torch.zeros(2, 1, 64, 96), outputs=["map"], axes=axes)


def export_line(net: LineNet, path: Path, *, height: int, half: bool = False) -> None:
    """Write the network as ONNX: input ``ink`` (N, 1, height, W), output ``log_probs`` (W / 2, N, 11).

    With ``half`` its weights are kept in 16 bits and computed with in 32: half the file, and all but the same answers.
    """
    axes = {"ink": {0: "n", 3: "w"}, "log_probs": {0: "t", 1: "n"}}
    _export(net, path, torch.zeros(2, 1, height, 64), outputs=["log_probs"], axes=axes, half=half)


def export_digit(net: DigitNet, path: Path, *, side: int, half: bool = False) -> None:
    """Write the network as ONNX; with ``half`` as :func:`export_line` does.

    Input ``ink`` (N, 1, side, side), any N; outputs ``logits`` (N, 11), ``features`` (N, C, 7, 7), and ``head``
    (11, C), the constant weights of the last layer: with the features they tell what every place said for every class.
    """
    axes = {name: {0: "n"} for name in ("ink", "logits", "features")}
    example = torch.zeros(2, 1, side, side)
    _export(_DigitNetWithHead(net), path, example, outputs=["logits", "features", "head"], axes=axes, half=half)


def export_writer(net: WriterNet, path: Path) -> None:
    """Write it as ONNX: input ``features`` (N, C, 7, 7), outputs ``places`` (N, D), and ``means`` and ``shares``."""
    axes = {name: {0: "n"} for name in ("features", "places")}
    example = torch.zeros(2, len(net.axes), 7, 7)
    _export(net, path, example, inputs="features", outputs=["places", "means", "shares"], axes=axes)


def export_robust(net: RobustNet, path: Path, *, side: int) -> None:
    """Write the network as ONNX: input ``ink`` (N, 1, side, side), outputs ``logits`` and ``features``, any N.

    There is no output ``head``: behind the features stand two layers, so that no weight of theirs speaks for a place.
    """
    axes = {name: {0: "n"} for name in ("ink", "logits", "features")}
    # The exporter joins a convolution and the normalization behind it, and leaves those of a linear layer two.
    joined = copy.deepcopy(net).cpu().eval()
    _, linear, norm, relu = joined.hidden
    joined.hidden = nn.Sequential(nn.Flatten(), fuse_linear_bn_eval(linear, norm), relu)
    _export(joined, path, torch.zeros(2, 1, side, side), outputs=["logits", "features"], axes=axes)


class _DigitNetWithHead(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """The digit network, giving the weights of its last layer along."""

    def __init__(self, net: DigitNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, features = self.net(x)
        # A weight that is an output itself would lose its name.
        return logits, features, self.net.head.weight.clone()


def _export(
    net: nn.Module,
    path: Path,
    example: Tensor,
    *,
    inputs: str = "ink",
    outputs: list[str],
    axes: dict[str, dict[int, str]],
    half: bool = False,
) -> None:
    """Write a network as ONNX, whole or not at all; with ``half`` its weights in 16 bits."""
    partial = path.with_suffix(".partial")
    with warnings.catch_warnings():
        # The older exporter folds batch normalization and needs no further package; torch says it is the older one.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Of an LSTM's checks of shapes, and of its first state's batch: both are free here, as a test shows.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.filterwarnings("ignore", "Exporting a model to ONNX with a batch_size other than 1", UserWarning)
        torch.onnx.export(
            net.cpu().eval(),
            (example,),
            str(partial),
            input_names=[inputs],
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    if half:
        halve_weights(partial)
    partial.replace(path)


def halve_weights(path: Path) -> None:
    """Keep the weights of an ONNX file in 16 bits.

    Each is followed by a cast to the 32 bits that it is computed with, which onnxruntime does once, when the network is
    loaded. A weight is rounded to 11 bits so; of biases and other short tensors nothing would be gained.
    """
    model = onnx.load(path)
    casts = []
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size >= LEAST_HALVED:
            name, half = weights.name, f"{weights.name}.half"
            casts.append(onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT))
            weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)
