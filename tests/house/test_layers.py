"""The layers hold, and the contract that keeps them names every room."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path


def test_each_room_imports_only_rooms_below_it(repository):
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_that_reads_is_kept_from_heavy_libraries(repository):
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (forbidden,) = (contract for contract in settings["contracts"] if contract["type"] == "forbidden")
    rooms = {path.stem for path in (repository / "src/inkread").glob("[!_]*") if path.suffix in (".py", "")}
    above = {"cli", "serve", "batch", "train", "compare", "evaluate", "explainer", "data", "download", "nets"}
    assert {f"inkread.{room}" for room in rooms - above} == set(forbidden["source_modules"])
    assert {"torch", "typer", "rich"} <= set(forbidden["forbidden_modules"])
