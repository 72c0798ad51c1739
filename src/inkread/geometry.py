"""Points, boxes, quads, strokes and the map between two pictures of one page.

Convention, stated here once for the whole package: the origin is the top left corner of the upright picture, x grows to
the right and y grows down. Coordinates are pixel *edges*: the pixel in column 0 covers x from 0 to 1, its centre is at
0.5. Boxes are half-open, so ``Box(0, 0, w, h)`` is a whole picture of w columns and h rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.errors import InvalidArray, InvalidOption

__all__ = ["Box", "PageTransform", "Point", "Quad", "Stroke"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """A position in pixels.

    Examples
    --------
    >>> Point(3, 4).distance_to(Point(0, 0))
    5.0
    """

    x: float
    y: float

    def distance_to(self, other: Point) -> float:
        """The Euclidean distance to ``other``, in pixels."""
        return math.hypot(self.x - other.x, self.y - other.y)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels, half-open: x0 ≤ x < x1, y0 ≤ y < y1.

    Raises
    ------
    InvalidOption
        If an edge is not finite or the box has a negative side.

    Examples
    --------
    >>> Box(0, 0, 4, 2).union(Box(2, 1, 6, 3))
    Box(x0=0, y0=0, x1=6, y1=3)
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        # Between finite numbers, and so no number that is not one, nor infinite, itself.
        if not (-math.inf < self.x0 <= self.x1 < math.inf and -math.inf < self.y0 <= self.y1 < math.inf):
            edges = (self.x0, self.y0, self.x1, self.y1)
            raise InvalidOption(f"a box needs x0 <= x1 and y0 <= y1, all finite; got {edges}")

    @classmethod
    def around(cls, points: ArrayLike) -> Box:
        """The smallest box that holds ``points``, an array of shape (N, 2) with N ≥ 1."""
        xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        if not len(xy):
            raise InvalidArray("a box around points needs at least one point; got none")
        (x0, y0), (x1, y1) = xy.min(axis=0), xy.max(axis=0)
        return cls(float(x0), float(y0), float(x1), float(y1))

    @classmethod
    def union_of(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of ``boxes`` (at least one)."""
        edges = [(b.x0, b.y0, b.x1, b.y1) for b in boxes]
        if not edges:
            raise InvalidArray("a box around boxes needs at least one; got none")
        x0, y0, x1, y1 = zip(*edges, strict=True)
        return cls(float(min(x0)), float(min(y0)), float(max(x1)), float(max(y1)))

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> Point:
        return Point((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def intersection(self, other: Box) -> Box | None:
        """What both cover, or None where they do not meet."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]; 0 where both are empty."""
        common = self.intersection(other)
        shared = common.area if common else 0.0
        total = self.area + other.area - shared
        return shared / total if total > 0 else 0.0

    def grown(self, margin: float) -> Box:
        """The box with ``margin`` pixels more on every side (fewer when negative, never less than nothing)."""
        cx, cy = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        return Box(
            min(self.x0 - margin, cx), min(self.y0 - margin, cy), max(self.x1 + margin, cx), max(self.y1 + margin, cy)
        )

    def shifted(self, dx: float, dy: float) -> Box:
        """The box moved by (dx, dy) pixels."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def to_list(self) -> list[float]:
        """``[x0, y0, x1, y1]``, rounded to a hundredth of a pixel."""
        return [round(float(v), 2) for v in (self.x0, self.y0, self.x1, self.y1)]

    def corners(self) -> Floats:
        """The four corners clockwise from the top left, shape (4, 2)."""
        return np.array([(self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1)])


@dataclass(frozen=True, slots=True)
class Quad:
    """Four points clockwise from the top left *of the text itself*, so that a turned line keeps its reading direction.

    Examples
    --------
    >>> Quad.of_box(Box(0, 0, 2, 1)).box
    Box(x0=0.0, y0=0.0, x1=2.0, y1=1.0)
    """

    points: tuple[Point, Point, Point, Point]

    def __post_init__(self) -> None:
        if len(self.points) != 4:
            raise InvalidArray(f"a quad has four points; got {len(self.points)}")

    @classmethod
    def of_array(cls, points: ArrayLike) -> Quad:
        """The quad of an array of shape (4, 2)."""
        xy = np.asarray(points, dtype=np.float64)
        if xy.shape != (4, 2):
            raise InvalidArray(f"a quad is made from an array of shape (4, 2); got {xy.shape}")
        a, b, c, d = (Point(x, y) for x, y in xy.tolist())
        return cls((a, b, c, d))

    @classmethod
    def of_box(cls, box: Box) -> Quad:
        """The quad of an upright box."""
        return cls.of_array(box.corners())

    @property
    def box(self) -> Box:
        """The smallest upright box around the quad."""
        x, y = zip(*((point.x, point.y) for point in self.points), strict=True)
        return Box(min(x), min(y), max(x), max(y))

    def to_array(self) -> Floats:
        """The points as an array of shape (4, 2)."""
        return np.array([(p.x, p.y) for p in self.points])

    def to_list(self) -> list[list[float]]:
        """``[[x, y] × 4]``, rounded to a hundredth of a pixel."""
        return [[round(p.x, 2), round(p.y, 2)] for p in self.points]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stroke:
    """One movement of the pen, from touching the paper to leaving it.

    Attributes
    ----------
    x, y
        Positions in pixels (or any one unit of length), shape (N,), N ≥ 1, y down.
    t
        Times in milliseconds, shape (N,), or None.
    pressure
        Pen pressure in [0, 1], shape (N,), or None.

    Raises
    ------
    InvalidArray
        If the lengths differ, there is no point, or a value is not finite.
    """

    x: Floats
    y: Floats
    t: Floats | None = None
    pressure: Floats | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y", "t", "pressure"):
            value = getattr(self, name)
            if value is None:
                continue
            try:
                array = np.array(value, dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise InvalidArray(f"a stroke's {name} must be numbers; got {value!r:.80}") from error
            if array.ndim != 1 or not np.isfinite(array).all():
                raise InvalidArray(f"a stroke's {name} must be a row of finite numbers; got shape {array.shape}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        lengths = {len(v) for v in (self.x, self.y, self.t, self.pressure) if v is not None}
        if len(lengths) != 1 or 0 in lengths:
            raise InvalidArray(f"a stroke's x, y, t and pressure need one common length of at least 1; got {lengths}")
        if self.pressure is not None and (self.pressure.min() < 0 or self.pressure.max() > 1):
            raise InvalidArray(f"pressure lies in [0, 1]; got {self.pressure.min():g} to {self.pressure.max():g}")

    @classmethod
    def of_points(cls, points: Sequence[Sequence[float]]) -> Stroke:
        """The stroke of points (x, y[, t[, pressure]])."""
        try:
            columns = [list(column) for column in zip(*points, strict=True)]
        except (TypeError, ValueError) as error:
            raise InvalidArray(
                "every point of a stroke needs the same two to four numbers: x, y[, t[, pressure]]"
            ) from error
        if not 2 <= len(columns) <= 4:
            raise InvalidArray(
                f"a point of a stroke has two to four numbers: x, y[, t[, pressure]]; got {len(columns)}"
            )
        return cls(**dict(zip(("x", "y", "t", "pressure"), columns, strict=False)))  # type: ignore[arg-type]

    @property
    def box(self) -> Box:
        """The smallest box that holds the pen's path."""
        return Box.around(np.stack([self.x, self.y], axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class PageTransform:
    """A projective map from the pixels of one picture to those of another (3 × 3, row convention of OpenCV).

    ``PageTransform.to_source`` style names say where the map leads. Points at infinity cannot be mapped.

    Examples
    --------
    >>> half = PageTransform.scaling(0.5)
    >>> half.then(half.inverse()).apply([(3, 4)]).tolist()
    [[3.0, 4.0]]
    """

    matrix: Floats = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        # What is not finite leaves a determinant that is not.
        if matrix.shape != (3, 3) or not 1e-12 <= abs(_determinant(matrix)) < math.inf:
            raise InvalidArray(f"a page transform needs an invertible 3 × 3 matrix; got {matrix.tolist()}")
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def scaling(cls, sx: float, sy: float | None = None) -> PageTransform:
        """Multiply x by ``sx`` and y by ``sy`` (the same when not given)."""
        return cls(np.diag([sx, sx if sy is None else sy, 1.0]))

    @classmethod
    def translation(cls, dx: float, dy: float) -> PageTransform:
        """Move by (dx, dy) pixels."""
        return cls(np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]]))

    @classmethod
    def rotation(cls, degrees: float, center: Point) -> PageTransform:
        """Turn by ``degrees`` clockwise as seen on the screen (y is down) about ``center``."""
        angle = math.radians(degrees)
        c, s = math.cos(angle), math.sin(angle)
        x, y = center.x, center.y
        return cls(np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0.0, 0.0, 1.0]]))

    def then(self, after: PageTransform) -> PageTransform:
        """This map followed by ``after``."""
        return PageTransform(after.matrix @ self.matrix)

    @property
    def of_pixel_centers(self) -> PageTransform:
        """The same map for OpenCV's warps, which count the centers of pixels from 0, where we count their edges.

        Examples
        --------
        >>> PageTransform.scaling(2).of_pixel_centers.apply([(0, 0)]).tolist()
        [[0.5, 0.5]]
        """
        return PageTransform.translation(0.5, 0.5).then(self).then(PageTransform.translation(-0.5, -0.5))

    def inverse(self) -> PageTransform:
        """The map back."""
        return PageTransform(np.asarray(np.linalg.inv(self.matrix), np.float64))

    def apply(self, points: ArrayLike) -> Floats:
        """Map points of shape (N, 2); gives shape (N, 2)."""
        xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        mapped = xy @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.asarray(mapped[:, :2] / mapped[:, 2:])

    def apply_to_box(self, box: Box) -> Quad:
        """The quad that ``box`` becomes."""
        return Quad.of_array(self.apply(box.corners()))


def _determinant(matrix: Floats) -> float:
    """Of 3 × 3: a tenth of the time that a decomposition takes."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    return float(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))
