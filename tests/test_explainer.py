"""What spoke for an answer: against autograd in torch, by deletion, in its place on the picture, and in its sums."""

from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest

from inkread.data.datasets import load
from inkread.data.synth import Hand, PageOptions, compose_page, draw_glyph
from inkread.errors import InvalidOption
from inkread.explainer import CLASSES, Explainer, Explanation, explain
from inkread.geometry import Box
from inkread.models.registry import bundled
from inkread.models.session import Session
from inkread.parts import DIGITS
from inkread.reader import Reader, ReaderOptions
from inkread.recognize.digit import DigitRecognizer, log_softmax
from inkread.recognize.prepare import prepare

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (255, 255, 255), "ink_color": (0, 0, 0),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip
SHARE = 0.2  # of the ink that is deleted


def composed(*lines, seed=0, width=500, height=240, **changes):
    options = PageOptions(**{"width": width, "height": height, "lines": lines, **CLEAR, **changes})
    image, truth = compose_page(np.random.default_rng(seed), options)
    return image.pixels, truth


@pytest.fixture(scope="module")
def explainer():
    return Explainer()


@pytest.fixture(scope="module")
def one_network():
    """An explainer that hears one digit network alone."""
    return Explainer(Reader(models={"digit": bundled("digit")}))


@pytest.fixture(scope="module")
def page():
    # A hand that leans a little: a 1 that is exactly upright may be the post of a comb.
    pixels, _ = composed("31 4159", "26 70", hand=Hand(slant_degrees=6))
    return pixels


@pytest.fixture(scope="module")
def network():
    """The bundled digit network again in torch, its folded normalizations put back as shifts."""
    torch = pytest.importorskip("torch")
    onnx = pytest.importorskip("onnx")
    from onnx.numpy_helper import to_array

    from inkread.nets import DigitNet

    graph = onnx.load(bundled("digit").path).graph
    values = {one.name: torch.from_numpy(np.array(to_array(one))) for one in graph.initializer}
    convolutions = [node.input[1:3] for node in graph.node if node.op_type == "Conv"]
    # The exporter names the weights after the module that they were in.
    head = "head" if "head.weight" in values else "net.head"
    net = DigitNet(width=values[f"{head}.weight"].shape[1] / 96).eval()
    with torch.no_grad():
        for block, (weight, bias) in zip(net.features, convolutions, strict=True):
            block.convolution.weight.copy_(values[weight])
            block.norm.bias.copy_(values[bias])
            block.norm.running_var.fill_(1 - block.norm.eps)
        net.head.weight.copy_(values[f"{head}.weight"])
        net.head.bias.copy_(values[f"{head}.bias"])
    return net


def grad_cam(network, ink, wanted):
    """Grad-CAM by autograd (arXiv 1610.02391) of what ``wanted`` makes of the logits, (N, 7, 7), not cut off at 0."""
    import torch

    logits, features = network(torch.from_numpy(ink))
    (gradient,) = torch.autograd.grad(wanted(logits).sum(), features)
    return (gradient.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1).detach().numpy()


def correlations(a, b):
    return [np.corrcoef(x.ravel(), y.ravel())[0, 1] for x, y in zip(a, b, strict=True)]


def test_the_evidence_is_that_of_autograd_grad_cam(one_network, network, page):
    import torch

    alone, held = one_network.explain(page), one_network.explain(page, value="1", against="7")
    ink = np.stack([digit.ink for digit in alone.digits])[:, None]
    rows = torch.arange(len(ink))
    own = torch.tensor([int(digit.value) for digit in alone.digits])
    wanted = {
        "alone": (alone, lambda logits: logits[rows, own]),
        "held": (held, lambda logits: logits[:, 1] - logits[:, 7]),
    }
    for explanation, score in wanted.values():
        maps = torch.from_numpy(grad_cam(network, ink, score))[:, None]
        large = torch.nn.functional.interpolate(maps, size=28, mode="bilinear", align_corners=False)[:, 0].numpy()
        assert min(correlations([one.evidence for one in explanation.digits], large)) > 0.999


def test_the_maps_cut_off_below_zero_are_grad_cam(network):
    ink = prepare([draw_glyph(digit, Hand(), np.random.default_rng(1), height=40) for digit in DIGITS])
    _, maps = DigitRecognizer(bundled("digit")).activate(ink[:, 0])
    for k in range(len(CLASSES)):
        by_gradient = np.maximum(grad_cam(network, prepare(ink[:, 0]), lambda logits, k=k: logits[:, k]), 0)
        ours = np.maximum(maps[:, k], 0)
        seen = by_gradient.std(axis=(1, 2)) > 0
        assert seen.any()
        assert min(correlations(ours[seen], by_gradient[seen])) > 0.999


def test_the_evidence_adds_up_to_the_odds_but_for_a_constant(one_network, page):
    explanation = one_network.explain(page, value="3", against="8")
    left = [digit.log_odds - digit.evidence.sum() for digit in explanation.digits]
    np.testing.assert_allclose(left, left[0], atol=2e-2)
    turned = one_network.explain(page, value="8", against="3")
    for there, back in zip(explanation.digits, turned.digits, strict=True):
        np.testing.assert_allclose(there.evidence, -back.evidence, atol=1e-5)
        assert there.log_odds == pytest.approx(-back.log_odds, abs=1e-4)


def test_every_digit_is_explained_in_its_place(explainer, page):
    explanation = explainer.explain(page)
    document = explanation.document
    assert document.text == "31 4159\n26 70"
    assert [one.digit for one in explanation.digits] == list(document.digits())
    for one in explanation.digits:
        at = document.pages[one.page].lines[one.line].numbers[one.number].digits[one.index]
        assert at is one.digit
        assert (one.value, one.against) == (one.digit.value, None)
        assert one.log_odds > 2  # clear writing
        hull = one.quad.box
        assert hull.intersection(one.digit.box).area == pytest.approx(one.digit.box.area, rel=0.02)
        assert max(one.digit.box.width, one.digit.box.height) == pytest.approx(hull.height * 22 / 28, rel=0.1)


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_the_heat_lies_on_ink_of_the_picture(explainer, scale):
    pixels, _ = composed("407", width=round(400 * scale), height=round(160 * scale))
    for one in explainer.explain(pixels).digits:
        heat = one.heat
        assert heat.dtype == np.float32
        assert np.abs(heat).max() == pytest.approx(1)
        rows, columns = np.nonzero(np.abs(heat) > 0.5)
        corners = one.quad.to_array()
        places = corners[0] + np.stack([columns + 0.5, rows + 0.5], 1) / 28 * (corners[2] - corners[0])
        x, y = np.floor(places).astype(int).T
        reach = max(1, round(one.quad.box.width / 28))
        dark = cv2.erode(pixels, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))[y, x] < 128
        assert dark.mean() > 0.95


def test_what_makes_a_seven_no_one_is_its_bar(explainer):
    """A seven against a one: the evidence for it lies higher than its ink as a whole."""
    above = []
    for seed in range(8):
        ink = draw_glyph("7", Hand(), np.random.default_rng(seed), height=60)
        picture = np.pad((255 * (1 - ink)).astype(np.uint8), 30, constant_values=255)
        (one,) = explainer.explain(picture, value="7", against="1", layout="digit").digits
        assert one.log_odds > 0
        heat, rows = np.maximum(one.heat, 0), np.arange(28)[:, None]
        above.append((heat * rows).sum() / heat.sum() < (one.ink * rows).sum() / one.ink.sum())
    assert np.mean(above) >= 0.75


def test_strokes_are_explained_where_they_were_written(explainer):
    strokes = [[(20, 20), (20, 80)], [(60, 20), (90, 20), (70, 80)]]
    explanation = explainer.explain_strokes(strokes)
    assert explanation.document.text == "17"
    first, second = explanation.digits
    assert first.quad.box.center.x == pytest.approx(20, abs=2)
    assert second.quad.box.intersection(Box(60, 20, 90, 80)).area == pytest.approx(1800)


def test_a_page_without_numbers_has_nothing_to_explain(explainer):
    explanation = explainer.explain(np.full((60, 80), 255, np.uint8))
    assert explanation.digits == ()
    assert explanation.document.problem.code == "no_numbers"


def test_digits_read_as_the_other_class_are_explained_alone(explainer, page):
    against = {one.value: one.against for one in explainer.explain(page, against="4").digits}
    assert against["4"] is None
    assert against["9"] == "4"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": "x"}, "value is one of 0, 1"),
        ({"against": "12"}, "against is one of 0, 1"),
        ({"value": "7", "against": "7"}, "against itself"),
    ],
)
def test_unknown_classes_are_refused_before_anything_is_read(explainer, changes, message):
    with pytest.raises(InvalidOption, match=message):
        explainer.explain("nowhere.png", **changes)
    with pytest.raises(InvalidOption, match=message):
        explainer.explain_strokes([], **changes)


def test_no_digit_at_all_can_be_explained_too(explainer, page):
    one = explainer.explain(page, value="not-a-digit").digits[0]
    assert one.log_odds < 0
    assert CLASSES[-1] == one.value


def test_an_explanation_is_plain_data(explainer, page):
    explanation = explainer.explain(page, against="1")
    plain = json.loads(json.dumps(explanation.to_dict()))
    assert plain["document"]["schema"] == 1
    one = plain["digits"][2]
    assert {name: one[name] for name in ("page", "line", "number", "index", "read", "value", "against")} == {
        "page": 0, "line": 0, "number": 1, "index": 0, "read": "4", "value": "4", "against": "1",
    }  # fmt: skip
    np.testing.assert_allclose(one["heat"], explanation.digits[2].heat, atol=6e-4)
    assert np.shape(one["quad"]) == (4, 2)


def test_the_shared_explainer_and_options_of_a_call(explainer, page):
    assert [one.value for one in explain(page).digits] == [one.value for one in explainer.explain(page).digits]
    marked = explainer.explain(page, options=ReaderOptions(min_confidence=1.0))
    assert not any(number.accepted for number in marked.document.numbers())
    assert len(explain(page, region=(0, 0, 500, 110)).digits) < len(explainer.explain(page).digits)


def test_explanations_cannot_be_changed(explainer, page):
    explanation = explainer.explain(page)
    assert isinstance(explanation, Explanation)
    with pytest.raises(dataclasses.FrozenInstanceError):
        explanation.digits[0].value = "8"


# -- by deletion ------------------------------------------------------------------------------------------------------


def without(inputs, order):
    """The inputs without the pixels that come first in ``order``, up to a share of their ink."""
    flat = inputs.reshape(len(inputs), -1)
    sorted_ink = np.take_along_axis(flat, order, axis=1)
    before = sorted_ink.cumsum(axis=1) - sorted_ink
    left = np.where(before < SHARE * flat.sum(axis=1, keepdims=True), 0, sorted_ink)
    out = np.empty_like(flat)
    np.put_along_axis(out, order, left, axis=1)
    return out.reshape(inputs.shape)


@pytest.mark.data
def test_removing_the_hottest_ink_harms_more_than_removing_random_or_the_coldest(explainer, data_folder):
    """On digits that were trained on, as many as tell 0.85 from 0.84; the benchmark counts all of the test digits."""
    samples = load("mnist", "train", folder=data_folder)
    explained = [one for image in samples.images[:3000] for one in explainer.explain(image, layout="digit").digits]
    assert len(explained) >= 2950
    inputs = np.stack([one.ink for one in explained])[:, None]
    heat = np.stack([one.evidence.ravel() for one in explained])
    answer = [CLASSES.index(one.value) for one in explained]
    session, temperature = Session(bundled("digit")), bundled("digit").temperature
    on_ink = inputs.reshape(heat.shape) > 0

    def probability(ranking):
        order = np.argsort(np.where(on_ink, -ranking, np.inf), axis=1, kind="stable")
        (logits,) = session.run(["logits"], {"ink": without(inputs, order)})
        return np.exp(log_softmax(logits / np.float32(temperature))[np.arange(len(heat)), answer])

    rng = np.random.default_rng(0)
    hottest, coldest = probability(heat), probability(-heat)
    random = np.mean([probability(rng.random(heat.shape)) for _ in range(5)], axis=0)
    assert np.mean(hottest < random) >= 0.9
    assert np.mean(hottest < coldest) >= 0.85
    assert np.mean(hottest) < np.mean(coldest) - 0.1
