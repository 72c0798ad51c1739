"""A small folder of composed pages, and records that were not read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.batch.catalog import write_catalog
from inkread.batch.records import error_record
from inkread.data.synth import PageOptions, compose_page
from inkread.errors import CorruptSource

NUMBERS = [f"{17 * place + 100}" for place in range(10)]


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """Ten small pages, p1.png to p10.png, each with one number of three digits."""
    folder = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(11)
    for place, number in enumerate(NUMBERS, start=1):
        options = PageOptions(
            width=150, height=80, layout="line", lines=(number,), paper="canvas", paper_color=(255, 255, 255),
            ink_color=(0, 0, 0), wear=0, light=0, camera=0, view=0,
        )  # fmt: skip
        image, _ = compose_page(rng, options)
        Image.fromarray(image.pixels).save(folder / f"p{place}.png")
    return folder


@pytest.fixture
def record():
    """Makes a record of one row, as if its source could not be read."""

    def make(seq: int, **changes):
        made = error_record(CorruptSource("\0 is torn"), seq=seq, name=f"p{seq}.png", sha256=f"{seq:064x}")
        return {**made, **changes}

    return make


@pytest.fixture
def listed(tmp_path):
    """Writes a catalog of so many names and gives its path."""

    def write(count: int) -> Path:
        path = tmp_path / "sources.jsonl"
        write_catalog([f"p{seq}.png" for seq in range(count)], path)
        return path

    return write


@pytest.fixture
def wait_until():
    """Waits for something to come true, for a minute at most."""

    def wait(is_true, what: str) -> None:
        last = time.monotonic() + 60
        while not is_true():
            assert time.monotonic() < last, what
            time.sleep(0.005)

    return wait


@pytest.fixture
def is_alive():
    """Whether a process of that number still runs."""

    def check(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        status = Path(f"/proc/{pid}/status")
        return not (status.exists() and "State:\tZ" in status.read_text(encoding="utf-8"))

    return check
