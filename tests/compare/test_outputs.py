"""What was measured, written down: a table, a file for spreadsheets, a page that fetches nothing."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from typing import ClassVar

import pytest

from inkread.compare.outputs import COLUMNS, as_csv, comparison_page, table_rows, write_comparison
from inkread.errors import OutputError


def row(name, hits, *, absent=(), seconds=2.5):
    confusion = [[10 if truth == read and truth not in absent else 0 for read in range(10)] for truth in range(10)]
    confusion[0][6] = 3
    figures = {"precision": 1.0, "recall": 0.9, "f1": 0.95, "support": 10}
    none = {"precision": None, "recall": None, "f1": None, "support": 0}
    return {
        "name": name, "title": f"{name} <b>", "family": "linear", "representation": "pixels", "settings": {"C": 1},
        "accuracy": {"value": hits / 100, "interval": [hits / 100 - 0.02, hits / 100 + 0.01], "hits": hits, "n": 100},
        "per_class": {str(d): none if d in absent else figures for d in range(10)}, "macro_f1": 0.95,
        "absent": list(absent), "confusion": confusion, "training_seconds": seconds, "training_cpu_seconds": seconds,
        "seconds_a_digit": 2e-3, "seconds_a_digit_in_batches": 4e-6, "size_bytes": 12_345, "parameters": None,
        "peak_memory_bytes": 2_000_000, "notes": ["stopped early"],
    }  # fmt: skip


@pytest.fixture
def report():
    return {
        "schema": 1, "task": "compare", "data": {"name": "four", "train": 24, "test": 100}, "fingerprint": "0",
        "seed": 0, "threads": 1, "machine": {"processor": "a chip", "cores": 2, "packages": {"numpy": "2.4"}},
        "algorithms": [row("worse", 80, absent=(3,)), row("better", 90, seconds=None)],
        "failures": {"lost": "no <memory>"}, "command": "inkread compare", "date": "2026-11-20T10:00:00+00:00",
    }  # fmt: skip


def test_the_table_puts_the_most_accurate_first(report):
    rows = table_rows(report)
    assert [len(one) for one in rows] == [len(COLUMNS)] * 2
    assert rows[0][:3] == ("better <b>", "90.00 %", "88.00 % to 91.00 %")
    assert rows[0][4:] == ("–", "2.0 ms", "4.0 µs", "12.3 kB", "2.0 MB")


def test_the_file_for_spreadsheets_has_a_column_for_everything(report):
    rows = list(csv.DictReader(as_csv(report).splitlines()))
    assert [one["name"] for one in rows] == ["worse", "better"]
    assert (rows[0]["f1_2"], rows[0]["f1_3"], rows[0]["accuracy_low"]) == ("0.95", "", "0.78")
    assert rows[1]["training_seconds"] == ""


def test_the_page_is_whole_and_fetches_nothing(report):
    page = comparison_page(report)

    class Reader(HTMLParser):
        open_tags: ClassVar[list[str]] = []
        addresses: ClassVar[list[str]] = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "br", "rect", "line", "polyline", "circle"):
                self.open_tags.append(tag)
            self.addresses += [value for name, value in attrs if name in ("src", "href")]

        def handle_endtag(self, tag):
            if tag in self.open_tags:
                assert self.open_tags.pop() == tag

    reader = Reader()
    reader.feed(page)
    assert reader.open_tags == []
    assert reader.addresses == []
    assert "Not among the digits to judge by: 3." in page
    assert "no &lt;memory&gt;" in page
    assert "<b>" not in page
    assert page.count('class="confusion"') == 2


def test_everything_is_written_side_by_side(report, tmp_path):
    page = write_comparison(report, tmp_path / "new")
    assert page == tmp_path / "new" / "index.html"
    assert json.loads((tmp_path / "new" / "compare.json").read_text()) == report
    assert (tmp_path / "new" / "compare.csv").read_text().startswith("data,accuracy")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_comparison(report, tmp_path / "file")
