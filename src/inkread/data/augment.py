"""Paper, light and camera: what happens to ink between the pen and the file.

Every function takes a picture, float32 (H, W, 3) RGB in [0, 1], a random generator and a strength in [0, 1], and gives
a new picture of the same shape; strength 0 gives back an equal picture. Nothing here moves ink except :func:`warp`,
which takes the map it applies from :func:`random_view`, so that truth can follow. No writing is done here.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import InvalidArray, InvalidOption
from inkread.geometry import PageTransform, Point

__all__ = [
    "add_crease",
    "add_grain",
    "add_noise",
    "add_security_pattern",
    "add_shadow",
    "add_show_through",
    "add_stain",
    "add_texture",
    "add_uneven_light",
    "add_vignette",
    "blur",
    "capture",
    "compress",
    "light",
    "random_view",
    "warp",
]

Picture = NDArray[np.float32]

_NOISE_SIDE = 1024


def _check(picture: Picture, strength: float) -> None:
    if picture.dtype != np.float32 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise InvalidArray(f"a picture here is float32 (H, W, 3), not empty; got {picture.dtype} {picture.shape}")
    if not 0 <= strength <= 1:
        raise InvalidOption(f"a strength lies in [0, 1]; got {strength}")


def _slow_field(size: tuple[int, int], rng: np.random.Generator, cells: int) -> NDArray[np.float32]:
    """Smooth random values of deviation about 1 over a picture, with about ``cells`` hills along its longer side."""
    height, width = size
    longest = max(height, width)
    rows, columns = (max(2, round(cells * side / longest)) + 1 for side in (height, width))
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


@lru_cache(maxsize=1)
def _noise_tile() -> NDArray[np.float32]:
    """White noise of deviation 1, float32 (1024, 1024, 3), from which pieces are taken: drawing it anew is slow."""
    tile = np.random.default_rng(8_191).standard_normal((_NOISE_SIDE, _NOISE_SIDE, 3), dtype=np.float32)
    tile.flags.writeable = False
    return tile


@lru_cache(maxsize=1)
def _fiber_tile() -> NDArray[np.float32]:
    """Short smooth fibers of deviation about 1, float32 (1024, 1024)."""
    gray = np.ascontiguousarray(_noise_tile()[:, :, 0])
    tile = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.2, sigmaY=0.6) * 2.8, np.float32)
    tile.flags.writeable = False
    return tile


def _piece(tile: NDArray[np.float32], size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """As much of a tile, repeated, as ``size`` asks for, from a random place."""
    height, width = size
    row, column = rng.integers(0, _NOISE_SIDE, size=2).tolist()
    piece = np.empty((height, width, *tile.shape[2:]), np.float32)
    y = 0
    while y < height:
        h = min(_NOISE_SIDE - row, height - y)
        x, c = 0, column
        while x < width:
            w = min(_NOISE_SIDE - c, width - x)
            piece[y : y + h, x : x + w] = tile[row : row + h, c : c + w]
            x, c = x + w, 0
        y, row = y + h, 0
    return piece


def _lit(picture: Picture, field: NDArray[np.floating]) -> Picture:
    """The picture times a smooth field of light, (h, w) or (h, w, 3) of any resolution, kept in [0, 1]."""
    height, width = picture.shape[:2]
    smooth = np.asarray(field, np.float32)
    return _multiplied(picture, np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)))


def _coarse(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y from -1 to 1 over a picture at an eighth of its resolution: enough for light, which is smooth."""
    height, width = (max(side // 8, 8) for side in size)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return x, y


def _multiplied(picture: Picture, field: NDArray[np.float32]) -> Picture:
    """The picture times a field (H, W) or (H, W, 3), kept in [0, 1]."""
    if field.ndim == 2:
        field = cv2.merge([field, field, field])
    return _clipped(cv2.multiply(picture, field))


def _clipped(picture: Picture) -> Picture:
    """The same array, brought into [0, 1]."""
    np.clip(picture, 0.0, 1.0, out=picture)
    return picture


def add_texture(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture on paper with fibers and clouds; full strength is rough recycled paper."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    size = picture.shape[0], picture.shape[1]
    depth = _piece(_fiber_tile(), size, rng)
    depth *= np.float32(0.025 * strength)
    clouds = _slow_field(size, rng, int(rng.integers(8, 40)))
    depth += 1
    return _multiplied(picture, np.asarray(cv2.scaleAdd(clouds, 0.02 * strength, depth)))


def add_grain(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture with specks of dust and fibers lying on it."""
    _check(picture, strength)
    result = picture.copy()
    height, width = picture.shape[:2]
    count = rng.poisson(strength * 60 * height * width / 1e6)
    for x, y, size, dark in rng.random((count, 4)).tolist():
        radius = 0.3 + 1.2 * size * min(height, width) / 700
        color = (0.15 + 0.5 * dark,) * 3
        center = round(x * width * 16), round(y * height * 16)
        cv2.circle(result, center, max(round(radius * 16), 8), color, cv2.FILLED, cv2.LINE_AA, 4)
    return result


def add_stain(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture with the brown ring of a cup and a drop or two, paler than ink."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    height, width = picture.shape[:2]
    depth = np.zeros((height, width), np.float32)
    side = min(height, width)
    radius = side * rng.uniform(0.12, 0.3)
    center = rng.uniform(0, width), rng.uniform(0, height)
    cv2.circle(depth, (round(center[0]), round(center[1])), round(radius), 0.35, cv2.FILLED)
    cv2.circle(depth, (round(center[0]), round(center[1])), round(radius), 1.0, max(1, round(radius * 0.06)))
    depth = cv2.GaussianBlur(depth, (0, 0), max(side * 0.004, 0.6))
    tint = np.array([0.12, 0.22, 0.38], np.float32) * np.float32(strength)
    return np.asarray(picture * (1 - depth[:, :, None] * tint), np.float32)


def add_security_pattern(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture over the fine wavy colored lines of a cheque or certificate."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    height, width = picture.shape[:2]
    depth = np.zeros((height, width), np.uint8)
    pitch = float(rng.uniform(5, 12))
    x = np.linspace(0, width, max(width // 6, 8))
    for family in range(int(rng.integers(1, 3))):
        swing, period = rng.uniform(0.5, 4) * pitch, rng.uniform(40, 240)
        phase, drift = rng.uniform(0, 6.3), rng.uniform(-0.5, 0.5)
        wave = swing * np.sin(x * (2 * math.pi / period) + phase) * np.cos(x * drift / 90)
        tilt = rng.uniform(-0.4, 0.4) * x
        starts = np.arange(-height, 2 * height, pitch * (1 + family))
        lines = [np.rint(np.stack([x, wave + tilt + y], axis=1) * 16).astype(np.int32) for y in starts]
        cv2.polylines(depth, lines, False, 255, 1, cv2.LINE_AA, 4)
    color = rng.uniform(0.25, 0.8, size=3).astype(np.float32)
    share = depth.astype(np.float32)[:, :, None] * np.float32(0.75 * strength / 255)
    return np.asarray(picture * (1 - share * (1 - color)), np.float32)


def add_show_through(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture with its own writing showing faintly from the other side, mirrored and blurred."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    other = cv2.blur(cv2.flip(picture, int(rng.integers(0, 2))), (5, 5))
    back = np.median(picture[::16, ::16].reshape(-1, 3), axis=0).astype(np.float32)
    faint = 1 - np.float32(0.3 * strength) * np.clip(back - other, 0, 1)
    return _multiplied(picture, np.asarray(faint, np.float32))


def add_crease(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture on paper that was folded once or twice: a light and a dark side along each fold."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    height, width = picture.shape[:2]
    y, x = np.ogrid[:height, :width]
    field = np.ones((height, width), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        upright = rng.random() < 0.5
        angle = (math.pi / 2 if upright else 0.0) + rng.normal(0, 0.06)
        at = rng.uniform(0.2, 0.8, size=2) * (width, height)
        distance = (x - at[0]) * -math.sin(angle) + (y - at[1]) * math.cos(angle)
        spread = rng.uniform(2, 10) * max(min(height, width), 200) / 700
        slope = (distance / spread).astype(np.float32)
        field += np.float32(0.22 * strength) * slope * np.exp(-0.5 * slope * slope)
    return _multiplied(picture, field)


def add_uneven_light(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture under light that falls off to one side and is a little warm or cold."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    angle = rng.uniform(0, 2 * math.pi)
    x, y = _coarse((picture.shape[0], picture.shape[1]))
    slope = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
    depth = strength * rng.uniform(0.1, 0.34)
    field = (1 - depth) + depth * slope + strength * 0.03 * _slow_field(slope.shape, rng, 3)
    warmth = strength * rng.normal(0.03, 0.07)
    tint = np.array([1 + warmth, 1.0, 1 - warmth], np.float32)
    return _lit(picture, np.clip(field, 0.12, 1.0)[:, :, None] * tint)


def add_vignette(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture darker towards its corners, as small lenses make it."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    cx, cy = rng.normal(0, 0.12, size=2)
    x, y = _coarse((picture.shape[0], picture.shape[1]))
    distance = ((x - cx) ** 2 + (y - cy) ** 2) / 2
    return _lit(picture, 1 - 0.6 * strength * np.minimum(distance, 1.3) ** 1.5)


def add_shadow(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture with the soft-edged shadow of a hand, a phone or a lamp's rim on it."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    h, w = (max(side // 8, 8) for side in picture.shape[:2])
    mask = np.zeros((h, w), np.float32)
    kind = rng.random()
    if kind < 0.45:
        # An edge across the page: of a phone, a book, the lamp's rim.
        angle = rng.uniform(0, 2 * math.pi)
        at = rng.uniform(0.25, 0.75, size=2) * (w, h)
        along, away = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
        bow = rng.normal(0, 0.15)
        span = np.linspace(-2, 2, 17)[:, None] * max(h, w)
        edge = at + along * span + away * (bow * span * span / max(h, w))
        mask_outline = np.concatenate([edge, edge[::-1] + away * 4 * max(h, w)])
    elif kind < 0.8:
        # A finger or an arm from one side.
        side = rng.integers(4)
        length, breadth = rng.uniform(0.3, 0.75), rng.uniform(0.1, 0.28)
        at = rng.uniform(0.15, 0.85)
        reach = np.array([-0.2, 0.8 * length, length, 0.8 * length, -0.2])
        outline = np.stack([reach, at + breadth * np.array([-1, -0.8, 0, 0.7, 1])], axis=1)
        outline = {0: outline, 1: 1 - outline, 2: outline[:, ::-1], 3: 1 - outline[:, ::-1]}[int(side)]
        mask_outline = outline * (w, h)
    else:
        # Around a lamp's cone: everything but an ellipse.
        mask[:] = 1
        center = rng.uniform(0.25, 0.75, size=2) * (w, h)
        axes = rng.uniform(0.4, 0.8, size=2) * (w, h)
        cone = tuple(center.tolist()), tuple((axes * 2).tolist()), float(rng.uniform(0, 180))
        cv2.ellipse(mask, cone, 0.0, cv2.FILLED)
        mask_outline = np.zeros((0, 2))
    if len(mask_outline):
        cv2.fillPoly(mask, [np.rint(np.clip(mask_outline, -1e4, 1e4)).astype(np.int32)], 1.0)
    softness = rng.uniform(0.01, 0.12) * max(h, w)
    mask = cv2.GaussianBlur(mask, (0, 0), max(softness, 0.5))
    depth = strength * rng.uniform(0.25, 0.6)
    return _lit(picture, 1 - depth * mask)


def blur(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture out of focus, or moved while it was taken; full strength spreads a point over about 4 pixels."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    spread = strength * rng.uniform(0.3, 1.7)
    if rng.random() < 0.75 or spread < 0.6:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(spread, 0.15)))
    reach = max(1, round(spread * 1.5))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    angle = rng.uniform(0, math.pi)
    dx, dy = reach * math.cos(angle), reach * math.sin(angle)
    ends = [(round((reach + s * dx) * 16), round((reach + s * dy) * 16)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def add_noise(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture with a sensor's noise, some of it smeared by the phone's own cleaning."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    noise = _piece(_noise_tile(), (picture.shape[0], picture.shape[1]), rng)
    if rng.random() < 0.5:
        noise = cv2.blur(noise, (2, 2)) * 1.7
    noisy = cv2.scaleAdd(noise, strength * rng.uniform(0.01, 0.06), picture)
    return _clipped(noisy)


def compress(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture after a JPEG file of quality 95 down to 25."""
    _check(picture, strength)
    if strength == 0:
        return picture.copy()
    quality = round(95 - 70 * strength * rng.random())
    pixels = cv2.cvtColor(cv2.convertScaleAbs(picture, alpha=255), cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise InvalidArray(f"a picture of shape {picture.shape} cannot be a JPEG file: it is larger than 65,535 pixels")
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))
    return np.asarray(decoded.astype(np.float32) * np.float32(1 / 255))


def random_view(size: tuple[int, int], rng: np.random.Generator, strength: float) -> PageTransform:
    """A map from a page of ``size`` (height, width) pixels to the photograph that a hand-held camera takes of it.

    Full strength turns by 7 degrees (deviation 3) and moves the corners by up to 7 % of the sides.
    """
    if not 0 <= strength <= 1:
        raise InvalidOption(f"a strength lies in [0, 1]; got {strength}")
    height, width = size
    turn = float(np.clip(rng.normal(0, 3), -7, 7)) * strength
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + (rng.uniform(-0.07, 0.07, size=(4, 2)) * strength * (width, height)).astype(np.float32)
    bent = PageTransform(cv2.getPerspectiveTransform(corners, moved))
    return bent.then(PageTransform.rotation(turn, Point(width / 2, height / 2)))


def warp(
    picture: Picture,
    view: PageTransform,
    *,
    size: tuple[int, int] | None = None,
    background: tuple[float, float, float] | None = None,
) -> Picture:
    """The picture seen through ``view``, which maps its pixels to those of the new one.

    ``size`` is the new (height, width), the same when not given. What the page does not reach is ``background``, RGB in
    [0, 1]; None continues the page's edge.
    """
    _check(picture, 0)
    height, width = size or picture.shape[:2]
    return np.asarray(
        cv2.warpPerspective(
            picture,
            view.of_pixel_centers.matrix,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE if background is None else cv2.BORDER_CONSTANT,
            borderValue=background or (0.0, 0.0, 0.0),
        )
    )


def light(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture under a room's light: falling off to one side, often with a shadow or a vignette."""
    _check(picture, strength)
    picture = add_uneven_light(picture, rng, strength)
    if rng.random() < 0.6:
        picture = add_shadow(picture, rng, strength)
    if rng.random() < 0.5:
        picture = add_vignette(picture, rng, strength)
    return picture


def capture(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """The picture as a camera keeps it: blurred, noisy, a JPEG file."""
    _check(picture, strength)
    return compress(add_noise(blur(picture, rng, strength), rng, strength), rng, strength)
