import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.errors import InvalidArray, InvalidOption
from inkread.evaluate.perturb import (
    PERTURBATIONS,
    STRENGTHS,
    Perturbation,
    add_noise,
    blur,
    cast_shadow,
    compress,
    hide,
    invert,
    lower_contrast,
    perturbation,
    rotate,
    scale,
    thicken,
)


def page(height: int = 120, width: int = 200) -> np.ndarray:
    """Slightly uneven paper with a dark cross whose arms lie at x = 60 and y = 40."""
    pixels = np.full((height, width, 3), 220, np.uint8)
    pixels -= np.linspace(0, 40, width).astype(np.uint8)[None, :, None]
    pixels[20:60, 59:62] = 20
    pixels[39:42, 40:80] = 20
    return pixels


def test_inverting_twice_gives_the_picture_back() -> None:
    np.testing.assert_array_equal(invert(invert(page())), page())


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_quarter_turns_move_pixels_without_changing_them(quarter: int) -> None:
    np.testing.assert_array_equal(rotate(page(), 90 * quarter), np.rot90(page(), -quarter))


def test_positive_degrees_turn_clockwise() -> None:
    pixels = np.full((200, 200, 3), 255, np.uint8)
    cv2.line(pixels, (30, 100), (170, 100), (0, 0, 0), 3)
    ink = np.argwhere(rotate(pixels, 10)[..., 0] < 128)
    left, right = ink[ink[:, 1].argmin()], ink[ink[:, 1].argmax()]
    assert right[0] > left[0]  # down to the right
    slope = (right[0] - left[0]) / (right[1] - left[1])
    assert np.degrees(np.arctan(slope)) == pytest.approx(10, abs=1)


@settings(max_examples=25, deadline=None)
@given(st.floats(-45, 45))
def test_rotation_loses_no_ink(degrees: float) -> None:
    pixels = np.full((120, 200, 3), 220, np.uint8)
    pixels[20:60, 59:62] = 20
    pixels[39:42, 40:80] = 20

    def mass(picture: np.ndarray) -> float:
        return float((220.0 - picture[..., 0]).sum())  # signed, as sharp edges swing over on both sides

    assert mass(rotate(pixels, degrees)) == pytest.approx(mass(pixels), rel=0.03)


def test_corners_of_a_rotated_picture_continue_the_paper() -> None:
    pixels = np.full((90, 160, 3), (200, 190, 150), np.uint8)
    cv2.rectangle(pixels, (20, 20), (60, 60), (10, 10, 10), 4)
    pixels[40:43, 100:] = 10  # a rule that runs into the edge must not be smeared along it
    turned = rotate(pixels, 12)
    corners = np.concatenate([turned[:4, :4], turned[:4, -4:], turned[-4:, :4], turned[-4:, -4:]]).reshape(-1, 3)
    np.testing.assert_allclose(corners, np.broadcast_to([200, 190, 150], corners.shape), atol=6)


def test_rotating_there_and_back_keeps_the_middle() -> None:
    pixels = cv2.GaussianBlur(page(), (0, 0), 2)
    back = rotate(rotate(pixels, 7), -7)
    top, left = (back.shape[0] - 120) // 2, (back.shape[1] - 200) // 2
    middle = back[top : top + 120, left : left + 200].astype(int)
    assert np.abs(middle - pixels)[20:-20, 20:-20].mean() < 3


@pytest.mark.parametrize(("factor", "shape"), [(0.5, (60, 100, 3)), (2, (240, 400, 3)), (0.001, (1, 1, 3))])
def test_scaling_changes_the_size_and_keeps_the_brightness(factor: float, shape: tuple[int, ...]) -> None:
    scaled = scale(page(), factor)
    assert scaled.shape == shape
    assert scaled.mean() == pytest.approx(page().mean(), rel=0.02)


def test_lower_quality_moves_pixels_further() -> None:
    grey = np.random.default_rng(3).integers(0, 255, (64, 64, 1)).astype(np.uint8)
    pixels = np.repeat(grey, 3, axis=2)  # color is stored at half size, which no quality mends
    far, near = (np.abs(compress(pixels, q).astype(int) - pixels).mean() for q in (10, 95))
    assert far > 1.5 * near
    assert compress(pixels, 50).shape == pixels.shape


def test_compression_keeps_red_red() -> None:
    red = np.full((16, 16, 3), (200, 30, 30), np.uint8)
    np.testing.assert_allclose(compress(red, 90).reshape(-1, 3).mean(axis=0), [200, 30, 30], atol=4)


def test_shadow_darkens_one_side_only_and_softly() -> None:
    pixels = np.full((300, 400, 3), 200, np.uint8)
    shadowed = cast_shadow(pixels, 0.4)
    assert shadowed[:40, :40].min() >= 199
    assert shadowed[-40:, -40:].max() <= 121
    assert 0.3 < (shadowed < 160).mean() < 0.7
    assert np.abs(np.diff(shadowed[:, 200, 0].astype(int))).max() < 12  # no edge that could pass for a rule


def test_shadow_of_no_strength_changes_nothing() -> None:
    np.testing.assert_array_equal(cast_shadow(page(), 0.0), page())


def test_blur_spreads_a_dot_and_keeps_its_mass() -> None:
    dot = np.zeros((41, 41, 3), np.uint8)
    dot[18:23, 18:23] = 250
    spread = blur(dot, 2.0)
    assert spread.max() < 250
    assert spread.astype(int).sum() == pytest.approx(dot.astype(int).sum(), rel=0.03)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [("invert", "invert", 0), ("rotate:-7", "rotate", -7), (" scale:0.5 ", "scale", 0.5), ("shadow", "shadow", 0.5)],
)
def test_perturbation_is_found_by_name(text: str, name: str, value: float) -> None:
    found = perturbation(text)
    assert (found.name, found.value) == (name, value)
    assert str(found).startswith(name)
    assert found(page()).dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rotated:7", "known are invert, rotate"),
        ("rotate", "needs degrees clockwise"),
        ("rotate:seven", "as a number; got 'seven'"),
        ("scale:0", "from 0.05 to 8; got 0"),
        ("jpeg:0", "from 1 to 100"),
        ("shadow:nan", "from 0 to 1; got nan"),
        ("invert:1", "takes no value"),
        ("", "unknown perturbation"),
    ],
)
def test_wrong_perturbation_is_refused_with_what_is_known(text: str, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        perturbation(text)


def test_unknown_name_is_refused_when_made_directly() -> None:
    with pytest.raises(InvalidOption, match="unknown perturbation"):
        Perturbation("melt", 1)


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_perturbations_leave_the_pixels_they_were_given_alone(name: str) -> None:
    pixels = page()
    pixels.flags.writeable = False
    kind = PERTURBATIONS[name]
    result = kind.apply(pixels, kind.default if kind.default is not None else min(kind.high, 2.0))
    assert result.dtype == np.uint8
    assert result.shape[2] == 3
    np.testing.assert_array_equal(pixels, page())


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_anything_but_rgb_pixels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArray, match=r"\(H, W, 3\)"):
        invert(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (200, 2, 3)])
def test_tiny_and_thin_pictures_can_be_perturbed(name: str, shape: tuple[int, int, int]) -> None:
    kind = PERTURBATIONS[name]
    value = kind.default if kind.default is not None else min(kind.high, 7.0)
    assert kind.apply(np.full(shape, 99, np.uint8), value).size


def test_noise_is_the_same_every_time_and_grey() -> None:
    noisy = add_noise(page(), 0.1)
    np.testing.assert_array_equal(noisy, add_noise(page(), 0.1))
    change = noisy.astype(int) - page()
    assert (change[10:20, :40, 0] == change[10:20, :40, 1]).all()
    np.testing.assert_array_equal(add_noise(page(), 0), page())


def test_contrast_moves_towards_the_paper() -> None:
    paler = lower_contrast(page(), 0.2)
    assert paler.std() < 0.3 * page().std()
    np.testing.assert_array_equal(lower_contrast(page(), 1), page())


@pytest.mark.parametrize("dark", [True, False])
def test_a_thicker_pen_has_more_ink_and_a_thinner_one_less_whatever_the_polarity(dark: bool) -> None:
    def ink(pixels: np.ndarray) -> int:
        return int((pixels[..., 0] < 100).sum() if dark else (pixels[..., 0] > 155).sum())

    picture = np.full((60, 60, 3), 230, np.uint8)
    picture[10:50, 27:33] = 20
    picture = picture if dark else invert(picture)
    sizes = [ink(thicken(picture, radius)) for radius in (-2, -1, 0, 1, 2)]
    assert sizes == sorted(sizes)
    assert sizes[2] == 40 * 6
    assert sizes[3] == pytest.approx(42 * 8, rel=0.05)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("side", [28, 400])
def test_bands_hide_the_share_that_was_asked_for_under_paper(share: float, side: int) -> None:
    picture = np.full((side, side, 3), 240, np.uint8)
    picture[side // 4 : side // 2, side // 8 : -side // 8] = 10
    dark = (picture[..., 0] < 100).sum()
    assert 1 - (hide(picture, share)[..., 0] < 100).sum() / dark == pytest.approx(share, abs=0.12)
    np.testing.assert_array_equal(hide(picture, 0), picture)


@pytest.mark.parametrize("layout", STRENGTHS)
def test_every_strength_can_be_asked_for_and_inverting_has_one(layout: str) -> None:
    for name, values in STRENGTHS[layout].items():
        assert len(values) == (1 if name == "invert" else 5)
        for value in values:
            assert Perturbation(name, value)(page(28, 28)).dtype == np.uint8
