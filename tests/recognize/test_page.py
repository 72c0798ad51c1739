import numpy as np
import pytest
import torch

from inkread.geometry import Box
from inkread.nets import PAGE_STEP, PageNet, export_page
from inkread.parts import Candidate
from inkread.recognize.page import MAP_STEP, DigitMap, PageRecognizer, mean_over_ink
from inkread.recognize.prepare import PAGE_DIGIT_HEIGHT, PAGE_MULTIPLE, prepare_page
from inkread.train.cards import write_card

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    torch.manual_seed(0)
    net = PageNet()
    net.train()(torch.rand(4, 1, 64, 64))
    net.eval()
    path = tmp_path_factory.mktemp("page") / "page.onnx"
    export_page(net, path)
    calibration = {"temperature": 2.0, "refusal_threshold": 0.0}
    card = write_card(path, task="page", alphabet=("a", "b"), calibration=calibration, training={}, figures={})
    return net, PageRecognizer(card)


@pytest.mark.parametrize("size", [(40, 70), (200, 130)])
def test_onnx_says_what_torch_says_at_any_size(network, size):
    net, recognizer = network
    ink = np.random.default_rng(1).random(size).astype(np.float32)
    found = recognizer.recognize(ink, digit_height=30)
    page, scale = prepare_page(ink, digit_height=30)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(page))[0].numpy()
    np.testing.assert_allclose(found.log_odds, wanted[0] / 2.0, atol=1e-3)
    np.testing.assert_allclose(found.heights, np.exp(wanted[1]) / scale, rtol=1e-2)
    assert found.cell == MAP_STEP / scale


def test_the_recognizer_and_the_network_agree_on_the_step():
    assert MAP_STEP == PAGE_STEP


def test_pages_are_shrunk_to_the_usual_digit_and_never_enlarged():
    page, scale = prepare_page(np.ones((400, 600), np.float32), digit_height=3 * PAGE_DIGIT_HEIGHT)
    assert scale == pytest.approx(1 / 3)
    assert page.shape[2] % PAGE_MULTIPLE == 0 and page.shape[3] % PAGE_MULTIPLE == 0
    assert page[0, 0, :133, :200].min() > 0.9 and page[0, 0, 134:].max(initial=0) == 0
    _, scale = prepare_page(np.ones((40, 60), np.float32), digit_height=5)
    assert scale == 1
    page, _ = prepare_page(np.ones((4000, 3000), np.float32), digit_height=5)
    assert page.size < 600_000


def test_a_candidate_is_judged_by_the_map_under_its_own_ink():
    log_odds = np.zeros((10, 20), np.float32)
    log_odds[2:5, 4:8] = 3
    log_odds[2:5, 12:16] = -3
    found = DigitMap(log_odds=log_odds, heights=np.ones_like(log_odds), cell=8.0)

    def candidate(x, y):
        ink = np.zeros((20, 24), np.float32)
        ink[:, 4:20] = 1
        return Candidate(start=0, end=1, ink=ink, box=Box(x, y, x + 24, y + 20))

    values = found.log_odds_of([candidate(36, 18), candidate(100, 18), candidate(36, 60)])
    assert values.tolist() == [3, -3, 0]


def test_no_ink_says_nothing():
    assert mean_over_ink(np.ones((3, 3), np.float32), np.zeros((5, 5), np.float32), corner=(0, 0), cell=4) == 0
