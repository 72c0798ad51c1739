"""Rules are taken out, whatever they are part of; digits that touch, cross or resemble them stay."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.rules import remove_rules, sides_before, without_sides

RING_RADII = 14, 24


def table(height=300, width=400, pitch=60):
    binary = np.zeros((height, width), np.uint8)
    for y in range(pitch, height, pitch):
        binary[y : y + 2] = 1
    for x in range(pitch, width, pitch):
        binary[:, x : x + 2] = 1
    return binary


def test_rules_are_taken_out_and_strokes_that_cross_them_mended():
    rules = table()
    strokes = np.zeros_like(rules)
    cv2.ellipse(strokes, (150, 130), (14, 24), 0, 0, 360, 1, 4)  # crosses the rule at y = 120
    cv2.ellipse(strokes, (330, 150), (14, 24), 0, 0, 360, 1, 4)
    cv2.line(strokes, (270, 60), (270, 106), 1, 4)  # a one on a rule
    rest = remove_rules(rules | strokes).rest
    assert set(np.unique(rest)) <= {0, 1}
    assert rest[(rules == 1) & (cv2.dilate(strokes, np.ones((9, 9), np.uint8)) == 0)].mean() < 0.02
    assert rest[strokes == 1].mean() > 0.95
    count, _ = cv2.connectedComponents(rest[90:170, 125:175])
    assert count == 2  # paper and one ring: it was not left in pieces


@pytest.mark.parametrize("thickness", [12, 36, 44])
def test_rules_of_any_thickness_are_taken_out_of_a_table(thickness):
    rules, digits = np.zeros((1200, 1200), np.uint8), np.zeros((1200, 1200), np.uint8)
    for k, place in enumerate(range(100, 1200, 200)):
        half = thickness // 2 if k % 2 else 6  # thick and thin ones
        rules[place - half : place + half, 94:1106] = 1
        rules[94:1106, place - half : place + half] = 1
    for x, y in ((200, 200), (600, 400), (400, 800), (1000, 1000)):
        cv2.ellipse(digits, (x, y), (35, 55), 0, 0, 360, 1, 12)
    rest = remove_rules(rules | digits).rest
    assert (rest == digits).mean() > 0.999


def test_rules_of_a_small_picture_are_taken_out():
    rules, digit = table(height=80, width=90, pitch=26), np.zeros((80, 90), np.uint8)
    digit[30:48, 34:48] = 1
    digit[33:45, 37:45] = 0
    assert np.array_equal(remove_rules(rules | digit).rest, digit)


def test_ones_of_a_small_picture_that_nearly_reach_from_rule_to_rule_stay():
    """In cells of 16 pixels two of them are no way, and a seventh of a digit."""
    rules, ones, rings = (np.zeros((200, 200), np.uint8) for _ in range(3))
    for place in range(20, 180, 16):
        rules[place : place + 2, 20:166] = 1
        rules[20:166, place : place + 2] = 1
    for column, row in ((1, 1), (4, 2), (7, 5)):
        x, y = 20 + 16 * column, 20 + 16 * row
        ones[y + 4 : y + 14, x + 8 : x + 10] = 1
    for column, row in ((0, 3), (2, 6), (5, 0), (6, 7)):
        cv2.ellipse(rings, (29 + 16 * column, 28 + 16 * row), (3, 4), 0, 0, 360, 1, 2)
    assert np.array_equal(remove_rules(rules | ones | rings).rest, ones | rings)


def test_ones_of_a_fine_pen_below_each_other_in_a_table_stay():
    rules, ones = table(), np.zeros((300, 400), np.uint8)
    for y in (70, 130, 190):
        ones[y : y + 42, 150] = 1
    assert np.array_equal(remove_rules(rules | ones).rest, ones)


def test_a_page_without_rules_is_left_as_it_is():
    rng = np.random.default_rng(7)
    page = np.hstack([np.pad(draw_glyph(c, Hand(seed=5), rng, height=60), 12)[:84, :60] for c in "11117417"])
    binary = (page > 0.25).astype(np.uint8)
    before = binary.copy()
    np.testing.assert_array_equal(remove_rules(binary).rest, binary)
    np.testing.assert_array_equal(binary, before)


@pytest.mark.parametrize("y", [40, 250, 571])
@pytest.mark.parametrize("bend", [0, 6])
def test_one_rule_among_short_strokes_is_found_wherever_it_runs(y, bend):
    strokes = np.zeros((600, 900), np.uint8)
    for x in range(60, 840, 120):  # bars of letters, as long as the runs that rules are joined of
        for row in (20, 300, 520):
            strokes[row : row + 4, x : x + 40] = 1
    rule = np.zeros_like(strokes)
    columns = np.arange(900)
    rule[np.round(y + bend * np.sin(columns / 900 * np.pi)).astype(int), columns] = 1
    apart = cv2.dilate(strokes, np.ones((5, 5), np.uint8)) == 0
    rest = remove_rules(strokes | rule).rest
    assert rest[(rule == 1) & apart].mean() < 0.02
    assert rest[strokes == 1].mean() > 0.95


def ring(binary, x, y):
    cv2.ellipse(binary, (x, y), RING_RADII, 0, 0, 360, 1, 3)


def comb(cells, *, top, side=80, height=90, x0=40, y0=40, apart=0):
    """A row of boxes, open above where ``top`` is false, with so many pixels between them."""
    binary = np.zeros((height + 80, cells * (side + apart) + 80), np.uint8)
    for cell in range(cells):
        left = x0 + cell * (side + apart)
        corners = [(left, y0), (left, y0 + height), (left + side, y0 + height), (left + side, y0)]
        cv2.polylines(binary, [np.array(corners, np.int32)], top, 1, 2)
    return binary


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize("apart", [0, 14])
def test_combs_go_and_the_digits_in_them_stay(top, apart):
    boxes = comb(6, top=top, apart=apart)
    rings = np.zeros_like(boxes)
    for cell in range(6):
        ring(rings, 80 + cell * (80 + apart), 85)
    rest = remove_rules(boxes | rings).rest
    np.testing.assert_array_equal(rest[rings == 1], 1)
    assert rest[(boxes == 1) & (rings == 0)].mean() < 0.02


def test_a_side_that_a_digit_touches_goes_without_the_digit():
    boxes = comb(6, top=True, apart=14)
    strokes = np.zeros_like(boxes)
    cv2.line(strokes, (42, 80), (90, 70), 1, 3)  # out of the first box's left side
    cv2.line(strokes, (90, 70), (60, 120), 1, 3)
    rest = remove_rules(boxes | strokes).rest
    assert rest[(strokes == 1) & (boxes == 0)].mean() > 0.95
    assert rest[(boxes == 1) & (cv2.dilate(strokes, np.ones((9, 9), np.uint8)) == 0)].mean() < 0.02


def test_ones_on_a_line_are_no_posts():
    page = np.zeros((160, 700), np.uint8)
    page[120:122] = 1
    ones = np.zeros_like(page)
    for x, height in ((100, 50), (124, 54), (150, 48), (177, 52), (420, 50), (446, 53)):
        cv2.line(ones, (x, 119 - height), (x - 2, 121), 1, 4)
    rest = remove_rules(page | ones).rest
    assert rest[ones == 1].mean() > 0.9


def test_digits_below_each_other_are_no_rule():
    """Thick stems in a column, as in a ledger: with rules on the page, short ones are looked for too."""
    page = np.zeros((500, 500), np.uint8)
    for y in range(20, 500, 60):
        page[y : y + 2] = 1
    stems = np.zeros_like(page)
    for row, y in enumerate(range(26, 440, 60)):
        cv2.line(stems, (250 + 3 * (row % 2), y), (248 + 3 * (row % 3), y + 38), 1, 7)
    rest = remove_rules(page | stems).rest
    assert rest[stems == 1].mean() > 0.95


def test_a_digit_of_a_fine_pen_in_the_middle_of_a_broken_rule_stays():
    page = np.zeros((500, 600), np.uint8)
    for x in range(20, 600, 60):
        page[:, x : x + 2] = 1
    page[150:350, 100:500] = 0  # the printed lines are too faint here
    rings = np.zeros_like(page)
    for x in (200, 260, 320):
        ring(rings, x, 250)
    rest = remove_rules(page | rings).rest
    np.testing.assert_array_equal(rest[rings == 1], 1)


def test_pale_squares_go_with_their_broken_pieces_and_dark_strokes_on_them_stay():
    rng = np.random.default_rng(2)
    squares = table(400, 600, 40)
    for y, x in rng.integers(0, (400, 600), (40, 2)):
        squares[y : y + 30, x : x + 12] = 0
    strokes = np.zeros_like(squares)
    for x in (121, 201, 300):
        ring(strokes, x, 170)
    cv2.line(strokes, (400, 140), (400, 200), 1, 3)  # a one on a printed line
    ink = np.maximum(0.35 * squares, 0.95 * strokes).astype(np.float32)
    rest = remove_rules((ink > 0.25).astype(np.uint8), ink).rest
    assert rest[strokes == 1].mean() > 0.99
    assert rest[(squares == 1) & (cv2.dilate(strokes, np.ones((5, 5), np.uint8)) == 0)].mean() < 0.005
    # Without knowing how dark it is, the one is part of the line.
    assert remove_rules((ink > 0.25).astype(np.uint8)).rest[140:200, 400].mean() < 0.5


def test_round_digits_as_pale_as_the_squares_stay_among_darker_ones():
    squares = table(400, 600, 40)
    dark = np.zeros_like(squares)
    pale = np.zeros(squares.shape, np.float32)
    for x in (101, 181, 260, 340):
        ring(dark, x, 170)
    for character, x in zip("368", (402, 442, 482), strict=True):
        glyph = draw_glyph(character, Hand(seed=1), np.random.default_rng(0), height=32)
        pale[164 : 164 + glyph.shape[0], x : x + glyph.shape[1]] = np.where(glyph > 0.5, 0.4, 0.0)
    ink = np.maximum.reduce([0.35 * squares, 0.95 * dark, pale]).astype(np.float32)
    rest = remove_rules((ink > 0.25).astype(np.uint8), ink).rest
    assert rest[dark == 1].mean() > 0.99
    assert rest[(pale > 0) & (squares == 0)].mean() > 0.8
    writing = cv2.dilate(((dark == 1) | (pale > 0)).astype(np.uint8), np.ones((5, 5), np.uint8)) == 1
    assert rest[(squares == 1) & ~writing].mean() < 0.005


def test_thin_pale_pieces_go_from_a_table_whose_outer_rules_are_dark():
    page = np.zeros((420, 620), np.float32)
    for y in range(20, 401, 95):
        page[y : y + 5, 20:600] = 0.9
    page[20:405, 20:25] = page[20:405, 595:600] = 0.9
    for x in range(120, 580, 95):  # inner rules, thin and pale, of which some are bent and broken
        page[20:400, x : x + 2] = 0.38
    page[60:62, 30:110] = page[63:65, 120:200] = page[158:160, 230:300] = 0.38
    writing = np.zeros((420, 620), np.uint8)
    for x in (70, 165, 260, 355):
        ring(writing, x, 255)
    page[writing == 1] = 0.95
    rest = remove_rules((page > 0.25).astype(np.uint8), page).rest
    assert rest[writing == 1].mean() > 0.99
    assert rest[cv2.dilate(writing, np.ones((5, 5), np.uint8)) == 0].sum() == 0


@pytest.mark.parametrize("darkness", [0.4, 0.62])
def test_the_last_piece_of_a_bent_rule_goes_and_a_one_beside_it_stays(darkness):
    page = np.zeros((460, 500), np.float32)
    rows = np.arange(460)
    for x in (60, 140, 220, 300, 380):
        bent = x + np.round((rows / 460) ** 2 * 5).astype(int)
        drawn = rows < 460 if x != 220 else (rows < 150) | (rows > 415) & (rows < 445)
        for offset in (0, 1):
            page[rows[drawn], bent[drawn] + offset] = 0.35
    page[416:445, 210:240] *= darkness / 0.35
    ones = np.zeros(page.shape, np.uint8)
    for x in (98, 178, 260):
        cv2.line(ones, (x, 405), (x + 3, 440), 1, 3)
    page[ones == 1] = 0.9
    rest = remove_rules((page > 0.25).astype(np.uint8), page).rest
    assert rest[ones == 1].mean() > 0.99
    assert rest[cv2.dilate(ones, np.ones((5, 5), np.uint8)) == 0].sum() == 0


def faint_squares(*, upright, length=130):
    """Squared paper of which every rule broke: upright ones of that length at these places, and what is darker."""
    binary = np.zeros((320, 400), np.uint8)
    for k, x in enumerate(upright):
        start = (0, 190, 95)[k % 3]
        binary[start : start + length, x] = 1
    for k, y in enumerate(range(40, 320, 60)):
        binary[y, (k % 2) * 150 : (k % 2) * 150 + 240] = 1
    return binary


@pytest.mark.parametrize("x", [180, 360], ids=["between", "beyond"])
def test_a_piece_of_squared_paper_goes_where_a_rule_was_not_found(x):
    rules, piece = faint_squares(upright=[60, 120, 240, 300]), np.zeros((320, 400), np.uint8)
    piece[240:275, x : x + 2] = 1
    ring(piece, 30, 190)
    kept = np.zeros_like(piece)
    ring(kept, 30, 190)
    ink = np.where(piece, 0.6, 0.3 * rules).astype(np.float32)
    ink[kept > 0] = 1.0
    assert np.array_equal(remove_rules(rules | piece, ink).rest, kept)


def test_a_one_in_the_middle_of_a_square_and_of_a_wide_column_stays():
    one = np.zeros((320, 400), np.uint8)
    one[245:285, 210:212] = 1
    rules = faint_squares(upright=[60, 120, 240, 300])
    ink = np.where(one, 0.6, 0.3 * rules).astype(np.float32)
    assert remove_rules(rules | one, ink).rest[one > 0].all()
    columns = np.zeros((320, 400), np.uint8)
    for x in (60, 120, 180, 300):
        columns[:, x : x + 2] = 1
    one = np.zeros((320, 400), np.uint8)
    one[245:285, 240:242] = 1
    assert remove_rules(columns | one).rest[one > 0].all()


@pytest.mark.parametrize("shift", [0, 30], ids=["digits between the rules", "digits on the rules"])
def test_a_piece_in_a_rule_goes_however_dark_where_writing_keeps_clear_of_the_rules(shift):
    page = np.zeros((460, 500), np.float32)
    for x in (60, 140, 220, 300, 380):
        page[:, x : x + 2] = 0.32
    page[400:440, 139:142] = 0.8  # nothing is written near it: its ink was lifted
    page[394:400, 139:142] = page[440:446, 139:142] = 0
    writing = np.zeros(page.shape, np.uint8)
    for x, y in itertools.product((100, 180, 260, 340), (80, 170)):
        ring(writing, x + shift, y)
    page[writing == 1] = 0.95
    rest = remove_rules((page > 0.25).astype(np.uint8), page).rest
    assert rest[writing == 1].mean() > 0.99
    assert rest[402:438, 139:142].mean() == (shift > 0)


def test_a_thin_piece_as_pale_as_the_rules_goes_where_no_rule_was_found():
    page = np.zeros((460, 500), np.float32)
    for x in (60, 140, 220, 300):
        page[:, x : x + 2] = 0.32
    for row, step in zip(range(150, 200), itertools.cycle((0, 1, 2, 1))):  # frayed: it has no long run
        page[row, 400 + step : 402 + step] = 0.36
    writing = np.zeros(page.shape, np.uint8)
    for x, y in itertools.product((100, 180, 260, 340), (80, 170)):
        ring(writing, x, y)
    cv2.line(writing, (440, 150), (444, 195), 1, 3)
    page[writing == 1] = 0.95
    rest = remove_rules((page > 0.25).astype(np.uint8), page).rest
    assert rest[writing == 1].mean() > 0.99
    assert rest[cv2.dilate(writing, np.ones((5, 5), np.uint8)) == 0].sum() == 0


def test_writing_as_pale_as_the_rules_stays():
    squares = table(400, 600, 80)
    rings = np.zeros_like(squares)
    for x in (121, 201, 281):
        ring(rings, x, 200)
    ink = (0.4 * np.maximum(squares, rings)).astype(np.float32)
    rest = remove_rules((ink > 0.25).astype(np.uint8), ink).rest
    assert rest[(rings == 1) & (squares == 0)].mean() > 0.99


def test_upright_strokes_of_digits_below_each_other_are_no_rules():
    page = np.zeros((140, 140), np.uint8)
    sevens = {(1, 0), (2, 0), (2, 2), (3, 2), (1, 4), (2, 4)}
    for row, column in itertools.product(range(5), range(5)):
        x, y = 28 * column, 28 * row
        if (row, column) in sevens:
            page[y + 6 : y + 24, x + 10 : x + 12] = 1
            page[y + 6 : y + 8, x + 2 : x + 12] = 1
        else:
            cv2.circle(page, (x + 12, y + 15), 9, 1, 2)
    assert np.array_equal(remove_rules(page).rest, page)


def test_squared_paper_from_nearby_is_lifted_off_digits_as_high_as_half_of_it():
    page = np.zeros((300, 400), np.uint8)
    glyph = draw_glyph("3", Hand(), np.random.default_rng(2), height=150) > 0.5
    page[80 : 80 + glyph.shape[0], 140 : 140 + glyph.shape[1]] = glyph
    squared = page.copy()
    for at in (30, 120, 210):
        squared[at : at + 5] = 1
    for at in (60, 150, 240, 330):
        squared[:, at : at + 5] = 1
    rest = remove_rules(squared).rest
    assert rest[page == 0].mean() < 0.005
    assert rest[page == 1].mean() > 0.85


def test_thin_ones_as_high_as_their_picture_are_no_squared_paper():
    page = np.zeros((60, 120), np.uint8)
    for at in (10, 40, 70, 100):
        page[2:58, at : at + 2] = 1
    page[30:32, 70:100] = 1
    assert remove_rules(page).rest[:, [10, 40]].any()


def line_crop(*sides, digits=(14, 40)):
    """A crop of 54 × 120 with a 0 and a 7 between two rows, and upright sides: (column, thickness)."""
    ink = np.zeros((54, 120), np.float32)
    top, bottom = digits
    middle, half = (top + bottom) // 2, (bottom - top) // 2
    cv2.ellipse(ink, (55, middle), (8, half), 0, 0, 360, 1.0, 2)
    cv2.polylines(ink, [np.array([[72, top], [88, top], [78, bottom]])], False, 1.0, 2)
    bare = ink.copy()
    for x, thickness in sides:
        cv2.line(ink, (x, 0), (x, 53), 0.8, thickness)
    return ink, bare


@pytest.mark.parametrize("sides", [[(6, 3)], [(112, 2)], [(4, 2), (10, 2)], [(8, 5), (115, 3)]])
def test_sides_beside_a_line_go_and_its_digits_stay(sides):
    ink, bare = line_crop(*sides)
    assert np.array_equal(without_sides(ink), bare)


def test_the_soft_edge_of_a_side_goes_with_it():
    ink, bare = line_crop((6, 3))
    ink[::3, 8:10] = 0.8
    assert np.array_equal(without_sides(ink), bare)


def test_a_stroke_from_edge_to_edge_is_a_one_where_the_digits_are_as_high():
    ink, _ = line_crop((6, 3), digits=(1, 52))
    assert without_sides(ink) is ink


def test_a_stroke_that_ends_within_or_stands_close_or_in_the_middle_is_no_side():
    short, bare = line_crop()
    cv2.line(short, (8, 4), (8, 49), 1.0, 3)
    assert without_sides(short) is short
    assert without_sides(bare) is bare
    close, _ = line_crop((44, 2))
    assert without_sides(close) is close
    middle, _ = line_crop((64, 2))
    assert without_sides(middle) is middle


def test_a_crop_of_a_side_alone_keeps_it():
    ink = np.zeros((30, 40), np.float32)
    ink[:, 4:7] = 1
    assert without_sides(ink) is ink


def test_upright_strokes_before_a_number_are_measured_up_to_the_last():
    ink = np.zeros((120, 60), np.float32)
    assert sides_before(ink, run=40) == 0
    ink[20:100, 10:13] = 1
    cv2.line(ink, (30, 15), (32, 105), 1.0, 2)  # not quite upright
    assert sides_before(ink, run=40) == pytest.approx(33, abs=2)
    assert sides_before(ink[:, :20], run=40) == pytest.approx(14, abs=1)
    assert sides_before(ink, run=95) == 0
    assert sides_before(ink[:30], run=40) == 0
    assert sides_before(ink[:, :0], run=40) == 0


def test_the_courses_of_rules_are_told():
    unruled = remove_rules(table(height=300, width=400, pitch=60))
    assert sorted(round(rule.at(150)) for rule in unruled.upright) == [60, 120, 180, 240, 300, 360]
    assert sorted(round(rule.at(200)) for rule in unruled.across) == [60, 120, 180, 240]
    assert all((rule.start, rule.end) == (0, 300) for rule in unruled.upright)
    assert all((rule.start, rule.end) == (0, 400) for rule in unruled.across)
    blank = remove_rules(np.zeros((300, 400), np.uint8))
    assert blank.across == blank.upright == ()
