"""Ticks: told from every digit by where their stroke turns, and set aside beside numbers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.data import datasets
from inkread.find import FAINT_INK, find_candidates
from inkread.geometry import PageTransform
from inkread.parts import CleanPage
from inkread.recognize.prepare import to_ink
from inkread.ticks import is_tick

SEVEN = np.array([(100, 40), (130, 40), (110, 100)])
TICK = np.array([(150, 80), (162, 100), (200, 35)])


def page(*strokes, thick=4):
    """A clean page of open strokes, each given by its points (N, 2)."""
    ink = np.zeros((140, 300), np.uint8)
    for points in strokes:
        cv2.polylines(ink, [np.rint(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return CleanPage(ink=np.float32(ink) / 255, to_source=PageTransform.translation(0, 0))


def cut_out(ink):
    """The largest piece of ink, cut to its box."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > FAINT_INK).astype(np.uint8))
    nth = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height, _ = stats[nth].tolist()
    return labels[y : y + height, x : x + width] == nth


@pytest.mark.parametrize("thick", [2, 4, 7])
@pytest.mark.parametrize(
    "points",
    [
        pytest.param(TICK, id="as drawn"),
        pytest.param(TICK * 0.8, id="small"),
        pytest.param(np.array([(150, 88), (160, 100), (215, 60)]), id="flat"),
        pytest.param(np.array([(150, 70), (164, 100), (188, 30)]), id="steep"),
    ],
)
def test_a_short_stroke_down_and_a_long_one_up_is_a_tick(points, thick):
    assert is_tick(cut_out(page(points, thick=thick).ink))


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(150, 55), (170, 35), (170, 100)], id="1"),
        pytest.param([(150, 35), (195, 35), (165, 100)], id="7"),
        pytest.param([(150, 100), (190, 35)], id="a slash"),
        pytest.param([(150, 40), (172, 100), (195, 38)], id="v"),
        pytest.param([(150, 35), (150, 100), (190, 98)], id="L"),
        pytest.param([(150, 35), (188, 100), (200, 80)], id="a tick seen in a mirror"),
        pytest.param([(150, 70), (190, 70), (190, 35), (190, 100)], id="the strokes of a 4"),
        pytest.param([(150, 99), (156, 100)], id="a speck"),
    ],
)
def test_other_strokes_are_none(points):
    assert not is_tick(cut_out(page(np.array(points)).ink))


def test_ticks_are_set_aside_beside_other_marks_only():
    beside = find_candidates(page(SEVEN, TICK))
    assert [round(box.x0) for line in beside.lines for box in line.pieces] == [97]
    assert not beside.page.ink[:, 145:].any()
    alone = page(TICK)
    assert find_candidates(alone).page.ink is alone.ink


@pytest.mark.data
def test_hardly_a_digit_is_a_tick(data_folder):
    samples = datasets.load("mnist", "train", folder=data_folder)
    inks = to_ink(list(samples.images[:20_000]))
    assert sum(is_tick(cut_out(cv2.resize(ink, (56, 56), interpolation=cv2.INTER_CUBIC))) for ink in inks) <= 4
