"""Brings data sets into the data folder: fetched from mirrors, or made from the publisher's own files.

Whatever comes in is checked against the hashes of its card before it appears in the folder. Reading the sets is
:mod:`inkread.data.datasets`' part.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.data.cards import card
from inkread.data.datasets import data_folder, is_present, verify
from inkread.download import Progress, RemoteFile, fetch
from inkread.errors import DataError, MissingExtra, OutputError

__all__ = ["fetch_dataset", "import_dataset", "uncompress_lzw"]

# Mirrors of the original files, by data set; and the SHA-256 of the files as published there.
_MIRRORS: Mapping[str, tuple[str, ...]] = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "qmnist": ("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",),
}
_PUBLISHED: Mapping[str, str] = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    "qmnist-train-labels-idx2-int.gz": "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f",
    "qmnist-test-labels-idx2-int.gz": "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06",
}


def fetch_dataset(
    name: str,
    *,
    folder: str | os.PathLike[str] | None = None,
    mirrors: Iterable[str] = (),
    progress: Callable[[str], Progress] | None = None,
) -> Path:
    """The folder of the data set ``name``, fetched if it is not there already.

    Parameters
    ----------
    folder
        Where the data sets are; see :func:`inkread.data.datasets.data_folder`.
    mirrors
        Addresses of folders that are tried before the known ones.
    progress
        Called with the name of each file; gives what :func:`inkread.download.fetch` calls while it comes.

    Raises
    ------
    DataError
        If the set cannot be fetched, or what came is not what its card says.
    InvalidOption
        If there is no such data set.
    OutputError
        If the folder cannot be written.
    """
    known = card(name)
    place = data_folder(folder) / name
    if is_present(name, folder=folder):
        verify(name, folder=folder)
        return place
    if "fetch" not in known.obtain:
        way = f"take the publisher's files and import them: inkread data import {name} PATH; " * (
            "import" in known.obtain
        )
        raise DataError(f"the data set {name!r} cannot be fetched; {way}see {known.source}")
    bases = [*mirrors, *_MIRRORS[name]]
    for file in known.files:
        remote = RemoteFile(
            name=file,
            sha256=_PUBLISHED[file],
            addresses=tuple(f"{base.rstrip('/')}/{file}" for base in bases),
        )
        fetch(remote, folder=place, progress=progress(file) if progress else None)
    verify(name, folder=folder)
    return place


def import_dataset(name: str, path: str | os.PathLike[str], *, folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the data set ``name``, made from the publisher's own files.

    Parameters
    ----------
    path
        A folder or a zip archive that holds the files, or the one file where it is one. Files may be packed
        (``.gz``, ``.bz2``, ``.xz``, ``.Z``). Taken are: IDX for mnist, qmnist and emnist_digits; UCI's
        ``optdigits-orig.tra`` and ``.cv`` for optdigits32; UCI's ``pendigits.tra`` and ``.tes`` for pendigits8; for
        usps ``usps.h5``, or ``zip.train`` and ``zip.test``, or LIBSVM's ``usps`` and ``usps.t``.
    folder
        Where the data sets are; see :func:`inkread.data.datasets.data_folder`.

    Raises
    ------
    DataError
        If the set cannot be imported, a file is missing or damaged, or the arrays are not what the card says.
    InvalidOption
        If there is no such data set.
    MissingExtra
        If HDF5 is to be read and h5py is not installed.
    OutputError
        If the folder cannot be written.
    """
    known = card(name)
    if name not in _IMPORTERS:
        ways = " or ".join(sorted(_IMPORTERS))
        raise DataError(f"the data set {name!r} cannot be imported from a publisher's file; {ways} can")
    with _open_given(Path(path)) as given:
        target = data_folder(folder)
        try:
            target.mkdir(parents=True, exist_ok=True)
            stage = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target))
        except OSError as error:
            raise OutputError(f"the folder {target} cannot be written: {error.strerror}") from error
        try:
            (stage / name).mkdir()
            _IMPORTERS[name](given, stage / name)
            verify(name, folder=stage)
            (target / name).mkdir(exist_ok=True)
            for file in known.files:
                (stage / name / file).replace(target / name / file)
        except OSError as error:
            raise OutputError(f"{target / name} cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return target / name


# -- the publisher's files --------------------------------------------------------------------------------------------


class _Given:
    """The files that somebody gave, by their bare names, unpacked when they are read."""

    def __init__(self, path: Path, files: Mapping[str, Callable[[], bytes]]) -> None:
        self._path = path
        self._files = files

    def read_any(self, *names: str) -> tuple[str, bytes]:
        """The first of ``names`` that is there, packed or not, and its content."""
        for name in names:
            for ending, unpack in _PACKED.items():
                read = self._files.get((name + ending).lower())
                if read is None:
                    continue
                try:
                    return name, unpack(read())
                except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
                    raise DataError(f"{name}{ending} in {self._path} cannot be unpacked: {error}") from error
        there = ", ".join(sorted(self._files)[:8]) or "nothing"
        raise DataError(f"{self._path} holds no {' or '.join(names)} (packed or not); it holds {there}")

    def read(self, *names: str) -> bytes:
        """The content of the first of ``names`` that is there."""
        return self.read_any(*names)[1]

    def ending(self, *endings: str) -> bytes | None:
        """The content of the first file whose name ends so."""
        for name in sorted(self._files):
            if name.endswith(endings):
                return self._files[name]()
        return None


def uncompress_lzw(packed: bytes) -> bytes:
    """What the Unix command ``compress`` packed (files that end with ``.Z``).

    Raises
    ------
    ValueError
        If it is no such file, or damaged.

    Examples
    --------
    >>> uncompress_lzw(bytes.fromhex("1f9d90610202"))
    b'aaa'
    """
    if packed[:2] != b"\x1f\x9d" or len(packed) < 3:
        raise ValueError("it is not a file of compress")
    widest, blocks = packed[2] & 0x1F, bool(packed[2] & 0x80)
    if not 9 <= widest <= 16:
        raise ValueError(f"its codes have up to {widest} bits; 9 to 16 are possible")
    table: list[bytes] = [bytes([value]) for value in range(256)] + [b""] * blocks
    out = bytearray()
    before = b""
    width, held, bits = 9, 0, 0
    at, start = 3, 3
    while True:
        if len(table) >= 1 << width and width < widest:
            at, held, bits = _next_group(at, start, width), 0, 0
            start, width = at, width + 1
        while bits < width and at < len(packed):
            held |= packed[at] << bits
            bits += 8
            at += 1
        if bits < width:
            return bytes(out)
        code = held & ((1 << width) - 1)
        held >>= width
        bits -= width
        if blocks and code == 256:
            del table[257:]
            at, held, bits = _next_group(at, start, width), 0, 0
            start, width, before = at, 9, b""
            continue
        if code > len(table) or (code == len(table) and not before):
            raise ValueError(f"code {code} comes before it is defined")
        entry = table[code] if code < len(table) else before + before[:1]
        out += entry
        if before and len(table) < 1 << widest:
            table.append(before + entry[:1])
        before = entry


def _next_group(at: int, start: int, width: int) -> int:
    """Where the next group of eight codes begins; compress fills the last one up when codes change their width."""
    return start + -(-(at - start) // width) * width


_PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".Z": uncompress_lzw,
}


@contextmanager
def _open_given(path: Path) -> Iterator[_Given]:
    try:
        if path.is_dir():
            yield _Given(path, {one.name.lower(): one.read_bytes for one in sorted(path.rglob("*")) if one.is_file()})
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield _Given(path, {Path(one).name.lower(): _reader(archive, one) for one in archive.namelist()})
        elif path.is_file():
            yield _Given(path, {path.name.lower(): path.read_bytes})
        else:
            raise DataError(f"there is no file or folder {path}")
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is a damaged archive: {error}") from error


def _reader(archive: zipfile.ZipFile, name: str) -> Callable[[], bytes]:
    return lambda: archive.read(name)


# -- one importer a data set ------------------------------------------------------------------------------------------


def _import_idx(given: _Given, place: Path) -> None:
    """Sets that are kept as the publisher's IDX files."""
    for file in card(place.name).files:
        plain = file.removesuffix(".gz")
        # Some copies were unpacked to names with a point before "idx".
        content = given.read(plain, plain.replace("-idx", ".idx"))
        (place / file).write_bytes(gzip.compress(content, compresslevel=6, mtime=0))


def _lines(content: bytes, name: str) -> list[str]:
    try:
        return [line.strip() for line in content.decode("ascii").splitlines()]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not text: {error}") from error


def _import_optdigits(given: _Given, place: Path) -> None:
    arrays: dict[str, NDArray[np.uint8]] = {}
    # The card's test part is the publisher's part for validation: the only other one with original bitmaps of these
    # writers that is not called "dependent" or "independent".
    for prefix, name in (("tra", "optdigits-orig.tra"), ("tes", "optdigits-orig.cv")):
        images, labels, rows = [], [], []
        for line in _lines(given.read(name), name):
            if len(line) == 32 and not line.strip("01"):
                rows.append([int(bit) for bit in line])
            elif len(line) == 1 and line.isdecimal() and len(rows) == 32:
                images.append(rows)
                labels.append(int(line))
                rows = []
        if not images or rows:
            raise DataError(f"{name} does not hold bitmaps of 32 rows, each followed by its digit")
        arrays[f"{prefix}_images"] = np.array(images, np.uint8) * np.uint8(255)
        arrays[f"{prefix}_labels"] = np.array(labels, np.uint8)
    _save(place, arrays)


def _import_pendigits(given: _Given, place: Path) -> None:
    arrays: dict[str, NDArray[np.uint8]] = {}
    for split, name in (("train", "pendigits.tra"), ("test", "pendigits.tes")):
        rows = _numbers(_lines(given.read(name), name), name, columns=17, separator=",")
        if rows.min() < 0 or rows.max() > 100 or rows[:, 16].max() > 9:
            raise DataError(f"{name} holds numbers that are no coordinates from 0 to 100 and a digit")
        arrays[f"{split}_xy"] = rows[:, :16].astype(np.uint8).reshape(-1, 8, 2)
        arrays[f"{split}_y"] = rows[:, 16].astype(np.uint8)
    _save(place, arrays)


def _import_usps(given: _Given, place: Path) -> None:
    packed = given.ending(".h5", ".hdf5")
    arrays: dict[str, NDArray[np.uint8]] = {}
    for split, text, sparse in (("train", "zip.train", "usps"), ("test", "zip.test", "usps.t")):
        if packed is not None:
            light, labels = _usps_of_hdf5(packed, split)
        else:
            name, content = given.read_any(text, sparse)
            lines = [line for line in _lines(content, name) if line]
            form = _usps_of_libsvm if lines and ":" in lines[0] else _usps_of_text
            light, labels = form(lines, name)
        if light.shape != (len(labels), 256) or not (light.min() >= -1e-6 and light.max() <= 1 + 1e-6):
            raise DataError(f"the {split} part of USPS is not N rows of 256 pixels in [0, 1]; got {light.shape}")
        arrays[f"{split}_images"] = np.rint(light * 255).astype(np.uint8).reshape(-1, 16, 16)
        arrays[f"{split}_labels"] = labels.astype(np.uint8)
    _save(place, arrays)


def _usps_of_text(lines: list[str], name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Rows of the digit and 256 pixels in [-1, 1]."""
    rows = _numbers(lines, name, columns=257)
    return (rows[:, 1:] + 1) / 2, rows[:, 0]


def _usps_of_libsvm(lines: list[str], name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Rows of the digit plus one and ``index:value``, in [-1, 1]; pixels that are not named are 0.

    This edition was smoothed by a Gaussian of 0.75 pixels with paper around the picture. It has six places where the
    original has three, so that the smoothing can be undone exactly: solved for, the pixels lie within 0.0001 of the
    original's steps of 0.001.
    """
    smooth = np.zeros((len(lines), 256))
    labels = np.zeros(len(lines))
    try:
        for row, line in enumerate(lines):
            label, *entries = line.split()
            labels[row] = float(label) - 1
            for entry in entries:
                index, value = entry.split(":")
                if not 1 <= int(index) <= 256:
                    raise ValueError(f"there is no pixel {index}")
                smooth[row, int(index) - 1] = float(value)
    except ValueError as error:
        raise DataError(f"{name} is not in LIBSVM's format: {error}") from error
    apart = np.arange(16)[:, None] - np.arange(16)[None, :]
    every = np.arange(-16, 17)
    kernel = np.exp(-(apart**2) / (2 * 0.75**2)) / np.exp(-(every**2) / (2 * 0.75**2)).sum()
    undo = np.linalg.inv(kernel)
    sharp = undo @ (smooth.reshape(-1, 16, 16) + 1) @ undo.T  # 0 is paper, 2 is ink
    steps = np.rint(sharp * 1000) / 1000
    if np.abs(sharp - steps).max() > 4e-4:
        raise DataError(f"{name} is not the smoothed edition of USPS that LIBSVM publishes; take usps.h5 instead")
    return np.clip(steps, 0, 2).reshape(-1, 256) / 2, labels


def _usps_of_hdf5(content: bytes, split: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Groups ``train`` and ``test`` of ``data`` in [0, 1] and ``target``."""
    import io

    try:
        import h5py  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError as error:
        raise MissingExtra("reading HDF5 needs a package that is not installed: pip install h5py") from error
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            return np.asarray(file[split]["data"], np.float64), np.asarray(file[split]["target"])
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"the HDF5 file does not hold {split}/data and {split}/target: {error}") from error


def _numbers(lines: list[str], name: str, *, columns: int, separator: str | None = None) -> NDArray[np.float64]:
    try:
        rows = np.array([[float(value) for value in line.split(separator)] for line in lines if line])
    except ValueError as error:
        raise DataError(f"{name} does not hold rows of {columns} numbers: {error}") from error
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise DataError(f"{name} holds rows of {rows.shape[1:]} numbers; {columns} were expected")
    return rows


def _save(place: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    np.savez_compressed(place / card(place.name).files[0], **arrays)  # type: ignore[arg-type]


_IMPORTERS: Mapping[str, Callable[[_Given, Path], None]] = {
    "mnist": _import_idx,
    "qmnist": _import_idx,
    "emnist_digits": _import_idx,
    "optdigits32": _import_optdigits,
    "pendigits8": _import_pendigits,
    "usps": _import_usps,
}
