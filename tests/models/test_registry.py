"""Model cards: the bundled ones are true, damaged ones are named."""

from __future__ import annotations

import hashlib
import json

import pytest

from inkread.errors import ModelError
from inkread.models.registry import DIGIT_TASKS, TASKS, ModelCard, bundled, bundled_cards, bundled_reports, load_card
from inkread.reader import Reader

CARD = """
name = "digit-abcdef"
task = "digit"
file = "net.onnx"
sha256 = "{digest}"
alphabet = ["0", "1"]
temperature = 0.9
refusal_threshold = 0.25

[training]
seed = 1
"""


@pytest.fixture
def card(tmp_path):
    content = b"not really a network"
    (tmp_path / "net.onnx").write_bytes(content)
    path = tmp_path / "net.toml"
    path.write_text(CARD.format(digest=hashlib.sha256(content).hexdigest()), encoding="utf-8")
    return path


def test_every_bundled_card_is_true():
    cards = bundled_cards()
    assert {card.task for card in cards} <= set(TASKS)
    for card in cards:
        assert card.name == f"{card.task}-{card.sha256[:6]}"
        assert hashlib.sha256(card.read_bytes()).hexdigest() == card.sha256
        assert bundled(card.task) == card


def test_the_digit_network_is_under_a_megabyte_and_all_under_five():
    sizes = {card.task: card.path.stat().st_size for card in bundled_cards()}
    assert sizes["digit"] <= 1_000_000
    assert sum(sizes.values()) <= 5_000_000


def test_a_card_holds_what_its_file_says(card):
    read = load_card(card)
    assert (read.name, read.task, read.alphabet) == ("digit-abcdef", "digit", ("0", "1"))
    assert (read.temperature, read.refusal_threshold) == (0.9, 0.25)
    assert read.training == {"seed": 1}
    assert read.figures == {}
    assert read.path == card.parent / "net.onnx"
    assert read.read_bytes() == b"not really a network"


def test_weights_may_lie_elsewhere(card, tmp_path):
    assert load_card(card, weights=tmp_path / "weights").path == tmp_path / "weights" / "net.onnx"


def test_another_file_than_the_card_describes_is_refused(card):
    (card.parent / "net.onnx").write_bytes(b"swapped")
    with pytest.raises(ModelError, match=r"not the file that its card describes: SHA-256 [0-9a-f]{64}"):
        load_card(card).read_bytes()
    (card.parent / "net.onnx").unlink()
    with pytest.raises(ModelError, match=r"net\.onnx cannot be read: No such file"):
        load_card(card).read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "digit-abcdef"', "", "lacks a usable entry: 'name'"),
        ("temperature = 0.9", 'temperature = "warm"', "lacks a usable entry"),
        ("temperature = 0.9", "temperature = 0", "temperature must be above 0"),
        ("temperature = 0.9", "temperature = nan", "temperature must be above 0"),
        ("refusal_threshold = 0.25", "refusal_threshold = 2", r"refusal threshold in \[0, 1\]"),
        ('task = "digit"', 'task = "poem"', "unknown task 'poem'"),
        ('task = "digit"', "task = ", "is not TOML"),
    ],
)
def test_a_damaged_card_is_named_with_what_is_wrong(card, old, new, message):
    card.write_text(card.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        load_card(card)


def test_a_missing_card_and_one_that_is_no_text_are_errors(card, tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        load_card(tmp_path / "none.toml")
    card.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="is not TOML"):
        load_card(card)


def test_an_unknown_task_names_the_known_ones():
    with pytest.raises(ModelError, match=r"no bundled model for 'poem'; there are: .*digit"):
        bundled("poem")


def test_cards_are_frozen(card):
    with pytest.raises(AttributeError):
        load_card(card).temperature = 2.0
    assert isinstance(load_card(card), ModelCard)


def test_every_report_is_of_the_networks_that_are_bundled():
    names = dict(Reader().model)
    reports = bundled_reports()
    assert {report["task"] for report in reports} == {"digit", "lines", "pages"}
    for report in reports:
        about = f"{report['data']['name']}: run benchmarks/reports.py"
        told = {task: names[task] for task in DIGIT_TASKS} if report["task"] == "digit" else names
        assert report["model"] == told, about
        assert report["accuracy"]["n"] > 0
        assert report["command"].startswith("inkread evaluate ")


def test_the_training_of_every_network_stands_in_one_report():
    told = [report for report in bundled_reports() if (report["curves"] or {}).get("training")]
    learned = [card.name for card in bundled_cards() if card.task != "writer"]  # that one is measured in one step
    assert sorted(report["curves"]["trained"] for report in told) == sorted(learned)
    assert all(report["curves"]["trained"] in report["model"].values() for report in told)


def test_reports_hold_figures_alone():
    for report in bundled_reports():
        texts = [one for one in leaves(report) if isinstance(one, str)]
        assert max(map(len, texts)) < 200  # no room for a picture, however it is written
        # A row a picture would tell what the pictures are; 101 points of a curve are the longest list.
        assert max(len(one) for one in lists(report)) <= 101
    assert sum(len(json.dumps(report)) for report in bundled_reports()) < 150_000


def leaves(value):
    if isinstance(value, dict):
        return [leaf for key, entry in value.items() for leaf in (key, *leaves(entry))]
    if isinstance(value, list):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [value]


def lists(value):
    if isinstance(value, dict):
        return [one for entry in value.values() for one in lists(entry)]
    if isinstance(value, list):
        return [value, *(one for entry in value for one in lists(entry))]
    return []
