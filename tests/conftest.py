"""What all tests share: the folder of the data sets, and the rule about skipped tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# The same examples every time, and no clock: a busy machine is no failure.
settings.register_profile("inkread", deadline=None, derandomize=True)
settings.load_profile("inkread")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="a skipped test fails: for machines that have all that tests need"
    )
    parser.addoption(
        "--update-golden", action="store_true", help="write tests/golden anew from what is read now; review the diff"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"--no-skips: this test would be skipped: {reason}"
    return report


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of data sets that INKREAD_DATA names; tests that need it are marked ``data``."""
    named = os.environ.get("INKREAD_DATA")
    if not named:
        pytest.skip("INKREAD_DATA does not name a folder of data sets")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"INKREAD_DATA names {named}, which is not a folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def write_semeion() -> Callable[[Path, int], Path]:
    """A function that makes a folder a data folder with one set, of so many digits written by us."""

    def write(folder: Path, count: int) -> Path:
        from inkread.data.synth import Hand, draw_glyph

        rng = np.random.default_rng(1)
        images = np.zeros((count, 40, 40), np.uint8)
        for place, page in enumerate(images):
            ink = draw_glyph(str(place % 10), Hand(), rng, height=26)[:40, :40]
            page[: ink.shape[0], : ink.shape[1]] = 255 * ink
        (folder / "semeion").mkdir(parents=True)
        np.savez(folder / "semeion" / "semeion.npz", images=images, labels=np.arange(count) % 10)
        return folder

    return write
