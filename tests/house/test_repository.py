"""The repository holds what strangers may have, speaks of inkread alone, and is one version throughout."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

import inkread

MEBIBYTE = 2**20
MOST_BYTES = MEBIBYTE  # of any one file but the networks, which have a test of their own
MOST_NETWORKS = 5 * MEBIBYTE  # of all bundled networks together

# Written in pieces, so that this file is not its own finding.
REGISTRIES = [
    "py" + "pi.org", "python" + "hosted", "download.py" + "torch", "npm" + "js.", "hugging" + "face.co",
    "anaconda" + ".org",
]  # fmt: skip
PATHS = ["/" + "work/", "/root" + "/", "/home" + "/"]
OUTSIDE = ".." + "/shared"
UNFINISHED = re.compile(r"\b(" + "TO" + "DO|FIX" + "ME|X" + "XX)\\b")


@pytest.fixture(scope="module")
def files(repository):
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    return [repository / name for name in listed.split("\0") if name and (repository / name).is_file()]


@pytest.fixture(scope="module")
def texts(files, repository):
    found = {}
    for path in files:
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            found[path.relative_to(repository).as_posix()] = content.decode("utf-8")
    return found


@pytest.mark.parametrize("words", [*REGISTRIES, *PATHS])
def test_no_file_names_a_registry_or_a_path_of_somebodys_machine(texts, words):
    assert [name for name, text in texts.items() if words in text] == []


def test_only_the_run_of_all_checks_looks_beside_the_checkout(texts):
    assert [name for name, text in texts.items() if OUTSIDE in text] == [".ci/run"]


def test_nothing_is_left_to_be_done_in_the_text(texts):
    assert [name for name, text in texts.items() if UNFINISHED.search(text)] == []


def test_no_file_is_large_and_none_is_data_or_a_checkpoint(files):
    kinds = {".npz", ".npy", ".gz", ".zip", ".pt", ".pth", ".ckpt", ".h5", ".pkl", ".parquet", ".whl"}
    assert [path.name for path in files if path.suffix in kinds] == []
    others = [path for path in files if path.suffix != ".onnx"]
    assert [path.name for path in others if path.stat().st_size > MOST_BYTES] == []


def test_the_bundled_networks_are_small(files):
    sizes = {path.name: path.stat().st_size for path in files if path.suffix == ".onnx"}
    assert sizes
    assert sum(sizes.values()) <= MOST_NETWORKS


def test_there_is_one_version(texts):
    version = inkread.__version__
    assert tomllib.loads(texts["pyproject.toml"])["project"]["version"] == version
    assert re.search(r"^version: (.+)$", texts["CITATION.cff"], re.MULTILINE)[1] == version
    assert f"## {version}" in texts["CHANGELOG.md"]


def test_every_extra_that_an_error_names_exists(texts):
    extras = tomllib.loads(texts["pyproject.toml"])["project"]["optional-dependencies"]
    named = {
        name
        for path, text in texts.items()
        if path.startswith("src/")
        for name in re.findall(r"MissingExtra\.of\(\s*\"(\w+)\"", text)
    }
    assert named
    assert named <= set(extras)


def test_no_text_ends_its_lines_with_blanks_or_forgets_the_last_newline(texts):
    loose = [
        name
        for name, text in texts.items()
        if text
        and not name.startswith("tests/export/schemas/")
        and (re.search(r"[ \t]+$", text, re.MULTILINE) or text[-1] != "\n")
    ]
    assert loose == []
