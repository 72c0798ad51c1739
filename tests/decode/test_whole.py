from dataclasses import replace

import numpy as np
import pytest

from inkread.decode.whole import likeliest_together, read_whole, with_second_opinion
from inkread.geometry import Box, Quad
from inkread.parts import BLANK, DIGITS, LineCrop, Scores, Word


@pytest.fixture
def word():
    """Three bars of ink, 20 pixels wide and 60 apart, in a crop that starts at (100, 50)."""
    ink = np.zeros((40, 180), np.float32)
    for x in (20, 80, 140):
        ink[10:30, x : x + 20] = 1
    return Word(
        start=0,
        end=1,
        crop=LineCrop(ink=ink, quad=Quad.of_box(Box(100, 50, 280, 90))),
        digit_height=20.0,
        is_plain=False,
    )


def scores_of(text, certainty, *, frames=45, begin=range(6, 90, 15)):
    """The characters at the frames where they begin, by default at the bars, everything else blank."""
    rest = (1 - certainty) / 10
    probabilities = np.full((frames, 11), 1e-4)
    probabilities[:, 10] = 0.999
    for place, character in enumerate(text):
        row = probabilities[begin[place]]
        row[:] = rest
        row[int(character)] = certainty
    columns = (np.arange(frames) + 0.5) * 4
    log_probs = np.log(probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)
    return Scores(log_probs=log_probs, alphabet=(*DIGITS, BLANK), columns=columns.astype(np.float32))


def text_of(line):
    return "".join(str(p.argmax()) for p in line.probabilities)


def test_digits_stand_where_their_ink_is(word):
    line = read_whole(word, [scores_of("407", 0.95)])
    assert text_of(line) == line.texts[0][0] == "407"
    assert [box.to_list() for box in line.boxes] == [
        [120.0, 60.0, 140.0, 80.0],
        [180.0, 60.0, 200.0, 80.0],
        [240.0, 60.0, 260.0, 80.0],
    ]
    assert all(ink.shape == (20, 20) and ink.min() == 1 for ink in line.inks)
    assert 0.5 < line.texts[0][1] < 1


def test_a_box_holds_the_faint_strokes_that_hang_together_with_its_ink(word):
    ink = word.crop.ink.copy()
    ink[4:10, 88:92] = 0.4  # a light stroke down into the second bar
    ink[2:6, 150:154] = 0.4  # dirt over the third
    line = read_whole(replace(word, crop=replace(word.crop, ink=ink)), [scores_of("407", 0.95)])
    assert [(box.y0, box.y1) for box in line.boxes] == [(60, 80), (54, 80), (60, 80)]
    assert line.inks[1].shape == (26, 20)


def test_digits_that_touch_are_parted_midway_though_they_hold_less_ink_elsewhere(word):
    ink = np.zeros((40, 180), np.float32)
    for x in (20, 40, 60):  # rings, side by side: what is barest is the middle of each
        ink[10:30, x : x + 20] = 1
        ink[13:27, x + 3 : x + 17] = 0
    scores = scores_of("407", 0.95, begin=(0, 11, 16))  # the first at once
    touching = replace(word, crop=replace(word.crop, ink=ink))
    line = read_whole(touching, [scores])
    for box, x in zip(line.boxes, (120, 140, 160), strict=True):
        assert [box.x0, box.x1] == pytest.approx([x, x + 20], abs=4)


def test_posts_that_reach_across_the_line_belong_to_no_digit(word):
    alone = read_whole(word, [scores_of("407", 0.95)])
    ink = word.crop.ink.copy()
    ink[:, [4, 64, 118, 174]] = 1
    between_posts = replace(word, crop=replace(word.crop, ink=ink))
    assert read_whole(between_posts, [scores_of("407", 0.95)]).boxes == alone.boxes


def test_a_dash_between_digits_and_a_rule_below_them_belong_to_no_digit(word):
    alone = read_whole(word, [scores_of("407", 0.95)])
    ink = word.crop.ink.copy()
    bare = np.flatnonzero(~(ink > 0.5).any(axis=0))
    gap = next(run for run in np.split(bare, np.flatnonzero(np.diff(bare) > 1) + 1) if run[0] > 10 and len(run) > 8)
    ink[19:22, gap[2] : gap[-2]] = 1
    ink[36:38] = 1
    ruled = replace(word, crop=replace(word.crop, ink=ink))
    assert read_whole(ruled, [scores_of("407", 0.95)]).boxes == alone.boxes


def test_the_bar_of_a_five_that_was_lifted_off_stays_with_it(word):
    ink = np.zeros((40, 180), np.float32)
    for x in (20, 70, 120):
        ink[16:30, x : x + 20] = 1
    ink[10:13, 74:92] = 1
    scores = scores_of("457", 0.95, begin=(2, 17, 32))
    lifted = replace(word, crop=replace(word.crop, ink=ink))
    assert [box.y0 for box in read_whole(lifted, [scores]).boxes] == [66, 60, 66]


def test_words_beside_a_number_belong_to_no_digit(word):
    ink = np.zeros((40, 400), np.float32)
    ink[:, 100:280] = word.crop.ink
    ink[12:30, [5, 30, 60, 90, 300, 350]] = 1
    longer = replace(word, crop=LineCrop(ink=ink, quad=Quad.of_box(Box(0, 50, 400, 90))))
    scores = scores_of("407", 0.95, frames=100)
    moved = replace(scores, log_probs=np.roll(scores.log_probs, 25, axis=0))
    alone = read_whole(word, [scores_of("407", 0.95)])
    assert read_whole(longer, [moved]).boxes == alone.boxes


def test_digits_that_hang_together_with_a_post_keep_their_own_boxes(word):
    ink = word.crop.ink.copy()
    ink[:, 100] = 1  # the edge of the second bar
    line = read_whole(replace(word, crop=replace(word.crop, ink=ink)), [scores_of("407", 0.95)])
    assert line.boxes == read_whole(word, [scores_of("407", 0.95)]).boxes


def test_two_looks_are_weighed_against_each_other(word):
    sure, unsure = scores_of("407", 0.97), scores_of("401", 0.6)
    line = read_whole(word, [unsure, sure])
    assert text_of(line) == "407"
    assert "401" in [text for text, _ in line.texts]
    alone = read_whole(word, [sure])
    assert line.texts[0][1] < alone.texts[0][1], "a look that differs lowers the probability"


@pytest.mark.parametrize(
    ("own", "other", "sure", "read"),
    [
        pytest.param("4071", "407", 0.99, "407", id="one character, and very sure"),
        pytest.param("4071", "407", 0.7, "4071", id="one character, and not so sure"),
        pytest.param("94071", "407", 0.9, "407", id="more characters"),
        pytest.param("419", "407", 0.9, "419", id="another number"),
        pytest.param("4107", "407", 0.999, "407", id="a stroke within, and very sure"),
        pytest.param("4107", "407", 0.97, "4107", id="a stroke within, and not so sure"),
        pytest.param("4207", "407", 0.99, "4207", id="a digit within that is no stroke"),
    ],
)
def test_what_stands_beside_a_number_is_left_out_where_the_network_that_knows_words_is_sure(own, other, sure, read):
    looks = [scores_of(own, 0.999, frames=90), scores_of(other, sure, frames=90)]
    texts, surest = likeliest_together(looks, past_words=1)
    assert texts[0][0] == read
    assert surest == (0 if read == own else 1)
    assert sum(probability for _, probability in texts) <= 1 + 1e-6


def test_a_line_of_blanks_holds_no_digits(word):
    assert read_whole(word, [scores_of("", 0.9)]) is None


def test_a_line_that_is_not_likely_enough_is_not_read(word):
    looks = [scores_of("407", 0.95)]
    (_, probability), *_ = read_whole(word, looks).texts
    assert read_whole(word, looks, least=probability) is None
    assert read_whole(word, looks, least=probability - 0.01) is not None


def test_the_digit_network_moves_an_unsure_digit_and_no_sure_one(word):
    line = read_whole(word, [scores_of("407", 0.5)])
    opinion = np.full((3, 11), 1e-4)
    for row, digit in zip(opinion, (4, 0, 1), strict=True):
        row[digit] = 1 - 10e-4
    moved = with_second_opinion(line, np.log(opinion).astype(np.float32))
    assert text_of(moved)[:2] == "40"
    assert moved.probabilities[0].max() > line.probabilities[0].max(), "agreement makes surer"
    assert moved.probabilities[2][1] > line.probabilities[2][1]
    assert all(p.sum() <= 1 + 1e-9 for p in moved.probabilities)
    sure = read_whole(word, [scores_of("407", 0.99)])
    assert text_of(with_second_opinion(sure, np.log(opinion).astype(np.float32))) == "407"


def test_readings_that_are_no_longer_those_of_the_digits_are_dropped(word):
    line = read_whole(word, [scores_of("407", 0.35)])
    opinion = np.full((3, 11), 1e-4)
    opinion[:, 9] = 1 - 10e-4
    moved = with_second_opinion(line, np.log(opinion).astype(np.float32))
    assert text_of(line) == "407"
    assert text_of(moved) == "999"
    assert moved.texts == ()
