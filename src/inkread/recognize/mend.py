"""A crop that hardly reads → further looks at it, each with one thing taken away that lies plainly in the digit's way.

Ground of two tones, ground that grows lighter or darker, stray pixels, grain, and strokes of which only the outline is
drawn. Each is looked for, and a crop that has none of them gets no further look: what is no digit stays none. Which
look is believed, if any, is the reader's business.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.components import stray_pixels
from inkread.recognize.prepare import INPUT_SIDE, as_unit_range, shrunk

__all__ = ["filled", "is_grainy", "mended", "upright"]

Grey = NDArray[np.float32]

_SQUARE, _PAIR = np.ones((3, 3), np.uint8), np.ones((2, 2), np.uint8)

# The ends of a column show its ground where they differ by at most so much of the crop's contrast; so large a share of
# the columns must. Of two tones are grounds at least so far apart, each so much of the crop, with so many edges between
# them at most, and on the average no farther than this from the nearer tone.
LIKE_ENDS, SHOWN_SHARE = 0.15, 0.9
TONES_APART, TONE_SHARE, MOST_EDGES, TONE_SPREAD = 0.5, 0.15, 2, 0.06
# A crop is grainy where its noise deviates by so much of the contrast. A pixel is a stray one where it differs from all
# around it by more than this share of that, and a grainy crop is speckled where so large a share of its pixels are.
STRAY_CONTRAST, SPECKLED = 0.35, 0.01
GRAINY, _GRAIN = 0.1, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
# Ground is uneven where the frame of the crop spans so much of its contrast, in steps of at most so much a pixel (ink
# that reaches the frame is a step); and is what remains where nothing this share of the crop wide stands on it.
UNEVEN_RANGE, UNEVEN_STEP, UNEVEN_REACH = 0.25, 0.07, 0.36
# Half the width of an outline's line, and of what it encloses, in pixels of the network's input; how much of the line
# has that beside it; and how often lines may lie within each other (outside, stroke, loop, and once more).
OUTLINE_WIDTH, STROKE_WIDTH, OUTLINE_SHARE, DEEPEST = 2.0, 3.0, 0.85, 4
# The strongest slant that is taken away, in columns a row.
STEEPEST = 1.2


def mended(crop: NDArray[np.generic], ink: NDArray[np.float32]) -> tuple[Grey, ...]:
    """Further looks at a crop of one digit.

    Parameters
    ----------
    crop
        As :func:`inkread.recognize.prepare.to_ink` takes it.
    ink
        What that gave for it.

    Returns
    -------
    Grey crops in [0, 1] for :func:`~inkread.recognize.prepare.to_ink`; none where nothing lies in the way.
    """
    grey = shrunk(as_unit_range(crop))
    grey = grey - grey.min()
    contrast = float(grey.max())
    if min(grey.shape) < 3 or contrast <= 0:
        return ()
    grey /= contrast
    looks = [*_without_noise(grey), *_filled(shrunk(ink))]
    frame = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if frame.max() - frame.min() >= UNEVEN_RANGE:  # far from even, and so it is on two tones
        looks += [*_on_two_tones(grey), *_on_even_ground(grey)]
    return tuple(looks)


def is_grainy(grey: Grey) -> bool:
    """Whether noise is a large part of what is to be seen in a picture in [0, 1], from its darkest to its lightest.

    The deviation of the noise is Immerkær's estimate (1996, doi:10.1006/cviu.1996.0060).
    """
    grain = np.abs(cv2.filter2D(grey, -1, _GRAIN, borderType=cv2.BORDER_REFLECT_101)).mean()
    return bool(math.sqrt(math.pi / 2) * grain / 6 >= GRAINY * np.ptp(grey))


def filled(ink: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """The ink of a digit that is drawn as an outline, or has become one, with its strokes filled.

    Adaptive thresholds, as of apps that turn photographs into scans, leave of a bold stroke its outline.

    Parameters
    ----------
    ink
        float32 (h, w) in [0, 1], 1 is ink.

    Returns
    -------
    One or two of the same shape; none where the ink is no outline.
    """
    size = ink.shape[::-1]
    looks = (cv2.resize(look, size, interpolation=cv2.INTER_LINEAR) for look in _filled(shrunk(ink)))
    return tuple(np.maximum(ink, look) for look in looks)


def upright(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The ink of a digit without its slant: sheared until its rows' middles do not drift to one side.

    The slant is the covariance of columns and rows over the variance of rows, as LeCun et al. 1998
    (doi:10.1109/5.726791) measured it for MNIST.

    Parameters
    ----------
    ink
        float32 (h, w) in [0, 1], 1 is ink.

    Returns
    -------
    float32 (h, w') in [0, 1], wide enough for all of the ink.
    """
    moments = cv2.moments(ink)
    if moments["mu02"] <= 0:
        return ink
    slant = float(np.clip(moments["mu11"] / moments["mu02"], -STEEPEST, STEEPEST))
    height, width = ink.shape
    room = math.ceil(abs(slant) * height / 2) + 1
    matrix = np.array([[1, -slant, room + slant * (height - 1) / 2], [0, 1, 0]])
    sheared = cv2.warpAffine(ink, matrix, (width + 2 * room, height), flags=cv2.INTER_LINEAR)
    return np.asarray(sheared, np.float32)


def _on_two_tones(grey: Grey) -> Iterator[Grey]:
    """How far each pixel is from the ground of its column, or row, where these stand on one of two tones."""
    for picture in (grey, grey.T):
        edge = max(1, round(len(picture) / INPUT_SIDE))
        top, bottom = picture[:edge].mean(axis=0), picture[-edge:].mean(axis=0)
        ground = (top + bottom) / 2
        shown = np.abs(top - bottom) < LIKE_ENDS
        if shown.mean() < SHOWN_SHARE:
            continue
        ground = np.interp(np.arange(len(ground)), np.flatnonzero(shown), ground[shown])
        dark, light = float(ground.min()), float(ground.max())
        is_light = ground > (dark + light) / 2
        spread = np.abs(ground - np.where(is_light, light, dark)).mean()
        if light - dark < TONES_APART or spread > TONE_SPREAD * (light - dark):
            continue
        if TONE_SHARE <= is_light.mean() <= 1 - TONE_SHARE and np.count_nonzero(np.diff(is_light)) <= MOST_EDGES:
            levelled = np.abs(picture - ground).astype(np.float32)
            yield np.ascontiguousarray(levelled if picture is grey else levelled.T)


def _without_noise(grey: Grey) -> Iterator[Grey]:
    """The crop blurred, where it is grainy, and after a median of 3 × 3, where it is speckled (salt and pepper)."""
    if not is_grainy(grey):
        return
    yield np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.float32)
    if stray_pixels(grey, far=STRAY_CONTRAST, neighbors=8).mean() >= SPECKLED:
        yield np.asarray(cv2.medianBlur(grey, 3), np.float32)


def _on_even_ground(grey: Grey) -> Iterator[Grey]:
    """What is lighter, and what is darker, than uneven ground, for ink of either polarity.

    The ground is what a morphological opening, or closing, leaves (top-hat; Meyer 1979).
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), max(1.0, min(grey.shape) / INPUT_SIDE))
    sides = smooth[0], smooth[-1], smooth[:, 0], smooth[:, -1]
    frame = np.concatenate(sides)
    if frame.max() - frame.min() < UNEVEN_RANGE or max(np.abs(np.diff(side)).max() for side in sides) > UNEVEN_STEP:
        return
    reach = 2 * round(UNEVEN_REACH * max(grey.shape) / 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    for side in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        yield np.asarray(cv2.morphologyEx(grey, side, disc), np.float32)


def _filled(ink: Grey) -> Iterator[Grey]:
    """Outlines with the strokes that they enclose, as drawn and with the smallest gaps closed."""
    outline = cv2.copyMakeBorder((ink > 0.5).astype(np.uint8), 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
    unit = max(ink.shape) / INPUT_SIDE
    for lines in (outline, cv2.morphologyEx(outline, cv2.MORPH_CLOSE, _PAIR)):
        count, labels = cv2.connectedComponents(1 - lines, connectivity=4)
        if count <= 2:
            continue  # nothing but lines and outside
        half_width = _half_width(lines)
        if half_width > OUTLINE_WIDTH * unit:
            continue
        across = np.ones((2 * math.ceil(2 * half_width) - 1,) * 2, np.uint8)
        strokes = _enclosed(lines, labels, across)
        if not 0 < _half_width(strokes) <= STROKE_WIDTH * unit:
            continue
        if cv2.dilate(strokes, across)[lines > 0].mean() >= OUTLINE_SHARE:
            yield np.asarray((lines | strokes)[2:-2, 2:-2], np.float32)


def _enclosed(lines: NDArray[np.uint8], labels: NDArray[np.int32], across: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What lies within an odd number of lines: 1 within an outline, 0 in the loop that an outline encloses.

    Parameters
    ----------
    labels
        The components of all that is no line; lines are 0.
    across
        The square of ones that reaches across a line, its middle beside it.
    """
    depths = np.full(int(labels.max()) + 1, -1)
    depths[labels[0, 0]] = 0  # outside: the lines are padded
    for depth in range(DEEPEST):
        here = (depths == depth)[labels].astype(np.uint8)
        crossed = cv2.dilate(cv2.dilate(here, across) & lines, _SQUARE) & (1 - lines)
        beyond = np.unique(labels[crossed > 0])
        depths[beyond[depths[beyond] < 0]] = depth + 1
    return np.asarray(((depths > 0) & (depths % 2 == 1))[labels], np.uint8)


def _half_width(mask: NDArray[np.uint8]) -> float:
    """The farthest that a pixel of the mask is from its outside, in pixels."""
    return float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max())
