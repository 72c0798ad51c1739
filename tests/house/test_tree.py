"""The tests mirror the package: whoever looks for the test of a module finds it without searching."""

from __future__ import annotations

HOUSE = {"house", "golden", "browser"}  # folders of tests that belong to no single module


def modules(repository):
    package = repository / "src" / "inkread"
    return {path.relative_to(package) for path in package.rglob("*.py") if not path.name.startswith("__")}


def all_tests(repository):
    folder = repository / "tests"
    found = {path.relative_to(folder) for path in folder.rglob("test_*.py")}
    return {path for path in found if path.parts[0] not in HOUSE}


def test_every_module_has_its_test(repository):
    wanted = {path.with_name(f"test_{path.name}") for path in modules(repository)}
    assert wanted - all_tests(repository) == set()


def test_every_test_has_its_module(repository):
    rooms = {path.parent / path.name for path in modules(repository)}
    package = repository / "src" / "inkread"
    packages = {path.parent.relative_to(package) for path in package.rglob("__init__.py")}
    for path in all_tests(repository):
        module = path.with_name(path.name.removeprefix("test_"))
        # A folder's own __init__ is tested by a file of the folder's name, inside it or beside it.
        assert module in rooms or module.with_suffix("") in packages or module.stem == path.parent.name, path


def test_every_module_says_what_it_is_for(repository):
    package = repository / "src" / "inkread"
    silent = [path for path in package.rglob("*.py") if not path.read_text(encoding="utf-8").lstrip().startswith('"""')]
    assert silent == []
