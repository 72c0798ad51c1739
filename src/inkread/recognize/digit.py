"""The digit network: crops of ink → the log-probabilities of ten digits and "not a digit"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ModelError
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

    def recognize_prepared(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """As :meth:`recognize`, of what :func:`~inkread.recognize.prepare.prepare` made, (N, 1, 28, 28), in one run."""
        (logits,) = self._session.run(["logits"], {"ink": inputs})
        return log_softmax(np.asarray(logits / np.float32(self.card.temperature), np.float32))

    def features(self, inks: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """What the network sees in each place of N crops, taken as for :meth:`recognize`: float32 (N, C, 7, 7)."""
        parts = [
            self._session.run(["features"], {"ink": prepare(inks[i : i + BATCH])})[0]
            for i in range(0, len(inks), BATCH)
        ]
        return np.concatenate(parts)

    def activate(
        self, inks: Sequence[NDArray[np.float32]] | NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the network says of N crops, and what each place of them said for each class.

        The network ends in global average pooling and one linear layer, so that a class's score is a sum over places
        and each place's share of it is known without a gradient: class activation mapping (Zhou et al. 2016,
        arXiv 1512.04150). For such a network Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391) is the same map up to
        scale, cut off below 0.

        Parameters
        ----------
        inks
            As for :meth:`recognize`.

        Returns
        -------
        The calibrated log-probabilities, float32 (N, 11), and the maps, float32 (N, 11, 7, 7): over its places a
        class's map adds up to its calibrated score, but for a constant of that class.

        Raises
        ------
        ModelError
            If the network does not give the weights of its last layer, as those exported earlier.
        """
        if "head" not in self._session.outputs:
            raise ModelError(
                f"the network {self.card.name} does not give the weights of its last layer (its output 'head'), and "
                "its answers cannot be explained without them; train it again with this version of inkread"
            )
        parts = [self._activate_batch(inks[i : i + BATCH]) for i in range(0, len(inks), BATCH)]
        if not parts:
            classes = len(self.card.alphabet)
            return np.zeros((0, classes), np.float32), np.zeros((0, classes, 7, 7), np.float32)
        return np.concatenate([scores for scores, _ in parts]), np.concatenate([maps for _, maps in parts])

    def _activate_batch(
        self, inks: Sequence[NDArray[np.float32]] | NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        logits, features, head = self._session.run(["logits", "features", "head"], {"ink": prepare(inks)})
        count, channels, *grid = features.shape  # (N, C, 7, 7)
        places = features.reshape(count, channels, -1)
        maps = np.matmul(head / np.float32(self.card.temperature * places.shape[2]), places)
        scores = log_softmax(np.asarray(logits / np.float32(self.card.temperature), np.float32))
        return scores, np.asarray(maps.reshape(count, len(head), *grid), np.float32)

    def _recognize_batch(self, inks: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> NDArray[np.float32]:
        return self.recognize_prepared(prepare(inks))
