"""The line network: strips of ink → the log-probabilities of ten digits and the blank, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.models.registry import ModelCard
from inkread.models.session import Session
from inkread.parts import Scores
from inkread.recognize.digit import log_softmax
from inkread.recognize.prepare import LINE_HEIGHT

__all__ = ["LineRecognizer"]

# Strips are padded to a multiple of this many columns, which the network's two poolings need.
WIDTH_MULTIPLE = 4
# Bare columns put around a strip, so that the first and the last digit have frames beside them.
MARGIN = 8
# Strips whose widths differ by more than this share are not run together: padding costs time.
WIDTH_SHARE = 0.3


class LineRecognizer:
    """A loaded line network with its calibration.

    Parameters
    ----------
    card
        A card of the task "line".
    threads
        Cores that one run may use.
    """

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        self.card = card
        self._session = Session(card, threads=threads)

    def recognize(
        self, strips: Sequence[NDArray[np.float32]], *, pixels: Sequence[float] | None = None
    ) -> list[Scores]:
        """Scores of N strips.

        Parameters
        ----------
        strips
            As :func:`inkread.recognize.prepare.prepare_line` gives: float32 (32, w) in [0, 1], 1 is ink.
        pixels
            For each strip how many pixels of the crop that it shows one of its columns takes; 1 when not given.

        Returns
        -------
        For each strip its scores; ``columns`` are columns of the crop, and of the strip without ``pixels``.
        """
        order = np.argsort([strip.shape[1] for strip in strips], kind="stable")
        results: list[Scores | None] = [None] * len(strips)
        pixels = pixels or [1.0] * len(strips)
        start = 0
        while start < len(order):
            narrowest = strips[order[start]].shape[1]
            end = start + 1
            while end < len(order) and strips[order[end]].shape[1] <= (1 + WIDTH_SHARE) * narrowest + WIDTH_MULTIPLE:
                end += 1
            chosen = order[start:end]
            ran = self._run([strips[i] for i in chosen], [pixels[i] for i in chosen])
            for i, scores in zip(chosen, ran, strict=True):
                results[i] = scores
            start = end
        return [scores for scores in results if scores is not None]

    def _run(self, strips: Sequence[NDArray[np.float32]], pixels: Sequence[float]) -> list[Scores]:
        widest = max(strip.shape[1] for strip in strips) + 2 * MARGIN
        width = -(-widest // WIDTH_MULTIPLE) * WIDTH_MULTIPLE
        batch = np.zeros((len(strips), 1, LINE_HEIGHT, width), np.float32)
        for row, strip in zip(batch, strips, strict=True):
            row[0, :, MARGIN : MARGIN + strip.shape[1]] = strip
        (log_probs,) = self._session.run(["log_probs"], {"ink": batch})  # (T, N, 11)
        calibrated = log_softmax(np.asarray(log_probs / self.card.temperature, np.float32))
        step = width / calibrated.shape[0]  # columns a frame
        columns = np.asarray((np.arange(calibrated.shape[0]) + 0.5) * step - MARGIN, np.float32)
        scores = []
        for n, (strip, pixel) in enumerate(zip(strips, pixels, strict=True)):
            count = min(len(columns), int(np.ceil((strip.shape[1] + 2 * MARGIN) / step)))
            scores.append(
                Scores(
                    log_probs=np.ascontiguousarray(calibrated[:count, n]),
                    alphabet=self.card.alphabet,
                    columns=columns[:count] * np.float32(pixel),
                )
            )
        return scores
