"""`inkread batch` as a process: tables, exit codes, and going on after a signal."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess

import pytest


@pytest.fixture
def scans(picture, blank, tmp_path):
    """A folder of a page with numbers, its copy, a blank page and a torn file."""
    folder = tmp_path / "scans"
    folder.mkdir()
    shutil.copyfile(picture, folder / "a.png")
    shutil.copyfile(blank, folder / "b.png")
    (folder / "c.png").write_bytes(picture.read_bytes()[:500])
    shutil.copyfile(picture, folder / "d.png")
    return folder


def test_a_folder_becomes_a_table_and_a_bad_file_a_row(inkread, scans, tmp_path):
    done = inkread("batch", "scans/", "--out", "n.csv", "--errors-to", "e.jsonl", "--annotate", "drawn", "--workers", 2)
    assert (done.returncode, done.stdout) == (1, "")
    with (tmp_path / "n.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(row["source"], row["text"], row["problem"]) for row in rows]
    numbers = [(text, "") for text in ("12", "40", "753")]
    assert found == [
        *(("scans/a.png", *number) for number in numbers),
        ("scans/b.png", "", "no_numbers"),
        ("scans/c.png", "", "CorruptSource"),
        *(("scans/d.png", *number) for number in numbers),
    ]
    assert "4 sources (1 the same as others)" in done.stderr
    assert "3 pages, 1 of them without numbers; 6 numbers; 8 rows in n.csv" in done.stderr
    assert "1 sources failed: see e.jsonl" in done.stderr
    (error,) = map(json.loads, (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines())
    assert (error["source"], error["error"]["code"]) == ("scans/c.png", "CorruptSource")
    assert len(list((tmp_path / "drawn").rglob("*.png"))) == 3


def test_after_a_signal_the_words_that_are_said_finish_the_job(inkread, command, scans, tmp_path):
    arguments = ["batch", "scans/[abd].png", "--out", "n.jsonl", "--workers", "1", "--part-size", "1", "--resume"]
    process = subprocess.Popen(
        [*command, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "300"}
    )
    with process:
        while not list(tmp_path.glob("n.jsonl.job/parts/*/part-*.jsonl")) and process.poll() is None:
            pass
        process.send_signal(signal.SIGTERM)
        told = process.stderr.read()
    assert process.returncode == 130
    assert told == (
        "inkread: what is finished is kept; go on with: inkread batch --resume --out n.jsonl\ninkread: interrupted\n"
    )
    done = inkread("batch", "--resume", "--out", "n.jsonl", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "n.jsonl").read_text(encoding="utf-8").splitlines()) == 7
    again = inkread("batch", "--resume", "--out", "n.jsonl")
    assert again.returncode == 0
    assert again.stderr == done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing is named that could be read"),
        (["--resume", "--out", "n.csv"], "there is no unfinished job at n.csv"),
        (["a.png", "--out", "n.xls"], "ends in one of .parquet, .csv, .jsonl"),
        (["a.png", "--ray-address", "auto"], "--ray-address needs --engine ray"),
        (["a.png", "--engine", "rai"], "did you mean 'ray'?"),
        (["a.png", "--engine", "ray", "--ray-address", "ray://head:10001"], "ray job submit"),
    ],
)
def test_what_is_asked_wrongly_is_a_usage_error(inkread, arguments, said):
    done = inkread("batch", *arguments, env={"COLUMNS": "300"})
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("hidden", "arguments", "purpose"),
    [
        ("pyarrow", ["--out", "n.parquet"], "writing Parquet"),
        ("ray", ["--out", "n.csv", "--engine", "ray"], "a batch on Ray"),
    ],
)
def test_a_missing_extra_is_named_before_anything_is_read(inkread, picture, tmp_path, hidden, arguments, purpose):
    (tmp_path / "hidden").mkdir()
    text = f"raise ModuleNotFoundError('hidden', name={hidden!r})"
    (tmp_path / "hidden" / f"{hidden}.py").write_text(text, encoding="utf-8")
    done = inkread("batch", picture, *arguments, env={"PYTHONPATH": str(tmp_path / "hidden")})
    assert done.returncode == 1
    assert done.stderr == f"inkread: {purpose} needs the extra 'batch': pip install 'inkread[batch]'\n"
    assert [path.name for path in tmp_path.iterdir()] == ["hidden"]
