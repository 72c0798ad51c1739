"""Clean page → where numbers may be: lines of pieces of ink, and the ways to take pieces for digits.

Rules, frames and specks are set aside, what hangs together is a component, components are gathered into lines, wide
ones are cut where a cut is cheap. This room proposes and never chooses: that takes the network's scores, and is the
business of the reader and of :mod:`inkread.decode`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidOption
from inkread.geometry import Box
from inkread.parts import Candidate, CleanPage, LineOfCandidates

__all__ = ["FindOptions", "find_candidates", "remove_rules"]

Image = NDArray[np.float32]
Mask = NDArray[np.uint8]
Ints = NDArray[np.int32]

# A component reaches down to faint ink but must hold strong ink: hysteresis, as in Canny's edges (1986,
# doi:10.1109/TPAMI.1986.4767851), so that soft edges stay and noise goes.
FAINT_INK = 0.25
STRONG_INK = 0.55
# A rule is long against the page and thin against its length; a digit's own straight strokes are at least a
# fifteenth as thick as they are long, unless the pen is very fine.
RULE_SHARE = 0.3
RULE_SLENDERNESS = 22.0
# Straight runs of this many pixels are looked for first and joined to rules after, so that a rule may bend a little.
RULE_RUN = 32
# A frame (comb box, table) is large, open inside, and holds other components.
FRAME_FILL = 0.3


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
    # Cuts proposed in one wide component (≥ 0): five digits hanging together are rare.
    max_cuts: int = 5

    def __post_init__(self) -> None:
        if self.min_digit_height < 4 or self.max_components < 1 or self.max_cuts < 0:
            raise InvalidOption(
                f"min_digit_height >= 4, max_components >= 1 and max_cuts >= 0 are needed; got {self}"
            )


@dataclass(slots=True, eq=False)
class _Component:
    """A piece of connected ink: its box on the page and its mask in that box."""

    x0: int
    y0: int
    x1: int
    y1: int
    mask: NDArray[np.bool_]

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def middle_y(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def box(self) -> Box:
        return Box(self.x0, self.y0, self.x1, self.y1)


def find_candidates(page: CleanPage, options: FindOptions | None = None) -> tuple[LineOfCandidates, ...]:
    """Propose lines and, in each, candidates for digits.

    Parameters
    ----------
    page
        Clean ink.
    options
        The defaults when not given.

    Returns
    -------
    Lines from top to bottom; none on a blank page.
    """
    options = options or FindOptions()
    components = _components(page.ink, options)
    if not components:
        return ()
    reference = _reference_height(components)
    components = [c for c in components if not _is_speck(c, reference)]
    lines = _gather_lines(components)
    proposals = [_propose(page.ink, line, options) for line in lines]
    return tuple(proposal for proposal in proposals if proposal is not None)


def as_one_digit(page: CleanPage) -> tuple[LineOfCandidates, ...]:
    """All the ink of a page taken for one digit; nothing where there is no ink."""
    strong = page.ink > STRONG_INK
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    if not len(rows):
        return ()
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = Box(x0, y0, x1, y1)
    candidate = Candidate(start=0, end=1, ink=page.ink[y0:y1, x0:x1], box=box)
    return (LineOfCandidates(pieces=(box,), candidates=(candidate,), digit_height=float(y1 - y0)),)


def _components(ink: Image, options: FindOptions) -> list[_Component]:
    binary = (ink > FAINT_INK).astype(np.uint8)
    binary = remove_rules(binary)
    found = _connected(binary, ink, options)
    frames = [c for c in found if _is_frame(c, found)]
    if not frames:
        return found
    kept = [c for c in found if not any(c is frame for frame in frames)]
    # A digit that touches its frame is what is left when the frame's long straight runs are gone.
    rest = np.zeros_like(binary)
    for frame in frames:
        region = rest[frame.y0 : frame.y1, frame.x0 : frame.x1]
        np.maximum(region, _without_straight_runs(frame), out=region)
    return kept + [c for c in _connected(rest, ink, options) if not _is_frame(c, kept)]


def _connected(binary: Mask, ink: Image, options: FindOptions) -> list[_Component]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    heights, areas = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    widths = stats[:, cv2.CC_STAT_WIDTH]
    large = (np.maximum(heights, widths) >= 0.3 * options.min_digit_height) & (areas >= 5)
    large[0] = False
    chosen = np.flatnonzero(large)
    if len(chosen) > options.max_components:
        chosen = chosen[np.argsort(areas[chosen])[::-1][: options.max_components]]
    components = []
    for i in chosen:
        x0, y0, width, height = (int(v) for v in stats[i, :4])
        mask = labels[y0 : y0 + height, x0 : x0 + width] == i
        part = ink[y0 : y0 + height, x0 : x0 + width]
        if float(part[mask].max()) >= STRONG_INK:
            components.append(_Component(x0, y0, x0 + width, y0 + height, mask))
    return components


def remove_rules(binary: Mask) -> Mask:
    """Take ruled lines out of a binary page, and mend the strokes that crossed them.

    Parameters
    ----------
    binary
        uint8 (H, W) of 0 and 1, 1 is ink.

    Returns
    -------
    A new array of the same form.
    """
    height, width = binary.shape
    rules = np.zeros_like(binary)
    for horizontal, extent in ((True, width), (False, height)):
        turned = binary if horizontal else np.ascontiguousarray(binary.T)
        found = _straight_rules(turned, extent)
        if found is not None:
            rules |= found if horizontal else found.T
    if not rules.any():
        return binary.copy()
    rest = binary & (1 - rules)
    # Where ink goes on on both sides of a rule, the stroke crossed it: close the gap, on the rule's pixels only.
    thickness = 7
    bridged = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((thickness, 1), np.uint8))
    bridged |= cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((1, thickness), np.uint8))
    return np.asarray(rest | (bridged & rules), np.uint8)


def _straight_rules(binary: Mask, extent: int) -> Mask | None:
    """Horizontal rules: long runs, joined, that are thin and reach far."""
    run = max(12, min(RULE_RUN, extent // 12))
    runs = cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    if not runs.any():
        return None
    joined = cv2.dilate(runs, np.ones((3, run // 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    length = stats[:, cv2.CC_STAT_WIDTH]
    area = np.bincount(labels.ravel(), weights=runs.ravel(), minlength=count)
    thickness = area / np.maximum(length, 1)
    # A bent or tilted rule is higher than thick; a box of writing is higher still.
    flat = stats[:, cv2.CC_STAT_HEIGHT] < 0.15 * length
    good = (length >= RULE_SHARE * extent) & (thickness * RULE_SLENDERNESS <= length) & flat & (thickness >= 0.4)
    good[0] = False
    if not good.any():
        return None
    return np.asarray(cv2.dilate((good[labels] & (runs > 0)).astype(np.uint8), np.ones((3, 1), np.uint8)) & binary)


def _is_frame(component: _Component, others: list[_Component]) -> bool:
    if component.mask.mean() > FRAME_FILL:
        return False
    inside = 0
    for other in others:
        if other is component or other.height < 0.2 * min(component.height, component.width):
            continue
        if (
            component.x0 <= other.x0
            and other.x1 <= component.x1
            and component.y0 <= other.y0
            and other.y1 <= component.y1
        ):
            inside += 1
            if inside >= 2 or (other.height > 0.45 * component.height and _has_straight_sides(component)):
                return True
    small = [o for o in others if o is not component]
    if len(small) < 3:
        return False
    typical = float(np.median([o.height for o in small]))
    return component.height > 3.5 * typical and component.width > 3.5 * typical and component.mask.mean() < 0.2


def _has_straight_sides(component: _Component) -> bool:
    """Whether most of the ink lies along the sides of the box, and reaches into its corners."""
    mask = component.mask
    margin_y, margin_x = max(1, round(0.18 * mask.shape[0])), max(1, round(0.18 * mask.shape[1]))
    inner = mask[margin_y:-margin_y, margin_x:-margin_x].sum()
    if inner > 0.25 * mask.sum():
        return False
    corners = (mask[:margin_y, :margin_x], mask[:margin_y, -margin_x:], mask[-margin_y:, :margin_x],
               mask[-margin_y:, -margin_x:])
    return sum(bool(corner.any()) for corner in corners) >= 3


def _without_straight_runs(frame: _Component) -> Mask:
    mask = frame.mask.astype(np.uint8)
    run = max(10, min(frame.width, frame.height) // 9)
    straight = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    straight |= cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
    straight = cv2.dilate(straight, np.ones((3, 3), np.uint8))
    return np.asarray(mask & (1 - straight), np.uint8)


def _reference_height(components: list[_Component]) -> float:
    """Height of the usual large component: the median weighted by area, so that specks do not count."""
    heights = np.array([max(c.height, c.width * 0.5) for c in components])
    areas = np.array([float(c.mask.sum()) for c in components])
    order = np.argsort(heights)
    passed = np.cumsum(areas[order])
    return float(heights[order][np.searchsorted(passed, passed[-1] / 2)])


def _is_speck(component: _Component, reference: float) -> bool:
    return max(component.height, component.width) < 0.16 * reference


def _gather_lines(components: list[_Component]) -> list[list[_Component]]:
    """Components that stand side by side, left to right; lines top to bottom.

    Full-size components make the lines, from left to right, each joining the line whose last members stand at its
    height; small ones (dots, hats, broken pieces) join the line that they lie in.
    """
    typical = _reference_height(components)
    full = [c for c in components if c.height >= 0.4 * typical]
    small = [c for c in components if c.height < 0.4 * typical]
    lines: list[list[_Component]] = []
    for component in sorted(full, key=lambda c: c.x0 + c.x1):
        best, best_distance = None, float("inf")
        for line in lines:
            distance = _misfit(line, component)
            if distance < best_distance:
                best, best_distance = line, distance
        if best is not None and best_distance < 1.0:
            best.append(component)
        else:
            lines.append([component])
    for component in small:
        best, best_distance = None, float("inf")
        for line in lines:
            distance = _distance_to_line(line, component)
            if distance < best_distance:
                best, best_distance = line, distance
        if best is not None and best_distance < 0.5:
            best.append(component)
        elif component.height >= 0.25 * typical:
            lines.append([component])
    return sorted(lines, key=_reading_key)


def _misfit(line: list[_Component], component: _Component) -> float:
    """How badly a component stands in a line; below 1 it fits."""
    recent = line[-4:]
    last = recent[-1]
    height = max(component.height, float(np.median([c.height for c in recent])))
    middle = float(np.mean([c.middle_y for c in recent]))
    gap = max(0.0, component.x0 - max(c.x1 for c in recent)) / height
    overlap = min(component.y1, max(c.y1 for c in recent)) - max(component.y0, min(c.y0 for c in recent))
    if overlap <= 0.25 * min(component.height, last.height):
        return float("inf")
    # The farther away, the less two components may differ in height above the line.
    allowed = 0.5 * height if gap < 3 else 0.38 * height
    return abs(component.middle_y - middle) / allowed


def _distance_to_line(line: list[_Component], component: _Component) -> float:
    """Distance of a small component from the nearest member of a line, in heights of that member."""
    return min(
        float(
            np.hypot(
                max(0, component.x0 - c.x1, c.x0 - component.x1), max(0, component.y0 - c.y1, c.y0 - component.y1)
            )
        )
        / c.height
        for c in line
    )


def _reading_key(line: list[_Component]) -> tuple[float, float]:
    return float(np.mean([c.middle_y for c in line])), min(c.x0 for c in line)


def _propose(ink: Image, line: list[_Component], options: FindOptions) -> LineOfCandidates | None:
    heights = np.array([c.height for c in line], float)
    height = float(np.median(heights[heights >= 0.5 * heights.max()]))
    if height < options.min_digit_height:
        return None
    pieces = []
    for component in sorted(_joined(line, height), key=lambda c: c.x0 + c.x1):
        pieces.extend(_cut(component, height, options))
    candidates = []
    for start in range(len(pieces)):
        for end in range(start + 1, min(len(pieces), start + 1 + options.max_cuts) + 1):
            taken = pieces[start:end]
            if end - start > 1 and not _may_be_one(taken, height):
                continue
            candidates.append(_candidate(ink, taken, start, end))
    return LineOfCandidates(
        pieces=tuple(piece.box for piece in pieces), candidates=tuple(candidates), digit_height=height
    )


def _joined(line: list[_Component], height: float) -> list[_Component]:
    """Components one above the other made one: the hat of a 5, a broken stroke."""
    rest = sorted(line, key=lambda c: c.width * c.height, reverse=True)
    joined: list[_Component] = []
    for component in rest:
        for i, other in enumerate(joined):
            overlap = min(component.x1, other.x1) - max(component.x0, other.x0)
            gap = max(0, component.y0 - other.y1, other.y0 - component.y1)
            if overlap >= 0.6 * component.width and gap < 0.3 * height and component.width < 1.3 * other.width:
                union = _union([component, other])
                if union.height <= 1.35 * max(height, other.height):
                    joined[i] = union
                    break
        else:
            joined.append(component)
    return joined


def _union(parts: list[_Component]) -> _Component:
    x0, y0 = min(c.x0 for c in parts), min(c.y0 for c in parts)
    x1, y1 = max(c.x1 for c in parts), max(c.y1 for c in parts)
    mask = np.zeros((y1 - y0, x1 - x0), bool)
    for c in parts:
        mask[c.y0 - y0 : c.y1 - y0, c.x0 - x0 : c.x1 - x0] |= c.mask
    return _Component(x0, y0, x1, y1, mask)


def _may_be_one(pieces: list[_Component], height: float) -> bool:
    x0, x1 = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    top, bottom = min(p.y0 for p in pieces), max(p.y1 for p in pieces)
    if x1 - x0 > 1.35 * max(height, bottom - top) or bottom - top > 1.6 * height:
        return False
    ordered = sorted(pieces, key=lambda p: p.x0)
    return all(b.x0 - a.x1 < 0.25 * height for a, b in zip(ordered, ordered[1:], strict=False))


def _cut(component: _Component, height: float, options: FindOptions) -> list[_Component]:
    """Cut a component that is too wide for one digit where a vertical cut crosses least ink."""
    wide = component.width / max(height, 1.0)
    if not options.max_cuts or wide < 0.72 or component.width < 10 or component.height > 3 * height:
        return [component]
    profile = component.mask.sum(axis=0).astype(np.float32)
    smooth = cv2.blur(profile[None], (max(1, round(0.06 * height)) | 1, 1))[0]
    least = max(3, round(0.16 * height))
    order = np.argsort(smooth[least:-least], kind="stable") + least if component.width > 2 * least else np.array([], int)
    cuts: list[int] = []
    wanted = min(options.max_cuts, max(1, round(wide / 0.45) - 1))
    for x in order:
        if smooth[x] > 0.45 * component.height or len(cuts) >= wanted:
            break
        if all(abs(int(x) - c) >= 1.4 * least for c in cuts):
            cuts.append(int(x))
    return _split_at(component, sorted(cuts))


def _split_at(component: _Component, cuts: list[int]) -> list[_Component]:
    pieces = []
    for a, b in zip([0, *cuts], [*cuts, component.width], strict=True):
        mask = component.mask[:, a:b]
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            continue
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        pieces.append(
            _Component(
                component.x0 + a + int(left), component.y0 + int(top), component.x0 + a + int(right),
                component.y0 + int(bottom), mask[top:bottom, left:right],
            )
        )
    return pieces or [component]


def _candidate(ink: Image, pieces: list[_Component], start: int, end: int) -> Candidate:
    whole = pieces[0] if len(pieces) == 1 else _union(pieces)
    crop = ink[whole.y0 : whole.y1, whole.x0 : whole.x1] * whole.mask
    return Candidate(start=start, end=end, ink=crop, box=whole.box)
