"""The page's modules: their types hold, and their pure functions do what their tests say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = HERE.parent.parent / "src" / "inkread" / "serve" / "web" / "js"


def test_pure_functions_pass_their_own_tests(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (on Debian: apt install nodejs)")
    # Where they lie, no package.json says that the modules are modules; older versions of Node need one.
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copytree(MODULES / "state", tmp_path / "src/inkread/serve/web/js/state")
    tests = tmp_path / "tests" / "browser"
    tests.mkdir(parents=True)
    for path in HERE.glob("*.test.mjs"):
        shutil.copy(path, tests)
    names = sorted(str(path) for path in tests.iterdir())
    assert names
    done = subprocess.run([node, "--test", *names], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_hold_throughout_the_page():
    compiler = HERE / "node_modules" / ".bin" / "tsc"
    if not compiler.exists():
        pytest.skip("TypeScript is not installed (npm install --prefix tests/browser)")
    done = subprocess.run([compiler, "-p", HERE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_markup_holds_code_or_style_and_none_is_made_from_text():
    markup = (MODULES.parent / "index.html").read_text(encoding="utf-8")
    assert " style=" not in markup
    assert " on" + "click=" not in markup
    assert "<style" not in markup
    assert markup.count("<script") == markup.count("<script src=")
    for path in MODULES.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not any(
            word in text for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write")
        ), path
