"""What a page can be asked to be."""

import numpy as np
import pytest

from inkread.data.synth import LAYOUTS, PAPERS, PageOptions
from inkread.errors import InvalidOption


def test_random_options_are_valid_and_reach_everything():
    rng = np.random.default_rng(0)
    pages = [PageOptions.random(rng) for _ in range(400)]  # checked when made
    assert {page.layout for page in pages} == set(LAYOUTS)
    assert {page.paper for page in pages} == set(PAPERS)
    assert all(page.light == page.view == 0 for page in pages if page.paper == "canvas")


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 10},
        {"height": 9000},
        {"layout": "spiral"},
        {"paper": "skin"},
        {"digit_height": 5},
        {"digit_height": 1001},
        {"contrast": 0},
        {"light": 1.5},
        {"camera": -1},
        {"touching": float("nan")},
        {"paper_color": (1, 2, 300)},
        {"ink_color": (1, 2)},
        {"lines": ()},
        {"lines": ("12", " ")},
        {"layout": "digit", "lines": ("1", "2")},
        {"layout": "line", "lines": ("1", "2")},
        {"layout": "nothing", "lines": ("1",)},
    ],
)
def test_option_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidOption):
        PageOptions(**wrong)
