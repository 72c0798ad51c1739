"""Frames: boxes, circles, combs and tables among the components of a page, and what of the writing clings to them.

A frame holds other components, or runs around something; its own ink is no digit, and what touches it may be one.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import Component, components_of, half_thickness, slenderness
from inkread.rules import remove_rules

__all__ = ["OPEN_FILL", "is_frame", "without_frames"]

Image = NDArray[np.float32]
Mask = NDArray[np.uint8]

# A frame (comb box, table) is large, open inside, and holds other components.
FRAME_FILL = 0.3
# A component that fills less of its box than this, and is so many times as high and as wide as the usual one, is no
# digit.
OPEN_FILL, FRAME_TIMES = 0.2, 3.5
# A circle that holds so many marks is a drawn face where they are at least as large as eyes, and one as a mouth, as
# shares of its longer side.
FACE_MARKS, FACE_EYE, FACE_MOUTH = 3, 0.04, 0.3
# A frame to which no digit clings has nearly all of its ink this near to its hull, in widths of its line, or as a share
# of its shorter side: people's circles wobble, and their ends cross.
HULL_LINES, HULL_SHARE, ON_HULL = 2.0, 0.08, 0.98
# With this share there, what lies farther within is what clings to it, but for what runs straight for this share of its
# shorter side: a partition.
MOST_ON_HULL, PARTITION = 0.6, 0.75
# A comb that is short in its picture is at most this many times as high as the usual digit, and ends within it.
COMB_HEIGHTS = 2.5
# Width of a circle around a digit over its own height at the least, height of the digit within over that, and its ink
# over that of the circle: a dot or a dash within a 0 has less.
ROUND_SHARE, CIRCLED_HEIGHT, CIRCLED_INK = 0.75, (0.35, 0.8), 0.22
# What is no single stroke may be finer; one spreads across its direction by this share of along it at the most.
FINE_INK, STRAIGHT = 0.08, 0.3
# Ink of a digit that clings to the circle around it, over that of both; how far its middle lies from theirs, as a share
# of their sides; and along how much of its hull a circle has ink, this near as a share of its shorter side.
CLINGING_INK, IN_MIDDLE, ALL_AROUND, BESIDE_HULL, HULL_STEPS = (0.1, 0.4), 0.2, 0.9, 0.05, 72
# A box has sides of so many pixels at the least, its shorter one is so long beside the longer, and it has no more ink
# than this share of what its outline holds. What runs out of it is narrower than a share of its shorter side, and
# leaves it this share of that. Its hull strays from four straight sides by so much, as a share of its length, fills
# this share of what lies within them, and has ink along this share: of 30,800 digits of eight sets, at five sizes, one
# is a box at one of them.
BOX_SIDE, BOX_ASPECT, BOX_INK, BOX_BODY, BOX_SHARE = 18.0, 0.7, 0.73, 0.3, 0.7
BOX_STRAYING, BOX_FILL, ALONG_SIDES = 0.08, 0.87, 0.97
# No higher than so many usual digits it holds a tick or a cross, and no digit.
BOX_TIMES = 1.15
# Of what stands beside a box, this is no smaller than digits, in usual heights.
LEAST_BESIDE = 0.65


def without_frames(found: list[Component], ink: Image, typical: float) -> tuple[list[Component], list[Component], Mask]:
    """The components of a page without frames.

    Parameters
    ----------
    found
        All of them.
    ink
        The page that they are on, float32 (H, W).
    typical
        The usual height of a digit, in pixels.

    Returns
    -------
    The others; the lines that run all around something; and what clings to frames, uint8 (H, W) of 0 and 1: a digit
    that touches one is what is left when its line is gone, or its long straight runs.
    """
    rest = np.zeros(ink.shape, np.uint8)
    frames = [c for c in found if is_frame(c, found, typical)]
    kept = [c for c in found if not any(c is frame for frame in frames)]
    usual = _usual_height_beside(kept, typical) if frames else 0.0
    ticked = [frame for frame in frames if frame.height <= BOX_TIMES * usual and _is_box(frame)]
    kept = [c for c in kept if not any(_is_within(c, box) for box in ticked)]
    closed = []
    for frame in frames:
        if any(frame is box for box in ticked):
            closed.append(frame)
            continue
        line = frame.mask & _near_hull(frame)
        share = line.sum() / frame.area
        is_line_around = share >= MOST_ON_HULL and _share_around(frame) >= ALL_AROUND
        if is_line_around:
            closed.append(replace(frame, mask=line, area=int(line.sum())))
        if share >= ON_HULL:
            continue  # nothing touches it
        if is_line_around:
            run = round(PARTITION * min(frame.width, frame.height))
            clinging = _without_straight_runs(frame.mask & ~line, run=run)
        else:
            clinging = _without_own_rules(frame, ink, typical)
        region = rest[frame.y0 : frame.y1, frame.x0 : frame.x1]
        np.maximum(region, clinging, out=region)
    return kept, closed, rest


def is_frame(component: Component, others: list[Component], typical: float) -> bool:
    """Whether a component is a frame among others, on a page whose digits are ``typical`` pixels high."""
    if _is_box(component):
        return True
    if component.fill > FRAME_FILL:
        return False
    within = [other for other in others if _is_within(other, component) and other is not component]
    if len(within) >= FACE_MARKS and _is_face(component, within):
        return True
    if not within and _is_circle_with_digit(component):
        return True
    least_height = 0.2 * min(component.height, component.width)
    inside = 0
    for other in within:
        if other.height >= least_height:
            inside += 1
            if inside >= 2 or (other.height > 0.45 * component.height and _has_straight_sides(component)):
                return True
            if _is_circle_around(component, other):
                return True
    return (
        component.height > FRAME_TIMES * typical
        and component.width > FRAME_TIMES * typical
        and component.fill < OPEN_FILL
    )


def _is_within(component: Component, other: Component) -> bool:
    """Whether the box of a component lies within that of another."""
    across = other.x0 <= component.x0 and component.x1 <= other.x1
    return across and other.y0 <= component.y0 and component.y1 <= other.y1


def _usual_height_beside(components: list[Component], typical: float) -> float:
    """The middle height of several components that are not much smaller than the usual one; 0 where there are none."""
    heights = [c.height for c in components if c.height >= LEAST_BESIDE * typical]
    return float(np.median(heights)) if len(heights) > 1 else 0.0


def _is_face(component: Component, within: list[Component]) -> bool:
    """Whether a component is a circle with several small marks in it, as a drawn face is: a 0 holds one at the most."""
    side = max(component.width, component.height)
    sizes = sorted((max(other.width, other.height) / side for other in within), reverse=True)
    is_like_one = sizes[0] >= FACE_MOUTH and sizes[FACE_MARKS - 1] >= FACE_EYE
    return is_like_one and component.width >= ROUND_SHARE * component.height and _runs_along_hull(component)


def _is_circle_around(component: Component, other: Component) -> bool:
    """Whether a component is a circle around another as large as a digit: rounder than a 0, which may hold a slash."""
    is_round = component.width >= ROUND_SHARE * component.height
    is_digit = CIRCLED_HEIGHT[0] * component.height <= other.height <= CIRCLED_HEIGHT[1] * component.height
    is_inked = other.area >= (CIRCLED_INK if slenderness(other.mask) <= STRAIGHT else FINE_INK) * component.area
    return is_round and is_digit and is_inked and _runs_along_hull(component)


def _is_circle_with_digit(component: Component) -> bool:
    """Whether a component is a circle and what clings to it from within, in its middle and as large as a digit.

    The strokes of a digit by itself do not go all around it, but for those of a 0, which holds a slash at the most.
    """
    height, width = component.mask.shape
    if not ROUND_SHARE * height <= width <= height / ROUND_SHARE:
        return False
    inner = component.mask & ~_near_hull(component)
    if not CLINGING_INK[0] * component.area <= inner.sum() <= CLINGING_INK[1] * component.area:
        return False
    labels, stats, centers = components_of(inner.astype(np.uint8))
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return bool(
        stats[largest, cv2.CC_STAT_HEIGHT] >= CIRCLED_HEIGHT[0] * height
        and (np.abs(centers[largest] / (width, height) - 0.5) <= IN_MIDDLE).all()
        and slenderness(labels == largest) > STRAIGHT
        and _share_around(component) >= ALL_AROUND
    )


def _is_box(component: Component) -> bool:
    """Whether a component is a small box, to be ticked: what it goes around has four corners and straight sides, with
    ink along all of them. A tick may run out of it."""
    mask = component.mask.astype(np.uint8)
    if min(mask.shape) < BOX_SIDE or component.fill > BOX_INK:
        return False
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED)
    if component.area > BOX_INK * filled.sum():
        return False
    reach = round(BOX_BODY * min(mask.shape))
    body = cv2.findNonZero(cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((reach, reach), np.uint8)))
    if body is None:
        return False
    hull = cv2.convexHull(body)
    short, long = sorted(cv2.minAreaRect(hull)[1])
    if short < max(BOX_SIDE, BOX_ASPECT * long, BOX_SHARE * min(mask.shape)):
        return False
    corners = cv2.approxPolyDP(hull, BOX_STRAYING * cv2.arcLength(hull, True), True)
    areas = sorted((cv2.contourArea(hull), cv2.contourArea(corners)))
    return len(corners) == 4 and areas[0] >= BOX_FILL * areas[1] and _share_along(mask, hull) >= ALONG_SIDES


def _share_around(component: Component) -> float:
    """The share of a component's hull along which it has ink."""
    mask = component.mask.astype(np.uint8)
    return _share_along(mask, cv2.convexHull(cv2.findNonZero(mask)))


def _share_along(mask: Mask, outline: NDArray[np.int32]) -> float:
    """The share of a closed outline (N, 1, 2) along which there is ink."""
    ends = np.concatenate([outline[:, 0], outline[:1, 0]]).astype(np.float64)
    way = np.concatenate([[0.0], np.hypot(*np.diff(ends, axis=0).T).cumsum()])
    steps = np.linspace(0, way[-1], HULL_STEPS, endpoint=False)
    x, y = (np.rint(np.interp(steps, way, ends[:, axis])).astype(int) for axis in (0, 1))
    near = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)[y, x]
    return float((near <= max(2.0, BESIDE_HULL * min(mask.shape))).mean())


def _runs_along_hull(frame: Component) -> bool:
    """Whether a frame is a line around something, closed or nearly so, and no more than that."""
    return bool(_near_hull(frame)[frame.mask].mean() >= ON_HULL)


def _near_hull(frame: Component) -> NDArray[np.bool_]:
    """Where, in its box, a component's line would run if it went around something: near its hull."""
    mask = np.pad(frame.mask.astype(np.uint8), 1)
    outline = cv2.convexHull(cv2.findNonZero(mask))
    inside = cv2.fillConvexPoly(np.zeros_like(mask), outline, 1)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    reach = max(HULL_LINES * 2 * half_thickness(frame.mask), HULL_SHARE * min(frame.width, frame.height))
    return np.asarray(depth[1:-1, 1:-1] <= reach)


def _has_straight_sides(component: Component) -> bool:
    """Whether most of the ink lies along the sides of the box, and reaches into its corners."""
    mask = component.mask
    margin_y, margin_x = max(1, round(0.18 * mask.shape[0])), max(1, round(0.18 * mask.shape[1]))
    inner = mask[margin_y:-margin_y, margin_x:-margin_x].sum()
    if inner > 0.25 * component.area:
        return False
    corners = (
        mask[:margin_y, :margin_x],
        mask[:margin_y, -margin_x:],
        mask[-margin_y:, :margin_x],
        mask[-margin_y:, -margin_x:],
    )
    return sum(bool(corner.any()) for corner in corners) >= 3


def _without_own_rules(frame: Component, ink: Image, typical: float) -> Mask:
    """A comb without its rules, which are too short for the page's; other frames without all that runs straight."""
    if frame.height <= COMB_HEIGHTS * typical and not frame.lies_at_edge(ink.shape):
        own = ink[frame.y0 : frame.y1, frame.x0 : frame.x1]
        unruled = remove_rules(frame.mask.astype(np.uint8), own)
        if unruled.across or unruled.upright:
            return unruled.rest
    return _without_straight_runs(frame.mask, run=min(frame.width, frame.height) // 9)


def _without_straight_runs(ink: NDArray[np.bool_], *, run: int) -> Mask:
    """Ink without the runs of at least so many pixels, and of ten, across or down."""
    mask, run = ink.astype(np.uint8), max(10, run)
    straight = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    straight |= cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
    straight = cv2.dilate(straight, np.ones((3, 3), np.uint8))
    return np.asarray(mask & (1 - straight), np.uint8)
