"""What all tests share: the folder of the data sets, a PostgreSQL, and the rule about skipped tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Whoever starts the tests with nohup, or from a script in the background, has interrupts ignored, by every process that
# the tests start to interrupt it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


def pytest_runtest_setup() -> None:
    """What torch draws in a test does not depend on what ran before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


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


def _postgresql_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).resolve().parent if named else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL of our own, reachable through a socket in its folder only."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="inkread-pg-"))
    # PostgreSQL refuses to run as root; Debian's package makes this user.
    who = {"user": "postgres"} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, "postgres")
    name = "postgres" if who else os.environ.get("USER") or str(os.geteuid())
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": folder, **who}
    try:
        data = folder / "data"
        initdb = [programs / "initdb", "-D", data, "-A", "trust", "-U", name, "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(initdb, check=True, **quiet)
        options = ["-c", "fsync=off", "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        process = subprocess.Popen([programs / "postgres", "-D", data, *options], **quiet)
        try:
            until = time.monotonic() + 60
            while not (folder / ".s.PGSQL.5432").exists():
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.05)
            yield f"postgresql+psycopg://{name}@/postgres?host={folder}"
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder)
