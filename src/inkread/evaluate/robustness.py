"""How reading holds out: corruptions, five strengths of what makes pictures harder, and attacks.

Everything is measured in parts that are kept as they are finished, in one file a line each, so that a run that was
stopped goes on with what is missing. Readers are functions; whatever they read with, nothing here trains it.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inkread.data.datasets import Samples
from inkread.errors import InvalidOption, MissingExtra, OutputError
from inkread.evaluate.corruptions import CORRUPTIONS, SIDE, corrupt
from inkread.evaluate.metrics import Rate
from inkread.evaluate.pages import LabeledPicture, Presentation, Read, evaluate_pictures
from inkread.evaluate.perturb import STRENGTHS, Perturbation
from inkread.evaluate.sources import perturbed

if TYPE_CHECKING:
    from inkread.evaluate.adversarial import AttackOptions
    from inkread.models.registry import ModelCard

__all__ = [
    "EPSILONS",
    "Parts",
    "attack_parts",
    "corruption_parts",
    "digit_parts",
    "fingerprint",
    "picture_parts",
    "proven_parts",
    "robustness_report",
]

SCHEMA = 1
# Changes of a pixel that attacks may make, of the range of 1.
EPSILONS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
_BATCH = 256

# Crops of single digits → their classes (N,) in 0…9.
ReadDigits = Callable[[Any], NDArray[np.int64]]
Say = Callable[[str], None]


class Parts:
    """What was measured so far, kept in a file, a line each.

    Parameters
    ----------
    path
        Of the file; what it holds is taken over.
    about
        What the parts depend on; a file about anything else is refused.

    Raises
    ------
    InvalidOption
        If the file holds parts of another measurement.
    OutputError
        If it cannot be read or written.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self._path = path
        self._kept: dict[tuple[str, ...], dict[str, Any]] = {}
        first = json.dumps(about, sort_keys=True)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            if not lines:
                path.write_text(first + "\n", encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(f"measurements cannot be kept in {path}: {error}") from error
        if lines and lines[0] != first:
            raise InvalidOption(
                f"{path} holds measurements of something else ({lines[0][:200]}, now {first[:200]}); take another "
                "folder, or delete it"
            )
        for line in lines[1:]:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # the last line of a run that was killed while it wrote
            self._kept[tuple(entry["part"])] = entry["found"]

    def take(self, part: Sequence[str], measure: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        """What is kept of ``part``, or what ``measure`` finds, which is kept; and whether it was kept before."""
        name = tuple(part)
        if name in self._kept:
            return self._kept[name], True
        found = measure()
        self._kept[name] = found
        try:
            with self._path.open("a", encoding="utf-8") as out:
                # A line of its own, whatever was left unfinished before it.
                out.write(f"\n{json.dumps({'part': name, 'found': found})}\n")
        except OSError as error:
            raise OutputError(f"measurements cannot be kept in {self._path}: {error.strerror or error}") from error
        return found, False

    def __contains__(self, part: object) -> bool:
        return part in self._kept

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        return iter(self._kept.items())


def corruption_parts(
    readers: Mapping[str, ReadDigits], samples: Samples, parts: Parts, *, seed: int = 0, say: Say = lambda message: None
) -> None:
    """Measure every reader on clean digits and on the fifteen kinds of MNIST-C, at their published severities.

    Parameters
    ----------
    readers
        By name.
    samples
        MNIST's test digits, or others of 28 × 28, light on dark.

    Raises
    ------
    InvalidOption
        If the samples are of another size or polarity.
    """
    images = samples.images
    if samples.dark_ink or not isinstance(images, np.ndarray) or images.shape[1:] != (SIDE, SIDE):
        raise InvalidOption(f"MNIST-C is made of light digits of {SIDE} × {SIDE} pixels on dark, such as mnist's")
    truth = samples.labels.astype(np.int64)
    for kind in ("clean", *CORRUPTIONS):
        pictures = images
        if kind != "clean" and any(("corruptions", name, kind) not in parts for name in readers):
            # A generator of its own for each kind, so that one alone is made as it is among all.
            pictures = corrupt(images, kind, rng=np.random.default_rng([seed, *kind.encode()]))
        for name, read in readers.items():
            _told(parts, ("corruptions", name, kind), partial(_rate, read, pictures, truth), say)


def digit_parts(
    readers: Mapping[str, ReadDigits], samples: Samples, parts: Parts, *, data: str, say: Say = lambda message: None
) -> None:
    """Measure every reader on single digits at every strength of :data:`inkread.evaluate.perturb.STRENGTHS`."""
    digits = samples.take(samples.is_digit)
    truth = digits.labels.astype(np.int64)
    for change in (None, *_changes("digit")):
        place = _place(change)
        missing = any(("digits", data, name, *place) not in parts for name in readers)
        images = digits.images if change is None or not missing else perturbed(digits, change).images
        for name, read in readers.items():
            _told(parts, ("digits", data, name, *place), partial(_rate, read, images, truth), say)


def picture_parts(
    read: Read,
    pictures: Sequence[LabeledPicture],
    parts: Parts,
    *,
    place: tuple[str, str, str],
    say: Say = lambda message: None,
) -> None:
    """Measure the reading of lines or pages at every strength: the share read exactly, and the F1 of digits.

    Parameters
    ----------
    place
        Under what it is kept: "lines" or "pages", the data, and the reader.
    """
    for change in (None, *_changes("picture")):
        way = Presentation(as_array=True, perturb=change)
        _told(parts, (*place, *_place(change)), partial(_exact, read, pictures, way), say)


def attack_parts(
    cards: Mapping[str, ModelCard],
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
    parts: Parts,
    *,
    epsilons: Sequence[float] = EPSILONS,
    options: AttackOptions | None = None,
    say: Say = lambda message: None,
) -> None:
    """Attack the networks of these cards on prepared digits, and certify what can be certified.

    Raises
    ------
    MissingExtra
        If torch, onnx or the toolbox of attacks is not installed.
    ModelError
        If a network cannot be carried out with gradients.
    """
    try:
        from inkread.evaluate.adversarial import ATTACKS, attacked, findings, right
        from inkread.evaluate.certify import certified
        from inkread.evaluate.gradients import TorchNetwork
    except ModuleNotFoundError as error:
        raise MissingExtra.of("train", "attacking a network") from error

    def attack_with(network: TorchNetwork, attack: str, epsilon: float) -> dict[str, Any]:
        left = attacked(network, inputs, targets, attack=attack, epsilon=epsilon, options=options)
        return {**Rate.of(left).to_dict(), "standing": np.flatnonzero(left).tolist()}

    def prove(card: ModelCard, epsilon: float) -> dict[str, Any]:
        proven = certified(card, inputs, targets, epsilon=epsilon)
        return {**Rate.of(proven).to_dict(), "standing": np.flatnonzero(proven).tolist()}

    def which(found: Mapping[str, Any]) -> NDArray[np.bool_]:
        return np.isin(np.arange(len(targets)), found["standing"])

    for name, card in cards.items():
        network = TorchNetwork(card)
        clean = right(network, inputs, targets)
        for epsilon in epsilons:
            # Each attack is kept by itself: one may take many minutes.
            standing = {"clean": clean}
            for attack in ATTACKS:
                part = ("attacks", name, f"{epsilon:g}", attack)
                standing[attack] = which(_told(parts, part, partial(attack_with, network, attack, epsilon), say))
            proven = which(
                _told(parts, ("attacks", name, f"{epsilon:g}", "certified"), partial(prove, card, epsilon), say)
            )
            parts.take(("findings", name, f"{epsilon:g}"), partial(findings, standing, proven))


def proven_parts(
    cards: Mapping[str, ModelCard],
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
    parts: Parts,
    *,
    epsilons: Sequence[float] = EPSILONS,
    say: Say = lambda message: None,
) -> None:
    """Certify every network on all digits, which takes a moment where attacks take hours; ε of 0 is read rightly.

    Raises
    ------
    MissingExtra
        If torch or onnx is not installed.
    ModelError
        If a network cannot be carried out with bounds.
    """
    try:
        from inkread.evaluate.certify import certified
    except ModuleNotFoundError as error:
        raise MissingExtra.of("train", "certifying a network") from error

    def prove(card: ModelCard, epsilon: float) -> dict[str, Any]:
        return Rate.of(certified(card, inputs, targets, epsilon=epsilon)).to_dict()

    for name, card in cards.items():
        for epsilon in (0.0, *epsilons):
            _told(parts, ("proven", name, f"{epsilon:g}"), partial(prove, card, epsilon), say)


def robustness_report(parts: Parts, *, about: Mapping[str, Any]) -> dict[str, Any]:
    """All parts as one report, ready for JSON.

    ``corruptions``: for each reader the rate of each kind, and ``mean`` over the kinds without "clean". ``digits``,
    ``lines``, ``pages``: for each set and reader and kind of change the strengths with their rates, "clean" first.
    ``adversarial``: for each network and ε what :func:`inkread.evaluate.adversarial.findings` says. ``proven``: for
    each network and ε the rate of digits certified, of all and not only of those attacked. Empty where it was not
    measured.
    """
    corruptions: dict[str, Any] = {}
    strengths: dict[str, Any] = {"digits": {}, "lines": {}, "pages": {}}
    adversarial: dict[str, Any] = {}
    proven: dict[str, Any] = {}
    for part, found in parts:
        if part[0] == "corruptions":
            corruptions.setdefault(part[1], {})[part[2]] = found
        elif part[0] == "findings":
            adversarial.setdefault(part[1], {})[part[2]] = found
        elif part[0] == "proven":
            proven.setdefault(part[1], {})[part[2]] = found
        elif part[0] in strengths:
            kinds = strengths[part[0]].setdefault(part[1], {}).setdefault(part[2], {})
            value = float(part[4]) if len(part) > 4 else None
            kinds.setdefault(part[3], []).append({"strength": value, **found})
    for kinds in corruptions.values():
        rates = [one["value"] for kind, one in kinds.items() if kind in CORRUPTIONS]
        if len(rates) == len(CORRUPTIONS):
            kinds["mean"] = {"value": round(statistics.fmean(rates), 6)}
    for sets in strengths.values():
        for readers in sets.values():
            for kinds in readers.values():
                for curve in kinds.values():
                    curve.sort(key=lambda one: one["strength"] or 0.0)
    return {
        "schema": SCHEMA, "task": "robustness", **about, "corruptions": corruptions, **strengths,
        "adversarial": adversarial, "proven": proven,
    }  # fmt: skip


def fingerprint(*arrays: NDArray[Any]) -> str:
    """The first twelve digits of the SHA-256 over arrays, by which a measurement knows its data again."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]


def _changes(kind: str) -> Iterator[Perturbation]:
    for name, values in STRENGTHS[kind].items():
        for value in values:
            yield Perturbation(name, value)


def _place(change: Perturbation | None) -> tuple[str, ...]:
    return ("clean",) if change is None else (change.name, f"{change.value:g}")


def _exact(read: Read, pictures: Sequence[LabeledPicture], way: Presentation) -> dict[str, Any]:
    figures = evaluate_pictures(read, pictures, presentation=way).figures
    return {**figures.exact.to_dict(), "f1": figures.f1, "errors": figures.errors}


def _rate(read: ReadDigits, images: Any, truth: NDArray[np.int64]) -> dict[str, Any]:
    found = [read(images[start : start + _BATCH]) for start in range(0, len(truth), _BATCH)]
    return Rate.of(np.concatenate(found) == truth).to_dict() if found else Rate(0, 0).to_dict()


def _told(parts: Parts, part: Sequence[str], measure: Callable[[], dict[str, Any]], say: Say) -> dict[str, Any]:
    found, before = parts.take(part, measure)
    value = found["value"]
    shown = "nothing to measure" if value is None else f"{100 * value:.2f} %"
    say(f"{', '.join(part)}: {shown}{' (measured before)' if before else ''}")
    return found
