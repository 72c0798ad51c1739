"""A sheet in perspective is seen from above where its corners show, and left alone everywhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean import clean
from inkread.clean.sheet import RIM, find_sheet, straighten
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.parts import PageImage

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (225, 225, 220), "ink_color": (30, 30, 60),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip
LYING = ((150, 90), (660, 60), (780, 560), (60, 520))


def sheet():
    options = PageOptions(width=640, height=480, lines=("31415 926", "535 8979", "3238 46"), **CLEAR)
    return compose_page(np.random.default_rng(3), options)[0].pixels


def photographed(pixels, corners, *, ground=60, size=(840, 640)):
    """The sheet with its corners at these places of a photograph of a dark table, and the map that put it there."""
    height, width = pixels.shape[:2]
    matrix = cv2.getPerspectiveTransform(
        np.float32([(0, 0), (width, 0), (width, height), (0, height)]), np.float32(corners)
    )
    lying = cv2.warpPerspective(pixels, matrix, size, borderValue=(ground, ground, ground), flags=cv2.INTER_AREA)
    return lying, matrix


def small(pixels):
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    scale = 160 / max(grey.shape)
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale


@pytest.mark.parametrize("turn", range(4))
def test_corners_of_a_sheet_are_found_clockwise_from_its_top_left(turn):
    lying, _ = photographed(sheet(), LYING)
    lying = np.ascontiguousarray(np.rot90(lying, turn))
    picture, scale = small(lying)
    corners = find_sheet(picture)
    assert corners is not None
    wanted = np.array(LYING, float)
    for _ in range(turn):  # counterclockwise, as np.rot90 turns
        width = 840 if _ % 2 == 0 else 640
        wanted = np.column_stack([wanted[:, 1], width - wanted[:, 0]])
    distances = np.linalg.norm(corners[:, None] / scale - wanted[None], axis=2)
    assert distances.min(axis=1).max() < 8
    assert corners[0].sum() == corners.sum(axis=1).min()
    forward = np.roll(corners, -1, axis=0) - corners
    backward = np.roll(corners, 1, axis=0) - corners
    assert (forward[:, 0] * backward[:, 1] - forward[:, 1] * backward[:, 0] > 0).all()


def test_a_straightened_sheet_looks_like_the_sheet_and_maps_back():
    pixels = sheet()
    lying, matrix = photographed(pixels, LYING)
    picture, scale = small(lying)
    straight, to_grey = straighten(cv2.cvtColor(lying, cv2.COLOR_RGB2GRAY), find_sheet(picture) / scale)
    height, width = straight.shape
    rim_x, rim_y = round(RIM * 640), round(RIM * 480)
    original = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[rim_y : 480 - rim_y, rim_x : 640 - rim_x]
    original = cv2.resize(original, (width, height))
    assert np.corrcoef(cv2.blur(straight, (15, 15)).ravel(), cv2.blur(original, (15, 15)).ravel())[0, 1] > 0.9
    center = cv2.perspectiveTransform(np.float32([[(320, 240)]]), matrix)[0, 0]
    np.testing.assert_allclose(to_grey.apply([(width / 2, height / 2)])[0], center, atol=8)


@pytest.mark.parametrize(
    "corners",
    [
        ((100, 80), (740, 80), (740, 560), (100, 560)),
        ((200, 60), (760, 160), (680, 600), (120, 500)),
        ((-80, 60), (660, 60), (780, 560), (-90, 520)),
        ((400, 300), (500, 290), (520, 380), (390, 370)),
    ],
    ids=["seen from above", "only turned", "beyond the picture", "a slip"],
)
def test_what_is_not_surely_a_sheet_in_perspective_is_left(corners):
    assert find_sheet(small(photographed(sheet(), corners)[0])[0]) is None


def test_a_sheet_on_a_table_nearly_as_light_is_left():
    assert find_sheet(small(photographed(sheet(), LYING, ground=205)[0])[0]) is None


@pytest.mark.parametrize("shape", [(4, 300), (100, 160), (15, 15)])
def test_bare_pictures_have_no_sheet(shape):
    assert find_sheet(np.full(shape, 200, np.uint8)) is None
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert find_sheet(noise) is None


def test_ink_of_a_sheet_in_perspective_is_cleaned_seen_from_above():
    lying, matrix = photographed(sheet(), LYING)
    cleaned = clean(PageImage(pixels=lying))
    strong = cleaned.to_source.apply(np.argwhere(cleaned.ink > 0.7)[:, ::-1] + 0.5)
    dark = np.float32([lying[int(y), int(x)].max() for x, y in strong[::50]])
    assert (dark < 190).mean() > 0.9
    inside = cv2.perspectiveTransform(strong[None].astype(np.float32), np.linalg.inv(matrix))[0]
    assert inside.min() > 0
    assert (inside.max(axis=0) < (640, 480)).all()
