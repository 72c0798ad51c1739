"""Reads strings of digits on crops of one line each: a data set of the form "lines", or a manifest of crops.

The figures are those of :mod:`inkread.evaluate.pages`, and beside them how well the confidence of a whole string is
calibrated. Nothing is found here: each picture is one line, and its labels have no line breaks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inkread.data.datasets import Samples
from inkread.errors import InvalidOption
from inkread.evaluate.pages import LabeledPicture, PictureOutcome

__all__ = ["answered", "pictures_of"]


def pictures_of(samples: Samples, name: str) -> tuple[LabeledPicture, ...]:
    """The pictures of a data set of lines (or of single digits), named after its ``name`` and their place in it.

    Examples
    --------
    >>> crops = Samples(images=np.zeros((1, 20, 60), np.uint8), labels=np.array(["1250"]), dark_ink=True)
    >>> pictures_of(crops, "car_a-val")[0].lines
    ('1250',)
    """
    odd = sorted({str(label) for label in samples.labels if not str(label).isdigit()})
    if odd:
        raise InvalidOption(
            f"{name} holds labels that are no numbers, such as {odd[0]!r}; evaluate it as single characters (digit)"
        )
    return tuple(
        LabeledPicture(
            id=f"{name}-{place:05d}",
            source=np.asarray(image),
            lines=(str(label),),
            groups=(f"{len(str(label))} digits",),
            writer=None if samples.writers is None else int(samples.writers[place]),
        )
        for place, (image, label) in enumerate(zip(samples.images, samples.labels, strict=True))
    )


def answered(outcomes: Sequence[PictureOutcome]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The confidence of every string that was read, and whether it is right: what its calibration is measured on.

    A string that was not read has no confidence and is left out here; it stays an error in the figures.
    """
    read = [(one.confidence, one.judgement.exact) for one in outcomes if one.confidence is not None]
    confidence = np.array([sureness for sureness, _ in read], dtype=np.float64)
    return confidence, np.array([right for _, right in read], dtype=np.bool_)
