"""Two readers of one word: the digit network piece by piece, the line network as a whole.

Where both say the same, that is surer than either; where they differ, the surer one is believed, and the other becomes
an alternative. The line network is asked only about words that the digit network is not sure of, and only where the
line is believed to hold digits. Beside it a second one is heard that has learnt to read past words: where the likeliest
of what both say is nothing, that counts too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inkread.decode.choose import MARK_HEIGHT, ChosenLine, PageReading
from inkread.decode.ctc import aligned, greedy
from inkread.decode.labels import digits_in, leaves_ink
from inkread.decode.lattice import text_log_probs
from inkread.decode.slashes import possible_slashes
from inkread.decode.whole import STRONG_INK, cut_out, frame_probabilities, likeliest_together
from inkread.parts import DIGITS, Hypothesis, LineOfCandidates, Scores, Word

__all__ = [
    "agree",
    "doubtful_words",
    "is_settled",
    "may_hang_together",
    "possible_numbers",
    "with_agreement",
    "with_likelier_digit",
    "with_numbers",
]

# A word whose every digit is at least this sure needs no second reader where nothing could be cut or joined otherwise;
# where something could, the digits must be surer still.
SURE, SURER = 0.95, 0.985
# Lines believed to hold less digits than this are not asked about: the line network would read letters as digits.
LEAST_SHARE = 0.5
# Among so many other lines that are believed, on the average, to hold so much, less will do.
LEAST_SHARE_AMONG, AMONG_LINES, AMONG_SHARE = 0.35, 3, 0.55
# Unless the page network's log-odds are at least this on the average of a word's candidates.
LEAST_AROUND = 2.0
# Less will do on a page where so many digits are read, and are on the average this sure.
LEAST_AROUND_AMONG, AMONG_DIGITS, AMONG_SURENESS = 0.5, 4, 0.8
# A word that the digit network reads as no number at all is believed to be one only above this probability: one of a
# digit, and that of each digit of a longer one, where a few unsure ones would else take the sure ones with them.
ALONE, EACH_ALONE = 0.7, 0.8
# Sure digits that the line network reads alike, this surely, need no third reader: it could hardly change them.
SETTLED = 0.5
# A word that all see alike, this surely, is not looked at more closely.
ALIKE = 0.8
# What the line network's word counts for where every piece stands apart: that is the digit network's home ground.
PLAIN_DISCOUNT = 0.5
# What the digit network's reading counts for with each of its ones that may be a slash.
SLASH_DISCOUNT = 0.3
# What the digit network's reading counts for, beside one of as many digits, where a word's crop holds so many times the
# ink of its pieces: what lay on the rules of its paper was taken for theirs, and only the line network sees it.
RULED_DISCOUNT, RULED_TIMES = 0.5, 1.35
# What the line network counts for where it says that a word holds no digit, beside the mean sureness of its digits.
WORD_DISCOUNT = 0.7
# A word before a number, of which some is no digit, is letters where each of its digits is told less surely than this.
LABEL = 0.76
# A word among letters may be a number where its components, those of a digit's height, are on the average this likely
# some digit by themselves; so many of a page, the likeliest ones, are asked about. One in which all hangs together may
# be one too where it is no wider than this, in heights of a digit.
MAY_BE_NUMBER, MOST_ASKED, WIDEST_JOINED = 0.5, 24, 6.0
# Lower ones, in pixels, are not asked about: letters that small run together, and look like digits when enlarged.
LEAST_HEIGHT = 16.0
# It is one where the network that reads past words is this sure of two digits, or of more. A single one among letters
# is told from them by nobody.
SURE_PAIR, SURE_NUMBER = 0.97, 0.85
# And surer where the page holds no other digits: of its many words of letters one may look like a number.
SURE_ONLY_PAIR, SURE_ONLY_NUMBER = 0.99, 0.95
# A reading that the other reader does not think of is as likely as this to it. Chosen on numbers that nothing is
# measured on, for their sureness to be true: cheques (val), row numbers (train), composed digits of writers held out.
LEAST_AGREEMENT = 0.15
# What the digit network's reading counts for where it leaves pieces as high as a digit out of a number.
LEFT_INK_DISCOUNT = 0.1
# Of two readings that differ in one digit, what the digit network's opinion of the whole line counts for beside that of
# the line networks, as an exponent; and the least that it may say of one, as a natural logarithm: of what was not cut
# into digits as it is written, it cannot tell one reading from another.
DIGITS_WEIGHT, LEAST_SAID = 0.5, -6.0


def doubtful_words(
    found: Sequence[LineOfCandidates], reading: PageReading, around: Sequence[NDArray[np.float32]] | None = None
) -> list[tuple[int, Word]]:
    """The words worth a second reader, each with the number of its line.

    Parameters
    ----------
    found, reading
        The lines, and what the digit network says about them.
    around
        For each line what the page network says of its candidates, (C,): log-odds of their ink being a digit's. With
        it, words of lines that are not believed to hold digits are worth one too, where what stands around them is
        plainly digits: digits that hang together look like letters, one by one.
    """
    words = []
    among = reading.count >= AMONG_DIGITS and reading.certainty >= AMONG_SURENESS * reading.count
    least = LEAST_AROUND_AMONG if among else LEAST_AROUND
    for number, (line, chosen, share) in enumerate(zip(found, reading.lines, reading.shares, strict=True)):
        others = [*reading.shares[:number], *reading.shares[number + 1 :]]
        is_among = len(others) >= AMONG_LINES and float(np.mean(others)) >= AMONG_SHARE
        least_share = LEAST_SHARE_AMONG if is_among else LEAST_SHARE
        for word in line.words:
            if share < least_share and (around is None or _log_odds(line, word, around[number]) < least):
                continue
            extent = word.crop.quad.box
            if any(extent.x0 < sign.x0 and sign.x1 < extent.x1 for sign in chosen.signs):
                continue  # a date; its slashes would be ones again
            own = digits_in(chosen, word)
            enough = SURE if word.is_plain else SURER
            sure = bool(own) and all(chosen.probabilities[k].max() >= enough for k in own)
            if not sure or possible_slashes(chosen, own) or (not word.is_plain and leaves_ink(line, chosen, word)):
                words.append((number, word))
    return words


def _log_odds(line: LineOfCandidates, word: Word, around: NDArray[np.float32]) -> float:
    """What the page network says of a word: the mean over its candidates."""
    own = [i for i, c in enumerate(line.candidates) if word.start <= c.start and c.end <= word.end]
    return float(np.mean(around[own])) if own else -math.inf


def possible_numbers(
    found: Sequence[LineOfCandidates],
    reading: PageReading,
    scores: Sequence[NDArray[np.float32]],
    *,
    narrower: Callable[[LineOfCandidates], Sequence[Word]],
    known: Sequence[tuple[int, Word]],
) -> list[tuple[int, Word]]:
    """The words of lines that are not believed to hold digits that may be numbers all the same, by themselves.

    In a line of text most marks are letters, and a digit that resembles one is taken for it. Letters stand closer than
    digits, and a line of them is often a single word: its parts between narrower gaps are words here too.

    Parameters
    ----------
    found, reading
        The lines, and what the digit network says about them.
    scores
        For each line (C, 11): log-probabilities of its candidates, "not a digit" last.
    narrower
        Gives the words of a line, parted at narrower gaps.
    known
        Words that are asked about anyway; nothing of them is asked about again.
    """
    possible = []
    for number, (line, values, share) in enumerate(zip(found, scores, reading.shares, strict=True)):
        if share >= LEAST_SHARE or line.digit_height < LEAST_HEIGHT or not line.words:
            continue
        components = set(line.components)
        whole = [
            (candidate.start, candidate.end, -math.expm1(min(0.0, float(row[-1]))))
            for candidate, row in zip(line.candidates, values, strict=True)
            if (candidate.start, candidate.end) in components
            and candidate.box.height >= MARK_HEIGHT * line.digit_height
        ]
        for word in {(word.start, word.end): word for word in (*line.words, *narrower(line))}.values():
            own = [some_digit for start, end, some_digit in whole if word.start <= start and end <= word.end]
            is_short = word.crop.quad.box.width < WIDEST_JOINED * word.digit_height
            likelihood = float(np.mean(own)) if own else MAY_BE_NUMBER if is_short else 0.0
            if likelihood >= MAY_BE_NUMBER and not _overlaps(known, number, word):
                possible.append((likelihood, number, word))
    possible.sort(key=lambda one: -one[0])
    return [(number, word) for _, number, word in possible[:MOST_ASKED]]


def _overlaps(words: Iterable[tuple[int, Word]], number: int, word: Word) -> bool:
    """Whether one of some words takes pieces of a word of line ``number``."""
    return any(number == line and word.start < other.end and other.start < word.end for line, other in words)


def with_numbers(reading: PageReading, words: Sequence[tuple[int, Word]], scores: Sequence[Scores]) -> PageReading:
    """The reading with those of some words that surely are numbers of several digits, and without those that are none.

    Parameters
    ----------
    reading
        What the digit network says.
    words
        As :func:`possible_numbers` gives them; of those that overlap the widest that is a number is one.
    scores
        What the network that reads past words says about each, columns those of the word's crop.
    """
    lines = list(reading.lines)
    pair, number_of_more = (SURE_PAIR, SURE_NUMBER) if reading.count else (SURE_ONLY_PAIR, SURE_ONLY_NUMBER)
    taken: list[tuple[int, Word]] = []
    # A number with gaps in it is better read as a whole.
    widest_first = sorted(zip(words, scores, strict=True), key=lambda one: one[0][1].start - one[0][1].end)
    for (number, word), frames in widest_first:
        if _overlaps(taken, number, word):
            continue
        line = lines[number]
        ((text, probability), *_), _ = likeliest_together([frames], past_words=1)
        if not text:
            lines[number] = _without_word(line, word)
        elif len(text) > 1 and probability >= (pair if len(text) == 2 else number_of_more):
            taken.append((number, word))
            best = aligned(frames, text, math.log(probability))
            lines[number] = _read_as(line, word, frames, best, probability ** (1 / len(text)))
    return replace(reading, lines=tuple(lines))


def is_settled(reading: PageReading, number: int, word: Word, scores: Scores) -> bool:
    """Whether a word of line ``number`` needs no third reader: its digits are sure, and the line network says the same.

    Parameters
    ----------
    scores
        What the line network says about it.
    """
    line = reading.lines[number]
    own = digits_in(line, word)
    if not own or possible_slashes(line, own) or min(line.probabilities[k].max() for k in own) < SURE:
        return False
    best = greedy(scores)
    return best.text == line.only(own).text and best.log_prob >= math.log(SETTLED)


def may_hang_together(word: Word, looks: Sequence[Scores]) -> bool:
    """Whether a word may hold digits that are hard to part, so that it is worth being looked at larger and wider.

    Parameters
    ----------
    looks
        What was said about it so far; where one of them sees no two digits, it may be letters, and where all surely see
        the same, nothing is hard.
    """
    if word.is_plain:
        return False
    best = [greedy(scores) for scores in looks]
    are_sure = len({one.text for one in best}) == 1 and min(one.log_prob for one in best) >= math.log(ALIKE)
    return not are_sure and all(len(one.text) > 1 for one in best)


def agree(
    found: Sequence[LineOfCandidates],
    reading: PageReading,
    words: Sequence[tuple[int, Word]],
    scores: Sequence[Sequence[Scores]],
    *,
    labels: Container[int] = (),
) -> PageReading:
    """The reading with a second opinion on some words.

    Parameters
    ----------
    found, reading
        The lines, and what the digit network says about them.
    words
        The words asked about, each with the number of its line.
    scores
        What is said about each, columns those of the word's crop: one look of the line network, or at one or several
        sizes as many of it and then of the network that reads past words and signs. Where a slash may stand these are
        heard alone.
    labels
        Places in ``words`` of those that may be names of numbers behind them (:mod:`inkread.decode.labels`): unless
        their digits are told surely, they have none.
    """
    lines = list(reading.lines)
    for place, ((number, word), looks) in enumerate(zip(words, scores, strict=True)):
        lines[number] = _merged(found[number], lines[number], word, looks, is_label=place in labels)
    return replace(reading, lines=tuple(lines))


def with_agreement(line: ChosenLine, texts: Sequence[tuple[str, float]]) -> ChosenLine:
    """The line as sure as two readers of all of it make it: surer where they agree, and unsure where they do not.

    Parameters
    ----------
    line
        What the one says.
    texts
        What the other says, with probabilities; where that is something else, they become alternatives.
    """
    own, probability = line.text, line.texts[0][1] if line.texts else line.probability
    said = dict(texts)
    other = said.pop(own, 0.0)
    if texts and texts[0][0] == own:
        together = 1 - (1 - probability) * (1 - other)
    else:
        together = math.sqrt(probability * max(other, LEAST_AGREEMENT))
    rest = sum(said.values())
    share = min(1.0, (1 - together) / rest) if rest > 0 else 0.0
    alternatives = ((text, share * of_text) for text, of_text in said.items())
    every = range(len(line.boxes))
    return replace(
        line,
        probabilities=_scaled(line, every, line.probability, together),
        texts=((own, together), *alternatives),
    )


def with_likelier_digit(
    reading: PageReading,
    texts: Sequence[tuple[str, float]],
    found: Sequence[LineOfCandidates],
    scores: Sequence[NDArray[np.float32]],
) -> PageReading:
    """The reading of a single line, with that digit changed that both readers together find likelier otherwise.

    Which reader is surer of a line depends on all of its digits; which of two digits one of them is does not. So
    readings of the line that differ from it in one digit are compared by the product of what the two say of each.

    Parameters
    ----------
    reading
        What was chosen; it stays where its digits do not stand in one line, or signs stand between them.
    texts
        What the line networks say of the line, with probabilities.
    found, scores
        The lines, and for each (C, 11): what the digit network says about its candidates, "not a digit" last.
    """
    written = [number for number, line in enumerate(reading.lines) if line.boxes]
    if not found or len(written) != 1 or reading.lines[written[0]].signs:
        return reading
    line = reading.lines[written[0]]
    own = line.text
    others = {text: p for text, p in texts if len(text) == len(own) and sum(map(str.__ne__, text, own)) == 1}
    if not others:
        return reading
    # The line networks find what they do not name at all no likelier than the last that they name.
    said = {own: dict(texts).get(own, texts[-1][1]), **others}
    readings = list(said)
    by_digits = np.maximum(_said_by_digits(readings, found, scores), LEAST_SAID)
    together = np.log(list(said.values())) + DIGITS_WEIGHT * by_digits
    best = int(together.argmax())
    text = readings[best]
    if text == own:
        return reading
    place = next(k for k, character in enumerate(text) if character != own[k])
    before, after = DIGITS.index(own[place]), DIGITS.index(text[place])
    share = 1 / (1 + math.exp(together[0] - together[best]))
    weighed = line.probabilities[place].copy()
    weighed[[after, before]] = (weighed[before] + weighed[after]) * np.array([share, 1 - share])
    lines = list(reading.lines)
    probabilities = (*line.probabilities[:place], weighed, *line.probabilities[place + 1 :])
    lines[written[0]] = replace(line, probabilities=probabilities, texts=())
    return replace(reading, lines=tuple(lines))


def _said_by_digits(
    texts: Sequence[str], found: Sequence[LineOfCandidates], scores: Sequence[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """What the digit network says of texts of one length, of all lines together: natural logarithms."""
    firsts = np.cumsum([0, *(len(line.pieces) for line in found)]).tolist()
    candidates = [(first, c) for first, line in zip(firsts, found, strict=False) for c in line.candidates]
    return text_log_probs(
        texts,
        [(first + c.start, first + c.end) for first, c in candidates],
        np.concatenate(scores),
        log_priors=[(c.log_prior, c.log_prior_other) for _, c in candidates],
        pieces=firsts[-1],
    )


def _without_word(line: ChosenLine, word: Word) -> ChosenLine:
    """The line without a word that is one of letters, which resemble digits one by one."""
    own = digits_in(line, word)
    return line.only([k for k in range(len(line.boxes)) if k not in own])


def _is_ruled(found: LineOfCandidates, word: Word) -> bool:
    """Whether far more ink lies in a word's crop than in its pieces: rules, combs, or strokes taken for such."""
    pieces = (c.ink for c in found.candidates if c.end - c.start == 1 and word.start <= c.start < word.end)
    own = sum(int(np.count_nonzero(ink > STRONG_INK)) for ink in pieces)
    return 0 < RULED_TIMES * own < int(np.count_nonzero(word.crop.ink > STRONG_INK))


def _is_believed(text: str, probability: float) -> bool:
    """Whether a word that the digit network reads nothing in is taken for the number that the line network says."""
    return probability >= ALONE if len(text) == 1 else probability >= EACH_ALONE ** len(text)


def _merged(
    found: LineOfCandidates, line: ChosenLine, word: Word, looks: Sequence[Scores], *, is_label: bool
) -> ChosenLine:
    """The line with what some looks make of a word of it."""
    own, past_words = digits_in(line, word), len(looks) // 2
    text = line.only(own).text
    probability = float(np.prod([line.probabilities[k].max() for k in own])) if own else 1.0 - ALONE
    slashes = possible_slashes(line, own)
    if slashes:
        looks, past_words = looks[-past_words:], 0
    ((likeliest, other), *_), surest = likeliest_together(looks, past_words=past_words)
    if is_label and (not likeliest or other < LABEL ** len(likeliest)):
        return _without_word(line, word)
    if likeliest == text:
        if not text:
            return line
        # Wrong only if both are, as far as their mistakes are independent; they share the ink, so half of that gain.
        gain = 0.5 * (1 - probability) * other
        return replace(line, probabilities=_scaled(line, own, probability, probability + gain), texts=())
    # What the digits count for against another reading.
    against = probability * SLASH_DISCOUNT**slashes
    if own and leaves_ink(found, line, word):
        against *= LEFT_INK_DISCOUNT
    if not likeliest and own and other * WORD_DISCOUNT > against ** (1 / len(own)):
        return _without_word(line, word)
    if own and len(likeliest) >= len(text) and _is_ruled(found, word):
        against *= RULED_DISCOUNT
    discount = PLAIN_DISCOUNT if word.is_plain and not slashes else 1.0
    if other * discount <= against or not likeliest or (not own and not _is_believed(likeliest, other * discount)):
        return line
    frames = looks[surest]
    best = aligned(frames, likeliest, float(np.log(other)))
    return _read_as(line, word, frames, best, (other * discount) ** (1 / len(likeliest)))


def _scaled(line: ChosenLine, own: Sequence[int], before: float, after: float) -> tuple[NDArray[np.float64], ...]:
    """The probabilities of digits, with those of ``own`` together as sure as ``after``, no longer ``before``."""
    factor = (after / before) ** (1 / len(own)) if before > 0 else 1.0
    probabilities = list(line.probabilities)
    for k in own:
        scaled = np.minimum(probabilities[k] * factor, 1.0)
        probabilities[k] = scaled / max(1.0, float(scaled.sum()))
    return tuple(probabilities)


def _read_as(line: ChosenLine, word: Word, frames: Scores, best: Hypothesis, each: float) -> ChosenLine:
    """The line with a word of it read as the line network reads it, each digit so sure, instead of its own digits."""
    boxes, inks = cut_out(word, frames, best)
    before = line.only([k for k, (start, _) in enumerate(line.spans) if start < word.start])
    after = line.only([k for k, (start, _) in enumerate(line.spans) if start >= word.end])
    probabilities = [frame_probabilities(frames, span, each) for span in best.spans]
    return replace(
        line,
        boxes=(*before.boxes, *boxes, *after.boxes),
        inks=(*before.inks, *inks, *after.inks),
        spans=(*before.spans, *([(word.start, word.end)] * len(boxes)), *after.spans),
        probabilities=(*before.probabilities, *probabilities, *after.probabilities),
        texts=(),
    )
