"""The real command in a process of its own, and pictures for it to read."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.data.synth import PageOptions, compose_page

COMMAND = (sys.executable, "-m", "inkread")

# Of <linux/prctl.h> and <linux/capability.h>.
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2


def _obey_permissions() -> None:
    """Let the program that is about to start obey file permissions even where it runs as root."""
    if sys.platform == "linux" and os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "permissions cannot be made to hold for root")


@pytest.fixture(scope="session")
def command() -> tuple[str, ...]:
    """How the command is started."""
    return COMMAND


@pytest.fixture
def inkread(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in an empty folder and give what it wrote and its exit code.

    ``stdin`` is bytes; ``env`` is added to the environment; ``obey`` makes file permissions hold even for root.
    """

    def run(
        *arguments: object,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
        obey: bool = False,
        stdout: int = subprocess.PIPE,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            preexec_fn=_obey_permissions if obey else None,
            timeout=120,
            check=False,
        )
        out = (done.stdout or b"").decode("utf-8", "surrogateescape")
        return subprocess.CompletedProcess(done.args, done.returncode, out, done.stderr.decode("utf-8"))

    return run


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lines of three numbers in clear writing."""
    options = PageOptions(
        width=420, height=200, lines=("12 40", "753"), paper="canvas", paper_color=(255, 255, 255),
        ink_color=(0, 0, 0), wear=0, light=0, camera=0, view=0,
    )  # fmt: skip
    image, _ = compose_page(np.random.default_rng(7), options)
    path = tmp_path_factory.mktemp("pictures") / "numbers.png"
    Image.fromarray(image.pixels).save(path)
    return path


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """White paper."""
    path = tmp_path_factory.mktemp("blank") / "blank.png"
    Image.new("RGB", (200, 100), "white").save(path)
    return path
