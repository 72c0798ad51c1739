"""Model cards as data: what a network is, where its file lies, how it was trained and what it was measured to do.

A card is a TOML file beside the ONNX file, or in ``cards/`` for the bundled ones. Nothing here runs a network; that is
:mod:`inkread.models.session`.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inkread.errors import ModelError

__all__ = ["DIGIT_TASKS", "TASKS", "ModelCard", "bundled", "bundled_cards", "bundled_reports", "load_card"]

TASKS = ("digit", "second", "line", "words", "page", "writer")
DIGIT_TASKS = TASKS[:2]  # what single digits are told by
_ROOM = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What there is to know of one network.

    Attributes
    ----------
    name
        Task and the first six digits of the file's SHA-256: ``digit-1a2b3c``.
    task
        One of :data:`TASKS`.
    path
        The ONNX file.
    sha256
        Of the ONNX file; checked when it is loaded.
    alphabet
        The names of its output classes.
    temperature
        Logits are divided by it before the softmax, so that probabilities mean what they say (Guo et al. 2017,
        arXiv 1706.04599). Above 0.
    refusal_threshold
        Crops whose probability of being some digit lies below it are refused; fit so that 99.5 % of the validation
        digits pass.
    training, figures
        How it was trained, and what was measured on validation data; free tables.
    """

    name: str
    task: str
    path: Path
    sha256: str
    alphabet: tuple[str, ...]
    temperature: float = 1.0
    refusal_threshold: float = 0.5
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ModelError(f"{self.path}: unknown task {self.task!r}; known are {', '.join(TASKS)}")
        if not self.temperature > 0 or not 0 <= self.refusal_threshold <= 1:
            raise ModelError(
                f"{self.path}: the temperature must be above 0 and the refusal threshold in [0, 1]; "
                f"got {self.temperature} and {self.refusal_threshold}"
            )

    def to_dict(self) -> dict[str, Any]:
        """The card as plain data, ready for JSON, with the size of its file."""
        return {
            "name": self.name,
            "task": self.task,
            "sha256": self.sha256,
            "bytes": len(self.read_bytes()),
            "alphabet": list(self.alphabet),
            "temperature": self.temperature,
            "refusal_threshold": self.refusal_threshold,
            "training": _plain(self.training),
            "figures": _plain(self.figures),
        }

    def read_bytes(self) -> bytes:
        """The ONNX file, checked against the card.

        Raises
        ------
        ModelError
            If it is missing or is not the file that the card describes.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelError(f"the model file {self.path} cannot be read: {error.strerror}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(f"{self.path} is not the file that its card describes: SHA-256 {found}, not {self.sha256}")
        return content


def _plain(value: Any) -> Any:
    """Tables of a card as JSON knows them; TOML's dates become text."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def load_card(path: Path, *, weights: Path | None = None) -> ModelCard:
    """Read a card; the ONNX file of the same name is looked for in ``weights`` (beside the card when not given).

    Raises
    ------
    ModelError
        If the card is missing, is not TOML, or lacks an entry.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return ModelCard(
            name=data["name"],
            task=data["task"],
            path=(weights or path.parent) / data["file"],
            sha256=data["sha256"],
            alphabet=tuple(data["alphabet"]),
            temperature=float(data["temperature"]),
            refusal_threshold=float(data["refusal_threshold"]),
            training=data.get("training", {}),
            figures=data.get("figures", {}),
        )
    except OSError as error:
        raise ModelError(f"the model card {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"the model card {path} is not TOML: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the model card {path} lacks a usable entry: {error}") from error


def bundled_cards() -> tuple[ModelCard, ...]:
    """The cards of every network in the package, by name."""
    return tuple(load_card(path, weights=_ROOM / "weights") for path in sorted((_ROOM / "cards").glob("*.toml")))


def bundled_reports() -> tuple[dict[str, Any], ...]:
    """The reports of the bundled networks (``reports/*.json``), as ``inkread evaluate`` wrote them, by file name.

    Raises
    ------
    ModelError
        If one is not JSON.
    """
    reports = []
    for path in sorted((_ROOM / "reports").glob("*.json")):
        try:
            reports.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise ModelError(f"the report {path} cannot be read: {error}") from error
    return tuple(reports)


def bundled(task: str) -> ModelCard:
    """The card of the bundled network for ``task``.

    Raises
    ------
    ModelError
        If the package holds none.
    """
    path = _ROOM / "cards" / f"{task}.toml"
    if not path.exists():
        known = ", ".join(card.task for card in bundled_cards()) or "none"
        raise ModelError(f"there is no bundled model for {task!r}; there are: {known}")
    return load_card(path, weights=_ROOM / "weights")
