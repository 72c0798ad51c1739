"""Whole pages and their truth."""

import time
from collections import Counter

import numpy as np
import pytest

from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.errors import InvalidOption
from inkread.ink import Pen
from inkread.results import Document

TEXTS = {
    "digit": ("4",),
    "line": ("12 345 6",),
    "lines": ("98 7", "654", "3 2 1", "000111"),
    "grid": ("1 2 3", "4 5 6", "7 8 9"),
    "table": ("12 3 456", "7 89 0"),
    "comb": ("2026", "0815 77"),
    "scattered": ("1", "22", "333", "4444", "55"),
}
BARE = {"wear": 0.0, "light": 0.0, "camera": 0.0, "paper_color": (255, 255, 255), "ink_color": (0, 0, 0)}


@pytest.mark.parametrize("layout", TEXTS)
def test_truth_is_the_text_asked_for(layout):
    for seed in range(6):
        options = PageOptions(width=640, height=480, layout=layout, lines=TEXTS[layout], view=1.0, distractors=0.5)
        image, truth = compose_page(np.random.default_rng(seed), options)
        assert (image.width, image.height) == (640, 480)
        assert Counter(line.text for line in truth.lines()) == Counter(TEXTS[layout])
        if layout != "scattered":
            assert truth.text == "\n".join(TEXTS[layout])


@pytest.mark.parametrize("view", [0.0, 1.0])
@pytest.mark.parametrize("layout", ["digit", "line", "lines", "grid", "scattered"])
def test_boxes_cover_the_ink_of_their_digits_after_the_view(layout, view):
    for seed in range(6):
        hand = Hand.random(np.random.default_rng(seed))
        options = PageOptions(width=900, height=675, layout=layout, hand=hand, view=view, **BARE)
        image, truth = compose_page(np.random.default_rng(seed), options)
        ink = 1 - image.pixels[:, :, 1].astype(np.float64) / 255
        mask = np.zeros(ink.shape, bool)
        for digit in truth.digits():
            x0, y0, x1, y1 = np.rint([digit.box.x0, digit.box.y0, digit.box.x1, digit.box.y1]).astype(int)
            assert 0 <= x0 < x1 <= 900
            assert 0 <= y0 < y1 <= 675
            mask[y0:y1, x0:x1] = True
            edges = (
                ink[y0:y1, [x0, x0 + 1, x1 - 2, x1 - 1]].max(axis=0),
                ink[[y0, y0 + 1, y1 - 2, y1 - 1], x0:x1].max(axis=1),
            )
            for edge in edges:  # and is no more than two pixels larger
                assert edge[:2].max() > 0.05
                assert edge[2:].max() > 0.05
        assert ink[mask].sum() / ink.sum() > 0.98


def test_quads_follow_the_rotation():
    options = PageOptions(layout="line", lines=("11111111",), view=1.0, **BARE)
    slopes = []
    for seed in range(20):
        _, truth = compose_page(np.random.default_rng(seed), options)
        line = next(truth.lines())
        a, b = line.quad.points[:2]
        slopes.append(np.degrees(np.arctan2(b.y - a.y, b.x - a.x)))
    assert np.std(slopes) > 1
    assert np.abs(slopes).max() < 15


def test_same_seed_gives_the_same_page_and_another_seed_another():
    (a, first), (b, second) = (compose_page(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert first == second
    other, _ = compose_page(np.random.default_rng(6))
    assert other.pixels.shape != a.pixels.shape or (other.pixels != a.pixels).any()


def test_any_random_page_is_a_picture_with_truth_inside():
    for seed in range(25):
        image, truth = compose_page(np.random.default_rng(seed))
        assert image.pixels.dtype == np.uint8
        for digit in truth.digits():
            assert digit.confidence is None
            assert digit.box.x0 >= -0.5
            assert digit.box.y0 >= -0.5
            assert digit.box.x1 <= image.width + 0.5
            assert digit.box.y1 <= image.height + 0.5
        assert Document.from_dict(truth.to_dict()).text == truth.text


def test_page_without_numbers_says_so():
    _, truth = compose_page(np.random.default_rng(0), PageOptions(layout="nothing", distractors=0.7))
    assert truth.text == ""
    assert truth.problem is not None
    assert truth.problem.code == "no_numbers"
    assert truth.pages[0].lines == ()


@pytest.mark.parametrize("height", [12, 100, 1000])
def test_digits_from_twelve_to_a_thousand_pixels(height):
    side = max(64, int(height * 1.4))
    options = PageOptions(
        width=side, height=side, layout="digit", lines=("8",), digit_height=height, hand=Hand(), view=0.0
    )
    _, truth = compose_page(np.random.default_rng(1), options)
    assert next(truth.digits()).box.height == pytest.approx(height, rel=0.3)


def test_board_and_inverted_canvas_are_light_on_dark():
    for options in (
        PageOptions(width=300, height=200, paper="board", lines=("123",)),
        PageOptions(
            width=300, height=200, paper="canvas", lines=("123",), paper_color=(0, 0, 0), ink_color=(255, 255, 255)
        ),
    ):
        image, truth = compose_page(np.random.default_rng(2), options)
        box = next(truth.digits()).box
        crop = image.pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)].max(axis=2)
        assert crop.max() > np.median(image.pixels) + 60


def test_contrast_brings_ink_and_paper_together():
    hand = Hand(pen=Pen(width=0.1, kind="digital"))
    depth = []
    for contrast in (0.2, 1.0):
        options = PageOptions(width=200, height=200, layout="digit", lines=("0",), hand=hand, contrast=contrast, **BARE)
        image, _ = compose_page(np.random.default_rng(3), options)
        depth.append(255 - int(image.pixels.min()))
    assert depth[0] == pytest.approx(0.2 * depth[1], rel=0.1)


@pytest.mark.parametrize("paper", ["lined", "squared", "dotted"])
def test_ruled_paper_has_rules_that_are_no_truth(paper):
    options = PageOptions(width=400, height=300, paper=paper, lines=("5",), layout="line", **BARE)
    image, truth = compose_page(np.random.default_rng(4), options)
    assert truth.text == "5"
    box = next(truth.digits()).box
    outside = image.pixels.min(axis=2) < 240
    outside[int(box.y0) - 1 : int(box.y1) + 1, int(box.x0) - 1 : int(box.x1) + 1] = False
    assert outside.sum() > 30


def test_sheet_on_a_desk_shows_the_desk_around_it():
    bare = {**BARE, "paper_color": (250, 250, 250)}
    image, truth = compose_page(np.random.default_rng(5), PageOptions(lines=("12 34", "5"), desk=True, **bare))
    assert truth.text == "12 34\n5"
    corner, middle = image.pixels[2, 2].mean(), np.median(image.pixels[300:400, 400:600])
    assert corner < middle - 40


def test_unknown_character_is_refused():
    with pytest.raises(InvalidOption, match="ß"):
        compose_page(np.random.default_rng(0), PageOptions(lines=("ß",)))


def test_page_of_twenty_digits_is_made_quickly():
    options = PageOptions(lines=("12345", "67890", "12345", "67890"), view=0.3)
    compose_page(np.random.default_rng(0), options)
    fastest = np.inf
    for seed in range(5):
        start = time.thread_time()
        compose_page(np.random.default_rng(seed), options)
        fastest = min(fastest, time.thread_time() - start)
    assert fastest < 0.3  # about 0.05 s of its own, whatever else the machine does
