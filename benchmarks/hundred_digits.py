"""A page of 100 digits, and what something costs on it beyond reading it, for what is optional in reading."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.data.synth import Hand, PageOptions, compose_page

__all__ = ["cost_row", "hundred_digits"]


def hundred_digits(*, width: int = 900, height: int = 900) -> NDArray[np.uint8]:
    """The picture of ten lines of ten digits in clear writing, as large as it is."""
    lines = tuple("1234567890"[k:] + "1234567890"[:k] for k in range(10))
    options = PageOptions(width=width, height=height, lines=lines, hand=Hand(), wear=0, light=0, camera=0, view=0)
    image, _ = compose_page(np.random.default_rng(0), options)
    return image.pixels


def cost_row(
    what: str, plain: Callable[[], object], more: Callable[[], object], *, digits: int, repeat: int, bar: float
) -> dict[str, Any]:
    """The row of a report: how many seconds of the processor ``more`` takes beyond ``plain``, for 100 digits.

    Parameters
    ----------
    what
        What the cost is of.
    plain, more
        Called in turns, ``repeat`` times each; the medians count.
    digits
        How many digits they read.
    bar
        The most that it may cost.
    """
    seconds: dict[Callable[[], object], list[float]] = {plain: [], more: []}
    for _ in range(repeat):
        for call, taken in seconds.items():
            began = time.process_time()
            call()
            taken.append(time.process_time() - began)
    value = (statistics.median(seconds[more]) - statistics.median(seconds[plain])) * 100 / digits
    what = f"{what} of 100 digits of a page, beyond reading them ({digits} read)"
    return {"what": what, "unit": "s", "value": value, "bar": bar, "sense": "at most", "met": value <= bar}
