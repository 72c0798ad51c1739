import dataclasses

import numpy as np
import pytest

from inkread.decode.agree import (
    MOST_ASKED,
    agree,
    doubtful_words,
    is_settled,
    may_hang_together,
    possible_numbers,
    with_agreement,
    with_likelier_digit,
    with_numbers,
)
from inkread.decode.choose import ChosenLine, PageReading
from inkread.geometry import Box, Quad
from inkread.parts import BLANK, DIGITS, Candidate, LineCrop, LineOfCandidates, Scores, Word


def peaked(digit, probability):
    row = np.full(10, (1 - probability) / 20)
    row[digit] = probability
    return row


def word_of(start, end, *, width=44, is_plain=False):
    ink = np.zeros((36, width), np.float32)
    ink[7:29, 2:18] = 1
    ink[7:29, 24:42] = 1
    crop = LineCrop(ink=ink, quad=Quad.of_box(Box(100, 50, 100 + width, 86)))
    return Word(start=start, end=end, crop=crop, digit_height=22.0, is_plain=is_plain)


def line_of(text, probability, *, pieces=2):
    return ChosenLine(
        boxes=tuple(Box(100 + 22 * i, 57, 118 + 22 * i, 79) for i in range(len(text))),
        inks=tuple(np.full((22, 18), 1 - 0.1 * i, np.float32) for i in range(len(text))),
        spans=tuple((i, i + 1) for i in range(len(text))),
        probabilities=tuple(peaked(int(c), probability) for c in text),
        texts=((text, probability),),
    )


def frames_of(text, probability, *, frames=11):
    """Sure blanks, and each character in one frame over its own half of the strip."""
    rows = np.full((frames, 11), 1e-4)
    rows[:, 10] = 1 - 1e-3
    for k, c in enumerate(text):
        at = round((k + 0.5) * frames / len(text))
        rows[at] = (1 - probability) / 10
        rows[at, int(c)] = probability
    rows /= rows.sum(axis=1, keepdims=True)
    columns = (np.arange(frames, dtype=np.float32) + 0.5) * 4
    return Scores(log_probs=np.log(rows).astype(np.float32), alphabet=(*DIGITS, BLANK), columns=columns)


def reading_of(line, *, share=0.9):
    return PageReading(lines=(line,), shares=(share,), marks=2)


def beside_a_digit(line):
    """A line that is believed to hold letters, and another one with a 7."""
    return PageReading(lines=(line, line_of("7", 0.9)), shares=(0.1, 0.9), marks=3)


def agreed(reading, words, scores, *, pieces=4):
    boxes = tuple(Box(100 + 22 * i, 57, 118 + 22 * i, 79) for i in range(pieces))
    found = LineOfCandidates(pieces=boxes, candidates=(), digit_height=22.0)
    return agree([found], reading, words, [[one] for one in scores])


def text_of(reading):
    return "".join(str(int(p.argmax())) for line in reading.lines for p in line.probabilities)


def stroke(lean, *, height=22):
    """An upright or leaning stroke, three pixels wide."""
    ink = np.zeros((height, 24), np.float32)
    for y in range(height):
        x = round(2 + lean * (height - 1 - y))
        ink[y, x : x + 3] = 1
    return ink


@pytest.mark.parametrize(("lean", "height", "text"), [(0.5, 22, "46"), (0.0, 30, "46"), (0.1, 22, "416")])
def test_a_long_or_leaning_one_between_digits_may_be_a_slash_and_the_line_network_says(lean, height, text):
    line = line_of("416", 0.99)
    one = Box(122, 79 - height, 140, 79)
    upright = stroke(0.0)
    line = dataclasses.replace(
        line, boxes=(line.boxes[0], one, line.boxes[2]), inks=(upright, stroke(lean, height=height), upright)
    )
    reading, word = reading_of(line), word_of(0, 3, is_plain=True)
    found = LineOfCandidates(pieces=line.boxes, candidates=(), digit_height=22.0, words=(word,))
    asked = doubtful_words([found], reading)
    assert bool(asked) == (text == "46")
    assert text_of(agreed(reading, asked, [frames_of("46", 0.8)] * len(asked))) == text


def test_a_word_in_which_the_line_network_sees_no_digit_holds_none_unless_the_digit_network_is_sure():
    words = [(0, word_of(0, 2))]
    assert text_of(agreed(reading_of(line_of("06", 0.6)), words, [frames_of("", 0.9)])) == ""
    assert text_of(agreed(reading_of(line_of("06", 0.99)), words, [frames_of("", 0.9)])) == "06"


@pytest.mark.parametrize(
    ("said", "is_plain", "close"),
    [
        (["12", "13"], False, True),
        (["12", "13"], True, False),
        (["12", "12"], False, False),
        (["12", ""], False, False),
        (["12", "1"], False, False),
    ],
)
def test_a_word_is_looked_at_closely_where_pieces_hang_together_and_readers_differ_on_digits(said, is_plain, close):
    assert may_hang_together(word_of(0, 2, is_plain=is_plain), [frames_of(text, 0.9) for text in said]) == close


def test_all_looks_at_a_word_are_heard():
    boxes = tuple(Box(100 + 22 * i, 57, 118 + 22 * i, 79) for i in range(4))
    found = LineOfCandidates(pieces=boxes, candidates=(), digit_height=22.0)
    looks = [frames_of(text, 0.9) for text in ("12", "13", "13", "13")]
    after = agree([found], reading_of(line_of("12", 0.5)), [(0, word_of(0, 2))], [looks])
    assert text_of(after) == "13"


def test_two_readers_that_agree_are_surer_than_one():
    before = reading_of(line_of("12", 0.8))
    after = agreed(before, [(0, word_of(0, 2))], [frames_of("12", 0.95)])
    assert text_of(after) == "12"
    assert after.certainty > before.certainty
    assert all(p.sum() <= 1 + 1e-9 for p in after.lines[0].probabilities)


@pytest.mark.parametrize(
    ("texts", "least", "most"),
    [([("30", 0.5)], 0.9, 0.95), ([("230", 0.6), ("30", 0.2)], 0.35, 0.45), ([("230", 0.9)], 0.3, 0.38)],
    ids=["the same", "the second guess", "not thought of"],
)
def test_a_line_is_as_sure_as_two_readers_of_all_of_it_make_it(texts, least, most):
    line = with_agreement(line_of("30", 0.9), texts)
    (own, sureness), *others = line.texts
    assert own == text_of(reading_of(line)) == "30"
    assert least <= sureness <= most
    assert line.probability == pytest.approx(sureness, abs=0.06), "its digits are together as sure"
    assert [text for text, _ in others] == [text for text, _ in texts if text != "30"]
    assert sum(probability for _, probability in line.texts) <= 1


def two_candidates():
    """A line of two pieces that stand apart."""
    boxes = (Box(100, 57, 118, 79), Box(122, 57, 140, 79))
    candidates = tuple(
        Candidate(start=k, end=k + 1, ink=np.ones((22, 18), np.float32), box=box) for k, box in enumerate(boxes)
    )
    return LineOfCandidates(pieces=boxes, candidates=candidates, digit_height=22.0)


def said_of(text, probability):
    rows = [[*peaked(int(c), probability), (1 - probability) / 2] for c in text]
    return np.log(np.array(rows)).astype(np.float32)


def test_the_digit_that_two_readers_together_find_likelier_is_taken():
    texts = (("17", 0.6), ("11", 0.3), ("7", 0.1))
    found, reading = (two_candidates(),), reading_of(line_of("17", 0.6))
    changed = with_likelier_digit(reading, texts, found, [said_of("11", 0.95)])
    assert text_of(changed) == "11"
    first, second = changed.lines[0].probabilities
    assert first.tolist() == reading.lines[0].probabilities[0].tolist(), "the others stay as they were"
    assert second.sum() == pytest.approx(reading.lines[0].probabilities[1].sum())
    assert second.max() < 0.6, "it is no surer than what was there"
    assert with_likelier_digit(reading, texts, found, [said_of("17", 0.95)]) is reading


@pytest.mark.parametrize(
    ("texts", "found", "signs"),
    [
        ((("17", 0.6), ("41", 0.3)), 1, ()),
        ((("17", 0.6), ("117", 0.3)), 1, ()),
        ((("17", 0.6), ("11", 0.3)), 0, ()),
        ((("17", 0.6), ("11", 0.3)), 1, (Box(118, 57, 122, 79),)),
    ],
    ids=["two digits differ", "another length", "nothing found", "a sign between them"],
)
def test_other_readings_change_no_digit(texts, found, signs):
    reading = reading_of(dataclasses.replace(line_of("17", 0.6), signs=signs))
    lines = (two_candidates(),) * found
    assert with_likelier_digit(reading, texts, lines, [said_of("41", 0.99)] * found) is reading


@pytest.mark.parametrize(
    ("own", "said", "settled"),
    [(0.97, ("47", 0.9), True), (0.9, ("47", 0.9), False), (0.97, ("47", 0.4), False), (0.97, ("41", 0.9), False)],
)
def test_sure_digits_that_the_line_network_reads_alike_are_settled(own, said, settled):
    assert is_settled(reading_of(line_of("47", own)), 0, word_of(0, 2), frames_of(*said)) is settled
    assert not is_settled(reading_of(line_of("47", own)), 0, word_of(2, 4), frames_of(*said))


def test_the_surer_reader_wins_where_they_differ():
    doubtful = reading_of(line_of("17", 0.5))
    assert text_of(agreed(doubtful, [(0, word_of(0, 2))], [frames_of("12", 0.97)])) == "12"
    sure = reading_of(line_of("17", 0.99))
    assert text_of(agreed(sure, [(0, word_of(0, 2))], [frames_of("12", 0.6)])) == "17"


def test_digits_of_the_line_network_stand_where_their_ink_is():
    nothing = reading_of(line_of("", 0.5))
    after = agreed(nothing, [(0, word_of(0, 1))], [frames_of("12", 0.97)])
    first, second = after.lines[0].boxes
    assert first == Box(102, 57, 118, 79)
    assert second == Box(124, 57, 142, 79)
    assert [ink.shape for ink in after.lines[0].inks] == [(22, 16), (22, 18)]
    assert all((ink == 1).all() for ink in after.lines[0].inks)


def test_a_word_that_only_the_line_network_reads_must_be_sure():
    nothing = reading_of(line_of("", 0.5))
    assert text_of(agreed(nothing, [(0, word_of(0, 1))], [frames_of("12", 0.6)])) == ""
    assert text_of(agreed(nothing, [(0, word_of(0, 1))], [frames_of("1", 0.6)])) == ""


def test_one_unsure_digit_of_a_word_does_not_take_the_others_with_it():
    nothing = reading_of(line_of("", 0.5))
    scores = frames_of("1234", 0.99)
    rows = scores.log_probs.copy()
    unsure = int(rows[:, 2].argmax())
    rows[unsure, [2, 6]] = np.log([0.6, 0.38])
    rows[unsure] -= np.log(np.exp(rows[unsure]).sum())
    read = agreed(nothing, [(0, word_of(0, 1))], [dataclasses.replace(scores, log_probs=rows)])
    assert text_of(read) == "1234"


def test_the_name_of_a_number_has_digits_only_where_they_are_told_surely():
    for said, left in ((("55", 0.5), ""), (("55", 0.8), "55"), (("5", 0.5), ""), (("", 1.0), "")):
        found = LineOfCandidates(
            pieces=(Box(100, 57, 118, 79), Box(122, 57, 140, 79)), candidates=(), digit_height=22.0
        )
        looks = [[frames_of(*said), frames_of(*said)]]
        reading = reading_of(line_of("55", 0.9))
        assert text_of(agree([found], reading, [(0, word_of(0, 2))], looks, labels={0})) == left
        assert text_of(agree([found], reading, [(0, word_of(0, 2))], looks)) in ("55", "5")


def test_other_words_of_the_line_stay_as_they_were():
    line = line_of("1234", 0.6)
    after = agreed(reading_of(line), [(0, word_of(1, 3))], [frames_of("99", 0.97)])
    assert text_of(after) == "1994"
    assert after.lines[0].boxes[0] == line.boxes[0]
    assert after.lines[0].boxes[3] == line.boxes[3]
    assert after.lines[0].inks[0] is line.inks[0]
    assert after.lines[0].inks[3] is line.inks[3]


@pytest.mark.parametrize(
    ("probability", "is_plain", "share", "asked"),
    [(0.97, True, 0.9, False), (0.97, False, 0.9, True), (0.7, True, 0.9, True), (0.7, True, 0.2, False)],
)
def test_only_doubtful_words_of_number_lines_are_asked_about(probability, is_plain, share, asked):
    word = word_of(0, 2, is_plain=is_plain)
    pieces = (Box(100, 57, 118, 79), Box(122, 57, 140, 79))
    found = LineOfCandidates(pieces=pieces, candidates=(), digit_height=22.0, words=(word,))
    reading = reading_of(line_of("12", probability), share=share)
    assert doubtful_words([found], reading) == ([(0, word)] if asked else [])


@pytest.mark.parametrize(("log_odds", "asked"), [(-3.0, False), (1.0, False), (4.0, True)])
def test_words_of_other_lines_are_asked_about_where_what_stands_around_them_is_digits(log_odds, asked):
    word, pieces = word_of(0, 2), (Box(100, 57, 118, 79), Box(122, 57, 140, 79))
    ink = np.ones((22, 18), np.float32)
    candidates = tuple(Candidate(start=k, end=k + 1, ink=ink, box=box) for k, box in enumerate(pieces))
    found = LineOfCandidates(pieces=pieces, candidates=candidates, digit_height=22.0, words=(word,))
    reading = reading_of(line_of("12", 0.4), share=0.2)
    around = [np.full(2, log_odds, np.float32)]
    assert doubtful_words([found], reading, around) == ([(0, word)] if asked else [])


@pytest.mark.parametrize(
    ("share", "others", "asked"),
    [(0.4, (0.7, 0.6, 0.6), True), (0.4, (0.7, 0.6), False), (0.4, (0.6, 0.5, 0.4), False), (0.3, (0.9,) * 3, False)],
    ids=["among lines of digits", "two lines are few", "among words", "hardly any digits"],
)
def test_less_will_do_among_lines_of_digits(share, others, asked):
    word = word_of(0, 2)
    pieces = (Box(100, 57, 118, 79), Box(122, 57, 140, 79))
    found = LineOfCandidates(pieces=pieces, candidates=(), digit_height=22.0, words=(word,))
    sure = LineOfCandidates(pieces=pieces, candidates=(), digit_height=22.0, words=())
    lines = (line_of("12", 0.4), *[line_of("34", 0.99)] * len(others))
    reading = PageReading(lines=lines, shares=(share, *others), marks=2 * len(lines))
    assert doubtful_words([found, *[sure] * len(others)], reading) == ([(0, word)] if asked else [])


@pytest.mark.parametrize(("sureness", "asked"), [(0.95, True), (0.6, False)])
def test_less_will_do_on_a_page_of_sure_digits(sureness, asked):
    word, piece = word_of(0, 1), Box(100, 57, 140, 79)
    whole = Candidate(start=0, end=1, ink=np.ones((22, 40), np.float32), box=piece)
    hanging = LineOfCandidates(pieces=(piece,), candidates=(whole,), digit_height=22.0, words=(word,))
    other = LineOfCandidates(pieces=(piece,) * 4, candidates=(), digit_height=22.0)
    lines = (line_of("1234", sureness), line_of("", 0.5))
    reading = PageReading(lines=lines, shares=(0.9, 0.2), marks=5)
    around = [np.zeros(0, np.float32), np.full(1, 1.0, np.float32)]
    assert doubtful_words([other, hanging], reading, around) == ([(1, word)] if asked else [])


def test_a_reading_that_leaves_a_high_piece_out_is_doubted():
    line = line_of("1", 0.97)
    whole = agreed(reading_of(line), [(0, word_of(0, 1))], [frames_of("12", 0.9)], pieces=1)
    assert text_of(whole) == "1"
    left = agreed(reading_of(line), [(0, word_of(0, 2))], [frames_of("12", 0.9)], pieces=2)
    assert text_of(left) == "12"


@pytest.mark.parametrize(("rule", "believed"), [(0, "1"), (7, "7")])
def test_what_the_digit_network_makes_of_ruled_paper_is_doubted(rule, believed):
    word = word_of(0, 1)
    ink = word.crop.ink.copy()
    ink[:rule] = 1  # what was taken for a rule is no piece's
    word = dataclasses.replace(word, crop=dataclasses.replace(word.crop, ink=ink))
    pieces = (Box(102, 57, 118, 79), Box(124, 57, 142, 79))
    candidates = tuple(Candidate(start=0, end=1, ink=np.ones((22, 17), np.float32), box=box) for box in pieces)
    found = LineOfCandidates(pieces=pieces, candidates=candidates, digit_height=22.0)
    after = agree([found], reading_of(line_of("1", 0.95)), [(0, word)], [[frames_of("7", 0.9)]])
    assert text_of(after) == believed


def among_letters(digit_likelihoods, *, words):
    """A line of letters with components of such likelihoods of being some digit, and what is known of them."""
    boxes = tuple(Box(100 + 22 * i, 57, 118 + 22 * i, 79) for i in range(len(digit_likelihoods)))
    ink = np.ones((22, 18), np.float32)
    found = LineOfCandidates(
        pieces=boxes,
        candidates=tuple(Candidate(start=k, end=k + 1, ink=ink, box=box) for k, box in enumerate(boxes)),
        digit_height=22.0,
        words=words,
        components=tuple((k, k + 1) for k in range(len(boxes))),
    )
    scores = np.full((len(boxes), 11), 0.01)
    scores[:, 10] = 1 - np.array(digit_likelihoods)
    return found, np.log(scores).astype(np.float32)


def asked_about(found, reading, scores, *, narrower=(), known=()):
    return possible_numbers([found], reading, [scores], narrower=lambda line: narrower, known=known)


@pytest.mark.parametrize(
    ("share", "known", "asked"), [(0.1, False, [1]), (0.1, True, []), (0.6, False, [])], ids=["text", "known", "number"]
)
def test_words_among_letters_whose_marks_may_be_digits_are_asked_about(share, known, asked):
    letters, number = word_of(0, 2), word_of(2, 4)
    found, scores = among_letters([0.02, 0.1, 0.9, 0.4], words=(letters, number))
    reading = reading_of(line_of("", 0.9), share=share)
    words = asked_about(found, reading, scores, known=[(0, number)] if known else [])
    assert words == [(0, (letters, number)[k]) for k in asked]


def test_small_print_is_not_asked_about():
    found, scores = among_letters([0.9, 0.9], words=(word_of(0, 2),))
    small = dataclasses.replace(found, digit_height=13.0)
    assert asked_about(small, reading_of(line_of("", 0.9), share=0.05), scores) == []


def test_the_parts_of_a_line_between_narrower_gaps_are_asked_about():
    line, number = word_of(0, 4), word_of(2, 4)
    found, scores = among_letters([0.02, 0.1, 0.9, 0.8], words=(line,))
    reading = reading_of(line_of("", 0.9), share=0.1)
    assert asked_about(found, reading, scores, narrower=(word_of(0, 2), number)) == [(0, number)]
    assert asked_about(found, reading, scores, narrower=(number,), known=[(0, line)]) == []


@pytest.mark.parametrize(("width", "asked"), [(110, True), (200, False)])
def test_a_short_word_that_hangs_together_is_asked_about(width, asked):
    word = word_of(0, 4, width=width)
    found, scores = among_letters([0.01] * 4, words=(word,))
    joined = dataclasses.replace(found, components=())
    words = asked_about(joined, reading_of(line_of("", 0.9), share=0.1), scores)
    assert words == ([(0, word)] if asked else [])


def test_the_likeliest_of_many_words_are_asked_about():
    count = MOST_ASKED + 6
    found, scores = among_letters(np.linspace(0.6, 0.9, count), words=tuple(word_of(k, k + 1) for k in range(count)))
    words = asked_about(found, reading_of(line_of("", 0.9), share=0.05), scores)
    assert [word.start for _, word in words] == list(range(count - 1, 5, -1))


@pytest.mark.parametrize(
    ("said", "probability", "kept"),
    [("46", 0.999, "46"), ("46", 0.97, ""), ("468", 0.99, "468"), ("468", 0.9, ""), ("4", 0.9999, ""), ("", 0.9, "")],
)
def test_a_word_among_letters_is_a_number_where_the_line_network_is_sure_of_several_digits(said, probability, kept):
    word = word_of(2, 4)
    reading = beside_a_digit(line_of("", 0.9))
    after = with_numbers(reading, [(0, word)], [frames_of(said, probability, frames=21)])
    assert text_of(after) == f"{kept}7"
    assert all(span == (2, 4) for span in after.lines[0].spans)
    if kept:
        assert after.lines[0].probability > 0.8
        assert all(100 <= box.x0 < box.x1 <= 144 for box in after.lines[0].boxes)


@pytest.mark.parametrize(
    ("said", "probability", "kept"), [("46", 0.9999, "46"), ("46", 0.99, ""), ("468", 0.99, "468"), ("468", 0.97, "")]
)
def test_where_the_page_holds_no_other_digits_it_must_be_surer(said, probability, kept):
    scores = [frames_of(said, probability, frames=7)]
    assert text_of(with_numbers(reading_of(line_of("", 0.9), share=0.1), [(0, word_of(2, 4))], scores)) == kept
    assert text_of(with_numbers(beside_a_digit(line_of("", 0.9)), [(0, word_of(2, 4))], scores)) == f"{said}7"


def test_of_numbers_that_overlap_the_widest_is_read():
    words = [(0, word_of(2, 4)), (0, word_of(2, 6)), (0, word_of(6, 8))]
    said = [frames_of(text, 0.999, frames=21) for text in ("46", "4682", "17")]
    after = with_numbers(beside_a_digit(line_of("", 0.9)), words, said)
    assert text_of(after) == "4682177"


def test_what_looks_like_digits_among_letters_goes_where_the_line_network_sees_none():
    reading = reading_of(line_of("06", 0.9), share=0.1)
    words = [(0, word_of(0, 1)), (0, word_of(1, 2))]
    after = with_numbers(reading, words, [frames_of("", 0.9), frames_of("6", 0.6)])
    assert text_of(after) == "6"
