"""What steps hand over is checked when it is made, and cannot be changed after."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from inkread.errors import InvalidArray
from inkread.geometry import Box, PageTransform, Quad
from inkread.parts import (
    BLANK,
    DIGITS,
    NOT_A_DIGIT,
    Candidate,
    CleanPage,
    DigitInk,
    Hypothesis,
    LineCrop,
    LineOfCandidates,
    PageImage,
    Scores,
)

INK = np.zeros((4, 6), np.float32)
QUAD = Quad.of_box(Box(0, 0, 6, 4))


def scores(**changes):
    values = {
        "log_probs": np.full((2, 11), -np.log(11), np.float32),
        "alphabet": (*DIGITS, NOT_A_DIGIT),
        "columns": np.array([3, 9], np.float32),
    }
    return Scores(**{**values, **changes})


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (PageImage(pixels=np.zeros((4, 6, 3), np.uint8)), "pixels"),
        (CleanPage(ink=INK, to_source=PageTransform()), "ink"),
        (LineCrop(ink=INK, quad=QUAD), "ink"),
        (Candidate(start=0, end=1, ink=INK, box=Box(0, 0, 6, 4)), "ink"),
        (DigitInk(ink=INK, to_source=PageTransform()), "ink"),
        (scores(), "log_probs"),
        (scores(), "columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_parts_are_frozen_and_their_arrays_read_only(part, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, name, None)
    with pytest.raises(ValueError, match="read-only"):
        getattr(part, name)[0] = 1


def test_the_callers_own_array_stays_writable():
    pixels = np.zeros((4, 6, 3), np.uint8)
    page = PageImage(pixels=pixels[:, ::2])
    pixels[:] = 7
    assert page.pixels.flags.c_contiguous
    assert (page.width, page.height) == (3, 4)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((0, 6, 3), np.uint8), np.zeros((4, 6, 3))],
    ids=["grey", "four channels", "empty", "floats"],
)
def test_a_page_image_is_rgb_bytes(pixels):
    with pytest.raises(InvalidArray, match=r"uint8 of shape \(H, W, 3\)"):
        PageImage(pixels=pixels)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_clean_ink_lies_between_0_and_1(value):
    with pytest.raises(InvalidArray, match=r"lies in \[0, 1\]"):
        CleanPage(ink=np.full((2, 2), value, np.float32), to_source=PageTransform())


@pytest.mark.parametrize("ink", [np.zeros((2, 2)), np.zeros(2, np.float32), np.zeros((0, 2), np.float32)])
def test_clean_ink_and_line_crops_are_float32_pictures(ink):
    with pytest.raises(InvalidArray, match=r"float32 of shape \(H, W\)"):
        CleanPage(ink=ink, to_source=PageTransform())
    with pytest.raises(InvalidArray, match=r"float32 \(h, w\)"):
        LineCrop(ink=ink, quad=QUAD)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": 1}, "at least one piece"),
        ({"start": -1}, "at least one piece"),
        ({"log_prior": 0.1}, "log-priors are at most 0"),
        ({"log_prior_other": np.nan}, "log-priors are at most 0"),
    ],
)
def test_a_candidate_takes_pieces_and_has_log_priors(changes, message):
    with pytest.raises(InvalidArray, match=message):
        Candidate(**{"start": 0, "end": 1, "ink": INK, "box": Box(0, 0, 6, 4), **changes})


def test_the_box_of_a_line_holds_all_its_pieces():
    line = LineOfCandidates(pieces=(Box(2, 3, 4, 9), Box(6, 1, 9, 8)), candidates=(), digit_height=7)
    assert line.box == Box(2, 1, 9, 9)


def test_scores_must_be_probabilities_of_their_alphabet():
    assert scores().log_probs.shape == (2, 11)
    with pytest.raises(InvalidArray, match="sum to 1"):
        scores(log_probs=np.full((2, 11), -1.0, np.float32))
    with pytest.raises(InvalidArray, match=r"log_probs \(T, 10\)"):
        scores(alphabet=DIGITS)
    with pytest.raises(InvalidArray, match=r"columns \(T,\)"):
        scores(columns=np.zeros(3, np.float32))


def test_a_hypothesis_has_a_span_a_character_and_a_log_probability():
    assert Hypothesis(text="12", log_prob=-0.1, spans=((0, 1), (1, 2))).text == "12"
    with pytest.raises(InvalidArray, match="a span a character"):
        Hypothesis(text="12", log_prob=-0.1, spans=((0, 1),))
    with pytest.raises(InvalidArray, match="at most 0"):
        Hypothesis(text="", log_prob=0.1, spans=())
    with pytest.raises(InvalidArray, match="at most 0"):
        Hypothesis(text="", log_prob=float("nan"), spans=())


def test_names_of_other_classes_cannot_be_mistaken_for_text():
    assert len(DIGITS) == 10
    assert min(len(NOT_A_DIGIT), len(BLANK)) > 1
