"""Digits of one value vary by 1 along every axis, around the mean that the model tells."""

from __future__ import annotations

import numpy as np

from inkread.data.synth import Hand, draw_glyph
from inkread.models.registry import bundled
from inkread.recognize.digit import DigitRecognizer
from inkread.recognize.writer import WriterModel


def test_digits_lie_around_the_means_of_their_values():
    rng = np.random.default_rng(4)
    values = rng.integers(10, size=300)
    inks = [draw_glyph(str(value), Hand.random(rng), rng, height=40) for value in values]
    features = DigitRecognizer(bundled("digit")).features(inks)
    assert features.shape == (300, 96, 7, 7)
    places, means, shares = WriterModel(bundled("writer")).places(features)
    assert places.shape == (300, 96)
    assert means.shape == (10, 96)
    assert shares.shape == (96,)
    assert ((shares > 0) & (shares < 1)).all()
    distances = np.linalg.norm(places[:, None] - means, axis=2)
    assert (distances.argmin(axis=1) == values).mean() > 0.95
    spread = (places - means[values]).std(axis=0)
    assert 0.5 < np.median(spread) < 2


def test_it_belongs_to_the_bundled_digit_network():
    assert bundled("writer").training["digit_network"] == bundled("digit").name
