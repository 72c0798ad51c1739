"""Crops to learn from: every source in its share, distorted and still what its label says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import InvalidOption
from inkread.recognize.prepare import INPUT_SIDE
from inkread.train.digits import NOT_A_DIGIT_CLASS, CropPool, CropStream, DistortionOptions, tight_crop

QUIET = DistortionOptions(
    **{
        field.name: 0.0
        for field in dataclasses.fields(DistortionOptions)
        if field.name.endswith("_share") or field.name in ("rotation_degrees", "slant", "aspect", "elastic_pixels")
    }
)


def inks(characters, *, seed=0):
    rng = np.random.default_rng(seed)
    return [draw_glyph(character, Hand.random(rng), rng, height=36) for character in characters]


@pytest.fixture
def pool():
    made = CropPool()
    made.add("digits", inks("0123456789" * 2), np.arange(20) % 10, weight=0.6)
    made.add("others", inks("KXWM"), [NOT_A_DIGIT_CLASS] * 4, weight=0.2)
    return made


def test_a_crop_is_centered_at_one_size_whatever_it_was():
    ink = inks("5")[0]
    small, large = tight_crop(ink), tight_crop(np.pad(np.kron(ink, np.ones((4, 4), np.float32)), 9))
    assert small.dtype == np.uint8
    assert small.shape == large.shape
    assert np.abs(small.astype(int) - large).mean() < 6
    rows, columns = np.flatnonzero(small.max(1) > 80), np.flatnonzero(small.max(0) > 80)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(30, abs=2)
    assert tight_crop(np.zeros((9, 9), np.float32)) is None


def test_a_pool_knows_its_shares_and_leaves_out_what_has_no_ink(pool):
    pool.add("pale", [np.zeros((5, 5), np.float32), *inks("7")], [3, 7], weight=0.2)
    assert pool.shares() == {"digits": (20, 0.6), "others": (4, 0.2), "pale": (1, 0.2)}
    assert len(pool) == 25
    with pytest.raises(InvalidOption, match="'blank' holds no ink"):
        pool.add("blank", [np.zeros((5, 5), np.float32)], [1], weight=1)


def stream(pool, *, seed=1, batch_size=64, options=None):
    return CropStream(pool, batch_size=batch_size, rng=np.random.default_rng(seed), options=options)


def test_batches_are_network_input_and_the_same_for_the_same_seed(pool):
    inputs, targets = stream(pool).batch()
    assert inputs.shape == (64, 1, INPUT_SIDE, INPUT_SIDE)
    assert inputs.dtype == np.float32
    assert 0 <= inputs.min() <= inputs.max() <= 1
    assert targets.shape == (64,)
    assert set(targets.tolist()) <= set(range(11))
    again = next(iter(stream(pool)))
    np.testing.assert_array_equal(inputs, again[0])
    np.testing.assert_array_equal(targets, again[1])
    assert not np.array_equal(inputs, stream(pool, seed=2).batch()[0])


def test_sources_come_in_their_shares(pool):
    options = dataclasses.replace(QUIET, composed_share=0.2)
    targets = np.concatenate([stream(pool, seed=s, batch_size=500, options=options).batch()[1] for s in range(2)])
    # Of a batch a fifth is composed, a quarter of the rest is letters.
    assert (targets == NOT_A_DIGIT_CLASS).mean() == pytest.approx(0.2 + 0.8 * 0.25, abs=0.05)


def test_without_distortion_a_crop_is_what_reading_would_give(pool):
    from inkread.recognize.prepare import prepare

    inputs, targets = stream(pool, options=QUIET).batch()
    sources = prepare([crop.astype(np.float32) / 255 for crops in pool.crops for crop in crops])
    for picture, target in zip(inputs, targets, strict=True):
        distance = np.abs(sources - picture).mean(axis=(1, 2, 3))
        assert distance.min() < 0.01
        assert np.concatenate(pool.targets)[distance.argmin()] == target


def test_distorted_digits_are_still_read(pool):
    """The bundled network, which learned from such crops, reads most of them: no distortion destroys a digit."""
    from inkread.models.registry import bundled
    from inkread.models.session import Session

    options = dataclasses.replace(DistortionOptions(), composed_share=0.0)
    inputs, targets = stream(pool, batch_size=400, options=options).batch()
    (logits,) = Session(bundled("digit")).run(["logits"], {"ink": inputs})
    digit = targets < NOT_A_DIGIT_CLASS
    assert (logits[digit, :10].argmax(axis=1) == targets[digit]).mean() > 0.9


def test_every_kind_of_distortion_alone_gives_ink(pool):
    for name in (field.name for field in dataclasses.fields(DistortionOptions) if field.name.endswith("_share")):
        inputs, targets = stream(pool, batch_size=40, options=dataclasses.replace(QUIET, **{name: 1.0})).batch()
        assert np.isfinite(inputs).all(), name
        assert (inputs.max(axis=(1, 2, 3)) > 0.99).mean() > 0.97, name
        if name == "composed_share":
            assert (targets == NOT_A_DIGIT_CLASS).all()


def test_a_pool_without_digits_cannot_be_learned_from():
    only_letters = CropPool()
    only_letters.add("letters", inks("KX"), [NOT_A_DIGIT_CLASS] * 2, weight=1)
    with pytest.raises(InvalidOption, match="at least one source with digits"):
        stream(only_letters)


def test_weights_of_named_sources_are_multiplied_and_the_crops_are_the_same(pool):
    weighed = pool.weighed({"digits": 2.0, "unknown": 9.0})
    assert weighed.shares()["digits"][1] == pytest.approx(1.2 / 1.4)
    assert pool.shares()["digits"][1] == pytest.approx(0.75)
    assert weighed.crops is pool.crops
