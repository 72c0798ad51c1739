"""Pages for the page network to learn from: composed, cleaned as reading cleans them, and kept in a pool on disk.

A page is made once, which is slow: numbers in synthetic hands, in the digits of the training sets and in print, between
words, drawings, rules and photographs. From the pool, patches are cut at random sizes, turned and soiled, which is
quick.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.clean import clean
from inkread.data import datasets
from inkread.data.clutter import blend, compose_clutter, paint_photograph, print_words, random_word
from inkread.data.printed import draw_printed, draw_printed_words
from inkread.data.synth import DIGIT_LIKE, PageOptions, compose_page
from inkread.errors import DataError, InkreadError, InvalidOption
from inkread.geometry import PageTransform, Point
from inkread.parts import DIGITS, PageImage
from inkread.recognize.prepare import to_ink
from inkread.results import Document
from inkread.train.digits import tight_crop

__all__ = [
    "CELL",
    "CleanSample",
    "CropStock",
    "PatchStream",
    "compose_sample",
    "gather_stock",
    "make_pool",
    "read_pool",
]

Floats = NDArray[np.float32]
Grey = NDArray[np.float32]

# Pixels of a patch a cell of the network's map.
CELL = 4
# Pages are kept no longer than this, unless their digits would be less high than that: patches show them smaller.
KEPT_SIDE, KEPT_HEIGHT = 900, 44.0
# Pages a file of the pool.
SHARD = 20
# Ink from which a cell is written on; fainter ink is not taken for a component when reading either.
INK = 0.25
# Numbers that cleaning lost have less ink in their boxes than this share: nobody could find them.
LEAST_INK = 0.03
# Digits' heights on a patch: most pages are read at 18 pixels, as far as the usual height could be told.
LEAST_HEIGHT, MOST_HEIGHT = 9.0, 50.0


@dataclass(frozen=True, slots=True, eq=False)
class CleanSample:
    """A clean page and where its digits stand.

    Attributes
    ----------
    ink
        uint8 (H, W), 255 is full ink.
    quads
        float32 (N, 4, 2): corners of digits, or of numbers, in its pixels.
    heights
        float32 (N,): how high the digits in each are, in pixels.
    """

    ink: NDArray[np.uint8]
    quads: Floats
    heights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CropStock:
    """Crops of the training sets, each uint8 (n, side, side): digits and other characters, by the set they are from."""

    digits: tuple[NDArray[np.uint8], ...]
    others: tuple[NDArray[np.uint8], ...]


def gather_stock(*, most: int = 4000) -> CropStock:
    """Crops of digits, letters and symbols from the sets that bundled networks may learn from, ``most`` of each.

    Raises
    ------
    DataError
        If a data set is missing.
    """
    rng = np.random.default_rng(12)
    digits: list[NDArray[np.uint8]] = []
    others: list[NDArray[np.uint8]] = []
    for name, split in (
        ("mnist", "train"),
        ("bhmsds", "all"),
        ("phone_chars62", "train"),
        ("optdigits32", "train"),
        ("mdas_symbols", "train"),
        ("omniglot_small", "all"),
    ):
        samples = datasets.load(name, split)
        is_digit = np.isin(samples.labels, DIGITS)
        # What is written as a digit is cannot be told from one where it stands alone.
        is_other = ~is_digit & ~np.isin(samples.labels, [*DIGIT_LIKE, "slash"])
        for chosen, kept in ((is_digit, digits), (is_other, others)):
            rows = rng.permutation(np.flatnonzero(chosen))[:most]
            crops = [tight_crop(ink) for ink in to_ink([samples.images[i] for i in rows])]
            found = [crop for crop in crops if crop is not None]
            if found:
                kept.append(np.stack(found))
    return CropStock(digits=tuple(digits), others=tuple(others))


def compose_sample(rng: np.random.Generator, stock: CropStock) -> CleanSample:
    """One page, cleaned, with the places of its digits."""
    picture, quads, heights = _compose(rng, stock)
    if rng.random() < 0.2 and float(np.median(picture)) > 0.45:
        picture, quads, heights = _in_a_scene(picture, quads, heights, rng)
    pixels = np.repeat(cv2.convertScaleAbs(picture, alpha=255)[:, :, None], 3, axis=2)
    page = clean(PageImage(pixels=pixels))
    back = page.to_source.inverse()
    ink = page.ink
    found = [
        (np.asarray(back.apply(quad), np.float32), height)
        for quad, height in zip(quads, heights, strict=True)
        if len(quad)
    ]
    scale = KEPT_SIDE / max(ink.shape)
    if found:
        scale = max(min(scale, 1.0), KEPT_HEIGHT / float(np.median([height for _, height in found])))
    scale = min(1.0, scale)
    if scale < 1.0:
        size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    kept = [(quad * scale, height * scale) for quad, height in found if _has_ink(ink, quad * scale)]
    return CleanSample(
        ink=cv2.convertScaleAbs(ink, alpha=255),
        quads=np.array([quad for quad, _ in kept], np.float32).reshape(-1, 4, 2),
        heights=np.array([height for _, height in kept], np.float32),
    )


def _has_ink(ink: Grey, quad: Floats) -> bool:
    x0, y0 = np.maximum(np.floor(quad.min(axis=0)), 0).astype(int)
    x1, y1 = np.ceil(quad.max(axis=0)).astype(int)
    part = ink[y0:y1, x0:x1]
    return part.size > 0 and float((part > INK).mean()) >= LEAST_INK


def _compose(rng: np.random.Generator, stock: CropStock) -> tuple[Grey, list[Floats], list[float]]:
    kind = rng.random()
    quads: list[Floats] = []
    heights: list[float] = []
    if kind < 0.22:
        image = compose_clutter(rng)
    else:
        image, truth = compose_page(rng, _page_options(rng))
        quads, heights = _places(truth)
    picture = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    if rng.random() < 0.6:
        usual = float(np.median(heights)) if heights else min(picture.shape) * rng.uniform(0.03, 0.15)
        _add_beside(picture, usual, quads, heights, rng, stock, with_numbers=kind >= 0.22)
    return picture, quads, heights


def _places(truth: Document) -> tuple[list[Floats], list[float]]:
    quads: list[Floats] = []
    heights: list[float] = []
    for line in truth.lines():
        for number in line.numbers:
            corners = [np.array([(p.x, p.y) for p in digit.quad.points], np.float32) for digit in number.digits]
            usual = float(np.median([np.linalg.norm(c[3] - c[0]) for c in corners]))
            quads += corners
            heights += [usual] * len(corners)
    return quads, heights


def _page_options(rng: np.random.Generator) -> PageOptions:
    options = PageOptions.random(rng)
    # Of a dark board on a lighter desk nobody can say which is the ink.
    on_desk = options.paper not in ("canvas", "board") and rng.random() < 0.15
    options = replace(options, distractors=float(rng.random()), desk=on_desk)
    if options.layout in ("lines", "line") and rng.random() < 0.5:
        count = 1 if options.layout == "line" else int(rng.integers(2, 9))
        share = rng.uniform(0.2, 0.8)
        lines = tuple(
            " ".join(_number(rng) if rng.random() < share else random_word(rng) for _ in range(int(rng.integers(1, 6))))
            for _ in range(count)
        )
        options = replace(options, lines=lines)
    return options


def _number(rng: np.random.Generator) -> str:
    return "".join(DIGITS[i] for i in rng.integers(0, 10, int(rng.choice([1, 2, 3, 4, 5, 6, 8, 10]))))


def _add_beside(
    picture: Grey,
    usual: float,
    quads: list[Floats],
    heights: list[float],
    rng: np.random.Generator,
    stock: CropStock,
    *,
    with_numbers: bool,
) -> None:
    """Print, characters of the training sets and photographs where nothing stands yet, in place.

    Some numbers stand in a line of words, as close to them as words stand.
    """
    light_ink = float(np.median(picture)) < 0.45
    if light_ink:
        np.subtract(1.0, picture, out=picture)
    taken = _occupied(picture)
    darkness = float(rng.uniform(0.35, 0.95))
    for _ in range(int(rng.integers(1, 7))):
        size = float(np.clip(usual * np.exp(rng.normal(0, 0.4)), 9, 0.6 * min(picture.shape)))
        kind = rng.random()
        if with_numbers and kind < 0.1:
            places = _print_line(picture, taken, size, darkness, rng)
            quads += [quad for quad, _ in places]
            heights += [height for _, height in places]
            continue
        if kind < 0.3:
            wide, high = size * rng.uniform(3, 25), size * rng.uniform(1.5, 9)
            spot = _spot(taken, min(wide, 0.9 * picture.shape[1]), min(high, 0.8 * picture.shape[0]), rng)
            if spot is not None:
                x, y, width, height = spot
                font = max(7, round(1.35 * size * rng.uniform(0.6, 1.1)))
                print_words(picture, (x, y, x + width, y + height), rng, height=font)
            continue
        if kind < 0.38:
            spot = _spot(taken, size * rng.uniform(3, 10), size * rng.uniform(3, 10), rng)
            if spot is not None:
                x, y, width, height = spot
                picture[y : y + height, x : x + width] = paint_photograph((height, width), rng)
            continue
        is_number = with_numbers and kind < 0.75
        ink = _row(rng, stock, round(size), is_number=is_number, printed=rng.random() < 0.25)
        before = 0
        if is_number and rng.random() < 0.25:
            word = _row(rng, stock, round(size), is_number=False, printed=rng.random() < 0.25)
            before = word.shape[1] + round(size * rng.uniform(0.35, 1.0))
            ink = _on_one_line(word, ink, before)
        spot = _spot(taken, ink.shape[1] + 4, ink.shape[0] + 4, rng)
        if spot is None:
            continue
        x, y, _, _ = spot
        blend(picture, ink, x + 2, y + 2, darkness)
        rows = np.flatnonzero(ink[:, before:].max(axis=1) > INK)
        if is_number and len(rows):
            y0, y1 = y + 2 + rows[0], y + 3 + rows[-1]
            quads.append(_corners(x + 2 + before, y0, x + 2 + ink.shape[1], y1))
            heights.append(float(y1 - y0))
    if light_ink:
        np.subtract(1.0, picture, out=picture)


def _print_line(
    picture: Grey, taken: NDArray[np.bool_], size: float, darkness: float, rng: np.random.Generator
) -> list[tuple[Floats, float]]:
    """Print words and numbers in one line where nothing stands yet; the places of the numbers, and their heights."""
    words = [_number(rng) if rng.random() < 0.35 else random_word(rng) for _ in range(int(rng.integers(2, 7)))]
    ink, boxes = draw_printed_words(words, rng, height=max(8, round(1.35 * size)))
    spot = _spot(taken, ink.shape[1] + 4, ink.shape[0] + 4, rng)
    if spot is None:
        return []
    x, y, _, _ = spot
    blend(picture, ink, x + 2, y + 2, darkness)
    numbers = boxes[[word.isdigit() for word in words]] + np.array([x + 2, y + 2] * 2, np.float32)
    return [(_corners(x0, y0, x1, y1), float(y1 - y0)) for x0, y0, x1, y1 in numbers]


def _corners(x0: float, y0: float, x1: float, y1: float) -> Floats:
    """Those of an upright box, clockwise from the top left, float32 (4, 2)."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)


def _occupied(picture: Grey) -> NDArray[np.bool_]:
    """Which cells of 8 × 8 pixels hold more than even paper."""
    rows, columns = max(1, picture.shape[0] // 8), max(1, picture.shape[1] // 8)
    cells = picture[: rows * 8, : columns * 8]
    if cells.size < rows * columns * 64:
        return np.ones((1, 1), bool)
    cells = cells.reshape(rows, 8, columns, 8)
    return np.asarray(cells.max(axis=(1, 3)) - cells.min(axis=(1, 3)) > 0.16)


def _spot(
    taken: NDArray[np.bool_], width: float, height: float, rng: np.random.Generator
) -> tuple[int, int, int, int] | None:
    """A free place (x, y, width, height) in pixels, which is then taken; None after 25 tries."""
    rows, columns = -(-round(height) // 8) + 1, -(-round(width) // 8) + 1
    if rows >= taken.shape[0] or columns >= taken.shape[1]:
        return None
    for _ in range(25):
        y, x = int(rng.integers(taken.shape[0] - rows)), int(rng.integers(taken.shape[1] - columns))
        if not taken[y : y + rows, x : x + columns].any():
            taken[y : y + rows, x : x + columns] = True
            return x * 8, y * 8, round(width), round(height)
    return None


def _row(rng: np.random.Generator, stock: CropStock, height: int, *, is_number: bool, printed: bool) -> Grey:
    """A number, or a word or signs, in the characters of one set or in print; tight ink (h, w) in [0, 1]."""
    if printed:
        text = _number(rng) if is_number else random_word(rng)
        return draw_printed(text, rng, height=max(8, round(1.35 * height)))[2:-2, 2:-2]
    sets = stock.digits if is_number else stock.others
    crops = sets[int(rng.integers(len(sets)))]
    parts = []
    for i in rng.integers(len(crops), size=int(rng.choice([1, 1, 2, 3, 4, 6, 8]))):
        rows, columns = np.flatnonzero(crops[i].max(axis=1) > 60), np.flatnonzero(crops[i].max(axis=0) > 60)
        crop = crops[i][rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        own = max(6, round(height * (np.exp(rng.normal(0, 0.08)) if is_number else rng.uniform(0.6, 1.05))))
        width = max(2, round(crop.shape[1] * own / crop.shape[0]))
        if width > 3 * own:  # a dash is as long as it is, not as high as a digit
            own, width = max(2, round(own * own * 0.8 / width)), max(2, round(0.8 * own))
        part = cv2.resize(crop, (width, own), interpolation=cv2.INTER_AREA if own < crop.shape[0] else cv2.INTER_CUBIC)
        parts.append(part.astype(np.float32) / np.float32(255))
    gap = max(1, round(height * rng.uniform(0.03, 0.35)))
    row = np.zeros((max(p.shape[0] for p in parts), sum(p.shape[1] + gap for p in parts) - gap), np.float32)
    x = 0
    for part in parts:
        y = (row.shape[0] - part.shape[0]) // 2 if part.shape[0] < 0.4 * height else row.shape[0] - part.shape[0]
        row[y : y + part.shape[0], x : x + part.shape[1]] = part
        x += part.shape[1] + gap
    return np.clip(row, 0, 1)


def _on_one_line(word: Grey, number: Grey, start: int) -> Grey:
    """A word and a number that stands ``start`` pixels from its beginning, on one ground line."""
    line = np.zeros((max(word.shape[0], number.shape[0]), start + number.shape[1]), np.float32)
    line[line.shape[0] - word.shape[0] :, : word.shape[1]] = word
    line[line.shape[0] - number.shape[0] :, start:] = number
    return line


def _in_a_scene(
    picture: Grey, quads: list[Floats], heights: list[float], rng: np.random.Generator
) -> tuple[Grey, list[Floats], list[float]]:
    """The page lying, turned, in a photograph."""
    height, width = picture.shape
    size = round(height * rng.uniform(1.1, 1.6)), round(width * rng.uniform(1.1, 1.6))
    scene = paint_photograph(size, rng)
    turn = PageTransform.rotation(float(rng.uniform(-10, 10)), Point(width / 2, height / 2))
    place = turn.then(
        PageTransform.translation(
            *(float(rng.uniform(0, 1)) * (a - b) for a, b in zip(size[::-1], (width, height), strict=True))
        )
    )
    matrix = place.matrix[:2]
    seen = cv2.warpAffine(picture, matrix, size[::-1], flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(np.ones_like(picture), matrix, size[::-1], flags=cv2.INTER_LINEAR)
    return scene + mask * (seen - scene), [np.asarray(place.apply(q), np.float32) for q in quads], heights


def make_pool(
    folder: Path,
    *,
    pages: int,
    seed: int,
    processes: int = 1,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Compose pages into ``folder``, some to a file; files that are there are not made again.

    Parameters
    ----------
    pages
        How many, rounded up to whole files.
    processes
        How many make them at once, at least 1.
    report
        Called with the number of files there are, and of all.
    """
    if pages < 1 or processes < 1:
        raise InvalidOption(f"a pool needs at least one page and one process; got {pages} and {processes}")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [folder / f"{number:04}.npz" for number in range(-(-pages // SHARD))]
    missing = [path for path in wanted if not path.exists()]
    done = len(wanted) - len(missing)
    if not missing:
        return
    jobs = [(path, seed) for path in missing]
    if processes == 1:
        for job in jobs:
            _make_shard(job)
            done += 1
            report(done, len(wanted))
        return
    workers = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    try:
        for made in as_completed([workers.submit(_make_shard, job) for job in jobs]):
            made.result()
            done += 1
            report(done, len(wanted))
    except BrokenProcessPool:
        raise InkreadError("a process that makes pages was ended by the system; is memory short?") from None
    finally:
        workers.shutdown(cancel_futures=True)


@cache
def _stock() -> CropStock:
    return gather_stock()


def _make_shard(job: tuple[Path, int]) -> None:
    path, seed = job
    # Many processes make pages; OpenCV's own threads would fight for their cores.
    cv2.setNumThreads(1)
    arrays: dict[str, Any] = {}
    for i in range(SHARD):
        sample = compose_sample(np.random.default_rng([seed, int(path.stem), i]), _stock())
        arrays |= {f"ink{i}": sample.ink, f"quads{i}": sample.quads, f"heights{i}": sample.heights}
    partial = path.with_suffix(".partial")
    with partial.open("wb") as out:
        np.savez_compressed(out, **arrays)
    partial.replace(path)


def read_pool(folder: Path, *, files: slice = slice(None)) -> list[CleanSample]:
    """The pages of a pool, or of some of its files.

    Raises
    ------
    DataError
        If there are none, or a file is damaged.
    """
    samples = []
    for path in sorted(folder.glob("*.npz"))[files]:
        try:
            with np.load(path) as arrays:
                samples += [
                    CleanSample(arrays[f"ink{i}"], arrays[f"quads{i}"], arrays[f"heights{i}"]) for i in range(SHARD)
                ]
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"the pages in {path} cannot be read; delete it to have it made again: {error}") from error
    if not samples:
        raise DataError(f"{folder} holds no pages to learn from")
    return samples


class PatchStream:
    """Endless batches of patches.

    Parameters
    ----------
    samples
        The pages they are cut from, drawn evenly.
    batch_size
        Patches a batch.
    side
        Of a patch in pixels, a multiple of 32.
    rng
        The same generator state gives the same batches.
    """

    def __init__(self, samples: Sequence[CleanSample], *, batch_size: int, side: int, rng: np.random.Generator) -> None:
        if not samples or side % 32:
            raise InvalidOption(f"patches need pages, and a side that is a multiple of 32; got {side}")
        self._samples = samples
        self._batch_size = batch_size
        self._side = side
        self._rng = rng

    def batch(self) -> tuple[Floats, Floats]:
        """Ink (B, 1, side, side) in [0, 1]; targets (B, 3, side / 4, side / 4).

        Targets are, for each cell, whether it belongs to a digit (0 or 1), whether it holds ink (0 or 1, elsewhere it
        does not count), and the natural logarithm of the digits' height there, in pixels.
        """
        made = [self.patch() for _ in range(self._batch_size)]
        return np.stack([ink for ink, _ in made])[:, None], np.stack([target for _, target in made])

    def patch(self) -> tuple[Floats, Floats]:
        """One patch and its targets."""
        rng, side = self._rng, self._side
        while True:
            sample = self._samples[int(rng.integers(len(self._samples)))]
            height, width = sample.ink.shape
            if len(sample.heights):
                aim = LEAST_HEIGHT * np.exp(rng.beta(2.2, 2.6) * np.log(MOST_HEIGHT / LEAST_HEIGHT))
                target = int(rng.integers(len(sample.heights)))
                scale = float(np.clip(aim / sample.heights[target], 0.05, 2.0))
            else:
                scale = float(np.exp(rng.uniform(np.log(200), np.log(1100)))) / max(height, width)
            if len(sample.heights) and rng.random() < 0.75:
                center = sample.quads[target].mean(axis=0) + rng.uniform(-0.4, 0.4, 2) * side / scale
            else:
                center = rng.uniform(0, 1, 2) * (width, height)
            ink, quads = self._cut(sample, scale, center)
            if float((ink > INK).mean()) > 0.002 or rng.random() < 0.02:
                break
        return _soiled(ink, rng), _targets(ink, quads, sample.heights * scale)

    def _cut(self, sample: CleanSample, scale: float, center: NDArray[np.float64]) -> tuple[Floats, Floats]:
        rng, side = self._rng, self._side
        image = sample.ink
        shrunk = 1.0
        if scale < 0.7:  # area averaging first, of the region alone
            reach = 0.8 * side / scale
            x0, y0 = (int(max(0, c - reach)) for c in center)
            x1, y1 = int(center[0] + reach) + 1, int(center[1] + reach) + 1
            part = image[y0:y1, x0:x1]
            size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
            image = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            shrunk = scale
        else:
            x0 = y0 = 0
        degrees = rng.normal(0, 3) if rng.random() < 0.7 else rng.uniform(-20, 20)
        angle, zoom = np.deg2rad(degrees), scale / shrunk
        turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = (np.asarray(center) - (x0, y0)) * shrunk
        matrix = np.concatenate([turn, (side / 2 - turn @ middle)[:, None]], axis=1)
        ink = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)
        quads = (sample.quads - np.array([x0, y0], np.float32)) * np.float32(shrunk)
        return ink, np.asarray(quads @ turn.T.astype(np.float32) + matrix[:, 2].astype(np.float32), np.float32)


def _targets(ink: Grey, quads: Floats, heights: Floats) -> Floats:
    cells = ink.shape[0] // CELL
    targets = np.zeros((3, cells, cells), np.float32)
    targets[1] = ink.reshape(cells, CELL, cells, CELL).max(axis=(1, 3)) > INK
    for quad, height in zip(quads, heights, strict=True):
        if (quad.max(axis=0) < 0).any() or (quad.min(axis=0) > ink.shape[0]).any():
            continue
        corners = [np.rint((quad / CELL - 0.5) * 16).astype(np.int32)]
        cv2.fillPoly(targets[0], corners, 1.0, cv2.LINE_8, 4)
        cv2.fillPoly(targets[2], corners, float(np.log(max(height, 1.0))), cv2.LINE_8, 4)
    return targets


def _soiled(ink: Grey, rng: np.random.Generator) -> Grey:
    """What other cameras, pens and cleaning would have left."""
    kind = rng.random()
    if kind < 0.15:
        ink = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.4, 1.1)))
    elif kind < 0.25:
        ink = cv2.dilate(ink, np.ones((2, 2), np.uint8))
    elif kind < 0.33:
        ink = (ink > rng.uniform(0.2, 0.5)).astype(np.float32)
    if rng.random() < 0.3:
        ink = np.power(ink, np.float32(np.exp(rng.normal(0, 0.35))))
    if rng.random() < 0.25:
        ink = ink * np.float32(rng.uniform(0.5, 1.0))
    if rng.random() < 0.25:
        ink = ink + rng.standard_normal(ink.shape, np.float32) * np.float32(rng.uniform(0.01, 0.08))
    return np.asarray(np.clip(ink, 0, 1), np.float32)
