"""Crop → network input: the only such function, used for reading and for training alike.

:func:`to_ink` takes a raw grey crop of either polarity and gives its ink; :func:`prepare` takes ink and gives the
batch that the digit network reads. Nothing here knows a network or a data set.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray
from inkread.geometry import Box

__all__ = [
    "INK_SIDE",
    "INPUT_SIDE",
    "LINE_DIGIT_HEIGHT",
    "LINE_HEIGHT",
    "MAX_SIDE",
    "PAGE_DIGIT_HEIGHT",
    "PAGE_MULTIPLE",
    "as_unit_range",
    "ink_bounds",
    "isolate",
    "prepare",
    "prepare_digit_line",
    "prepare_line",
    "prepare_page",
    "shown_square",
    "shrunk",
    "to_ink",
]

Ink = NDArray[np.float32]

_SQUARE = np.ones((3, 3), np.uint8)

# 28 is the side of MNIST's pictures, the largest set there is; its digits fill 20 of them. We fill 22, so that a bold
# stroke keeps some inner white and three pixels remain around the ink for the convolutions.
INPUT_SIDE = 28
INK_SIDE = 22
# Ink below this share of the crop's darkest ink is the soft edge of a stroke or noise of the paper; it does not widen
# the digit's box.
EDGE_SHARE = 0.25
# A line becomes a strip of this height, its digits this high in the middle of it: what rises or hangs by a third of a
# digit stays on the strip.
LINE_HEIGHT = 32
LINE_DIGIT_HEIGHT = 22
# The longest strip, in digits' heights: twenty digits in wide spacing, and memory has a bound.
MAX_LINE_HEIGHTS = 60
# One digit by itself is shown a little smaller than those of a line; one that lies across counts as this share of its
# width high.
ONE_DIGIT_SHARE, LEAST_ASPECT = 20 / 22, 0.6
# A whole page is shrunk until its usual digit is this high, enough to tell it from a letter with the help of what is
# beside it, and to this many pixels, some 25 ms of one core. It is never enlarged.
PAGE_DIGIT_HEIGHT = 18
PAGE_PIXELS = 500_000
# Sides that the page network's five halvings divide.
PAGE_MULTIPLE = 32
# A crop longer than this is shrunk by area averaging first: the triangle filter below costs its length.
MAX_SIDE = 64
# Ink covers less than half of nearly every crop of a digit. Between these shares of dark pixels the share alone does
# not tell paper from ink, and the frame of the crop is asked.
SURE_SHARE = 0.35
# Contrast, as a share of the full range, below which a crop is held to be empty paper.
MIN_CONTRAST = 0.03
LEVELS = 256
# Ink from which pixels hang together as one component.
COMPONENT_LEVEL = 0.35
# Standard deviation, in widths of the crop, of the weight that ink near the middle has in choosing the digit.
MIDDLE_SIGMA = 0.2


def to_ink(crops: Sequence[NDArray[np.generic]] | NDArray[np.generic]) -> list[Ink]:
    """Give the ink of raw crops of one digit each, whatever their polarity.

    Parameters
    ----------
    crops
        N grey crops (H, W), uint8, bool, or float in [0, 1], dark on light or light on dark; or one array (N, H, W).

    Returns
    -------
    N arrays, float32 (H, W) in [0, 1], 1 is ink. All zero where a crop has no contrast.

    Raises
    ------
    InvalidArray
        If a crop is empty, not two-dimensional, not finite, or outside its range.

    Notes
    -----
    Otsu's threshold (1979, doi:10.1109/TSMC.1979.4310076) parts dark from light; the smaller part is ink, and where the
    parts are of like size the one that holds the frame of the crop is paper. Paper is the median of its part and ink
    the darker quartile of its own, so that the paper's grain falls to zero and a faint pencil stroke rises to one.
    All of it is read off one histogram a crop, so that thousands of crops cost milliseconds.
    """
    if not len(crops):
        return []
    greys = [as_unit_range(crop) for crop in crops]
    sizes = np.array([grey.size for grey in greys])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    flat = np.concatenate([grey.ravel() for grey in greys])
    low = np.minimum.reduceat(flat, starts)
    contrast = np.maximum.reduceat(flat, starts) - low
    plain = contrast < MIN_CONTRAST
    scale = np.float32(LEVELS - 1) / np.where(plain, 1, contrast).astype(np.float32)
    flat -= np.repeat(low, sizes)
    flat *= np.repeat(scale, sizes)  # now in [0, 255]
    owner = np.repeat(np.arange(len(greys)) * LEVELS, sizes)
    owner += flat.astype(np.int64)
    histogram = np.bincount(owner, minlength=len(greys) * LEVELS).reshape(-1, LEVELS)
    threshold = _otsu(histogram)
    cumulative = histogram.cumsum(axis=1)
    dark_count = np.take_along_axis(cumulative, threshold[:, None], axis=1)[:, 0]
    share = dark_count / sizes
    dark_paper = share > 0.5
    for i in np.flatnonzero((share >= SURE_SHARE) & (share <= 1.0 - SURE_SHARE)):
        crop = flat[starts[i] : starts[i] + sizes[i]].reshape(greys[i].shape)
        dark_paper[i] = _frame_says_dark_paper(crop <= threshold[i], share[i])
    light_count = sizes - dark_count
    middle = np.where(dark_paper, dark_count * 0.5, dark_count + light_count * 0.5)
    quartile = np.where(dark_paper, dark_count + light_count * 0.75, dark_count * 0.25)
    paper = (cumulative < middle[:, None]).sum(axis=1)
    ink = (cumulative < quartile[:, None]).sum(axis=1)
    span = np.where(ink == paper, np.where(dark_paper, 1, -1), ink - paper)
    flat -= np.repeat(paper.astype(np.float32), sizes)
    flat *= np.repeat(np.where(plain, 0, 1 / span).astype(np.float32), sizes)
    np.clip(flat, 0.0, 1.0, out=flat)
    inks = [flat[a : a + n].reshape(grey.shape) for a, n, grey in zip(starts, sizes, greys, strict=True)]
    return [isolate(ink) for ink in inks]


def isolate(ink: Ink) -> Ink:
    """Give the ink of the one digit of a crop, without the neighbors that reach into it from its edges.

    The component with the most ink near the middle is the digit. Others that touch the edge of the crop and stand
    beside it, or run along the whole crop as a ruled line does, are taken away; detached parts above and below, such as
    the hat of a 5, stay. Ink that hangs together with the digit stays too.

    Parameters
    ----------
    ink
        float32 (H, W) in [0, 1], 1 is ink.

    Returns
    -------
    float32 (H, W); the same array where nothing reaches the edge.
    """
    peak = max(float(ink[0].max()), float(ink[-1].max()), float(ink[:, 0].max()), float(ink[:, -1].max()))
    if peak < COMPONENT_LEVEL:
        return ink
    height, width = ink.shape
    count, labels, stats, centers = cv2.connectedComponentsWithStats((ink >= COMPONENT_LEVEL).astype(np.uint8))
    if count <= 2:
        return ink
    x, y, w, h = stats[1:, :4].T
    middle_x = (np.arange(width) + 0.5) / width - 0.5
    pull = np.exp(-0.5 * (middle_x / MIDDLE_SIGMA) ** 2)
    main = int(np.argmax(np.bincount(labels.ravel(), weights=np.broadcast_to(pull, ink.shape).ravel())[1:]))
    left, right = x[main], x[main] + w[main]
    center = centers[1:, 0]
    beside = (np.minimum(x + w, right) - np.maximum(x, left) < 0.5 * w) | (center < left) | (center > right)
    touches = (x == 0) | (y == 0) | (x + w == width) | (y + h == height)
    edge = np.abs(center - width / 2) > 0.3 * width
    rule = ((w >= 0.85 * width) & (h <= 0.25 * height)) | ((h >= 0.85 * height) & (w <= 0.12 * width) & edge)
    gone = (touches & beside) | rule
    gone[main] = False
    if not gone.any():
        return ink
    # Soft edges go with their component.
    mask = cv2.dilate(np.isin(labels, np.flatnonzero(gone) + 1).astype(np.uint8), _SQUARE)
    keep = (mask == 0) | ((labels > 0) & ~np.isin(labels, np.flatnonzero(gone) + 1))
    return np.asarray(ink * keep, np.float32)


def _otsu(histogram: NDArray[np.int64]) -> NDArray[np.int64]:
    """The last dark level of each histogram (N, LEVELS)."""
    count = histogram.cumsum(axis=1).astype(np.float64)
    mass = (histogram * np.arange(LEVELS)).cumsum(axis=1).astype(np.float64)
    total, whole = count[:, -1:], mass[:, -1:]
    spread = (whole * count - mass * total) ** 2 / np.maximum(count * (total - count), 1.0)
    return np.asarray(spread[:, :-1].argmax(axis=1))


def as_unit_range(crop: NDArray[np.generic]) -> NDArray[np.float32]:
    """A grey crop as float32 in [0, 1]; raises :class:`~inkread.errors.InvalidArray` as :func:`to_ink` says."""
    array = np.asarray(crop)
    if array.ndim != 2 or not array.size:
        raise InvalidArray(f"a crop of a digit is grey, of shape (H, W), not empty; got shape {array.shape}")
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255.0)
    if array.dtype == np.bool_:
        return array.astype(np.float32)
    if not np.issubdtype(array.dtype, np.floating):
        raise InvalidArray(f"a crop is uint8, bool, or float in [0, 1]; got {array.dtype}")
    grey = array.astype(np.float32)
    if not (grey.min() >= 0.0 and grey.max() <= 1.0):  # written so that NaN fails too
        raise InvalidArray(f"a float crop lies in [0, 1], without NaN; got {array.min()} to {array.max()}")
    return grey


def _frame_says_dark_paper(dark: NDArray[np.bool_], share: float) -> bool:
    frame = np.concatenate([dark[0], dark[-1], dark[1:-1, 0], dark[1:-1, -1]])
    # The frame says it unless ink touches it all around, as in sets whose digits are stretched to their box.
    return float(0.6 * frame.mean() + 0.4 * share) > 0.5


def ink_bounds(ink: Ink) -> tuple[int, int, int, int] | None:
    """The half-open box (x0, y0, x1, y1) of the ink, in pixels of the crop; None where there is none."""
    peak = float(ink.max(initial=0.0))
    if peak <= 0.0:
        return None
    strong = ink > EDGE_SHARE * peak
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def prepare(inks: Sequence[Ink] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the digit network's input for crops of ink.

    The box of the ink is scaled, its aspect kept, until its longer side is :data:`INK_SIDE`, and put in the middle of
    a square of :data:`INPUT_SIDE`; the darkest ink becomes 1.

    Parameters
    ----------
    inks
        N crops, float32 (h, w) in [0, 1], 1 is ink; or one array (N, h, w).

    Returns
    -------
    float32 (N, 1, 28, 28) in [0, 1]. A crop without ink gives zeros; no crops give shape (0, 1, 28, 28).
    """
    if not len(inks):
        return np.zeros((0, 1, INPUT_SIDE, INPUT_SIDE), np.float32)
    batch = _stack(inks)
    peak = batch.max(axis=(1, 2))
    strong = batch > (EDGE_SHARE * peak)[:, None, None]
    tops, bottoms = _span(strong.any(axis=2))
    lefts, rights = _span(strong.any(axis=1))
    longer = np.maximum(np.maximum(bottoms - tops, rights - lefts), 1)
    step = longer / INK_SIDE  # crop pixels an input pixel
    down = _resampling((tops + bottoms) / 2, step, batch.shape[1])  # (N, 28, h)
    across = _resampling((lefts + rights) / 2, step, batch.shape[2])  # (N, 28, w)
    out = np.matmul(np.matmul(down, batch), across.transpose(0, 2, 1))  # (N, 28, 28)
    highest = out.max(axis=(1, 2), keepdims=True)
    np.divide(out, highest, out=out, where=highest > 0)
    return np.asarray(np.clip(out, 0.0, 1.0)[:, None], np.float32)


def shown_square(ink: Ink) -> Box:
    """The square of a crop that :func:`prepare` shows to the digit network, in pixels of the crop; it may reach beyond.

    Examples
    --------
    >>> bar = np.zeros((60, 50), np.float32)
    >>> bar[10:54, 20:24] = 1.0
    >>> shown_square(bar)
    Box(x0=-6.0, y0=4.0, x1=50.0, y1=60.0)
    """
    x0, y0, x1, y1 = ink_bounds(ink) or (0, 0, 1, 1)
    half = max(x1 - x0, y1 - y0) * INPUT_SIDE / INK_SIDE / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return Box(x - half, y - half, x + half, y + half)


def _stack(inks: Sequence[Ink] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Crops in one array (N, h, w), padded with paper at the right and the bottom."""
    if isinstance(inks, np.ndarray) and max(inks.shape[1:]) <= MAX_SIDE:
        return np.asarray(inks, np.float32)
    small = [_tight(ink) for ink in inks]
    height, width = max(ink.shape[0] for ink in small), max(ink.shape[1] for ink in small)
    batch = np.zeros((len(small), height, width), np.float32)
    for row, ink in zip(batch, small, strict=True):
        row[: ink.shape[0], : ink.shape[1]] = ink
    return batch


def _tight(ink: Ink) -> Ink:
    if max(ink.shape) <= MAX_SIDE:
        return ink
    bounds = ink_bounds(ink)
    if bounds is None:
        return np.zeros((1, 1), np.float32)
    x0, y0, x1, y1 = bounds
    return shrunk(ink[y0:y1, x0:x1])


def shrunk(crop: NDArray[np.float32]) -> NDArray[np.float32]:
    """A crop (h, w) whose longer side is :data:`MAX_SIDE`, shrunk by area averaging; one that is no longer as it is."""
    longer = max(crop.shape)
    if longer <= MAX_SIDE:
        return crop
    size = (max(1, round(crop.shape[1] * MAX_SIDE / longer)), max(1, round(crop.shape[0] * MAX_SIDE / longer)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.float32)


def _span(occupied: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one-past-last True of each row of (N, n); 0 and n where a row has none."""
    length = occupied.shape[1]
    return occupied.argmax(axis=1), length - occupied[:, ::-1].argmax(axis=1)


def _resampling(center: NDArray[np.float64], step: NDArray[np.float64], length: int) -> NDArray[np.float32]:
    """Weights (N, 28, length) of a triangle filter: bilinear when enlarging, antialiased when shrinking.

    What lies outside the crop is paper: it has its weight in the sum, and no ink.
    """
    target = np.arange(INPUT_SIDE, dtype=np.float32) + np.float32(0.5 - INPUT_SIDE / 2)
    position = center.astype(np.float32)[:, None] + target * step.astype(np.float32)[:, None]  # (N, 28)
    reach = np.maximum(step, 1.0).astype(np.float32)[:, None, None]
    # A triangle that touches the crop from outside reaches twice its half-width beyond the edge.
    margin = int(np.ceil(2 * reach.max()))
    source = np.arange(-margin, length + margin, dtype=np.float32) + np.float32(0.5)
    weights = position[:, :, None] - source
    np.abs(weights, out=weights)
    weights /= -reach
    weights += 1.0
    np.maximum(weights, 0.0, out=weights)
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), np.float32(1e-6))
    return np.asarray(weights[:, :, margin : margin + length], np.float32)


def prepare_line(ink: Ink, *, digit_height: float, stretch: float = 1.0) -> Ink:
    """Give the line network's strip of a line of ink.

    Parameters
    ----------
    ink
        float32 (h, w) in [0, 1], 1 is ink; the line runs along the middle.
    digit_height
        Height of a usual digit in it, in pixels, above 0.
    stretch
        How many times as wide as it is written the line is shown, above 0.

    Returns
    -------
    float32 (32, w') in [0, 1]: the usual digit is 22 pixels high, what lies outside the crop is paper.
    """
    scale = LINE_DIGIT_HEIGHT / digit_height
    width = max(8, min(round(ink.shape[1] * scale * stretch), MAX_LINE_HEIGHTS * LINE_DIGIT_HEIGHT))
    height = max(1, round(ink.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(ink, (width, height), interpolation=method), np.float32)
    strip = np.zeros((LINE_HEIGHT, width), np.float32)
    top = (LINE_HEIGHT - height) // 2
    kept = small[max(0, -top) : max(0, -top) + LINE_HEIGHT]
    strip[max(0, top) : max(0, top) + kept.shape[0]] = kept
    return np.clip(strip, 0.0, 1.0)


def prepare_digit_line(ink: Ink) -> Ink:
    """Give the line network's strip of a line that is one digit.

    Parameters
    ----------
    ink
        float32 (h, w) in [0, 1], 1 is ink.

    Returns
    -------
    As :func:`prepare_line` does; a digit that lies across is shown smaller. Bare paper where there is no ink.
    """
    bounds = ink_bounds(ink)
    if bounds is None:
        return np.zeros((LINE_HEIGHT, INPUT_SIDE), np.float32)
    x0, y0, x1, y1 = bounds
    return prepare_line(ink[y0:y1, x0:x1], digit_height=max(y1 - y0, LEAST_ASPECT * (x1 - x0)) / ONE_DIGIT_SHARE)


def prepare_page(ink: Ink, *, digit_height: float) -> tuple[NDArray[np.float32], float]:
    """Give the page network's input for a page of ink.

    Parameters
    ----------
    ink
        float32 (h, w) in [0, 1], 1 is ink.
    digit_height
        Height of a usual digit in it, in pixels, above 0.

    Returns
    -------
    float32 (1, 1, h', w') in [0, 1], sides multiples of 32 with paper added at the right and below, and how many of its
    pixels a pixel of ``ink`` is.
    """
    scale = min(1.0, PAGE_DIGIT_HEIGHT / digit_height, (PAGE_PIXELS / ink.size) ** 0.5)
    height, width = max(1, round(ink.shape[0] * scale)), max(1, round(ink.shape[1] * scale))
    small = np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA), np.float32) if scale < 1 else ink
    rows, columns = (-(-side // PAGE_MULTIPLE) * PAGE_MULTIPLE for side in (height, width))
    page = np.zeros((1, 1, rows, columns), np.float32)
    page[0, 0, :height, :width] = small
    return page, scale
