"""Frames of log-probabilities → strings, by connectionist temporal classification.

Graves, Fernández, Gomez and Schmidhuber 2006 (doi:10.1145/1143844.1143891): a string's probability is the sum over all
ways to stretch it over the frames, with blanks between. :func:`greedy` takes the best class of each frame;
:func:`prefix_beam` keeps the likeliest prefixes and adds up their ways.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.parts import BLANK, Hypothesis, Scores

__all__ = ["align", "aligned", "greedy", "likeliest_strings", "prefix_beam", "single_characters"]

NEVER = -math.inf
# Characters less probable than this in a frame are not tried there.
HOPELESS = math.exp(-10.0)


def greedy(scores: Scores) -> Hypothesis:
    """The string of the likeliest class in each frame, repetitions and blanks taken out.

    Its ``log_prob`` is that of this one way, so it is at most that of the string.
    """
    blank = _blank(scores)
    best = scores.log_probs.argmax(axis=1)
    text, spans, previous = "", [], blank
    for t, c in enumerate(best.tolist()):
        if c != blank and c != previous:
            text += scores.alphabet[c]
            spans.append((t, t + 1))
        elif c != blank:
            spans[-1] = (spans[-1][0], t + 1)
        previous = c
    log_prob = float(scores.log_probs.max(axis=1).sum()) if len(best) else 0.0
    return Hypothesis(text=text, log_prob=min(0.0, log_prob), spans=tuple(spans))


def prefix_beam(
    scores: Scores, *, width: int = 8, classes: int = 4, margin: float = 16.0, count: int | None = None
) -> tuple[Hypothesis, ...]:
    """The likeliest strings, best first, each with its probability summed over the ways that the beam kept.

    Parameters
    ----------
    scores
        With the blank last in the alphabet.
    width
        Prefixes kept at each frame, at least 1.
    classes
        Characters tried at each frame, likeliest first, at least 1.
    margin
        Prefixes less probable than the best by more than e to this are given up, however few there are.
    count
        Strings given back, at most; all that the beam holds when not given.

    Raises
    ------
    InvalidOption
        If the width or the number of classes is below 1.
    """
    return tuple(
        aligned(scores, text, log_prob)
        for text, log_prob in likeliest_strings(scores, width=width, classes=classes, margin=margin)[:count]
    )


def aligned(scores: Scores, text: str, log_prob: float) -> Hypothesis:
    """A string with the frames that each of its characters takes; see :func:`align`."""
    spans = align(scores, tuple(scores.alphabet.index(character) for character in text))
    return Hypothesis(text=text, log_prob=log_prob, spans=spans)


def likeliest_strings(
    scores: Scores, *, width: int = 8, classes: int = 4, margin: float = 16.0
) -> tuple[tuple[str, float], ...]:
    """The strings of :func:`prefix_beam` with the logarithms of their probabilities, and not yet where they stand."""
    if width < 1 or classes < 1:
        raise InvalidOption(f"a beam needs a width and classes of at least 1; got {width} and {classes}")
    blank = _blank(scores)
    likely = np.argsort(-scores.log_probs[:, :blank], axis=1, kind="stable")[:, :classes].tolist()
    # Prefixes as texts of the classes' numbers, which are told apart the fastest; of each the probability that it ends
    # in a blank, and in its character, as shares of the likeliest prefix's, whose logarithm is `scale`.
    beam, scale = [("", 1.0, 0.0)], 0.0
    # Plain floats: a frame has some forty additions, too few for arrays to pay.
    for row, tried in zip(np.exp(scores.log_probs.astype(np.float64)).tolist(), likely, strict=True):
        of_blank = row[blank]
        hopeful = [(chr(c), row[c]) for c in tried if row[c] > HOPELESS]
        if not hopeful:  # most frames: nothing but a blank, or the end of a character
            beam = [
                (prefix, (in_blank + in_character) * of_blank, in_character * row[ord(prefix[-1])] if prefix else 0.0)
                for prefix, in_blank, in_character in beam
            ]
            continue
        grown: dict[str, list[float]] = {}
        for prefix, in_blank, in_character in beam:
            total, last = in_blank + in_character, prefix[-1:]
            again = in_character * row[ord(last)] if last else 0.0
            if (stay := grown.get(prefix)) is not None:
                stay[0] += total * of_blank
                stay[1] += again
            else:
                grown[prefix] = [total * of_blank, again]
            for c, of_c in hopeful:
                # The same character again needs a blank between.
                before = in_blank if c == last else total
                if (longer := grown.get(prefix + c)) is not None:
                    longer[1] += before * of_c
                elif before:
                    grown[prefix + c] = [0.0, before * of_c]
        best = sorted([(ends[0] + ends[1], prefix) for prefix, ends in grown.items()], reverse=True)[:width]
        most = best[0][0]
        least, scale = most * math.exp(-margin), scale + math.log(most)
        beam = [(prefix, grown[prefix][0] / most, grown[prefix][1] / most) for total, prefix in best if total >= least]
    found = [
        ("".join(scores.alphabet[ord(c)] for c in prefix), min(0.0, scale + math.log(in_blank + in_character)))
        for prefix, in_blank, in_character in beam
    ]
    return tuple(sorted(found, key=lambda item: -item[1]))


def single_characters(scores: Scores) -> NDArray[np.float64]:
    """For each character of the alphabet, the blank left out, the log-probability that it is all that is written.

    Summed over all ways, exactly: blanks, frames of the character, blanks.
    """
    blank = _blank(scores)
    log_probs = scores.log_probs.astype(np.float64)
    before, own, after = 0.0, np.full(blank, NEVER), np.full(blank, NEVER)
    for row in log_probs:
        after = np.logaddexp(own, after) + row[blank]
        own = np.logaddexp(before, own) + row[:blank]
        before += row[blank]
    return np.asarray(np.minimum(np.logaddexp(own, after), 0.0))


def align(scores: Scores, classes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """For each character of a string the half-open range of frames it takes on the likeliest way (Viterbi).

    Parameters
    ----------
    classes
        Indexes into the alphabet, none of them the blank; there must be frames enough for them.
    """
    if not classes:
        return ()
    blank = _blank(scores)
    states = [blank]
    for c in classes:
        states += [c, blank]
    log_probs = scores.log_probs.astype(np.float64)[:, states]  # (T, 2n + 1)
    frames, count = log_probs.shape
    value = np.full(count, NEVER)
    value[:2] = log_probs[0, :2]
    came = np.zeros((frames, count), np.int64)
    skip = np.array([s % 2 == 1 and s >= 2 and states[s] != states[s - 2] for s in range(count)])
    for t in range(1, frames):
        steps = np.full((3, count), NEVER)
        steps[0] = value
        steps[1, 1:] = value[:-1]
        steps[2, 2:] = np.where(skip[2:], value[:-2], NEVER)
        came[t] = steps.argmax(axis=0)
        value = steps.max(axis=0) + log_probs[t]
    state = count - 1 if value[count - 1] >= value[count - 2] else count - 2
    spans: list[list[int]] = [[frames, 0] for _ in classes]
    for t in range(frames - 1, -1, -1):
        if state % 2 == 1:
            span = spans[state // 2]
            span[0], span[1] = min(span[0], t), max(span[1], t + 1)
        state -= int(came[t, state])
    return tuple((a, b) if a < b else (0, 1) for a, b in spans)


def _blank(scores: Scores) -> int:
    if not scores.alphabet or scores.alphabet[-1] != BLANK:
        raise InvalidOption(f"these scores have no blank at the end of their alphabet: {scores.alphabet}")
    return len(scores.alphabet) - 1
