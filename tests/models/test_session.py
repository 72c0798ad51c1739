"""A session runs what its card names, from several threads, and refuses what is no network."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inkread.errors import ModelError
from inkread.models.registry import ModelCard, bundled
from inkread.models.session import Session


def test_the_digit_network_gives_logits_and_features_for_any_number_of_crops():
    session = Session(bundled("digit"))
    assert session.outputs == {"logits", "features", "head"}
    for count in (1, 2, 33):
        logits, features = session.run(["logits", "features"], {"ink": np.zeros((count, 1, 28, 28), np.float32)})
        assert logits.shape == (count, 11)
        assert features.shape[0] == count
        assert features.ndim == 4  # (N, C, h, w): class activation is one sum over C
        assert np.isfinite(logits).all()


def test_logits_are_the_pooled_features_times_one_matrix():
    """What lets an answer be explained without a gradient: pooling and one linear layer end the network."""
    session = Session(bundled("digit"))
    ink = np.random.default_rng(0).random((300, 1, 28, 28), np.float32)
    logits, features = session.run(["logits", "features"], {"ink": ink})
    pooled = features.mean(axis=(2, 3)).astype(np.float64)
    design = np.concatenate([pooled, np.ones((len(pooled), 1))], axis=1)
    weights, *_ = np.linalg.lstsq(design, logits, rcond=None)
    np.testing.assert_allclose(design @ weights, logits, atol=1e-2)


def test_threads_share_a_session():
    session = Session(bundled("digit"))
    inputs = [np.random.default_rng(seed).random((5, 1, 28, 28), np.float32) for seed in range(8)]
    alone = [session.run(["logits"], {"ink": ink})[0] for ink in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda ink: session.run(["logits"], {"ink": ink})[0], inputs * 4))
    for i, found in enumerate(together):
        np.testing.assert_array_equal(found, alone[i % 8])


def card_of(path, content):
    path.write_bytes(content)
    return ModelCard(
        name="digit-000000", task="digit", path=path, sha256=hashlib.sha256(content).hexdigest(), alphabet=("0",)
    )


def test_a_file_that_is_no_network_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"net\.onnx cannot be loaded as a network"):
        Session(card_of(tmp_path / "net.onnx", b"no network"))


def test_a_file_that_changed_after_its_card_is_refused(tmp_path):
    card = card_of(tmp_path / "net.onnx", b"first")
    card.path.write_bytes(b"second")
    with pytest.raises(ModelError, match="not the file that its card describes"):
        Session(card)
