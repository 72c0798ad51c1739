import pytest

from inkread.errors import InvalidOption
from inkread.inputs.limits import InputLimits


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_bytes": 0},
        {"max_pixels": -1},
        {"max_pages": 1.5},
        {"max_pages": True},
        {"pdf_dpi": 9},
        {"pdf_dpi": float("nan")},
        {"timeout_s": 0},
        {"timeout_s": float("inf")},
    ],
)
def test_a_limit_outside_its_range_is_refused_by_name(wrong):
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        InputLimits(**wrong)


def test_the_defaults_take_a3_at_600_dpi():
    limits = InputLimits()
    pixels = round(297 / 25.4 * 600) * round(420 / 25.4 * 600)
    assert pixels < limits.max_pixels
    assert 3 * limits.max_pixels < limits.max_bytes
