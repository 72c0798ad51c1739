"""Frames: what runs around something is told from digits, and what touches it stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.components import Component, components_of
from inkread.data import datasets
from inkread.find import FAINT_INK, find_candidates
from inkread.frames import is_frame, without_frames
from inkread.geometry import PageTransform
from inkread.parts import CleanPage
from inkread.recognize.prepare import to_ink

HEIGHT = 40.0
SEVENS = [np.array([(x, 60), (x + 22, 60), (x + 6, 100)]) for x in (160, 200, 240)]
SQUARE, ASKEW = np.array([(0, 0), (36, 0), (36, 36), (0, 36)]), np.array([(2, 1), (37, -2), (35, 36), (-2, 34)])
TICK, CROSS = [(6, 16), (14, 28), (42, -14)], [(4, 4), (32, 32), (18, 18), (32, 4), (4, 32)]
BOX_AT = np.array([60, 62])


def drawn(*strokes, closed=(), thick=3):
    """Ink of open strokes, and of closed ones, each given by its points (N, 2)."""
    ink = np.zeros((160, 300), np.uint8)
    for points, is_closed in [*((one, False) for one in strokes), *((one, True) for one in closed)]:
        cv2.polylines(ink, [np.rint(points).astype(np.int32)], is_closed, 255, thick, cv2.LINE_AA)
    return np.float32(ink) / 255


def pieces(ink):
    """The components of some ink, the largest first."""
    labels, stats, _ = components_of((ink > FAINT_INK).astype(np.uint8))
    found = []
    for nth in 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA]):
        x, y, width, height, area = stats[nth].tolist()
        mask = labels[y : y + height, x : x + width] == nth
        found.append(Component(x, y, x + width, y + height, mask, area))
    return found


def x_of_digits(ink):
    page = CleanPage(ink=ink, to_source=PageTransform())
    return sorted(round(box.x0) for line in find_candidates(page).lines for box in line.pieces)


@pytest.mark.parametrize("thick", [2, 3])
@pytest.mark.parametrize("within", [(), TICK, CROSS], ids=["empty", "ticked", "crossed"])
@pytest.mark.parametrize("corners", [SQUARE, ASKEW], ids=["square", "askew"])
def test_a_box_to_be_ticked_is_no_digit(corners, within, thick):
    strokes = [np.array(within) + BOX_AT] if within else []
    ink = drawn(*SEVENS, *strokes, closed=[corners + BOX_AT], thick=thick)
    assert x_of_digits(ink) == x_of_digits(drawn(*SEVENS, thick=thick))


def test_what_is_in_a_box_that_is_no_larger_than_digits_goes_with_it():
    ink = drawn(*SEVENS, np.array([(70, 72), (84, 88)]), closed=[SQUARE + BOX_AT])
    kept, around, clinging = without_frames(pieces(ink), ink, HEIGHT)
    assert sorted(c.x0 for c in kept) == x_of_digits(drawn(*SEVENS))
    assert len(around) == 1
    assert not clinging.any()


def test_a_digit_that_touches_a_larger_box_is_what_clings_to_it():
    seven = np.array([(75, 60), (97, 60), (58, 100)])  # its foot lies on the left side
    ink = drawn(*SEVENS, seven, closed=[1.8 * SQUARE + (58, 45)])
    kept, around, clinging = without_frames(pieces(ink), ink, HEIGHT)
    assert len(kept) == len(SEVENS)
    assert len(around) == 1
    assert clinging[58:98, 70:100].any()
    assert not clinging[:, 110:].any()


@pytest.mark.parametrize(
    "ink",
    [
        pytest.param(cv2.ellipse(np.zeros((160, 300), np.float32), (80, 80), (16, 22), 0, 0, 360, 1.0, 4), id="0"),
        pytest.param(
            cv2.ellipse(np.zeros((160, 300), np.float32), (80, 80), (21, 22), 0, 0, 360, 1.0, 4), id="round 0"
        ),
        pytest.param(drawn(closed=[np.array([(70, 60), (84, 60), (84, 100), (70, 100)])]), id="a narrow 0"),
        pytest.param(drawn([(70, 60), (70, 80), (95, 80), (95, 60), (95, 100)]), id="4"),
        pytest.param(drawn(closed=[np.array([(60, 60), (72, 60), (72, 72), (60, 72)])]), id="too small"),
        pytest.param(drawn(closed=[np.array([(60, 100), (100, 100), (80, 62)])]), id="a triangle"),
        pytest.param(np.pad(np.ones((40, 40), np.float32), ((60, 60), (60, 200))), id="solid"),
    ],
)
def test_other_shapes_are_no_boxes(ink):
    (shape,) = pieces(ink)
    assert not is_frame(shape, [shape], HEIGHT)


@pytest.mark.data
def test_no_digit_is_a_box(data_folder):
    samples = datasets.load("mnist", "train", folder=data_folder)
    for ink in to_ink(list(samples.images[:5000])):
        (shape, *_) = pieces(cv2.resize(ink, (56, 56), interpolation=cv2.INTER_CUBIC))
        assert not is_frame(shape, [shape], HEIGHT)
