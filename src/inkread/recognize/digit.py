"""The digit network: crops of ink → the log-probabilities of ten digits and "not a digit"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.models.registry import ModelCard
from inkread.models.session import Session
from inkread.recognize.prepare import prepare

__all__ = ["DigitRecognizer", "log_softmax"]

# Crops a run of the network: enough to keep two cores busy, few enough to stay in their caches.
BATCH = 128


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural log-probabilities along the last axis; rows of shape (…, C)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)


class DigitRecognizer:
    """A loaded digit network with its calibration.

    Parameters
    ----------
    card
        A card of the task "digit".
    threads
        Cores that one run may use.
    """

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        self.card = card
        self._session = Session(card, threads=threads)

    def recognize(self, inks: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated log-probabilities of N crops.

        Parameters
        ----------
        inks
            N crops of ink, float32 (h, w) in [0, 1], 1 is ink.

        Returns
        -------
        float32 (N, 11): ten digits, then "not a digit".
        """
        parts = [self._recognize_batch(inks[i : i + BATCH]) for i in range(0, len(inks), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.card.alphabet)), np.float32)

    def _recognize_batch(self, inks: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
        (logits,) = self._session.run(["logits"], {"ink": prepare(inks)})
        return log_softmax(np.asarray(logits / np.float32(self.card.temperature), np.float32))
