"""What the digits of one writer have in common: features of the digit network → places that can be compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inkread.models.registry import ModelCard
from inkread.models.session import Session

__all__ = ["WriterModel"]


class WriterModel:
    """Loaded statistics of how the digits of one page resemble each other.

    Parameters
    ----------
    card
        A card of the task "writer"; it belongs to one digit network.
    threads
        Cores that one run may use.
    """

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        self.card = card
        self._session = Session(card, threads=threads)

    def places(
        self, features: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Where digits lie, along axes on which those of one value vary by 1 and do not depend on each other.

        Parameters
        ----------
        features
            float32 (N, C, 7, 7): what the digit network sees in each of N digits.

        Returns
        -------
        Their places, float32 (N, D); where the digits of each value lie on the average, (10, D); and how much of the
        variance of one value parts pages, not the digits of one page, along each axis: (D,), in (0, 1).
        """
        places, means, shares = self._session.run(["places", "means", "shares"], {"features": features})
        return places, means, shares
