"""The benchmarks run: each says what it takes, and those that need no peer measure a few made pictures."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest

from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.evaluate.pages import judge

WriteSet = Callable[[Path, int], Path]

SCRIPTS = (
    "ablation", "against_rapidocr", "batch", "circumstances", "clutter", "digits", "evidence", "explain",
    "line_heads", "lines", "pages", "reports", "serve", "speed", "strangers", "style", "writers",
)  # fmt: skip


def run(repository: Path, name: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(repository / "benchmarks" / f"{name}.py"), *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, env={**os.environ, **variables}
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_benchmark_says_what_it_does(repository: Path, name: str) -> None:
    done = run(repository, name, "--help")
    assert done.returncode == 0, done.stderr
    assert "--output" in done.stdout
    assert f"benchmarks/{name}.py" in done.stdout
    readme = (repository / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert f"benchmarks/{name}.py" in readme


def test_pages_are_compared_with_their_changes(repository: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    (tmp_path / "images").mkdir()
    rows = []
    for number, lines in enumerate((("12", "405"), ("77",))):
        options = PageOptions(width=300, height=220, lines=lines, hand=Hand(), wear=0.0, light=0.0, view=0.0)
        image, _ = compose_page(rng, options)
        cv2.imwrite(str(tmp_path / "images" / f"p{number}.png"), image.pixels[..., ::-1])
        rows.append(json.dumps({"id": f"p{number}", "lines": list(lines), "category": "multiline"}))
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    done = run(repository, "pages", tmp_path / "rows.jsonl", "--changes", "invert", "--output", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert list(written["reports"]) == ["files", "pixels", "invert"]
    assert [row["what"] for row in written["rows"]][-1] == "exact lost by invert"
    assert written["machine"]["packages"]["inkread"]
    assert written["reports"]["invert"]["data"]["perturbation"] == "invert"


def test_what_became_of_missed_lines_is_counted(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    lines = importlib.import_module("lines")
    read = {"147": "47", "12": "13", "5": "51", "8": "", "1234": "11", "90": "90"}
    outcomes = [SimpleNamespace(judgement=judge([truth], [reading])) for truth, reading in read.items()]
    report = SimpleNamespace(misses=[one for one in outcomes if not one.judgement.exact])
    assert lines.misses(report) == {
        "lines": 5,
        "one digit taken for another": 1,
        "one digit lost": 1,
        "one digit added": 1,
        "several faults": 1,
        "nothing read": 1,
        "most often": {"2 as 3": 1, "4 as 1": 1},
    }


def test_the_speed_of_a_line_needs_no_data(repository: Path, tmp_path: Path) -> None:
    done = run(repository, "lines", "--only", "speed", "--output", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["rows"]
    assert 0 < row["value"] < 1000
    assert row["met"] is (row["value"] <= row["bar"])


@pytest.mark.data
def test_lines_are_composed_of_digits_of_writers_held_out(repository: Path, tmp_path: Path, data_folder: Path) -> None:
    arguments = ("--development", "--only", "touching", "--limit", 20, "--output", tmp_path / "out.json")
    done = run(repository, "lines", *arguments, INKREAD_DATA=str(data_folder))
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["rows"]
    assert row["n"] == 20
    assert row["value"] > 0.5
    assert set(row["groups"]) == {"2 digits", "3 digits"}


@pytest.mark.data
def test_digits_are_compared_with_those_of_their_writer(repository: Path, data_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    done = run(repository, "writers", "--development", "--limit", 5, "--output", output, INKREAD_DATA=str(data_folder))
    assert done.returncode == 0, done.stderr
    rows = json.loads(output.read_text(encoding="utf-8"))["rows"]
    assert len(rows) == 6
    assert all(row["wrong"] == row["n"] - row["hits"] for row in rows)
    assert rows[-1]["wrong"] < rows[-2]["wrong"]


def test_circumstances_are_measured_on_the_same_hands(repository: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    names = (
        "a table",
        "a sheet on a table",
        "dates with slashes",
        "a circled digit before the number",
        "a wire along the edge",
    )
    errors = tmp_path / "errors"
    done = run(
        repository, "circumstances", "--pages", 2, "--only", *names, "--errors", errors, "--output", output
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = json.loads(output.read_text(encoding="utf-8"))
    assert [row["what"] for row in written["rows"]] == list(names)
    for row in written["rows"]:
        assert row["lines"] >= 2
        assert 0.5 <= row["value"] <= 1
        assert row["digits_missed"] < 0.2
    assert (errors / "a-table" / "index.html").exists()


@pytest.mark.data
def test_pages_in_the_hands_of_strangers_are_read(repository: Path, data_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    names = ("one line", "a word before each number", "words alone")
    done = run(
        repository, "strangers", "--pages", 3, "--only", *names, "--output", output, INKREAD_DATA=str(data_folder)
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    line, named, words = json.loads(output.read_text(encoding="utf-8"))["rows"]
    assert line["value"] > 0.6
    assert named["value"] > 0.5
    assert named["digits"] > line["lines"] == 3
    assert words["value"] < 3
    assert words["pages_right"]["n"] == 3
    elsewhere = run(repository, "strangers", "--output", output, INKREAD_DATA=str(tmp_path))
    assert elsewhere.returncode == 1
    assert "digilets_digits" in elsewhere.stderr


def test_false_digits_are_counted_on_made_pages(repository: Path, tmp_path: Path) -> None:
    done = run(repository, "clutter", "--pages", 2, "--alone", "--output", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert written["pages"] == 2 and written["look_around"] is False
    assert f"{written['false_digits_each']:.3f}" in done.stdout


def test_digits_are_measured_and_sets_that_are_missing_are_named(
    repository: Path, write_semeion: WriteSet, tmp_path: Path
) -> None:
    write_semeion(tmp_path, 20)
    done = run(
        repository, "digits", "--only", "semeion", "usps", "--output", tmp_path / "out.json", INKREAD_DATA=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "usps: not in the data folder" in done.stderr
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    found = {row["what"]: row for row in written["rows"]}
    assert found["semeion all, digits"]["n"] == 20
    assert found["semeion all, digits"]["value"] >= 0.8
    assert found["usps digits"]["met"] is None


def test_reports_of_the_package_are_written_with_their_training_and_without_pictures(
    repository: Path, write_semeion: WriteSet, tmp_path: Path
) -> None:
    write_semeion(tmp_path / "data", 20)
    (tmp_path / "curves.jsonl").write_text('{"step": 10, "loss": 1.5, "mnist": 90.0}\n')
    stale = tmp_path / "reports" / "02-digit-usps.json"
    stale.parent.mkdir()
    stale.write_text('{"model": {"digit": "digit-000000"}}')
    arguments = ("--only", "usps", "semeion", "--digit-curves", tmp_path / "curves.jsonl", "--output", stale.parent)
    done = run(repository, "reports", *arguments, INKREAD_DATA=str(tmp_path / "data"))
    assert done.returncode == 1, done.stderr  # one set is not there
    assert "usps" in done.stderr
    (path,) = stale.parent.iterdir()  # a report of another network does not stay
    written = json.loads(path.read_text(encoding="utf-8"))
    assert (written["task"], written["n"], written["data"]["name"]) == ("digit", 20, "semeion")
    assert path.stat().st_size < 20_000
    lost = run(repository, "reports", "--digit-curves", tmp_path / "none.jsonl", "--output", stale.parent)
    assert lost.returncode != 0
    assert "cannot be read" in lost.stderr


@pytest.fixture
def ablation(repository: Path) -> ModuleType:
    return loaded(repository / "benchmarks" / "ablation.py")


def test_every_part_of_the_recipe_is_left_out_alone(ablation: ModuleType) -> None:
    whole = ablation.PARTS[ablation.WHOLE]
    recipes = list(ablation.PARTS.values())
    assert all(recipe != whole for recipe in recipes[1:])
    assert len({repr(recipe) for recipe in recipes}) == len(recipes)


def test_a_part_brings_what_is_lost_without_it(ablation: ModuleType) -> None:
    rows = [{"part": ablation.WHOLE, "seed": seed, "usps": 95.0 + seed} for seed in (1, 2, 3)]
    rows += [{"part": "rotation", "seed": seed, "usps": 93.0 + seed + 0.01 * seed} for seed in (1, 2, 3)]
    rows += [{"part": "shear", "seed": seed, "usps": 95.0 + seed + (-1) ** seed} for seed in (1, 2, 3)]
    text = "\n".join(ablation.page(rows, "here"))
    assert "| *the whole recipe* | 97.00 % |" in text
    assert "| rotation | **+1.98** (+1.96 to +2.00) |" in text
    assert "| shear | +0.33 (" in text  # what the seeds do not agree on is no claim
    assert ablation.gain([2.0, 2.0]) == "+2.00"  # nor is what two seeds say


def test_trainings_of_another_length_are_not_mixed(repository: Path, ablation: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "ablation.json"
    rows = [{"part": part, "seed": 1, "mnist": 99.0} for part in (ablation.WHOLE, "shear")]
    path.write_text(json.dumps({"samples": 500, "rows": rows}))
    arguments = ("--only", "shear", "--seeds", "1", "--output", path, "--table", tmp_path / "table.md")
    done = run(repository, "ablation", *arguments, "--samples", "400", INKREAD_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "take --samples 500" in done.stderr
    # Everything was trained before: only the table is written.
    done = run(repository, "ablation", *arguments, "--samples", "500", INKREAD_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "| shear | +0.00 |" in (tmp_path / "table.md").read_text(encoding="utf-8")


@pytest.fixture
def peer(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The other reader's program, without the other reader."""
    monkeypatch.setitem(sys.modules, "rapidocr", SimpleNamespace(RapidOCR=None))
    return loaded(repository / "benchmarks" / "peers" / "rapidocr_reader.py")


def loaded(place: Path) -> ModuleType:
    """The program as a module."""
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_boxes_of_the_peer_are_put_in_reading_order(peer: ModuleType) -> None:
    def box(x: float, y: float) -> list[tuple[float, float]]:
        return [(x, y), (x + 30, y), (x + 30, y + 20), (x, y + 20)]

    found = SimpleNamespace(
        txts=("34", "12", "words", "56"), boxes=np.array([box(100, 12), box(10, 10), box(10, 100), box(10, 60)])
    )
    assert peer.lines_of(found) == ["1234", "56"]
    assert peer.lines_of(SimpleNamespace(txts=None, boxes=None)) == []


def test_evidence_is_held_against_its_bars(repository: Path, tmp_path: Path) -> None:
    def rate(value: float) -> dict[str, object]:
        return {"value": value, "interval": [value - 0.01, value + 0.01], "hits": round(1000 * value), "n": 1000}

    about = {"date": "2026-11-20T10:00:00+00:00", "machine": {"processor": "a chip", "cores": 2, "packages": {}}}
    rows = [
        {"name": "rbf-svm", "accuracy": rate(0.985), "seconds": 600.0},
        {"name": "lenet5", "accuracy": rate(0.9), "seconds": 60.0},
    ]
    compare = {**about, "data": {"name": "mnist", "train": 60_000, "test": 10_000}, "algorithms": rows}
    found = {name: rate(value) for name, value in (("clean", 0.98), ("strongest", 0.9), ("certified", 0.88))}
    robustness = {
        **about,
        "corruptions": {"digit-1a2b3c": {"mean": {"value": 0.9}}, "LeNet-5": {"mean": {"value": 0.7}}},
        "proven": {
            "digit-1a2b3c": {"0": rate(0.99), "0.3": rate(0.0)},
            "digit-robust-ff": {"0": rate(0.98), "0.3": rate(0.87)},
        },
        "adversarial": {"digit-robust-ff": {"0.3": {**found, "contradictions": 0}}},
    }
    (tmp_path / "compare.json").write_text(json.dumps(compare))
    (tmp_path / "robustness.json").write_text(json.dumps(robustness))
    files = ("--compare", tmp_path / "compare.json", "--robustness", tmp_path / "robustness.json")
    done = run(repository, "evidence", *files, "--output", tmp_path / "out" / "evidence.json", "--check")
    assert done.returncode == 1, done.stderr  # MNIST-C misses its bar
    files = ("--robustness", tmp_path / "robustness.json", "--proven", tmp_path / "out" / "robustness.json")
    apart = run(repository, "evidence", *files, "--output", tmp_path / "apart" / "evidence.json")
    assert apart.returncode == 0, apart.stderr
    assert len(json.loads((tmp_path / "apart" / "evidence.json").read_text(encoding="utf-8"))["rows"]) == 4
    assert (tmp_path / "apart" / "robustness_proven.json").is_file()
    written = json.loads((tmp_path / "out" / "evidence.json").read_text(encoding="utf-8"))
    met = {row["what"]: row["met"] for row in written["rows"]}
    assert met == {
        "MNIST test, rbf-svm": True,
        "MNIST-C, mean of 15 kinds, digit-1a2b3c": False,
        "digit-robust-ff, MNIST test, unchanged": True,
        "digit-robust-ff, MNIST test, certified at 0.3": True,
        "digit-robust-ff, attacks at 0.3 lie between certified and unchanged": True,
    }  # the minutes are of all algorithms or of none
    assert json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8")) == compare
    nothing = run(repository, "evidence", "--compare", tmp_path / "none.json", "--output", tmp_path / "out.json")
    assert nothing.returncode == 1
    assert "none.json" in nothing.stderr
