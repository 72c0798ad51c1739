"""Reads labeled pictures and counts: exact pictures and lines, character error rate, digit F1, false digits, seconds.

A manifest is a file of JSON lines, one picture each::

    {"id": "p1", "file": "p1.jpg", "lines": ["1250 07", "33"], "unordered": false, "region": [0, 0, 640, 480],
     "category": "multiline", "polarity": "dark-on-light", "difficulty": "easy", "medium": "scan"}

``lines`` is what a careful person reads, top to bottom and left to right; only its digits are judged, so that gaps and
marks do not count. ``unordered`` says that the picture has no natural reading order: its digits are then judged as a
multiset. ``region`` is the part to read, in upright pixels. All but ``lines`` and one of ``id`` and ``file`` may be
left out. A picture that cannot be read is counted as an error and as read wrongly, never left out.

Nothing here knows how reading works: it is a function from a source to a document.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkread.errors import DataError, InkreadError, InvalidOption
from inkread.evaluate.metrics import Rate, WriterFigures, edit_distance, writer_figures
from inkread.evaluate.perturb import Perturbation
from inkread.inputs import open_source
from inkread.results import Document

__all__ = [
    "GroupFigures",
    "Judgement",
    "LabeledPicture",
    "PictureOutcome",
    "PicturesReport",
    "Presentation",
    "Read",
    "evaluate_manifest",
    "evaluate_pictures",
    "judge",
    "read_manifest",
]

Pixels = NDArray[np.uint8]
Region = tuple[float, float, float, float]

# The columns of a manifest by which figures are also given apart.
_GROUP_COLUMNS = ("polarity", "difficulty", "medium")


class Read(Protocol):
    """A function that reads one source, or a region of it."""

    def __call__(self, source: Path | Pixels, region: Region | None, /) -> Document: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabeledPicture:
    """One picture and what stands in it.

    Attributes
    ----------
    source
        Its path, or its pixels, uint8 (H, W) or (H, W, 3).
    lines
        The true lines, possibly none; only their digits count.
    unordered
        Whether its digits have no reading order and are judged as a multiset.
    region
        (x0, y0, x1, y1) in upright pixels, or None for all of it.
    groups
        Names under which its figures are also counted, the category first.
    writer
        Who (or which book) wrote it, or None where nobody says.
    """

    id: str
    source: Path | Pixels
    lines: tuple[str, ...]
    unordered: bool = False
    region: Region | None = None
    groups: tuple[str, ...] = ()
    writer: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How pictures are handed to the reader.

    Attributes
    ----------
    as_array
        Decode and crop first and hand over pixels, so that seconds are those of reading alone; otherwise files are
        handed over with their region.
    perturb
        What is done to the pixels first; implies arrays.
    """

    as_array: bool = False
    perturb: Perturbation | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A reading against the truth.

    Attributes
    ----------
    want, got
        The digits of each line that has any.
    exact
        Every digit right and in order; line breaks do not count.
    lines_right
        As exact, and every line break right.
    distance
        Edit distance between all digits wanted and all digits read.
    hits
        Digits wanted and read, as a multiset.
    """

    want: tuple[str, ...]
    got: tuple[str, ...]
    exact: bool
    lines_right: bool
    distance: int
    hits: int


def judge(want: Iterable[str], got: Iterable[str], *, unordered: bool = False) -> Judgement:
    """The judgement of the lines read, ``got``, against the true lines, ``want``.

    Examples
    --------
    >>> result = judge(["12 50", "7"], ["1250 7"])
    >>> result.exact, result.lines_right
    (True, False)
    """
    want_lines, got_lines = _digit_lines(want), _digit_lines(got)
    wanted, read = "".join(want_lines), "".join(got_lines)
    want_bag, got_bag = Counter(wanted), Counter(read)
    if unordered:
        exact = lines_right = want_bag == got_bag
        # The shortest way from one multiset to the other: a digit too many stands for one that is missing.
        distance = max((want_bag - got_bag).total(), (got_bag - want_bag).total())
    else:
        exact, lines_right, distance = wanted == read, want_lines == got_lines, edit_distance(wanted, read)
    return Judgement(want_lines, got_lines, exact, lines_right, distance, (want_bag & got_bag).total())


def _digit_lines(lines: Iterable[str]) -> tuple[str, ...]:
    # [0-9] and not \d, which takes the digits of every script.
    return tuple(digits for line in lines if (digits := re.sub("[^0-9]", "", line)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureOutcome:
    """What became of one picture.

    Attributes
    ----------
    document
        What was read, None where reading failed.
    error
        ``"Class: message"`` where reading failed, else None.
    seconds
        Wall time of the reading call.
    """

    picture: LabeledPicture
    judgement: Judgement
    document: Document | None
    error: str | None
    seconds: float

    @property
    def confidence(self) -> float | None:
        """The probability that everything is right, lines taken as independent; None where nothing was read."""
        if self.document is None:
            return None
        known = [line.confidence for line in self.document.lines() if line.confidence is not None]
        return float(np.prod(known)) if known else None

    def to_dict(self) -> dict[str, Any]:
        """One row of a table of outcomes."""
        return {
            "id": self.picture.id,
            "category": self.picture.groups[0] if self.picture.groups else None,
            "want": list(self.judgement.want),
            "got": list(self.judgement.got),
            "exact": self.judgement.exact,
            "lines": self.judgement.lines_right,
            "confidence": self.confidence,
            "error": self.error,
            "seconds": round(self.seconds, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """The figures of some pictures together.

    Attributes
    ----------
    exact, lines
        Pictures with every digit right, and with every line break right too.
    cer
        Edit distance over true digits; None without true digits.
    f1
        Of the digits as multisets; None without true digits.
    empty, false_digits
        Pictures without numbers, and the digits read in them.
    """

    n: int
    exact: Rate
    lines: Rate
    cer: float | None
    f1: float | None
    empty: int
    false_digits: int
    errors: int

    @classmethod
    def of(cls, outcomes: Sequence[PictureOutcome]) -> GroupFigures:
        """The figures of ``outcomes``."""
        judgements = [outcome.judgement for outcome in outcomes]
        wanted = sum(len(line) for one in judgements for line in one.want)
        read = sum(len(line) for one in judgements for line in one.got)
        blank = [one for one in judgements if not one.want]
        return cls(
            n=len(outcomes),
            exact=Rate.of([one.exact for one in judgements]),
            lines=Rate.of([one.lines_right for one in judgements]),
            cer=sum(one.distance for one in judgements) / wanted if wanted else None,
            f1=2 * sum(one.hits for one in judgements) / (wanted + read) if wanted else None,
            empty=len(blank),
            false_digits=sum(len(line) for one in blank for line in one.got),
            errors=sum(outcome.error is not None for outcome in outcomes),
        )

    @property
    def false_digits_each(self) -> float | None:
        """False digits a picture without numbers; None where every picture has numbers."""
        return self.false_digits / self.empty if self.empty else None

    def to_dict(self) -> dict[str, Any]:
        def rounded(value: float | None) -> float | None:
            return None if value is None else round(value, 6)

        return {
            "n": self.n,
            "exact": self.exact.to_dict(),
            "lines": self.lines.to_dict(),
            "cer": rounded(self.cer),
            "f1": rounded(self.f1),
            "empty": self.empty,
            "false_digits": self.false_digits,
            "false_digits_each": rounded(self.false_digits_each),
            "errors": self.errors,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PicturesReport:
    """The outcomes of all pictures, in their order, and how they were handed over."""

    outcomes: tuple[PictureOutcome, ...]
    presentation: Presentation = field(default_factory=Presentation)

    @property
    def figures(self) -> GroupFigures:
        """All pictures together."""
        return GroupFigures.of(self.outcomes)

    @property
    def groups(self) -> Mapping[str, GroupFigures]:
        """The figures of each category, then those by polarity, difficulty and medium."""
        members: dict[str, list[PictureOutcome]] = {}
        for outcome in self.outcomes:
            for name in outcome.picture.groups:
                members.setdefault(name, []).append(outcome)
        return {name: GroupFigures.of(members[name]) for name in sorted(members, key=lambda name: (":" in name, name))}

    @property
    def by_writer(self) -> WriterFigures | None:
        """The pictures of each writer read exactly, or None where no writer is known."""
        known = [(one.picture.writer, one.judgement.exact) for one in self.outcomes if one.picture.writer is not None]
        return writer_figures([writer for writer, _ in known], [exact for _, exact in known])

    @property
    def misses(self) -> tuple[PictureOutcome, ...]:
        """The pictures that were not read exactly, errors included."""
        return tuple(outcome for outcome in self.outcomes if not outcome.judgement.exact)

    @property
    def median_seconds(self) -> float:
        return statistics.median(outcome.seconds for outcome in self.outcomes)

    @property
    def mean_seconds(self) -> float:
        return statistics.fmean(outcome.seconds for outcome in self.outcomes)

    @property
    def models(self) -> Mapping[str, str]:
        """The models that read, by task, as the first document names them."""
        return next((dict(one.document.model) for one in self.outcomes if one.document is not None), {})


def evaluate_manifest(
    read: Read,
    manifest: str | os.PathLike[str],
    *,
    images: str | os.PathLike[str] | None = None,
    presentation: Presentation | None = None,
    on_outcome: Callable[[PictureOutcome], None] | None = None,
) -> PicturesReport:
    """The report on every picture of a manifest; see :func:`read_manifest` and :func:`evaluate_pictures`."""
    pictures = read_manifest(manifest, images=images)
    return evaluate_pictures(read, pictures, presentation=presentation, on_outcome=on_outcome)


def evaluate_pictures(
    read: Read,
    pictures: Sequence[LabeledPicture],
    *,
    presentation: Presentation | None = None,
    on_outcome: Callable[[PictureOutcome], None] | None = None,
) -> PicturesReport:
    """The report on ``pictures``, each read once; the first is read once more before, so that no load time counts.

    ``on_outcome`` is called with each outcome as it comes, for progress.

    Raises
    ------
    InvalidOption
        If there is no picture.
    """
    if not pictures:
        raise InvalidOption("there is no picture to evaluate; check the manifest, the split and the limit")
    way = presentation or Presentation()
    _attempt(read, pictures[0], way)
    outcomes = []
    for picture in pictures:
        outcome = _attempt(read, picture, way)
        outcomes.append(outcome)
        if on_outcome:
            on_outcome(outcome)
    return PicturesReport(outcomes=tuple(outcomes), presentation=way)


def _attempt(read: Read, picture: LabeledPicture, way: Presentation) -> PictureOutcome:
    document, error, started = None, None, time.perf_counter()
    try:
        source, region = handed_over(picture, way)
        started = time.perf_counter()
        document = read(source, region)
    except InkreadError as problem:
        error = f"{problem.code}: {problem.message}"
    except Exception as problem:  # noqa: BLE001 - a border: one picture must not hide the others, and it is recorded
        error = f"{type(problem).__name__}: {problem}"
    seconds = time.perf_counter() - started
    judgement = judge(picture.lines, document.text.splitlines() if document else (), unordered=picture.unordered)
    if error is not None:
        # A picture without numbers that fails was not read as empty: it was not read.
        judgement = Judgement(judgement.want, (), False, False, judgement.distance, 0)
    return PictureOutcome(picture=picture, judgement=judgement, document=document, error=error, seconds=seconds)


def handed_over(picture: LabeledPicture, presentation: Presentation) -> tuple[Path | Pixels, Region | None]:
    """The source and the region that the reader is given for ``picture``.

    Raises
    ------
    SourceError
        If the picture must be decoded here and cannot be.
    """
    if not presentation.as_array and presentation.perturb is None:
        return picture.source, picture.region
    pixels = upright_pixels(picture.source)
    if picture.region is not None:
        x0, y0, x1, y1 = (int(edge) for edge in picture.region)
        pixels = np.ascontiguousarray(pixels[max(0, y0) : y1, max(0, x0) : x1])
    if presentation.perturb is not None:
        pixels = presentation.perturb(pixels)
    return pixels, None


def upright_pixels(source: Path | Pixels) -> Pixels:
    """The pixels of a picture, or of a document's first page, uint8 (H, W, 3) RGB, decoded as the reader does it."""
    return next(open_source(source)).pixels


def read_manifest(
    manifest: str | os.PathLike[str], *, images: str | os.PathLike[str] | None = None, limit: int | None = None
) -> tuple[LabeledPicture, ...]:
    """The pictures that a manifest names, the first ``limit`` of them.

    Parameters
    ----------
    images
        The folder of the pictures; by default the folder ``images`` beside the manifest, or else the manifest's own.

    Raises
    ------
    DataError
        If the manifest or the folder is not there, or a row is not what the module's docstring shows; a picture that
        is missing shows itself when it is read.
    """
    path = Path(manifest)
    if limit is not None and limit < 1:
        raise InvalidOption(f"a limit is at least 1; got {limit}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the manifest {path} cannot be read: {error}") from error
    beside = path.parent / "images"
    folder = Path(images) if images is not None else beside if beside.is_dir() else path.parent
    if not folder.is_dir():
        raise DataError(f"the folder of the pictures, {folder}, is not there; name it with images (--images)")
    by_name = {key: entry for entry in sorted(folder.iterdir()) for key in (entry.stem, entry.name)}
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not numbered:
        raise DataError(f"the manifest {path} has no rows")
    return tuple(_picture(line, f"{path}, line {number}", folder, by_name) for number, line in numbered[:limit])


def _picture(line: str, place: str, folder: Path, by_name: Mapping[str, Path]) -> LabeledPicture:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{place} is not a JSON object; got {line[:60]!r}")
    name, lines, region = row.get("file") or row.get("id"), row.get("lines"), row.get("region")
    if not isinstance(name, str):
        raise DataError(f"{place} names no picture: a row needs 'file' or 'id'")
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in lines):
        raise DataError(f"{place}: 'lines' is a list of strings, empty where there is no number; got {lines!r}")
    numbers = isinstance(region, list) and len(region) == 4 and all(isinstance(edge, int | float) for edge in region)
    if region is not None and not numbers:
        raise DataError(f"{place}: 'region' is [x0, y0, x1, y1] or null; got {region!r}")
    known = tuple(f"{column}:{row[column]}" for column in _GROUP_COLUMNS if row.get(column) is not None)
    return LabeledPicture(
        id=str(row.get("id") or name),
        # A name that is not in the folder leads to the reader's own error for a missing file.
        source=by_name.get(name, folder / name),
        lines=tuple(lines),
        unordered=bool(row.get("unordered", False)),
        region=(region[0], region[1], region[2], region[3]) if region is not None else None,
        groups=(str(row.get("category") or "?"), *known),
    )
