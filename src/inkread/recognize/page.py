"""The page network: clean ink → which of it is digits, judged with all that stands around, and how high they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkread.models.registry import ModelCard
from inkread.models.session import Session
from inkread.parts import Candidate
from inkread.recognize.prepare import prepare_page

__all__ = ["MAP_STEP", "DigitMap", "PageRecognizer", "mean_over_ink"]

# Pixels of the network's input a cell of its map.
MAP_STEP = 4
# Ink from which a pixel counts; fainter ink is no component's.
LEAST_INK = 0.25
# A piece is looked at in about this many rows or columns, whichever are fewer: the map is coarser than its ink.
SAMPLED_SIDE = 12


def mean_over_ink(
    values: NDArray[np.float32], ink: NDArray[np.float32], *, corner: tuple[float, float], cell: float
) -> float:
    """The mean of a map under a piece of ink; used for reading and for calibration alike.

    Parameters
    ----------
    values
        The map, float32 (rows, columns).
    ink
        float32 (h, w), the piece alone.
    corner
        (x, y) of its top left, in pixels.
    cell
        Pixels a cell of the map.

    Returns
    -------
    0 where there is no ink.
    """
    step = max(1, min(ink.shape) // SAMPLED_SIDE)
    rows, columns = np.nonzero(ink[::step, ::step] > LEAST_INK)
    if not len(rows):
        return 0.0
    ys = ((rows * step + (corner[1] + 0.5)) / cell).astype(np.intp)
    xs = ((columns * step + (corner[0] + 0.5)) / cell).astype(np.intp)
    return float(values[ys.clip(0, values.shape[0] - 1), xs.clip(0, values.shape[1] - 1)].mean())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitMap:
    """Where a page's digits are.

    Attributes
    ----------
    log_odds
        float32 (rows, columns): natural logarithm of the odds that the ink there belongs to a digit; without meaning
        where there is no ink.
    heights
        float32 (rows, columns): how high a digit would be there, in pixels of the clean page.
    cell
        Pixels of the clean page a cell.
    """

    log_odds: NDArray[np.float32]
    heights: NDArray[np.float32]
    cell: float

    def log_odds_of(self, candidates: Sequence[Candidate]) -> NDArray[np.float32]:
        """For each candidate the mean over its ink, float32 (N,)."""
        return np.array(
            [mean_over_ink(self.log_odds, c.ink, corner=(c.box.x0, c.box.y0), cell=self.cell) for c in candidates],
            np.float32,
        )


class PageRecognizer:
    """A loaded page network with its calibration.

    Parameters
    ----------
    card
        A card of the task "page".
    threads
        Cores that one run may use.
    """

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        self.card = card
        self._session = Session(card, threads=threads)

    def recognize(self, ink: NDArray[np.float32], *, digit_height: float) -> DigitMap:
        """The map of one page.

        Parameters
        ----------
        ink
            float32 (h, w) in [0, 1], 1 is ink.
        digit_height
            Height of its usual digit, or letter, in pixels, above 0: half or twice of it is near enough.
        """
        page, scale = prepare_page(ink, digit_height=digit_height)
        (found,) = self._session.run(["map"], {"ink": page})
        return DigitMap(
            log_odds=np.asarray(found[0, 0] / np.float32(self.card.temperature), np.float32),
            heights=np.asarray(np.exp(found[0, 1]) / np.float32(scale), np.float32),
            cell=MAP_STEP / scale,
        )
