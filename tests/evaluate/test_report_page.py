import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.errors import InkreadError, OutputError
from inkread.evaluate.digits import DigitsReport
from inkread.evaluate.gallery import digit_misses, picture_misses
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.pages import evaluate_pictures
from inkread.evaluate.report import Circumstances, digits_report, pictures_report
from inkread.evaluate.report_page import report_page, write_report_folder
from inkread.results import Classification

TRAINING = [
    {"step": 100, "loss": 1.5, "rate": 0.003, "mnist": 97.0, "usps": 90.0},
    {"step": 200, "loss": 0.5, "rate": 0.001, "mnist": 99.0, "usps": 93.0},
]


@pytest.fixture
def circumstances() -> Circumstances:
    return Circumstances(
        model={"digit": "digit-1a2b3c"},
        data={"name": "numbers", "split": "test"},
        command="inkread evaluate digit numbers --report <here>",
        date=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        training=TRAINING,
    )


def digits(labels: str, readings: str, *, confidence: float = 0.9, writers: list[int] | None = None) -> DigitsReport:
    """A report on crops, each read as its character with one confidence; letters are read as digits too."""
    probabilities = np.full((len(labels), 10), (1 - confidence) / 10, np.float32)
    probabilities[np.arange(len(labels)), [int(one) for one in readings]] = confidence
    return DigitsReport(
        labels=np.array(list(labels)),
        classification=Classification(
            probabilities=probabilities, not_a_digit=np.full(len(labels), (1 - confidence) / 10, np.float32)
        ),
        refusal_threshold=0.5,
        seconds=0.1,
        writers=None if writers is None else np.array(writers),
        series=None if writers is None else np.array(writers) % 2,
    )


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_page_of_digits_shows_every_part_and_fetches_nothing(circumstances: Circumstances) -> None:
    outcome = digits("0123456789774A", "0123456789114" + "4", writers=[1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3])
    images = np.full((14, 28, 28), 200, np.uint8)
    misses = list(digit_misses(outcome, images))
    page = report_page(digits_report(outcome, circumstances), misses=misses, worst=misses)
    assert headings(page) == [
        "Digit by digit",
        "Most confused pairs",
        "Confidence",
        "By category",
        "By writer",
        "What is no digit",
        "Training",
        "Worst mistakes",
    ]
    assert "<td>1 / 7</td><td>2</td><td>0</td><td>2</td>" in page
    assert "7 read as 1 (2)" in page
    assert "3 writers; 2 of them without a mistake. Half of all mistakes are on the hands of 1." in page
    assert "84.62 %" in page  # 11 of 13 digits
    assert "&lt;here&gt;" in page
    assert "<td>A</td><td>1</td><td>0.0 %</td>" in page
    assert page.count("<polyline") == 1 + 1 + 2  # coverage, loss, two validation sets
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import|<script", page)
    # Two sevens among the pairs, and with the letter among the worst.
    assert page.count('src="data:image/png') == 2 + 3


def test_classes_that_do_not_occur_are_named_and_divide_nothing(circumstances: Circumstances) -> None:
    page = report_page(digits_report(digits("0011", "0010"), circumstances))
    assert "Not in these data: 2, 3, 4, 5, 6, 7, 8, 9." in page
    assert "By writer" not in page
    assert "nan" not in page.lower().replace("transparency", "")


def test_page_of_letters_alone_has_no_figures_of_digits(circumstances: Circumstances) -> None:
    page = report_page(digits_report(digits("AB", "44"), circumstances))
    assert "none of these are digits" in page
    assert headings(page) == ["What is no digit", "Training"]


def test_page_without_mistakes_says_so(circumstances: Circumstances) -> None:
    page = report_page(digits_report(digits("0123", "0123"), circumstances))
    assert "None: everything was read rightly." in page
    assert "Most confused pairs" not in page


def test_page_of_pictures_shows_groups_writers_errors_and_the_surest_mistakes(
    document_of, circumstances: Circumstances
) -> None:
    samples = Samples(
        images=np.full((4, 20, 60), 230, np.uint8),
        labels=np.array(["12", "12", "7", "8"]),
        dark_ink=True,
        writers=np.array([5, 5, 6, 6]),
    )
    readings = iter([("12", 0.9), ("12", 0.9), ("13", 0.6), ("9", 0.8)])

    def read(source, region):
        reading = next(readings, None)
        if reading is None:
            raise InkreadError("too <dark>")
        return document_of([reading[0]], confidence=reading[1], width=60, height=20)

    outcomes = evaluate_pictures(read, pictures_of(samples, "numbers"))
    report = pictures_report(outcomes, circumstances, task="lines")
    worst = list(picture_misses(outcomes, surest=2))
    assert [miss.id for miss in worst] == ["numbers-00002", "numbers-00001"]
    page = report_page(report, worst=worst)
    assert headings(page) == [
        "Confidence",
        "By category",
        "By writer",
        "Could not be read",
        "Training",
        "Worst mistakes",
    ]
    assert "too &lt;dark&gt;" in page
    assert "character errors" in page
    assert report["writers"]["worst"][0]["writer"] == 6


def test_manifest_is_named_by_its_folder(circumstances: Circumstances) -> None:
    about = replace(circumstances, data={"name": "my/scans/manifest.jsonl", "split": None, "perturbation": "invert"})
    page = report_page(digits_report(digits("01", "01"), about))
    assert "<h1>Single digits: my/scans, invert</h1>" in page


def test_folder_holds_the_page_and_the_json(tmp_path: Path, circumstances: Circumstances) -> None:
    report = digits_report(digits("01", "01"), circumstances)
    page = write_report_folder(report, tmp_path / "new" / "report")
    assert sorted(entry.name for entry in page.parent.iterdir()) == ["report.html", "report.json"]
    assert json.loads((page.parent / "report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(report))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report_folder(report, tmp_path / "file")
