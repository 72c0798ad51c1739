"""One's own pictures of single characters as training data: a folder a class, or a manifest.

A folder holds folders named ``0`` to ``9``, and ``not-a-digit`` for letters, marks and blots. A manifest is the file of
JSON lines that ``inkread evaluate`` takes; each of its pictures (or regions) holds one character or none. Pictures may
be of any size, color and polarity. Nothing is learned here.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.errors import DataError
from inkread.evaluate.sources import Choice, find_crops
from inkread.inputs import expand_sources, open_source
from inkread.parts import DIGITS, NOT_A_DIGIT
from inkread.recognize.prepare import to_ink

__all__ = ["load_own"]

CLASSES = (*DIGITS, NOT_A_DIGIT)


def load_own(path: Path) -> tuple[list[NDArray[np.float32]], NDArray[np.int64]]:
    """The ink of each character, and its class: 0 to 9, or 10 for what is no digit.

    Raises
    ------
    DataError
        If there is nothing at ``path``, it is neither of the two forms, or it holds no character.
    SourceError
        If a picture cannot be opened.
    """
    if path.is_dir() and not (path / "manifest.jsonl").exists():
        pictures, targets = _from_folders(path)
    else:
        samples, _ = find_crops(Choice(data=str(path)))
        pictures = [np.asarray(image) for image in samples.images]
        targets = [CLASSES.index(label) if label in DIGITS else CLASSES.index(NOT_A_DIGIT) for label in samples.labels]
    if not pictures:
        raise DataError(f"{path} holds no picture to learn from")
    return to_ink(pictures), np.array(targets, np.int64)


def _from_folders(path: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    unknown = [folder.name for folder in folders if folder.name not in CLASSES]
    if unknown or not folders:
        raise DataError(
            f"{path} should hold a manifest.jsonl, or folders named 0 to 9 and {NOT_A_DIGIT}; "
            f"it holds {', '.join(unknown) or 'no folder'}"
        )
    pictures, targets = [], []
    for folder in folders:
        for _, source in expand_sources([folder]):
            if isinstance(source, Exception):
                raise source
            for page in open_source(source):
                pictures.append(np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8))
                targets.append(CLASSES.index(folder.name))
    return pictures, targets
