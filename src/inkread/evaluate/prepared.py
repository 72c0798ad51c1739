"""The digits of a data set as the network sees them: prepared, in one array. Nothing is measured here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.data.datasets import Samples
from inkread.recognize.prepare import prepare, to_ink

__all__ = ["prepared_digits"]

# Crops prepared at once: bounds the memory of preparing 60,000.
_CHUNK = 2000


def prepared_digits(samples: Samples) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The digits among ``samples`` as network input (N, 1, 28, 28), and their classes; others are left out."""
    digits = samples.take(samples.is_digit)
    crops = list(digits.images)
    parts = [prepare(to_ink(crops[start : start + _CHUNK])) for start in range(0, len(crops), _CHUNK)]
    return np.concatenate(parts) if parts else prepare([]), digits.labels.astype(np.int64)
