import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.errors import DataError, InkreadError, OutputError
from inkread.evaluate.digits import DigitsReport
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.metrics import expected_calibration_error
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import (
    Circumstances,
    digits_report,
    machine,
    pictures_report,
    read_curves,
    training_curves,
    write_report,
)
from inkread.models.registry import bundled, bundled_cards
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
    "writers",
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


def test_report_tells_how_errors_spread_over_writers_and_series(
    report: DigitsReport, circumstances: Circumstances
) -> None:
    hands = np.arange(200) // 20  # the first hand wrote letters only
    known = replace(report, writers=hands, series=hands % 2)
    data = json.loads(json.dumps(digits_report(known, circumstances), allow_nan=False))
    writers = data["writers"]
    assert writers["n"] == 9
    assert sum(writers["with_errors"]) == 9
    wrong = sum(errors * count for errors, count in enumerate(writers["with_errors"]))
    assert wrong == data["accuracy"]["n"] - data["accuracy"]["hits"]
    errors = [one["n"] - one["hits"] for one in writers["worst"]]
    assert errors == sorted(errors, reverse=True)
    assert sum(errors[: writers["with_half_of_errors"]]) >= wrong / 2
    assert {name: group["n"] for name, group in data["groups"].items()} == {"series:0": 80, "series:1": 100}


def test_curves_of_a_training_are_thinned_and_kept_in_the_report(
    report: DigitsReport, circumstances: Circumstances, tmp_path: Path
) -> None:
    path = tmp_path / "curves.jsonl"
    path.write_text("".join(f'{{"step": {step}, "loss": {1 / step}, "mnist": 99.5}}\n' for step in range(1, 501)))
    rows = read_curves(path)
    assert len(rows) == 60
    assert (rows[0], rows[-1]["step"]) == ({"step": 1, "loss": 1.0, "mnist": 99.5}, 500)
    data = digits_report(report, replace(circumstances, training=rows, trained="digit-1a2b3c"))
    assert (data["curves"]["training"], data["curves"]["trained"]) == (rows, "digit-1a2b3c")
    assert digits_report(report, circumstances)["curves"].get("training") is None


def test_curves_that_are_damaged_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "curves.jsonl"
    for row, why in (("{", "not JSON"), ('{"loss": 1}', "no row"), ('{"step": 1, "loss": "low"}', "no row")):
        path.write_text(f'{{"step": 1, "loss": 0.5}}\n{row}\n')
        with pytest.raises(DataError, match=f"line 2 is {why}"):
            read_curves(path)
    path.write_text('{"step": 1, "loss": NaN}\n')
    assert read_curves(path) == [{"step": 1}]
    with pytest.raises(DataError, match="cannot be read"):
        read_curves(tmp_path / "none.jsonl")


def test_curves_of_the_polish_follow_those_of_the_training(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "polish"):
        folder.mkdir(exist_ok=True)
        (folder / "curves.jsonl").write_text('{"step": 5, "loss": 2}\n{"step": 10, "loss": 1}\n')
    assert [row["step"] for row in read_curves(tmp_path / "curves.jsonl")] == [5, 10, 15, 20]
    (tmp_path / "curves.jsonl").write_text("")
    assert read_curves(tmp_path / "curves.jsonl") == []


def test_every_bundled_network_has_its_own_curves() -> None:
    # The writer model is measured, and not learned by steps.
    curves = [training_curves(card) for card in bundled_cards() if card.task != "writer"]
    assert all(curves)
    assert not any(one == another for place, one in enumerate(curves) for another in curves[:place])


def test_curves_are_found_beside_a_network_of_ones_own(tmp_path: Path) -> None:
    card = replace(bundled("digit"), name="digit-000000", path=tmp_path / "digit.onnx")
    assert training_curves(card) == []
    (tmp_path / "curves.jsonl").write_text('{"step": 4, "loss": 0.5}\n')
    assert training_curves(card) == [{"step": 4, "loss": 0.5}]


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
