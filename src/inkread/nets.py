"""The torch networks: made, trained and exported here; reading never imports this room.

The digit network ends in global average pooling and
one linear layer, so that class activation needs no gradient (Zhou et al. 2016, arXiv 1512.04150).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["DIGIT_CLASSES", "DigitNet", "export_digit"]

DIGIT_CLASSES = 11  # ten digits and "not a digit"


class ConvBlock(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """Convolution, batch normalization, ReLU; a residual sum where shape allows it."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
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


def export_digit(net: DigitNet, path: Path, *, side: int) -> None:
    """Write the network as ONNX: input ``ink`` (N, 1, side, side), outputs ``logits`` and ``features``, any N."""
    net = net.cpu().eval()
    torch.onnx.export(
        net,
        (torch.zeros(2, 1, side, side),),
        str(path),
        input_names=["ink"],
        output_names=["logits", "features"],
        dynamic_axes={name: {0: "n"} for name in ("ink", "logits", "features")},
        opset_version=17,
        dynamo=False,  # the older exporter folds batch normalization and needs no further package
    )
