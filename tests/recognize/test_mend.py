"""Crops with something in their digit's way get a look without it, and others get none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import inkread
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidArray
from inkread.ink import Pen
from inkread.recognize.mend import filled, upright
from inkread.recognize.mend import mended as mended_of
from inkread.recognize.prepare import MAX_SIDE, to_ink

DIGITS = "0123456789"


def crop(character: str, *, seed: int = 0, side: int = 28, share: float = 0.7) -> np.ndarray:
    """A glyph in the middle of a square crop: float32 (side, side), ink 1 on paper 0."""
    ink = draw_glyph(character, Hand(pen=Pen(width=0.13)), np.random.default_rng(seed), height=round(share * side))
    scale = min(1.0, share * side / max(ink.shape))
    ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else ink
    top, left = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    whole = np.zeros((side, side), np.float32)
    whole[top : top + ink.shape[0], left : left + ink.shape[1]] = np.clip(ink, 0, 1)
    return whole


def mended(crop: np.ndarray) -> tuple[np.ndarray, ...]:
    (ink,) = to_ink([crop])
    return mended_of(crop, ink)


def striped(ink: np.ndarray) -> np.ndarray:
    changed = ink.copy()
    quarter = ink.shape[1] // 4
    changed[:, :quarter] = 1 - changed[:, :quarter]
    changed[:, -quarter:] = 1 - changed[:, -quarter:]
    return changed


def speckled(ink: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.where(rng.random(ink.shape) < 0.15, rng.random(ink.shape) < 0.5, ink).astype(np.float32)


def grainy(ink: np.ndarray) -> np.ndarray:
    return np.float32(ink + np.random.default_rng(3).normal(0, 0.3, ink.shape))


def in_fog(ink: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0 : 1 : ink.shape[0] * 1j, 0 : 1 : ink.shape[1] * 1j]
    return np.float32((0.35 * ink + 0.65 * (0.6 * x + 0.4 * y)) * 0.9)


def outlined(ink: np.ndarray) -> np.ndarray:
    solid, line = (ink > 0.5).astype(np.uint8), np.ones((1 + 2 * (len(ink) // 28),) * 2, np.uint8)
    return (cv2.dilate(solid, line) - solid).astype(np.float32)


CHANGES = {
    "two tones": striped,
    "two tones across": lambda ink: striped(ink.T).T,
    "specks": speckled,
    "grain": grainy,
    "fog": in_fog,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_what_lies_in_the_way_is_taken_away(change, light):
    for character in DIGITS:
        ink = crop(character)
        changed = np.clip(CHANGES[change](ink), 0, 1).astype(np.float32)
        looks = to_ink(mended(changed if light else 1 - changed))
        assert looks, character
        assert min(np.abs(look - ink).mean() for look in looks) < 0.1, character


@pytest.mark.parametrize("side", [28, 56, 150])
def test_outlines_are_filled_and_loops_are_not(side):
    for character in DIGITS:
        solid = crop(character, side=side)
        looks = mended(outlined(solid))
        assert looks, character
        solid = cv2.resize(solid, looks[0].shape[::-1], interpolation=cv2.INTER_AREA)
        wider = cv2.dilate(solid, np.ones((1 + 2 * (len(solid) // 28),) * 2, np.uint8))
        assert min((np.abs(look - wider) > 0.5).mean() for look in looks) < 0.06, character


@pytest.mark.parametrize("character", [*"12345679", *"CEFHSchs+="])
def test_plain_crops_get_no_further_look(character):
    for side in (20, 28, 90):
        ink = crop(character, side=side)
        for one in (ink, 1 - ink, np.uint8(255 - 200 * ink), cv2.GaussianBlur(ink, (0, 0), side / 28)):
            assert mended(one) == ()


def test_crops_are_read_that_were_refused():
    inks = [crop(character, seed=seed) for character in "23567" for seed in range(4)]
    truth = np.repeat([2, 3, 5, 6, 7], 4)
    for change in (*CHANGES.values(), outlined):
        changed = [np.clip(change(ink), 0, 1).astype(np.float32) for ink in inks]
        answer = inkread.classify(changed)
        assert (answer.digits == truth).mean() >= 0.8
        assert (answer.not_a_digit < 0.5).mean() >= 0.8
        assert np.allclose(answer.probabilities.sum(axis=1) + answer.not_a_digit, 1, atol=1e-4)


def test_what_is_no_digit_stays_none():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:28, 0:28]
    nothing = [
        rng.random((28, 28)),
        (x > 14) * 1.0,
        (x + y) % 2 * 1.0,
        np.hypot(x - 14, y - 14) / 20,
        np.zeros((28, 28)),
    ]
    answer = inkread.classify([one.astype(np.float32) for one in nothing])
    assert (answer.not_a_digit > 0.5).all()


def test_large_crops_are_looked_at_small_and_tiny_ones_not_at_all():
    looks = mended(in_fog(crop("5", side=1000)))
    assert looks
    assert all(max(look.shape) == MAX_SIDE for look in looks)
    for shape in ((1, 1), (2, 40), (40, 1)):
        assert mended(np.eye(*shape, dtype=np.float32)) == ()
    with pytest.raises(InvalidArray):
        mended(np.full((9, 9), np.nan, np.float32))


def test_the_ink_of_an_outline_is_filled_at_its_own_size():
    for side in (40, 200):
        for character in "2357":
            solid = crop(character, side=side)
            looks = filled(outlined(solid))
            assert looks, character
            assert all(look.shape == solid.shape for look in looks)
            assert min((np.abs(look - solid) > 0.5)[solid > 0.5].mean() for look in looks) < 0.05, character
            assert filled(solid) == ()
    assert filled(np.zeros((30, 20), np.float32)) == ()


@pytest.mark.parametrize("character", "0234569")
def test_an_outlined_digit_on_a_page_is_read(character):
    page = np.uint8(235 - 200 * np.pad(outlined(crop(character, side=160)), 60))
    assert inkread.read(np.repeat(page[..., None], 3, axis=2)).text == character


@pytest.mark.parametrize("slant", [-0.6, -0.2, 0.0, 0.3, 0.8])
def test_a_slanted_stroke_is_set_upright_and_keeps_its_ink(slant):
    ink = np.zeros((60, 80), np.float32)
    cv2.line(ink, (round(40 - 20 * slant), 50), (round(40 + 20 * slant), 10), 1.0, 5, cv2.LINE_AA)
    straight = upright(ink)
    assert straight.sum() == pytest.approx(ink.sum(), rel=0.02)
    rows, columns = np.nonzero(straight > 0.5)
    assert abs(np.polyfit(rows, columns, 1)[0]) < 0.03
    assert np.ptp(columns) <= 9


def test_bare_paper_has_no_slant():
    assert not upright(np.zeros((20, 20), np.float32)).any()
