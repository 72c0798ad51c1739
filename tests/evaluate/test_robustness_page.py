"""The page on robustness: every figure in it comes from the report, and what is not measured is not shown."""

from __future__ import annotations

import json

import pytest

from inkread.errors import OutputError
from inkread.evaluate.corruptions import CORRUPTIONS
from inkread.evaluate.robustness_page import (
    attack_rows,
    corruption_rows,
    proven_rows,
    robustness_page,
    strength_rows,
    write_robustness,
)


def rate(value):
    return {
        "value": value,
        "interval": [max(0, value - 0.02), min(1, value + 0.02)],
        "hits": round(100 * value),
        "n": 100,
    }


def attacks(*, masked=False, contradictions=0):
    found = {name: rate(0.5) for name in ("clean", "fgsm", "pgd", "square", "strongest", "certified")}
    return {**found, "masked": masked, "contradictions": contradictions}


@pytest.fixture
def report():
    kinds = {"clean": rate(0.99), **{kind: rate(0.9) for kind in CORRUPTIONS}, "mean": {"value": 0.9}}
    curve = [{"strength": 5.0, **rate(0.8)}, {"strength": 10.0, **rate(0.4)}]
    return {
        "schema": 1, "task": "robustness", "command": "inkread evaluate robustness",
        "date": "2026-11-20T10:00:00+00:00",
        "machine": {"processor": "a chip", "cores": 2},
        "corruptions": {"digit-1 <b>": kinds, "LeNet-5": {"clean": rate(0.98)}},
        "digits": {"mnist": {"digit-1": {"clean": [{"strength": None, **rate(0.99)}], "rotate": curve}}},
        "lines": {}, "pages": {},
        "adversarial": {"digit-1": {"0.1": attacks(masked=True), "0.3": attacks(contradictions=2)}},
        "proven": {"digit-1": {"0": rate(0.97), "0.3": rate(0.85)}, "digit-2": {"0": rate(0.99)}},
    }  # fmt: skip


def test_tables_hold_what_was_measured_and_dashes_for_what_was_not(report):
    columns, rows = corruption_rows(report)
    assert columns == ("corruption", "digit-1 <b>", "LeNet-5")
    assert (rows[0], rows[1]) == (("clean", "99.00 %", "98.00 %"), ("shot_noise", "90.00 %", "–"))
    assert rows[-1] == ("mean", "90.00 %", "–")
    columns, rows = strength_rows(report, "digits")
    assert len(rows[0]) == len(columns)
    assert rows[0] == ("mnist", "digit-1", "99.0 %", "rotate", "5: 80.0 %", "10: 40.0 %", "", "", "")
    columns, rows = proven_rows(report)
    assert columns == ("network", "digits", "unchanged", "ε 0.3")
    assert rows == [("digit-1", "100", "97.00 %", "85.00 %"), ("digit-2", "100", "99.00 %", "–")]
    columns, rows = attack_rows(report)
    assert all(len(row) == len(columns) for row in rows)
    assert "mislead" in rows[0][-1]
    assert "2 certified digits were overcome" in rows[1][-1]


def test_the_page_shows_curves_and_takes_nothing_for_markup(report):
    page = robustness_page(report)
    assert page.count("<polyline") == 1 + 6
    assert "<b>" not in page
    assert "Lines" not in page
    assert "src=" not in page


def test_nothing_measured_gives_a_page_without_tables(report):
    bare = {**report, "corruptions": {}, "digits": {}, "adversarial": {}, "proven": {}}
    assert "<table" not in robustness_page(bare)


def test_both_files_are_written(report, tmp_path):
    page = write_robustness(report, tmp_path / "new")
    assert page.read_text(encoding="utf-8") == robustness_page(report)
    assert json.loads((tmp_path / "new" / "robustness.json").read_text()) == report
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_robustness(report, tmp_path / "file")
