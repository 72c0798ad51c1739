"""Finds what is to be evaluated: a data set by name, or a manifest by its path or the folder that holds it.

A manifest is the file of JSON lines described in :mod:`inkread.evaluate.pages`. In the data folder, a set may bring
manifests: ``NAME/manifest.jsonl``, or one a split, ``NAME/val.jsonl``. Nothing is read or measured here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inkread.data.cards import CARDS
from inkread.data.datasets import Samples, data_folder, load
from inkread.errors import DataError, InvalidOption
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.pages import LabeledPicture, Presentation, handed_over, read_manifest, upright_pixels
from inkread.evaluate.perturb import Perturbation

__all__ = ["Choice", "find_crops", "find_pictures", "perturbed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which pictures to evaluate.

    Attributes
    ----------
    data
        The name of a data set, or the path of a manifest or of a folder with a ``manifest.jsonl``.
    split
        A split of the set, or "all"; None takes "test" where there is one, or else everything.
    images
        The folder of a manifest's pictures; see :func:`inkread.evaluate.pages.read_manifest`.
    limit
        No more than so many: the first rows of a manifest, or samples spread evenly over a data set.
    """

    data: str
    split: str | None = None
    images: Path | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise InvalidOption(f"a limit is at least 1; got {self.limit}")


def find_pictures(choice: Choice) -> tuple[tuple[LabeledPicture, ...], dict[str, Any]]:
    """The pictures chosen, and what a report says of them.

    Raises
    ------
    DataError
        If there is no such data set or manifest, or it is damaged.
    InvalidOption
        If it has no such split, or its labels are no numbers.
    """
    manifest = _manifest(choice)
    if manifest is None:
        samples, about = find_crops(choice)
        return pictures_of(samples, f"{about['name']}-{about['split']}"), about
    pictures = read_manifest(manifest, images=choice.images, limit=choice.limit)
    return pictures, _about_manifest(manifest, choice, len(pictures))


def find_crops(choice: Choice) -> tuple[Samples, dict[str, Any]]:
    """The single characters (or, for a set of lines, the lines) chosen, in grey, and what a report says of them.

    Of a manifest every picture must hold one character or none; a picture with none is labeled "".
    """
    manifest = _manifest(choice)
    if manifest is None:
        if choice.images is not None:
            raise InvalidOption(f"a folder of pictures goes with a manifest; {choice.data!r} is a data set")
        known = CARDS[choice.data]
        split = choice.split or ("test" if "test" in known.splits else "all")
        samples = load(known.name, split)
        count = len(samples)
        if choice.limit is not None and choice.limit < count:
            samples = samples.take(np.linspace(0, count - 1, choice.limit).round().astype(np.int64))
        return samples, {"name": known.name, "split": split, "n": len(samples), "of": count}
    pictures = read_manifest(manifest, images=choice.images, limit=choice.limit)
    labels = []
    for picture in pictures:
        label = "".join("".join(picture.lines).split())
        if len(label) > 1:
            raise InvalidOption(
                f"{manifest}: {picture.id} holds {label!r}, more than one character; evaluate it as lines or pages"
            )
        labels.append(label)
    greys = tuple(
        np.asarray(cv2.cvtColor(upright_pixels(_part(picture)), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        for picture in pictures
    )
    # Either polarity may occur in one manifest; whoever reads these finds out for each.
    samples = Samples(images=greys, labels=np.array(labels, dtype=np.str_), dark_ink=True)
    return samples, _about_manifest(manifest, choice, len(pictures))


def perturbed(samples: Samples, perturbation: Perturbation) -> Samples:
    """The samples with every picture changed.

    Examples
    --------
    >>> from inkread.evaluate.perturb import perturbation
    >>> dark = Samples(images=np.zeros((1, 4, 4), np.uint8), labels=np.array(["7"]), dark_ink=False)
    >>> int(perturbed(dark, perturbation("invert")).images[0].max())
    255
    """
    return Samples(
        images=tuple(
            np.asarray(
                cv2.cvtColor(perturbation(np.repeat(image[..., None], 3, axis=2)), cv2.COLOR_RGB2GRAY), dtype=np.uint8
            )
            for image in samples.images
        ),
        labels=samples.labels,
        dark_ink=samples.dark_ink != (perturbation.name == "invert"),
    )


def _part(picture: LabeledPicture) -> np.ndarray[Any, np.dtype[np.uint8]]:
    source, _ = handed_over(picture, Presentation(as_array=True))
    return np.asarray(source)


def _about_manifest(manifest: Path, choice: Choice, count: int) -> dict[str, Any]:
    folder = data_folder()
    # A path inside the data folder is named from there: it is the same on every machine.
    inside = manifest.resolve().is_relative_to(folder.resolve())
    name = manifest.resolve().relative_to(folder.resolve()).as_posix() if inside else os.fspath(manifest)
    return {"name": name, "split": choice.split, "n": count, "of": len(read_manifest(manifest, images=choice.images))}


def _manifest(choice: Choice) -> Path | None:
    """The manifest that is meant, or None where a data set is.

    Raises
    ------
    DataError
        If there is neither.
    """
    path = Path(choice.data)
    if path.is_file():
        if choice.split is not None:
            raise InvalidOption(
                f"a manifest has no splits; {path} is one, and the split {choice.split!r} was asked for"
            )
        return path
    if choice.data in CARDS:
        return None
    folder = path if path.is_dir() else data_folder() / choice.data
    name = "manifest.jsonl" if choice.split is None else f"{choice.split}.jsonl"
    if (folder / name).is_file():
        return folder / name
    there = sorted(entry.name for entry in folder.glob("*.jsonl")) if folder.is_dir() else []
    if there:
        raise DataError(f"{folder} holds no {name}; it holds {', '.join(there)}")
    raise DataError(
        f"{choice.data!r} is neither a manifest nor a data set; known are {', '.join(CARDS)}, "
        f"and every folder in {data_folder()} that holds a manifest.jsonl"
    )
