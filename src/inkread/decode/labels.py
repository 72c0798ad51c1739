"""Words of letters before numbers, as on forms: "Age 9", "Log 782"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import ChosenLine, PageReading
from inkread.parts import DIGITS, LineOfCandidates, Word

__all__ = ["digits_in", "leaves_ink", "may_be_a_label", "with_numbers_behind_labels"]

# Pieces this high, in heights of a digit, are no marks beside digits.
FULL_HEIGHT = 0.6
# A component is plainly a letter where it is this surely no digit.
PLAIN_LETTER = 0.9
# What stands behind a word is a number where each component is this surely a digit by itself, and so many other lines
# of its page have their numbers there; it is said to be one no more surely than this.
SURE_ALONE, OTHER_LINES, BEHIND = 0.98, 1, 0.93


def digits_in(line: ChosenLine, word: Word) -> list[int]:
    """Indexes of the line's digits that lie in the word."""
    return [k for k, (start, end) in enumerate(line.spans) if word.start <= start and end <= word.end]


def leaves_ink(found: LineOfCandidates, line: ChosenLine, word: Word) -> bool:
    """Whether pieces of the word as high as a digit were taken for no digit: in a number that is unlikely."""
    taken = {i for start, end in line.spans for i in range(start, end)}
    return any(
        found.pieces[i].height >= FULL_HEIGHT * found.digit_height
        for i in range(word.start, word.end)
        if i not in taken
    )


def may_be_a_label(found: LineOfCandidates, line: ChosenLine, word: Word, scores: NDArray[np.float32]) -> bool:
    """Whether a word may be the name of a number behind it: some of it is plainly a letter, and all of that is read.

    Before a name stands no other number.

    Parameters
    ----------
    found, line
        The line, and what is read in it.
    word
        One of its words.
    scores
        (C, 11): log-probabilities of its candidates, "not a digit" last.
    """
    is_first = not any(end <= word.start for _, end in line.spans)
    behind = (other for other in found.words if other.start >= word.end)
    return (
        is_first
        and _holds_a_letter(found, line, word, scores)
        and any(digits_in(line, other) and not leaves_ink(found, line, other) for other in behind)
    )


def _holds_a_letter(found: LineOfCandidates, line: ChosenLine, word: Word, scores: NDArray[np.float32]) -> bool:
    """Whether a component of the word, as high as a digit and no wider, was not taken and is plainly none."""
    taken = {i for start, end in line.spans for i in range(start, end)}
    return any(
        scores[place, -1] >= math.log(PLAIN_LETTER)
        and found.candidates[place].box.height >= FULL_HEIGHT * found.digit_height
        for (start, end), place in _components_in(found, word).items()
        if taken.isdisjoint(range(start, end))
    )


def _components_in(found: LineOfCandidates, word: Word) -> dict[tuple[int, int], int]:
    """The components of a word, left to right, each with its place among the line's candidates."""
    places = {(c.start, c.end): i for i, c in enumerate(found.candidates)}
    return {span: places[span] for span in found.components if word.start <= span[0] and span[1] <= word.end}


def with_numbers_behind_labels(
    found: Sequence[LineOfCandidates], reading: PageReading, scores: Sequence[NDArray[np.float32]]
) -> PageReading:
    """The reading with numbers at the ends of lines of letters, where other lines have theirs there.

    Beside letters a digit or two that resemble some are taken for them. On a page of words with numbers behind they are
    none.

    Parameters
    ----------
    found, reading
        The lines, and what is read in them.
    scores
        For each line (C, 11): log-probabilities of its candidates, "not a digit" last.
    """
    labeled = [_ends_in_a_number(of, line) for of, line in zip(found, reading.lines, strict=True)]
    if sum(labeled) < OTHER_LINES:
        return reading
    lines = [
        line if is_labeled else _with_last_word(of, line, values)
        for of, line, values, is_labeled in zip(found, reading.lines, scores, labeled, strict=True)
    ]
    return replace(reading, lines=tuple(lines))


def _ends_in_a_number(found: LineOfCandidates, line: ChosenLine) -> bool:
    """Whether a line is some words without digits, and a number behind them."""
    if len(found.words) < 2:
        return False
    *labels, last = found.words
    return (
        bool(digits_in(line, last))
        and not leaves_ink(found, line, last)
        and all(not digits_in(line, label) and leaves_ink(found, line, label) for label in labels)
    )


def _with_last_word(found: LineOfCandidates, line: ChosenLine, scores: NDArray[np.float32]) -> ChosenLine:
    """The line with what stands behind its words as digits, where it reads as nothing and each component is one."""
    if len(found.words) < 2 or line.boxes:
        return line
    *labels, last = found.words
    own = _components_in(found, last)
    of_components = sum(end - start for start, end in own) == last.end - last.start
    if not own or not of_components or not all(leaves_ink(found, line, label) for label in labels):
        return line
    candidates = [found.candidates[place] for place in own.values()]
    said = np.exp(scores[list(own.values())].astype(np.float64))
    is_digit = 1 - said[:, -1] >= SURE_ALONE
    is_high = [c.box.height >= FULL_HEIGHT * found.digit_height for c in candidates]
    if not is_digit.all() or not all(is_high):
        return line
    return replace(
        line,
        boxes=tuple(c.box for c in candidates),
        inks=tuple(c.ink for c in candidates),
        spans=tuple(own),
        probabilities=tuple(BEHIND * said[:, : len(DIGITS)]),
        texts=(),
    )
