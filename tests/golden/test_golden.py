"""What is read of example pictures, down to every field of the JSON, as files to be reviewed as a diff.

After a change that is meant, ``pytest tests/golden --update-golden`` writes the files anew; look at the diff before it
is committed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from inkread.reader import Reader

PICTURES = ("canvas.png", "lamp.jpg", "table.jpg")
FOLDER = Path(__file__).parent
# What other processors and library versions may change: a box by a pixel, a probability by its second digit.
PIXELS, PROBABILITY = 1.0, 0.02


def golden_file(picture: str) -> Path:
    return FOLDER / f"{Path(picture).stem}.json"


def as_json(data: dict[str, Any]) -> str:
    """One line a digit, so that a diff shows which changed."""
    data = json.loads(json.dumps(data))
    rows = [json.dumps(digit) for digit in _digits(data)]
    for index, digit in enumerate(_digits(data)):
        digit.clear()
        digit["digit"] = index
    text = json.dumps(data, indent=1) + "\n"
    return re.sub(r'\{\s*"digit": (\d+)\s*\}', lambda match: rows[int(match[1])], text)


def _digits(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [d for page in data["pages"] for line in page["lines"] for n in line["numbers"] for d in n["digits"]]


def differences(found: Any, golden: Any, place: str = "") -> list[str]:
    """Where two results differ by more than rounding; structure, texts and order are exact."""
    if isinstance(golden, dict) and isinstance(found, dict):
        if list(golden) != list(found):
            return [f"{place}: keys {list(found)}, not {list(golden)}"]
        return [row for key in golden for row in differences(found[key], golden[key], f"{place}.{key}")]
    if isinstance(golden, list) and isinstance(found, list):
        if len(golden) != len(found):
            return [f"{place}: {len(found)} entries, not {len(golden)}"]
        pairs = enumerate(zip(found, golden, strict=True))
        return [row for i, (one, other) in pairs for row in differences(one, other, f"{place}[{i}]")]
    if isinstance(golden, float) and isinstance(found, (int, float)):
        limit = PIXELS if ".box" in place or ".quad" in place else PROBABILITY
        return [] if abs(found - golden) <= limit else [f"{place}: {found}, not {golden}"]
    return [] if found == golden and type(found) is type(golden) else [f"{place}: {found!r}, not {golden!r}"]


def settled(data: dict[str, Any]) -> dict[str, Any]:
    """Without what changes from run to run, or where nearly even probabilities may change places."""
    digits = _digits(data)
    for digit in digits:
        digit["alternatives"] = sorted(digit["alternatives"], key=lambda a: a["value"])
    for page in data["pages"]:
        for line in page["lines"]:
            line["alternatives"] = [a for a in line["alternatives"] if a["probability"] > 2 * PROBABILITY]
    return {**data, "seconds": 0.0}


@pytest.mark.parametrize("picture", PICTURES)
def test_an_example_is_read_as_it_was(picture, repository, monkeypatch, request):
    monkeypatch.chdir(repository / "examples" / "pictures")  # so that the name of the source is the same everywhere
    found = settled(Reader().read(picture).to_dict())
    path = golden_file(picture)
    if request.config.getoption("--update-golden"):
        path.write_text(as_json(found), encoding="utf-8")
    golden = json.loads(path.read_text(encoding="utf-8"))
    assert differences(found, golden) == []


def test_the_comparison_sees_what_it_should():
    golden = {"text": "12", "confidence": 0.9, "box": [1.0, 2.0], "problem": None, "digits": [{"value": "1"}]}
    assert differences({**golden, "confidence": 0.915, "box": [1.9, 1.1]}, golden) == []
    assert differences({**golden, "text": "13"}, golden) == [".text: '13', not '12'"]
    assert differences({**golden, "confidence": 0.87}, golden) == [".confidence: 0.87, not 0.9"]
    assert differences({**golden, "box": [1.0, 3.1]}, golden) == [".box[1]: 3.1, not 2.0"]
    assert differences({**golden, "confidence": None}, golden) == [".confidence: None, not 0.9"]
    assert differences({**golden, "digits": []}, golden) == [".digits: 0 entries, not 1"]
    assert differences({"text": "12"}, golden)
    reordered = {key: golden[key] for key in reversed(golden)}
    assert differences(reordered, golden)


def test_there_is_a_file_for_each_picture_and_no_other():
    assert {path.name for path in FOLDER.glob("*.json")} == {golden_file(picture).name for picture in PICTURES}
