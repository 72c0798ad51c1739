"""The command says what it needs."""

from __future__ import annotations

from typer.testing import CliRunner

from inkread.cli import app
from inkread.errors import DataError, InvalidOption


def run(monkeypatch, folder, *words):
    monkeypatch.setenv("INKREAD_DATA", str(folder))
    return CliRunner().invoke(app, ["evaluate", "across", *map(str, words)])


def test_without_sets_it_says_how_many_are_needed(monkeypatch, tmp_path):
    result = run(monkeypatch, tmp_path, "--output", tmp_path / "out")
    assert isinstance(result.exception, DataError)
    assert "at least two" in result.exception.message


def test_wrong_use_is_named(monkeypatch, tmp_path):
    result = run(monkeypatch, tmp_path, "--set", "mnist", "--set", "minst", "--output", tmp_path / "out")
    assert isinstance(result.exception, InvalidOption | DataError)
    assert run(monkeypatch, tmp_path, "--samples", "5").exit_code == 2
    assert run(monkeypatch, tmp_path, "--format", "csv").exit_code == 2


def test_help_shows_an_example(monkeypatch, tmp_path):
    assert "inkread evaluate across --set mnist" in run(monkeypatch, tmp_path, "--help").stdout
