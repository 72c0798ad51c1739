import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.errors import InkreadError, OutputError
from inkread.evaluate.digits import DigitsReport
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.metrics import expected_calibration_error
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import Circumstances, digits_report, machine, pictures_report, write_report
from inkread.results import Classification

KEYS = [
    "schema",
    "task",
    "model",
    "data",
    "n",
    "accuracy",
    "per_class",
    "confusion",
    "groups",
    "refusal",
    "errors",
    "curves",
    "calibration",
    "speed",
    "command",
    "date",
    "machine",
]


@pytest.fixture
def circumstances() -> Circumstances:
    return Circumstances(
        model={"digit": "digit-1a2b3c"},
        data={"name": "numbers", "split": "val"},
        command="inkread evaluate digit numbers --split val",
        date=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        machine=machine(),
    )


@pytest.fixture
def report(rng: np.random.Generator) -> DigitsReport:
    truth = rng.integers(0, 10, 200)
    logits = rng.normal(size=(200, 11))
    logits[np.arange(200), truth] += 3
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = truth.astype(str)
    labels[:20] = "A"
    return DigitsReport(
        labels=labels,
        classification=Classification(
            probabilities=shares[:, :10].astype(np.float32), not_a_digit=shares[:, 10].astype(np.float32)
        ),
        refusal_threshold=0.8,
        seconds=0.1,
    )


def test_report_of_digits_holds_every_figure(report: DigitsReport, circumstances: Circumstances) -> None:
    data = json.loads(json.dumps(digits_report(report, circumstances), allow_nan=False))
    assert list(data) == KEYS
    assert (data["task"], data["n"], data["accuracy"]["n"]) == ("digit", 200, 180)
    low, high = data["accuracy"]["interval"]
    assert low < data["accuracy"]["value"] < high
    assert np.trace(data["confusion"]) == data["accuracy"]["hits"]
    assert sum(one["support"] for one in data["per_class"].values()) == 180
    assert data["refusal"]["others_refused"]["n"] == 20
    calibration = data["calibration"]
    assert calibration["expected_calibration_error"] == pytest.approx(
        expected_calibration_error(report.confidence, report.correct), abs=1e-6
    )
    assert sum(part["n"] for part in calibration["reliability"]) == 180
    assert calibration["negative_log_likelihood"] > 0
    assert data["curves"]["coverage"]["coverage"][-1] == 1.0
    assert data["curves"]["coverage"]["error"][-1] == pytest.approx(1 - data["accuracy"]["value"], abs=1e-6)
    assert data["speed"]["crops_per_second"] == 2000
    assert data["date"] == "2026-11-20T09:30:00+00:00"
    assert data["machine"]["packages"]["numpy"] == np.__version__


def test_report_of_letters_alone_has_no_figures_of_digits(report: DigitsReport, circumstances: Circumstances) -> None:
    letters = DigitsReport(
        labels=np.full(200, "A"), classification=report.classification, refusal_threshold=0.8, seconds=1.0
    )
    data = digits_report(letters, circumstances)
    assert (data["accuracy"]["value"], data["curves"], data["calibration"]) == (None, None, None)
    assert data["refusal"]["others_refused"]["n"] == 200


def test_report_of_pictures_holds_groups_errors_and_calibration(document_of, circumstances: Circumstances) -> None:
    crops = Samples(images=np.zeros((4, 5, 9), np.uint8), labels=np.array(["12", "12", "7", "8"]), dark_ink=True)
    readings = iter(["12", "12", "13", "7"])

    def read(source, region):
        reading = next(readings, None)
        if reading is None:
            raise InkreadError("too dark")
        return document_of([reading], confidence=0.8)

    outcomes = evaluate_pictures(read, pictures_of(crops, "numbers"))
    data = json.loads(json.dumps(pictures_report(outcomes, circumstances, task="lines"), allow_nan=False))
    assert list(data) == KEYS
    assert data["accuracy"]["value"] == 0.5
    assert list(data["groups"]) == ["all", "1 digits", "2 digits"]
    assert data["groups"]["2 digits"]["exact"]["hits"] == 1
    assert data["errors"] == {"numbers-00003": "InkreadError: too dark"}
    assert data["calibration"]["n"] == 3
    assert data["calibration"]["mean_confidence"] == pytest.approx(0.8)
    assert data["speed"]["given"] == "pixels"
    assert (data["per_class"], data["confusion"], data["refusal"]) == (None, None, None)


def test_report_is_written_whole_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    write_report({"n": 1}, path)
    write_report({"n": 2, "name": "Zürich"}, path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"n": 2, "name": "Zürich"}
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_report_with_a_number_that_is_none_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_report({"n": 1}, path)
    with pytest.raises(ValueError, match="JSON"):
        write_report({"n": float("nan")}, path)
    assert json.loads(path.read_text()) == {"n": 1}


def test_place_that_cannot_be_written_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report({"n": 1}, tmp_path / "file" / "report.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_report({"n": 1}, tmp_path / "folder")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def test_machine_says_what_a_figure_may_depend_on() -> None:
    known = machine()
    assert known["processor"]
    assert known["cores"] >= 1
    assert known["packages"]["inkread"]
