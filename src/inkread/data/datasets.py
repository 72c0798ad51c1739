"""Loads the data sets that the cards name, each in its own polarity and size.

Nothing is fetched here and no picture is changed beyond being decoded to grey: cutting and scaling belong to
:mod:`inkread.recognize`, fetching to :mod:`inkread.data.importing`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inkread.data.cards import CARDS, DatasetCard, card
from inkread.download import cache_folder
from inkread.errors import DataError, InvalidArray, InvalidOption
from inkread.geometry import Box, Stroke

__all__ = [
    "Samples",
    "StrokeSamples",
    "data_folder",
    "fingerprint",
    "is_present",
    "load",
    "load_strokes",
    "read_idx",
    "verify",
]

Images = NDArray[np.uint8] | tuple[NDArray[np.uint8], ...]

# Names that say the same thing in every set, so that classes can be joined.
_SIGNS = {
    "addition_plus": "plus",
    "subtraction_minus": "minus",
    "multiplication_cross": "cross",
    "multiplication_dot": "dot",
    "division_slash": "slash",
    "division_obelus": "obelus",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Pictures with their labels.

    Attributes
    ----------
    images
        uint8 grey, either one array (N, H, W) or a tuple of N arrays (h, w), in the polarity of the set.
    labels
        N strings: "0" to "9", a letter, or the name of a class such as "plus" or "Greek/character01"; in sets of
        lines the whole text.
    dark_ink
        Whether ink is darker than paper.
    writers
        int64 (N,): equal numbers mark the same writer (or the same book), so that a split by it keeps hands apart;
        None where the set does not say.
    series
        int64 (N,): the form series of NIST (MNIST with QMNIST's labels), or None.
    boxes
        The box of each character in picture pixels, where the set gives them, or None.
    """

    images: Images
    labels: NDArray[np.str_]
    dark_ink: bool
    writers: NDArray[np.int64] | None = None
    series: NDArray[np.int64] | None = None
    boxes: tuple[tuple[Box, ...], ...] | None = None

    def __post_init__(self) -> None:
        parts = (self.images, self.labels, self.writers, self.series, self.boxes)
        counts = {len(part) for part in parts if part is not None}
        if len(counts) != 1:
            raise InvalidArray(f"samples need as many pictures as labels, writers and series; got {sorted(counts)}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_digit(self) -> NDArray[np.bool_]:
        """bool (N,): whether the label is one of the ten digits."""
        return np.isin(self.labels, list("0123456789"))

    def take(self, index: ArrayLike) -> Samples:
        """The samples that ``index`` (whole numbers, or a mask of N) chooses, in its order.

        Examples
        --------
        >>> pair = Samples(images=np.zeros((2, 3, 3), np.uint8), labels=np.array(["7", "plus"]), dark_ink=False)
        >>> pair.take(pair.is_digit).labels.tolist()
        ['7']
        """
        chosen = _chosen(len(self), index)
        images = self.images
        return Samples(
            images=images[chosen] if isinstance(images, np.ndarray) else tuple(images[i] for i in chosen),
            labels=self.labels[chosen],
            dark_ink=self.dark_ink,
            writers=None if self.writers is None else self.writers[chosen],
            series=None if self.series is None else self.series[chosen],
            boxes=None if self.boxes is None else tuple(self.boxes[i] for i in chosen),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrokeSamples:
    """Pen paths with their labels.

    Attributes
    ----------
    strokes
        For each of the N samples its strokes in the order of writing, y down. The unit is the set's own.
    labels
        N strings.
    writers
        int64 (N,), or None where the set does not say.
    complete
        bool (N,): whether the publisher marks the sample as clean; True throughout where nothing is marked.
    """

    strokes: tuple[tuple[Stroke, ...], ...]
    labels: NDArray[np.str_]
    writers: NDArray[np.int64] | None = None
    complete: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        counts = {len(part) for part in (self.strokes, self.labels, self.writers, self.complete) if part is not None}
        if len(counts) != 1:
            raise InvalidArray(f"stroke samples need as many paths as labels and writers; got {sorted(counts)}")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: ArrayLike) -> StrokeSamples:
        """The samples that ``index`` (whole numbers, or a mask of N) chooses, in its order."""
        chosen = _chosen(len(self), index)
        return StrokeSamples(
            strokes=tuple(self.strokes[i] for i in chosen),
            labels=self.labels[chosen],
            writers=None if self.writers is None else self.writers[chosen],
            complete=None if self.complete is None else self.complete[chosen],
        )


def _chosen(count: int, index: ArrayLike) -> NDArray[np.int64]:
    """The rows that whole numbers, or a mask, choose of so many; an empty list is neither and chooses none."""
    rows = np.asarray(index)
    return np.asarray(np.arange(count)[rows if rows.size else rows.astype(np.int64)])


def data_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder that holds the data sets: ``folder``, else ``INKREAD_DATA``, else a place in the cache folder."""
    if folder is not None:
        return Path(folder)
    chosen = os.environ.get("INKREAD_DATA")
    return Path(chosen).expanduser() if chosen else cache_folder() / "data"


def is_present(name: str, *, folder: str | os.PathLike[str] | None = None) -> bool:
    """Whether every file of the data set ``name`` is there."""
    place = data_folder(folder) / name
    return all((place / file).exists() for file in card(name).files)


def load(name: str, split: str = "all", *, folder: str | os.PathLike[str] | None = None) -> Samples:
    """The pictures of one split of a data set.

    Parameters
    ----------
    name
        A data set of the form "images" or "lines", see :data:`inkread.data.cards.CARDS`.
    split
        "train", "val" or "test" where the set has them; "all" joins them in the order of the card.
    folder
        Where the data sets are; see :func:`data_folder`.

    Raises
    ------
    DataError
        If the set is not there, or damaged.
    InvalidOption
        If the set is unknown, or has no such split or no pictures.
    """
    known = card(name)
    if name not in _IMAGES:
        hint = "load_strokes reads it" if name in _STROKES else "load 'mnist', which uses them"
        raise InvalidOption(f"the data set {name!r} holds {known.form}, no pictures; {hint}")
    parts = [_IMAGES[name](_open(known, folder), one) for one in _splits(known, split)]
    return parts[0] if len(parts) == 1 else _joined(parts)


def load_strokes(name: str, split: str = "all", *, folder: str | os.PathLike[str] | None = None) -> StrokeSamples:
    """The pen paths of one split of a data set of the form "strokes".

    Parameters are those of :func:`load`.

    Raises
    ------
    DataError
        If the set is not there, or damaged.
    InvalidOption
        If the set is unknown, or has no such split or no strokes.
    """
    known = card(name)
    if name not in _STROKES:
        raise InvalidOption(f"the data set {name!r} holds {known.form}, no pen strokes; load reads pictures")
    parts = [_STROKES[name](_open(known, folder), one) for one in _splits(known, split)]
    if len(parts) == 1:
        return parts[0]
    return StrokeSamples(
        strokes=tuple(sample for part in parts for sample in part.strokes),
        labels=np.concatenate([part.labels for part in parts]),
        writers=_concatenated([part.writers for part in parts]),
        complete=_concatenated([part.complete for part in parts]),
    )


def fingerprint(samples: Samples | StrokeSamples) -> str:
    """The SHA-256 over decoded samples, the one that the cards hold.

    Pictures: of each, height and width as little-endian uint32, then the pixels. Strokes: of each sample the number of
    strokes as uint32, of each stroke the number of points as uint32, then x, y and, where given, t and pressure as
    little-endian float64. Then every label in UTF-8, each followed by a newline.

    Examples
    --------
    >>> one = Samples(images=np.zeros((1, 2, 2), np.uint8), labels=np.array(["0"]), dark_ink=False)
    >>> fingerprint(one)[:16]
    'ab9ed59edf82db1e'
    """
    digest = hashlib.sha256()
    if isinstance(samples, Samples):
        for image in samples.images:
            digest.update(np.array(image.shape, dtype="<u4").tobytes())
            digest.update(np.ascontiguousarray(image).tobytes())
    else:
        for strokes in samples.strokes:
            digest.update(np.array([len(strokes), *(len(s.x) for s in strokes)], dtype="<u4").tobytes())
            for stroke in strokes:
                for column in (stroke.x, stroke.y, stroke.t, stroke.pressure):
                    if column is not None:
                        digest.update(column.astype("<f8").tobytes())
    for label in samples.labels:
        digest.update(f"{label}\n".encode())
    return digest.hexdigest()


def verify(name: str, *, folder: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """The SHA-256 of every split of a data set, checked against its card.

    Raises
    ------
    DataError
        If the set is not there, or a count or a hash differs from the card.
    """
    known = card(name)
    found: dict[str, str] = {}
    for split, expected in known.splits.items():
        if known.form == "labels":
            rows = _qmnist_rows(_open(known, folder), split)
            count, digest = len(rows), hashlib.sha256(rows.astype("<i4").tobytes()).hexdigest()
        else:
            read: Callable[..., Samples | StrokeSamples] = load_strokes if known.form == "strokes" else load
            samples = read(name, split, folder=folder)
            count, digest = len(samples), fingerprint(samples)
        if count != expected.count:
            raise DataError(f"{name} {split} has {count} samples, but its card says {expected.count}")
        if expected.sha256 is not None and digest != expected.sha256:
            raise DataError(f"{name} {split} has the hash {digest}, but its card says {expected.sha256}")
        found[split] = digest
    return found


def read_idx(file: str | os.PathLike[str]) -> NDArray[Any]:
    """The array of an IDX file, gzipped or not: uint8 or int32, any number of dimensions.

    Raises
    ------
    DataError
        If the file is missing, truncated, or not IDX.
    """
    path = Path(file)
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read as IDX: {error}") from error
    kinds: dict[int, np.dtype[Any]] = {0x08: np.dtype("u1"), 0x0C: np.dtype(">i4")}
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in kinds or not 1 <= raw[3] <= 4 or len(raw) < 4 + 4 * raw[3]:
        raise DataError(f"{path} is not an IDX file of bytes or 32-bit integers; it begins with {raw[:4].hex()}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", raw[3], 4))
    start, kind = 4 + 4 * raw[3], kinds[raw[2]]
    if len(raw) - start != np.prod(shape, dtype=object) * kind.itemsize:
        raise DataError(f"{path} promises the shape {shape}, but holds {len(raw) - start} bytes")
    array = np.frombuffer(raw, kind, offset=start).reshape(shape)
    native: NDArray[Any] = array.astype(kind.newbyteorder("="), copy=False)
    return native


# -- finding files ----------------------------------------------------------------------------------------------------


def _splits(known: DatasetCard, split: str) -> list[str]:
    if split == "all":
        return list(known.splits)
    if split not in known.splits:
        names = ", ".join(dict.fromkeys([*known.splits, "all"]))
        raise InvalidOption(f"the data set {known.name!r} has no split {split!r}; it has {names}")
    return [split]


def _open(known: DatasetCard, folder: str | os.PathLike[str] | None) -> Path:
    place = data_folder(folder) / known.name
    missing = [file for file in known.files if not (place / file).exists()]
    if not missing:
        return place
    ways = [f"set INKREAD_DATA to the folder that holds {known.name}/{missing[0]}"]
    if "fetch" in known.obtain:
        ways.append(f"fetch it: inkread data fetch {known.name}")
    if "import" in known.obtain:
        ways.append(f"import the publisher's files: inkread data import {known.name} PATH")
    if known.source:
        ways.append(f"see {known.source}")
    raise DataError(f"the data set {known.name!r} is not in {place.parent}; {', or '.join(ways)}")


def _archive(place: Path, file: str) -> Mapping[str, NDArray[Any]]:
    try:
        # Opened here: np.load leaves a file that it cannot read open.
        with (place / file).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{place / file} is damaged: {error}") from error


def _decoded(encoded: bytes, name: str) -> NDArray[np.uint8]:
    """The luma of an encoded picture, which is what the JPEG itself stores: no detour by way of RGB."""
    import cv2

    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE) if encoded else None
    if image is None:
        raise DataError(f"{name} is not a picture that can be decoded")
    return np.asarray(image, dtype=np.uint8)


# -- one function a form ----------------------------------------------------------------------------------------------


def _digit_names(labels: NDArray[Any]) -> NDArray[np.str_]:
    if labels.size and not 0 <= labels.min() <= labels.max() <= 9:
        raise DataError(f"digits are labelled 0 to 9; got {labels.min()} to {labels.max()}")
    return np.asarray(np.array(list("0123456789"))[labels], dtype=np.str_)


def _class_names(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.str_]:
    names = np.array([_SIGNS.get(str(one), str(one)) for one in arrays["classes"]])
    return np.asarray(names[arrays["labels"]], dtype=np.str_)


def _concatenated(parts: Sequence[NDArray[Any] | None]) -> Any:
    given = [part for part in parts if part is not None]
    return np.concatenate(given) if len(given) == len(parts) else None


def _joined(parts: Sequence[Samples]) -> Samples:
    images: Images
    if all(isinstance(part.images, np.ndarray) for part in parts):
        images = np.concatenate([np.asarray(part.images) for part in parts])
    else:
        images = tuple(image for part in parts for image in part.images)
    boxes = [part.boxes for part in parts if part.boxes is not None]
    return Samples(
        images=images,
        labels=np.concatenate([part.labels for part in parts]),
        dark_ink=parts[0].dark_ink,
        writers=_concatenated([part.writers for part in parts]),
        series=_concatenated([part.series for part in parts]),
        boxes=tuple(one for part in boxes for one in part) if len(boxes) == len(parts) else None,
    )


def _qmnist_rows(place: Path, split: str) -> NDArray[np.int32]:
    rows = read_idx(place / f"qmnist-{split}-labels-idx2-int.gz")
    if rows.ndim != 2 or rows.shape[1] != 8:
        raise DataError(f"{place} holds QMNIST labels of the shape {rows.shape}; rows of 8 numbers were expected")
    return np.asarray(rows, dtype=np.int32)


def _load_mnist(place: Path, split: str) -> Samples:
    stem = {"train": "train", "test": "t10k"}[split]
    images = read_idx(place / f"{stem}-images-idx3-ubyte.gz")
    labels = read_idx(place / f"{stem}-labels-idx1-ubyte.gz")
    writers = series = None
    labels_place = place.parent / "qmnist"
    if (labels_place / f"qmnist-{split}-labels-idx2-int.gz").exists():
        rows = _qmnist_rows(labels_place, split)[: len(labels)]
        if not np.array_equal(rows[:, 0], labels):
            raise DataError(f"the QMNIST labels in {labels_place} do not belong to the MNIST pictures in {place}")
        series, writers = rows[:, 1].astype(np.int64), rows[:, 2].astype(np.int64)
    return Samples(images=images, labels=_digit_names(labels), dark_ink=False, writers=writers, series=series)


def _load_emnist_digits(place: Path, split: str) -> Samples:
    images = read_idx(place / f"emnist-digits-{split}-images-idx3-ubyte.gz")
    labels = read_idx(place / f"emnist-digits-{split}-labels-idx1-ubyte.gz")
    # The publisher stores the pictures by columns.
    upright = np.ascontiguousarray(images.transpose(0, 2, 1))
    return Samples(images=upright, labels=_digit_names(labels), dark_ink=False)


def _load_archive(place: Path, split: str) -> Samples:
    """Sets of one archive of arrays, with or without a column that names the split."""
    known = CARDS[place.name]
    arrays = _archive(place, known.files[0])
    samples = Samples(
        images=arrays["images"],
        labels=_class_names(arrays) if "classes" in arrays else _digit_names(arrays["labels"]),
        dark_ink=bool(known.dark_ink),
    )
    return samples.take(arrays["split"] == split) if "split" in arrays else samples


def _load_omniglot(place: Path, split: str) -> Samples:
    arrays = _archive(place, "omniglot_small.npz")
    strokes = np.unpackbits(arrays["image_bits"], axis=-1)[..., :105]
    return Samples(
        images=strokes * np.uint8(255),
        labels=_class_names(arrays),
        dark_ink=False,
        writers=arrays["drawer"].astype(np.int64),
    )


def _load_prefixed(place: Path, split: str) -> Samples:
    """Sets of one archive whose arrays carry the split in their name."""
    known = CARDS[place.name]
    arrays = _archive(place, known.files[0])
    prefix = {"train": "tra", "test": "tes"}[split] if known.name == "optdigits32" else split
    return Samples(
        images=arrays[f"{prefix}_images"],
        labels=_digit_names(arrays[f"{prefix}_labels"]),
        dark_ink=bool(known.dark_ink),
    )


def _load_zip(place: Path, split: str) -> Samples:
    """Sets of one zip of encoded pictures and a table of their labels."""
    known = CARDS[place.name]
    path = place / known.files[0]
    try:
        with zipfile.ZipFile(path) as archive:
            with archive.open("labels.csv") as table:
                rows = [row for row in csv.DictReader(io.TextIOWrapper(table, "utf-8")) if row["split"] == split]
            images = tuple(_decoded(archive.read(f"images/{row['file']}"), row["file"]) for row in rows)
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}") from error
    labels = np.array([row["char"] if "char" in row else row["label"] for row in rows], dtype=np.str_)
    return Samples(images=images, labels=labels, dark_ink=bool(known.dark_ink))


def _load_mgr_rowid(place: Path, split: str) -> Samples:
    arrays = _archive(place, "mgr_rowid.npz")
    chosen = np.flatnonzero(arrays["split"] == split)
    packed = arrays["packed4"][chosen]
    # Two pixels a byte, the left one in the high half; 17 spreads 0..15 over 0..255.
    grey = np.stack([packed >> 4, packed & 15], axis=-1).reshape(len(packed), packed.shape[1], -1) * np.uint8(17)
    return Samples(
        images=tuple(
            np.ascontiguousarray(image[:h, :w]) for image, (h, w) in zip(grey, arrays["hw"][chosen], strict=True)
        ),
        labels=arrays["labels"][chosen].astype(np.str_),
        dark_ink=True,
        writers=np.array([int(str(book).lstrip("K")) for book in arrays["book"][chosen]], dtype=np.int64),
    )


def _load_car_a(place: Path, split: str) -> Samples:
    try:
        with (place / "labels.csv").open(newline="", encoding="utf-8") as table:
            rows = [row for row in csv.DictReader(table) if row["split"] == split]
        images = tuple(_decoded((place / "images" / row["file"]).read_bytes(), row["file"]) for row in rows)
    except (OSError, KeyError) as error:
        raise DataError(f"{place} is damaged: {error}") from error
    boxes = []
    for row in rows:
        corners = [[float(v) for v in one.split(",")] for one in row["boxes_xywh"].split()]
        boxes.append(tuple(Box(x, y, x + w, y + h) for x, y, w, h in corners))
    return Samples(
        images=images, labels=np.array([row["label"] for row in rows], dtype=np.str_), dark_ink=True, boxes=tuple(boxes)
    )


def _load_pendigits(place: Path, split: str) -> StrokeSamples:
    arrays = _archive(place, "pendigits8.npz")
    paths = arrays[f"{split}_xy"].astype(np.float64)
    # The tablet's y points up; 100 is the top of its scale.
    return StrokeSamples(
        strokes=tuple((Stroke(x=path[:, 0], y=100.0 - path[:, 1]),) for path in paths),
        labels=_digit_names(arrays[f"{split}_y"]),
        complete=np.ones(len(paths), dtype=np.bool_),
    )


def _load_digilets(place: Path, split: str) -> StrokeSamples:
    arrays = _archive(place, CARDS[place.name].files[0])
    points, offsets = arrays["points"].astype(np.float64), arrays["offsets"]
    return StrokeSamples(
        strokes=tuple(tuple(_pen_lifts(points[a:b])) for a, b in pairwise(offsets)),
        labels=arrays["chars"][arrays["labels"]].astype(np.str_),
        writers=arrays["writer"].astype(np.int64),
        complete=arrays["complete"].astype(np.bool_),
    )


def _pen_lifts(points: NDArray[np.float64]) -> Iterator[Stroke]:
    """The strokes of one sample; columns are x, y, pressure, pen-put-down and milliseconds."""
    starts = [0, *(int(i) for i in np.flatnonzero(points[:, 3]) if i > 0), len(points)]
    for begin, end in pairwise(starts):
        x, y, pressure, _, t = points[begin:end].T
        # A few recordings ran on for longer than 16 bits of milliseconds can say; their times are worthless.
        yield Stroke(
            x=x / 1e4,
            y=y / 1e4,
            t=t if (np.diff(t, prepend=0.0) >= 0).all() and t[-1] < 32767 else None,
            pressure=pressure / 1e3,
        )


_IMAGES: Mapping[str, Callable[[Path, str], Samples]] = {
    "mnist": _load_mnist,
    "emnist_digits": _load_emnist_digits,
    "bhmsds": _load_archive,
    "hwd1000": _load_archive,
    "phone_chars62": _load_zip,
    "mdas_symbols": _load_archive,
    "omniglot_small": _load_omniglot,
    "optdigits32": _load_prefixed,
    "semeion": _load_archive,
    "usps": _load_prefixed,
    "dida": _load_zip,
    "mgr_rowid": _load_mgr_rowid,
    "car_a": _load_car_a,
    "choice62": _load_archive,
}

_STROKES: Mapping[str, Callable[[Path, str], StrokeSamples]] = {
    "pendigits8": _load_pendigits,
    "digilets_digits": _load_digilets,
    "digilets_letters": _load_digilets,
}
