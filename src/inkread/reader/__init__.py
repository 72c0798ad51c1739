"""The reader: open → clean → find → recognize → decode → results. Only this room knows the order of the steps."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inkread.assess import assess
from inkread.clean import CleanOptions, picture_within, turned
from inkread.decode.agree import (
    agree,
    doubtful_words,
    is_settled,
    may_hang_together,
    possible_numbers,
    with_agreement,
    with_likelier_digit,
    with_numbers,
)
from inkread.decode.choose import (
    ChosenLine,
    PageReading,
    choose_digits,
    of_like_size,
    without_edge_strokes,
    without_hanging_letters,
    without_lone_marks,
    without_patterns,
    without_pieces_of_words,
    worth_a_look,
    worth_reading,
)
from inkread.decode.confidence import pooled, with_surroundings
from inkread.decode.ctc import single_characters
from inkread.decode.labels import may_be_a_label, with_numbers_behind_labels
from inkread.decode.numbers import are_cells
from inkread.decode.slashes import without_slashes
from inkread.decode.tilted import ink_of, tilted_numbers, with_second_looks
from inkread.decode.whole import read_whole, with_second_opinion
from inkread.decode.writer import are_worth_comparing, by_one_writer
from inkread.errors import InkreadError, InvalidArray, InvalidOption
from inkread.find import FindOptions, Found, as_one_digit, as_one_line, find_candidates, narrower_words
from inkread.geometry import Box, PageTransform, Stroke
from inkread.inputs import InputLimits, describe, draw_page, expand_sources, open_source
from inkread.models.registry import TASKS, ModelCard, bundled, bundled_cards, load_card
from inkread.parts import DIGITS, Candidate, CleanPage, DigitInk, LineOfCandidates, PageImage, Scores, Word
from inkread.reader.alone import or_as_crop, or_number_alone
from inkread.reader.compose import compose_line
from inkread.reader.pale import without_pale_strokes
from inkread.reader.solid import without_solid_shapes
from inkread.reader.views import best_view
from inkread.recognize.digit import DigitRecognizer
from inkread.recognize.line import LineRecognizer
from inkread.recognize.mend import filled, mended, upright
from inkread.recognize.page import PageRecognizer
from inkread.recognize.prepare import LINE_DIGIT_HEIGHT, prepare_digit_line, prepare_line, to_ink
from inkread.recognize.writer import WriterModel
from inkread.results import Classification, Document, Line, Page, Problem
from inkread.rules import sides_before, without_sides

__all__ = ["LAYOUTS", "Layout", "Reader", "ReaderOptions", "classify", "read", "read_many", "read_strokes"]

Layout = Literal["page", "line", "digit"]
LAYOUTS: tuple[Layout, ...] = ("page", "line", "digit")
# A page is not looked at as a whole where digits are this sure on the average, and at least this share of its marks.
PLAIN_CONFIDENCE, PLAIN_SHARE = 0.9, 0.8
# A picture of one line is looked at twice, with its digits about this high on the strip, in pixels, and this many times
# as wide as they are written: which height a digit has beside the tails, marks and rules around it, and how closely it
# is written, is not known before it is read.
LINE_LOOKS = ((20, 1.0), (26, 1.3))
# So a word of a page is looked at, and so too where its digits may hang together: the wider, the easier to part.
WORD_LOOKS, CLOSE_LOOKS = ((LINE_DIGIT_HEIGHT, 1.0),), ((26, 1.1), (LINE_DIGIT_HEIGHT, 1.3))
# A page is tried as one line where at most this many lines were found, its ink is this many times as long as it is high
# and at most this many times as high as the marks found in it, and it was not read this surely.
MOST_LINES, LEAST_LENGTH, MOST_HEIGHTS, SURE_LINE = 2, 0.8, 3.0, 0.9
# That is believed where it is surer by this factor, or above this probability where nothing was read, unless it leaves
# out so many digits that fewer than this share remain.
WHOLE_GAIN, WHOLE_ALONE, LEAST_KEPT = 0.6, 0.6, 0.6
# And by this factor where a line has all that was read and more: what touches a side or hangs together is overlooked.
WHOLE_GAIN_OF_MORE = 0.35
# A crop less sure than this to be some digit is looked at again, and that is believed where it is at least so sure.
UNSURE_CROP, SURE_LOOK = 0.8, 0.7
# Of one that is still unsure, and not this surely none, others are heard, whose opinions weigh this beside the first.
PLAINLY_NONE, UPRIGHT_WEIGHT, LINE_WEIGHT = 0.99, 0.5, 0.2
# Candidates of which no digit is this likely are looked at as outlines, where there are so many at most, of so many
# pixels' height at least: hollow numbers are large and few. They are believed to be digits where they are this sure.
REFUSED, MOST_OUTLINES, OUTLINE_HEIGHT, SURE_OUTLINE = 0.5, 24, 24.0, 0.85
# Gaps wider than this, in heights of a digit, part words among letters.
LETTERS_GAP = 0.45
# Pieces of ink smaller than this share of a digit's height do not say where a line begins and ends; beside it a side of
# a box runs for so many of its heights.
PIECE, SIDE = 0.4, 1.1
# Marks of a digit's size that are writing, and no longer some dirt.
WRITING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderOptions:
    """How to read; a change for one call is a new value (``dataclasses.replace``).

    Attributes
    ----------
    layout
        What a picture holds: "page" finds everything, "line" is one line, "digit" is one digit.
    min_confidence
        Numbers less sure than this, in [0, 1], are kept and marked as not accepted; 0 accepts all.
    min_digit_confidence
        Digits less sure than this, in [0, 1], are taken for other marks and not reported. A little below one half: what
        is about as likely right as wrong is still worth showing, with its confidence beside it.
    try_again
        Whether a page that hardly reads is tried without what is fainter than its strongest ink, with other tilts, on
        its sides, upside down, with light ink for dark, and as one number that fills it; and single numbers of it that
        are tilted, set straight.
    look_around
        Whether the marks of a page that is not plainly digits are judged by what stands around them too, where there
        is a page network: letters of words, pieces of drawings and textures look like digits one by one.
    style
        Whether the writing of every digit and line is described too, in their ``style``.
    threads
        Cores that one reading may use, at least 1; with several workers take 1 for each.
    limits, clean, find
        The options of the steps.

    Raises
    ------
    InvalidOption
        If a value lies outside its range.
    """

    layout: Layout = "page"
    min_confidence: float = 0.0
    min_digit_confidence: float = 0.4
    try_again: bool = True
    look_around: bool = True
    style: bool = False
    threads: int = 2
    limits: InputLimits = field(default_factory=InputLimits)
    clean: CleanOptions = field(default_factory=CleanOptions)
    find: FindOptions = field(default_factory=FindOptions)

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise InvalidOption(f"unknown layout {self.layout!r}; known are {', '.join(LAYOUTS)}")
        for name in ("min_confidence", "min_digit_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidOption(f"{name} lies in [0, 1]; got {getattr(self, name)}")
        if self.threads < 1:
            raise InvalidOption(f"a reader needs at least one thread; got {self.threads}")


class Reader:
    """Reads handwritten numbers. Make one and keep it: the networks are loaded at its first reading.

    Safe to share between threads; calls change nothing in it.

    Parameters
    ----------
    options
        The defaults when not given.
    models
        Networks to use instead of the bundled ones, by task: a card, or the path of one (``digit.toml``).

    Raises
    ------
    ModelError
        If a card cannot be used.
    """

    def __init__(
        self, options: ReaderOptions | None = None, *, models: Mapping[str, ModelCard | str | Path] | None = None
    ) -> None:
        self.options = options or ReaderOptions()
        given = {
            task: card if isinstance(card, ModelCard) else load_card(Path(card).with_suffix(".toml"))
            for task, card in (models or {}).items()
        }
        if unknown := set(given) - set(TASKS):
            raise InvalidOption(f"unknown task {', '.join(sorted(unknown))}; a reader uses: {', '.join(TASKS)}")
        there = {card.task for card in bundled_cards()}
        if "line" in given:  # a line network of one's own is heard alone
            there.discard("words")
        if "digit" in given:  # heard alone too; and what digits have in common is told by the features of one network
            there -= {"second", "writer"}
        self._cards = {task: given.get(task) or bundled(task) for task in TASKS if task in given or task in there}
        self._digit_recognizer: DigitRecognizer | None = None
        self._line_recognizers: tuple[LineRecognizer, ...] = ()
        self._page_recognizer: PageRecognizer | None = None
        self._writer_model: WriterModel | None = None
        self._lock = Lock()

    @property
    def model(self) -> dict[str, str]:
        """The names of the networks, by task."""
        return {task: card.name for task, card in self._cards.items()}

    def _digits(self) -> DigitRecognizer:
        with self._lock:
            if self._digit_recognizer is None:
                self._digit_recognizer = DigitRecognizer(
                    self._cards["digit"], second=self._cards.get("second"), threads=self.options.threads
                )
            return self._digit_recognizer

    def _lines(self) -> tuple[LineRecognizer, ...]:
        """The network that reads lines of numbers best, and the one that knows words and signs beside them."""
        with self._lock:
            if not self._line_recognizers:
                cards = [self._cards[task] for task in ("line", "words") if task in self._cards]
                self._line_recognizers = tuple(LineRecognizer(card, threads=self.options.threads) for card in cards)
            return self._line_recognizers

    def _pages(self) -> PageRecognizer:
        with self._lock:
            if self._page_recognizer is None:
                self._page_recognizer = PageRecognizer(self._cards["page"], threads=self.options.threads)
            return self._page_recognizer

    def _writer(self) -> WriterModel:
        with self._lock:
            if self._writer_model is None:
                self._writer_model = WriterModel(self._cards["writer"], threads=self.options.threads)
            return self._writer_model

    def read(
        self,
        source: Any,
        *,
        layout: Layout | None = None,
        region: Sequence[float] | None = None,
        options: ReaderOptions | None = None,
    ) -> Document:
        """Read one source.

        Parameters
        ----------
        source
            A path, URL, bytes, binary file, array (H, W[, 3 or 4]) or PIL picture.
        layout
            Overrides the options' layout.
        region
            (x0, y0, x1, y1) in pixels of the upright picture: read only there. Results stay in whole-picture pixels.
        options
            Instead of the reader's own.

        Returns
        -------
        A document; one without numbers says so in ``problem``.

        Raises
        ------
        SourceError
            If the source cannot be opened.
        InvalidOption
            If the layout is unknown, or the region does not lie on the picture.
        """
        return self.trace(source, layout=layout, region=region, options=options)[0]

    def trace(
        self,
        source: Any,
        *,
        layout: Layout | None = None,
        region: Sequence[float] | None = None,
        options: ReaderOptions | None = None,
    ) -> tuple[Document, tuple[DigitInk, ...]]:
        """Read one source as :meth:`read` does, and keep the ink that every digit was read from.

        Returns
        -------
        The document, and the ink of each of its digits, in the order of :meth:`Document.digits`.
        """
        began = time.perf_counter()
        used = self._options(options, layout)
        name = describe(source)
        read = [self._read_page(page, used, region) for page in open_source(source, limits=used.limits)]
        document = self._document(name, tuple(page for page, _ in read), began)
        return document, tuple(ink for _, inks in read for ink in inks)

    def read_many(
        self, sources: Iterable[Any] | str, *, layout: Layout | None = None, options: ReaderOptions | None = None
    ) -> Iterator[tuple[str, Document | InkreadError]]:
        """Read sources one after the other; one bad source never hides the others.

        Parameters
        ----------
        sources
            Sources as for :meth:`read`, and folders and globs, which stand for the pictures in them.
        layout, options
            As for :meth:`read`.

        Yields
        ------
        The name of a source, and its document or what went wrong with it.
        """
        used = self._options(options, layout)
        for name, source in expand_sources(sources):
            if isinstance(source, InkreadError):
                yield name, source
                continue
            try:
                yield name, self.read(source, options=used)
            except InkreadError as error:
                yield name, error

    def read_strokes(
        self, strokes: Sequence[Stroke | Sequence[Sequence[float]]], *, options: ReaderOptions | None = None
    ) -> Document:
        """Read pen strokes, in the order and the place they were written.

        Parameters
        ----------
        strokes
            Strokes, or lists of points (x, y[, t[, pressure]]), y down.

        Returns
        -------
        A document of one page in the strokes' own coordinates.

        Raises
        ------
        InvalidArray
            If a stroke is not made of numbers, or there is none.
        """
        return self.trace_strokes(strokes, options=options)[0]

    def trace_strokes(
        self, strokes: Sequence[Stroke | Sequence[Sequence[float]]], *, options: ReaderOptions | None = None
    ) -> tuple[Document, tuple[DigitInk, ...]]:
        """Read pen strokes as :meth:`read_strokes` does, and keep the ink of every digit, as :meth:`trace` does."""
        began = time.perf_counter()
        used = self._options(options, None)
        cleaned = draw_page(strokes)
        reading = self._by_one_writer(self._choose(cleaned, used, may_be_dirt=False))
        lines = _composed(reading, cleaned.to_source, used)
        height, width = cleaned.ink.shape
        box = cleaned.to_source.apply_to_box(Box(0, 0, width, height)).box
        page = Page(
            index=0,
            width=max(1, round(box.x1)),
            height=max(1, round(box.y1)),
            lines=lines,
            problem=_page_problem(reading),
        )
        return self._document("<strokes>", (page,), began), _inks(reading, cleaned.to_source)

    def classify(self, crops: Sequence[NDArray[np.generic]] | NDArray[np.generic]) -> Classification:
        """Say which digit each crop is.

        A crop that is not surely one is looked at again where noise, uneven ground or ground of two tones lies in the
        way, or where its strokes are drawn as outlines; see :mod:`inkread.recognize.mend`. One that is still doubtful
        is looked at without its slant too, and by the line networks, as a line of one digit.

        Parameters
        ----------
        crops
            (N, H, W), or a list of (H, W): uint8, or float in [0, 1]; dark on light or light on dark.

        Raises
        ------
        InvalidArray
            If a crop is of another shape, type or range.
        """
        if isinstance(crops, np.ndarray) and crops.ndim != 3:
            raise InvalidArray(f"classify takes crops of shape (N, H, W), or a list of (H, W); got shape {crops.shape}")
        probabilities = np.exp(self._classified(crops, to_ink(crops)))
        return Classification(probabilities=probabilities[:, : len(DIGITS)], not_a_digit=probabilities[:, len(DIGITS)])

    def _classified(
        self, crops: Sequence[NDArray[np.generic]] | NDArray[np.generic], inks: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """The log-probabilities (N, 11) of N crops, whose ink is given too."""
        scores = self._digits().recognize(inks)
        sureness = np.exp(scores[:, : len(DIGITS)].max(axis=1))
        unsure = np.flatnonzero(sureness < UNSURE_CROP).tolist()
        looks = [(i, look) for i in unsure for look in mended(crops[i], inks[i])]
        # Two networks that are both unsure of what noise left are too unsure together.
        others = self._digits().recognize(to_ink([look for _, look in looks]), alone=True)
        for (i, _), other in zip(looks, others, strict=True):
            surest = np.exp(other[: len(DIGITS)].max())
            if surest >= max(SURE_LOOK, sureness[i]):
                scores[i], sureness[i] = other, surest
        return self._with_other_opinions(scores, inks)

    def _read_crop(self, page: CleanPage, grey: NDArray[np.uint8], *, options: ReaderOptions) -> PageReading:
        """The reading of a crop of one digit, whose grey is given too, as :meth:`classify` sees it."""
        found = as_one_digit(page)
        if not found:
            return PageReading(lines=(), shares=(), marks=0)
        scores = [self._classified([grey], [page.ink])]
        return choose_digits(found, scores, least_probability=options.min_digit_confidence, anything=False)

    def _with_other_opinions(
        self, scores: NDArray[np.float32], inks: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """The log-probabilities (N, 11) of N crops; of doubtful ones others are heard on which digit they are.

        The digit network's own view of them upright, and what the line networks say of them as lines of one digit.
        """
        probabilities = np.exp(scores)
        digits, nothing = probabilities[:, : len(DIGITS)], probabilities[:, len(DIGITS)]
        doubtful = np.flatnonzero((digits.max(axis=1) < UNSURE_CROP) & (nothing < PLAINLY_NONE))
        if not len(doubtful):
            return scores
        own, unsure = digits[doubtful], [inks[int(i)] for i in doubtful]
        opinions = [own, np.exp(self._digits().recognize([upright(ink) for ink in unsure]))[:, : len(DIGITS)]]
        strips = [prepare_digit_line(ink) for ink in unsure]
        lines = self._lines()
        opinions += [np.exp([single_characters(said) for said in network.recognize(strips)]) for network in lines]
        together = pooled(opinions, [1.0, UPRIGHT_WEIGHT, *[LINE_WEIGHT] * len(lines)])
        heard = scores.copy()
        heard[doubtful, : len(DIGITS)] = np.log(own.sum(axis=1, keepdims=True) * together)
        return heard

    def activate(self, inks: Sequence[DigitInk]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What the digit network says of N inks, and what each place of them said for each class.

        See :meth:`inkread.recognize.digit.DigitRecognizer.activate`.
        """
        return self._digits().activate([traced.ink for traced in inks])

    def _options(self, options: ReaderOptions | None, layout: Layout | None) -> ReaderOptions:
        used = options or self.options
        return used if layout is None else replace(used, layout=layout)

    def _document(self, name: str, pages: tuple[Page, ...], began: float) -> Document:
        problem = None
        if not any(line.numbers for page in pages for line in page.lines):
            conditions = [page.problem for page in pages if page.problem and page.problem.code != "not_a_number"]
            problem = conditions[0] if conditions else Problem("no_numbers")
        seconds = time.perf_counter() - began
        return Document(source=name, pages=pages, model=self.model, seconds=seconds, problem=problem)

    def _read_page(
        self, page: PageImage, options: ReaderOptions, region: Sequence[float] | None
    ) -> tuple[Page, tuple[DigitInk, ...]]:
        part, offset = (page, (0, 0)) if region is None else _cut_out(page, region)
        if options.layout == "page":
            part, within = _cut_out(part, picture_within(part.pixels))
            offset = offset[0] + within[0], offset[1] + within[1]
        view = best_view(
            part,
            options.clean,
            partial(self._choose, options=options),
            try_again=options.try_again and options.layout == "page",
        )
        as_crop = partial(self._read_crop, options=options)
        if options.layout == "digit":
            view = or_as_crop(view, part, as_crop)
        elif options.try_again:
            as_digit, as_line = (
                partial(self._choose, options=replace(options, layout=layout)) for layout in ("digit", "line")
            )
            view = or_number_alone(view, part, options.clean, as_digit=as_digit, as_line=as_line, as_crop=as_crop)
        cleaned, reading = view.page, view.reading
        if options.layout == "page":
            if options.try_again:
                reading = self._with_tilted(reading, options)
            reading = without_edge_strokes(reading, cleaned.to_source, size=(part.width, part.height))
            reading = without_solid_shapes(reading, cleaned, part.pixels)
            reading = without_pale_strokes(reading, cleaned, part.pixels)
        reading = self._by_one_writer(reading)
        inks, to_whole = _inks(reading, cleaned.to_source), PageTransform.translation(*offset)
        condition = assess(
            part,
            cleaned,
            marks=reading.mark_boxes or [box for line in reading.lines for box in line.boxes],
            digits=inks,
            is_cropped=options.layout != "page",
        )
        read = Page(
            index=page.index,
            width=page.width,
            height=page.height,
            dpi=page.dpi,
            lines=_composed(reading, cleaned.to_source.then(to_whole), options, page.pixels),
            problem=_page_problem(reading, condition, is_upside_down_unclear=view.is_upside_down_unclear),
        )
        return read, tuple(replace(ink, to_source=ink.to_source.then(to_whole)) for ink in inks)

    def _choose(
        self, page: CleanPage, options: ReaderOptions, *, may_be_dirt: bool = True, is_likely: bool = True
    ) -> PageReading:
        if options.layout == "digit":
            proposed = Found(lines=as_one_digit(page), page=page)
        else:
            is_line = options.layout == "line"
            proposed = find_candidates(
                _without_sides(page), replace(options.find, word_gap=np.inf) if is_line else options.find
            )
        found, page = proposed.lines, proposed.page
        recognized = self._recognized(found, is_likely=is_likely)
        if recognized is None:
            return PageReading(lines=(), shares=(), marks=0)
        found, scores = recognized
        if options.layout == "digit":
            inks = [[candidate.ink for candidate in line.candidates] for line in found]
            scores = [self._with_other_opinions(one, of) for one, of in zip(scores, inks, strict=True)]
        choose = partial(
            choose_digits, found, least_probability=options.min_digit_confidence, anything=options.layout == "page"
        )
        reading, around = choose(scores), None
        if may_be_dirt and self._looks_around(options) and _may_be_other(reading):
            digit_map = self._pages().recognize(page.ink, digit_height=_usual_height(found))
            log_odds = digit_map.log_odds_of([candidate for line in found for candidate in line.candidates])
            reading = choose(_by_line(with_surroundings(np.concatenate(scores), log_odds), map(len, scores)))
            around = _by_line(log_odds, map(len, scores))
        if options.layout == "digit":
            return reading
        reading = without_slashes(reading, found)
        reading = self._with_lines(page, found, reading, around, scores)
        reading = with_numbers_behind_labels(found, reading, scores)
        is_dirty_page = options.layout == "page" and may_be_dirt
        reading = without_patterns(reading) if options.layout == "page" else reading
        # A mark does not say how large digits are.
        reading = of_like_size(without_lone_marks(reading) if is_dirty_page else reading)
        if is_dirty_page:
            reading = without_hanging_letters(without_pieces_of_words(without_lone_marks(reading), found), found)
        if "line" in self._cards:
            reading = self._or_as_one_line(page, found, reading, scores, is_line=options.layout == "line")
            reading = without_lone_marks(reading) if is_dirty_page else reading
        return replace(reading, percent_signs=proposed.percent_signs)

    def _by_one_writer(self, reading: PageReading) -> PageReading:
        """The reading, with doubtful digits compared with the page's others."""
        if "writer" not in self._cards or not are_worth_comparing(reading):
            return reading
        features = self._digits().features([ink for line in reading.lines for ink in line.inks])
        return by_one_writer(reading, *self._writer().places(features))

    def _with_tilted(self, reading: PageReading, options: ReaderOptions) -> PageReading:
        """The reading, with numbers that run up or down by themselves looked at once more, set straight."""
        looks = [
            (number, self._choose(turned(ink_of(reading, number), -number.degrees), options, may_be_dirt=False))
            for number in tilted_numbers(reading)
        ]
        return with_second_looks(reading, looks) if looks else reading

    def _recognized(
        self, found: Sequence[LineOfCandidates], *, is_likely: bool
    ) -> tuple[tuple[LineOfCandidates, ...], list[NDArray[np.float32]]] | None:
        """The lines with the candidates that are worth a look, and what the digit network says of them, for each line.

        Components that stand apart are looked at first: most are digits, and need no look at their cuts and joints.
        None for a page that is not likely to be held so, and where few of them are.
        """
        own = [set(line.components) for line in found]
        first = [[c for c in line.candidates if (c.start, c.end) in of] for line, of in zip(found, own, strict=True)]
        known = self._scores(first)
        found = tuple(
            replace(line, candidates=tuple(itertools.compress(line.candidates, worth_a_look(line, scores))))
            for line, scores in zip(found, known, strict=True)
        )
        rest = [[c for c in line.candidates if (c.start, c.end) not in of] for line, of in zip(found, own, strict=True)]
        if not is_likely and not worth_reading(known, looks=sum(map(len, rest))):
            return None
        others = self._scores(rest)
        merged = []
        for line, of, component_scores, other_scores in zip(found, own, known, others, strict=True):
            is_component = np.array([(c.start, c.end) in of for c in line.candidates], bool)
            scores = np.empty((len(is_component), component_scores.shape[1]), np.float32)
            scores[is_component], scores[~is_component] = component_scores, other_scores
            merged.append(scores)
        return self._with_outlines_filled(found, merged)

    def _with_outlines_filled(
        self, found: tuple[LineOfCandidates, ...], scores: list[NDArray[np.float32]]
    ) -> tuple[tuple[LineOfCandidates, ...], list[NDArray[np.float32]]]:
        """Candidates that are no digits as they stand, but surely are with the strokes filled that they outline.

        A page whose digits are outlines has no others, and is not asked where some surely is a digit.
        """
        sureness = [values[:, : len(DIGITS)].max(axis=1) for values in scores]
        if not sureness or max(values.max() for values in sureness) >= math.log(SURE_OUTLINE):
            return found, scores
        refused = [
            (line, i)
            for line, values in enumerate(sureness)
            for i in np.flatnonzero(values < math.log(REFUSED)).tolist()
            if found[line].candidates[i].box.height >= OUTLINE_HEIGHT
        ]
        if len(refused) > MOST_OUTLINES:
            return found, scores
        looks = [(line, i, ink) for line, i in refused for ink in filled(found[line].candidates[i].ink)]
        candidates = [list(line.candidates) for line in found]
        for (line, i, ink), values in zip(looks, self._digits().recognize([ink for *_, ink in looks]), strict=True):
            if values[: len(DIGITS)].max() >= max(math.log(SURE_OUTLINE), scores[line][i, : len(DIGITS)].max()):
                candidates[line][i], scores[line][i] = replace(candidates[line][i], ink=ink), values
        lines = zip(found, candidates, strict=True)
        return tuple(replace(line, candidates=tuple(own)) for line, own in lines), scores

    def _scores(self, candidates: Sequence[Sequence[Candidate]]) -> list[NDArray[np.float32]]:
        """What the digit network says of the candidates of each line."""
        scores = self._digits().recognize([candidate.ink for line in candidates for candidate in line])
        return _by_line(scores, map(len, candidates)) if candidates else []

    def _looks_around(self, options: ReaderOptions) -> bool:
        return options.layout == "page" and options.look_around and "page" in self._cards

    def _or_as_one_line(
        self,
        page: CleanPage,
        found: Sequence[LineOfCandidates],
        reading: PageReading,
        scores: Sequence[NDArray[np.float32]],
        *,
        is_line: bool,
    ) -> PageReading:
        """The reading of a page, or that of all its ink as one line, where it is or may be one and is surer so, each
        digit told by both; where it is one, as sure as both make it."""
        if any(line.signs for line in reading.lines):
            return reading
        own = reading.probability
        least = WHOLE_GAIN * own if reading.count else 0.0 if is_line else WHOLE_ALONE
        if not is_line:
            if not _may_be_few_lines(found) or sum(bool(line.boxes) for line in reading.lines) > MOST_LINES:
                return reading
            if own >= SURE_LINE:
                if reading.count == reading.marks:
                    return reading
                least = SURE_LINE
        word = as_one_line(page if is_line else _between_sides(page, found))
        if word is None or not (is_line or _may_be_one_line(word, found)):
            return reading
        # What is said of a line is heard even where it is not believed.
        whole = self._read_whole(word, 0.0 if is_line else least)
        if whole is None:
            return reading
        surer = self._surer(reading, whole, least, is_line=is_line)
        return with_likelier_digit(surer, whole.texts, found, scores)

    def _surer(self, reading: PageReading, whole: ChosenLine, least: float, *, is_line: bool) -> PageReading:
        """The reading, or that of all ink as one line where it is likelier than ``least``; of a line with the
        agreement of the other."""
        if is_line and _is_within("".join(line.text for line in reading.lines), whole.texts[0][0]):
            least = WHOLE_GAIN_OF_MORE * reading.probability
        if whole.texts[0][1] > least:
            line = with_second_opinion(whole, self._digits().recognize(whole.inks))
            # An unsure digit stays: without it the others would be another number.
            other = without_slashes(PageReading(lines=(line,), shares=(1.0,), marks=len(line.boxes)))
            # Where the digit network, asked about each digit, changed one, the line is no longer what was surer.
            changed = not other.lines[0].texts and not other.lines[0].signs
            if other.count >= LEAST_KEPT * reading.count and not (reading.count and changed):
                same = is_line and other.lines[0].text == "".join(line.text for line in reading.lines)
                return _in_agreement(other, reading.lines) if same else other
        return _in_agreement(reading, (whole,)) if is_line else reading

    def _read_whole(self, word: Word, least: float) -> ChosenLine | None:
        """A line that is not cut up before it is read; None where no string is likelier than ``least``."""
        looks = [scores for network in self._lines() for scores in _looked_at(network, [word], LINE_LOOKS)[0]]
        return read_whole(word, looks, least=least, past_words=len(looks) - len(LINE_LOOKS))

    def _with_lines(
        self,
        page: CleanPage,
        found: Sequence[LineOfCandidates],
        reading: PageReading,
        around: Sequence[NDArray[np.float32]] | None,
        scores: Sequence[NDArray[np.float32]],
    ) -> PageReading:
        """The reading, with the line networks asked about words: those that the digit network is not sure of, and those
        among letters that may be numbers."""
        if "line" not in self._cards:
            return reading
        doubtful = doubtful_words(found, reading, around)
        narrower = partial(narrower_words, page.ink, word_gap=LETTERS_GAP)
        possible = (
            possible_numbers(found, reading, scores, narrower=narrower, known=doubtful)
            if "words" in self._cards
            else []
        )
        if not (doubtful or possible):
            return reading
        first, *others = self._lines()
        words = [word for _, word in doubtful]
        looks = _looked_at(first, words, WORD_LOOKS)
        left = [k for k, (number, word) in enumerate(doubtful) if not is_settled(reading, number, word, *looks[k])]
        for network in others:
            unsettled = [words[k] for k in left]
            for k, said in zip(left, _looked_at(network, unsettled, WORD_LOOKS), strict=True):
                looks[k] += said
            close = [k for k in left if may_hang_together(words[k], looks[k])]
            both = [_looked_at(one, [words[k] for k in close], CLOSE_LOOKS) for one in (first, network)]
            for k, more, past_words in zip(close, *both, strict=True):
                looks[k] = [looks[k][0], *more, looks[k][1], *past_words]
        labels = {
            place
            for place, (number, word) in enumerate(doubtful)
            if may_be_a_label(found[number], reading.lines[number], word, scores[number])
        }
        reading = agree(found, reading, doubtful, looks, labels=labels)
        if not possible:
            return reading
        alone = _looked_at(others[-1], [word for _, word in possible], WORD_LOOKS)
        return with_numbers(reading, possible, [heard for (heard,) in alone])


def _in_agreement(reading: PageReading, other: Sequence[ChosenLine]) -> PageReading:
    """The reading of a line, as sure as another one makes it; as it is where either is not of one line."""
    if len(reading.lines) != 1 or len(other) != 1 or not reading.count or not other[0].boxes or reading.lines[0].signs:
        return reading
    texts = other[0].texts or ((other[0].text, other[0].probability),)
    return replace(reading, lines=(with_agreement(reading.lines[0], texts),))


def _looked_at(
    network: LineRecognizer, words: Sequence[Word], looks: Sequence[tuple[float, float]]
) -> list[list[Scores]]:
    """What a line network says of each word at each of some looks, its columns those of the word's crop."""
    ways = [(word, height, stretch) for word in words for height, stretch in looks]
    strips = [
        prepare_line(word.crop.ink, digit_height=word.digit_height * LINE_DIGIT_HEIGHT / height, stretch=stretch)
        for word, height, stretch in ways
    ]
    pixels = [word.digit_height / (height * stretch) for word, height, stretch in ways]
    said = network.recognize(strips, pixels=pixels)
    return [said[i : i + len(looks)] for i in range(0, len(said), len(looks))]


def _by_line(rows: NDArray[np.float32], counts: Iterable[int]) -> list[NDArray[np.float32]]:
    """Rows parted into those of each line, of which there is at least one, by how many each has."""
    return np.split(rows, np.cumsum(list(counts))[:-1])


def _composed(
    reading: PageReading, to_source: PageTransform, options: ReaderOptions, pixels: NDArray[np.uint8] | None = None
) -> tuple[Line, ...]:
    in_cells = are_cells((line.boxes, line.dividers) for line in reading.lines)
    return tuple(
        compose_line(
            line,
            to_source,
            min_confidence=options.min_confidence,
            style=options.style,
            pixels=pixels,
            in_cells=in_cells,
        )
        for line in reading.lines
        if line.boxes
    )


def _inks(reading: PageReading, to_source: PageTransform) -> tuple[DigitInk, ...]:
    return tuple(
        DigitInk(ink=ink, to_source=PageTransform.translation(box.x0, box.y0).then(to_source))
        for line in reading.lines
        for box, ink in zip(line.boxes, line.inks, strict=True)
    )


def _without_sides(page: CleanPage) -> CleanPage:
    ink = without_sides(page.ink)
    return page if ink is page.ink else replace(page, ink=ink)


def _between_sides(page: CleanPage, found: Sequence[LineOfCandidates]) -> CleanPage:
    """The page without the sides of a box left and right of all that was found, and what lies beyond them."""
    boxes = [box for line in found for box in line.pieces if max(box.width, box.height) >= PIECE * line.digit_height]
    if not boxes:
        return page
    first, last = int(min(box.x0 for box in boxes)), math.ceil(max(box.x1 for box in boxes))
    run = SIDE * _usual_height(found)
    left = sides_before(page.ink[:, :first], run=run)
    right = sides_before(page.ink[:, : last - 1 : -1], run=run)
    if not left and not right:
        return page
    ink = page.ink.copy()
    ink[:, :left] = 0
    ink[:, ink.shape[1] - right :] = 0
    return replace(page, ink=ink)


def _may_be_other(reading: PageReading) -> bool:
    """Whether some of what was read may be no digit: not where nearly every mark is one, and a sure one."""
    if not reading.count:
        return False
    return reading.certainty < PLAIN_CONFIDENCE * reading.count or reading.count < PLAIN_SHARE * reading.marks


def _may_be_few_lines(found: Sequence[LineOfCandidates]) -> bool:
    """Whether marks were found, and all of them within what a line and dirt above and below it take."""
    boxes = [piece for line in found for piece in line.pieces]
    if not boxes:
        return False
    return max(box.y1 for box in boxes) - min(box.y0 for box in boxes) <= 2 * MOST_HEIGHTS * _usual_height(found)


def _is_within(text: str, longer: str) -> bool:
    """Whether a number has all of several digits, side by side, and more."""
    return 1 < len(text) < len(longer) and text in longer


def _may_be_one_line(word: Word, found: Sequence[LineOfCandidates]) -> bool:
    """Whether all the ink of a page, taken for one line, is longer than high and no higher than its marks say."""
    is_long = word.crop.ink.shape[1] >= LEAST_LENGTH * word.digit_height
    return is_long and word.digit_height <= MOST_HEIGHTS * _usual_height(found)


def _usual_height(found: Sequence[LineOfCandidates]) -> float:
    """Height of a digit in the line that the middle one of the page's pieces is in, in pixels."""
    return float(np.median(np.repeat([line.digit_height for line in found], [len(line.pieces) for line in found])))


def _cut_out(page: PageImage, region: Sequence[float]) -> tuple[PageImage, tuple[int, int]]:
    try:
        x0, y0, x1, y1 = (float(v) for v in region)
        x0, y0, x1, y1 = (max(0, int(x0)), max(0, int(y0)), min(page.width, int(x1)), min(page.height, int(y1)))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidOption(f"a region is four numbers (x0, y0, x1, y1); got {region!r}") from error
    if x1 <= x0 or y1 <= y0:
        raise InvalidOption(
            f"the region {tuple(region)} does not lie on the picture of {page.width} × {page.height} pixels"
        )
    return replace(page, pixels=page.pixels[y0:y1, x0:x1]), (x0, y0)


def _page_problem(
    reading: PageReading, condition: Problem | None = None, *, is_upside_down_unclear: bool = False
) -> Problem | None:
    """What is to be said of a page: first what is wrong with its picture, which somebody can do something about."""
    if condition is not None:
        return condition
    if reading.count:
        return Problem("upside_down_unclear") if is_upside_down_unclear else None
    return Problem("not_a_number" if reading.marks >= WRITING else "no_numbers")


@cache
def _shared() -> Reader:
    return Reader()


def read(
    source: Any,
    *,
    layout: Layout | None = None,
    region: Sequence[float] | None = None,
    options: ReaderOptions | None = None,
) -> Document:
    """Read one source with the process's shared reader; see :meth:`Reader.read`."""
    return _shared().read(source, layout=layout, region=region, options=options)


def read_many(
    sources: Iterable[Any] | str, *, layout: Layout | None = None, options: ReaderOptions | None = None
) -> Iterator[tuple[str, Document | InkreadError]]:
    """Read many sources with the process's shared reader; see :meth:`Reader.read_many`."""
    return _shared().read_many(sources, layout=layout, options=options)


def read_strokes(
    strokes: Sequence[Stroke | Sequence[Sequence[float]]], *, options: ReaderOptions | None = None
) -> Document:
    """Read pen strokes with the process's shared reader; see :meth:`Reader.read_strokes`."""
    return _shared().read_strokes(strokes, options=options)


def classify(crops: Sequence[NDArray[np.generic]] | NDArray[np.generic]) -> Classification:
    """Classify crops of one digit each with the process's shared reader; see :meth:`Reader.classify`."""
    return _shared().classify(crops)
