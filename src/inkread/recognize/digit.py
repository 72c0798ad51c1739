"""The digit network: crops of ink → the log-probabilities of ten digits and "not a digit"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.errors import ModelError
from inkread.models.registry import ModelCard
from inkread.models.session import Session
from inkread.recognize.prepare import prepare

__all__ = ["DigitRecognizer", "log_softmax"]

# Crops a run of the network: enough to keep two cores busy, few enough to stay in their caches.
BATCH = 128
# Crops of which the likeliest class is less likely than this are shown to the second network too: of those held out as
# many are wrong as with 0.99, but fewer of the surest.
DOUBTFUL = 0.995


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural log-probabilities along the last axis; rows of shape (…, C)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)


class DigitRecognizer:
    """A loaded digit network with its calibration, and one that is asked where it is in doubt.

    What two networks that learned apart get wrong is seldom the same: of crops that the first is not sure of the mean
    of their calibrated logits counts. Most crops are seen by the first alone, so that it costs little.

    Parameters
    ----------
    card
        A card of the task "digit".
    second
        A card of the task "second", of the same classes; None to hear one network alone.
    threads
        Cores that one run may use.

    Raises
    ------
    ModelError
        If the second network knows other classes.
    """

    def __init__(self, card: ModelCard, *, second: ModelCard | None = None, threads: int = 1) -> None:
        if second is not None and second.alphabet != card.alphabet:
            raise ModelError(f"{second.name} cannot be heard beside {card.name}: it knows other classes")
        self.card = card
        self._session = Session(card, threads=threads)
        self._second = Session(second, threads=threads) if second is not None else None

    def recognize(
        self, inks: Sequence[NDArray[np.float32]] | NDArray[np.float32], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Calibrated log-probabilities of N crops.

        Parameters
        ----------
        inks
            N crops of ink, float32 (h, w) in [0, 1], 1 is ink.
        alone
            Whether the first network is heard alone.

        Returns
        -------
        float32 (N, 11): ten digits, then "not a digit".
        """
        batches = (inks[i : i + BATCH] for i in range(0, len(inks), BATCH))
        parts = [self.recognize_prepared(prepare(batch), alone=alone) for batch in batches]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.card.alphabet)), np.float32)

    def recognize_prepared(self, inputs: NDArray[np.float32], *, alone: bool = False) -> NDArray[np.float32]:
        """As :meth:`recognize`, of what :func:`~inkread.recognize.prepare.prepare` made, (N, 1, 28, 28), in one run."""
        (logits,) = self._told(_calibrated, inputs, alone=alone)
        return log_softmax(logits)

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
        logits, maps = self._told(_activated, prepare(inks))
        return log_softmax(logits), maps

    def _told(
        self,
        ask: Callable[[Session, NDArray[np.float32]], Sequence[NDArray[np.float32]]],
        inputs: NDArray[np.float32],
        *,
        alone: bool = False,
    ) -> Sequence[NDArray[np.float32]]:
        """What ``ask`` gets of the first network, logits before all else; of doubtful crops the mean of both."""
        told = ask(self._session, inputs)
        if self._second is not None and not alone and len(doubtful := _doubtful(told[0])):
            for one, other in zip(told, ask(self._second, inputs[doubtful]), strict=True):
                one[doubtful] = (one[doubtful] + other) / 2
        return told


def _calibrated(
    session: Session, inputs: NDArray[np.float32], further: Sequence[str] = ()
) -> list[NDArray[np.float32]]:
    """The calibrated logits (N, C) of prepared crops, and further outputs as they are."""
    logits, *others = session.run(["logits", *further], {"ink": inputs})
    return [np.asarray(logits / np.float32(session.card.temperature), np.float32), *others]


def _doubtful(logits: NDArray[np.float32]) -> NDArray[np.intp]:
    """The rows whose likeliest class is less likely than :data:`DOUBTFUL`."""
    return np.flatnonzero(log_softmax(logits).max(axis=1) < np.log(DOUBTFUL))


def _activated(session: Session, inputs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The calibrated logits (N, C), and what each place adds to each of them, (N, C, 7, 7)."""
    logits, features, head = _calibrated(session, inputs, ["features", "head"])
    count, channels, *grid = features.shape  # (N, channels, 7, 7)
    places = features.reshape(count, channels, -1)
    maps = np.matmul(head / np.float32(session.card.temperature * places.shape[2]), places)
    return logits, np.asarray(maps.reshape(count, len(head), *grid), np.float32)
