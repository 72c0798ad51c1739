"""Clean page → where numbers may be: lines of pieces of ink, and the ways to take pieces for digits.

Rules, frames and specks are set aside, what hangs together is a component, components are gathered into lines, wide
ones are cut where a cut is cheap. This room proposes and never chooses: that takes the network's scores, and is the
business of the reader and of :mod:`inkread.decode`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.brackets import brackets
from inkread.components import Component, components_of, half_thickness, weighted_median
from inkread.errors import InvalidOption
from inkread.frames import OPEN_FILL, is_frame, without_frames
from inkread.geometry import Box, Quad
from inkread.parts import Candidate, CleanPage, LineCrop, LineOfCandidates, Word
from inkread.percent import percent_signs
from inkread.rules import SPARSE_FILL, Course, Unruled, remove_rules
from inkread.ticks import is_tick

__all__ = [
    "FindOptions",
    "as_one_digit",
    "as_one_line",
    "find_candidates",
    "ink_box",
    "narrower_words",
]

Image = NDArray[np.float32]
Mask = NDArray[np.uint8]

# A component reaches down to faint ink but must hold strong ink: hysteresis, as in Canny's edges (1986,
# doi:10.1109/TPAMI.1986.4767851), so that soft edges stay and noise goes.
FAINT_INK = 0.25
STRONG_INK = 0.55
# Of a digit on ruled paper, pieces with less than this share of the ink of its largest are dirt.
PIECE_AREA = 0.05
# What counts against a cut-off fragment being no digit, and, for each digit that would fit into it, against a wide
# component being one mark; natural logarithms.
FRAGMENT_LOG_PRIOR = -2.0
TOUCHING_LOG_PRIOR = -1.5
# Width of a digit, in heights, in which a cut next to never parts two.
DIGIT_WIDTH = 0.9
# Components of this share of the usual height are no dots; one so many times as high as most of them in its line does
# not say how high the line's digits are.
FULL_SHARE, TALL_TIMES = 0.4, 2.0
# Tilt of a line, dy/dx, that is followed; pages are set straight before. A line goes on as its last members stand.
MAX_SLOPE, RECENT, LINE_END = 0.15, 6, 12
# Digits of one row: how far the middle of one may lie off its neighbors', and how wide a gap may be, in heights.
SAME_LEVEL, NEAR_GAP = 0.5, 8.0
# Rules that lie so near to each other, in heights, are one; between two that are nearer than this one row is written.
SAME_RULE, ROW_HEIGHTS = 0.3, 3.0
# What is narrower than this share of its height is a single stroke, and what is lower than this share of the usual
# height may be a piece of one.
STROKE_WIDTH, LONE_HEIGHT = 0.4, 0.65
# A stain has so much ink, in squares of the usual height: a bold 8 has half of one.
STAIN_AREA = 0.6
# Components at least this large (pixels) are looked at for holes, and for bays that their box cuts off. The most that
# writing has: an 8 has two holes and, with its corners outside, six.
TEXTURE_SIDE = 150
MOST_HOLES = 8
# Paper shown on both sides of a word, in digits' heights: less than half the gap to the next.
WORD_MARGIN = 0.3
# Pieces of percent signs are, in heights of a usual digit, no smaller and no larger.
SIGN_SIZES = (0.05, 2.5)
# A tick is at least so high, in heights of a usual digit.
TICK_HEIGHT = 0.5
# Pixels around a piece in which its ink fades.
HALO = 2
# Share of a picture's ink that may lie above, and below, the digits of its one line.
LINE_TAIL = 0.03
# A stroke under it runs straight for so many of its heights, but for such a rise over that length, in so much of its
# rows; at least this share of the ink is left beside it.
UNDERLINE_WIDTH, UNDERLINE_RISE, UNDERLINE_ROOM, UNDERLINE_LEFT = 0.8, 0.1, 0.3, 0.4
# What is usual, a component that is open within does not say where so many others are of about one height, up to this
# factor, with this share of their ink together and so much beside the largest one's: the grain around a large digit has
# less.
ALIKE_COUNT, ALIKE_TIMES, ALIKE_SHARE, LEAST_ALIKE = 12, 1.6, 0.6, 0.15
# Beside a solid thing, which is no digit either, so many are enough, and where they have this share of its ink; beside
# a dark corner, which is thicker than their strokes, a smaller one.
FEW_ALIKE, MUCH_ALIKE, MUCH_BESIDE_CORNER = 3, 0.4, 0.15
# Half the width of a stroke, in heights of its digit, beyond which it is none (bold markers reach 0.17); and in usual
# heights of all other components, which may be smaller than its own digit.
BLOT_SHARE, BLOT_TIMES = 0.22, 0.5
# The same against the longer side of a component, if it is no smaller (pixels) and fills so much of its box: of 7,500
# digits of five sets none has more than 0.29, a triangle has 0.3 and a disc 0.5.
SOLID_SIDE, SOLID_FILL, SOLID_SHARE = 24, 0.4, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class FindOptions:
    """What may be a digit.

    Raises
    ------
    InvalidOption
        If a value lies outside its range.
    """

    # Pixels of the clean page that a digit is high at the least (≥ 4): below, strokes merge.
    min_digit_height: float = 8.0
    # Components looked at, the largest first (≥ 1): a page of text has 3,000, foliage any number.
    max_components: int = 2500
    # A gap wider than this, in heights of a digit (above 0), parts words; infinity takes every line for one word.
    word_gap: float = 0.8
    # Cuts proposed in one wide component (≥ 0): five digits hanging together are rare.
    max_cuts: int = 5

    def __post_init__(self) -> None:
        if not self.word_gap > 0:
            raise InvalidOption(f"word_gap must be above 0; got {self.word_gap}")
        if self.min_digit_height < 4 or self.max_components < 1 or self.max_cuts < 0:
            raise InvalidOption(f"min_digit_height >= 4, max_components >= 1 and max_cuts >= 0 are needed; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What is proposed of a page.

    Attributes
    ----------
    lines
        From top to bottom; none on a blank page.
    page
        The page without the ink of its percent signs and brackets, and of lines around what stands on it.
    percent_signs
        How many there were.
    """

    lines: tuple[LineOfCandidates, ...]
    page: CleanPage
    percent_signs: int = 0


def find_candidates(page: CleanPage, options: FindOptions | None = None) -> Found:
    """Propose lines and, in each, candidates for digits.

    Parameters
    ----------
    page
        Clean ink.
    options
        The defaults when not given.
    """
    options = options or FindOptions()
    components, frames, rules = _components(page.ink, options)
    if not components:
        return Found(lines=(), page=page)
    reference = _reference_height(components, page.ink.shape, options)
    signs = _percent_signs(components, page.ink, reference)
    pieces = [c for sign in (*signs, *_brackets(components, reference), _ticks(components, reference)) for c in sign]
    if pieces or frames:
        components = [c for c in components if not any(c is piece for piece in pieces)]
        page = _without(page, pieces + frames)
    components = [
        c
        for c in components
        if not (_is_speck(c, reference) or _is_dash(c, reference) or _is_texture(c) or _is_solid(c))
    ]
    lines = _gather_lines(components, reference, rules.across)
    proposals = [_propose(page.ink, line, reference, options) for line in lines]
    lines_of_candidates = tuple(
        replace(proposal, dividers=_dividers(proposal, rules.upright)) if rules.upright else proposal
        for proposal in proposals
        if proposal is not None
    )
    return Found(lines=lines_of_candidates, page=page, percent_signs=len(signs))


def _percent_signs(components: list[Component], ink: Image, reference: float) -> list[list[Component]]:
    """The pieces of percent signs, which are about as high as digits."""
    low, high = SIGN_SIZES[0] * reference, SIGN_SIZES[1] * reference
    pieces = [c for c in components if low <= max(c.width, c.height) <= high]
    boxes, masks = [c.box for c in pieces], [c.mask for c in pieces]
    signs = percent_signs(boxes, masks, ink > FAINT_INK, digit_height=reference)
    return [[pieces[k] for k in sign] for sign in signs]


def _brackets(components: list[Component], reference: float) -> list[tuple[Component, Component]]:
    pairs = brackets([c.box for c in components], [c.mask for c in components], digit_height=reference)
    return [(components[left], components[right]) for left, right in pairs]


def _ticks(components: list[Component], reference: float) -> list[Component]:
    """The ticks of a page, where there is more than that on it."""
    large = [c for c in components if c.height >= TICK_HEIGHT * reference]
    ticks = [c for c in large if is_tick(c.mask)]
    return ticks if len(ticks) < len(large) else []


def _without(page: CleanPage, components: list[Component]) -> CleanPage:
    """The page without the ink of some components, and what is faint around them."""
    ink = page.ink.copy()
    for c in components:
        x0, y0 = max(0, c.x0 - HALO), max(0, c.y0 - HALO)
        region = ink[y0 : c.y1 + HALO, x0 : c.x1 + HALO]
        mask = np.zeros(region.shape, np.uint8)
        mask[c.y0 - y0 : c.y1 - y0, c.x0 - x0 : c.x1 - x0] = c.mask
        near = cv2.dilate(mask, np.ones((2 * HALO + 1, 2 * HALO + 1), np.uint8))
        region[(mask > 0) | ((near > 0) & (region <= FAINT_INK))] = 0
    return replace(page, ink=ink)


def narrower_words(ink: Image, line: LineOfCandidates, *, word_gap: float) -> tuple[Word, ...]:
    """The words of a line parted at narrower gaps: letters stand closer than digits, and so do their words.

    Parameters
    ----------
    ink
        The clean page that the line was found on, float32 (H, W).
    word_gap
        As in :class:`FindOptions`.
    """
    return _words(ink, line.pieces, line.candidates, line.digit_height, word_gap=word_gap)


def as_one_digit(page: CleanPage) -> tuple[LineOfCandidates, ...]:
    """All the ink of a page taken for one digit, but for the rules of its paper; nothing where there is no ink."""
    page = _without_paper(page)
    box = ink_box(page)
    if box is None:
        return ()
    ink = page.ink[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
    candidate = Candidate(start=0, end=1, ink=ink, box=box)
    return (LineOfCandidates(pieces=(box,), candidates=(candidate,), digit_height=box.height),)


def _without_paper(page: CleanPage) -> CleanPage:
    """The page without rules that reach across it, and what of them is left: pieces at its edges, and small ones."""
    binary = (page.ink > FAINT_INK).astype(np.uint8)
    rest = remove_rules(binary, page.ink).rest
    rules = binary > rest
    if not any(lines[0].any() and lines[-1].any() for lines in (rules, rules.T)) or not rest.any():
        return page
    labels, stats, _ = components_of(rest)
    areas = stats[:, cv2.CC_STAT_AREA]
    largest = 1 + int(areas[1:].argmax())
    stays = areas >= PIECE_AREA * areas[largest]
    stays[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = False
    stays[largest], stays[0] = True, False
    return replace(page, ink=np.where(stays[labels], page.ink, np.float32(0)))


def ink_box(page: CleanPage) -> Box | None:
    """Tight around all the strong ink of a page; None where there is none."""
    strong = page.ink > STRONG_INK
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    if not len(rows):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def as_one_line(page: CleanPage) -> Word | None:
    """All the ink of a page taken for one line; None where there is no ink.

    Its rows are those that hold all but a few per cent of the strong ink, with half of their number above and below:
    tails, rules at the edges, strokes under the number and dirt do not make the digits small.
    """
    strong = np.where(page.ink > STRONG_INK, page.ink, np.float32(0))
    columns = np.flatnonzero(strong.any(axis=0))
    if not len(columns):
        return None
    y0, y1 = _rows_of_most(strong)
    y0, y1 = _rows_of_most(_without_underlines(strong, y0, y1))
    height = max(y1 - y0, 3)
    room = height // 2 + 1
    x0, x1 = max(0, int(columns[0]) - 2), min(page.ink.shape[1], int(columns[-1]) + 3)
    top, bottom = y0 - room, y0 + height + room
    ink = page.ink[max(0, top) : bottom, x0:x1]
    missing = max(0, -top), max(0, bottom - page.ink.shape[0])
    if any(missing):
        ink = cv2.copyMakeBorder(ink, *missing, 0, 0, cv2.BORDER_CONSTANT, value=0.0)
    quad = Quad.of_box(Box(x0, top, x1, bottom))
    return Word(start=0, end=1, crop=LineCrop(ink=ink, quad=quad), digit_height=float(height), is_plain=False)


def _rows_of_most(strong: Image) -> tuple[int, int]:
    """The half-open range of rows that hold all but a few per cent of some ink."""
    share = strong.sum(axis=1, dtype=np.float64).cumsum()
    y0, y1 = np.searchsorted(share, [LINE_TAIL * share[-1], (1 - LINE_TAIL) * share[-1]])
    return int(y0), int(y1) + 1


def _without_underlines(strong: Image, y0: int, y1: int) -> Image:
    """A line's ink without the strokes drawn under it, whether they touch it or not."""
    height = y1 - y0
    room = round(UNDERLINE_ROOM * height)
    ink = (strong > 0).astype(np.uint8)
    ink[: y1 - room] = 0
    thick = cv2.dilate(ink, np.ones((1 + 2 * round(UNDERLINE_RISE * height / 2), 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, max(3, round(UNDERLINE_WIDTH * height))), np.uint8))
    rest = np.where(runs > 0, np.float32(0), strong)
    return rest if rest.sum() > UNDERLINE_LEFT * strong.sum() else strong


def _components(ink: Image, options: FindOptions) -> tuple[list[Component], list[Component], Unruled]:
    """The components of a page, the lines around some of them, and the rules between which all stand."""
    binary = (ink > FAINT_INK).astype(np.uint8)
    unruled = remove_rules(binary, ink)
    found = _connected(unruled.rest, ink, options)
    if not found:  # what was taken for a rule is all there is
        return _connected(binary, ink, options), [], Unruled(binary)
    return *_without_frames(found, ink, options), unruled


def _without_frames(
    found: list[Component], ink: Image, options: FindOptions
) -> tuple[list[Component], list[Component]]:
    """The components without stains and frames, and with the digits that were part of them; and the lines that run all
    around others."""
    typical = _reference_height(found, ink.shape, options)
    stains = [c for c in found if _is_stain(c, ink, typical)]
    if stains:
        found = [c for c in found if not any(c is stain for stain in stains)]
        found += _connected(_darker_within(stains, ink), ink, options)
    kept, around, clinging = without_frames(found, ink, typical)
    if clinging.any():
        kept += [c for c in _connected(clinging, ink, options) if not is_frame(c, kept, typical)]
    return kept, around


def _connected(binary: Mask, ink: Image, options: FindOptions) -> list[Component]:
    labels, stats, _ = components_of(binary)
    heights, areas = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    widths = stats[:, cv2.CC_STAT_WIDTH]
    large = (np.maximum(heights, widths) >= 0.3 * options.min_digit_height) & (areas >= 5)
    large[0] = False
    chosen = np.flatnonzero(large)
    if len(chosen) > options.max_components:
        chosen = chosen[np.argsort(areas[chosen])[::-1][: options.max_components]]
    holds_strong = np.bincount(labels[ink >= STRONG_INK], minlength=len(stats)) > 0
    components = []
    for i in chosen[holds_strong[chosen]]:
        x0, y0, width, height, area = stats[i].tolist()
        mask = labels[y0 : y0 + height, x0 : x0 + width] == i
        components.append(Component(x0, y0, x0 + width, y0 + height, mask, area))
    return components


def _is_stain(component: Component, ink: Image, typical: float) -> bool:
    """Spilled coffee, a thumb, the edge of a shadow: large, pale for the most part, and thicker than strokes are."""
    if component.area < STAIN_AREA * typical**2:
        return False
    own = ink[component.y0 : component.y1, component.x0 : component.x1][component.mask]
    if float(np.median(own)) > STRONG_INK:
        return False
    return half_thickness(component.mask) > BLOT_SHARE * typical


def _darker_within(stains: list[Component], ink: Image) -> Mask:
    """Where stains hold ink that is far darker than they are: what was written on them."""
    page = np.zeros(ink.shape, np.uint8)
    for stain in stains:
        place = slice(stain.y0, stain.y1), slice(stain.x0, stain.x1)
        own = ink[place]
        level = (float(np.median(own[stain.mask])) + float(own[stain.mask].max())) / 2
        page[place] |= stain.mask & (own > level)
    return page


def _reference_height(components: list[Component], shape: tuple[int, ...], options: FindOptions) -> float:
    """Height of the usual large component on a page of this shape: the median weighted by area, so that specks do not
    count."""
    heights = np.array([max(c.height, c.width * 0.5) for c in components])
    areas = np.array([float(c.area) for c in components])
    # The dots of squared paper and the paper's grain may have more ink together than the writing.
    fills = np.array([c.fill for c in components])
    readable = (heights >= options.min_digit_height) & (fills >= SPARSE_FILL)
    if readable.any():
        heights, areas, fills = heights[readable], areas[readable], fills[readable]
        components = list(itertools.compress(components, readable))
    largest = components[int(areas.argmax())]
    reference = weighted_median(heights, areas)
    # One stain or drawing may have more ink than all of the writing: what is alike among the rest says what is usual.
    others = np.arange(len(areas)) != int(areas.argmax())
    is_cut_off = largest.lies_at_edge(shape)
    if is_cut_off:  # dark corners are several
        others &= np.array([not c.lies_at_edge(shape) for c in components])
    if others.sum() < FEW_ALIKE:
        return reference
    usual = weighted_median(heights[others], areas[others])
    if is_cut_off or fills[areas.argmax()] < OPEN_FILL or _is_blot(largest, usual):
        alike = others & (np.abs(np.log(heights / usual)) < np.log(ALIKE_TIMES))
        ink = areas[alike].sum()
        thickness = half_thickness(largest.mask)
        is_solid = thickness > BLOT_SHARE * largest.height  # no digit, whatever is around it
        is_dark_corner = is_cut_off and thickness > BLOT_TIMES * usual
        is_much = is_solid or ink >= (MUCH_BESIDE_CORNER if is_dark_corner else MUCH_ALIKE) * areas.max()
        count, least = (FEW_ALIKE, 0.0) if is_much else (ALIKE_COUNT, LEAST_ALIKE * areas.max())
        many = alike.sum() >= count and ink >= max(ALIKE_SHARE * areas[others].sum(), least)
        if many and reference > ALIKE_TIMES * usual:
            return usual
    return reference


def _is_blot(component: Component, usual: float) -> bool:
    """A shadow, a finger, a box filled in: solid farther across than the strokes of any digit are.

    Any digit of its own height, or, by more, of the ``usual`` height of the others.
    """
    gap = max(3, round(0.03 * component.height))
    mask = np.pad(component.mask.astype(np.uint8), gap)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    return half_thickness(closed) > min(BLOT_SHARE * component.height, BLOT_TIMES * usual)


def _is_speck(component: Component, reference: float) -> bool:
    return max(component.height, component.width) < 0.16 * reference


def _is_texture(component: Component) -> bool:
    """Foliage, roofs, cloth: a large component with more holes than any digit has."""
    if min(component.height, component.width) < TEXTURE_SIDE:
        return False
    # A digit doodled over again has gaps between its strokes; they close, the holes of a texture do not.
    gap = max(3, round(0.03 * component.height))
    closed = cv2.morphologyEx(component.mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    return int((stats[1:, cv2.CC_STAT_AREA] >= 1e-3 * closed.size).sum()) > MOST_HOLES


def _is_solid(component: Component) -> bool:
    """A disc, a square, a shadow: too solid for the strokes of any digit, were it written with the boldest marker."""
    side = max(component.height, component.width)
    if side < SOLID_SIDE or component.fill < SOLID_FILL:
        return False
    return half_thickness(component.mask) > SOLID_SHARE * side


def _is_dash(component: Component, reference: float) -> bool:
    """An underline, a struck rule's remains: much longer than a digit is wide, and thin."""
    thickness = component.area / component.width
    return component.width > 2.2 * reference and thickness < 0.22 * reference


def _gather_lines(components: list[Component], typical: float, across: Sequence[Course]) -> list[list[Component]]:
    """Components that stand side by side, left to right; lines top to bottom.

    Full-size components make the lines, from left to right, each joining the line whose last members stand at its
    height; small ones (dots, hats, broken pieces) join the line that they lie in.
    """
    full = [c for c in components if c.height >= FULL_SHARE * typical]
    small = [c for c in components if c.height < FULL_SHARE * typical]
    lines: list[list[Component]] = []
    ends = np.empty((len(full), LINE_END))
    for component in sorted(full, key=lambda c: c.x0 + c.x1):
        misfits = _misfits(ends[: len(lines)], component)
        best = int(misfits.argmin()) if len(lines) else 0
        if not len(lines) or misfits[best] >= 1.0:
            best = len(lines)
            lines.append([])
        lines[best].append(component)
        ends[best] = _end_of(lines[best])
    lines = _rows_of_table(_interleaved(lines, typical), typical, across)
    members = [(c, line) for line in lines for c in line]
    boxes = np.empty((len(members) + len(small), 4))
    for box, (c, _) in zip(boxes, members, strict=False):
        box[:] = c.x0, c.y0, c.x1, c.y1
    for component in small:
        near = _nearest(boxes[: len(members)], component)
        if near is not None and near[1] < 0.5:
            line = members[near[0]][1]
            line.append(component)
        elif component.height >= 0.25 * typical:
            line = [component]
            lines.append(line)
        else:
            continue
        boxes[len(members)] = component.x0, component.y0, component.x1, component.y1
        members.append((component, line))
    return sorted(lines, key=_reading_key)


def _end_of(line: list[Component]) -> tuple[float, ...]:
    """How the last members of a line stand: :data:`LINE_END` numbers, as :func:`_misfits` takes them."""
    # Plain numbers: they are too few for arrays to pay.
    recent = line[-RECENT:]
    xs, ys, heights = [(c.x0 + c.x1) / 2 for c in recent], [c.middle_y for c in recent], [c.height for c in recent]
    height = float(median(heights))
    if len(recent) < 3 or max(xs) - min(xs) < 3 * height:
        # Two digits beside each other say nothing about the tilt of a line.
        x, y, slope = 0.0, sum(ys[-4:]) / len(ys[-4:]), 0.0
    else:
        x, y = sum(xs) / len(xs), sum(ys) / len(ys)
        slope = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
    return (
        *(x, y, min(max(slope, -MAX_SLOPE), MAX_SLOPE)),
        *(min(c.x0 for c in recent), max(c.x1 for c in recent)),
        *(min(c.y0 - c.middle_y for c in recent), max(c.y1 - c.middle_y for c in recent)),
        *(min(ys), max(ys), height, max(heights), heights[-1]),
    )


def _misfits(ends: NDArray[np.float64], component: Component) -> NDArray[np.float64]:
    """How badly a component stands in each of some lines; below 1 it fits."""
    x, y, slope, left, right, above, below, top, bottom, usual, highest, last = ends.T
    height = np.maximum(component.height, usual)
    gap = np.maximum(0.0, component.x0 - right) / height
    middle = y + slope * ((component.x0 + component.x1) / 2 - x)  # straight on, as its last members do
    overlap = np.minimum(component.y1, below + middle) - np.maximum(component.y0, above + middle)
    # However steeply it runs, a line is never farther up or down than this.
    reach = highest / 2 + MAX_SLOPE * (component.x1 - left)
    fits = (component.y0 < bottom + reach) & (component.y1 > top - reach)
    fits &= overlap > 0.25 * np.minimum(component.height, last)
    # The farther away, the less two components may differ in height above the line.
    allowed = np.where(gap < 3, 0.5, 0.4) * height
    return np.where(fits, np.abs(component.middle_y - middle) / allowed, np.inf)


def _nearest(boxes: NDArray[np.float64], component: Component) -> tuple[int, float] | None:
    """The box nearest to a component, and how far away it is, in heights of that box; None where there are none."""
    if not len(boxes):
        return None
    x0, y0, x1, y1 = boxes.T
    across = np.maximum(np.maximum(component.x0 - x1, x0 - component.x1), 0)
    down = np.maximum(np.maximum(component.y0 - y1, y0 - component.y1), 0)
    distances = np.hypot(across, down) / (y1 - y0)
    nearest = int(distances.argmin())
    return nearest, float(distances[nearest])


def _interleaved(lines: list[list[Component]], typical: float) -> list[list[Component]]:
    """Lines of which one fills the gaps of another made one: digits stand high and low in the cells of a row."""
    levels = [float(np.mean([c.middle_y for c in line])) for line in lines]
    order = sorted(range(len(lines)), key=levels.__getitem__)
    rows = [lines[i] for i in order]
    levels = [levels[i] for i in order]
    for i in range(len(rows)):
        for j in range(i + 1, len(rows)):
            if levels[j] - levels[i] > typical:
                break
            host, guest = (i, j) if len(rows[i]) >= len(rows[j]) else (j, i)
            if rows[guest] and _stands_in_gaps(rows[guest], rows[host]):
                rows[host] = sorted(rows[host] + rows[guest], key=lambda c: c.x0 + c.x1)
                rows[guest] = []
    return [row for row in rows if row]


def _rows_of_table(lines: list[list[Component]], typical: float, across: Sequence[Course]) -> list[list[Component]]:
    """Lines between the same two rules, of which none stands above another, made one: a row of a table.

    A stroke or a low mark alone stays a line: as a piece of a rule it is easier to tell there.
    """
    rows: list[list[Component]] = []
    bands: list[tuple[Course, Course] | None] = []
    for line in sorted(lines, key=lambda line: line[0].x0):
        first, *more = line
        is_mark = first.width < STROKE_WIDTH * first.height or first.height < LONE_HEIGHT * typical
        band = None if is_mark and not more else _band(line, across)
        for i, other in enumerate(bands):
            if band and other and _is_one_band(band, other, line, typical) and rows[i][-1].x1 <= line[0].x0:
                rows[i] = [*rows[i], *line]
                break
        else:
            rows.append(line)
            bands.append(band)
    return rows


def _band(line: list[Component], across: Sequence[Course]) -> tuple[Course, Course] | None:
    """The rules next above and next below a line; None where there are none, or one crosses it."""
    x, y = float(np.mean([c.box.center.x for c in line])), float(np.mean([c.middle_y for c in line]))
    levels = [(rule.at(x) - y, rule) for rule in across if rule.start <= x <= rule.end]
    above, below = [one for one in levels if one[0] < 0], [one for one in levels if one[0] >= 0]
    if not (above and below):
        return None
    upper, lower = max(above, key=lambda one: one[0])[1], min(below, key=lambda one: one[0])[1]
    is_within = all(upper.at(c.box.center.x) < c.middle_y < lower.at(c.box.center.x) for c in line)
    return (upper, lower) if is_within else None


def _is_one_band(
    band: tuple[Course, Course], other: tuple[Course, Course], line: list[Component], typical: float
) -> bool:
    """Whether two pairs of rules are the same, and no farther apart than one line of writing takes, beside a line."""
    x = line[0].box.center.x
    is_same = all(abs(a.at(x) - b.at(x)) < SAME_RULE * typical for a, b in zip(band, other, strict=True))
    return is_same and band[1].at(x) - band[0].at(x) < ROW_HEIGHTS * typical


def _stands_in_gaps(line: list[Component], other: list[Component]) -> bool:
    """Whether all members of a line stand beside members of another, at their height.

    One must stand between two of the other's; those beyond its ends must be near.
    """
    if not any(other[0].x1 <= c.x0 and c.x1 <= other[-1].x0 for c in line):
        return False
    places = np.array([(c.x0 + c.x1) / 2 for c in other])
    middles = np.array([c.middle_y for c in other])
    height = float(np.median([c.height for c in (*line, *other)]))
    for component in line:
        gaps = [max(c.x0 - component.x1, component.x0 - c.x1) for c in other]
        if min(gaps) < 0 or min(gaps) > NEAR_GAP * height:
            return False
        level = float(np.interp((component.x0 + component.x1) / 2, places, middles))
        if abs(component.middle_y - level) > SAME_LEVEL * height:
            return False
    return True


def _reading_key(line: list[Component]) -> tuple[float, float]:
    return float(np.mean([c.middle_y for c in line])), min(c.x0 for c in line)


def _propose(ink: Image, line: list[Component], typical: float, options: FindOptions) -> LineOfCandidates | None:
    heights = np.array([c.height for c in line], float)
    # A stroke along the picture's edge, or a fold, may be far taller than all of the writing beside it.
    full = heights[heights >= FULL_SHARE * typical]
    heights = heights[heights <= TALL_TIMES * np.median(full if len(full) else heights)]
    height = float(np.median(heights[heights >= 0.5 * heights.max()]))
    if height < options.min_digit_height:
        return None
    pieces: list[Component] = []
    owners: list[Component] = []  # the component that each piece was cut from
    parting: list[float] = []  # for each piece but the last, the probability that a mark ends after it
    for component in sorted(_joined(line, height), key=lambda c: c.x0 + c.x1):
        if pieces:
            parting.append(_parting_of_gap(owners[-1], component, height))
        cut = _cut(component, height, options)
        parting.extend([_parting_of_cut(component, height)] * (len(cut) - 1))
        pieces.extend(cut)
        owners.extend([component] * len(cut))
    sure = [1.0, *parting, 1.0]
    candidates = []
    for start in range(len(pieces)):
        for end in range(start + 1, min(len(pieces), start + 1 + options.max_cuts) + 1):
            whole = end - start == sum(owner is owners[start] for owner in owners)
            if end - start > 1 and not whole and not _may_be_one(pieces[start:end], height):
                continue
            # Each end is shared with a neighbor, so it counts half here and half there.
            log_prior = 0.5 * float(np.log(sure[start]) + np.log(sure[end]))
            log_prior += float(np.log1p(-np.array(parting[start : end - 1])).sum())
            candidates.append(
                _candidate(
                    ink, pieces[start:end], start, end, (log_prior, _log_prior_other(owners[start:end], whole, height))
                )
            )
    return LineOfCandidates(
        pieces=tuple(piece.box for piece in pieces),
        candidates=tuple(candidates),
        digit_height=height,
        components=_narrow(owners, height),
        words=_words(ink, [piece.box for piece in pieces], candidates, height, word_gap=options.word_gap),
    )


def _dividers(line: LineOfCandidates, upright: Sequence[Course]) -> tuple[float, ...]:
    """Where upright rules cross a line, however it is tilted."""
    middles = sorted((piece.center.x, piece.center.y) for piece in line.pieces)
    xs, ys = zip(*middles, strict=True)
    places = []
    for rule in upright:
        y = float(np.interp(rule.at((ys[0] + ys[-1]) / 2), xs, ys))
        if rule.start - line.digit_height <= y <= rule.end + line.digit_height:
            places.append(rule.at(y))
    return tuple(sorted(places))


def _narrow(owners: list[Component], height: float) -> tuple[tuple[int, int], ...]:
    """Where the pieces of one component begin and end, of those that are no wider than a digit."""
    starts = [i for i, owner in enumerate(owners) if i == 0 or owner is not owners[i - 1]]
    ranges = zip(starts, [*starts[1:], len(owners)], strict=True)
    return tuple((start, end) for start, end in ranges if owners[start].width <= DIGIT_WIDTH * height)


def _words(
    ink: Image, pieces: Sequence[Box], candidates: Sequence[Candidate], height: float, *, word_gap: float
) -> tuple[Word, ...]:
    """Pieces parted at clear gaps."""
    starts, reach = [0], pieces[0].x1
    for i, piece in enumerate(pieces[1:], start=1):
        if piece.x0 - reach > word_gap * height:
            starts.append(i)
        reach = max(reach, piece.x1)
    ends = [*starts[1:], len(pieces)]
    joined = {(c.start, c.end) for c in candidates if c.end - c.start > 1}
    words = []
    for start, end in zip(starts, ends, strict=True):
        is_plain = not any(start <= a and b <= end for a, b in joined)
        words.append(
            Word(
                start=start,
                end=end,
                crop=_word_crop(ink, pieces[start:end], height),
                digit_height=height,
                is_plain=is_plain,
            )
        )
    return tuple(words)


def _word_crop(ink: Image, pieces: Sequence[Box], height: float) -> LineCrop:
    """The ink in a box that is centered on the full-size pieces, whatever else stands in it.

    The line network learnt to read past rules, patterns and neighbors; what a mask would cut off, it could not restore.
    """
    full = [p for p in pieces if p.height >= 0.5 * height] or pieces
    middle = float(np.median([p.center.y for p in full]))
    half = max(0.75 * height, 0.5 * height + 2)
    margin = WORD_MARGIN * height
    x0 = max(0, round(min(p.x0 for p in pieces) - margin))
    x1 = min(ink.shape[1], round(max(p.x1 for p in pieces) + margin))
    y0, y1 = round(middle - half), round(middle + half)
    crop = np.zeros((max(1, y1 - y0), x1 - x0), np.float32)
    top, bottom = max(0, y0), min(ink.shape[0], y1)
    crop[top - y0 : bottom - y0] = ink[top:bottom, x0:x1]
    return LineCrop(ink=crop, quad=Quad.of_box(Box(x0, y0, x1, y1)))


def _log_prior_other(owners: list[Component], whole: bool, height: float) -> float:
    """What counts against these pieces being a mark that is no digit."""
    if any(owner is not owners[0] for owner in owners):
        return -np.inf  # two components that are no digit are better taken one by one
    if not whole:
        return FRAGMENT_LOG_PRIOR
    # A component wider than a digit may be a word, and may be digits that touch.
    return TOUCHING_LOG_PRIOR * max(0.0, owners[0].width / (0.65 * height) - 1.4)


def _parting_of_gap(left: Component, right: Component, height: float) -> float:
    """Probability that two separate components side by side belong to two marks."""
    gap = (right.x0 - left.x1) / height
    overlap = -gap * height / max(1, min(left.width, right.width))
    if overlap > 0.5:
        return 0.4
    return float(np.interp(gap, [-0.25, -0.05, 0.0, 0.15], [0.5, 0.8, 0.92, 0.98]))


def _parting_of_cut(component: Component, height: float) -> float:
    """Probability that a cut in a component parts two marks: next to none in one as wide as a digit."""
    return float(np.interp(component.width / height, [0.7, 0.9, 1.1, 1.4, 2.0], [0.02, 0.08, 0.3, 0.5, 0.6]))


def _joined(line: list[Component], height: float) -> list[Component]:
    """Components one above the other made one: the hat of a 5, a broken stroke."""
    rest = sorted(line, key=lambda c: c.width * c.height, reverse=True)
    joined: list[Component] = []
    for component in rest:
        for i, other in enumerate(joined):
            overlap = min(component.x1, other.x1) - max(component.x0, other.x0)
            gap = max(0, component.y0 - other.y1, other.y0 - component.y1)
            if overlap >= 0.6 * component.width and gap < 0.3 * height and other.width < 1.4 * height:
                union = _union([component, other])
                if union.height <= 1.35 * max(height, other.height):
                    joined[i] = union
                    break
        else:
            joined.append(component)
    return joined


def _union(parts: list[Component]) -> Component:
    x0, y0 = min(c.x0 for c in parts), min(c.y0 for c in parts)
    x1, y1 = max(c.x1 for c in parts), max(c.y1 for c in parts)
    mask = np.zeros((y1 - y0, x1 - x0), bool)
    for c in parts:
        mask[c.y0 - y0 : c.y1 - y0, c.x0 - x0 : c.x1 - x0] |= c.mask
    return Component(x0, y0, x1, y1, mask, int(np.count_nonzero(mask)))


def _may_be_one(pieces: list[Component], height: float) -> bool:
    x0, x1 = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    top, bottom = min(p.y0 for p in pieces), max(p.y1 for p in pieces)
    if x1 - x0 > 1.35 * max(height, bottom - top) or bottom - top > 1.6 * height:
        return False
    ordered = sorted(pieces, key=lambda p: p.x0)
    return all(b.x0 - a.x1 < 0.25 * height for a, b in itertools.pairwise(ordered))


def _cut(component: Component, height: float, options: FindOptions) -> list[Component]:
    """Cut a component that is too wide for one digit where a vertical cut crosses least ink."""
    wide = component.width / max(height, 1.0)
    if not options.max_cuts or wide < 0.72 or component.width < 10 or component.height > 3 * height:
        return [component]
    profile = component.mask.sum(axis=0).astype(np.float32)
    smooth = cv2.blur(profile[None], (max(1, round(0.06 * height)) | 1, 1))[0]
    least = max(3, round(0.16 * height))
    order = (
        np.argsort(smooth[least:-least], kind="stable") + least if component.width > 2 * least else np.array([], int)
    )
    cuts: list[int] = []
    wanted = min(options.max_cuts, max(1, round(wide / 0.45) - 1))
    for x in order:
        if smooth[x] > 0.45 * component.height or len(cuts) >= wanted:
            break
        if all(abs(int(x) - c) >= 1.4 * least for c in cuts):
            cuts.append(int(x))
    return _split_at(component, sorted(cuts))


def _split_at(component: Component, cuts: list[int]) -> list[Component]:
    pieces = []
    for a, b in zip([0, *cuts], [*cuts, component.width], strict=True):
        mask = component.mask[:, a:b]
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            continue
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        x0, y0 = component.x0 + a, component.y0
        area = int(np.count_nonzero(mask))
        pieces.append(Component(x0 + left, y0 + top, x0 + right, y0 + bottom, mask[top:bottom, left:right], area))
    return pieces or [component]


def _candidate(ink: Image, pieces: list[Component], start: int, end: int, log_priors: tuple[float, float]) -> Candidate:
    whole = pieces[0] if len(pieces) == 1 else _union(pieces)
    crop = ink[whole.y0 : whole.y1, whole.x0 : whole.x1] * whole.mask
    return Candidate(
        start=start, end=end, ink=crop, box=whole.box, log_prior=log_priors[0], log_prior_other=log_priors[1]
    )
