"""Read handwritten numbers: single digits, strings and whole pages, with an honest confidence.

    import inkread

    document = inkread.read("cheque.jpg")
    print(document.text)

This is the only public door. What is behind it is loaded when it is first used, so that importing costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inkread.errors import CorruptSource as CorruptSource
    from inkread.errors import DataError as DataError
    from inkread.errors import DownloadError as DownloadError
    from inkread.errors import EncryptedSource as EncryptedSource
    from inkread.errors import InkreadError as InkreadError
    from inkread.errors import InvalidArray as InvalidArray
    from inkread.errors import InvalidOption as InvalidOption
    from inkread.errors import MissingExtra as MissingExtra
    from inkread.errors import ModelError as ModelError
    from inkread.errors import OutputError as OutputError
    from inkread.errors import SourceError as SourceError
    from inkread.errors import SourceNotFound as SourceNotFound
    from inkread.errors import SourceTooLarge as SourceTooLarge
    from inkread.errors import SourceUnreadable as SourceUnreadable
    from inkread.errors import UnsupportedSource as UnsupportedSource
    from inkread.explainer import DigitExplanation as DigitExplanation
    from inkread.explainer import Explainer as Explainer
    from inkread.explainer import Explanation as Explanation
    from inkread.explainer import explain as explain
    from inkread.geometry import Box as Box
    from inkread.geometry import Point as Point
    from inkread.geometry import Quad as Quad
    from inkread.geometry import Stroke as Stroke
    from inkread.reader import Reader as Reader
    from inkread.reader import ReaderOptions as ReaderOptions
    from inkread.reader import classify as classify
    from inkread.reader import read as read
    from inkread.reader import read_many as read_many
    from inkread.reader import read_strokes as read_strokes
    from inkread.results import Alternative as Alternative
    from inkread.results import Classification as Classification
    from inkread.results import Digit as Digit
    from inkread.results import DigitStyle as DigitStyle
    from inkread.results import Document as Document
    from inkread.results import Line as Line
    from inkread.results import LineStyle as LineStyle
    from inkread.results import Number as Number
    from inkread.results import Page as Page
    from inkread.results import Problem as Problem

__version__ = "0.1.0"

_HOMES = {
    "inkread.errors": (
        "CorruptSource", "DataError", "DownloadError", "EncryptedSource", "InkreadError", "InvalidArray",
        "InvalidOption", "MissingExtra", "ModelError", "OutputError", "SourceError", "SourceNotFound",
        "SourceTooLarge", "SourceUnreadable", "UnsupportedSource",
    ),
    "inkread.explainer": ("DigitExplanation", "Explainer", "Explanation", "explain"),
    "inkread.geometry": ("Box", "Point", "Quad", "Stroke"),
    "inkread.reader": ("Reader", "ReaderOptions", "classify", "read", "read_many", "read_strokes"),
    "inkread.results": (
        "Alternative", "Classification", "Digit", "DigitStyle", "Document", "Line", "LineStyle", "Number", "Page",
        "Problem",
    ),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'inkread' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
