"""A page of everything that was read wrongly, for people to look at: picture, truth, reading and confidence.

The folder holds ``index.html``, one file with every picture inside, contact sheets ``sheet-01.png``, … for viewers that
show no HTML, and each large picture on its own. Nothing is measured here.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inkread.errors import InkreadError, OutputError
from inkread.evaluate.digits import DigitsReport
from inkread.evaluate.pages import PictureOutcome, PicturesReport, handed_over, upright_pixels
from inkread.export.draw import annotate
from inkread.geometry import Quad
from inkread.results import Page

__all__ = ["GALLERY_STYLE", "Miss", "digit_misses", "figure_of", "picture_misses", "read_as", "write_gallery"]

Pixels = NDArray[np.uint8]

# Longest side of a picture in the page: enough to see a stroke of a digit in a photograph, small enough that a hundred
# of them load at once.
_PAGE_SIDE = 1100
# Crops below this side are enlarged, so that one can see them at all.
_SMALLEST_SIDE = 96
# A picture below this side is a crop; it is shown pixel by pixel and gets no file of its own.
_SMALL_SIDE = 288
# A sheet stays legible where a viewer shrinks it to a screen.
_SHEET_WIDTH, _SHEET_HEIGHT = 1440, 1700
# Width of a sheet's cells, by the longest side of its middle picture: digits, lines, pages.
_CELLS = ((128, 144), (640, 288))
_LARGEST_CELL = 480
_CAPTION_FONT = 14

# The look of :func:`figure_of`.
GALLERY_STYLE = """
.misses { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start }
.miss { margin: 0; padding: .6em; background: white; color: #222; border: 1px solid #ccc; border-radius: 4px;
  max-width: 100% }
.miss img { max-width: min(100%, 75em); display: block; image-rendering: auto }
.miss.small img { image-rendering: pixelated; margin: auto }
.miss table { border-collapse: collapse; margin-top: .4em }
.miss td { padding: 0 .8em 0 0; vertical-align: top; white-space: pre-wrap; font-family: ui-monospace, monospace }
.miss td:first-child { color: #777 }
.miss del { background: #fbd3cc; text-decoration: none }
.miss ins { background: #cdeccd; text-decoration: none }
.error { color: #b00020 }
"""
_STYLE = f"body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em; background: #f4f4f2 }}{GALLERY_STYLE}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Miss:
    """One entry of the gallery.

    Attributes
    ----------
    group
        The heading under which it stands.
    truth, reading
        Lines of text; empty where nothing is to be read, or was.
    note
        What else is known: the confidence, the error.
    pixels
        What to show, uint8 (H, W, 3), or None where the picture cannot be shown.
    """

    id: str
    group: str
    truth: tuple[str, ...]
    reading: tuple[str, ...]
    note: str
    pixels: Pixels | None


def picture_misses(report: PicturesReport, *, surest: int | None = None) -> Iterator[Miss]:
    """The pictures of a report that were not read exactly, with what was read drawn over them.

    By category; or only the ``surest`` many, the most confident mistakes first.
    """
    misses = sorted(report.misses, key=lambda one: (one.picture.groups[:1], one.picture.id))
    if surest is not None:
        misses = sorted(misses, key=lambda one: -(one.confidence or 0.0))[:surest]
    for outcome in misses:
        groups = outcome.picture.groups
        yield Miss(
            id=outcome.picture.id,
            group=groups[0] if groups else "pictures",
            truth=outcome.judgement.want,
            reading=outcome.judgement.got,
            note="\n".join(_notes(outcome)),
            pixels=_shown(outcome, report),
        )


def _notes(outcome: PictureOutcome) -> Iterator[str]:
    if outcome.error is not None:
        yield outcome.error
    facts = [f"{outcome.judgement.distance} wrong", f"{outcome.seconds:.3f} s"]
    facts += [name.partition(":")[2] for name in outcome.picture.groups[1:]]
    if outcome.picture.unordered:
        facts.append("no reading order")
    yield " · ".join(facts)
    if outcome.document is not None:
        for line in outcome.document.lines():
            words = " ".join(f"{number.text} ({_percent(number.confidence)})" for number in line.numbers)
            yield f"{_percent(line.confidence)}: {words or (line.problem.code if line.problem else '')}"


def _percent(confidence: float | None) -> str:
    return "–" if confidence is None else f"{100 * confidence:.0f} %"


def _shown(outcome: PictureOutcome, report: PicturesReport) -> Pixels | None:
    """The picture or its region, and beside it the same with what was read."""
    try:
        source, region = handed_over(outcome.picture, report.presentation)
        pixels = upright_pixels(source)
    except InkreadError:
        return None  # the note already says why it could not be read
    page = outcome.document.pages[0] if outcome.document and outcome.document.pages else None
    fits = page is not None and pixels.shape[:2] == (page.height, page.width)
    if region is not None:
        x0, y0 = max(0, int(region[0])), max(0, int(region[1]))
        pixels = np.ascontiguousarray(pixels[y0 : int(region[3]), x0 : int(region[2])])
        if page is not None:
            page = _shifted(page, -x0, -y0, pixels)
    return _side_by_side(pixels, annotate(pixels, page) if page is not None and fits else pixels)


def _shifted(page: Page, dx: float, dy: float, pixels: Pixels) -> Page:
    """The page as the part of it that ``pixels`` show, its results moved by (dx, dy)."""

    def moved(quad: Quad) -> Quad:
        return Quad.of_array(quad.to_array() + (dx, dy))

    return replace(
        page,
        width=pixels.shape[1],
        height=pixels.shape[0],
        lines=tuple(
            replace(
                line,
                quad=moved(line.quad),
                numbers=tuple(
                    replace(
                        number,
                        digits=tuple(
                            replace(digit, box=digit.box.shifted(dx, dy), quad=moved(digit.quad))
                            for digit in number.digits
                        ),
                    )
                    for number in line.numbers
                ),
            )
            for line in page.lines
        ),
    )


def _side_by_side(left: Pixels, right: Pixels) -> Pixels:
    """Two pictures at one scale, or one above the other where that is easier to look at."""
    wide = left.shape[1] > 1.3 * left.shape[0]
    along = 0 if wide else 1
    # The drawing of a small picture is larger than the picture, so that its labels can be read.
    size = min(max(left.shape[1 - along], right.shape[1 - along]), _PAGE_SIDE)
    parts = []
    for one in (left, right):
        factor = size / one.shape[1 - along]
        shape = (size, max(1, round(one.shape[0] * factor))) if wide else (max(1, round(one.shape[1] * factor)), size)
        parts.append(cv2.resize(one, shape, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST))
    gap = np.full((8, size, 3) if wide else (size, 8, 3), 255, np.uint8)
    return np.concatenate([parts[0], gap, parts[1]], axis=along)


def read_as(truth: int, reading: int) -> str:
    """The heading under which :func:`digit_misses` puts digits that were taken for another."""
    return f"{truth} read as {reading}"


def digit_misses(
    report: DigitsReport, images: Sequence[Pixels] | Pixels, *, surest: int | None = None
) -> Iterator[Miss]:
    """The crops of a report that were read wrongly, refused, or not refused; ``images`` are the N crops of it.

    By what was taken for what; or only the ``surest`` many, the most confident mistakes first.
    """
    threshold = report.refusal_threshold
    places = report.misses.tolist()
    labels, digits, confidence = report.labels.tolist(), report.classification.digits, report.classification.confidence

    def heading(place: int) -> str:
        if not labels[place].isdigit():
            return f"{labels[place] or 'no character'} taken for a digit"
        truth, reading = int(labels[place]), int(digits[place])
        return read_as(truth, reading) if truth != reading else "digits refused"

    if surest is None:
        # Digits come before what only passed for one.
        places.sort(key=lambda place: (not labels[place].isdigit(), heading(place)))
    for place in places[:surest]:
        some_digit = float(report.scores[place])
        refused = threshold is not None and some_digit < threshold
        image = np.asarray(images[place])
        yield Miss(
            id=f"{place:05d}",
            group=heading(place),
            truth=(labels[place],) if labels[place] else (),
            reading=() if refused else (str(digits[place]),),
            note=f"{digits[place]}: {_percent(float(confidence[place]))}, any: {_percent(some_digit)}",
            pixels=np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image,
        )


def write_gallery(folder: Path, misses: Sequence[Miss], *, title: str) -> Path:
    """The path of the page that was written; the folder is made where it is not there.

    Raises
    ------
    OutputError
        If the folder or a file in it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("sheet-[0-9][0-9].png"), *folder.glob("[0-9][0-9][0-9]-*.jpg")):
            old.unlink()
        for name, pixels in zip(_names(misses), [miss.pixels for miss in misses], strict=True):
            if pixels is not None and not _is_small(pixels):
                Image.fromarray(pixels).save(folder / f"{name}.jpg", quality=90)
        for number, sheet in enumerate(_sheets(misses), 1):
            Image.fromarray(sheet).save(folder / f"sheet-{number:02d}.png", compress_level=1)
        index = folder / "index.html"
        index.write_text(_page(misses, title), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"the gallery cannot be written to {folder}: {error.strerror or error}") from error
    return index


def _names(misses: Sequence[Miss]) -> list[str]:
    """A file name for each miss, without anything that a file system could take for a folder."""
    return [f"{place:03d}-{re.sub(r'[^A-Za-z0-9._-]+', '-', miss.id)[:80]}" for place, miss in enumerate(misses, 1)]


def _page(misses: Sequence[Miss], title: str) -> str:
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1><p>{len(misses)} shown</p>"
    ]
    for group, members in groupby(misses, key=lambda miss: miss.group):
        entries = [figure_of(miss) for miss in members]
        heading = f"<h2>{html.escape(group)} ({len(entries)})</h2>"
        parts.append(f'{heading}<section class="misses">{"".join(entries)}</section>')
    return "\n".join([*parts, "</body></html>\n"])


def figure_of(miss: Miss) -> str:
    """A miss as an HTML figure that holds its picture: what was true, what was read, and the difference marked."""
    truth, reading = _compared("\n".join(miss.truth), "\n".join(miss.reading))
    picture, kind = '<p class="error">cannot be shown</p>', "miss"
    if miss.pixels is not None:
        kind = "miss small" if _is_small(miss.pixels) else "miss"
        picture = f'<img src="{_data_address(miss.pixels)}" alt="{html.escape(miss.id)}">'
    rows = (("id", html.escape(miss.id)), ("truth", truth), ("read", reading), ("", html.escape(miss.note)))
    table = "".join(f"<tr><td>{name}</td><td>{text}</td></tr>" for name, text in rows)
    return f'<figure class="{kind}">{picture}<table>{table}</table></figure>'


def _compared(truth: str, reading: str) -> tuple[str, str]:
    """Both as HTML: what was missed marked in the truth, what was made up in the reading."""
    left, right = "", ""
    for _, a0, a1, b0, b1 in SequenceMatcher(a=truth, b=reading, autojunk=False).get_opcodes():
        mine, theirs = html.escape(truth[a0:a1]), html.escape(reading[b0:b1])
        same = truth[a0:a1] == reading[b0:b1]
        left += mine if same or not mine else f"<ins>{mine}</ins>"
        right += theirs if same or not theirs else f"<del>{theirs}</del>"
    return left or "(nothing)", right or "(nothing)"


def _is_small(pixels: Pixels) -> bool:
    return bool(max(pixels.shape) < _SMALL_SIDE)


def _data_address(pixels: Pixels) -> str:
    small = _is_small(pixels)  # lossless where single pixels are to be seen
    shown = _fitted(pixels, _PAGE_SIDE, least=_SMALLEST_SIDE)
    options = [] if small else [cv2.IMWRITE_JPEG_QUALITY, 85]
    encoded = cv2.imencode(".png" if small else ".jpg", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), options)[1]
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def _fitted(pixels: Pixels, side: int, *, least: int = 0) -> Pixels:
    """The picture no larger than ``side``; one smaller than ``least`` is enlarged by a whole number."""
    longest = max(pixels.shape[:2])
    if longest > side:
        factor = side / longest
        size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    times = max(1, min(least, side) // longest)
    return np.ascontiguousarray(pixels.repeat(times, axis=0).repeat(times, axis=1)) if times > 1 else pixels


def _sheets(misses: Sequence[Miss]) -> Iterator[Pixels]:
    """Contact sheets: a grid of pictures, each over its truth and its reading."""
    sides = [max(miss.pixels.shape) for miss in misses if miss.pixels is not None]
    middle = float(np.median(sides)) if sides else 0.0
    cell = next((width for largest, width in _CELLS if middle <= largest), _LARGEST_CELL)
    columns = _SHEET_WIDTH // cell
    rows: list[Pixels] = []
    for start in range(0, len(misses), columns):
        row = _row(misses[start : start + columns], cell, columns)
        if rows and sum(map(len, rows)) + len(row) > _SHEET_HEIGHT:
            yield np.concatenate(rows, axis=0)
            rows = []
        rows.append(row)
    if rows:
        yield np.concatenate(rows, axis=0)


def _row(misses: Sequence[Miss], side: int, columns: int) -> Pixels:
    shown = [None if miss.pixels is None else _fitted(miss.pixels, side - 8, least=side - 8) for miss in misses]
    height = max(0 if one is None else one.shape[0] for one in shown) + 8
    cells = [_cell(miss, one, (side, height)) for miss, one in zip(misses, shown, strict=True)]
    cells += [np.full_like(cells[0], 255)] * (columns - len(cells))
    return np.concatenate(cells, axis=1)


def _cell(miss: Miss, shown: Pixels | None, size: tuple[int, int]) -> Pixels:
    width, height = size
    # Four lines of caption: the id and heading, the truth, the reading, the note's first line.
    caption = 4 * (_CAPTION_FONT + 4)
    canvas = Image.new("RGB", (width, height + caption), "white")
    if shown is not None:
        canvas.paste(Image.fromarray(shown), ((width - shown.shape[1]) // 2, (height - shown.shape[0]) // 2))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(_CAPTION_FONT)
    room = width - 12
    truth, reading = "true " + _joined(miss.truth), "read " + _joined(miss.reading)
    if max(font.getlength(truth), font.getlength(reading)) > room:  # then only what differs
        truth, reading = _differing(miss.truth, miss.reading)
    texts = (
        (f"{miss.id}  {miss.group}", "#555555"),
        (truth, "#006400"),
        (reading, "#b00020"),
        (miss.note.split("\n")[0], "#555555"),
    )
    for place, (text, color) in enumerate(texts):
        pen.text((6, height + place * (_CAPTION_FONT + 4)), _shortened(text, font, room), fill=color, font=font)
    pen.rectangle((0, 0, width - 1, height + caption - 1), outline="#bbbbbb")
    return np.asarray(canvas, dtype=np.uint8)


def _joined(lines: Sequence[str]) -> str:
    return " / ".join(lines) or "(nothing)"


def _differing(truth: tuple[str, ...], reading: tuple[str, ...]) -> tuple[str, str]:
    """The lines in which the two differ, those that belong together in the same place."""
    parts = [
        (truth[a0:a1], reading[b0:b1])
        for kind, a0, a1, b0, b1 in SequenceMatcher(a=truth, b=reading, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    left, right = (" … ".join("/".join(part[side]) or "–" for part in parts) for side in (0, 1))
    return f"true … {left}", f"read … {right}"


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
