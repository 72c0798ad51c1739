"""The documentation says what the code does: generated pages, links, commands and examples."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    if path.name not in ("cli.md", "reference.md", "figures.md")
)


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def generator():
    sys.path.insert(0, str(ROOT / "docs"))  # as for a program that is run from there
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(ROOT / "docs"))


@pytest.fixture(scope="module")
def commands(generator):
    return dict(generator.commands())


@pytest.fixture
def folder(tmp_path):
    """A working folder as the examples expect it: the checkout's example pictures, and nothing else."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def test_generated_pages_are_what_the_code_says(generator):
    for path, text in generator.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run `make docs`"


def test_figures_come_from_the_results_alone(generator, tmp_path):
    from figures import NONE_YET, figures_page, summary_table

    assert summary_table(tmp_path) == NONE_YET
    machine = {"processor": "a chip", "cores": 2, "system": "Linux", "python": "3.11", "packages": {"numpy": "2.0"}}
    about = {"date": "2026-11-20T10:00:00+00:00", "machine": machine, "model": {"digit": "digit-1a2b3c"}}
    digits = [
        {"what": "mnist", "value": 0.9971, "interval": [0.9958, 0.998], "bar": 0.997, "met": True},
        {"what": "letters", "value": 0.5, "interval": None, "bar": None, "met": None},
    ]
    speed = [{"what": "import", "unit": "s", "value": 0.2, "bar": 0.15, "met": False}]
    pages = [
        {"what": "exact", "value": 0.6, "bar": 0.6, "sense": "at least", "met": True},
        {"what": "exact lost by invert", "value": 0.012, "bar": 0.03, "sense": "at most", "met": True},
        {"what": "false digits", "value": 3, "bar": 2, "sense": "at most", "met": False},
    ]
    for name, rows in {"digits": digits, "speed": speed, "pages": pages}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({**about, "rows": rows}), encoding="utf-8")
    summary = summary_table(tmp_path)
    assert (
        "| mnist | 99.71 % (99.58 to 99.80) | ≥ 99.70 % | met | `python benchmarks/digits.py` | 2026-11-20 |" in summary
    )
    assert "| import | 200 ms | ≤ 150 ms | **missed** |" in summary
    assert "| exact lost by invert | 1.2 points | ≤ 3.0 points | met |" in summary
    assert "| false digits | 3 | ≤ 2 | **missed** |" in summary
    assert "letters" not in summary
    assert "| letters | 50.00 % |  |  |" in figures_page(tmp_path)


def test_no_link_leads_nowhere(generator):
    assert generator.broken_links() == []


def test_a_broken_link_is_found(generator, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("# A head\n[there](page.md#a-head) [gone](no.md) [off](#b) `[code](x.md)` [site](https://a.b)\n")
    monkeypatch.setattr(generator, "ROOT", tmp_path)
    monkeypatch.setattr(generator, "markdown_files", lambda: [page])
    assert generator.broken_links() == ["page.md: nothing is at no.md", "page.md: nothing is at #b"]


def test_every_command_shows_an_example_of_itself(commands):
    for path, help_text in commands.items():
        if "COMMAND [ARGS]" not in help_text:
            assert re.search(rf"Examples:\n( .*\n)*? .*{path} ", help_text + "\n"), path


def test_every_command_is_documented(commands):
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for path in commands:
        assert f"## {path}\n" in text


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_pages_exist_with_their_options(page, commands):
    for line in "".join(blocks(page, "sh") + blocks(page, "console")).replace("\\\n", " ").splitlines():
        for part in re.split(r"\||&&|;", line.removeprefix("$ ")):
            words = shlex.split(part, comments=True)
            if "inkread" not in words[:1]:
                continue
            path = max((name for name in commands if words[: len(name.split())] == name.split()), key=len)
            for option in (word.partition("=")[0] for word in words if word.startswith("-") and word != "-"):
                assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", commands[path]), (page, line)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_python_in_the_pages_runs(page, folder):
    """All blocks of a page are one program; a line that ends with `# → text` prints just that."""
    program = "\n".join(blocks(page, "python"))
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    promised = re.findall(r"print\(.*# → (.*)$", program, flags=re.MULTILINE)
    printed = done.stdout.splitlines()
    assert [line for line in promised if line not in printed] == []


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "console")])
def test_commands_in_the_pages_print_what_they_promise(page, folder):
    bin_folder = Path(sys.executable).parent
    for block in blocks(page, "console"):
        for command, promised in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env={"PATH": f"{bin_folder}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert done.stderr + done.stdout == promised, command


def test_the_readme_has_the_two_commands_of_a_newcomer(repository):
    text = "".join(blocks("README.md", "sh"))
    assert re.search(r"^make demo\b", text, flags=re.MULTILINE)
    assert re.search(r"^make test\b", text, flags=re.MULTILINE)
    words = (repository / ".ci" / "run").read_text(encoding="utf-8")
    assert "\nmake demo\n" in words
    assert words.endswith("\nmake test\n")


def test_example_programs_run(folder, tmp_path):
    for program in sorted((folder / "examples").glob("*.py")):
        done = subprocess.run(
            [sys.executable, program, tmp_path / "made"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
