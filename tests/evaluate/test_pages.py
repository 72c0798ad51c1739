import json
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import CorruptSource, DataError, InvalidOption
from inkread.evaluate.metrics import edit_distance
from inkread.evaluate.pages import (
    GroupFigures,
    LabeledPicture,
    PictureOutcome,
    Presentation,
    evaluate_manifest,
    evaluate_pictures,
    judge,
    read_manifest,
)
from inkread.evaluate.perturb import perturbation

numbers = st.text(alphabet="0123 .-a", max_size=6)


def manifest(folder: Path, *rows: dict) -> Path:
    """A manifest of ``rows`` with a white picture for each, whose blue channel holds the number of its row."""
    (folder / "images").mkdir(exist_ok=True)
    for number, row in enumerate(rows):
        pixels = np.full((40, 60, 3), 255, np.uint8)
        pixels[:, :, 0] = number  # OpenCV writes BGR
        cv2.imwrite(str(folder / "images" / row.setdefault("file", f"p{number}.png")), pixels)
        row.setdefault("id", f"p{number}")
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    return path


# --- judging one reading


def test_gaps_and_marks_do_not_count_but_line_breaks_do_for_lines() -> None:
    assert judge(["12.50 - 7"], ["1250 7"]).exact
    joined = judge(["12", "34"], ["1234"])
    assert (joined.exact, joined.lines_right) == (True, False)
    assert judge(["12", "abc", "34"], ["12", "34"]).lines_right  # a line without digits is no line


def test_digits_of_other_scripts_are_not_digits() -> None:
    assert judge(["٣"], ["3"]).want == ()


@given(st.lists(numbers, max_size=4), st.lists(numbers, max_size=4))
def test_judgement_equals_a_count_by_hand(want: list[str], got: list[str]) -> None:
    wanted = "".join(c for line in want for c in line if c in "0123456789")
    read = "".join(c for line in got for c in line if c in "0123456789")
    ordered, unordered = judge(want, got), judge(want, got, unordered=True)
    assert ordered.exact == (wanted == read)
    assert ordered.distance == edit_distance(wanted, read)
    assert unordered.exact == unordered.lines_right == (sorted(wanted) == sorted(read))
    assert ordered.hits == unordered.hits == sum(min(wanted.count(c), read.count(c)) for c in set(wanted))
    # The least edit distance over all orders of the digits read.
    surplus = Counter(read)
    surplus.subtract(Counter(wanted))
    missing = -sum(v for v in surplus.values() if v < 0)
    extra = sum(v for v in surplus.values() if v > 0)
    assert unordered.distance == max(missing, extra)


def test_order_counts_only_where_there_is_one() -> None:
    assert not judge(["123"], ["321"]).exact
    assert judge(["123"], ["32", "1"], unordered=True).exact


# --- a whole manifest


def test_report_counts_every_figure(tmp_path: Path, document_of) -> None:
    path = manifest(
        tmp_path,
        {"lines": ["1234"], "category": "line", "polarity": "dark-on-light"},
        {"lines": ["12", "34"], "category": "multiline", "polarity": "dark-on-light"},
        {"lines": [], "category": "negative", "polarity": "light-on-dark"},
        {"lines": [], "category": "negative", "polarity": "light-on-dark"},
        {"lines": ["987"], "category": "line", "unordered": True},
    )
    readings = {"p0": ["1235"], "p1": ["1234"], "p2": [], "p3": ["4 4", "4"], "p4": ["7 8 9"]}
    report = evaluate_manifest(lambda source, region: document_of(readings[source.stem]), path)

    everything = report.figures
    assert (everything.n, everything.errors) == (5, 0)
    assert everything.exact.hits == 3
    assert everything.lines.hits == 2
    assert everything.cer == pytest.approx((1 + 0 + 0 + 3 + 0) / 11)
    assert everything.f1 == pytest.approx(2 * (3 + 4 + 0 + 0 + 3) / (11 + 14))
    assert (everything.empty, everything.false_digits, everything.false_digits_each) == (2, 3, 1.5)

    assert list(report.groups) == ["line", "multiline", "negative", "polarity:dark-on-light", "polarity:light-on-dark"]
    assert report.groups["line"].exact.value == 0.5
    negative = report.groups["negative"]
    assert (negative.exact.hits, negative.cer, negative.f1, negative.false_digits) == (1, None, None, 3)
    assert [miss.picture.id for miss in report.misses] == ["p0", "p3"]
    assert report.models == {"digit": "digit-000000"}


def test_files_are_handed_over_with_their_region(tmp_path: Path, document_of) -> None:
    path = manifest(tmp_path, {"lines": ["1"], "region": [10, 5, 50, 30]})
    seen = []

    def read(source, region):
        seen.append((source, region))
        return document_of(["1"])

    evaluate_manifest(read, path)
    assert seen == [(tmp_path / "images" / "p0.png", (10, 5, 50, 30))] * 2  # once to load, once to count


def test_arrays_are_cropped_to_the_region_and_perturbed(tmp_path: Path, document_of) -> None:
    path = manifest(tmp_path, {"lines": ["1"]}, {"lines": ["1"], "region": [-10, 5, 50, 300]})
    seen = []

    def read(source, region):
        assert region is None
        seen.append(source)
        return document_of(["1"])

    report = evaluate_manifest(read, path, presentation=Presentation(as_array=True))
    assert [array.shape for array in seen] == [(40, 60, 3), (40, 60, 3), (35, 50, 3)]
    assert seen[2][0, 0].tolist() == [255, 255, 1]
    seen.clear()
    evaluate_manifest(read, path, presentation=Presentation(perturb=perturbation("scale:0.5")))
    assert [array.shape for array in seen] == [(20, 30, 3), (20, 30, 3), (18, 25, 3)]
    assert report.figures.exact.hits == 2


def test_picture_that_cannot_be_read_is_counted_and_hides_no_other(tmp_path: Path, document_of) -> None:
    path = manifest(tmp_path, {"lines": ["1"]}, {"lines": ["22"]}, {"lines": []}, {"lines": ["4"]})

    def read(source, region):
        if source.stem == "p1":
            raise CorruptSource("the picture ends early")
        if source.stem == "p2":
            raise ZeroDivisionError("a bug of the reader")
        return document_of(["1" if source.stem == "p0" else "4"])

    report = evaluate_manifest(read, path)
    assert [outcome.error for outcome in report.outcomes] == [
        None,
        "CorruptSource: the picture ends early",
        "ZeroDivisionError: a bug of the reader",
        None,
    ]
    # The picture without numbers was not read as empty: it was not read.
    assert (report.figures.errors, report.figures.exact.hits, report.figures.lines.hits) == (2, 2, 2)
    assert report.figures.cer == pytest.approx(2 / 4)


def test_missing_picture_is_an_error_of_that_picture(tmp_path: Path, document_of) -> None:
    path = manifest(tmp_path, {"lines": ["1"]}, {"lines": ["2"]})
    (tmp_path / "images" / "p1.png").unlink()
    report = evaluate_manifest(
        lambda source, region: document_of(["1"]), path, presentation=Presentation(as_array=True)
    )
    assert report.outcomes[0].error is None
    assert report.outcomes[1].error is not None
    assert report.outcomes[1].error.startswith("SourceNotFound")


def test_seconds_hold_reading_and_not_decoding(tmp_path: Path, document_of) -> None:
    path = manifest(tmp_path, {"lines": ["1"]})
    image = cv2.imread(str(tmp_path / "images" / "p0.png"))
    cv2.imwrite(str(tmp_path / "images" / "p0.png"), cv2.resize(image, (3000, 3000)))
    began = time.perf_counter()
    report = evaluate_manifest(
        lambda source, region: document_of(["1"]), path, presentation=Presentation(as_array=True)
    )
    # Nine megapixels take far longer to decode than nothing takes to be read, on however busy a machine.
    assert report.median_seconds == report.mean_seconds < (time.perf_counter() - began) / 10


def test_outcomes_are_reported_as_they_come(document_of) -> None:
    pictures = [LabeledPicture(id=str(n), source=np.full((9, 9), n, np.uint8), lines=("1",)) for n in range(3)]
    seen: list[str] = []
    evaluate_pictures(
        lambda *_: document_of(["1"]), pictures, on_outcome=lambda outcome: seen.append(outcome.picture.id)
    )
    assert seen == ["0", "1", "2"]


def test_evaluating_nothing_is_refused(document_of) -> None:
    with pytest.raises(InvalidOption, match="no picture"):
        evaluate_pictures(lambda *_: document_of([]), [])


def test_confidence_of_a_picture_is_that_of_all_its_lines(document_of) -> None:
    picture = LabeledPicture(id="a", source=np.zeros((9, 9), np.uint8), lines=("1", "2"))

    def outcome(lines: list[str]) -> PictureOutcome:
        return evaluate_pictures(lambda *_: document_of(lines, confidence=0.9), [picture]).outcomes[0]

    assert outcome(["1", "2"]).confidence == pytest.approx(0.81)
    assert outcome([]).confidence is None


def test_figures_of_no_outcome_are_none_and_not_zero() -> None:
    figures = GroupFigures.of([])
    assert (figures.exact.value, figures.cer, figures.f1, figures.false_digits_each) == (None, None, None, None)


def test_outcome_as_a_row_is_json(tmp_path: Path, document_of) -> None:
    path = manifest(tmp_path, {"lines": ["12"], "category": "single"})
    row = json.loads(json.dumps(evaluate_manifest(lambda *_: document_of(["12"]), path).outcomes[0].to_dict()))
    assert (row["id"], row["category"], row["want"], row["got"], row["exact"]) == ("p0", "single", ["12"], ["12"], True)


# --- reading a manifest


def test_manifest_row_is_read_whole(tmp_path: Path) -> None:
    row = {
        "id": "x1",
        "lines": ["1 2", "3"],
        "unordered": True,
        "region": [0, 1, 2.5, 3],
        "category": "form",
        "medium": "scan",
        "polarity": "mixed",
        "difficulty": "hard",
    }
    (picture,) = read_manifest(manifest(tmp_path, row))
    assert (picture.id, picture.lines, picture.unordered) == ("x1", ("1 2", "3"), True)
    assert picture.region == (0, 1, 2.5, 3)
    assert picture.groups == ("form", "polarity:mixed", "difficulty:hard", "medium:scan")


def test_picture_is_found_by_its_id_without_a_suffix(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"lines": ["1"]})
    path.write_text(json.dumps({"id": "p0", "lines": ["1"]}))
    (picture,) = read_manifest(path)
    assert picture.source == tmp_path / "images" / "p0.png"
    assert picture.groups == ("?",)


def test_images_beside_the_manifest_or_in_a_folder_of_their_own_are_found(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "p.png").write_bytes(b"")
    (elsewhere / "p.png").write_bytes(b"")
    path = tmp_path / "rows.jsonl"
    path.write_text('{"file": "p.png", "lines": []}')
    assert read_manifest(path)[0].source == tmp_path / "p.png"
    assert read_manifest(path, images=elsewhere)[0].source == elsewhere / "p.png"


def test_limit_takes_the_first_rows(tmp_path: Path) -> None:
    path = manifest(tmp_path, *({"lines": [str(n)]} for n in range(5)))
    assert [picture.lines for picture in read_manifest(path, limit=2)] == [("0",), ("1",)]
    with pytest.raises(InvalidOption, match="at least 1"):
        read_manifest(path, limit=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no rows"),
        ('{"id": "a", "lines": ["1"]}\n{"id": ', "line 2 is not JSON"),
        ("[1]", "line 1 is not a JSON object"),
        ('{"lines": ["1"]}', "names no picture"),
        ('{"id": "a"}', "'lines' is a list of strings"),
        ('{"id": "a", "lines": "12"}', "'lines' is a list of strings"),
        ('{"id": "a", "lines": [12]}', "'lines' is a list of strings"),
        ('{"id": "a", "lines": [], "region": [1, 2, 3]}', "'region' is"),
        ('{"id": "a", "lines": [], "region": ["1", 2, 3, 4]}', "'region' is"),
    ],
)
def test_damaged_manifest_is_refused_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_manifest(path)


def test_missing_manifest_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path / "none.jsonl")
    path = manifest(tmp_path, {"lines": ["1"]})
    with pytest.raises(DataError, match="--images"):
        read_manifest(path, images=tmp_path / "none")
