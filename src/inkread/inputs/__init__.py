"""The room where sources come in: files, documents, addresses, arrays and pen strokes become pages of pixels.

It decodes and sets upright; it does not judge light, find numbers or read them.
"""

from inkread.inputs.files import open_source
from inkread.inputs.kinds import TAKEN_KINDS, Kind
from inkread.inputs.limits import InputLimits
from inkread.inputs.sources import describe, expand_sources
from inkread.inputs.strokes import draw_page

__all__ = ["TAKEN_KINDS", "InputLimits", "Kind", "describe", "draw_page", "expand_sources", "open_source"]
