"""Lines of writing and their truth."""

import numpy as np
import pytest

from inkread.data.synth import Hand, LineOptions, write_line
from inkread.errors import InvalidOption
from inkread.ink import Pen

TEXTS = ["7", "0123456789", "12 07 1999", "111 17 4 71", "555 0 88"]


def inside(ink, boxes, grow=0):
    """The ink that lies in any of the boxes, as a share of all."""
    mask = np.zeros(ink.shape, bool)
    for box in boxes:
        mask[int(box.y0) - grow : int(box.y1) + grow, int(box.x0) - grow : int(box.x1) + grow] = True
    return float(ink[mask].sum() / ink.sum())


@pytest.mark.parametrize("text", TEXTS)
def test_truth_is_the_text(text):
    rng = np.random.default_rng(0)
    for _ in range(10):
        _, line = write_line(text, Hand.random(rng), rng, height=32)
        assert line.text == text
        assert [number.text for number in line.numbers] == text.split()
        assert line.confidence is None
        assert line.problem is None


@pytest.mark.parametrize("height", [12, 40, 300])
def test_boxes_cover_the_ink_of_their_digits(height):
    rng = np.random.default_rng(1)
    for touching in (0.0, 0.8):
        for text in TEXTS:
            ink, line = write_line(text, Hand.random(rng), rng, height=height, options=LineOptions(touching=touching))
            boxes = [digit.box for number in line.numbers for digit in number.digits]
            assert inside(ink, boxes) > 0.99  # also where a fine pen is faint throughout
            for box in boxes:  # and none is larger than its ink
                crop = ink[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
                for edge in (crop[0], crop[-1], crop[:, 0], crop[:, -1]):
                    assert edge.max() > 0.1 * crop.max()


def test_ink_has_two_bare_pixels_around():
    rng = np.random.default_rng(2)
    for text in TEXTS:
        ink, line = write_line(text, Hand.random(rng), rng, height=40)
        assert max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) < 0.05
        assert line.box.x0 >= 1
        assert line.box.x1 <= ink.shape[1] - 1


def test_space_is_a_clear_gap_beside_the_spacing():
    rng = np.random.default_rng(3)
    for _ in range(30):
        _, line = write_line("333 555 222", Hand.random(rng), rng, height=40)
        within = [b.box.x0 - a.box.x1 for n in line.numbers for a, b in zip(n.digits[:-1], n.digits[1:], strict=True)]
        between = [b.box.x0 - a.box.x1 for a, b in zip(line.numbers[:-1], line.numbers[1:], strict=True)]
        assert min(between) > max(within)
        assert min(between) > 0.5 * 40


def test_careful_digits_are_apart_and_touching_ones_touch():
    import cv2

    rng = np.random.default_rng(4)
    pieces = {0.0: [], 1.0: []}
    for touching, counts in pieces.items():
        for _ in range(20):
            hand = Hand(pen=Pen(width=0.07), seed=int(rng.integers(1000)), habit=0.02)
            ink, _ = write_line("0363086", hand, rng, height=48, options=LineOptions(touching=touching))
            counts.append(cv2.connectedComponents((ink > 0.3).astype(np.uint8))[0] - 1)
    assert np.mean(pieces[0.0]) > 6
    assert np.mean(pieces[1.0]) < 3.5


def test_spacing_overrides_the_hand():
    widths = [
        write_line("2468", Hand(seed=3), np.random.default_rng(5), height=40, options=LineOptions(spacing=s))[0].shape[
            1
        ]
        for s in (0.05, 0.5, 1.5)
    ]
    assert widths[0] < widths[1] < widths[2]


def test_marks_belong_to_numbers_and_letters_end_them():
    rng = np.random.default_rng(6)
    _, line = write_line("Total 12,50 -7 3x4 10:45", Hand(), rng, height=40)
    assert line.text == "1250 7 3 4 1045"
    assert [number.marks for number in line.numbers] == [(",",), (), (), (), (":",)]


def test_line_without_digits_has_a_problem():
    ink, line = write_line("Room", Hand(), np.random.default_rng(7), height=40)
    assert ink.max() > 0.5
    assert line.numbers == ()
    assert line.problem is not None
    assert line.problem.code == "not_a_number"


def test_same_generator_gives_the_same_line():
    hand = Hand.random(np.random.default_rng(8))
    (a, first), (b, second) = (write_line("90210", hand, np.random.default_rng(9), height=36) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert first == second


def test_base_line_wanders_when_asked():
    def feet(wander):
        rng = np.random.default_rng(10)
        _, line = write_line("111111111", Hand(baseline_wander=wander, loyalty=1.0), rng, height=100)
        return np.std([digit.box.y1 for digit in line.numbers[0].digits])

    assert feet(0.15) > 3 * feet(0.0) + 3


@pytest.mark.parametrize("text", ["", "   ", "12ß"])
def test_text_that_cannot_be_written_is_refused(text):
    with pytest.raises(InvalidOption):
        write_line(text, Hand(), np.random.default_rng(0), height=40)


def test_options_out_of_range_are_refused():
    for wrong in ({"spacing": -1}, {"word_gap": 0.1}, {"touching": 2}):
        with pytest.raises(InvalidOption):
            LineOptions(**wrong)
    with pytest.raises(InvalidOption, match="4 pixels"):
        write_line("1", Hand(), np.random.default_rng(0), height=2)
