"""A page of everything that was read wrongly, for people to look at: picture, truth, reading and confidence.

The folder holds ``index.html``, one file with every picture inside, contact sheets ``sheet-01.png``, … for viewers that
show no HTML, and each large picture on its own. Nothing is measured here.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from inkread.results import Document

__all__ = ["Miss", "digit_misses", "picture_misses", "write_gallery"]

Pixels = NDArray[np.uint8]

# Longest side of a picture in the page: enough to see a stroke of a digit in a photograph, small enough that a hundred
# of them load at once.
_PAGE_SIDE = 1100
# Crops below this side are enlarged, so that one can see them at all.
_SMALLEST_SIDE = 96
# A sheet of six photographs, or of 48 crops, stays legible where a viewer shrinks it to the width of a screen.
_SHEET_WIDTH = 1440
_LARGE_CELL, _SMALL_CELL = 480, 180
_CAPTION_FONT = 14

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #f4f4f2 }
section { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start }
figure { margin: 0; padding: .6em; background: white; border: 1px solid #ccc; border-radius: 4px; max-width: 100% }
figure img { max-width: min(100%, 75em); display: block; image-rendering: auto }
figure.small img { image-rendering: pixelated; margin: auto }
table { border-collapse: collapse; margin-top: .4em }
td { padding: 0 .8em 0 0; vertical-align: top; white-space: pre-wrap; font-family: ui-monospace, monospace }
td:first-child { color: #777 }
del { background: #fbd3cc; text-decoration: none }
ins { background: #cdeccd; text-decoration: none }
.error { color: #b00020 }
"""


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


def picture_misses(report: PicturesReport) -> Iterator[Miss]:
    """The pictures of a report that were not read exactly, with what was read drawn over them, by category."""
    for outcome in sorted(report.misses, key=lambda one: (one.picture.groups[:1], one.picture.id)):
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
    if outcome.picture.groups[1:]:
        yield " · ".join(outcome.picture.groups[1:])
    if outcome.picture.unordered:
        yield "no reading order: judged as a multiset"
    if outcome.document is not None:
        yield f"{outcome.seconds:.3f} s, edit distance {outcome.judgement.distance}"
        for line in outcome.document.lines():
            words = " ".join(f"{number.text} ({_percent(number.confidence)})" for number in line.numbers)
            yield f"{_percent(line.confidence)}: {words or (line.problem.code if line.problem else '')}"


def _percent(confidence: float | None) -> str:
    return "–" if confidence is None else f"{100 * confidence:.0f} %"


def _shown(outcome: PictureOutcome, report: PicturesReport) -> Pixels | None:
    """The picture, and beside it the same one with what was read."""
    try:
        source, region = handed_over(outcome.picture, report.presentation)
        pixels = upright_pixels(source)
    except InkreadError:
        return None  # the note already says why it could not be read
    drawn = _drawn(pixels, outcome.document)
    if region is not None:
        x0, y0, x1, y1 = (int(edge) for edge in region)
        pixels = pixels[max(0, y0) : y1, max(0, x0) : x1]
    return _side_by_side(pixels, drawn)


def _drawn(pixels: Pixels, document: Document | None) -> Pixels:
    if document is None or not document.pages:
        return pixels
    page = document.pages[0]
    return annotate(pixels, page) if pixels.shape[:2] == (page.height, page.width) else pixels


def _side_by_side(left: Pixels, right: Pixels) -> Pixels:
    """Two pictures of one height, or one above the other where that is easier to look at."""
    left, right = (_fitted(one, _PAGE_SIDE) for one in (left, right))
    wide = left.shape[1] > 1.3 * left.shape[0]
    along = 0 if wide else 1
    size = min(left.shape[1 - along], right.shape[1 - along])
    parts = []
    for one in (left, right):
        factor = size / one.shape[1 - along]
        shape = (size, max(1, round(one.shape[0] * factor))) if wide else (max(1, round(one.shape[1] * factor)), size)
        parts.append(cv2.resize(one, shape, interpolation=cv2.INTER_AREA))
    gap_shape = (8, size, 3) if wide else (size, 8, 3)
    return np.concatenate([parts[0], np.full(gap_shape, 255, np.uint8), parts[1]], axis=along)


def digit_misses(report: DigitsReport, images: Sequence[Pixels] | Pixels) -> Iterator[Miss]:
    """The crops of a report that were read wrongly, refused, or not refused; ``images`` are the N crops of it."""
    threshold = report.refusal_threshold
    places = report.misses.tolist()
    labels, digits, confidence = report.labels, report.classification.digits, report.classification.confidence

    def heading(place: int) -> str:
        if not labels[place].isdigit():
            return f"not a digit, but taken: {labels[place]}"
        return f"{labels[place]} read as {digits[place]}" if int(labels[place]) != digits[place] else "digits refused"

    for place in sorted(places, key=heading):
        some_digit = float(report.scores[place])
        refused = threshold is not None and some_digit < threshold
        image = np.asarray(images[place])
        yield Miss(
            id=f"{place:05d}",
            group=heading(place),
            truth=(str(labels[place]),),
            reading=() if refused else (str(digits[place]),),
            note=f"{digits[place]} {_percent(float(confidence[place]))}, some digit {_percent(some_digit)}",
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
        for old in folder.glob("sheet-*.png"):
            old.unlink()
        for name, pixels in zip(_names(misses), [miss.pixels for miss in misses], strict=True):
            if pixels is not None and max(pixels.shape) > 3 * _SMALLEST_SIDE:
                Image.fromarray(_fitted(pixels, 2 * _PAGE_SIDE)).save(folder / f"{name}.png", compress_level=1)
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
        entries = [_figure(miss) for miss in members]
        parts.append(f"<h2>{html.escape(group)} ({len(entries)})</h2><section>{''.join(entries)}</section>")
    return "\n".join([*parts, "</body></html>\n"])


def _figure(miss: Miss) -> str:
    truth, reading = _compared("\n".join(miss.truth), "\n".join(miss.reading))
    picture, kind = '<p class="error">cannot be shown</p>', ""
    if miss.pixels is not None:
        kind = ' class="small"' if max(miss.pixels.shape) < 3 * _SMALLEST_SIDE else ""
        picture = f'<img src="{_data_address(miss.pixels)}" alt="{html.escape(miss.id)}">'
    rows = (("id", html.escape(miss.id)), ("truth", truth), ("read", reading), ("", html.escape(miss.note)))
    table = "".join(f"<tr><td>{name}</td><td>{text}</td></tr>" for name, text in rows)
    return f"<figure{kind}>{picture}<table>{table}</table></figure>"


def _compared(truth: str, reading: str) -> tuple[str, str]:
    """Both as HTML: what was missed marked in the truth, what was made up in the reading."""
    from difflib import SequenceMatcher

    left, right = "", ""
    for _, a0, a1, b0, b1 in SequenceMatcher(a=truth, b=reading, autojunk=False).get_opcodes():
        mine, theirs = html.escape(truth[a0:a1]), html.escape(reading[b0:b1])
        same = truth[a0:a1] == reading[b0:b1]
        left += mine if same or not mine else f"<ins>{mine}</ins>"
        right += theirs if same or not theirs else f"<del>{theirs}</del>"
    return left or "(nothing)", right or "(nothing)"


def _data_address(pixels: Pixels) -> str:
    fitted = _fitted(pixels, _PAGE_SIDE)
    small = max(fitted.shape) < 3 * _SMALLEST_SIDE  # lossless where single pixels are to be seen
    options = [] if small else [cv2.IMWRITE_JPEG_QUALITY, 85]
    encoded = cv2.imencode(".png" if small else ".jpg", cv2.cvtColor(fitted, cv2.COLOR_RGB2BGR), options)[1]
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def _fitted(pixels: Pixels, side: int) -> Pixels:
    """The picture no larger than ``side``; tiny ones enlarged by a whole number."""
    longest = max(pixels.shape[:2])
    if longest > side:
        factor = side / longest
        size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if longest < _SMALLEST_SIDE:
        times = _SMALLEST_SIDE // longest
        return np.ascontiguousarray(pixels.repeat(times, axis=0).repeat(times, axis=1))
    return pixels


def _sheets(misses: Sequence[Miss]) -> Iterator[Pixels]:
    """Contact sheets: a grid of pictures, each over its truth and its reading."""
    small = all(miss.pixels is None or max(miss.pixels.shape) < 3 * _SMALLEST_SIDE for miss in misses)
    cell = _SMALL_CELL if small else _LARGE_CELL
    columns, rows = _SHEET_WIDTH // cell, 6 if small else 3
    for start in range(0, len(misses), columns * rows):
        part = misses[start : start + columns * rows]
        cells = [_cell(miss, cell) for miss in part]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
        lines = [np.concatenate(cells[i : i + columns], axis=1) for i in range(0, len(cells), columns)]
        yield np.concatenate(lines, axis=0)


def _cell(miss: Miss, side: int) -> Pixels:
    # Four lines of caption: the id and heading, the truth, the reading, the note's last words.
    caption = 4 * (_CAPTION_FONT + 4)
    canvas = Image.new("RGB", (side, side + caption), "white")
    if miss.pixels is not None:
        fitted = _fitted(miss.pixels, side - 8)
        canvas.paste(Image.fromarray(fitted), ((side - fitted.shape[1]) // 2, (side - fitted.shape[0]) // 2))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(_CAPTION_FONT)
    texts = (
        (f"{miss.id}  {miss.group}", "#555555"),
        ("true " + (" / ".join(miss.truth) or "(nothing)"), "#006400"),
        ("read " + (" / ".join(miss.reading) or "(nothing)"), "#b00020"),
        (miss.note.split("\n")[0], "#555555"),
    )
    for place, (text, color) in enumerate(texts):
        pen.text((6, side + place * (_CAPTION_FONT + 4)), _shortened(text, font, side - 12), fill=color, font=font)
    pen.rectangle((0, 0, side - 1, side + caption - 1), outline="#bbbbbb")
    return np.asarray(canvas, dtype=np.uint8)


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
