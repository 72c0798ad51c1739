"""A picture of what was read: digit boxes, numbers and confidences drawn over the page.

The drawing is for people. It may be larger than the page (small pictures are enlarged, and a margin is added where a
label would fall outside), so positions are to be taken from the results, never from the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inkread.errors import InvalidArray
from inkread.geometry import Box, Quad
from inkread.results import Number, Page

__all__ = ["annotate"]

Pixels = NDArray[np.uint8]
Color = tuple[int, int, int]

# Okabe and Ito's palette: told apart with every common color blindness, and by lightness when printed in grey.
GREEN: Color = (0, 128, 96)
ORANGE: Color = (222, 143, 5)
RED: Color = (200, 60, 20)
GREY: Color = (110, 110, 110)
WHITE: Color = (255, 255, 255)
MARGIN: Color = (245, 245, 245)

# A number at 95 % is wrong once in twenty: from there on people stop checking each one. Below 80 % they must look.
SURE = 0.95
DOUBTFUL = 0.80

MIN_FONT = 13  # pixels; below it the embedded font is not legible
MIN_SIDE = 320  # pixels; room for one label in a picture that is a single digit
MIN_DIGIT = 28  # pixels; a digit that small cannot be compared with its label by eye
MAX_SIDE = 2400  # enlarging stops here; larger pictures keep their size

LEAST_CONTRAST = 24  # grey levels from the surroundings, from which a pixel counts as writing
LEAVING = 0.1  # cost of a pixel of a label outside the page, where one that hides something costs 1


def annotate(pixels: Pixels, page: Page) -> Pixels:
    """The page with its digits boxed and its numbers written beside them, uint8 (H', W', 3) RGB.

    A solid label is an accepted number, a hollow one with a question mark is not accepted, a grey dashed outline is
    writing that could not be read. Green means a confidence of at least 95 %, orange of at least 80 %, red below.

    Parameters
    ----------
    pixels
        uint8 (H, W, 3) RGB, the upright picture that ``page`` was read from.
    page
        What was read; its width and height are those of ``pixels``.

    Raises
    ------
    InvalidArray
        If ``pixels`` is not a picture of the page's size.

    Examples
    --------
    >>> white = np.full((40, 60, 3), 255, np.uint8)
    >>> annotate(white, Page(index=0, width=60, height=40)).shape
    (213, 320, 3)
    """
    if pixels.dtype != np.uint8 or pixels.shape != (page.height, page.width, 3):
        raise InvalidArray(
            f"the picture of this page is uint8 of shape ({page.height}, {page.width}, 3); "
            f"got {pixels.dtype} {pixels.shape}"
        )
    scale = _scale(page)
    canvas: Pixels = np.array(pixels)
    if scale != 1:
        size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
        canvas = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    labels = _place(list(_labels(page, scale, canvas.shape)), _writing(canvas))
    canvas, dx, dy = _with_margin(canvas, [label.box for label in labels])
    _draw_outlines(canvas, page, scale, dx, dy)
    return _draw_labels(canvas, labels, dx, dy)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    """A text and where it stands: first beside ``anchor``, then at ``box`` (pixels of the drawing)."""

    text: str
    color: Color
    hollow: bool
    font_size: int
    anchor: Box
    box: Box


def _scale(page: Page) -> float:
    """How much to enlarge the page: at least 1."""
    longest = max(page.width, page.height)
    wanted = MIN_SIDE / longest
    heights = [digit.box.height for line in page.lines for number in line.numbers for digit in number.digits]
    if heights:
        wanted = max(wanted, MIN_DIGIT / max(1.0, float(np.median(heights))))
    return max(1.0, min(wanted, MAX_SIDE / longest))


def _color(confidence: float | None) -> Color:
    if confidence is None:
        return GREY
    if confidence >= SURE:
        return GREEN
    return ORANGE if confidence >= DOUBTFUL else RED


def _text(number: Number) -> str:
    mark = "" if number.accepted else "?"
    if number.confidence is None:
        return f"{number.text}{mark}"
    # Rounded down, so that only a certain number says 100 %.
    return f"{number.text}{mark}  {int(number.confidence * 100)}%"


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _text_size(text: str, font_size: int) -> tuple[float, float]:
    """Width of the text and height of the font's line, in pixels."""
    left, _, right, _ = _font(font_size).getbbox(text)
    _, top, _, bottom = _font(font_size).getbbox("0g")
    return right - left, bottom - top


def _labels(page: Page, scale: float, shape: tuple[int, ...]) -> Iterator[_Label]:
    largest_font = max(36, max(shape[:2]) // 40)

    def label(text: str, color: Color, anchor: Box, digit_height: float, hollow: bool) -> _Label:
        font_size = int(np.clip(0.45 * digit_height * scale, MIN_FONT, largest_font))
        return _Label(text=text, color=color, hollow=hollow, font_size=font_size, anchor=anchor, box=anchor)

    for line in page.lines:
        if line.problem is not None and not line.numbers:
            anchor = _scaled(line.box, scale)
            yield label(line.problem.code.replace("_", " "), GREY, anchor, line.box.height, True)
        for number in line.numbers:
            height = float(np.median([digit.box.height for digit in number.digits]))
            anchor = _scaled(number.box, scale)
            yield label(_text(number), _color(number.confidence), anchor, height, not number.accepted)
    if page.problem is not None and not any(line.numbers for line in page.lines):
        yield label(page.problem.message, GREY, Box(0, 0, 0, 0), min(shape[:2]) / (20 * scale), True)


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)


def _writing(canvas: Pixels) -> NDArray[np.int32]:
    """How many pixels above and left of each corner stand out from their surroundings, int32 (H + 1, W + 1)."""
    grey = cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY)
    side = max(3, min(grey.shape) // 16) | 1
    stands_out = cv2.absdiff(grey, cv2.blur(grey, (side, side))) > LEAST_CONTRAST
    return np.asarray(cv2.integral(stands_out.astype(np.uint8)), dtype=np.int32)


def _place(labels: list[_Label], writing: NDArray[np.int32]) -> list[_Label]:
    """Each label above, below, right or left of its anchor, wherever it hides the least."""
    width = writing.shape[1] - 1
    taken = [label.anchor for label in labels]
    placed: list[_Label] = []
    for index, label in enumerate(labels):
        text_width, text_height = _text_size(label.text, label.font_size)
        w, h = text_width + 0.8 * label.font_size, text_height + 0.4 * label.font_size
        gap = 2 + label.font_size / 6
        anchor = label.anchor
        # Above and below, the label slides along its number to stay inside the page where it can.
        x = min(max(0.0, anchor.x0), max(0.0, width - w))
        y = anchor.center.y - h / 2
        choices = [
            Box(x, anchor.y0 - gap - h, x + w, anchor.y0 - gap),
            Box(x, anchor.y1 + gap, x + w, anchor.y1 + gap + h),
            Box(anchor.x1 + gap, y, anchor.x1 + gap + w, y + h),
            Box(anchor.x0 - gap - w, y, anchor.x0 - gap, y + h),
        ]
        others = taken[:index] + taken[index + 1 :] + [p.box for p in placed]
        costs = [_hidden(choice, others, writing) for choice in choices]
        placed.append(replace(label, box=choices[int(np.argmin(costs))]))
    return placed


def _hidden(choice: Box, others: list[Box], writing: NDArray[np.int32]) -> float:
    """What a label at ``choice`` costs: what it hides of labels, digits and other writing, and leaving the page."""
    hidden = sum(common.area for other in others if (common := choice.intersection(other)) is not None)
    height, width = writing.shape[0] - 1, writing.shape[1] - 1
    inside = choice.intersection(Box(0, 0, width, height))
    if inside is None:
        return hidden + LEAVING * choice.area
    x0, y0, x1, y1 = (int(edge) for edge in (inside.x0, inside.y0, inside.x1, inside.y1))
    written = int(writing[y1, x1]) - int(writing[y0, x1]) - int(writing[y1, x0]) + int(writing[y0, x0])
    return hidden + written + LEAVING * (choice.area - inside.area)


def _with_margin(canvas: Pixels, boxes: list[Box]) -> tuple[Pixels, int, int]:
    """The canvas grown to hold ``boxes``, and how far its content moved right and down."""
    height, width = canvas.shape[:2]
    if not boxes:
        return canvas, 0, 0
    hull = Box.union_of([*boxes, Box(0, 0, width, height)])
    left, top, right, bottom = -hull.x0, -hull.y0, hull.x1 - width, hull.y1 - height
    left, top, right, bottom = (int(np.ceil(side)) + 2 if side > 0 else 0 for side in (left, top, right, bottom))
    grown = cv2.copyMakeBorder(canvas, top, bottom, left, right, cv2.BORDER_CONSTANT, value=MARGIN)
    return np.asarray(grown, dtype=np.uint8), left, top


def _draw_outlines(canvas: Pixels, page: Page, scale: float, dx: int, dy: int) -> None:
    for line in page.lines:
        if not line.numbers:
            thickness = _thickness(line.box.height * scale)
            _dashed(canvas, _around(line.quad, scale, thickness) + (dx, dy), GREY, thickness)
        for number in line.numbers:
            for digit in number.digits:
                thickness = _thickness(digit.box.height * scale)
                outline = _around(digit.quad, scale, thickness) + (dx, dy)
                draw = _outline if number.accepted else _dashed
                draw(canvas, outline, _color(digit.confidence), thickness)


def _thickness(height: float) -> int:
    return int(np.clip(round(height / 45), 1, 8))


def _around(quad: Quad, scale: float, thickness: int) -> NDArray[np.float64]:
    """The quad's corners in the drawing, moved out so that a line along them does not cover the ink."""
    points = quad.to_array() * scale
    right, down = points[1] - points[0], points[3] - points[0]
    step = 1 + thickness / 2
    right, down = (axis * step / max(1e-9, float(np.hypot(*axis))) for axis in (right, down))
    return np.asarray(points + (-right - down, right - down, right + down, down - right))


# OpenCV takes fixed-point coordinates with this many binary places, and puts pixel centres at whole numbers.
_PLACES = 4


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round((points - 0.5) * (1 << _PLACES)).astype(np.int32)


def _outline(canvas: Pixels, points: NDArray[np.float64], color: Color, thickness: int) -> None:
    cv2.polylines(canvas, [_fixed(points).reshape(-1, 1, 2)], True, color, thickness, cv2.LINE_AA, _PLACES)


def _dashed(canvas: Pixels, points: NDArray[np.float64], color: Color, thickness: int) -> None:
    dash = 4.0 + 2.0 * thickness
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        length = float(np.hypot(*(end - start)))
        # An odd number of pieces, so that every side begins and ends with a drawn one and the corners are closed.
        pieces = max(1, round(length / dash)) | 1
        stops = start + (end - start) * np.linspace(0, 1, pieces + 1)[:, None]
        for a, b in zip(_fixed(stops)[::2], _fixed(stops)[1::2], strict=True):
            cv2.line(canvas, a.tolist(), b.tolist(), color, thickness, cv2.LINE_AA, _PLACES)


def _draw_labels(canvas: Pixels, labels: list[_Label], dx: int, dy: int) -> Pixels:
    image = Image.fromarray(canvas)
    pen = ImageDraw.Draw(image)
    for label in labels:
        box = label.box.shifted(dx, dy)
        ground, ink = (WHITE, label.color) if label.hollow else (label.color, WHITE)
        edges = (box.x0, box.y0, box.x1 - 1, box.y1 - 1)
        pen.rounded_rectangle(edges, radius=label.font_size / 4, fill=ground, outline=label.color)
        pen.text((box.center.x, box.center.y), label.text, fill=ink, font=_font(label.font_size), anchor="mm")
    return np.asarray(image, dtype=np.uint8)
