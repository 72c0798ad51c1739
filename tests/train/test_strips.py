import numpy as np
import pytest

from inkread.recognize.prepare import LINE_HEIGHT
from inkread.train.strips import Canvas, beside_a_side, framed, on_paper, soiled


def bar_canvas():
    """Five upright bars, 26 high, in the middle of a canvas."""
    ink = np.zeros((80, 150), np.float32)
    for x in range(20, 140, 25):
        ink[27:53, x : x + 5] = 1
    return Canvas(ink=ink, top=27, bottom=53, digit_height=26.0)


def test_framing_keeps_every_digit_on_the_strip():
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(80):
        strip = framed(bar_canvas(), rng)
        assert strip.shape[0] == LINE_HEIGHT
        middle = strip[LINE_HEIGHT // 2 - 3 : LINE_HEIGHT // 2 + 3].max(axis=0) > 0.4
        counts.append(int((np.diff(np.pad(middle, 1).astype(int)) == 1).sum()))
    assert np.mean(np.array(counts) == 5) > 0.9


def test_digits_come_in_many_sizes_but_never_too_small():
    rng = np.random.default_rng(1)
    heights = [int((framed(bar_canvas(), rng).max(axis=1) > 0.4).sum()) for _ in range(200)]
    assert min(heights) >= 12
    assert np.percentile(heights, 95) - np.percentile(heights, 5) >= 7


@pytest.mark.parametrize("step", [on_paper, soiled])
def test_paper_and_camera_change_a_strip_but_not_its_size_and_leave_its_digits(step):
    rng = np.random.default_rng(2)
    strip = framed(bar_canvas(), rng)
    before = strip.copy()
    changed = 0
    for _ in range(60):
        out = step(strip, rng)
        assert out.shape == strip.shape
        assert out.dtype == np.float32
        assert np.corrcoef(out.ravel(), before.ravel())[0, 1] > 0.4
        changed += not np.array_equal(out, before)
        np.testing.assert_array_equal(strip, before)
    assert changed > 25


def test_sides_stand_beside_the_digits_from_edge_to_edge():
    rng = np.random.default_rng(4)
    strip = framed(bar_canvas(), np.random.default_rng(0))
    sided = [out for out in (beside_a_side(strip, rng) for _ in range(300)) if out is not strip]
    assert 20 < len(sided) < 80
    with_room = [out for out in sided if out.shape[1] > strip.shape[1]]
    assert len(with_room) > 0.7 * len(sided)
    for out in with_room:
        assert out.shape[0] == LINE_HEIGHT
        assert (out > 0).any(axis=1).all(), "a side reaches from the top to the bottom"


def test_soiled_strips_stay_in_their_range():
    rng = np.random.default_rng(3)
    for _ in range(50):
        out = soiled(on_paper(framed(bar_canvas(), rng), rng), rng)
        assert out.min() >= 0
        assert out.max() <= 1
