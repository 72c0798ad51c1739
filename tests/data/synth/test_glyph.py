"""Single characters: what a hand makes of the authored shapes."""

import time
from dataclasses import replace

import numpy as np
import pytest

from inkread.data.synth import CHARACTERS, DIGIT_LIKE, GLYPHS, Hand, draw_glyph, write_glyph
from inkread.data.synth.glyph import Glyph
from inkread.errors import InvalidOption
from inkread.geometry import Stroke
from inkread.ink import Pen
from inkread.parts import DIGITS

PLAIN = Hand(pen=Pen(width=0.06, kind="digital"))


def points(strokes):
    return np.concatenate([np.stack([s.x, s.y], axis=1) for s in strokes])


@pytest.mark.parametrize("character", CHARACTERS)
def test_every_character_can_be_drawn_by_anybody(character):
    rng = np.random.default_rng(1)
    for height in (12, 40, 150):
        ink = draw_glyph(character, Hand.random(rng), rng, height=height)
        assert ink.dtype == np.float32
        assert 0 <= ink.min() <= ink.max() <= 1
        assert ink.max() > 0.2


def test_every_form_of_a_digit_is_used():
    rng = np.random.default_rng(2)
    for digit in DIGITS:
        lengths = {sum(len(s.x) for s in write_glyph(digit, Hand(seed=seed), rng)) for seed in range(300)}
        expected = {sum(len(curve.hold) for curve in form.curves) for form in GLYPHS[digit]}
        assert lengths == expected


def test_what_a_person_wrote_is_written_as_it_is():
    strokes = (Stroke(x=np.array([0.0, 0.3]), y=np.array([0.0, 1.0])),)
    hand = Hand(recorded={"4": [strokes, (*strokes, *strokes)], "5": []})
    rng = np.random.default_rng(0)
    written = [write_glyph("4", hand, rng) for _ in range(40)]
    assert {len(one) for one in written} == {1, 2}
    assert all(one[0] is strokes[0] for one in written)
    for character in "57":  # none was recorded
        mine, made_up = (points(write_glyph(character, one, np.random.default_rng(3))) for one in (hand, Hand()))
        np.testing.assert_array_equal(mine, made_up)
    assert hand == Hand()


def test_same_generator_gives_the_same_ink_and_the_next_differs():
    hand = Hand.random(np.random.default_rng(3))
    rng = np.random.default_rng(4)
    first, second = draw_glyph("5", hand, rng, height=48), draw_glyph("5", hand, rng, height=48)
    np.testing.assert_array_equal(first, draw_glyph("5", hand, np.random.default_rng(4), height=48))
    assert first.shape != second.shape or np.abs(first - second).max() > 0.3


def test_crop_has_two_bare_pixels_around_tight_ink():
    rng = np.random.default_rng(5)
    for character in DIGITS + ("-", ".", "M", "g"):
        ink = draw_glyph(character, Hand.random(rng), rng, height=40)
        mask = ink > 0.04
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert (rows[0], columns[0]) == (2, 2)
        assert (rows[-1], columns[-1]) == (ink.shape[0] - 3, ink.shape[1] - 3)


def test_marks_keep_their_size_beside_digits():
    sizes = {c: draw_glyph(c, PLAIN, np.random.default_rng(0), height=100).shape for c in ("8", ".", "-", "x")}
    assert sizes["8"][0] == pytest.approx(110, abs=15)
    assert max(sizes["."]) < 30
    assert sizes["-"][0] < 30 <= sizes["-"][1] < 70
    assert 50 < sizes["x"][0] < 85


def test_slant_leans_to_the_right():
    for slant in (-20, 0, 25):
        drawn = points(write_glyph("1", replace(PLAIN, slant_degrees=slant, seed=9), np.random.default_rng(6)))
        top, bottom = drawn[drawn[:, 1].argmin()], drawn[drawn[:, 1].argmax()]
        lean = np.degrees(np.arctan2(top[0] - bottom[0], bottom[1] - top[1]))
        assert lean == pytest.approx(slant, abs=10)


def test_aspect_makes_wide():
    widths = [
        np.ptp(points(write_glyph("0", replace(PLAIN, aspect=a), np.random.default_rng(7)))[:, 0]) for a in (0.7, 1.4)
    ]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.1)


def test_closure_opens_or_overlaps_a_loop():
    gaps = {}
    for closure in (-0.2, 0.0, 0.2):
        hand = replace(PLAIN, closure=closure, seed=0)
        drawn = write_glyph("o", hand, np.random.default_rng(8))[0]
        gaps[closure] = float(np.hypot(drawn.x[0] - drawn.x[-1], drawn.y[0] - drawn.y[-1]))
    assert gaps[0.0] < 0.06
    assert gaps[-0.2] > 0.1
    assert gaps[0.2] > 0.1


def test_steady_writer_repeats_and_writers_differ():
    rng = np.random.default_rng(9)
    steady = Hand(habit=0.04, loyalty=1.0, seed=1)
    same = [points(write_glyph("3", steady, rng)) for _ in range(2)]
    other = points(write_glyph("3", replace(steady, seed=2), rng))
    own = np.abs(same[0] - same[1]).mean()
    assert own < 0.04
    if len(other) == len(same[0]):
        assert np.abs(other - same[0]).mean() > own


def test_disloyal_writer_uses_several_forms():
    rng = np.random.default_rng(10)
    lengths = {len(points(write_glyph("7", Hand(loyalty=0.0), rng))) for _ in range(40)}
    assert len(lengths) > 3
    lengths = {len(points(write_glyph("7", Hand(loyalty=1.0), rng))) for _ in range(40)}
    assert len(lengths) == 1


def test_times_rise_and_pressure_stays_in_range():
    rng = np.random.default_rng(11)
    for _ in range(30):
        for stroke in write_glyph("8", Hand.random(rng), rng):
            assert stroke.t is not None
            assert (np.diff(stroke.t) > 0).all()
            assert stroke.pressure is not None
            assert 0 <= stroke.pressure.min() <= stroke.pressure.max() <= 1


def test_digit_like_characters_are_known_and_no_digits():
    assert set(DIGIT_LIKE) <= set(CHARACTERS) - set(DIGITS)
    assert set(DIGIT_LIKE.values()) <= set(DIGITS)


def test_unknown_character_and_tiny_height_are_refused():
    with pytest.raises(InvalidOption, match="known"):
        write_glyph("ß", PLAIN, np.random.default_rng(0))
    with pytest.raises(InvalidOption, match="4 pixels"):
        draw_glyph("3", PLAIN, np.random.default_rng(0), height=3)


def test_mapped_glyph_is_scaled_then_moved():
    strokes = write_glyph("2", PLAIN, np.random.default_rng(0))
    before = Glyph(character="2", strokes=strokes).path_box
    after = Glyph(character="2", strokes=strokes).mapped(scale=10, dx=3, dy=-4).path_box
    assert after.x0 == pytest.approx(before.x0 * 10 + 3)
    assert after.y1 == pytest.approx(before.y1 * 10 - 4)


def test_hundreds_of_glyphs_are_drawn_a_second():
    rng = np.random.default_rng(12)
    hands = [Hand.random(rng) for _ in range(40)]
    for hand, digit in zip(hands, DIGITS * 4, strict=True):
        draw_glyph(digit, hand, rng, height=40)
    fastest = np.inf
    for _ in range(4):
        start = time.thread_time()
        for hand, digit in zip(hands, DIGITS * 4, strict=True):
            draw_glyph(digit, hand, rng, height=40)
        fastest = min(fastest, time.thread_time() - start)
    assert fastest < 0.1  # about 0.017 s of its own, whatever else the machine does
