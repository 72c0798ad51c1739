"""A sheet is seen from above where its corners show, loses its edges where some do, and is left alone elsewhere."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean import clean
from inkread.clean.sheet import RIM, find_outlines, part_of_sheet, straighten, whole_sheet, without_ground
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.parts import PageImage
from inkread.reader import Reader

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (225, 225, 220), "ink_color": (30, 30, 60),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip
LYING = ((150, 90), (660, 60), (780, 560), (60, 520))


def find_sheet(picture):
    return whole_sheet(find_outlines(picture))


def find_part(picture):
    return part_of_sheet(find_outlines(picture))


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


SQUARE = ((100, 80), (740, 80), (740, 560), (100, 560))
TURNED = ((200, 60), (760, 160), (680, 600), (120, 500))
CUT_OFF = ((-80, 60), (660, 60), (780, 560), (-90, 520))


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
        CUT_OFF,
        ((400, 300), (500, 290), (520, 380), (390, 370)),
    ],
    ids=["beyond the picture", "a slip"],
)
def test_what_is_not_surely_a_whole_sheet_is_left(corners):
    assert find_sheet(small(photographed(sheet(), corners)[0])[0]) is None


@pytest.mark.parametrize("corners", [SQUARE, TURNED], ids=["seen from above", "only turned"])
def test_a_sheet_without_perspective_is_found_too(corners):
    picture, scale = small(photographed(sheet(), corners)[0])
    np.testing.assert_allclose(find_sheet(picture) / scale, corners, atol=8)
    assert find_part(np.full_like(picture, 200)) is None


@pytest.mark.parametrize("strength", [0.45, 0.75])
def test_a_shadow_across_the_sheet_hides_no_corner(strength):
    lying = photographed(sheet(), SQUARE)[0].astype(np.float32)
    x, y = np.meshgrid(np.arange(840), np.arange(640))
    lying *= np.where(x + 1.5 * y > 1150, strength, 1.0)[..., None]
    picture, scale = small(np.uint8(lying))
    np.testing.assert_allclose(find_sheet(picture) / scale, SQUARE, atol=12)  # two pixels of the small picture


def test_a_second_sheet_beside_it_is_not_cut_away():
    lying, _ = photographed(sheet(), ((40, 80), (540, 80), (540, 560), (40, 560)))
    lying[100:300, 600:800] = 225
    assert find_sheet(small(lying)[0]) is None
    assert find_part(small(lying)[0]) is None


def on_cloth(*, width, size=(900, 1200)):
    """The sheet, held askew, on a striped cloth, and its corners."""
    stripes = np.where((np.arange(size[1]) // width) % 2, 235, 90).astype(np.uint8)
    cloth = np.repeat(np.tile(stripes, (size[0], 1))[..., None], 3, axis=2)
    corners = np.array([(300, 170), (935, 225), (893, 705), (258, 650)], np.float32)
    whole = np.array([(0, 0), (640, 0), (640, 480), (0, 480)], np.float32)
    view = cv2.getPerspectiveTransform(whole, corners)
    return cv2.warpPerspective(
        sheet(), view, size[::-1], dst=cloth, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT
    ), corners


def test_a_sheet_on_a_striped_cloth_is_found():
    pixels, corners = on_cloth(width=30)
    picture, scale = small(pixels)
    found = find_sheet(picture) / scale
    assert np.linalg.norm(found[:, None] - corners[None], axis=2).min(axis=1).max() < 24  # three of its pixels
    assert Reader().read(pixels).text == Reader().read(sheet()).text


def test_stripes_as_wide_as_a_sheet_are_no_ground():
    assert find_sheet(small(on_cloth(width=130)[0])[0]) is None


def framed(*, wall=180, written=False):
    """A white board in a dark frame on a wall, and its corners within the frame."""
    board = cv2.copyMakeBorder(sheet(), 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=(60, 60, 60))
    picture = cv2.copyMakeBorder(board, 70, 70, 90, 90, cv2.BORDER_CONSTANT, value=(wall,) * 3)
    if written:
        cv2.putText(picture, "12", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 2, (40, 40, 40), 6)
    return picture, np.array([(120, 100), (760, 100), (760, 580), (120, 580)], float)


def test_a_framed_board_is_found_on_its_wall():
    pixels, corners = framed()
    picture, scale = small(pixels)
    np.testing.assert_allclose(find_sheet(picture) / scale, corners, atol=8)
    assert Reader().read(pixels).text == Reader().read(sheet()).text


def test_a_wall_on_which_something_is_written_is_not_cut_away():
    assert find_sheet(small(framed(written=True)[0])[0]) is None


def test_of_a_sheet_that_is_cut_off_the_edges_within_the_picture_are_found():
    picture, scale = small(photographed(sheet(), CUT_OFF)[0])
    outline, edges = find_part(picture)
    assert edges.sum() == 3
    middles = ((outline + np.roll(outline, -1, axis=0)) / 2 / scale)[edges]
    assert any(abs(y - 60) < 8 for _, y in middles)  # above
    assert any(abs(y - 540) < 12 for _, y in middles)  # below
    assert any(abs(x - 720) < 12 for x, _ in middles)  # at the right


def test_a_sheet_with_one_corner_beyond_the_picture_is_seen_from_above():
    corners = ((-15, 40), (700, 60), (760, 560), (60, 600))
    picture, scale = small(photographed(sheet(), corners)[0])
    found = find_sheet(picture) / scale
    np.testing.assert_allclose(found[1:], corners[1:], atol=10)
    assert abs(found[0] - corners[0]).max() < 30


def test_edges_of_shadows_are_none():
    pixels = cv2.resize(sheet(), (840, 640)).astype(np.float32)
    x, y = np.meshgrid(np.arange(840), np.arange(640))
    for dark in (x + y > 900, (x > 300) & (x < 500), y > 300, (x + y > 900) | (x - y > 500)):
        picture, _ = small(np.uint8(pixels * np.where(dark, 0.5, 1.0)[..., None]))
        assert find_sheet(picture) is None
        assert find_part(picture) is None


def test_ink_on_the_sheet_stays_and_that_of_its_edges_and_beyond_goes():
    ink = np.ones((400, 600), np.float32)
    outline = np.array([(0, 100), (450, 100), (450, 399), (0, 399)], float)
    rest = without_ground(ink, outline, np.array([True, True, False, False]))
    assert ink.min() == 1
    assert not rest[:105].any()
    assert not rest[:, 446:].any()
    assert rest[112:, :438].all()  # up to the picture's own border


@pytest.mark.parametrize("corners", [SQUARE, TURNED, LYING, CUT_OFF])
def test_numbers_on_a_sheet_on_a_table_are_read_and_nothing_else(corners):
    from inkread import read

    pixels = sheet()
    if corners is CUT_OFF:  # what is written begins within the picture
        pixels = np.roll(pixels, 60, axis=1)
    lying = photographed(pixels, corners)[0]
    assert read(lying).text.replace(" ", "").split() == ["31415926", "5358979", "323846"]


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
