"""Style is what a digit was drawn with: slant, width of the pen, size, gaps; and it does not depend on the picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from inkread.data.synth import Hand, LineOptions, write_line
from inkread.data.synth.digits import DIGIT_FORMS
from inkread.geometry import Box, PageTransform, Point, Stroke
from inkread.ink import Pen, draw_strokes
from inkread.parts import DIGITS
from inkread.style import UPRIGHT_LEAN, measure_digits, measure_line

HERE = PageTransform()


def paths(form, *, height, slant=0.0):
    """The authored strokes of a form, leaning by exactly ``slant`` degrees."""
    lean = math.tan(math.radians(slant))
    curves = [curve.hold @ curve.points + curve.bend @ curve.points for curve in form.curves]
    return [np.stack([p[:, 0] + lean * (1 - p[:, 1]), p[:, 1]], axis=1) * height for p in curves]


def drawn(form, *, height, pen, slant=0.0):
    """The ink of a form and the box around its path."""
    lines = paths(form, height=height, slant=slant)
    points = np.concatenate(lines)
    corner = points.min(axis=0) - pen.width - 2
    size = np.ceil(points.max(axis=0) - corner + pen.width + 2).astype(int)
    strokes = [Stroke(x=p[:, 0] - corner[0], y=p[:, 1] - corner[1]) for p in lines]
    return draw_strokes(strokes, size=(int(size[1]), int(size[0])), pen=pen), Box.around(points)


def drawn_width(pen):
    """How wide the pen really draws: it goes in small steps."""
    bar = Stroke(x=np.array([40.0, 40.0]), y=np.array([10.0, 90.0]))
    return float(draw_strokes([bar], size=(100, 80), pen=pen)[50].sum())


def style_of(value, ink, to_picture=HERE, pixels=None):
    (style,) = measure_digits([value], [ink], [Box(0, 0, ink.shape[1], ink.shape[0])], to_picture, pixels)
    return style


COMMON = [(digit, form) for digit in DIGITS for form in DIGIT_FORMS[digit][:3]]


@pytest.mark.parametrize("height", [40, 100])
@pytest.mark.parametrize("slant", [-20.0, 12.0, 25.0])
def test_slant_is_recovered_within_two_degrees(height, slant):
    """Of any form whose own lean is known: measured upright, in the same pen."""
    pen = Pen(width=0.08 * height, kind="digital")
    for digit, form in COMMON:
        upright = style_of(digit, drawn(form, height=height, pen=pen)[0]).slant_degrees
        found = style_of(digit, drawn(form, height=height, pen=pen, slant=slant)[0]).slant_degrees
        shear = math.tan(math.radians(found)) - math.tan(math.radians(upright))
        assert math.degrees(math.atan(shear)) == pytest.approx(slant, abs=2), (digit, form.name)


def test_upright_leans_are_those_of_the_written_forms():
    """Written upright, no digit leans on the whole; a form more or less must not matter."""
    pen = Pen(width=4.8, kind="digital")
    for digit in UPRIGHT_LEAN:
        forms = DIGIT_FORMS[digit]
        left = np.array([style_of(digit, drawn(form, height=60, pen=pen)[0]).slant_degrees for form in forms])
        over = float(np.average(left, weights=[form.weight for form in forms]))
        assert over == pytest.approx(0, abs=1.2), digit


@pytest.mark.parametrize(
    ("height", "share"), [(28, 0.1), (28, 0.16), (40, 0.08), (40, 0.12), (100, 0.05), (100, 0.08), (100, 0.16)]
)
def test_the_pens_width_is_recovered_within_a_tenth(height, share):
    pen = Pen(width=share * height, kind="digital")
    true = drawn_width(pen)
    for digit, form in COMMON:
        style = style_of(digit, drawn(form, height=height, pen=pen, slant=10)[0])
        assert style.stroke_width == pytest.approx(true, rel=0.1), (digit, form.name)
        assert style.relative_stroke_width == pytest.approx(style.stroke_width / style.height)


def test_height_and_width_are_those_of_the_ink_once_straight():
    pen = Pen(width=5, kind="digital")
    for digit, form in COMMON:
        style = style_of(digit, drawn(form, height=60, pen=pen)[0])
        _, path = drawn(form, height=60, pen=pen)
        assert style.height == pytest.approx(path.height + drawn_width(pen), rel=0.03)
        assert style.aspect == pytest.approx(style.width / style.height)
        leaning = style_of(digit, drawn(form, height=60, pen=pen, slant=20)[0])
        assert leaning.width == pytest.approx(style.width, rel=0.1, abs=1), (digit, form.name)


def test_loops_and_pieces_are_counted():
    pen = Pen(width=4, kind="digital")
    found = {(digit, form.name): style_of(digit, drawn(form, height=60, pen=pen)[0]) for digit, form in COMMON}
    loops = {key: style.loops for key, style in found.items()}
    assert [loops["0", "round"], loops["8", "one-stroke"], loops["1", "stick"], loops["6", "curled"]] == [1, 2, 0, 1]
    apart = np.zeros((40, 40), np.float32)
    apart[5:35, 5:9] = apart[5:35, 25:29] = 1
    assert style_of("5", apart).pieces == 2
    assert {type(style.loops) for style in found.values()} == {int}


def test_round_writing_is_rounder_than_straight_writing():
    canvas = np.zeros((60, 60), np.uint8)
    circle = cv2.circle(canvas.copy(), (30, 30), 22, 255, 4, cv2.LINE_AA).astype(np.float32) / 255
    square = cv2.rectangle(canvas.copy(), (8, 8), (52, 52), 255, 4).astype(np.float32) / 255
    bar = cv2.line(canvas.copy(), (30, 6), (30, 54), 255, 4).astype(np.float32) / 255
    found = [style_of("0", ink).roundness for ink in (circle, square, bar)]
    assert found[0] > 0.97
    assert found[0] > found[1] + 0.4
    assert found[1] > found[2]
    assert found[2] < 0.3


@pytest.mark.parametrize(("paper", "stroke", "dark"), [(250, 50, 0.8), (250, 200, 0.2), (40, 200, 0.8)])
def test_darkness_is_looked_up_in_the_picture_of_either_polarity(paper, stroke, dark):
    ink, _ = drawn(DIGIT_FORMS["3"][0], height=60, pen=Pen(width=6, kind="digital"))
    picture = np.full((200, 200, 3), paper, np.uint8)
    place = picture[50 : 50 + ink.shape[0], 70 : 70 + ink.shape[1]]
    place[:] = (paper + ink[..., None] * (stroke - paper)).astype(np.uint8)
    style = style_of("3", ink, PageTransform.translation(70, 50), picture)
    assert style.darkness == pytest.approx(dark, abs=0.02)
    assert style_of("3", ink).darkness is None


def test_lengths_are_in_pixels_of_the_picture_and_ratios_are_not():
    ink, _ = drawn(DIGIT_FORMS["2"][0], height=50, pen=Pen(width=5, kind="digital"))
    here = style_of("2", ink)
    there = style_of("2", ink, PageTransform.scaling(3).then(PageTransform.rotation(40, Point(7, 5))))
    for name in ("stroke_width", "height", "width"):
        assert getattr(there, name) == pytest.approx(3 * getattr(here, name))
    for name in ("slant_degrees", "relative_stroke_width", "aspect", "roundness", "loops"):
        assert getattr(there, name) == pytest.approx(getattr(here, name))


def test_a_pencils_width_is_that_of_a_pen():
    ink, _ = drawn(DIGIT_FORMS["5"][0], height=50, pen=Pen(width=5, kind="digital"))
    assert style_of("5", ink * np.float32(0.5)) == style_of("5", ink)


@pytest.mark.parametrize(
    "ink", [np.zeros((5, 4), np.float32), np.ones((1, 1), np.float32), np.ones((3, 40), np.float32)]
)
def test_ink_that_is_no_writing_has_finite_style(ink):
    style = style_of("1", ink)
    assert all(math.isfinite(value) for value in style.to_dict().values() if value is not None)


# -- lines ------------------------------------------------------------------------------------------------------------


def laid(text, *, height, gap, pen, slant=0.0):
    """Digits with exactly ``gap`` (in heights of their ink) between their ink, the whole sheared: inks and boxes."""
    inks, boxes, x, heights = [], [], 0.0, []
    lean = math.tan(math.radians(slant))
    for digit in text:
        form = DIGIT_FORMS[digit][0]
        upright = np.concatenate(paths(form, height=height))
        x += drawn_width(pen) / 2 - upright[:, 0].min()
        strokes = [
            Stroke(x=p[:, 0] + x + lean * (height - p[:, 1]) + 60, y=p[:, 1] + 20) for p in paths(form, height=height)
        ]
        whole = draw_strokes(strokes, size=(height + 40, round(len(text) * height * 2) + 120), pen=pen)
        rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
        x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
        inks.append(whole[y0:y1, x0:x1])
        boxes.append(Box(x0, y0, x1, y1))
        heights.append(np.ptp(upright[:, 1]) + drawn_width(pen))
        x += upright[:, 0].max() + drawn_width(pen) / 2 + gap * float(np.median(heights[:1]))
    return inks, boxes


def line_style(text, inks, boxes, *, numbers=None, to_picture=HERE):
    line, digits = measure_line(text, inks, boxes, to_picture, numbers=numbers or [range(len(text))])
    assert digits == measure_digits(text, inks, boxes, to_picture)
    return line


@pytest.mark.parametrize("slant", [0.0, 18.0])
@pytest.mark.parametrize("gap", [0.12, 0.3, 0.6])
def test_spacing_is_recovered_within_a_twentieth(gap, slant):
    text, height = "8036258903", 60
    inks, boxes = laid(text, height=height, gap=gap, pen=Pen(width=4.8, kind="digital"), slant=slant)
    style = line_style(text, inks, boxes)
    assert style.spacing == pytest.approx(gap, rel=0.05, abs=0.01)
    assert style.connectedness == 0


def test_slants_of_lines_are_those_of_their_hands_within_two_degrees():
    """Over hands and texts, each digit leaning as it likes by 2.5 degrees: half of them within one degree or so."""
    rng = np.random.default_rng(5)
    wrong = []
    for _ in range(30):
        slant = float(rng.uniform(-20, 30))
        hand = Hand(pen=Pen(width=0.08, kind="digital"), slant_degrees=slant, seed=int(rng.integers(1000)))
        text = "".join(rng.permutation(list(DIGITS)))
        ink, truth = write_line(text, hand, rng, height=48, options=LineOptions(spacing=0.4))
        boxes = [digit.box for number in truth.numbers for digit in number.digits]
        inks = [ink[int(b.y0) : int(b.y1), int(b.x0) : int(b.x1)] for b in boxes]
        wrong.append(abs(line_style(text, inks, boxes).slant_degrees - slant))
    assert np.median(wrong) < 1.2
    assert np.quantile(wrong, 0.85) < 2.2


def test_tilt_and_wobble_are_those_of_the_base_line():
    pen = Pen(width=4, kind="digital")
    text = "8888888888"
    inks, boxes = laid(text, height=50, gap=0.3, pen=pen)
    level = line_style(text, inks, boxes)
    assert level.tilt_degrees == pytest.approx(0, abs=0.01)
    assert level.wobble == pytest.approx(0, abs=0.001)
    turned = line_style(text, inks, boxes, to_picture=PageTransform.rotation(7, Point(0, 0)))
    assert turned.tilt_degrees == pytest.approx(7, abs=0.01)
    assert turned.slant_degrees == pytest.approx(level.slant_degrees)
    sunk = [box.shifted(0, 0.1 * box.center.x) for box in boxes]
    assert line_style(text, inks, sunk).tilt_degrees == pytest.approx(math.degrees(math.atan(0.1)), abs=0.01)
    hopping = [box.shifted(0, 5 * (-1) ** k) for k, box in enumerate(boxes)]
    assert line_style(text, inks, hopping).wobble == pytest.approx(0.1, rel=0.15)


def test_digits_that_touch_are_connected_and_gaps_between_numbers_do_not_count():
    pen = Pen(width=5, kind="digital")
    inks, boxes = laid("8888", height=50, gap=-0.03, pen=pen)
    style = line_style("8888", inks, boxes)
    assert style.connectedness == 1
    assert style.spacing < 0
    far = [*boxes[:2], *(box.shifted(90, 0) for box in boxes[2:])]
    assert line_style("8888", inks, far, numbers=[range(2), range(2, 4)]).spacing == pytest.approx(
        style.spacing, rel=0.05
    )
    assert line_style("8888", inks, far).connectedness == pytest.approx(2 / 3)


def test_a_single_digit_has_no_spacing():
    inks, boxes = laid("7", height=50, gap=0, pen=Pen(width=5, kind="digital"))
    style = line_style("7", inks, boxes)
    assert (style.spacing, style.connectedness, style.wobble, style.darkness) == (None, None, None, None)
