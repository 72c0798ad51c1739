import numpy as np
import pytest
import torch

from inkread.nets import LINE_STEP, LineNet, export_line
from inkread.parts import BLANK, DIGITS
from inkread.recognize.line import MARGIN, WIDTH_MULTIPLE, LineRecognizer
from inkread.recognize.prepare import LINE_DIGIT_HEIGHT, LINE_HEIGHT, prepare_line
from inkread.train.cards import write_card

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    torch.manual_seed(0)
    net = LineNet(recurrent=16).eval()
    path = tmp_path_factory.mktemp("line") / "line.onnx"
    export_line(net, path, height=LINE_HEIGHT)
    calibration = {"temperature": 1.0, "refusal_threshold": 0.0}
    card = write_card(path, task="line", alphabet=(*DIGITS, BLANK), calibration=calibration, training={}, figures={})
    return net, LineRecognizer(card)


def test_onnx_says_what_torch_says(network):
    net, recognizer = network
    strip = np.random.default_rng(1).random((LINE_HEIGHT, 60)).astype(np.float32)
    (scores,) = recognizer.recognize([strip])
    padded = np.zeros((1, 1, LINE_HEIGHT, 60 + 2 * MARGIN), np.float32)
    padded[0, 0, :, MARGIN : MARGIN + 60] = strip
    with torch.inference_mode():
        wanted = net(torch.from_numpy(padded))[:, 0].numpy()
    np.testing.assert_allclose(scores.log_probs, wanted, atol=1e-3)
    assert scores.alphabet[-1] == BLANK


def test_strips_of_any_width_come_back_in_their_order(network):
    _, recognizer = network
    rng = np.random.default_rng(2)
    strips = [rng.random((LINE_HEIGHT, width)).astype(np.float32) for width in (200, 12, 90, 33, 201)]
    results = recognizer.recognize(strips)
    for strip, scores in zip(strips, results, strict=True):
        assert len(scores.log_probs) == -(-(strip.shape[1] + 2 * MARGIN) // LINE_STEP)
        np.testing.assert_allclose(np.diff(scores.columns), LINE_STEP)
        assert scores.columns[0] < 0 < scores.columns[-1]
    assert recognizer.recognize([]) == []


def test_columns_are_those_of_the_crops_where_their_pixels_are_told(network):
    _, recognizer = network
    strips = [np.zeros((LINE_HEIGHT, width), np.float32) for width in (200, 12)]
    for own, scaled, pixel in zip(
        recognizer.recognize(strips), recognizer.recognize(strips, pixels=[2.5, 0.5]), (2.5, 0.5), strict=True
    ):
        np.testing.assert_allclose(scaled.columns, pixel * own.columns)


def test_strips_are_padded_to_what_the_network_takes():
    assert WIDTH_MULTIPLE % LINE_STEP == 0
    net = LineNet(recurrent=4)
    assert net(torch.zeros(1, 1, LINE_HEIGHT, 5 * WIDTH_MULTIPLE)).shape[0] == 5 * WIDTH_MULTIPLE // LINE_STEP


@pytest.mark.parametrize("height", [11.0, 22.0, 90.0])
def test_strips_hold_the_usual_digit_at_its_height_in_the_middle(height):
    ink = np.zeros((round(2 * height), 300), np.float32)
    top = round(0.5 * height)
    ink[top : top + round(height), 20:60] = 1
    strip = prepare_line(ink, digit_height=height)
    assert strip.shape[0] == LINE_HEIGHT
    rows = np.flatnonzero(strip.max(axis=1) > 0.5)
    assert len(rows) == pytest.approx(LINE_DIGIT_HEIGHT, abs=2)
    assert rows.mean() == pytest.approx((LINE_HEIGHT - 1) / 2, abs=1.5)


def test_a_line_is_shown_wider_than_it_is_written():
    ink = np.zeros((40, 300), np.float32)
    ink[10:30, 100:200] = 1
    plain, wide = (prepare_line(ink, digit_height=LINE_DIGIT_HEIGHT, stretch=stretch) for stretch in (1.0, 1.3))
    assert (plain.shape, wide.shape) == ((LINE_HEIGHT, 300), (LINE_HEIGHT, 390))
    assert (wide.max(axis=0) > 0.5).sum() == pytest.approx(130, abs=2)
    np.testing.assert_array_equal(wide.max(axis=1) > 0.5, plain.max(axis=1) > 0.5)


def test_an_endless_line_is_bounded():
    strip = prepare_line(np.zeros((20, 50_000), np.float32), digit_height=10.0)
    assert strip.shape[1] <= 60 * LINE_DIGIT_HEIGHT
