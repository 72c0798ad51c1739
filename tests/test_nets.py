"""The torch networks: shapes, size, and that onnxruntime says what torch says."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from inkread.models.registry import ModelCard
from inkread.models.session import Session
from inkread.nets import (
    DIGIT_CLASSES,
    LINE_CLASSES,
    LINE_STEP,
    PAGE_STEP,
    DigitNet,
    LineNet,
    PageNet,
    RobustNet,
    export_digit,
    export_line,
    export_page,
    export_robust,
)
from inkread.parts import BLANK, DIGITS, NOT_A_DIGIT
from inkread.recognize.prepare import INPUT_SIDE, LINE_HEIGHT


def made(width=0.5):
    """A network whose batch norms have seen something, so that folding them in can go wrong."""
    torch.manual_seed(0)
    net = DigitNet(width=width)
    net.train()
    for _ in range(3):
        net(torch.rand(16, 1, INPUT_SIDE, INPUT_SIDE))
    return net.eval()


def test_onnxruntime_says_what_torch_says(tmp_path):
    net = made()
    path = tmp_path / "net.onnx"
    export_digit(net, path, side=INPUT_SIDE)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    session = Session(
        ModelCard(name="digit-x", task="digit", path=path, sha256=digest, alphabet=(*DIGITS, NOT_A_DIGIT))
    )
    for count in (1, 7):
        ink = np.random.default_rng(count).random((count, 1, INPUT_SIDE, INPUT_SIDE), np.float32)
        with torch.inference_mode():
            logits, features = net(torch.from_numpy(ink))
        found = session.run(["logits", "features", "head"], {"ink": ink})
        np.testing.assert_allclose(found[0], logits.numpy(), atol=1e-4)
        np.testing.assert_allclose(found[1], features.numpy(), atol=1e-4)
        np.testing.assert_array_equal(found[2], net.head.weight.detach().numpy())


def test_the_bundled_size_is_small():
    net = DigitNet()
    weights = sum(p.numel() for p in net.parameters())
    assert weights < 250_000
    logits, features = net.eval()(torch.zeros(2, 1, INPUT_SIDE, INPUT_SIDE))
    assert logits.shape == (2, DIGIT_CLASSES)
    assert features.shape == (2, 96, 7, 7)


def test_the_head_sees_pooled_features_alone():
    net = made()
    ink = torch.rand(4, 1, INPUT_SIDE, INPUT_SIDE)
    with torch.inference_mode():
        logits, features = net(ink)
        torch.testing.assert_close(net.head(features.mean(dim=(2, 3))), logits)


@pytest.mark.parametrize("width", [0.1, 1.0, 2.0])
def test_width_scales_every_layer_and_never_to_nothing(width):
    channels = [block.convolution.out_channels for block in DigitNet(width=width).features]
    assert channels == [max(8, round(c * width)) for c in (16, 32, 32, 64, 96, 96)]


@pytest.mark.parametrize("recurrent", [8, 0])
def test_the_line_network_is_the_same_in_onnxruntime_at_any_width(tmp_path, recurrent):
    torch.manual_seed(1)
    net = LineNet(recurrent=recurrent)
    net.train()
    net(torch.rand(4, 1, LINE_HEIGHT, 64))
    path = tmp_path / "net.onnx"
    export_line(net, path, height=LINE_HEIGHT)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    session = Session(ModelCard(name="line-x", task="line", path=path, sha256=digest, alphabet=(*DIGITS, BLANK)))
    for count, width in ((1, 40), (3, 200)):
        ink = np.random.default_rng(count).random((count, 1, LINE_HEIGHT, width), np.float32)
        (found,) = session.run(["log_probs"], {"ink": ink})
        assert found.shape == (width // LINE_STEP, count, LINE_CLASSES)
        np.testing.assert_allclose(np.exp(found).sum(axis=2), 1, atol=1e-4)
        with torch.inference_mode():
            np.testing.assert_allclose(found, net(torch.from_numpy(ink)).numpy(), atol=1e-3)


@pytest.mark.parametrize("kind", ["digit", "line"])
def test_weights_in_sixteen_bits_halve_the_file_and_say_all_but_the_same(tmp_path, kind):
    torch.manual_seed(4)
    net = made(width=1.0) if kind == "digit" else LineNet(recurrent=96).eval()

    def exported(name, *, half):
        path = tmp_path / name
        if kind == "digit":
            export_digit(net, path, side=INPUT_SIDE, half=half)
        else:
            export_line(net, path, height=LINE_HEIGHT, half=half)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return path, Session(ModelCard(name="x", task=kind, path=path, sha256=digest, alphabet=DIGITS))

    (whole, session), (small, other) = exported("whole.onnx", half=False), exported("small.onnx", half=True)
    assert small.stat().st_size < 0.53 * whole.stat().st_size
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.onnx", "whole.onnx"]
    side = (INPUT_SIDE, INPUT_SIDE) if kind == "digit" else (LINE_HEIGHT, 96)
    ink = np.random.default_rng(0).random((9, 1, *side), np.float32)
    outputs = sorted(session.outputs)
    assert sorted(other.outputs) == outputs
    for wanted, found in zip(session.run(outputs, {"ink": ink}), other.run(outputs, {"ink": ink}), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, atol=0.01 * np.abs(wanted).max())


def test_the_page_network_is_the_same_in_onnxruntime_at_any_size(tmp_path):
    torch.manual_seed(2)
    net = PageNet()
    net.train()
    net(torch.rand(4, 1, 64, 96))
    assert sum(p.numel() for p in net.parameters()) < 90_000
    path = tmp_path / "net.onnx"
    export_page(net, path)
    assert path.stat().st_size < 360_000
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    session = Session(ModelCard(name="page-x", task="page", path=path, sha256=digest, alphabet=("a", "b")))
    for count, height, width in ((1, 32, 160), (2, 96, 64)):
        ink = np.random.default_rng(count).random((count, 1, height, width), np.float32)
        (found,) = session.run(["map"], {"ink": ink})
        assert found.shape == (count, 2, height // PAGE_STEP, width // PAGE_STEP)
        with torch.inference_mode():
            np.testing.assert_allclose(found, net(torch.from_numpy(ink)).numpy(), atol=1e-3)


def test_the_page_network_begins_with_heights_of_usual_digits():
    net = PageNet().eval()
    with torch.inference_mode():
        heights = net(torch.rand(1, 1, 64, 64))[0, 1].exp()
    assert 9 < float(heights.median()) < 36


def test_the_robust_network_reads_alike_in_torch_and_onnx_and_its_margins_hold(tmp_path):
    torch.manual_seed(0)
    net, path = RobustNet(width=0.3).eval(), tmp_path / "robust.onnx"
    export_robust(net, path, side=INPUT_SIDE)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = ModelCard(name="robust-x", task="digit", path=path, sha256=digest, alphabet=(*DIGITS, NOT_A_DIGIT))
    ink = torch.from_numpy(np.random.default_rng(0).random((5, 1, INPUT_SIDE, INPUT_SIDE), np.float32))
    with torch.inference_mode():
        logits, features = net(ink)
        found = Session(card).run(["logits", "features"], {"ink": ink.numpy()})
        np.testing.assert_allclose(found[0], logits.numpy(), atol=1e-4)
        np.testing.assert_allclose(found[1], features.numpy(), atol=1e-4)
        targets = logits.argmax(dim=1)
        exact = net.margins(ink, ink, targets)
        lead = torch.take_along_dim(logits, targets[:, None], 1) - logits
        others = torch.arange(DIGIT_CLASSES)[None] != targets[:, None]
        np.testing.assert_allclose(exact[others], lead[others], atol=1e-4)
        assert torch.isinf(exact[~others]).all()
        wider = net.margins((ink - 0.1).clamp(0, 1), (ink + 0.1).clamp(0, 1), targets)
        assert (wider[others] < exact[others]).all()


def test_bounds_are_normalized_by_the_unchanged_digits_of_a_batch():
    torch.manual_seed(0)
    net = RobustNet(width=0.3).train()
    ink, targets = torch.rand(16, 1, INPUT_SIDE, INPUT_SIDE), torch.arange(16) % 10
    logits, margins = net.logits_and_margins(ink, 0.0, targets)
    lead = torch.take_along_dim(logits, targets[:, None], 1) - logits
    others = torch.arange(DIGIT_CLASSES)[None] != targets[:, None]
    torch.testing.assert_close(margins[others], lead[others], atol=1e-4, rtol=1e-4)
    norm = next(layer for layer in net.features if isinstance(layer, torch.nn.BatchNorm2d))
    assert not torch.allclose(norm.running_mean, torch.zeros(1)), "the batch was seen, and once"
    assert int(norm.num_batches_tracked) == 1


def test_a_small_change_of_ink_or_paper_ends_at_the_thresholds_of_the_robust_network():
    net = RobustNet(width=0.3).eval()
    thresholds = net.features[:6]
    ink = torch.tensor([0.0, 0.3, 0.45, 0.5, 0.55, 0.7, 1.0]).view(1, 1, 1, 7)
    with torch.inference_mode():
        low, high = thresholds(ink)[0, :, 0]
    torch.testing.assert_close(low, torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    torch.testing.assert_close(high, torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]))
    # Paper and full ink, each changed by 0.3, are what they were.
    picture = (torch.rand(2, 1, INPUT_SIDE, INPUT_SIDE) > 0.8).float()
    targets = torch.tensor([3, 4])
    near = net.margins((picture - 0.3).clamp(0, 1), (picture + 0.3).clamp(0, 1), targets)
    torch.testing.assert_close(near, net.margins(picture, picture, targets), atol=1e-4, rtol=1e-4)
