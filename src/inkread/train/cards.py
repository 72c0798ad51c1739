"""Model cards, written beside the network that they describe."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import date
from pathlib import Path
from typing import Any

import torch

from inkread.models.registry import ModelCard, load_card

__all__ = ["circumstances", "write_card"]


def circumstances() -> dict[str, Any]:
    """When and on what a network was trained, for its card."""
    return {
        "date": date.today().isoformat(),
        "device": "CUDA" if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads",
        "torch": torch.__version__.split("+")[0],
        "python": platform.python_version(),
    }


def write_card(
    onnx: Path,
    *,
    task: str,
    alphabet: tuple[str, ...],
    calibration: dict[str, float],
    training: dict[str, Any],
    figures: dict[str, Any],
) -> ModelCard:
    """Write the card of a network beside it, under the same name, and give it as it reads back.

    Parameters
    ----------
    onnx
        The exported network.
    calibration
        ``temperature`` and, where there is one, ``refusal_threshold``.
    """
    digest = hashlib.sha256(onnx.read_bytes()).hexdigest()
    card = {
        "name": f"{onnx.stem}-{digest[:6]}",
        "task": task,
        "file": onnx.name,
        "sha256": digest,
        "alphabet": list(alphabet),
        **calibration,
        "training": training,
        "figures": figures,
    }
    path = onnx.with_suffix(".toml")
    path.write_text(_as_toml(card), encoding="utf-8")
    return load_card(path)


def _as_toml(table: dict[str, Any]) -> str:
    """A card as TOML: plain values first, then one level of tables after another."""
    lines: list[str] = []

    def write(values: dict[str, Any], prefix: str) -> None:
        for key, value in values.items():
            if not isinstance(value, dict):
                lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
        for key, value in values.items():
            if isinstance(value, dict):
                lines.extend(["", f"[{prefix}{key}]"])
                write(value, f"{prefix}{key}.")

    write(table, "")
    return "\n".join(lines) + "\n"
