"""The baseline sees pixels as they are, is trained once, and takes crops of any size."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.compare import networks
from inkread.compare.baseline import lenet_baseline
from inkread.data.datasets import Samples
from inkread.data.synth import Hand, draw_glyph
from inkread.errors import DataError, InvalidArray
from inkread.recognize.prepare import prepare


def digits(text="0147" * 12):
    rng = np.random.default_rng(0)
    images = np.uint8(255 * prepare([draw_glyph(character, Hand(), rng, height=32) for character in text])[:, 0])
    return Samples(images=images, labels=np.array(list(text)), dark_ink=False)


@pytest.fixture
def quick(monkeypatch):
    import dataclasses

    lenet = dataclasses.replace(networks.NETWORKS["lenet5"], epochs=25, batch_size=16, learning_rate=5e-3)
    monkeypatch.setattr("inkread.compare.baseline.NETWORKS", {"lenet5": lenet})


def test_it_is_trained_once_and_found_again(quick, tmp_path):
    samples, steps = digits(), []
    read = lenet_baseline(tmp_path, samples=samples, threads=1, report=lambda progress: steps.append(progress.step))
    assert steps
    assert (read(samples.images) == samples.labels.astype(int)).mean() >= 0.9
    steps.clear()
    again = lenet_baseline(tmp_path, samples=samples, threads=1, report=lambda progress: steps.append(progress.step))
    assert not steps
    np.testing.assert_array_equal(again(samples.images), read(samples.images))
    larger = samples.images.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_array_equal(read(tuple(larger)), read(samples.images))
    with pytest.raises(InvalidArray, match="grey"):
        read(np.zeros((1, 28, 28, 3), np.uint8))


def test_without_mnist_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path))
    with pytest.raises(DataError, match="inkread data fetch mnist"):
        lenet_baseline(tmp_path)
