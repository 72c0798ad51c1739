"""The report: one JSON file that says what was measured, on what, with what, how and when.

Every report has the same keys, whatever the task: ``schema``, ``task``, ``model``, ``data``, ``n``, ``accuracy`` (with
its 95 % interval), ``per_class``, ``confusion``, ``groups``, ``writers``, ``refusal``, ``curves``, ``calibration``,
``speed``, ``command``, ``date`` and ``machine``; what a task does not have is null. Rates lie in [0, 1]. Nothing is
measured here, and no pixel is written: :mod:`inkread.evaluate.report_page` shows pictures.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.errors import DataError, OutputError
from inkread.evaluate.digits import DigitsReport
from inkread.evaluate.lines import answered
from inkread.evaluate.metrics import (
    coverage_curve,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_curve,
)
from inkread.evaluate.pages import PicturesReport
from inkread.models.registry import ModelCard, bundled_reports

__all__ = [
    "REPORT_SCHEMA",
    "Circumstances",
    "digits_report",
    "machine",
    "pictures_report",
    "read_curves",
    "training_curves",
    "write_report",
    "write_whole",
]

REPORT_SCHEMA = 1

# Rows of a training's curves that a report keeps: as many as a chart can show apart.
_CURVE_ROWS = 60
# What a figure may depend on.
_PACKAGES = ("inkread", "numpy", "onnxruntime", "opencv-python-headless", "pillow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a report says beside its figures.

    Attributes
    ----------
    model
        The models that read, by task.
    data
        The data set or the manifest, its split, what was done to its pictures.
    command
        What makes the report again.
    date
        When it was made, with its time zone.
    machine
        What :func:`machine` says of the machine that it was made on.
    training
        The curves of a network's training, as :func:`read_curves` gives them; empty where they are not known.
    trained
        The name of the network that those curves are of.
    """

    model: Mapping[str, str]
    data: Mapping[str, Any]
    command: str
    date: datetime
    machine: Mapping[str, Any] = field(default_factory=dict)
    training: Sequence[Mapping[str, float]] = ()
    trained: str = ""


def digits_report(report: DigitsReport, circumstances: Circumstances) -> dict[str, Any]:
    """The report on single characters; figures of digits are null where the data hold none."""
    refusal = report.refusal
    figures = report.per_class
    return _laid_out(
        "digit",
        circumstances,
        n=len(report.labels),
        accuracy=report.accuracy.to_dict(),
        per_class={str(digit): one.to_dict() for digit, one in enumerate(figures)},
        confusion=report.confusion.tolist(),
        groups={f"series:{one}": {"n": rate.count, "exact": rate.to_dict()} for one, rate in report.by_series.items()}
        or None,
        writers=report.by_writer.to_dict() if report.by_writer else None,
        refusal=refusal.to_dict() if refusal else None,
        **_confidence(report.confidence, report.correct),
        likelihood=(
            round(negative_log_likelihood(report.classification.probabilities[report.is_digit], report.truth), 6)
            if len(report.truth)
            else None
        ),
        speed={
            "seconds": round(report.seconds, 4),
            "crops_per_second": round(report.crops_per_second, 1),
        },
    )


def pictures_report(report: PicturesReport, circumstances: Circumstances, *, task: str) -> dict[str, Any]:
    """The report on lines or pages; ``accuracy`` is the share read exactly, ``groups`` holds all else."""
    figures = report.figures
    confidence, right = answered(report.outcomes)
    return _laid_out(
        task,
        circumstances,
        n=figures.n,
        accuracy=figures.exact.to_dict(),
        groups={"all": figures.to_dict(), **{name: group.to_dict() for name, group in report.groups.items()}},
        writers=report.by_writer.to_dict() if report.by_writer else None,
        errors={one.picture.id: one.error for one in report.outcomes if one.error is not None},
        **_confidence(confidence, right),
        speed={
            "seconds": round(sum(one.seconds for one in report.outcomes), 4),
            "median_seconds": round(report.median_seconds, 5),
            "mean_seconds": round(report.mean_seconds, 5),
            "given": _given(report),
        },
    )


def _given(report: PicturesReport) -> str:
    """Whether seconds hold opening and decoding."""
    way = report.presentation
    files = not way.as_array and way.perturb is None
    return "files" if files and all(isinstance(one.picture.source, Path) for one in report.outcomes) else "pixels"


def _confidence(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> dict[str, Any]:
    if not len(right):
        return {"curves": None, "calibration": None}
    curve = coverage_curve(confidence, right)
    return {
        "curves": {"coverage": curve.to_dict()},
        "calibration": {
            "n": len(right),
            "expected_calibration_error": round(expected_calibration_error(confidence, right), 6),
            "mean_confidence": round(float(np.mean(confidence)), 6),
            "accuracy": round(float(np.mean(right)), 6),
            "reliability": [part.to_dict() for part in reliability_curve(confidence, right)],
        },
    }


def _laid_out(task: str, circumstances: Circumstances, **figures: Any) -> dict[str, Any]:
    calibration = figures.get("calibration")
    if calibration is not None and "likelihood" in figures:
        calibration["negative_log_likelihood"] = figures["likelihood"]
    curves = dict(figures["curves"] or {})
    if circumstances.training:
        curves |= {"training": [dict(row) for row in circumstances.training], "trained": circumstances.trained}
    return {
        "schema": REPORT_SCHEMA,
        "task": task,
        "model": dict(circumstances.model),
        "data": dict(circumstances.data),
        "n": figures["n"],
        "accuracy": figures["accuracy"],
        "per_class": figures.get("per_class"),
        "confusion": figures.get("confusion"),
        "groups": figures.get("groups"),
        "writers": figures.get("writers"),
        "refusal": figures.get("refusal"),
        "errors": figures.get("errors"),
        "curves": curves or None,
        "calibration": calibration,
        "speed": figures["speed"],
        "command": circumstances.command,
        "date": circumstances.date.isoformat(timespec="seconds"),
        "machine": dict(circumstances.machine),
    }


def read_curves(path: Path) -> list[dict[str, float]]:
    """The rows of a ``curves.jsonl`` that a training wrote, thinned evenly to at most 60, the last one kept.

    Those of ``polish/curves.jsonl`` beside it, where there is one, follow; their steps are counted on.

    Raises
    ------
    DataError
        If it cannot be read, or a row is not a JSON object of numbers with a step.
    """
    rows = _curve_rows(path)
    polish = path.parent / "polish" / path.name
    if rows and polish.is_file():
        before = rows[-1]["step"]
        rows += [{**row, "step": row["step"] + before} for row in _curve_rows(polish)]
    keep = np.unique(np.linspace(0, max(0, len(rows) - 1), min(_CURVE_ROWS, len(rows))).round().astype(int))
    return [rows[place] for place in keep]


def _curve_rows(path: Path) -> list[dict[str, float]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the curves {path} cannot be read: {error}") from error
    rows: list[dict[str, float]] = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number} is not JSON: {error}") from error
        if not isinstance(row, dict) or "step" not in row or not all(isinstance(v, int | float) for v in row.values()):
            raise DataError(f"{path}, line {number} is no row of a training: {line[:80]!r}")
        # A loss that became infinite is no point of a chart, and JSON knows no such number.
        rows.append({k: v if k == "step" else float(f"{v:.5g}") for k, v in row.items() if math.isfinite(v)})
    return rows


def training_curves(card: ModelCard) -> list[dict[str, float]]:
    """The curves of a network's training: those of its bundled report, or the ``curves.jsonl`` beside its file.

    Empty where there are neither.
    """
    for report in bundled_reports():
        curves = report["curves"] or {}
        if curves.get("trained") == card.name:
            return list(curves["training"])
    beside = card.path.with_name("curves.jsonl")
    return read_curves(beside) if beside.is_file() else []


def machine() -> dict[str, Any]:
    """The processor, its cores that may be used, the system and the versions that a figure may depend on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": versions(_PACKAGES),
    }


def versions(packages: Sequence[str]) -> dict[str, str | None]:
    """The installed version of each package, None where it is not installed."""
    found: dict[str, str | None] = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # no such file outside Linux
    return platform.processor() or "unknown"


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Write a report as JSON, see :func:`write_whole`.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    write_whole(json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n", path)


def write_whole(text: str, path: Path) -> None:
    """Write a file whole or not at all: a reader never sees half of one, and a failed run leaves the old one.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise OutputError(f"the report cannot be written to {path}: {error.strerror or error}") from error
