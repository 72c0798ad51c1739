"""Percent signs: found however their noughts are written, and never among digits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.find import find_candidates
from inkread.geometry import PageTransform
from inkread.parts import CleanPage


def drawn(*shapes, size=(260, 120), thick=4):
    """A clean page of shapes: ("line", x0, y0, x1, y1) and ("ring", x, y, rx, ry[, from, to])."""
    ink = np.zeros((size[1], size[0]), np.uint8)
    for kind, *at in shapes:
        if kind == "line":
            cv2.line(ink, at[:2], at[2:], 255, thick, cv2.LINE_AA)
        else:
            start, end = at[4:] or (0, 360)
            cv2.ellipse(ink, at[:2], at[2:4], 0, start, end, 255, thick, cv2.LINE_AA)
    page = np.asarray(ink, np.float32) / np.float32(255)
    return CleanPage(ink=page, to_source=PageTransform.translation(0, 0))


SEVEN = (("line", 20, 30, 50, 30), ("line", 50, 30, 30, 90))
SLASH = ("line", 90, 90, 125, 30)
NOUGHTS = (("ring", 85, 45, 9, 11), ("ring", 132, 76, 9, 11))


@pytest.mark.parametrize(
    "sign",
    [
        pytest.param((SLASH, *NOUGHTS), id="apart"),
        pytest.param((SLASH, ("ring", 98, 45, 9, 11), ("ring", 118, 76, 9, 11)), id="touching the slash"),
        pytest.param((SLASH, ("ring", 85, 45, 9, 11, 30, 330), ("ring", 132, 76, 9, 11, 200, 500)), id="open"),
        pytest.param((SLASH, ("ring", 92, 42, 2, 2), ("ring", 126, 78, 2, 2)), id="dots"),
        pytest.param((SLASH, ("line", 82, 43, 88, 42), ("line", 127, 79, 133, 78)), id="dashes"),
    ],
)
@pytest.mark.parametrize("thick", [3, 4])
def test_a_percent_sign_is_set_aside_with_its_ink(sign, thick):
    found = find_candidates(drawn(*SEVEN, *sign, thick=thick))
    assert found.percent_signs == 1
    assert [len(line.pieces) for line in found.lines] == [1]
    assert not found.page.ink[:, 70:].any()
    assert found.page.ink[:, :70].any(), "the digit before it stays"


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param((SLASH, *NOUGHTS, ("line", 160, 30, 190, 30), ("line", 190, 30, 170, 90)), id="a digit behind"),
        pytest.param((("ring", 100, 45, 14, 14), ("line", 114, 48, 104, 90), ("ring", 145, 60, 14, 30)), id="90"),
        pytest.param(
            (
                *(("ring", 100, 45, 14, 14), ("line", 114, 48, 104, 90)),
                *(("ring", 150, 74, 14, 14), ("line", 137, 70, 152, 30)),
            ),
            id="96",
        ),
        pytest.param((("ring", 96, 46, 13, 14), ("ring", 110, 75, 15, 15)), id="an 8 that leans back"),
        pytest.param((("line", 100, 90, 125, 30), ("ring", 132, 90, 2, 2)), id="a leaning 1 and a point"),
        pytest.param((("ring", 90, 60, 14, 30), ("line", 110, 90, 140, 30), ("ring", 160, 60, 14, 30)), id="0/0"),
        pytest.param((("ring", 90, 60, 14, 30), ("ring", 125, 60, 14, 30)), id="00"),
    ],
)
def test_digits_are_no_percent_sign(shapes):
    page = drawn(*SEVEN, *shapes)
    found = find_candidates(page)
    assert found.percent_signs == 0
    assert found.page is page


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param((SLASH, ("ring", 92, 42, 2, 2), ("ring", 126, 78, 2, 2)), id="a 1 between a speck and a point"),
        pytest.param((SLASH, ("ring", 85, 45, 15, 17), ("ring", 132, 76, 15, 17)), id="large noughts"),
    ],
)
def test_what_stands_behind_no_number_is_no_percent_sign(shapes):
    assert find_candidates(drawn(*shapes)).percent_signs == 0


def test_small_noughts_are_a_percent_sign_by_themselves():
    assert find_candidates(drawn(SLASH, *NOUGHTS)).percent_signs == 1


@pytest.mark.parametrize(
    "digit",
    [
        pytest.param((("line", 112, 30, 92, 70), ("ring", 100, 78, 10, 10)), id="6"),
        pytest.param((("ring", 112, 42, 10, 12), ("line", 122, 45, 96, 90)), id="9"),
        pytest.param((("line", 95, 34, 122, 32), ("line", 122, 32, 98, 90)), id="7"),
    ],
)
def test_a_digit_between_specks_is_no_percent_sign(digit):
    found = find_candidates(drawn(*SEVEN, *digit, ("ring", 84, 44, 2, 2), ("ring", 130, 78, 2, 2)))
    assert found.percent_signs == 0


def test_a_blank_page_has_none():
    page = drawn()
    found = find_candidates(page)
    assert (found.lines, found.percent_signs, found.page) == ((), 0, page)
