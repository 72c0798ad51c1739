"""Handwriting made from our own pen strokes: characters, lines and whole pages, with the truth as results.

It gives training variety, every fixture of the tests and the example pictures. Paper, light and camera are in
:mod:`inkread.data.augment`; strokes become pixels in :mod:`inkread.ink`. Nothing here is taken from any data set.
"""

from inkread.data.synth.glyph import CHARACTERS, DIGIT_LIKE, GLYPHS, draw_glyph, write_glyph
from inkread.data.synth.hand import Hand
from inkread.data.synth.line import LineOptions, write_line
from inkread.data.synth.options import LAYOUTS, PAPERS, PageOptions
from inkread.data.synth.page import compose_page

__all__ = [
    "CHARACTERS",
    "DIGIT_LIKE",
    "GLYPHS",
    "LAYOUTS",
    "PAPERS",
    "Hand",
    "LineOptions",
    "PageOptions",
    "compose_page",
    "draw_glyph",
    "write_glyph",
    "write_line",
]
