"""`inkread search`: what can be told without hours of training."""

from __future__ import annotations


def test_help_shows_budgets_and_an_example(inkread):
    done = inkread("search", "digit", "--help")
    assert done.returncode == 0
    assert "inkread search digit --minutes 120" in done.stdout
    assert all(option in done.stdout for option in ("--trials", "--minutes", "--parameters", "--samples", "--seed"))


def test_missing_data_are_named_before_anything_is_trained(inkread, tmp_path):
    (tmp_path / "data").mkdir()
    done = inkread("search", "digit", "--output", "search", env={"INKREAD_DATA": str(tmp_path / "data")})
    assert done.returncode == 1
    assert "mnist" in done.stderr
    assert "Traceback" not in done.stderr


def test_budgets_without_sense_are_refused(inkread):
    done = inkread("search", "digit", "--parameters", "100")
    assert done.returncode == 2
    assert "--parameters" in done.stderr


def test_a_place_that_cannot_be_written_is_named(inkread, tmp_path):
    (tmp_path / "taken").write_text("")
    done = inkread("search", "digit", "--output", "taken")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
