import numpy as np
import pytest

from inkread.data import datasets
from inkread.data.datasets import Samples
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption
from inkread.recognize.prepare import LINE_HEIGHT
from inkread.train.pictures import LinePictures


def picture(text, *, seed=0):
    glyphs = [draw_glyph(c, Hand(), np.random.default_rng(seed + i), height=40) for i, c in enumerate(text)]
    height = max(glyph.shape[0] for glyph in glyphs)
    ink = np.hstack([np.pad(glyph, ((0, height - glyph.shape[0]), (2, 2))) for glyph in glyphs])
    return np.uint8(230 - 200 * np.pad(ink, 8))


@pytest.fixture
def two_pictures(monkeypatch):
    images = (picture("407"), picture("12", seed=9), np.full((30, 80), 200, np.uint8))
    samples = Samples(images=images, labels=np.array(["407", "12", "5"]), dark_ink=True)
    monkeypatch.setattr(datasets, "load", lambda name, split: samples)
    return LinePictures("some", "train")


def test_pictures_come_as_strips_with_their_texts_and_bare_ones_not_at_all(two_pictures):
    assert len(two_pictures) == 2
    rng = np.random.default_rng(0)
    lines = [two_pictures.line(rng) for _ in range(40)]
    assert {text for _, text in lines} == {"407", "12"}
    for strip, text in lines:
        assert strip.shape[0] == LINE_HEIGHT
        assert strip.dtype == np.float32
        assert 0 <= strip.min() <= strip.max() <= 1
        assert strip.sum() > 10 * len(text)


def test_no_two_strips_of_a_picture_are_the_same(two_pictures):
    rng = np.random.default_rng(1)
    strips = [strip for strip, text in (two_pictures.line(rng) for _ in range(20)) if text == "407"]
    assert len({strip.tobytes() for strip in strips}) == len(strips)


def test_labels_that_are_no_numbers_are_refused(monkeypatch):
    samples = Samples(images=(picture("1"),), labels=np.array(["A"]), dark_ink=True)
    monkeypatch.setattr(datasets, "load", lambda name, split: samples)
    with pytest.raises(InvalidOption, match="'A'"):
        LinePictures("some", "train")
    empty = Samples(images=(np.full((30, 80), 200, np.uint8),), labels=np.array(["1"]), dark_ink=True)
    monkeypatch.setattr(datasets, "load", lambda name, split: empty)
    with pytest.raises(InvalidOption, match="no line with ink"):
        LinePictures("some", "train")
