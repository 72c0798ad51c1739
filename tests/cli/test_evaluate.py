"""The command is run over small pictures of our own making, with the bundled network."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from inkread.cli.evaluate import app
from inkread.data.synth import Hand, PageOptions, compose_page, draw_glyph
from inkread.errors import DataError, InkreadError

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def invoke(*arguments: object) -> Result:
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr("sys.argv", ["inkread", "evaluate", *words])
        return CliRunner().invoke(app, words)

    return invoke


def write_manifest(folder: Path, rows: list[tuple[str, np.ndarray, list[str], str]]) -> Path:
    (folder / "images").mkdir(parents=True)
    lines = []
    for name, pixels, truth, category in rows:
        cv2.imwrite(str(folder / "images" / f"{name}.png"), pixels)
        lines.append(json.dumps({"id": name, "lines": truth, "category": category, "polarity": "dark-on-light"}))
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty clean digits and four letters."""
    rng = np.random.default_rng(5)
    rows = []
    for place, character in enumerate("0123456789" * 3 + "ABEX"):
        ink = draw_glyph(character, Hand(), rng, height=40)
        crop = np.pad((235 - 200 * ink).astype(np.uint8), 6, constant_values=235)
        rows.append((f"c{place:02d}", crop, [character], "single"))
    return write_manifest(tmp_path_factory.mktemp("digits"), rows)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lines, a page of three lines, a page without numbers."""
    rng = np.random.default_rng(6)
    wanted = {
        "line0": ("line", ("4207",)),
        "line1": ("line", ("13 86",)),
        "page0": ("multiline", ("120", "459", "73")),
        "none0": ("negative", None),
    }
    rows = []
    for name, (category, lines) in wanted.items():
        layout = {"line": "line", "multiline": "lines", "negative": "nothing"}[category]
        options = PageOptions(
            width=480, height=120 if category == "line" else 360, layout=layout, lines=lines, hand=Hand(),
            wear=0.0, light=0.1, camera=0.1, view=0.0,
        )  # fmt: skip
        image, truth = compose_page(rng, options)
        rows.append((name, image.pixels[..., ::-1], [line.text for line in truth.lines()], category))
    return write_manifest(tmp_path_factory.mktemp("pages"), rows)


def test_digits_are_measured_and_the_report_is_what_is_printed(run: Run, digits: Path, tmp_path: Path) -> None:
    result = run("digit", digits, "--format", "json", "--report", tmp_path / "report.json")
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert printed == json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (printed["task"], printed["n"], printed["accuracy"]["n"]) == ("digit", 34, 30)
    assert printed["accuracy"]["value"] >= 0.9
    assert printed["refusal"]["others_refused"]["n"] == 4
    assert printed["command"] == f"inkread evaluate digit {digits} --format json --report {tmp_path / 'report.json'}"
    assert printed["model"]["digit"].startswith("digit-")


def test_report_is_a_page_beside_its_json(run: Run, digits: Path, pages: Path, tmp_path: Path) -> None:
    for command, data in (("digit", digits), ("lines", pages), ("pages", pages)):
        result = run(command, data, "--report", tmp_path / command)
        assert result.exit_code == 0
        assert f"report written to {tmp_path / command / 'report.html'}" in result.stderr
        report = json.loads((tmp_path / command / "report.json").read_text(encoding="utf-8"))
        page = (tmp_path / command / "report.html").read_text(encoding="utf-8")
        assert report["task"].startswith(command)
        assert f"of {report['accuracy']['n']}; 95 % Wilson interval" in page


def test_table_names_every_digit_and_the_refusals(run: Run, digits: Path) -> None:
    result = run("digit", digits, "--refusal-threshold", "0.5")
    assert result.exit_code == 0
    assert "accuracy" in result.stdout
    assert "refused where P(some digit) < 0.5000" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [row[0] for row in rows if row and row[0] in "0123456789"] == list("0123456789")


def test_pages_are_measured_by_category(run: Run, pages: Path) -> None:
    result = run("pages", pages, "--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["task"], report["n"], report["accuracy"]["n"]) == ("pages", 4, 4)
    assert list(report["groups"]) == ["all", "line", "multiline", "negative", "polarity:dark-on-light"]
    assert report["groups"]["all"]["f1"] >= 0.6
    assert report["speed"]["given"] == "files"
    table = run("pages", pages)
    assert table.exit_code == 0
    assert "multiline" in table.stdout
    assert "seconds a picture" in table.stdout


def test_lines_are_read_as_lines(run: Run, pages: Path) -> None:
    result = run("lines", pages, "--limit", 2, "--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["task"], report["n"], report["data"]["of"]) == ("lines", 2, 4)


def test_perturbation_is_applied_and_named_in_the_report(run: Run, pages: Path, digits: Path) -> None:
    for command, manifest in (("pages", pages), ("digit", digits)):
        result = run(command, manifest, "--perturb", "rotate:-7", "--limit", 2, "--format", "json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["data"]["perturbation"] == "rotate:-7"


def test_misses_are_shown(run: Run, pages: Path, digits: Path, tmp_path: Path) -> None:
    result = run("pages", pages, "--perturb", "scale:0.05", "--errors", tmp_path / "pages")
    assert result.exit_code == 0
    assert "misses shown in" in result.stderr
    assert "line0" in (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    outcomes = (tmp_path / "pages" / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["id"] for row in outcomes] == ["line0", "line1", "page0", "none0"]
    result = run("digit", digits, "--refusal-threshold", 1, "--errors", tmp_path / "digits")
    assert result.exit_code == 0
    assert "digits refused" in (tmp_path / "digits" / "index.html").read_text(encoding="utf-8")


def test_picture_that_fails_is_named_and_the_others_are_still_measured(run: Run, pages: Path, tmp_path: Path) -> None:
    rows = [*pages.read_text().splitlines(), json.dumps({"id": "lost", "lines": ["1"]})]
    manifest = tmp_path / "rows.jsonl"
    manifest.write_text("\n".join(rows))
    result = run("pages", manifest, "--images", pages.parent / "images", "--format", "json")
    assert result.exit_code == 1
    assert "inkread: lost: SourceNotFound" in result.stderr
    report = json.loads(result.stdout)
    assert (report["n"], report["groups"]["all"]["errors"]) == (5, 1)


def test_own_model_is_used(run: Run, digits: Path, tmp_path: Path) -> None:
    from inkread.models.registry import bundled

    card = bundled("digit")
    (tmp_path / "mine.onnx").write_bytes(card.read_bytes())
    alphabet = json.dumps(list(card.alphabet))
    (tmp_path / "mine.toml").write_text(
        f'name = "digit-mine00"\ntask = "digit"\nfile = "mine.onnx"\nsha256 = "{card.sha256}"\n'
        f"alphabet = {alphabet}\ntemperature = 1.0\nrefusal_threshold = 0.75\n"
    )
    result = run("digit", digits, "--model", tmp_path / "mine.toml", "--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["model"]["digit"] == "digit-mine00"
    assert report["refusal"]["threshold"] == 0.75


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pages", "x.jsonl", "--perturb", "melt:3"], "unknown perturbation 'melt'"),
        (["pages", "x.jsonl", "--perturb", "rotate:x"], "rotate needs degrees"),
        (["pages", "x.jsonl", "--format", "jsn"], "did you mean 'json'"),
        (["pages", "x.jsonl", "--limit", "0"], "--limit"),
        (["digit", "mnist", "--refusal-threshold", "2"], "--refusal-threshold"),
        (["pages"], "DATA"),
    ],
)
def test_wrong_use_is_refused_with_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_unknown_data_raise_our_error(run: Run) -> None:
    result = run("pages", "no-such-set")
    assert isinstance(result.exception, DataError)
    assert "neither a manifest nor a data set" in result.exception.message


def test_report_that_cannot_be_written_raises_our_error(run: Run, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("digit", digits, "--limit", 1, "--report", tmp_path / "file")
    assert isinstance(result.exception, InkreadError)
    assert "cannot be written" in result.exception.message


@pytest.mark.parametrize("command", ["digit", "lines", "pages"])
def test_help_shows_an_example(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"inkread evaluate {command}" in result.stdout
