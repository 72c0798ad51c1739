import cv2
import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption
from inkread.recognize.prepare import LINE_HEIGHT
from inkread.train.digits import tight_crop
from inkread.train.lines import (
    DIGIT_HEIGHT,
    LENGTH_CLASSES,
    SIGNS,
    Beside,
    LineStream,
    Sign,
    WriterDigits,
    _Style,
    random_date,
    random_number,
)


@pytest.fixture(scope="module")
def writer():
    rng = np.random.default_rng(0)
    hand = Hand.random(rng)
    return WriterDigits(tuple(np.stack([tight_crop(draw_glyph(d, hand, rng, height=32))]) for d in "0123456789"))


def stream_of(writer, seed, *, batch_size=16):
    return LineStream(
        [[writer]], [1.0], Beside(others=writer.crops[4]), batch_size=batch_size, rng=np.random.default_rng(seed)
    )


def test_batches_hold_strips_of_ink_with_their_texts(writer):
    strips, widths, texts = stream_of(writer, 1).batch()
    assert strips.shape[:3] == (16, 1, LINE_HEIGHT)
    assert strips.dtype == np.float32
    assert strips.min() >= 0
    assert strips.max() <= 1
    assert strips.shape[3] % 8 == 0
    for strip, width, text in zip(strips, widths, texts, strict=True):
        assert text.isdigit()
        assert strip[0, :, width:].max(initial=0) == 0, "padding is bare"
        assert strip[0, :, :width].sum() > 5 * len(text), "there is ink"


def test_words_stand_beside_some_numbers_and_some_lines_hold_nothing_else(writer):
    word = np.full((DIGIT_HEIGHT, 4 * DIGIT_HEIGHT), 255, np.uint8)
    beside = Beside(others=writer.crops[4], words=[word])
    stream = LineStream([[writer]], [1.0], beside, batch_size=16, rng=np.random.default_rng(9))
    lines = [stream.line(3) for _ in range(400)]
    texts = [text for _, text in lines]
    assert 0 < texts.count("") < 30
    assert all(len(text) == 3 and text.isdigit() for text in texts if text)
    # As much full ink as the block has is no three digits.
    with_words = np.mean([(ink > 0.5).sum() > 0.5 * DIGIT_HEIGHT**2 * 3 for ink, text in lines if text])
    assert 0.1 < with_words < 0.3
    assert all((ink > 0.5).sum() > 0.5 * DIGIT_HEIGHT**2 for ink, text in lines if not text)


def test_signs_stand_before_behind_and_within_numbers(writer):
    block = Sign(ink=np.full((DIGIT_HEIGHT, 3 * DIGIT_HEIGHT), 255, np.uint8), rise=0.0)
    signs = {character: [block] for character in SIGNS}
    beside = Beside(others=writer.crops[4], signs=signs)
    signed = LineStream([[writer]], [1.0], beside, batch_size=16, rng=np.random.default_rng(9))

    def with_blocks(stream):
        lines = [stream.line(4) for _ in range(300)]
        assert all(len(text) == 4 and text.isdigit() for _, text in lines)
        return sum((ink > 0.5).sum() > 0.5 * 3 * DIGIT_HEIGHT**2 for ink, _ in lines)

    assert with_blocks(signed) > with_blocks(stream_of(writer, 9)) + 60


def test_signs_are_in_a_pen_about_as_broad_as_the_digits(writer):
    ring = np.zeros((DIGIT_HEIGHT, DIGIT_HEIGHT), np.uint8)
    thin, broad = ring.copy(), ring.copy()
    cv2.circle(thin, (13, 13), 11, 255, 1)
    cv2.circle(broad, (13, 13), 9, 255, 7)
    alike = 0
    for stroke in (1.0, 7.0):
        signs = {character: [Sign(ink=ink, rise=0.0) for ink in (broad, thin)] for character in SIGNS}
        beside = Beside(others=writer.crops[4], signs=signs)
        stream = LineStream([[writer]], [1.0], beside, batch_size=16, rng=np.random.default_rng(9))
        style = _Style.random(np.random.default_rng(1))
        inks = [stream._number_sign("%", style, stroke)[0] for _ in range(100)]
        alike += sum((ink.mean() > 0.3) == (stroke > 3) for ink in inks)
    assert alike > 150


def test_a_date_is_a_day_a_month_and_a_year():
    rng = np.random.default_rng(4)
    dates = [random_date(rng) for _ in range(200)]
    assert {tuple(map(len, date)) for date in dates} >= {(2, 2, 4), (2, 2, 2), (4, 2, 2), (1, 1, 4)}
    for date in dates:
        year = max(date, key=len) if max(map(len, date)) == 4 else date[-1]
        day, month = sorted((int(part) for part in date if part is not year), reverse=True)
        assert 1 <= month <= 12
        assert day <= 31


def test_gentle_lines_stand_on_bare_paper(writer):
    def bare(gentle):
        stream = LineStream(
            [[writer]],
            [1.0],
            Beside(others=writer.crops[4]),
            batch_size=16,
            rng=np.random.default_rng(2),
            gentle=gentle,
        )
        return np.mean([(stream.line(4)[0] == 0).mean() > 0.25 for _ in range(60)])

    assert bare(1.0) == 1.0
    assert bare(0.0) < 0.9


def test_the_same_seed_gives_the_same_lines(writer):
    first, _, texts = stream_of(writer, 7).batch()
    again, _, texts_again = stream_of(writer, 7).batch()
    np.testing.assert_array_equal(first, again)
    assert texts == texts_again
    _, _, other_texts = stream_of(writer, 8).batch()
    assert other_texts != texts


def test_longer_numbers_make_wider_lines(writer):
    stream = stream_of(writer, 3)
    short = np.mean([stream.line(2)[0].shape[1] for _ in range(40)])
    long = np.mean([stream.line(8)[0].shape[1] for _ in range(40)])
    assert 2.2 < long / short < 4.5


@pytest.mark.parametrize("length", [1, 2, 5, 16])
def test_random_numbers_have_the_asked_length_and_every_habit(length):
    rng = np.random.default_rng(5)
    numbers = [random_number(rng, length) for _ in range(400)]
    assert all(len(n) == length and n.isdigit() for n in numbers)
    if length == 5:
        assert any(n.endswith("000") for n in numbers), "round amounts"
        assert any(n.startswith("0") for n in numbers), "leading zeros"
        assert any(len(set(n)) == 1 for n in numbers), "repeated digits"


def test_a_batch_keeps_to_one_class_of_lengths(writer):
    stream = stream_of(writer, 11)
    for _ in range(5):
        _, _, texts = stream.batch()
        lengths = [len(t) for t in texts]
        assert any(low <= min(lengths) and max(lengths) <= high for low, high in LENGTH_CLASSES)


def test_a_writer_without_one_of_the_digits_is_refused(writer):
    with pytest.raises(InvalidOption, match="each of the ten digits"):
        WriterDigits(writer.crops[:9])
    with pytest.raises(InvalidOption, match="at least one group"):
        LineStream([], [], Beside(others=writer.crops[0]), batch_size=4, rng=np.random.default_rng(0))


def test_strokes_are_as_wide_as_they_are():
    thin, bold = (np.zeros((1, 48, 48), np.uint8) for _ in range(2))
    thin[0, 9:39, 22:25] = 255
    bold[0, 9:39, 18:27] = 255
    assert WriterDigits((thin,) * 10).stroke_width == pytest.approx(3 / 30, abs=0.05)
    assert WriterDigits((bold,) * 10).stroke_width == pytest.approx(9 / 30, abs=0.08)


def test_lines_hold_as_many_digits_as_they_say(writer):
    """Signs and neighbors come on top of the digits, so that there is never less ink than the digits have."""
    stream = stream_of(writer, 13)
    widths = {length: [stream.line(length)[0].sum() for _ in range(60)] for length in (1, 4)}
    assert np.median(widths[4]) > 1.8 * np.median(widths[1])


def test_batches_of_like_width_waste_little(writer):
    stream = stream_of(writer, 17, batch_size=16)
    filled = [widths.mean() / strips.shape[3] for strips, widths, _ in (stream.batch() for _ in range(16))]
    assert np.mean(filled) > 0.75
