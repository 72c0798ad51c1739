"""Doors are light: importing inkread, reading, and asking for help load what they need and no more."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

import pytest

MILLISECONDS = 1000.0
# What an import of inkread may cost in a process that runs already; the reason for it all being lazy.
MOST_IMPORT_MS = 150.0

READ_A_PICTURE = """
import inkread, numpy as np
page = np.full((60, 80), 255, np.uint8)
page[10:50, 38:43] = 0
inkread.read(page)
inkread.classify(page[None])
"""


def loaded_after(program: str) -> set[str]:
    """The top-level modules outside the standard library that a fresh process holds after ``program``."""
    report = "\nimport sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", program + report], capture_output=True, text=True, check=True)
    names = set(json.loads(done.stdout.splitlines()[-1]))
    return {name for name in names - set(sys.stdlib_module_names) if not name.startswith(("_", "sitecustomize"))}


@pytest.fixture(scope="module")
def at_start() -> set[str]:
    """What the environment itself loads into every process, such as the finder of an editable installation."""
    return loaded_after("pass")


def test_importing_inkread_loads_numpy_at_most(at_start):
    assert loaded_after("import inkread") - at_start <= {"inkread", "numpy"}


def test_importing_inkread_takes_a_blink():
    """In seconds of the processor, which a busy machine does not stretch; benchmarks/speed.py takes the clock's."""
    program = "import time; began = time.process_time(); import inkread; print((time.process_time() - began) * 1000)"
    times = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(7)
    ]
    assert statistics.median(times) <= MOST_IMPORT_MS, times


def test_reading_loads_four_libraries_and_what_they_load_themselves(at_start):
    four = loaded_after("import numpy, cv2, PIL.Image, PIL.ImageOps, PIL.ImageSequence, onnxruntime")
    assert loaded_after(READ_A_PICTURE) - at_start <= four | {"inkread"}


def test_reading_loads_no_command_line_web_or_training():
    heavy = {
        "torch",
        "onnx",
        "typer",
        "rich",
        "click",
        "pooch",
        "fsspec",
        "pydantic",
        "pydantic_settings",
        "matplotlib",
    }
    assert not loaded_after(READ_A_PICTURE) & heavy


@pytest.mark.parametrize("arguments", [["--help"], ["read", "--help"], ["--version"], ["read", "--formt"]])
def test_help_loads_no_pictures_and_no_networks(arguments):
    program = f"""
import sys
sys.argv = ["inkread", *{arguments!r}]
from inkread.cli import main
try:
    main()
except SystemExit:
    pass
"""
    assert not loaded_after(program) & {"numpy", "cv2", "PIL", "onnxruntime", "torch", "rich", "pooch", "fsspec"}
