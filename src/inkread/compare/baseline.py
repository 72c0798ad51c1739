"""A network of the textbook to set beside inkread where only its reading is looked at: LeNet-5 on MNIST's own pixels.

It sees what published baselines of MNIST-C see: the pixels as they are, without inkread's preparation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.compare.networks import NETWORKS, fit_network
from inkread.data.datasets import Samples, load
from inkread.errors import InvalidArray
from inkread.recognize.prepare import INPUT_SIDE
from inkread.train.loop import Progress

__all__ = ["lenet_baseline"]


def lenet_baseline(
    folder: Path,
    *,
    samples: Samples | None = None,
    threads: int = 2,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Callable[[Any], NDArray[np.int64]]:
    """LeNet-5, trained in ``folder`` or found there: light crops of 28 × 28 pixels on dark → their digits (N,).

    Crops of another size are scaled to 28 × 28, which is all that such a network can do with them.

    Parameters
    ----------
    samples
        To learn from; MNIST's training set when not given.

    Raises
    ------
    DataError
        If MNIST is missing.
    """
    learned = samples or load("mnist", "train")
    inputs = _as_input(learned.images)
    targets = learned.labels.astype(np.int64)
    fitted = fit_network(NETWORKS["lenet5"], inputs, targets, folder=folder, seed=0, threads=threads, report=report)

    def read(images: Any) -> NDArray[np.int64]:
        return fitted.predict(_as_input(images))

    return read


def _as_input(images: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    import cv2

    side = (INPUT_SIDE, INPUT_SIDE)
    crops = [np.asarray(image) for image in images]
    if any(crop.ndim != 2 or crop.dtype != np.uint8 or not crop.size for crop in crops):
        raise InvalidArray("the baseline reads grey crops, uint8 (H, W), not empty")
    same = [
        crop if crop.shape == side else np.asarray(cv2.resize(crop, side, interpolation=cv2.INTER_AREA))
        for crop in crops
    ]
    stacked = np.stack(same) if same else np.zeros((0, *side), np.uint8)
    return stacked[:, None].astype(np.float32) / np.float32(255)
