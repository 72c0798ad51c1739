"""How much of a source is taken before it is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

from inkread.errors import InvalidOption

__all__ = ["DEFAULT_LIMITS", "InputLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLimits:
    """The limits within which a source is opened, and how documents are drawn.

    Attributes
    ----------
    max_bytes
        Of one encoded source, at least 1. The default of 512 MiB holds an uncompressed color picture of ``max_pixels``.
    max_pixels
        Of one page, at least 1; judged by the header, before anything is decoded. The default of 100 million holds A3
        at 600 dpi (70 million) and needs 300 MB decoded; what is larger is far more often an attack than a page.
    max_pages
        Of one document, at least 1. Pages are opened one after the other, so many cost time, not memory.
    pdf_dpi
        Dots an inch at which a PDF page is drawn, in [10, 2400]. Handwritten digits are 2.5 to 8 mm high, 20 to 63
        pixels at the default of 200; more dots give the networks nothing and cost time. A page that would have more
        than ``max_pixels``, or than 16 million, is drawn at the most dots that fit.
    timeout_s
        Seconds for fetching one source over HTTP, above 0.

    Raises
    ------
    InvalidOption
        If a value is outside its range.

    Examples
    --------
    >>> InputLimits(max_pages=0)
    Traceback (most recent call last):
    inkread.errors.InvalidOption: max_pages must be at least 1; got 0
    """

    max_bytes: int = 512 * 2**20
    max_pixels: int = 100_000_000
    max_pages: int = 1000
    pdf_dpi: float = 200.0
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "max_pages"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidOption(f"{name} must be at least 1; got {value!r}")
        if not 10 <= self.pdf_dpi <= 2400:
            raise InvalidOption(f"pdf_dpi lies in [10, 2400]; got {self.pdf_dpi!r}")
        if not 0 < self.timeout_s < math.inf:
            raise InvalidOption(f"timeout_s must be above 0; got {self.timeout_s!r}")


DEFAULT_LIMITS = InputLimits()
