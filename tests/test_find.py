"""Finding: every digit has its candidate; rules, frames and specks have none."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from inkread.clean import CleanOptions, clean
from inkread.data.synth import Hand, PageOptions, compose_page, draw_glyph
from inkread.errors import InvalidOption
from inkread.find import FindOptions, as_one_digit, as_one_line, find_candidates, narrower_words
from inkread.geometry import Box, PageTransform
from inkread.parts import CleanPage

# Somebody who writes every digit in a common form: what is tested here is finding, whatever shapes are added.
PLAIN_HAND = Hand(seed=5)
SCREEN = {
    "paper": "canvas", "paper_color": (255, 255, 255), "ink_color": (0, 0, 0),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip


def composed(*lines, seed=0, width=700, height=420, **changes):
    """The ink of a page, and what stands on it in pixels of the picture."""
    options = PageOptions(**{"width": width, "height": height, "lines": lines, "hand": PLAIN_HAND, **SCREEN, **changes})
    image, truth = compose_page(np.random.default_rng(seed), options)
    return clean(image, CleanOptions(max_skew_degrees=0)), truth


def share_with_a_candidate(page, truth, iou, options=None):
    """The share of the true digits that some candidate covers, and no other digit with it."""
    lines = find_candidates(page, options).lines
    candidates = [page.to_source.apply_to_box(c.box).box for line in lines for c in line.candidates]
    found = [max((box.iou(digit.box) for box in candidates), default=0) >= iou for digit in truth.digits()]
    return sum(found) / len(found)


def check_lattice(lines, page):
    height, width = page.ink.shape
    for line in lines:
        pieces = range(len(line.pieces))
        assert line.digit_height >= 4
        assert {(i, i + 1) for i in pieces} <= {(c.start, c.end) for c in line.candidates}
        for c in line.candidates:
            assert c.end <= len(line.pieces)
            assert c.box == Box.union_of(line.pieces[c.start : c.end])
            x0, y0, x1, y1 = (int(v) for v in (c.box.x0, c.box.y0, c.box.x1, c.box.y1))
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            assert c.ink.shape == (y1 - y0, x1 - x0)
            # Its own ink and nothing else: each pixel is the page's, or left out.
            part = page.ink[y0:y1, x0:x1]
            assert ((c.ink == part) | (c.ink == 0)).all()
            assert c.ink.max() > 0.5


@pytest.mark.parametrize("digit_height", [14, 40, 160, 600])
def test_digits_of_any_height_are_found(digit_height):
    scale = digit_height / 40
    page, truth = composed(
        "31 4159", seed=1, width=round(330 * scale), height=round(90 * scale), digit_height=digit_height, layout="line"
    )
    assert share_with_a_candidate(page, truth, 0.65) == 1
    check_lattice(find_candidates(page).lines, page)


@pytest.mark.parametrize("layout", ["lines", "grid", "table", "comb", "scattered"])
def test_every_digit_of_a_page_has_a_candidate(layout):
    page, truth = composed("12 405 7", "80 316 29", "35 270 51", seed=4, width=900, height=620, layout=layout)
    assert share_with_a_candidate(page, truth, 0.7) >= 0.95
    check_lattice(find_candidates(page).lines, page)


@pytest.mark.parametrize("paper", ["lined", "squared", "dotted"])
def test_printed_paper_does_not_swallow_digits(paper):
    page, truth = composed(
        "3141 592", "65 35897", seed=6, width=800, height=420, paper=paper, paper_color=(250, 250, 250), light=0.2
    )
    assert share_with_a_candidate(page, truth, 0.6) >= 0.8


def test_touching_digits_can_be_cut_apart():
    page, truth = composed("58 290 347", "61 72 803", seed=3, width=900, height=420, touching=1.0)
    with_cuts = share_with_a_candidate(page, truth, 0.6)
    without_cuts = share_with_a_candidate(page, truth, 0.6, FindOptions(max_cuts=0))
    assert with_cuts >= 0.7  # digits that overlap are not parted by any vertical cut
    assert without_cuts < 0.5


def test_components_are_candidates_and_those_wider_than_a_digit_are_left_out():
    page, _ = composed("58 290 347", "61 72 803", seed=3, width=900, height=420, touching=1.0)
    wide = 0
    for line in find_candidates(page).lines:
        spans = {(c.start, c.end): c.box for c in line.candidates}
        ends = [0]
        for start, end in line.components:
            assert ends[-1] <= start < end <= len(line.pieces)
            assert spans[start, end].width <= 0.9 * line.digit_height
            ends.append(end)
        wide += len(line.pieces) - sum(end - start for start, end in line.components)
    assert wide  # pieces of digits that touch


def test_lines_come_from_top_to_bottom_and_pieces_from_left_to_right():
    page, truth = composed("12 34 56", "789 01", "2345", seed=5)
    lines = find_candidates(page).lines
    assert len(lines) == 3
    assert [line.box.y0 for line in lines] == sorted(line.box.y0 for line in lines)
    for line, wanted in zip(lines, truth.lines(), strict=True):
        assert line.box.iou(wanted.box) > 0.8
        middles = [box.center.x for box in line.pieces]
        assert middles == sorted(middles)
        assert line.digit_height == pytest.approx(
            np.median([d.box.height for n in wanted.numbers for d in n.digits]), rel=0.3
        )


def blank(height=200, width=300):
    return np.zeros((height, width), np.float32)


def as_page(ink):
    return CleanPage(ink=ink.astype(np.float32), to_source=PageTransform())


def blocks(*places, width=14, height=24, size=(300, 900)):
    """Ink of upright blocks that are centered at these places, x and y."""
    ink = blank(*size)
    for x, y in places:
        ink[y - height // 2 : y + height // 2, x - width // 2 : x + width // 2] = 1
    return as_page(ink)


def test_digits_that_stand_high_and_low_in_the_cells_of_a_row_are_one_line():
    heights = [100, 92, 101, 91, 100, 93]
    page = blocks(
        *((60 + 140 * i, y) for i, y in enumerate(heights)), *((60 + 140 * i, y + 60) for i, y in enumerate(heights))
    )
    lines = find_candidates(page).lines
    assert [len(line.pieces) for line in lines] == [6, 6]


def test_a_line_between_two_others_is_not_joined_to_them():
    upper = [(60 + 60 * i, 100) for i in range(8)]
    lower = [(90 + 60 * i, 128) for i in range(7)]
    assert [len(line.pieces) for line in find_candidates(blocks(*upper, *lower)).lines] == [8, 7]


def test_a_stain_with_more_ink_than_the_writing_does_not_say_how_high_digits_are():
    page = blocks(*((40 * k, 20 + 60 * row) for row in range(2) for k in range(1, 8)), size=(600, 900))
    lines = find_candidates(as_page(cv2.circle(page.ink.copy(), (600, 420), 150, 1.0, 18))).lines
    rows = [line for line in lines if len(line.pieces) == 7]
    assert len(rows) == 2
    assert all(line.digit_height == 24 for line in rows)


def test_a_solid_blot_does_not_either():
    page = blocks(*((40 * k, 20 + 60 * row) for row in range(2) for k in range(1, 11)), size=(600, 900))
    lines = find_candidates(as_page(cv2.ellipse(page.ink.copy(), (600, 420), (90, 50), 0, 0, 360, 1.0, -1))).lines
    rows = [line for line in lines if len(line.pieces) == 10]
    assert len(rows) == 2
    assert all(line.digit_height == 24 for line in rows)


def test_a_fold_that_is_thicker_than_strokes_does_not_either():
    page = blocks(*((100 + 40 * i, y) for i in range(11) for y in (40, 120, 200)), size=(300, 800))
    lines = find_candidates(as_page(cv2.line(page.ink.copy(), (620, 20), (760, 280), 1.0, 40))).lines
    rows = [line for line in lines if len(line.pieces) >= 11]
    assert len(rows) == 3
    assert all(line.digit_height == 24 for line in rows)


def test_what_reaches_in_from_two_corners_does_not_either():
    """Grain of dark corners: neither solid nor a frame, and together it has more ink than the writing."""
    ink = blocks(*((200 + 60 * i, 120) for i in range(8)), size=(400, 900)).ink.copy()
    for left in (0, 750):
        zigzag = [(left + 15 * i, 399 if i % 2 else 280) for i in range(11)]
        cv2.polylines(ink, [np.array(zigzag, np.int32)], False, 1.0, 3)
    lines = [line for line in find_candidates(as_page(ink)).lines if line.digit_height < 100]
    assert [(line.digit_height, len(line.pieces)) for line in lines] == [(24, 8)]


def test_what_is_written_on_a_stain_is_parted_from_it():
    page = blocks(*((60 + 30 * i, 150) for i in range(8)))
    stain = cv2.ellipse(blank(300, 900), (165, 145), (50, 40), 0, 0, 360, 0.35, -1)
    (line,) = find_candidates(as_page(np.maximum(page.ink, stain))).lines
    assert [piece.x0 for piece in line.pieces] == [53 + 30 * i for i in range(8)]
    assert line.digit_height == 24


def test_a_stroke_at_the_pictures_edge_does_not_say_how_high_the_digits_beside_it_are():
    page = blocks(*((60 + 30 * i, 150) for i in range(6)))
    (line,) = find_candidates(as_page(cv2.rectangle(page.ink.copy(), (0, 110), (4, 219), 1.0, -1))).lines
    assert line.digit_height == 24


def test_discs_and_squares_are_no_digits():
    disc = cv2.circle(blank(), (150, 100), 50, 1.0, -1)
    square = cv2.rectangle(blank(), (100, 50), (200, 150), 1.0, -1)
    ring = cv2.circle(blank(), (150, 100), 50, 1.0, 12)
    assert [len(find_candidates(as_page(ink)).lines) for ink in (disc, square, ring)] == [0, 0, 1]


def test_bare_paper_has_no_lines():
    assert find_candidates(as_page(blank())).lines == ()
    assert as_one_digit(as_page(blank())) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (5, 5)])
def test_slivers_of_full_ink_are_no_error(shape):
    check_lattice(find_candidates(as_page(np.ones(shape))).lines, as_page(np.ones(shape)))


def test_faint_ink_is_found_only_where_it_hangs_on_strong_ink():
    ink = blank()
    ink[60:120, 40:50] = 0.4
    assert find_candidates(as_page(ink)).lines == ()
    ink[60:80, 40:50] = 0.9
    (line,) = find_candidates(as_page(ink)).lines
    assert line.box == Box(40, 60, 50, 120)


def test_specks_are_set_aside():
    page, truth = composed("31415", seed=6, width=500, height=160)
    dirty = np.array(page.ink)
    rng = np.random.default_rng(0)
    for x, y in zip(rng.integers(5, 490, 40), rng.integers(5, 150, 40), strict=True):
        dirty[y : y + 3, x : x + 3] = 1
    (before,), (after,) = find_candidates(page).lines, find_candidates(as_page(dirty)).lines
    assert len(after.pieces) == len(before.pieces) == len(list(truth.digits()))


def test_more_specks_than_two_bytes_count_hide_no_digit():
    ink = blank(900, 900)
    ink[::3, ::3] = 1
    ink[380:460, 380:440] = 0
    ink[400:440, 400:420] = 1
    pieces = [piece for line in find_candidates(as_page(ink)).lines for piece in line.pieces]
    assert any(piece.iou(Box(400, 400, 420, 440)) > 0.9 for piece in pieces)


def test_a_lone_one_is_no_rule():
    ink = blank(280, 280)
    ink[20:260, 136:146] = 1
    (line,) = find_candidates(as_page(ink)).lines
    assert line.box.iou(Box(136, 20, 146, 260)) > 0.9


def test_an_underline_is_no_digit():
    page, truth = composed("4096", seed=8, width=400, height=200)
    ink = np.array(page.ink)
    bottom = round(max(d.box.y1 for d in truth.digits())) + 8
    ink[bottom : bottom + 4, 40:360] = 1
    (line,) = find_candidates(as_page(ink)).lines
    assert line.box.y1 <= bottom


def test_a_digit_in_a_frame_is_found_and_the_frame_is_not():
    page, truth = composed("5", seed=10, width=200, height=200, layout="digit", digit_height=90)
    ink = np.array(page.ink)
    cv2.rectangle(ink, (20, 20), (180, 180), 1.0, 3)
    candidates = [c.box for line in find_candidates(as_page(ink)).lines for c in line.candidates]
    (digit,) = truth.digits()
    assert max(box.iou(digit.box) for box in candidates) > 0.8
    assert max(box.height for box in candidates) < 150


@pytest.mark.parametrize("opening", [0, 20])
@pytest.mark.parametrize("digits", ["5", "538"])
def test_a_circle_around_digits_is_none_of_them(digits, opening):
    page, truth = composed(digits, seed=10, width=420, height=260, layout="line", digit_height=70)
    bounds = Box.union_of([digit.box for digit in truth.digits()])
    center = round((bounds.x0 + bounds.x1) / 2), round((bounds.y0 + bounds.y1) / 2)
    axes = round(bounds.width / 2) + 42, round(bounds.height / 2) + 36
    circle = cv2.ellipse(np.zeros_like(page.ink), center, axes, 4, opening, 360, 1.0, 4, cv2.LINE_AA)
    (line,) = find_candidates(as_page(np.maximum(page.ink, circle))).lines
    found = Box.union_of(line.pieces)
    assert found.iou(bounds) > 0.9
    for digit in truth.digits():
        assert max(c.box.iou(digit.box) for c in line.candidates) > 0.8


def test_a_circle_that_touches_a_digit_goes_and_the_digit_stays():
    page, truth = composed("538", seed=10, width=420, height=260, layout="line", digit_height=70)
    *_, last = truth.digits()
    bounds = Box.union_of([digit.box for digit in truth.digits()])
    center = round((bounds.x0 + bounds.x1) / 2), round((bounds.y0 + bounds.y1) / 2)
    axes = round(bounds.width / 2) + 2, round(bounds.height / 2) + 36
    circle = cv2.ellipse(np.zeros_like(page.ink), center, axes, 0, 0, 340, 1.0, 4, cv2.LINE_AA)
    assert ((circle > 0.5) & (page.ink > 0.5)).any()
    found = find_candidates(as_page(np.maximum(page.ink, circle)))
    assert max(c.box.iou(last.box) for line in found.lines for c in line.candidates) > 0.7
    assert not found.page.ink[: int(bounds.y0) - 4].any()
    assert not found.page.ink[:, : int(bounds.x0) - 6].any()


@pytest.mark.parametrize(("digit", "radius"), [("4", 62), ("3", 47), ("5", 47), ("8", 46)])
def test_a_circle_around_one_digit_goes_however_thin_the_digit_and_though_they_touch(digit, radius):
    page, truth = composed(digit, seed=10, width=260, height=260, layout="digit", digit_height=80)
    (box,) = (one.box for one in truth.digits())
    middle = round((box.x0 + box.x1) / 2), round((box.y0 + box.y1) / 2)
    circle = cv2.ellipse(np.zeros_like(page.ink), middle, (radius, radius), 0, 20, 370, 1.0, 3, cv2.LINE_AA)
    candidates = [
        c.box for line in find_candidates(as_page(np.maximum(page.ink, circle))).lines for c in line.candidates
    ]
    assert max(one.iou(box) for one in candidates) > 0.45  # the ends that touch go with the line
    assert max(one.width for one in candidates) < 1.8 * radius


@pytest.mark.parametrize("width", [70, 110])
def test_a_zero_with_a_slash_within_it_is_no_circle(width):
    ink = cv2.ellipse(blank(200, 200), (100, 100), (width // 2, 60), 0, 0, 360, 1.0, 8)
    page = as_page(cv2.line(ink, (90, 125), (110, 75), 1.0, 6))
    boxes = [c.box for line in find_candidates(page).lines for c in line.candidates]
    assert max(box.height for box in boxes) > 120


def round_one(*within):
    ink = cv2.ellipse(blank(200, 200), (100, 100), (52, 56), 0, 0, 360, 1.0, 5, cv2.LINE_AA)
    for middle, axes, end in within:
        cv2.ellipse(ink, middle, axes, 0, 0, end, 1.0, 5, cv2.LINE_AA)
    found = find_candidates(as_page(ink)).lines
    return max((c.box.height for line in found for c in line.candidates), default=0)


def test_a_face_is_no_zero_and_one_with_a_dot_or_specks_in_it_is_one():
    eyes, mouth = (((80, 85), (2, 2), 360), ((120, 85), (2, 2), 360)), ((100, 112), (26, 16), 180)
    assert round_one(*eyes, mouth) < 60
    assert round_one() > 100
    assert round_one(((100, 100), (4, 4), 360)) > 100
    assert round_one(*eyes, ((100, 112), (2, 2), 360)) > 100


def test_a_pen_beside_a_few_digits_does_not_say_how_high_they_are():
    page = blocks(*((60 + 30 * i, 100) for i in range(6)), size=(500, 700))
    pen = cv2.line(blank(500, 700), (450, 480), (690, 280), 1.0, 14)
    lines = find_candidates(as_page(np.maximum(page.ink, pen))).lines
    assert [len(line.pieces) for line in lines if line.digit_height == 24] == [6]


def test_words_part_at_narrower_gaps_too():
    # Blocks 24 high: a gap of 4 pixels between letters, one of 14 between words.
    page = blocks(*((x, 100) for x in (40, 60, 80, 110, 130)), size=(200, 300))
    (line,) = find_candidates(page).lines
    assert [(word.start, word.end) for word in line.words] == [(0, 5)]
    parts = narrower_words(page.ink, line, word_gap=0.45)
    assert [(word.start, word.end) for word in parts] == [(0, 3), (3, 5)]
    assert 87 < parts[1].crop.quad.box.x0 < 103, "nothing of the word before it"
    assert parts[1].crop.ink.sum() == pytest.approx(page.ink[:, 100:].sum())


def test_the_largest_components_are_looked_at_first():
    ink = blank(400, 400)
    for i in range(8):
        ink[20 + 45 * i : 20 + 45 * i + 20, 30:40] = 1
    ink[100:180, 200:212] = 1
    few = find_candidates(as_page(ink), FindOptions(max_components=1)).lines
    assert [line.box for line in few] == [Box(200, 100, 212, 180)]


def test_digits_that_are_too_small_are_left():
    ink = blank()
    ink[50:60, 40:44] = 1
    assert len(find_candidates(as_page(ink), FindOptions(min_digit_height=8)).lines) == 1
    assert find_candidates(as_page(ink), FindOptions(min_digit_height=12)).lines == ()


def test_all_ink_can_be_taken_for_one_digit():
    ink = blank()
    ink[40:90, 60:70] = 1
    ink[40:44, 80:110] = 1
    (line,) = as_one_digit(as_page(ink))
    (candidate,) = line.candidates
    assert candidate.box == Box(60, 40, 110, 90)
    np.testing.assert_array_equal(candidate.ink, ink[40:90, 60:110])


@pytest.mark.parametrize("changes", [{"min_digit_height": 3}, {"max_components": 0}, {"max_cuts": -1}])
def test_options_outside_their_ranges_are_refused(changes):
    with pytest.raises(InvalidOption):
        FindOptions(**changes)


def test_a_picture_taken_for_one_line_is_framed_by_its_digits_and_not_by_what_is_around_them():
    ink = np.zeros((120, 400), np.float32)
    ink[40:80, 50:350:12] = 1
    ink[40:80, 51:351:12] = 1
    plain = as_one_line(CleanPage(ink=ink, to_source=PageTransform.scaling(1, 1)))
    assert plain is not None
    assert plain.digit_height == pytest.approx(40, abs=4)
    box = plain.crop.quad.box
    assert (box.y0 + box.y1) / 2 == pytest.approx(60, abs=3)
    assert box.x0 == pytest.approx(48)
    ink[118:120, 100:130] = 1  # dirt at the edge
    dirty = as_one_line(CleanPage(ink=ink, to_source=PageTransform.scaling(1, 1)))
    assert dirty is not None
    assert dirty.digit_height == pytest.approx(plain.digit_height, abs=6)


@pytest.mark.parametrize("below", [4, 0], ids=["apart", "touching"])
def test_a_line_drawn_under_a_number_does_not_make_its_digits_small(below):
    ink = np.zeros((120, 200), np.float32)
    ink[40:80, 50:150:24] = ink[40:80, 51:151:24] = ink[40:80, 52:152:24] = 1
    plain = as_one_line(CleanPage(ink=ink, to_source=PageTransform.scaling(1, 1)))
    for x in range(40, 160):
        y = 80 + below + (x - 40) // 30
        ink[y : y + 3, x] = 1
    underlined = as_one_line(CleanPage(ink=ink, to_source=PageTransform.scaling(1, 1)))
    assert plain is not None
    assert underlined is not None
    assert underlined.digit_height == pytest.approx(plain.digit_height, abs=3)
    boxes = plain.crop.quad.box, underlined.crop.quad.box
    assert boxes[1].y0 == pytest.approx(boxes[0].y0, abs=3)


def test_a_line_that_reaches_the_edge_keeps_room_above_and_below():
    ink = np.zeros((30, 90), np.float32)
    ink[:, 20:24] = ink[:, 60:64] = 1
    word = as_one_line(CleanPage(ink=ink, to_source=PageTransform.scaling(1, 1)))
    assert word is not None
    assert word.crop.ink.shape[0] > 50
    assert word.crop.quad.box.y0 < 0
    assert as_one_line(CleanPage(ink=np.zeros((9, 9), np.float32), to_source=PageTransform.scaling(1, 1))) is None


def test_a_page_of_nothing_but_clutter_is_done_in_seconds():
    rng = np.random.default_rng(0)
    ink = np.zeros((900, 1400), np.float32)
    for y, x in zip(rng.integers(0, 880, 6000), rng.integers(0, 1380, 6000), strict=True):
        ink[y : y + rng.integers(3, 12), x : x + rng.integers(2, 6)] = 1
    began = time.perf_counter()
    lines = find_candidates(as_page(ink)).lines
    assert sum(len(line.pieces) for line in lines) > 1000
    assert time.perf_counter() - began < 5


def test_a_digit_on_squared_paper_is_one_without_its_squares():
    rng = np.random.default_rng(2)
    glyph = draw_glyph("5", Hand(), rng, height=150)
    ink = np.zeros((300, 400), np.float32)
    ink[80 : 80 + glyph.shape[0], 140 : 140 + glyph.shape[1]] = glyph
    (alone,) = as_one_digit(as_page(ink))
    for at in (30, 120, 210):
        ink[at : at + 4] = 0.8
    for at in (60, 150, 240, 330):
        ink[:, at : at + 4] = 0.8
    (squared,) = as_one_digit(as_page(ink))
    (box,), (wanted,) = squared.pieces, alone.pieces
    assert box.iou(wanted) > 0.9


def test_a_row_of_a_table_takes_numbers_and_no_scrap_of_its_rules():
    """Cells between two rules, one number high and one low in them, and a short piece of a rule between the numbers."""
    ink = np.zeros((240, 620), np.float32)
    for y in (40, 130, 220):
        ink[y : y + 3, 10:610] = 1
    for x in (10, 210, 410, 607):
        ink[40:223, x : x + 3] = 1
    for x, y in ((50, 46), (90, 46), (460, 92), (500, 92)):
        cv2.ellipse(ink, (x + 12, y + 16), (10, 15), 0, 0, 360, 1.0, 4)
    ink[84:98, 300:309] = 1
    lines = find_candidates(CleanPage(ink=ink, to_source=PageTransform())).lines
    assert sorted(len(line.pieces) for line in lines) == [1, 4]
    (row,) = (line for line in lines if len(line.pieces) == 4)
    assert [round(x) for x in row.dividers] == [11, 211, 411, 608]
