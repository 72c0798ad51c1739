"""What else stands on a page."""

import numpy as np
import pytest

from inkread.data.synth import Hand, PageOptions
from inkread.data.synth.distractors import add_distractors
from inkread.data.synth.layout import plan_page
from inkread.parts import DIGITS


@pytest.mark.parametrize("layout", ["lines", "scattered", "table", "comb", "nothing"])
def test_distractors_are_no_digits_and_keep_off_the_numbers(layout):
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        plan = plan_page(PageOptions(layout=layout, distractors=1.0), Hand.random(rng), rng)
        numbers = [row.box() for row in plan.rows]
        for row in plan.distractors:
            found += 1
            assert not {glyph.character for glyph in row.glyphs} & set(DIGITS)
            if row.glyphs[0].character != "<underline>":
                assert all(row.box().intersection(box) is None for box in numbers)
    assert found > 20


def test_none_are_added_when_none_are_asked_for():
    rng = np.random.default_rng(0)
    options = PageOptions()
    plan = plan_page(options, Hand(), rng)
    add_distractors(plan, options, Hand(), rng)
    assert plan.distractors == []


def test_page_of_nothing_but_distractors_has_at_least_one():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        assert plan_page(PageOptions(layout="nothing", distractors=0.05), Hand(), rng).distractors
