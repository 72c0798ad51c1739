"""`inkread explain` as people run it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from inkread import explainer
from inkread.cli.explain import CLASSES


def test_classes_are_those_of_the_package():
    assert CLASSES == explainer.CLASSES


def test_every_digit_gets_a_line_with_its_odds(inkread, picture):
    done = inkread("explain", picture)
    assert (done.returncode, done.stderr) == (0, "")
    rows = done.stdout.splitlines()
    assert [row[0] for row in rows] == list("1240753")
    assert all(row.endswith(f" to 1 for {row[0]} against all else") for row in rows)


def test_any_alternative_is_explained_and_drawn(inkread, picture, tmp_path):
    done = inkread("explain", picture, "--for", "1", "--against", "7", "--heat", "drawn")
    rows = done.stdout.splitlines()
    assert rows[0].startswith("1  ")
    assert " to 1 for 1 against 7" in rows[0]
    assert rows[4].startswith("7  1 to ")
    drawn = np.asarray(Image.open(tmp_path / "drawn" / "numbers-heat.png").convert("RGB")).astype(int)
    orange = (drawn[..., 0] - drawn[..., 2] > 80).mean()
    blue = (drawn[..., 2] - drawn[..., 0] > 80).mean()
    assert orange > 0.001
    assert blue > 0.001


def test_a_line_of_json_holds_the_heat_of_every_digit(inkread, picture, blank):
    done = inkread("explain", picture, blank, "--format", "jsonl")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert np.shape([one["heat"] for one in first["digits"]]) == (7, 28, 28)
    assert first["document"]["source"] == str(picture)
    assert second["digits"] == []
    assert done.stderr == f"inkread: {blank}: No handwritten numbers were found.\n"


def test_a_bad_file_hides_no_other_and_standard_input_is_drawn(inkread, picture, tmp_path):
    done = inkread("explain", "-", "gone.png", "--heat", "drawn", stdin=picture.read_bytes())
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 7
    assert done.stdout.startswith("<stdin>: 1  ")
    assert "gone.png" in done.stderr
    assert (tmp_path / "drawn" / "stdin-heat.png").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--for", "7", "--against", "7"), "hold a digit against another one"),
        (("--for", "x"), "is not one of 0, 1"),
        (("--against", "not-digit"), "did you mean 'not-a-digit'?"),
    ],
)
def test_classes_that_are_none_are_a_mistake_of_use(inkread, picture, arguments, told):
    done = inkread("explain", picture, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr.replace("\n", " ")
