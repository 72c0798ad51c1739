import importlib.util
import os

import pytest

from inkread.cli.speech import Voice, spoken
from inkread.errors import MissingExtra


def test_numbers_are_said_digit_by_digit():
    assert spoken("007") == "0, 0, 7"
    assert spoken("4") == "4"


@pytest.fixture
def without_pyttsx3(tmp_path):
    """A folder that makes Python find no pyttsx3, as where the extra is not installed."""
    (tmp_path / "pyttsx3.py").write_text("raise ModuleNotFoundError('No module named pyttsx3')\n", encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def test_a_missing_extra_says_what_to_install_before_anything_is_read(inkread, picture, without_pyttsx3):
    done = inkread("read", picture, "--speak", env=without_pyttsx3)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "inkread: saying numbers aloud needs the extra 'speech': pip install 'inkread[speech]'\n"


RECORDER = """
import pathlib
class init:
    def setProperty(self, name, value): pass
    def say(self, text): pathlib.Path("said.txt").open("a").write(text + "|")
    def runAndWait(self): pathlib.Path("said.txt").open("a").write("run")
"""


def test_all_numbers_are_one_text_in_one_run(inkread, picture, tmp_path):
    """Voices were seen to lose all but the last of several texts, and to hang in a second run."""
    (tmp_path / "pyttsx3.py").write_text(RECORDER, encoding="utf-8")
    (tmp_path / "aplay").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "aplay").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = inkread("read", picture, picture, "--speak", env={"PYTHONPATH": str(tmp_path), "PATH": path})
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [number for line in done.stdout.splitlines() for number in line.partition(": ")[2].split()]
    assert (tmp_path / "said.txt").read_text() == ". ".join(map(spoken, numbers)) + "|run"


def test_a_machine_without_a_voice_says_what_to_install(monkeypatch):
    if importlib.util.find_spec("pyttsx3") is None:
        with pytest.raises(MissingExtra, match=r"inkread\[speech\]"):
            Voice()
        return
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(MissingExtra, match="apt install"):
        Voice()
