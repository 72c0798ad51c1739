"""A whole page: the plan drawn in color on paper, lit and photographed, with its truth as a document.

What stands where is decided in :mod:`inkread.data.synth.layout`; what paper, light and camera do is in
:mod:`inkread.data.augment`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.data import augment
from inkread.data.synth.hand import Hand
from inkread.data.synth.layout import plan_page
from inkread.data.synth.line import draw_writing, line_of
from inkread.data.synth.options import PageOptions
from inkread.data.synth.plan import Plan
from inkread.geometry import Box, PageTransform
from inkread.ink import Pen, draw_strokes
from inkread.parts import PageImage
from inkread.results import Document, Line, Page, Problem

__all__ = ["compose_page"]

Floats = NDArray[np.float64]
Ink = NDArray[np.float32]
Picture = NDArray[np.float32]
Color = NDArray[np.float32]

# How far the sheet goes on beyond the frame at full strength of the view, in longer sides: a corner moves by 7 %, and a
# turn of 7 degrees takes it another 6 %.
_BEYOND = 0.13
_PAPERS = (
    ((247, 246, 242), 6.0),
    ((232, 231, 226), 4.0),
    ((214, 214, 212), 3.0),
    ((243, 234, 206), 1.5),  # cream
    ((236, 224, 180), 0.8),  # yellow
    ((205, 222, 236), 0.8),  # blue
    ((240, 212, 214), 0.5),  # pink
    ((208, 230, 206), 0.5),  # green
    ((196, 172, 138), 0.5),  # kraft
)
_BOARDS = (((38, 44, 42), 2.0), ((30, 62, 48), 2.0), ((24, 26, 30), 1.0), ((44, 52, 84), 0.6))
_INKS = (
    ((28, 28, 34), 5.0),
    ((34, 48, 128), 4.0),
    ((48, 76, 168), 2.0),
    ((20, 30, 78), 2.0),
    ((168, 36, 40), 1.0),
    ((34, 104, 62), 0.6),
    ((104, 44, 120), 0.4),
)
_GRAPHITE = (((84, 84, 88), 2.0), ((110, 110, 114), 1.0), ((62, 62, 66), 1.0))
_CHALKS = (((236, 236, 228), 4.0), ((240, 222, 140), 1.0), ((236, 178, 190), 0.5), ((170, 210, 240), 0.5))
_SCREENS = (
    ((255, 255, 255), (0, 0, 0)),
    ((0, 0, 0), (255, 255, 255)),
    ((255, 255, 255), (20, 60, 200)),
    ((18, 18, 20), (120, 220, 240)),
    ((240, 240, 240), (40, 40, 40)),
)
_SCREEN_WEIGHTS = (5.0, 4.0, 1.0, 0.5, 1.0)
_RULE_COLORS = (((168, 190, 214), 3.0), ((190, 190, 194), 2.0), ((150, 150, 156), 1.0), ((214, 180, 160), 0.5))
_FORM_COLORS = (((40, 40, 44), 3.0), ((120, 120, 126), 2.0), ((60, 90, 150), 1.0), ((206, 120, 84), 1.0))


def compose_page(rng: np.random.Generator, options: PageOptions | None = None) -> tuple[PageImage, Document]:
    """A picture of a page and what stands on it.

    The same state of ``rng`` and the same options give the same picture. Boxes and quads are in the picture's pixels,
    after rotation and perspective; there is no confidence. A page without numbers has no lines and the problem
    ``no_numbers``.

    Raises
    ------
    InvalidOption
        If a text holds an unknown character, or scattered numbers find no room.

    Examples
    --------
    >>> image, truth = compose_page(np.random.default_rng(0), PageOptions(width=300, height=120, lines=("12 7",)))
    >>> image.width, image.height, truth.text
    (300, 120, '12 7')
    """
    options = options or PageOptions.random(rng)
    hand = options.hand or Hand.random(rng)
    plan = plan_page(options, hand, rng)
    # The sheet goes on beyond the picture's frame, so that a turned view does not run out of it; on a desk it ends.
    beyond = 0 if options.desk else math.ceil(_BEYOND * options.view * max(options.width, options.height))
    plan.move(beyond, beyond)
    size = options.height + 2 * beyond, options.width + 2 * beyond
    paper, ink_color = _colors(options, hand, rng)
    picture = _paper(options, plan, paper, size, rng)
    _print_rules(picture, plan, paper, rng)

    ink = np.zeros(size, np.float32)
    if plan.drawn:
        pen = Pen(width=max(hand.pen.width * plan.digit_height * rng.uniform(0.5, 1), 0.8), kind="ballpoint")
        np.maximum(ink, draw_strokes(plan.drawn, size=size, pen=pen, rng=rng), out=ink)
    for row in plan.distractors:
        draw_writing(ink, row.glyphs, row.pen, rng)
    outlines = [draw_writing(ink, row.glyphs, row.pen, rng) for row in plan.rows]
    _blend(picture, ink, ink_color)

    if options.wear > 0 and options.paper != "canvas":
        picture = _wear(picture, options.wear, rng)
    view = PageTransform()
    if options.view > 0 or options.desk:
        content = [outline for row in outlines for outline in row if outline is not None]
        view = PageTransform.translation(-beyond, -beyond).then(_view(options, beyond, content, rng))
        picture = _see(picture, view, options, rng)
    picture = augment.light(picture, rng, options.light)
    # Small writing is lost sooner, and nobody sends a picture that they cannot read themselves.
    sharpness = min(1.0, plan.digit_height / 45)
    picture = augment.capture(picture, rng, options.camera * sharpness)
    lines = tuple(line_of(row.glyphs, drawn, view) for row, drawn in zip(plan.rows, outlines, strict=True))
    image = PageImage(pixels=cv2.convertScaleAbs(picture, alpha=255), source="synthetic")
    return image, _document(options, tuple(line for line in lines if line.numbers))


def _document(options: PageOptions, lines: tuple[Line, ...]) -> Document:
    problem = None if lines else Problem("no_numbers")
    page = Page(index=0, width=options.width, height=options.height, lines=lines, problem=problem)
    return Document(source="synthetic", pages=(page,), problem=problem)


def _rgb(color: tuple[int, int, int]) -> Color:
    return np.array(color, np.float32) * np.float32(1 / 255)


def _choose(table: tuple[tuple[tuple[int, int, int], float], ...], rng: np.random.Generator) -> Color:
    """One of the colors of a table by weight, a little changed, RGB in [0, 1]."""
    weights = np.array([weight for _, weight in table])
    color = np.array(table[int(rng.choice(len(table), p=weights / weights.sum()))][0])
    return np.asarray(np.clip(color + rng.normal(0, 6, size=3), 0, 255) / 255, np.float32)


def _colors(options: PageOptions, hand: Hand, rng: np.random.Generator) -> tuple[Color, Color]:
    """The colors of paper and ink, RGB in [0, 1]."""
    if options.paper == "canvas":
        weights = np.array(_SCREEN_WEIGHTS)
        screen = _SCREENS[int(rng.choice(len(_SCREENS), p=weights / weights.sum()))]
        paper, ink = _rgb(screen[0]), _rgb(screen[1])
    elif options.paper == "board":
        paper, ink = _choose(_BOARDS, rng), _choose(_CHALKS, rng)
    else:
        paper = _choose(_PAPERS, rng)
        ink = _choose(_GRAPHITE if hand.pen.kind == "pencil" else _INKS, rng)
    if options.paper_color is not None:
        paper = _rgb(options.paper_color)
    if options.ink_color is not None:
        ink = _rgb(options.ink_color)
    return paper, paper + (ink - paper) * np.float32(options.contrast)


def _paper(options: PageOptions, plan: Plan, paper: Color, size: tuple[int, int], rng: np.random.Generator) -> Picture:
    picture = np.empty((*size, 3), np.float32)
    picture[:] = paper
    if options.paper in ("lined", "squared", "dotted"):
        _blend(picture, _ruling(options, plan, size, rng), _choose(_RULE_COLORS, rng))
    if options.security > 0:
        picture = augment.add_security_pattern(picture, rng, options.security)
    if options.paper == "board":
        # Chalk that was wiped off.
        picture = augment.add_texture(picture, rng, 1.0)
        haze = cv2.GaussianBlur(rng.random((16, 24)).astype(np.float32), (0, 0), 1.2) - 0.5
        haze = cv2.resize(haze, size[::-1], interpolation=cv2.INTER_CUBIC)
        np.clip(picture + np.float32(0.16 * options.wear) * haze[:, :, None], 0, 1, out=picture)
    return picture


def _ruling(options: PageOptions, plan: Plan, size: tuple[int, int], rng: np.random.Generator) -> Ink:
    """The lines of lined paper, the squares or the dots, as ink; lined paper is written on its lines."""
    height, width = size
    if options.paper == "lined":
        pitch = plan.rule_pitch / max(1, round(plan.rule_pitch / max(plan.digit_height * 1.7, 8)))
        # The foot of the writing hovers a little over the line.
        start = (plan.base_line + plan.digit_height * rng.normal(0.06, 0.05)) % pitch
    else:
        pitch = max(plan.digit_height * rng.uniform(0.55, 1.25), 6.0)
        start = rng.uniform(0, pitch)
    thickness = max(1.0, 0.018 * pitch)
    rows, columns = np.arange(start, height, pitch), np.arange(rng.uniform(0, pitch), width, pitch)
    tilt = math.tan(math.radians(rng.normal(0, 0.3)))
    mask = np.zeros((height, width), np.uint8)
    if options.paper == "dotted":
        for y in rows.tolist():
            for x in columns.tolist():
                center = round(x * 16), round((y + tilt * x) * 16)
                cv2.circle(mask, center, round(thickness * 16), 255, cv2.FILLED, cv2.LINE_AA, 4)
        return np.asarray(mask.astype(np.float32) / 255)
    paths = [np.array([(0.0, y), (width, y + tilt * width)]) for y in rows]
    if options.paper == "squared":
        paths += [np.array([(x, 0.0), (x - tilt * height, height)]) for x in columns]
    return _draw_paths(mask, paths, thickness)


def _draw_paths(mask: NDArray[np.uint8], paths: list[Floats], thickness: float) -> Ink:
    fixed = [np.rint((path - 0.5) * 16).astype(np.int32) for path in paths]
    cv2.polylines(mask, fixed, False, 255, max(1, round(thickness)), cv2.LINE_AA, 4)
    return np.asarray(mask.astype(np.float32) * np.float32(1 / 255))


def _print_rules(picture: Picture, plan: Plan, paper: Color, rng: np.random.Generator) -> None:
    if not plan.printed:
        return
    color = _choose(_FORM_COLORS, rng)
    if float(paper.mean()) < 0.5:
        color = 1 - color
    thickness = max(1.0, plan.digit_height * rng.uniform(0.015, 0.05))
    _blend(picture, _draw_paths(np.zeros(picture.shape[:2], np.uint8), plan.printed, thickness), color)


def _blend(picture: Picture, ink: Ink, color: Color) -> None:
    """Lay ink of one color over the picture, in place; only where there is any."""
    x, y, w, h = cv2.boundingRect((ink > 0).view(np.uint8))
    if not w:
        return
    place, share = picture[y : y + h, x : x + w], ink[y : y + h, x : x + w]
    for channel in range(3):
        part = place[:, :, channel]
        part += share * (color[channel] - part)


def _wear(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    picture = augment.add_texture(picture, rng, strength)
    if rng.random() < strength:
        picture = augment.add_grain(picture, rng, strength)
    if rng.random() < 0.25 * strength:
        picture = augment.add_crease(picture, rng, strength)
    if rng.random() < 0.15 * strength:
        picture = augment.add_stain(picture, rng, strength)
    if rng.random() < 0.2 * strength:
        picture = augment.add_show_through(picture, rng, strength)
    return picture


def _view(options: PageOptions, beyond: int, content: list[Floats], rng: np.random.Generator) -> PageTransform:
    """How the frame of the page is seen, so that all numbers (outlines on the sheet) stay in the picture."""
    width, height = options.width, options.height
    view = augment.random_view((height, width), rng, options.view)
    if options.desk:
        scale = float(rng.uniform(0.72, 0.9))
        shift = rng.uniform(0.3, 0.7, size=2) * (1 - scale) * (width, height)
        view = view.then(PageTransform.scaling(scale)).then(PageTransform.translation(float(shift[0]), float(shift[1])))
    if not content:
        return view
    seen = Box.around(view.apply(np.concatenate(content) - beyond))
    room = 1.0
    scale = min(1.0, (width - 2 * room) / seen.width, (height - 2 * room) / seen.height)
    view = view.then(PageTransform.scaling(scale))
    seen = Box(*(edge * scale for edge in (seen.x0, seen.y0, seen.x1, seen.y1)))
    dx = max(room - seen.x0, 0) + min(width - room - seen.x1, 0)
    dy = max(room - seen.y0, 0) + min(height - room - seen.y1, 0)
    return view.then(PageTransform.translation(dx, dy))


def _see(picture: Picture, view: PageTransform, options: PageOptions, rng: np.random.Generator) -> Picture:
    height, width = options.height, options.width
    if not options.desk:
        return augment.warp(picture, view, size=(height, width))
    desk = np.empty_like(picture)
    desk[:] = np.clip(rng.uniform(0.05, 0.6) + rng.normal(0, 0.08, size=3), 0.02, 0.95)
    desk = augment.add_texture(desk, rng, 1.0)
    sheet = augment.warp(np.ones_like(picture), view, background=(0.0, 0.0, 0.0))[:, :, :1]
    side = min(height, width)
    fall = cv2.GaussianBlur(sheet[:, :, 0], (0, 0), max(side * 0.012, 1.0))[:, :, None]
    desk *= 1 - np.float32(0.45) * fall
    seen = augment.warp(picture, view)
    return np.asarray(desk + sheet * (seen - desk), np.float32)
