"""Picture → clean ink: light and paper are taken away, light ink is turned dark, what lies askew is set straight.

Gives a :class:`~inkread.parts.CleanPage`; what of the ink is a number is the business of :mod:`inkread.find`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean.bilevel import is_bilevel, smoothed_specks, without_black_ground
from inkread.clean.grid import find_grid, seen_from_above
from inkread.clean.margin import picture_within
from inkread.clean.panel import RIM, find_panels, with_panels_turned
from inkread.clean.sheet import area_within, find_outlines, part_of_sheet, straighten, whole_sheet, without_ground
from inkread.clean.skew import MEASURED_SIDE, SMALL_SKEW, estimate_skew, plausible_skews, turned
from inkread.clean.speckle import without_speckles
from inkread.clean.tone import at_most, ink_grey, one_of
from inkread.errors import InvalidOption
from inkread.geometry import PageTransform
from inkread.parts import CleanPage, PageImage

__all__ = [
    "SMALL_SKEW",
    "CleanOptions",
    "clean",
    "estimate_skew",
    "is_light_ink",
    "picture_within",
    "plausible_skews",
    "turned",
]

Image = NDArray[np.float32]

# Long side of the small picture on which paper is estimated; strokes need no detail there.
SMALL_SIDE = 160
# Sharp light deviations leave no doubt where they outweigh dark ones by this share of both together: chalk and inverted
# scans reach 0.91 to 1, a dark pen on a sheet on a dark table up to 0.88. Where all deviations say the same, less
# will do: of MNIST's digits, as large as a picture, one in 400 has less.
LIGHT_SHARE = 0.9
LIKELY_SHARE = 0.3
# Where all deviations, and the sharp ones among them, outweigh the others by this share, there is no doubt.
DOUBTLESS_SHARE = 0.95
# The third moment, in greys, of a picture without ink at the most.
FLAT = 0.5
# Long side of the picture on which ink is told from shadows: a pen's line on a page is about a pixel wide.
MIDDLE_SIDE = 480
# A picture that is too large is shrunk a whole number of times where that leaves this share of the pixels that it may
# have: a photograph of 12 megapixels twice. It takes a fiftieth of the time.
WHOLE_TIMES_SHARE = 0.7
# Bright paper must reach across the widest stroke: a sixth of the short side is wider than any pen's line in a picture
# that a digit fills.
PAPER_REACH = 1 / 6
# Parts of a grey that paper is told by: three times 255 of them fit into two bytes.
GREY_PARTS = 64
# A panel is judged by its largest upright part where that is at least this share of it; one that leans is straightened.
LEAST_UPRIGHT = 0.5
# A picture whose short side is less than this share of its long one is a strip, of one line.
STRIP_SHARE = 0.5
# A page whose strokes, as rows cross them, are wider than this (pixels) is shrunk a whole number of times: a digit of
# such strokes is some 30 to 70 pixels high. Their width is measured on the middle picture, in so many rows, about, and
# with this much ink; a page that is not this many times as large is left as it is.
STROKE_WIDTH, STROKE_ROWS, STROKE_INK, LEAST_SCALE = 7.0, 100, 0.5, 1.5
# Blocks along the long side in which the strength of the ink is measured; ink is compared with its neighborhood of five
# blocks, about a fifth of the page.
LEVEL_BLOCKS = 24
# Blocks along the long side in which the paper's noise is measured.
NOISE_BLOCKS = 16
# Pixels looked at for it at the least, where there are as many: some 250 a block and more.
NOISE_SAMPLES = 60_000
# Pictures with more pixels are smoothed a little.
SMOOTHED_PIXELS = 500_000
# A stroke's own ink level is somewhat below the strongest ink near it.
LEVEL_SHARE = 0.85
# Ink fainter than this share of the page's usual ink is not lifted to full: pencil beside a pen has about a third of
# its darkness and stays readable; the lines of squared paper, show-through, dirt and folds have less.
PAGE_SHARE = 0.4
# Where only strong ink is to be seen, that is the share of the page's strongest: a pen's is darker by far than the
# rules of squared paper from nearby, than patterns, and than what shines through.
STRONGEST_SHARE = 0.8
# What then is fainter than the first of these is left out, and what is stronger than the second is full ink.
FAINTEST, FULL = 0.45, 0.8
# Bright paper in the dark: below this grey the ratio of ink to paper says more of the camera's noise than of the ink.
DARKEST_PAPER = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOptions:
    """How a page is cleaned.

    Raises
    ------
    InvalidOption
        If a value lies outside its range.
    """

    # Pictures with more pixels are shrunk to this many first, or a little fewer (at least 10,000). 4 megapixels keep a
    # digit of 12 pixels on a 4-megapixel scan as it is, and one of 24 pixels on a 12-megapixel photograph at 12.
    max_pixels: int = 4_000_000
    # Contrast to the paper, as a share of the paper's brightness in (0, 1), that counts as full ink at the least:
    # pencil reaches 0.1, paper grain and JPEG stay below 0.05.
    min_contrast: float = 0.08
    # Ink must stand out by this many standard deviations of the paper's noise (≥ 0).
    noise_factor: float = 9.0
    # A tilted page is set straight up to this angle (degrees, 0 to 45); 0 leaves it. Beyond 45 degrees up and across
    # change places.
    max_skew_degrees: float = 45.0
    # Whether a light sheet on darker ground is seen from above, where all its sides show, and without the ground; and
    # a page with a table that was photographed from the side.
    straighten_sheet: bool = True

    def __post_init__(self) -> None:
        if self.max_pixels < 10_000 or not 0 < self.min_contrast < 1 or self.noise_factor < 0:
            raise InvalidOption(
                f"max_pixels >= 10000, 0 < min_contrast < 1 and noise_factor >= 0 are needed; got {self}"
            )
        if not 0 <= self.max_skew_degrees <= 45:
            raise InvalidOption(f"max_skew_degrees lies in [0, 45]; got {self.max_skew_degrees}")


def clean(
    page: PageImage, options: CleanOptions | None = None, *, against_odds: bool = False, strong_only: bool = False
) -> CleanPage:
    """Give the ink of a page.

    Parameters
    ----------
    page
        The upright picture.
    options
        The defaults when not given.
    against_odds
        Take the less likely polarity: light ink where the ink seems dark, and the other way round.
    strong_only
        Whether what is far fainter than the page's strongest ink is left out, also where there is no other.

    Returns
    -------
    Ink in [0, 1], all zero on blank paper, and the map from its pixels to the picture's.
    """
    options = options or CleanOptions()
    grey = ink_grey(page.pixels)
    if grey.size > options.max_pixels:
        grey = _within(grey, options.max_pixels)
    bilevel = is_bilevel(grey)
    grey = without_speckles(smoothed_specks(grey) if bilevel else grey)
    height, width = grey.shape
    to_source = PageTransform.scaling(page.width / width, page.height / height)
    middle, small = _shrunk(grey)
    if panels := tuple(corners for corners in find_panels(middle) if is_light_ink(_part_within(middle, corners))):
        scale = grey.shape[1] / middle.shape[1]
        grey = with_panels_turned(grey, tuple(scale * corners for corners in panels), rim=scale * RIM)
        middle, small = _shrunk(grey)
    outlines = find_outlines(small) if options.straighten_sheet else ()
    corners = whole_sheet(outlines)
    if corners is not None:
        grey, to_grey = straighten(grey, corners * (np.array([width, height]) / small.shape[::-1]))
        (middle, small), to_source = _shrunk(grey), to_grey.then(to_source)
    part = part_of_sheet(outlines) if corners is None else None
    is_light, is_sure = _polarity(middle, small)
    if is_light != against_odds:
        grey = np.asarray(255 - grey, np.uint8)
        middle, small = _shrunk(grey)  # not 255 less than it was: so light ink is as dark ink, to the last bit
    if bilevel and (bare := without_black_ground(grey, middle)) is not grey:
        grey = bare
        middle, small = _shrunk(grey)
    paper = _paper(small, is_whole=small.shape == grey.shape)
    times = _times_finer(middle, paper, options, scale=grey.shape[1] / middle.shape[1], strong_only=strong_only)
    if times > 1:
        fine = one_of(times, grey)
        to_source = PageTransform.scaling(grey.shape[1] / fine.shape[1], grey.shape[0] / fine.shape[0]).then(to_source)
        grey = fine
    ink = _ink(grey, paper, options, strong_only=strong_only)
    if part is not None:
        outline, edges = part
        ink = without_ground(ink, outline * (np.array(grey.shape[::-1]) / small.shape[::-1]), edges)
    cleaned = CleanPage(ink=ink, to_source=to_source, is_polarity_sure=is_sure)
    measured = at_most(ink, MEASURED_SIDE)  # for tilt and grid alike
    skew = estimate_skew(measured, max_degrees=options.max_skew_degrees) if options.max_skew_degrees else 0.0
    if skew:
        cleaned = turned(cleaned, -skew)
        measured = at_most(cleaned.ink, MEASURED_SIDE)
    if options.straighten_sheet and corners is None and (grid := find_grid(measured)) is not None:
        cleaned = seen_from_above(cleaned, grid * (np.array(cleaned.ink.shape[::-1]) / measured.shape[::-1]))
    return cleaned


def _part_within(grey: NDArray[np.uint8], corners: NDArray[np.float64]) -> NDArray[np.uint8]:
    """What lies within four corners: the largest upright part of it, or where they lean all of it, straightened."""
    x0, x1, y0, y1 = (round(float(place)) for axis in corners.T for place in np.sort(axis)[1:3])
    part = grey[y0 + RIM : y1 - RIM + 1, x0 + RIM : x1 - RIM + 1]
    if part.size < LEAST_UPRIGHT * area_within(corners):
        part = straighten(grey, corners)[0][RIM:-RIM, RIM:-RIM]
    return np.ascontiguousarray(part)


def _within(grey: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """The picture with ``most`` pixels, or with nearly as many where that is a whole number of times smaller."""
    times = (grey.size / most) ** 0.5
    factor = int(np.ceil(times))
    if (times / factor) ** 2 >= WHOLE_TIMES_SHARE:
        return one_of(factor, grey)
    size = max(1, round(grey.shape[1] / times)), max(1, round(grey.shape[0] / times))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shrunk(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture at two smaller sizes: strokes still show in the one, and paper alone in the other."""
    middle = at_most(grey, MIDDLE_SIDE)
    return middle, at_most(middle, SMALL_SIDE)


def _times_finer(
    middle: NDArray[np.uint8], paper: Image, options: CleanOptions, *, scale: float, strong_only: bool
) -> int:
    """How many whole times smaller strokes stay wide enough; the page is ``scale`` times as large as ``middle``."""
    if scale < LEAST_SCALE:
        return 1
    rows = middle[:: max(1, len(middle) // STROKE_ROWS)]
    is_ink = _ink(np.ascontiguousarray(rows), paper, options, strong_only=strong_only) > STROKE_INK
    ends = np.diff(np.pad(is_ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    widths = np.nonzero(ends == -1)[1] - np.nonzero(ends == 1)[1]
    return max(1, int(scale * np.median(widths) / STROKE_WIDTH)) if widths.size else 1


def is_light_ink(grey: NDArray[np.uint8]) -> bool:
    """Whether the ink is lighter than the paper.

    Ink is the rare deviation from its surroundings: the third moment of the deviations from a wide median has its sign.
    Counted once more by its squared gradient, for ink has sharp edges, and a shadow, though it may be darker, has none,
    that must say so too. Where it leaves no doubt it decides alone.

    Parameters
    ----------
    grey
        uint8 (H, W).
    """
    return _polarity(*_shrunk(grey))[0]


def _polarity(middle: NDArray[np.uint8], small: NDArray[np.uint8]) -> tuple[bool, bool]:
    """Whether the ink is light, as :func:`is_light_ink` says, and whether that is beyond doubt."""
    window = min(61, max(3, (min(small.shape) // 3) | 1))
    paper = cv2.resize(cv2.medianBlur(small, window), middle.shape[::-1], interpolation=cv2.INTER_LINEAR)
    cubes = np.asarray(cv2.pow(cv2.subtract(middle, paper, dtype=cv2.CV_32F), 3), np.float32)
    seems_light = cv2.mean(cubes)[0] > FLAT
    if middle.shape == small.shape:
        return seems_light, False  # too small for the edge of a shadow; a digit may fill it
    balance = _balance(cubes)
    across, down = (cv2.multiply(slope, slope, dtype=cv2.CV_32F) for slope in cv2.spatialGradient(middle))
    cubes *= cv2.add(across, down)
    sharp_balance = _balance(cubes)
    is_sure = min(balance, sharp_balance) >= DOUBTLESS_SHARE or max(balance, sharp_balance) <= -DOUBTLESS_SHARE
    return sharp_balance > (LIKELY_SHARE if seems_light else LIGHT_SHARE), is_sure


def _balance(values: Image) -> float:
    """How far values above 0 outweigh those below, as a share of all: from -1 to 1, and 0 where there are none."""
    both = cv2.norm(values, cv2.NORM_L1)
    return float(cv2.sumElems(values)[0] / both) if both else 0.0


def _paper(small: NDArray[np.uint8], *, is_whole: bool) -> Image:
    """Brightness of the paper under the ink, float32 like ``small``: a morphological closing, smoothed.

    ``small`` is the page as the smaller one of :func:`_shrunk`, which may be the whole page.
    """
    reach = max(3, round(min(small.shape) * PAPER_REACH)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    # A light blur first, so that single bright pixels do not stand for the paper.
    smooth = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0)
    # Light that falls off toward the edge goes on falling beyond it: a closing would else lift the paper there.
    margin = min(reach, *(side - 1 for side in smooth.shape))
    wide = np.pad(smooth, margin, mode="reflect", reflect_type="odd") if margin > 0 else smooth
    # From -255 to 510 then, and kept in whole parts of a grey: so it takes half the time.
    parts = np.rint(wide * GREY_PARTS).astype(np.int16)
    closed = cv2.morphologyEx(parts, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    closed = closed.astype(np.float32) / np.float32(GREY_PARTS)
    smoothed = cv2.GaussianBlur(closed, (0, 0), reach / 8)
    # Smooth, but nowhere lighter than it was: beside the edge of a shadow smoothing would make bare paper look dark. In
    # a strip and in a tiny picture digits are as high as it is, and what a closing leaves of them is smoothed away.
    is_strip = min(small.shape) < STRIP_SHARE * max(small.shape) or is_whole
    closed = smoothed if is_strip else np.minimum(closed, smoothed)
    closed = np.clip(closed[margin : margin + small.shape[0], margin : margin + small.shape[1]], 0, 255)
    return np.asarray(np.maximum(closed, DARKEST_PAPER), np.float32)


def _ink(grey: NDArray[np.uint8], small_paper: Image, options: CleanOptions, *, strong_only: bool = False) -> Image:
    """Darkness against the paper, divided by the strength of the ink nearby; ``strong_only`` as in :func:`clean`."""
    size = (grey.shape[1], grey.shape[0])
    paper = np.asarray(cv2.resize(small_paper, size, interpolation=cv2.INTER_LINEAR), np.float32)
    if grey.size > SMOOTHED_PIXELS:  # many pixels a stroke: the camera's noise can be averaged away
        grey = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.uint8)
    darkness = cv2.subtract(paper, grey, dtype=cv2.CV_32F)
    darkness = cv2.divide(darkness, paper, dst=darkness)
    grain, noise = _grain(darkness)
    # Arrays as large as the page are used again: to get a new one takes longer than to fill it.
    spare = paper
    floor = np.maximum(noise * np.float32(options.noise_factor), np.float32(options.min_contrast))
    level = _ink_level(darkness, floor, spare, strong_only=strong_only)
    # ink = (darkness - grain) / level
    darkness = cv2.subtract(darkness, cv2.resize(grain, size, spare, interpolation=cv2.INTER_LINEAR), dst=darkness)
    darkness = cv2.divide(darkness, cv2.resize(level, size, spare, interpolation=cv2.INTER_LINEAR), dst=darkness)
    if strong_only:
        darkness = (darkness - np.float32(FAINTEST)) / np.float32(FULL - FAINTEST)
    return np.asarray(np.clip(darkness, 0.0, 1.0, out=darkness), np.float32)


def _grain(darkness: Image) -> tuple[Image, Image]:
    """Median and noise (standard deviation) of bare paper, on a coarse grid over the page.

    Both are medians over blocks, which ink does not move while it covers less than half; where it covers more, the
    least of the neighboring blocks is taken, since light and noise change slowly over a page.
    """
    step = max(1, int((darkness.size / NOISE_SAMPLES) ** 0.5))
    sample = darkness[::step, ::step]
    block = max(4, -(-max(sample.shape) // NOISE_BLOCKS))
    rows, columns = -(-sample.shape[0] // block), -(-sample.shape[1] // block)
    padded = cv2.copyMakeBorder(
        sample, 0, rows * block - sample.shape[0], 0, columns * block - sample.shape[1], cv2.BORDER_REFLECT
    )
    blocks = padded.reshape(rows, block, columns, block).swapaxes(1, 2).reshape(rows, columns, -1)
    median = _medians(blocks)
    noise = np.float32(1.4826) * _medians(np.abs(blocks - median[..., None]))
    near = np.ones((3, 3), np.uint8)
    grids = [
        np.asarray(cv2.GaussianBlur(cv2.erode(values, near), (3, 3), 0), np.float32)
        for values in (np.maximum(median, 0), noise)
    ]
    return grids[0], grids[1]


def _medians(values: Image) -> Image:
    """Medians along the last axis. Sorting whole short rows takes a tenth of the time that NumPy's median does."""
    ordered = np.sort(values, axis=-1)
    count = values.shape[-1]
    return np.asarray((ordered[..., (count - 1) // 2] + ordered[..., count // 2]) / np.float32(2), np.float32)


def _ink_level(darkness: Image, floor: Image, spare: Image, *, strong_only: bool) -> Image:
    """The strongest darkness nearby, on a coarse grid, so that a faint line beside a bold one is seen too.

    It is at least ``floor`` (a coarse grid too), and at least a share of the page's usual ink, or of its strongest:
    where nothing is written, dirt stays faint. ``spare`` is an array like ``darkness`` that may be written over.
    """
    height, width = darkness.shape
    block = max(4, -(-max(height, width) // LEVEL_BLOCKS))
    smooth = cv2.blur(darkness, (3, 3), spare)
    bands = np.stack([smooth[y : y + block].max(axis=0) for y in range(0, height, block)])
    strongest = np.maximum.reduceat(bands, np.arange(0, width, block), axis=1)
    rows, columns = strongest.shape
    near = cv2.GaussianBlur(cv2.dilate(strongest, np.ones((5, 5), np.uint8)), (3, 3), 0)
    near *= np.float32(LEVEL_SHARE)
    least = np.asarray(cv2.resize(floor, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
    inked = strongest[strongest > least]
    if inked.size:
        of_page = STRONGEST_SHARE * inked.max() if strong_only else PAGE_SHARE * np.median(inked)
        np.maximum(near, np.float32(of_page), out=near)
    return np.asarray(np.maximum(near, least), np.float32)
