"""The frame of pages that stand alone."""

from __future__ import annotations

from inkread.evaluate.sheet import confusion_table, made_by, percent, sheet, table


def test_what_data_say_is_never_taken_for_markup():
    report = {"date": "now", "command": "inkread <x>", "machine": {"processor": "<chip>", "cores": 2}}
    page = sheet("<title>", [made_by(report), table(["<a>"], [["<b>"]])])
    for mark in ("<x>", "<chip>", "<a>", "<b>"):
        assert mark not in page
    assert page.count("<title>") == 1
    assert page.startswith("<!doctype html>")


def test_mistakes_are_shaded_by_their_number_and_nothing_is_divided_by_none():
    shaded = confusion_table([[9, 1, 0], [4, 6, 0], [0, 0, 0]])
    assert shaded.count('class="zero"') == 5
    assert "var(--wrong) / 0.90" in shaded
    assert confusion_table([[0, 0], [0, 0]]).count('class="zero"') == 4


def test_per_cent():
    assert (percent(0.5), percent(1, 0), percent(None)) == ("50.00 %", "100 %", "–")
