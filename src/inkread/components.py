"""What of a picture hangs together, and what does not, as cheaply as OpenCV finds it; and how slender it is."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.geometry import Box

__all__ = [
    "Component",
    "components_of",
    "crookedness",
    "half_thickness",
    "slenderness",
    "stray_pixels",
    "weighted_median",
]

# Labels of components that fit into two bytes.
SHORT_LABELS = 65_000
# What ends within this share of a page's short side from its edge may go on beyond it.
EDGE = 0.01


@dataclass(slots=True, eq=False)
class Component:
    """A piece of connected ink: its box on the page, its mask in that box and how many pixels the mask has."""

    x0: int
    y0: int
    x1: int
    y1: int
    mask: NDArray[np.bool_]
    area: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def fill(self) -> float:
        """The share of its box that it covers."""
        return self.area / self.mask.size

    @property
    def middle_y(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def box(self) -> Box:
        return Box(self.x0, self.y0, self.x1, self.y1)

    def lies_at_edge(self, shape: tuple[int, ...]) -> bool:
        """Whether it reaches to an edge of its page of this shape."""
        height, width = shape
        margin = max(2, round(EDGE * min(shape)))
        ends = self.x0, self.y0, width - self.x1, height - self.y1
        return min(ends) <= margin


def components_of(binary: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[np.int32], NDArray[np.float64]]:
    """The components of a binary page that hang together over sides or corners of pixels.

    Labels of two bytes take a third of the time of those of four. There are at most as many as runs of ink in all rows.

    Parameters
    ----------
    binary
        (H, W) of 0 and 1, 1 is ink.

    Returns
    -------
    For each pixel the number of its component; for each component x, y, width, height and area in pixels; and their
    centers (x, y). The first component, number 0, is the ground.
    """
    runs = int(np.count_nonzero(binary[:, 1:] > binary[:, :-1])) + len(binary)
    _, labels, stats, centers = cv2.connectedComponentsWithStats(
        binary, connectivity=8, ltype=cv2.CV_16U if runs < SHORT_LABELS else cv2.CV_32S
    )
    return labels, np.asarray(stats, np.int32), np.asarray(centers, np.float64)


def stray_pixels(grey: NDArray[Any], *, far: float, neighbors: int) -> NDArray[np.bool_]:
    """Which pixels differ by more than ``far`` from at least ``neighbors`` of the eight around them, bool (H, W).

    Parameters
    ----------
    grey
        uint8 or float32 (H, W); beyond its edge it is mirrored.
    """
    height, width = grey.shape
    around = cv2.copyMakeBorder(grey, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    unlike = np.zeros_like(grey)
    for y, x in itertools.product(range(3), range(3)):
        apart = cv2.absdiff(np.ascontiguousarray(around[y : y + height, x : x + width]), grey)
        unlike += cv2.threshold(apart, far, 1, cv2.THRESH_BINARY)[1]
    return np.asarray(unlike >= neighbors)


def slenderness(mask: NDArray[np.bool_]) -> float:
    """How far ink (H, W) spreads across its main direction, as a share of how far along it: near 0 a straight stroke.

    1 for less than three pixels.
    """
    across, along, _ = _spread(mask)
    return across / along


def crookedness(mask: NDArray[np.bool_]) -> float:
    """How far ink (H, W) spreads across its main direction, against a bar of as much ink as long: 1 a straight stroke,
    however thick; a bent or hooked one has more. Infinite for less than three pixels.
    """
    across, along, pixels = _spread(mask)
    # The standard deviation of a bar's points along a side is this side divided by the square root of 12.
    return 12 * across * along / pixels if pixels >= 3 else math.inf


def _spread(mask: NDArray[np.bool_]) -> tuple[float, float, int]:
    """Standard deviations of ink across and along its main direction, in pixels, and how many pixels it has."""
    places = np.argwhere(mask)
    if len(places) < 3:
        return 1.0, 1.0, len(places)
    across, along = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(places.T)), [0.0, 1e-9])).tolist()
    return across, along, len(places)


def weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    """The value at which half of the weight is passed; of N values, N weights, in any order."""
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2)])


def half_thickness(mask: NDArray[Any]) -> float:
    """Half of how thick a mask is where it is thickest, in pixels."""
    return float(cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3).max())
