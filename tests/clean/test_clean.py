"""Cleaning: what light, paper and polarity did is gone, and every pixel knows where it came from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.clean import CleanOptions, clean, estimate_skew, is_light_ink, turned
from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.errors import InvalidOption
from inkread.geometry import PageTransform, Point
from inkread.parts import PageImage

PLAIN = {"paper": "canvas", "paper_color": (255, 255, 255), "ink_color": (0, 0, 0)}
STILL = {"wear": 0, "light": 0, "camera": 0, "view": 0}


def page(*lines, seed=0, width=600, height=320, **changes):
    options = PageOptions(
        width=width, height=height, lines=lines or ("3141 59", "2718 28"), hand=Hand(), **{**PLAIN, **STILL, **changes}
    )
    return compose_page(np.random.default_rng(seed), options)[0]


def with_pixels(pixels):
    return PageImage(pixels=np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def ink_in_source(cleaned, height, width):
    """The clean ink carried back to the picture by ``to_source``."""
    centered = PageTransform.translation(0.5, 0.5).then(cleaned.to_source).then(PageTransform.translation(-0.5, -0.5))
    return cv2.warpPerspective(cleaned.ink, np.array(centered.matrix), (width, height))


def likeness(found, wanted):
    return float(np.corrcoef(found.ravel(), wanted.ravel())[0, 1])


def true_ink(image):
    return 1 - image.pixels[..., 0] / 255


@pytest.fixture(scope="module")
def writing():
    return page()


def test_ink_is_one_on_strokes_and_nothing_on_paper(writing):
    cleaned = clean(writing)
    wanted = true_ink(writing)
    assert cleaned.ink.shape == wanted.shape
    assert np.median(cleaned.ink[wanted > 0.95]) == 1
    assert cleaned.ink[wanted == 0].mean() < 0.01
    assert likeness(cleaned.ink, wanted) > 0.95


def test_white_on_black_is_as_black_on_white(writing):
    black = with_pixels(255 - writing.pixels)
    np.testing.assert_allclose(clean(black).ink, clean(writing).ink, atol=1e-4)


@pytest.mark.parametrize("lines", [("7",), ("1",), ("888888",), ("12 40", "753")])
@pytest.mark.parametrize("size", [(60, 60), (280, 280), (900, 300)])
def test_polarity_is_told_whatever_fills_the_picture(lines, size):
    layout = "lines" if len(lines) > 1 else "line"
    image = page(*lines, width=size[0], height=size[1], layout=layout)
    grey = image.pixels[..., 0]
    assert not is_light_ink(grey)
    assert is_light_ink(255 - grey)


def test_polarity_is_beyond_doubt_on_plain_paper_and_never_in_a_tiny_picture(writing):
    assert clean(writing).is_polarity_sure
    assert clean(with_pixels(255 - writing.pixels)).is_polarity_sure
    assert turned(clean(writing), 5).is_polarity_sure
    assert not clean(with_pixels(writing.pixels[::8, ::8])).is_polarity_sure
    half = writing.pixels.shape[1] // 2
    assert not clean(
        with_pixels(np.hstack([writing.pixels[:, :half], 255 - writing.pixels[:, half:]]))
    ).is_polarity_sure


def in_half_shadow(image, *, depth, softness):
    """The lower half of a picture in shadow, its edge this many pixels wide."""
    height = image.pixels.shape[0]
    share = 1 / (1 + np.exp(-(np.arange(height) - 0.45 * height) / softness))
    return with_pixels(image.pixels * (1 - depth * share)[:, None, None])


FAINT = {"paper_color": (210, 210, 210), "ink_color": (170, 170, 170)}


@pytest.mark.parametrize("seed", [6, 14, 23, 26, 39])
def test_a_shadow_that_is_darker_than_the_ink_does_not_say_what_is_ink(seed):
    options = PageOptions(light=1.0, contrast=0.3)
    grey = cv2.cvtColor(compose_page(np.random.default_rng([97, seed]), options)[0].pixels, cv2.COLOR_RGB2GRAY)
    assert not is_light_ink(grey)


def test_bare_paper_at_the_edge_of_a_shadow_has_no_ink():
    writing = page(**FAINT)
    cleaned = clean(in_half_shadow(writing, depth=0.5, softness=9))
    share = (210 - writing.pixels[..., 0]) / 40.0
    assert np.median(cleaned.ink[share > 0.95]) > 0.9
    assert (cleaned.ink[share <= 0] > 0.3).mean() < 0.001


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (1, 1)])
def test_light_from_one_side_changes_nothing(writing, corner):
    height, width, _ = writing.pixels.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    distance = np.hypot(x / width - corner[0], y / height - corner[1])
    lit = with_pixels(writing.pixels * (1 - 0.5 * distance)[..., None])
    assert likeness(clean(lit).ink, clean(writing).ink) > 0.97


def test_a_shadows_edge_is_not_ink(writing):
    shaded = writing.pixels.astype(np.float64)
    shade = np.ones(shaded.shape[:2])
    shade[:, :200] = 0.6
    shade = cv2.GaussianBlur(shade, (0, 0), 12)
    assert likeness(clean(with_pixels(shaded * shade[..., None])).ink, clean(writing).ink) > 0.95


@pytest.mark.parametrize(
    ("paper", "ink"),
    [((240, 220, 120), (30, 30, 90)), ((190, 170, 140), (60, 40, 30)), ((40, 70, 60), (230, 230, 220))],
    ids=["yellow", "kraft", "chalk on green"],
)
def test_colored_paper_and_ink_give_the_same_ink(writing, paper, ink):
    share = true_ink(writing)[..., None]
    colored = with_pixels(np.array(paper) * (1 - share) + np.array(ink) * share)
    assert likeness(clean(colored).ink, clean(writing).ink) > 0.97


def test_pencil_is_lifted_to_full_ink_and_the_papers_grain_is_not():
    share = true_ink(page())[..., None]
    rng = np.random.default_rng(1)
    pencil = with_pixels((225 * (1 - 0.22 * share) + rng.normal(0, 2.5, share.shape)) * np.ones(3))
    cleaned = clean(pencil)
    assert np.median(cleaned.ink[share[..., 0] > 0.95]) > 0.85
    assert (cleaned.ink[share[..., 0] == 0] > 0.5).mean() < 0.002


def test_a_faint_line_beside_a_bold_one_is_seen_too():
    upper, lower = page("12345", seed=1, height=160), page("67890", seed=2, height=160)
    both = np.concatenate([upper.pixels, 255 - (255 - lower.pixels) * 0.45])
    cleaned = clean(with_pixels(both))
    assert np.median(cleaned.ink[160:][true_ink(lower) > 0.95]) > 0.6


def test_pale_rules_are_ink_by_themselves_and_nothing_where_only_strong_ink_is_to_be_seen():
    pixels = np.full((600, 800, 3), 240, np.uint8)
    pixels[:, 600:606] = pixels[100:106] = 195
    pixels[250:500, 150:175] = 20
    picture = with_pixels(pixels)
    usual, strong = clean(picture), clean(picture, strong_only=True)
    finer = len(strong.ink) / len(usual.ink)  # the only strokes left are wide

    def strength(row, column):
        return strong.ink[int(finer * row), int(finer * column)]

    assert usual.ink[300, 602] > 0.9
    assert strength(300, 602) == strength(102, 50) == 0
    assert strength(400, 160) == 1


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((120, 200, 3), 255.0),
        np.zeros((120, 200, 3)),
        np.linspace(90, 240, 200)[None, :, None] * np.ones((120, 1, 3)),
        230 + np.random.default_rng(0).normal(0, 4, (120, 200, 1)) * np.ones(3),
    ],
    ids=["white", "black", "slope", "grain"],
)
def test_bare_paper_has_no_ink(pixels):
    assert (clean(with_pixels(pixels)).ink > 0.5).mean() < 0.001


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (3, 5), (9, 4000)])
def test_pictures_of_any_shape_are_cleaned(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    cleaned = clean(PageImage(pixels=pixels))
    assert cleaned.ink.shape == shape
    assert cleaned.ink.dtype == np.float32


def turned_page(degrees, seed=3):
    """A page of three lines turned clockwise on the screen, on white."""
    image = page("31415 926", "535 8979", "3238 46", seed=seed, width=700, height=420)
    matrix = cv2.getRotationMatrix2D((350, 210), -degrees, 0.85)
    return with_pixels(cv2.warpAffine(image.pixels, matrix, (700, 420), borderValue=(255, 255, 255)))


@pytest.mark.parametrize("degrees", [-8, -4, 4, 8])
def test_a_tilted_page_is_set_straight_and_maps_back(degrees):
    image = turned_page(degrees)
    cleaned = clean(image)
    # The direction of the lines in the source, seen through the map.
    (x0, y0), (x1, y1) = cleaned.to_source.apply([(0, 0), (100, 0)])
    assert np.degrees(np.arctan2(y1 - y0, x1 - x0)) == pytest.approx(degrees, abs=1.5)
    assert abs(estimate_skew(np.array(cleaned.ink), max_degrees=12)) <= 1.5
    assert likeness(ink_in_source(cleaned, 420, 700), true_ink(image)) > 0.93


def test_skew_can_be_left_alone():
    cleaned = clean(turned_page(6), CleanOptions(max_skew_degrees=0))
    np.testing.assert_array_equal(cleaned.to_source.matrix, np.eye(3))


def test_one_digit_is_never_taken_for_a_tilted_page():
    for character in "0123456789":
        ink = true_ink(page(character, layout="digit", width=200, height=200)).astype(np.float32)
        assert estimate_skew(ink, max_degrees=12) == 0


@pytest.mark.parametrize(("most", "least"), [(100_000, 99_000), (150_000, 112_500)], ids=["2.1 times", "twice"])
def test_a_large_page_is_shrunk_and_still_maps_to_its_own_pixels(most, least):
    image = page(width=900, height=500)
    cleaned = clean(image, CleanOptions(max_pixels=most, max_skew_degrees=0))
    height, width = cleaned.ink.shape
    assert least <= height * width <= 1.01 * most
    corners = cleaned.to_source.apply([(0, 0), (width, height)])
    np.testing.assert_allclose(corners, [(0, 0), (900, 500)])
    assert likeness(ink_in_source(cleaned, 500, 900), true_ink(image)) > 0.93


@pytest.mark.parametrize("times", [4, 7])
def test_a_page_of_wide_strokes_is_shrunk_and_still_maps_to_its_own_pixels(writing, times):
    height, width = writing.pixels.shape[:2]
    large = with_pixels(cv2.resize(writing.pixels, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC))
    cleaned = clean(large, CleanOptions(max_pixels=large.width * large.height))
    assert 0.8 * height < cleaned.ink.shape[0] < 2.5 * height
    wanted = cv2.resize(true_ink(writing).astype(np.float32), (width * times, height * times))
    assert likeness(ink_in_source(cleaned, *wanted.shape), wanted) > 0.93


def test_the_picture_itself_is_not_changed(writing):
    before = writing.pixels.copy()
    clean(writing)
    np.testing.assert_array_equal(writing.pixels, before)


def test_turning_keeps_the_center_of_each_pixel():
    """What was at one place before a turn is found there after: half a pixel of error would show."""
    pixels = np.full((301, 401, 3), 255, np.uint8)
    places = [(60.5, 50.5), (340.5, 60.5), (200.5, 250.5), (120.5, 160.5), (300.5, 200.5)]
    for x, y in places:
        pixels[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] = 0
    image = PageTransform.rotation(5, Point(200, 150))
    centered = PageTransform.translation(0.5, 0.5).then(image).then(PageTransform.translation(-0.5, -0.5))
    turned = cv2.warpPerspective(pixels, np.array(centered.matrix), (401, 301), borderValue=(255, 255, 255))
    ink = ink_in_source(clean(with_pixels(turned)), 301, 401)
    for x, y in image.apply(places):
        window = ink[int(y) - 9 : int(y) + 10, int(x) - 9 : int(x) + 10]
        rows, columns = np.mgrid[int(y) - 9 : int(y) + 10, int(x) - 9 : int(x) + 10] + 0.5
        assert (window * columns).sum() / window.sum() == pytest.approx(x, abs=0.3)
        assert (window * rows).sum() / window.sum() == pytest.approx(y, abs=0.3)


@pytest.mark.parametrize(
    "changes",
    [{"max_pixels": 100}, {"min_contrast": 0}, {"min_contrast": 1}, {"noise_factor": -1}, {"max_skew_degrees": 50}],
)
def test_options_outside_their_ranges_are_refused(changes):
    with pytest.raises(InvalidOption):
        CleanOptions(**changes)
